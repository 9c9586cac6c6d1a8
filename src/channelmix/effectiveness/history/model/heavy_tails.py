"""Heavy-tailed noise: weights of rows where some are outliers.

Student t noise is normal noise whose precision differs from row to row. A regression of the outcome on the
linear part and on the channels at two speeds of carry-over finds the expected precisions, once, before the model is
fitted: by variational Bayes for each number of degrees of freedom and each size of the level's steps, averaged in
proportion to their evidence. With normal noise all rows come out nearly alike.

References
----------
Lange, K., Little, R. & Taylor, J. (1989), "Robust statistical modeling using the t distribution", JASA 84.
Tipping, M. & Lawrence, N. (2005), "Variational inference for Student-t models", Neurocomputing 69.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from channelmix.core.arrays import Array
from channelmix.effectiveness.history.model.baseline import NOISE_SCALE, NOISE_SHAPE, WANDER, WIDE
from channelmix.effectiveness.history.model.families import NUMBERS
from channelmix.effectiveness.history.model.mix import Mix

TAILS = np.array([np.inf, 8.0, 4.0, 2.0])
"""Degrees of freedom of the noise, equally likely before the data; infinity is normal noise."""

NORMAL = np.array([1.0, 0.0, 0.0, 0.0])
"""Chances of `TAILS` where noise is normal."""

SPEEDS = (-1.0, 1.0)
"""Half-lives of a channel's carry-over in the regression, as standard deviations of their logarithm from the median."""

FEW = 5
"""Most rows of an event whose rows keep their full weight: the effect of an event differs from time to time, and two
similar rows would leave the third one without weight."""

CLOSE, MOST_STEPS = 1e-3, 50


@dataclass(frozen=True, eq=False)
class Tails:
    """`precision` of each row relative to the common one, (n_rows,), and probability `chance` of each of `TAILS`."""

    precision: Array
    chance: Array


def tails_of(mix: Mix) -> Tails:
    """Weigh the rows of a mix by the residuals of a regression.

    Which rows are outliers is not certain, so a row of Student t noise with f degrees of freedom carries only
    (f + 1) / (f + 3) of the information of a row of normal noise of its scale. `precision` is reduced by this factor.
    """
    baseline = mix.baseline
    known = baseline.weight > 0.0
    root = baseline.root[known]
    media = []
    for c in range(mix.n_channels):
        for speed in SPEEDS:
            shape = np.zeros((1, NUMBERS))
            shape[0, 1] = speed
            series = mix.series(c, shape, np.zeros(1, dtype=np.int64))[0, : len(known)][known]
            if series.std() > 0.0:
                media.append((series - series.mean()) / series.std())
    columns = [baseline.fixed[known], baseline.walk[known], np.reshape(media, (-1, len(root))).T]
    Z = np.concatenate(columns, axis=1) * root[:, np.newaxis]
    spread = np.concatenate([baseline.scale, np.ones(baseline.walk.shape[1]), np.full(len(media), WIDE)])
    scale = np.tile(spread, (len(WANDER), 1))
    walk = slice(len(baseline.scale), len(baseline.scale) + baseline.walk.shape[1])
    scale[:, walk] *= WANDER[:, np.newaxis]
    tail = np.repeat(TAILS, len(WANDER))
    heavy = np.isfinite(tail)[:, np.newaxis] & ~_events(baseline.fixed[known])
    weight, log_evidence = _fitted(Z, mix.outcome[known] * root, np.tile(scale, (len(TAILS), 1)), tail, heavy)
    chance = np.exp(log_evidence - log_evidence.max())
    chance /= chance.sum()
    precision = np.zeros(len(known))
    precision[known] = (chance * _information(tail)) @ weight
    return Tails(precision, chance.reshape(len(TAILS), -1).sum(axis=1))


def _events(fixed: Array) -> NDArray[np.bool_]:
    """Rows in which a column differs from the value that it has in all but few of them; (n_rows,)."""
    event = np.zeros(len(fixed), dtype=bool)
    for column in fixed.T:
        values, number = np.unique(column, return_counts=True)
        rare = column != values[number.argmax()]
        if rare.sum() <= FEW:
            event |= rare
    return event


def _information(tail: Array) -> Array:
    """Information of a row of Student t noise relative to normal noise of its scale, by degrees of freedom."""
    finite = np.where(np.isinf(tail), 0.0, tail)
    return np.where(np.isinf(tail), 1.0, (finite + 1.0) / (finite + 3.0))


def _fitted(Z: Array, y: Array, scale: Array, tail: Array, heavy: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Expected precisions of rows and the log evidence (a lower bound), by hypothesis.

    `Z` (n_rows, n_columns) and `y` (n_rows,) are the same for all; prior standard deviations `scale` (n_hypotheses,
    n_columns), in those of the noise, and `tail` (n_hypotheses,) differ. Rows that are not `heavy`, (n_hypotheses,
    n_rows), have normal noise. Returns (n_hypotheses, n_rows) and (n_hypotheses,).
    """
    n = len(y)
    freedom = np.where(np.isfinite(tail), tail, 1.0)[:, np.newaxis]
    weight = np.ones((len(tail), n))
    for _ in range(MOST_STEPS):
        weighted = weight[:, :, np.newaxis] * Z
        precision = np.swapaxes(weighted, 1, 2) @ Z
        precision[:, np.arange(Z.shape[1]), np.arange(Z.shape[1])] += scale**-2.0
        covariance = np.linalg.inv(precision)
        b = (covariance @ (np.swapaxes(weighted, 1, 2) @ y)[:, :, np.newaxis])[:, :, 0]
        left = (y - b @ Z.T) ** 2
        shrunk = ((b / scale) ** 2).sum(axis=1)
        variance = ((weight * left).sum(axis=1) + shrunk + 2.0 * NOISE_SCALE) / (n + 2.0 * NOISE_SHAPE)
        far = left / variance[:, np.newaxis] + ((Z @ covariance) * Z).sum(axis=2)
        new = np.where(heavy, (freedom + 1.0) / (freedom + far), 1.0)
        moved = np.abs(new - weight).max()
        weight = new
        if moved < CLOSE:
            break
    half = 0.5 * freedom
    peak = gammaln(half + 0.5) - gammaln(half) - 0.5 * np.log(half)
    logs = np.where(heavy, peak - (half + 0.5) * np.log1p(far / freedom), -0.5 * far).sum(axis=1)
    logs -= (0.5 * n + NOISE_SHAPE) * np.log(variance) + NOISE_SCALE / variance
    inside = np.diagonal(covariance, axis1=1, axis2=2) / scale**2
    spent = shrunk / variance + inside.sum(axis=1) + 2.0 * np.log(scale).sum(axis=1)
    return weight, logs - 0.5 * (spent + np.linalg.slogdet(precision)[1])
