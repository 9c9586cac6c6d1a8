"""Adstock weights: the shares of a period's spend that act 0, 1, 2, ... periods later."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from channelmix.core.arrays import Array


def geometric_adstock(half_life: ArrayLike, lags: int) -> Array:
    """Weights that halve every `half_life` periods; shape (...) -> (..., lags).

    >>> geometric_adstock(1.0, 3).round(3).tolist()
    [0.571, 0.286, 0.143]
    """
    k, life = np.arange(lags, dtype=float), _column(half_life)
    return _normalized(-math.log(2.0) * k / life)


def delayed_adstock(half_life: ArrayLike, peak: ArrayLike, lags: int) -> Array:
    """Weights that are largest after `peak` periods and half as large `half_life` periods from there.

    References
    ----------
    Jin, Y. et al. (2017), "Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects", equation 4, with
    a retention rate of ``0.5 ** (1 / half_life ** 2)``.
    """
    k, life = np.arange(lags, dtype=float), _column(half_life)
    return _normalized(-math.log(2.0) * ((k - _column(peak)) / life) ** 2)


def weibull_adstock(half_life: ArrayLike, shape: ArrayLike, lags: int) -> Array:
    """Weights in proportion to a Weibull density of median `half_life` at 1, 2, ... periods; shape 1 is geometric."""
    steepness = _column(shape)
    log_time = np.log((np.arange(lags, dtype=float) + 1.0) / _column(half_life))
    return _normalized((steepness - 1.0) * log_time - math.log(2.0) * np.exp(steepness * log_time))


def _column(values: ArrayLike) -> Array:
    return np.asarray(values, dtype=float)[..., np.newaxis]


def _normalized(log_weights: Array) -> Array:
    """Scale weights to sum to 1 over the lags, the last axis."""
    weights = np.exp(log_weights - log_weights.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))
