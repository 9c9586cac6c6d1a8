"""Carry-over and saturation of one channel for many draws at once, in business terms.

Every draw has standard normal numbers: elasticity (the ratio of the marginal to the average return at the mean active
spend), half-life of the carry-over, a further shape of each, which not every family uses, and last the bias of the
channel's apparent effect in the rows. Elasticity and half-life mean the same in every family, but for a Hill curve's
slope, so a draw can change its family and keep them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.families import LAGS, NO_EFFECT, NUMBERS, Adstock, Saturation
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.engine.response.adstock import delayed_adstock, geometric_adstock, weibull_adstock

PEAK, PEAK_SPREAD = 1.5, 0.5
WEIBULL_SHAPE, WEIBULL_SPREAD = 1.4, 0.4
"""Medians of the further shapes and standard deviations of their logarithms."""

SLOPE_SPREAD = 0.3
"""Standard deviation of the log of a Hill curve's slope around 1: above 1 a curve is S-shaped."""

LATE = 0.25
"""Part of the periods that spend may act in below which rows hold too few of them to measure what it brings by."""

RATES = np.geomspace(40.0, 1e-3, 400)
"""Rates of exponential and logistic curves, in falling order, so that their elasticities rise."""


def lagged(spend: Array) -> Array:
    """Spend 0, 1, 2, ... periods before, 0 before the first; shape (n_periods,) -> (n_periods, LAGS).

    >>> lagged(np.array([1.0, 2.0]))[:, :3].tolist()
    [[1.0, 0.0, 0.0], [2.0, 1.0, 0.0]]
    """
    padded = np.concatenate([np.zeros(LAGS - 1), spend])
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(padded, LAGS)[:, ::-1])


def lagged_rows(periods: Indices, column: Array) -> Array:
    """Lagged spend of each row, (n_rows, LAGS), with 0 in periods that have no row."""
    full = np.zeros(int(periods.max()) + 1)
    full[periods] = column
    return lagged(full)[periods]


def acting_later(periods: Indices, column: Array) -> Array:
    """Lagged spend of the periods without a row in which spend acts, (n_periods, LAGS), where rows hold few of these.

    What spend of the last row brings comes later, and rows alone would hold next to nothing of a delayed effect: no
    ceiling could bring it. No period where rows hold at least a part of `LATE`.

    >>> acting_later(np.arange(3), np.array([0.0, 0.0, 2.0]))[:2, :3].tolist()
    [[0.0, 2.0, 0.0], [0.0, 0.0, 2.0]]
    >>> acting_later(np.arange(60), np.ones(60)).shape
    (0, 26)
    """
    full = np.zeros(int(periods.max()) + LAGS)
    full[periods] = column
    acting = lagged(full)
    without = np.ones(len(full), dtype=bool)
    without[periods] = False
    held = acting[~without].sum()
    return acting[without] if held < LATE * acting.sum() else acting[:0]


def adstock_weights(shape: Array, family: Indices, priors: Priors) -> Array:
    """Weights of the lags, which sum to 1; shape (n_draws, NUMBERS) and (n_draws,) -> (n_draws, LAGS).

    Half of a geometric or Weibull spend has acted after a half-life (up to the rounding to periods); a delayed one
    falls to half its peak a half-life away from it. A Weibull of shape 1 is geometric.
    """
    half_life = priors.half_life * np.exp(priors.half_life_spread * shape[:, 1])
    kind = family // len(Saturation)
    # A channel without effect has no carry-over: any weights do.
    weights = np.full((len(shape), LAGS), 1.0 / LAGS)
    for name in Adstock:
        rows = np.flatnonzero(kind == name)
        life, further = half_life[rows], shape[rows, 2]
        if name is Adstock.GEOMETRIC:
            weights[rows] = geometric_adstock(life, LAGS)
        elif name is Adstock.DELAYED:
            weights[rows] = delayed_adstock(life, PEAK * np.exp(PEAK_SPREAD * further), LAGS)
        else:
            weights[rows] = weibull_adstock(life, WEIBULL_SHAPE * np.exp(WEIBULL_SPREAD * further), LAGS)
    return weights


def saturated(x: Array, shape: Array, family: Indices, priors: Priors) -> Array:
    """Share of the ceiling reached at `x`, in units of the mean active spend; (n_draws, ...) -> the same.

    An exponential curve of rate u has the elasticity u / (e^u - 1) at 1, a logistic one u / sinh(u). A Hill curve of
    slope 1 that reaches a part r of its ceiling has 1 - r, and one of another slope that times its slope: where a curve
    is S-shaped, the next unit may bring more than the mean one. A channel without effect reaches nothing.
    """
    log_odds = _log_odds(priors.elasticity) + priors.elasticity_spread * shape[:, 0]
    kind = np.where(family == NO_EFFECT, -1, family % len(Saturation))
    reached = np.zeros_like(x)
    per_draw = (-1,) + (1,) * (x.ndim - 1)
    for name in Saturation:
        rows = np.flatnonzero(kind == name)
        at = x[rows]
        if name is Saturation.HILL:
            part = -log_odds[rows]
            slope = np.exp(SLOPE_SPREAD * shape[rows, 3])
            # In place, and without scipy's expit: most of a fit's time goes into this.
            with np.errstate(divide="ignore", over="ignore"):
                np.log(at, out=at)
                at *= -slope.reshape(per_draw)
                at -= part.reshape(per_draw)
                np.exp(at, out=at)
                at += 1.0
                reached[rows] = np.divide(1.0, at, out=at)
        else:
            rate = np.exp(np.interp(log_odds[rows], *_RATES_BY_LOG_ODDS[name])).reshape(per_draw)
            if name is Saturation.EXPONENTIAL:
                at *= -rate
                reached[rows] = -np.expm1(at, out=at)
            else:
                at *= 0.5 * rate
                reached[rows] = np.tanh(at, out=at)
    return reached


def elasticity(shape: Array, priors: Priors) -> Array:
    """Ratio of the marginal to the average return at the mean active spend; (..., NUMBERS) -> (...).

    Of a Hill curve, that of slope 1: its own is its slope times as large. What a channel's size is believed to be, and
    its ROI, follow from the same number in every family.
    """
    log_odds = _log_odds(priors.elasticity) + priors.elasticity_spread * shape[..., 0]
    return np.asarray(expit(log_odds))


def unused_numbers(family: Indices) -> NDArray[np.bool_]:
    """Whether carry-over and saturation do without a number; (...) -> (..., NUMBERS).

    Elasticity always counts: of a channel without effect, for what its ROI would be. Biases are not of the shape.
    """
    none = family == NO_EFFECT
    used = np.ones((*family.shape, NUMBERS), dtype=bool)
    used[..., 1] = ~none
    used[..., 2] = ~none & (family // len(Saturation) != Adstock.GEOMETRIC)
    used[..., 3] = ~none & (family % len(Saturation) == Saturation.HILL)
    return ~used


def _log_odds(part: float) -> float:
    return math.log(part / (1.0 - part))


_RATES_BY_LOG_ODDS = {
    # log(e / (1 - e)) of e = u / (e^u - 1) and u / sinh(u), written so that small rates lose no digits.
    Saturation.EXPONENTIAL: (np.log(RATES) - np.log(np.expm1(RATES) - RATES), np.log(RATES)),
    Saturation.LOGISTIC: (np.log(RATES) - np.log(np.sinh(RATES) - RATES), np.log(RATES)),
}
