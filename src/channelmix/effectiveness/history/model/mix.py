"""The mix model: channels' contributions by draw, and the likelihood of the outcome given them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.baseline import Baseline
from channelmix.effectiveness.history.model.families import LAGS, NO_EFFECT, NUMBERS
from channelmix.effectiveness.history.model.priors import DIFFERENCES, Priors
from channelmix.effectiveness.history.model.roi_beliefs import Believed, Judged
from channelmix.effectiveness.history.model.shapes import adstock_weights, elasticity, saturated

SHARED = 0.5
"""Part of the model error's variance that all channels share: a wrong model often credits all of them too much."""


@dataclass(frozen=True, eq=False)
class TrialPart:
    """One channel's part in a lift test: its effect in `rows` of the window is compared under different spend.

    Parameters
    ----------
    channel : int
    rows : ndarray of shape (n_rows,)
    lagged : ndarray of shape (n_others, n_rows, LAGS)
        Spend other than the window's, 0, 1, 2, ... periods before each of the rows.
    factors : ndarray of shape (1 + n_others,)
        How the effect of the window's own spend, and that of each other spend, count in the lift.
    """

    channel: int
    rows: Indices
    lagged: Array
    factors: Array


@dataclass(frozen=True, eq=False)
class Trial:
    """A lift test as numbers: a part for each of its channels, their lift together and its standard error."""

    parts: Sequence[TrialPart]
    lift: float
    standard_error: float


def ceiling_of(total: ArrayLike, whole: Array, family: Indices) -> Array:
    """Contribution to a row that a channel cannot exceed if it brings `total` over rows that reach `whole` of it.

    0 without any spend or effect. NaN where a curve is so steep that no row reaches any of it: no ceiling brings the
    total.
    """
    without = np.where(np.equal(total, 0.0), 1.0, np.where(family == NO_EFFECT, np.inf, np.nan))
    return np.asarray(total / np.where(whole > 0.0, whole, without))


@dataclass(frozen=True, eq=False)
class Mix:
    """Outcome = baseline + sum over channels of ROI x spend, spread over the rows as the channel's shape says + noise.

    Parameters
    ----------
    lagged : sequence of ndarray of shape (n_rows, LAGS)
        A channel's spend 0, 1, 2, ... periods before each row, in units of its mean active spend.
    total : ndarray of shape (n_channels,)
        What each channel brings over the rows at an ROI of 1, in the outcome's unit; where nothing is paid, an ROI of 1
        stands for the whole outcome.
    outcome : ndarray of shape (n_rows,)
    baseline : Baseline
    priors : Priors
    tests : sequence of Trial
        In the same units.
    bias : ndarray of shape (n_channels,)
        Model error: standard deviation of the log of a channel's apparent effect in the rows over its true effect. Lift
        tests are assumed to measure the true effect.
    believed : Believed, optional
        What other sources say of channels' ROI.
    unpaid : int
        Number of channels without a bill; they come last.
    later : sequence of ndarray of shape (n_periods, LAGS), optional
        As `lagged`, of the periods without a row in which a channel's spend acts, too, where most of it does: see
        `acting_later`. What the channel brings there counts in `total`.
    """

    lagged: Sequence[Array]
    total: Array
    outcome: Array
    baseline: Baseline
    priors: Priors
    bias: Array
    tests: Sequence[Trial] = ()
    believed: Believed | None = None
    unpaid: int = 0
    later: Sequence[Array] | None = None

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return len(self.lagged)

    @property
    def n_bought(self) -> int:
        """Number of channels that cost money; they come first."""
        return self.n_channels - self.unpaid

    @cached_property
    def parts(self) -> tuple[TrialPart, ...]:
        """Parts of all tests, one after another."""
        return tuple(part for test in self.tests for part in test.parts)

    def reached(self, channel: int, shape: Array, family: Indices) -> Array:
        """Share of the ceiling reached in each row, then gained or lost in each part of a test; shapes as `series`."""
        weights = adstock_weights(shape, family, self.priors)
        mine = [k for k, part in enumerate(self.parts) if part.channel == channel]
        others = [self.parts[k].lagged.reshape(-1, LAGS) for k in mine]
        spend = np.concatenate([self.lagged[channel], *others])
        reached = saturated(weights @ spend.T, shape, family, self.priors)
        n = len(self.outcome)
        series = np.zeros((len(shape), n + len(self.parts)))
        series[:, :n] = reached[:, :n]
        for k, other in zip(mine, others, strict=True):
            part, end = self.parts[k], n + len(other)
            changed = reached[:, n:end].reshape(len(shape), -1, len(part.rows))
            by_row = part.factors[0] * series[:, part.rows] + np.einsum(
                "dor,o->dr", changed, part.factors[1:]
            )
            series[:, len(self.outcome) + k] = by_row.sum(axis=1)
            n = end
        return series

    def series(self, channel: int, shape: Array, family: Indices) -> Array:
        """A channel's effect at a margin of 1 in each row, then part of a test; (n_draws, n_rows + n_parts)."""
        reached = self.reached(channel, shape, family)
        return np.asarray(reached * self.ceiling(channel, shape, family, reached)[:, np.newaxis])

    def ceiling(self, channel: int, shape: Array, family: Indices, reached: Array) -> Array:
        """Contribution to a row that a channel cannot exceed at a margin of 1, see `ceiling_of`; (n_draws,)."""
        inside = reached[:, : len(self.outcome)].sum(axis=1)
        whole = (inside + self.reached_later(channel, shape, family)) * elasticity(shape, self.priors)
        return ceiling_of(self.total[channel], whole, family)

    def reached_later(self, channel: int, shape: Array, family: Indices) -> Array:
        """Sum of the shares of the ceiling reached in the periods of `later`; (n_draws,)."""
        if self.later is None or not len(self.later[channel]):
            return np.zeros(len(shape))
        weights = adstock_weights(shape, family, self.priors)
        return np.asarray(saturated(weights @ self.later[channel].T, shape, family, self.priors).sum(axis=1))

    def log_excess(self, shape: Array) -> Array:
        """Log of each channel's apparent effect in the rows over its true effect; (n_draws, n_channels)."""
        return np.asarray(shape[:, :, -1] @ self._excess_root)

    @cached_property
    def _excess_root(self) -> Array:
        """Matrix times which standard normal numbers, a row, are the channels' log excesses."""
        n, own = self.n_channels, math.sqrt(1.0 - SHARED)
        common = (math.sqrt(1.0 - SHARED + SHARED * n) - own) / n
        return np.asarray((own * np.eye(n) + common) * self.bias)

    def draw_excess(self, log_margin: Array, rng: np.random.Generator) -> Array:
        """Draw the numbers of the model error given apparent log margins, beliefs and tests aside.

        What rows show does not tell an effect from the model's error, so that the numbers follow from the sizes and the
        prior alone: for each of `DIFFERENCES`, sizes and errors are normal together.

        Returns
        -------
        ndarray of shape (n_draws, n_channels)
        """
        middle, gains, roots, inverses, log_dets = self._excess_given_sizes
        off = log_margin - middle
        logs = -0.5 * (np.einsum("dc,kce,de->dk", off, inverses, off, optimize=True) + log_dets)
        chosen = (logs + rng.gumbel(size=logs.shape)).argmax(axis=1)
        numbers = rng.standard_normal(off.shape)
        for k in range(len(gains)):
            at = chosen == k
            numbers[at] = off[at] @ gains[k] + numbers[at] @ roots[k]
        return numbers

    @cached_property
    def _excess_given_sizes(self) -> tuple[Array, Array, Array, Array, Array]:
        """Of apparent log margins: mean, and by difference what follows from them, see `draw_excess`.

        Transposed regression of the numbers on them, transposed root of what it leaves of the numbers' covariance, and
        of their own covariance the inverse and the log determinant.
        """
        n, bought = self.n_channels, self.n_bought
        middle, spread = np.zeros((2, n))
        middle[:bought] = self.priors.log_level
        middle[bought:], spread[bought:] = self.priors.unpaid_log_margin
        level = np.zeros((n, n))
        level[:bought, :bought] = self.priors.media_share_spread**2
        root = self._excess_root.T
        own = np.where(np.arange(n) < bought, DIFFERENCES[:, np.newaxis], spread) ** 2
        covariance = level + root @ root.T + own[:, np.newaxis] * np.eye(n)
        inverses = np.asarray(np.linalg.inv(covariance), dtype=float)
        gains = inverses @ root
        left = np.eye(n) - root.T @ gains
        # Rounding may leave the covariance of what is known exactly a little below 0.
        values, vectors = np.linalg.eigh(left)
        roots = np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))[:, np.newaxis]).swapaxes(1, 2))
        log_dets = np.asarray(np.linalg.slogdet(covariance)[1])
        return middle, gains, roots, inverses, log_dets

    def lifts(self, media: Array, shape: Array) -> Array:
        """Each test's lift, without the rows' bias; (n_draws, n_tests)."""
        channels = [part.channel for part in self.parts]
        true = media[:, len(self.outcome) :] * np.exp(-self.log_excess(shape)[:, channels])
        starts = np.cumsum([0, *(len(test.parts) for test in self.tests)])
        return np.array([true[:, a:b].sum(axis=1) for a, b in pairwise(starts)]).reshape(-1, len(true)).T

    def log_likelihood(self, media: Array, shape: Array) -> Array:
        """Log likelihood of outcome and tests given media, (n_draws, n_rows + n_parts), and shapes; (n_draws,)."""
        rows = self.baseline.log_likelihood(self.outcome - media[:, : len(self.outcome)])
        return np.asarray(rows + self.log_likelihood_of_tests(media, shape))

    def log_likelihood_of_tests(self, media: Array, shape: Array) -> Array:
        """Log likelihood of the tests alone; (n_draws,)."""
        value = np.zeros(len(shape))
        if self.tests:
            for test, lift in zip(self.tests, self.lifts(media, shape).T, strict=True):
                value -= 0.5 * ((test.lift - lift) / test.standard_error) ** 2
        return value

    def log_roi(self, log_margin: Array, shape: Array) -> Array:
        """Log of what channels truly bring over all rows, relative to `total`; (n_draws, n_channels)."""
        return np.asarray(log_margin - self.log_excess(shape) - np.log(elasticity(shape, self.priors)))

    def log_prior_of_sizes(self, log_margin: Array, shape: Array) -> Array:
        """Log prior density, up to a constant, of the apparent margins given the shapes; (n_draws,)."""
        true, bought = log_margin - self.log_excess(shape), slice(self.n_bought)
        value = self.priors.log_margin(true[:, bought]) + self.log_belief(log_margin, shape)
        if self.unpaid:
            middle, spread = self.priors.unpaid_log_margin
            value = value - 0.5 * (((true[:, self.n_bought :] - middle) / spread) ** 2).sum(axis=1)
        return value

    def log_belief(self, log_margin: Array, shape: Array) -> Array:
        """What beliefs about ROI add to the log prior density of apparent margins given the shapes; (n_draws,)."""
        if self.believed is None:
            return np.zeros(len(shape))
        true = (log_margin - self.log_excess(shape))[:, : self.n_bought]
        return self.believed.log_density(true, self._log_elasticity(shape))

    def one_log_margin(self, channels: Indices) -> tuple[Array, Array]:
        """Prior mean and standard deviation of channels' log margins, each alone; (n_channels,) each."""
        pairs = np.array([self.priors.one_log_margin, self.priors.unpaid_log_margin])
        middle, spread = pairs[(np.asarray(channels) >= self.n_bought).astype(int)].T
        return middle, spread

    def prior_agreement(self, log_margin: Array, shape: Array) -> float:
        """Mean probability that the ROIs expected beforehand are this company's; NaN where none are."""
        if self.believed is None:
            return math.nan
        true = (log_margin - self.log_excess(shape))[:, : self.n_bought]
        return float(self.believed.agreement(true, self._log_elasticity(shape)).mean())

    def _log_elasticity(self, shape: Array) -> Array:
        """Of the channels that cost money; (n_draws, n_bought)."""
        return np.asarray(np.log(elasticity(shape[:, : self.n_bought], self.priors)))

    def judged(self, log_margin: Array, shape: Array) -> tuple[Judged, ...]:
        """Judge each ROI expected beforehand by draws from the posterior; none where none are."""
        if self.believed is None:
            return ()
        true = log_margin - self.log_excess(shape)
        return self.believed.judged(true, np.log(elasticity(shape, self.priors)))

    def draw_sizes(self, shape: Array, rng: np.random.Generator) -> Array:
        """Draw the logs of the apparent margins from their prior given shapes; (n_draws, n_channels)."""
        if self.believed is None:
            true = self.priors.draw_log_margin(len(shape), self.n_bought, rng)
        else:
            true = self.believed.draw(self._log_elasticity(shape), rng)
        if self.unpaid:
            middle, spread = self.priors.unpaid_log_margin
            free = middle + spread * rng.standard_normal((len(shape), self.unpaid))
            true = np.concatenate([true, free], axis=1)
        return np.asarray(true + self.log_excess(shape))

    def draw_log_roi(self, n_draws: int, rng: np.random.Generator) -> Array:
        """Draw the log ROI of channels from the prior, if they have an effect; (n_draws, n_channels)."""
        shape = rng.standard_normal((n_draws, self.n_channels, NUMBERS))
        return self.log_roi(self.draw_sizes(shape, rng), shape)
