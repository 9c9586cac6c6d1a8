"""Shocks that all markets share in a period.

A shared shock, such as a rainy week, would be counted as evidence once for each market. It is estimated once, before
the model is fitted, by a regression with effects of periods, and subtracted from the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.baseline import NOISE_SCALE
from channelmix.effectiveness.history.model.families import NUMBERS
from channelmix.effectiveness.history.model.mix import Mix

LIKELY, LIKELY_SPREAD = 0.15, 0.3
"""Mean and standard deviation of media's margin before the data, as in `Priors`, and so wide that rows decide."""

CONFOUNDED = 0.05
"""Standard deviation of the spurious margin of media that follow a shock."""

ROUNDS = 10

NEGLIGIBLE = 0.3
"""Greatest variance of shocks, relative to that of the mean of a period's own noise, that is left alone. Without any,
chance alone shows 0.1 over two years of weeks, and 0.3 makes intervals of national effects 14 % too narrow."""

LEAST_NOISE = 1e-6
"""Least variance of a market's own noise, where the outcome's is 1: two markets may have the same outcome exactly."""


@dataclass(frozen=True, eq=False)
class SharedShocks:
    """What all markets have in common in a period: shocks with a variance, integrated out of the likelihood.

    With noise of variance v / w in a row of weight w, taking ``mean - mean / sqrt(1 + variance * sum of weights / v)``
    of each period off the rows leaves rows as independent as without shocks (Fuller & Battese 1974, "Estimation of
    linear models with crossed-error structure"). What is taken off the outcome, media expect too: at the size that is
    common to all markets. A mean is of rows without their linear part.

    Parameters
    ----------
    places : sequence of ndarray of shape (n_rows,)
        Each market's rows among the periods.
    taken : ndarray of shape (n_periods,)
        What is taken off, as a part of the weighted sum over markets.
    shrunk : ndarray of shape (n_periods,)
        The shock that is expected, as a part of the same sum.
    ratio : float
        Most of any period: the variance of its shock relative to that of the mean of its rows' own noise.
    """

    places: Sequence[Indices]
    taken: Array
    shrunk: Array
    ratio: float

    def of(self, markets: Sequence[int]) -> SharedShocks:
        """The same with markets in another order."""
        return replace(self, places=[self.places[m] for m in markets])

    @property
    def negligible(self) -> bool:
        """Whether rows may be taken for independent as they are."""
        return self.ratio < NEGLIGIBLE

    @classmethod
    def found(cls, mixes: Sequence[Mix], periods: Sequence[Indices], variance: float, noise: float) -> Self:
        """Lay out markets over their periods, whose shocks have this variance beside the rows' own noise."""
        every, place = np.unique(np.concatenate(periods), return_inverse=True)
        places = np.split(place, np.cumsum([len(each) for each in periods])[:-1])
        total = np.zeros(len(every))
        for mix, where in zip(mixes, places, strict=True):
            total[where] += mix.baseline.weight
        least = np.maximum(total, LEAST_NOISE)
        ratio = variance * total / noise
        taken, shrunk = 1.0 - 1.0 / np.sqrt(1.0 + ratio), ratio / (1.0 + ratio)
        return cls(places, taken / least, shrunk / least, float(ratio.max()))

    def sums(self, mixes: Sequence[Mix], values: Sequence[Array]) -> Array:
        """Weighted sums over markets of their rows' values, (..., n_rows), less their means; (..., n_periods)."""
        total = np.zeros((*values[0].shape[:-1], len(self.taken)))
        for mix, where, value in zip(mixes, self.places, values, strict=True):
            weight = mix.baseline.weight
            mean = (value @ weight) / max(float(weight.sum()), LEAST_NOISE)
            total[..., where] += weight * (value - mean[..., np.newaxis])
        return total


def shared_shocks(mixes: Sequence[Mix], periods: Sequence[Indices]) -> tuple[list[Array], float, float]:
    """Shocks in each market's rows, (n_rows,) each in units of its outcome's standard deviation, and two variances.

    These are of the shocks and of a market's own noise.

    Outcome and media, with shapes at their prior medians, are compared between markets after each market's linear part
    is regressed out: media's effect shows in how markets differ within a period, the shock in what they have in common.
    The estimate is shrunk by its uncertainty: to nothing where markets do not move together.

    Parameters
    ----------
    mixes : sequence of Mix
        One a market.
    periods : sequence of ndarray of shape (n_rows,)
        Of each market's rows, counted from one origin.
    """
    parts, times, taken = [], [], 0
    for mix, when in zip(mixes, periods, strict=True):
        linear = np.concatenate([mix.baseline.fixed, mix.baseline.walk], axis=1)
        known = mix.baseline.weight > 0.0
        if np.count_nonzero(known) <= linear.shape[1] + mix.n_channels:
            continue  # its linear part follows everything
        median, family = np.zeros((1, NUMBERS)), np.zeros(1, dtype=np.int64)
        media = [mix.series(c, median, family)[0, : len(known)] for c in range(mix.n_channels)]
        both = np.column_stack([mix.outcome, *media])[known]
        parts.append(both - linear[known] @ np.linalg.lstsq(linear[known], both, rcond=None)[0])
        times.append(when[known])
        taken += linear.shape[1]
    nothing = [np.zeros(len(when)) for when in periods]
    if len(parts) < 2:
        return nothing, 0.0, 1.0
    every, place, number = np.unique(np.concatenate(times), return_inverse=True, return_counts=True)
    rows = np.concatenate(parts)
    means = np.zeros((len(every), rows.shape[1]))
    np.add.at(means, place, rows)
    means /= number[:, np.newaxis]
    shared = number > 1
    if not shared.any():
        return nothing, 0.0, 1.0
    free = (len(rows) - len(every)) * (1.0 - taken / len(rows)) - (rows.shape[1] - 1)
    one = mixes[0]
    likely = np.full(one.n_channels, LIKELY)
    likely[one.n_bought :] = np.exp(one.priors.unpaid_log_margin[0])
    within, number = rows - means[place], np.where(shared, number, 0)
    shock, variance, noise = _estimated(within, means, number, free, likely)
    by_period = dict(zip(every.tolist(), shock.tolist(), strict=True))
    # The noise is never believed to be nothing: its prior adds to what rows show of it.
    noise += 2.0 * NOISE_SCALE * len(parts) / len(rows)
    return [np.array([by_period.get(int(t), 0.0) for t in when]) for when in periods], variance, noise


def _estimated(
    within: Array, means: Array, number: Indices, free: float, likely: Array
) -> tuple[Array, float, float]:
    """Shock of each period, (n_periods,), their variance, and that of a market's own noise.

    `likely` are media's margins before the data.

    Outcome and media as columns, less their means over markets and these means. What goes with media in all markets is
    media's effect or a shock that spend follows: within periods only the first shows, so that the second, `CONFOUNDED`
    times media, is whatever more goes with the means.
    """
    n = means.shape[1] - 1
    expected = np.concatenate([likely, np.zeros(n)])
    prior = np.repeat([LIKELY_SPREAD, CONFOUNDED], n) ** -2.0
    noise = variance = max(float(within[:, 0].var()) * len(within) / max(free, 1.0), LEAST_NOISE)
    both = np.concatenate([means[:, 1:], means[:, 1:]], axis=1) * (number > 0)[:, np.newaxis]
    y = means[:, 0] * (number > 0)
    for _ in range(ROUNDS):
        weight = 1.0 / (variance + noise / np.maximum(number, 1))
        precision = (both * weight[:, np.newaxis]).T @ both + np.diag(prior)
        precision[:n, :n] += within[:, 1:].T @ within[:, 1:] / noise
        right = (both * weight[:, np.newaxis]).T @ y + prior * expected
        right[:n] += within[:, 1:].T @ within[:, 0] / noise
        covariance = np.linalg.inv(precision)
        effect = covariance @ right
        left = within[:, 0] - within[:, 1:] @ effect[:n]
        noise = max(float(left @ left) / max(free, 1.0), LEAST_NOISE)
        found = (y - both @ effect)[number > 0]
        spent = np.einsum("tk,kl,tl->t", both, covariance, both)[number > 0]
        variance = max(float(np.mean(found**2 + spent - noise / number[number > 0])), 1e-6 * noise)
    shrunk = variance / (variance + noise / np.maximum(number, 1))
    shock = both[:, n:] @ effect[n:] + (y - both @ effect) * shrunk
    return shock, variance, noise


def linear_part(mix: Mix) -> Array:
    """A market's level, trend, season and controls by a regression with media of median shapes, (n_rows,)."""
    known = mix.baseline.weight > 0.0
    fixed = mix.baseline.fixed
    median, family = np.zeros((1, NUMBERS)), np.zeros(1, dtype=np.int64)
    media = [mix.series(c, median, family)[0, : len(known)] for c in range(mix.n_channels)]
    every = np.column_stack([fixed, *media])[known]
    effect = np.linalg.lstsq(every, mix.outcome[known], rcond=None)[0]
    return np.asarray(fixed @ effect[: fixed.shape[1]])
