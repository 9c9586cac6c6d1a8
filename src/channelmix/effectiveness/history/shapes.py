"""Carry-over and saturation of one channel for many draws at once, by what a business can judge.

Every draw has four standard normal numbers: saturation (part of the ceiling that the mean active spend reaches),
half-life of the carry-over, and a further shape of each, which not every family uses. The first two mean the same in
every family, so a draw can change its family and keep them.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

if TYPE_CHECKING:
    from channelmix.effectiveness.history.priors import Priors

__all__ = ["FAMILIES", "LAGS", "Adstock", "Saturation", "adstock_weights", "lagged", "saturated"]

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

LAGS = 13
"""Periods that spend acts in: a quarter of weeks."""

PEAK, PEAK_SPREAD = 1.5, 0.5
WEIBULL_SHAPE, WEIBULL_SPREAD = 1.4, 0.4
SLOPE, SLOPE_SPREAD = 1.2, 0.35
"""Medians of the further shapes and standard deviations of their logarithms."""


class Adstock(IntEnum):
    """Families of carry-over."""

    GEOMETRIC = 0
    DELAYED = 1
    WEIBULL = 2


class Saturation(IntEnum):
    """Families of saturation."""

    EXPONENTIAL = 0
    LOGISTIC = 1
    HILL = 2


FAMILIES = len(Adstock) * len(Saturation)
"""Pairs of a carry-over and a saturation: family = len(Saturation) * adstock + saturation."""


def lagged(spend: Array) -> Array:
    """Spend 0, 1, 2, ... periods before, 0 before the first; shape (n_periods,) -> (n_periods, LAGS).

    >>> lagged(np.array([1.0, 2.0]))[:, :3].tolist()
    [[1.0, 0.0, 0.0], [2.0, 1.0, 0.0]]
    """
    padded = np.concatenate([np.zeros(LAGS - 1), spend])
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(padded, LAGS)[:, ::-1])


def adstock_weights(shape: Array, family: Indices, priors: Priors) -> Array:
    """Weights of the lags, which sum to 1; shape (n_draws, 4) and (n_draws,) -> (n_draws, LAGS).

    Half of a geometric or Weibull spend has acted after a half-life (up to the rounding to periods); a delayed one
    falls to half its peak a half-life away from it. A Weibull of shape 1 is geometric.
    """
    half_life = priors.half_life * np.exp(priors.half_life_spread * shape[:, 1])
    kind = family // len(Saturation)
    k = np.arange(LAGS, dtype=float)
    logs = np.empty((len(shape), LAGS))
    for name in Adstock:
        rows = np.flatnonzero(kind == name)
        life, further = half_life[rows, np.newaxis], shape[rows, 2, np.newaxis]
        if name is Adstock.GEOMETRIC:
            logs[rows] = -math.log(2.0) * k / life
        elif name is Adstock.DELAYED:
            peak = PEAK * np.exp(PEAK_SPREAD * further)
            logs[rows] = -math.log(2.0) * ((k - peak) / life) ** 2
        else:
            steepness = WEIBULL_SHAPE * np.exp(WEIBULL_SPREAD * further)
            away = np.log((k + 1.0) / life)
            logs[rows] = (steepness - 1.0) * away - math.log(2.0) * np.exp(steepness * away)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def saturated(x: Array, shape: Array, family: Indices, priors: Priors) -> Array:
    """Part of the ceiling that is reached at `x`, in units of the mean active spend; (n_draws, ...) -> the same."""
    odds = math.log(priors.saturation / (1.0 - priors.saturation)) + priors.saturation_spread * shape[:, 0]
    kind = family % len(Saturation)
    reached = np.empty_like(x)
    per_draw = (-1,) + (1,) * (x.ndim - 1)
    for name in Saturation:
        rows = np.flatnonzero(kind == name)
        at, log_odds = x[rows], odds[rows].reshape(per_draw)
        if name is Saturation.EXPONENTIAL:
            reached[rows] = -np.expm1(at * -np.logaddexp(0.0, log_odds))
        elif name is Saturation.LOGISTIC:
            reached[rows] = np.tanh(at * np.arctanh(expit(log_odds)))
        else:
            slope = (SLOPE * np.exp(SLOPE_SPREAD * shape[rows, 3])).reshape(per_draw)
            with np.errstate(divide="ignore"):
                reached[rows] = expit(log_odds + slope * np.log(at))
    return reached
