"""A Bayesian linear regression with random effects for categories: for small, clustered, unequal samples."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from channelmix.core.arrays import Array

INTERCEPT_SCALE = 3.0
"""Prior standard deviation of the intercept around the mean, in standard deviations of the outcome."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What is known of some outcomes.

    Parameters
    ----------
    numeric : ndarray of shape (n_rows, n_numeric)
    levels : sequence of sequence of hashable
        Level of each row, one sequence a categorical column.
    """

    numeric: Array
    levels: Sequence[Sequence[Hashable]]


@dataclass(frozen=True, eq=False)
class Standardized:
    """Rows with outcomes and weights, brought to one size.

    Parameters
    ----------
    rows : Rows
        Their numbers standardised.
    target : ndarray of shape (n_rows,)
        Standardised outcomes.
    weight : ndarray of shape (n_rows,)
        1 on average.
    center, unit : float
        Mean and standard deviation of the outcomes.
    shift, spread : ndarray of shape (n_numeric,)
        Mean and standard deviation of the numbers.
    """

    rows: Rows
    target: Array
    weight: Array
    center: float
    unit: float
    shift: Array
    spread: Array

    @classmethod
    def of(cls, rows: Rows, y: Array, weight: Array) -> Self:
        """Standardise rows with outcomes `y` and positive weights, (n_rows,) each."""
        center, unit = float(np.average(y, weights=weight)), float(y.std()) or 1.0
        shift, spread = rows.numeric.mean(axis=0), rows.numeric.std(axis=0)
        spread = np.where(spread > 0.0, spread, 1.0)
        known = Rows((rows.numeric - shift) / spread, rows.levels)
        return cls(known, (y - center) / unit, weight / weight.mean(), center, unit, shift, spread)


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """A fitted regression; see `fit_random_effects`.

    Parameters
    ----------
    data : Standardized
        What it was fitted to.
    log_scales : ndarray of shape (1 + n_categorical + 1,)
        Logarithms of the scales, in standard deviations of the outcome.
    factor, pull : tuple, ndarray of shape (n_rows,)
        Cholesky factor of the outcomes' covariance, and its inverse times the standardised outcomes.
    """

    data: Standardized
    log_scales: Array
    factor: tuple[Any, bool]
    pull: Array

    def predict(self, rows: Rows, noise: bool = True) -> tuple[Array, Array]:
        """Predict new outcomes jointly; rows of one new level share its effect.

        Parameters
        ----------
        rows : Rows
        noise : bool
            Whether the covariance is that of single new outcomes, or without their noise that of the level they lie
            around.

        Returns
        -------
        mean : ndarray of shape (n_rows,)
        covariance : ndarray of shape (n_rows, n_rows)
        """
        data = self.data
        numeric = (rows.numeric - data.shift) / data.spread
        to_data = [same_level(new, old) for new, old in zip(rows.levels, data.rows.levels, strict=True)]
        cross = _covariance(self.log_scales, numeric, data.rows.numeric, to_data)
        own = _covariance(self.log_scales, numeric, numeric, [same_level(new, new) for new in rows.levels])
        if noise:
            own[np.diag_indices_from(own)] += np.exp(2.0 * self.log_scales[-1])
        mean = cross @ self.pull
        covariance = own - cross @ cho_solve(self.factor, cross.T)
        return data.center + data.unit * mean, data.unit**2 * covariance


def fit_random_effects(rows: Rows, y: Array, weight: Array, scales: Sequence[float]) -> RandomEffects:
    """Fit a linear regression with random effects, all Gaussian, given their scales.

    ``y = intercept + numeric @ slopes + sum over categorical columns of the level's effect + noise``, with noise of
    variance ``sigma^2 / weight``. A level that was never seen has a mean effect of 0 and its column's full scale, so a
    prediction for a new source is as wide as sources differ.

    Parameters
    ----------
    rows : Rows
    y : ndarray of shape (n_rows,)
    weight : ndarray of shape (n_rows,)
        Positive weight of each row, in inverse proportion to its noise variance.
    scales : sequence of float
        Scale of the slopes, of each categorical column's effects, and of the noise, in units of the outcome.

    References
    ----------
    Gelman, A. & Hill, J. (2007), "Data Analysis Using Regression and Multilevel/Hierarchical Models", chapters 11-13.
    """
    data = Standardized.of(rows, y, weight)
    log_scales = np.log(np.asarray(scales, dtype=float) / data.unit)
    matches = [same_level(levels, levels) for levels in rows.levels]
    covariance = _covariance(log_scales, data.rows.numeric, data.rows.numeric, matches)
    covariance[np.diag_indices_from(covariance)] += np.exp(2.0 * log_scales[-1]) / data.weight
    factor = cho_factor(covariance, lower=True)
    return RandomEffects(data, log_scales, factor, cho_solve(factor, data.target))


def _covariance(log_scales: Array, left: Array, right: Array, matches: Sequence[Array]) -> Array:
    """Prior covariance of two sets of rows, in squared standard deviations of the outcome."""
    variances = np.exp(2.0 * log_scales)
    total: Array = np.full((len(left), len(right)), INTERCEPT_SCALE**2)
    if left.shape[1]:
        total += variances[0] * (left @ right.T)
    for variance, match in zip(variances[1:-1], matches, strict=True):
        total += variance * match
    return total


def same_level(left: Sequence[Hashable], right: Sequence[Hashable]) -> Array:
    """1 where two rows have the same level, else 0; shape (len(left), len(right))."""
    codes: dict[Hashable, int] = {}
    a = np.array([codes.setdefault(level, len(codes)) for level in left])
    b = np.array([codes.setdefault(level, len(codes)) for level in right])
    return np.asarray(a[:, np.newaxis] == b[np.newaxis], dtype=float)
