"""The posterior of one market: arrays of draws, which predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.families import LAGS, NO_EFFECT, Adstock, Saturation
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.model.shapes import adstock_weights, lagged, saturated
from channelmix.effectiveness.history.model.trend import Trend


@dataclass(frozen=True, eq=False)
class Posterior:
    """Posterior draws in the caller's units.

    Parameters
    ----------
    shape, family : ndarray of shape (n_draws, n_channels, 4) and (n_draws, n_channels)
    ceiling : ndarray of shape (n_draws, n_channels)
        Outcome per period that a channel cannot exceed.
    excess : ndarray of shape (n_draws, n_channels)
        Model error: a channel's apparent effect in the rows over its true one.
    coefficients : ndarray of shape (n_draws, n_columns)
        Of the linear part, in units of outcome.
    noise, tail, step : ndarray of shape (n_draws,)
        Scale of the noise and its degrees of freedom (infinite if it is normal); standard deviation of the level's step
        from knot to knot.
    reference : ndarray of shape (n_channels,)
        Mean active spend per period.
    periods, spend : ndarray of shape (n_rows,) and (n_rows, n_channels)
        Fitted rows, whose carry-over acts in later ones.
    trend : Trend
    priors : Priors
    """

    shape: Array
    family: Indices
    ceiling: Array
    excess: Array
    coefficients: Array
    noise: Array
    tail: Array
    step: Array
    reference: Array
    periods: Indices
    spend: Array
    trend: Trend
    priors: Priors

    def family_chances(self) -> dict[str, Array]:
        """Share of draws in each family of carry-over and of saturation, and without effect; (n_channels,) each."""
        family, kinds = self.family, len(Saturation)
        chances = {kind.name.lower(): (family // kinds == kind).mean(axis=0) for kind in Adstock}
        for kind in Saturation:
            chances[kind.name.lower()] = ((family < NO_EFFECT) & (family % kinds == kind)).mean(axis=0)
        return {**chances, "no effect": (family == NO_EFFECT).mean(axis=0)}

    def adstocked(self, channel: int, periods: Indices, spend: Array) -> tuple[Array, Array]:
        """Adstock of the rows' own spend and of fitted rows before them, by draw; (n_draws, n_rows) each.

        Both in units of the reference; fitted rows in the same periods as new ones are replaced by them.
        """
        first, last = int(periods.min()) - LAGS + 1, int(periods.max())
        own, before = np.zeros(last - first + 1), np.zeros(last - first + 1)
        inside = (self.periods >= first) & (self.periods <= last)
        before[self.periods[inside] - first] = self.spend[inside, channel]
        before[periods - first] = 0.0
        own[periods - first] = spend
        weights = adstock_weights(self.shape[:, channel], self.family[:, channel], self.priors)
        rows = periods - first
        unit = self.reference[channel]
        return weights @ lagged(own / unit)[rows].T, weights @ lagged(before / unit)[rows].T

    def outcome(self, channel: int, adstock: Array) -> Array:
        """Outcome of a channel for its adstock, (n_draws, n_rows)."""
        reached = saturated(adstock, self.shape[:, channel], self.family[:, channel], self.priors)
        return np.asarray(reached * self.ceiling[:, channel, np.newaxis])

    def media(self, periods: Indices, spend: Array) -> Array:
        """Each channel's contribution to each row; (n_channels, n_draws, n_rows)."""
        parts = [
            self.outcome(c, np.add(*self.adstocked(c, periods, spend[:, c]))) for c in range(spend.shape[1])
        ]
        return np.stack(parts)

    def shown(self, periods: Indices, spend: Array) -> Array:
        """Apparent effect of all channels in each row, model error included; (n_draws, n_rows)."""
        return np.asarray(np.einsum("cdt,dc->dt", self.media(periods, spend), self.excess))

    def scaled(self, channel: int, periods: Indices, spend: Array, factors: Array) -> Array:
        """Outcome over all rows that a channel's spend brings when scaled by each factor; (n_draws, n_factors)."""
        own, before = self.adstocked(channel, periods, spend)
        start = self.outcome(channel, before).sum(axis=1)
        return np.stack(
            [self.outcome(channel, f * own + before).sum(axis=1) - start for f in factors], axis=1
        )

    def timed(self, channel: int, acting: Array, spends: Array) -> Array:
        """Outcome over all rows of what acts in each of them, times each of the spends; (n_draws, n_spends).

        `acting` (n_rows, LAGS) is the money that acts 0, 1, 2, ... rows after it was spent.
        """
        weights = adstock_weights(self.shape[:, channel], self.family[:, channel], self.priors)
        adstock = weights @ (acting / self.reference[channel]).T
        return np.stack([self.outcome(channel, s * adstock).sum(axis=1) for s in spends], axis=1)

    def columns(self, periods: Indices, controls: Array) -> Array:
        """Columns of the linear part; (n_rows, n_columns)."""
        return np.concatenate([self.trend.fixed(periods, controls), self.trend.walk(periods)], axis=1)

    def linear(self, periods: Indices, controls: Array) -> Array:
        """Draws of the linear part; (n_draws, n_rows)."""
        return np.asarray(self.coefficients @ self.columns(periods, controls).T)

    def predictive(self, periods: Indices, spend: Array, controls: Array, rng: np.random.Generator) -> Array:
        """Draws of new outcomes, noise and later steps of the level included; (n_draws, n_rows)."""
        later = self.trend.later_walk(periods)
        value = self.linear(periods, controls) + self.shown(periods, spend)
        steps = rng.standard_normal((len(value), later.shape[1])) * self.step[:, np.newaxis]
        noise = rng.standard_normal(value.shape) * self.noise[:, np.newaxis]
        heavy = np.isfinite(self.tail)
        half = 0.5 * self.tail[heavy, np.newaxis]
        noise[heavy] /= np.sqrt(rng.standard_gamma(half, (len(half), value.shape[1])) / half)
        return np.asarray(value + steps @ later.T + noise)
