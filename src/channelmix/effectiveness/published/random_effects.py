"""A Bayesian linear regression with random effects for categories: for small, clustered, unequal samples."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from channelmix.core.arrays import Array

INTERCEPT_SCALE = 3.0
"""Prior standard deviation of the intercept around the mean, in standard deviations of the outcome."""

SMALLEST, LARGEST = -6.0, 2.0
"""Range of the logarithms of the scales that are searched."""


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
class RandomEffects:
    """A fitted regression; see `fit_random_effects`.

    Parameters
    ----------
    rows : Rows
        That it was fitted to, their numbers standardised.
    center, unit : float
        Mean and standard deviation of their outcomes.
    shift, spread : ndarray of shape (n_numeric,)
        Mean and standard deviation of their numbers.
    log_scales : ndarray of shape (1 + n_categorical + 1,)
        Logarithms of the scales, in standard deviations of the outcome.
    factor, pull : tuple, ndarray of shape (n_rows,)
        Cholesky factor of the outcomes' covariance, and its inverse times the standardised outcomes.
    """

    rows: Rows
    center: float
    unit: float
    shift: Array
    spread: Array
    log_scales: Array
    factor: tuple[Any, bool]
    pull: Array

    @property
    def scales(self) -> Array:
        """Scale of the slopes, of each categorical column's effects, and of the noise, in units of the outcome."""
        return np.asarray(np.exp(self.log_scales) * self.unit)

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
        numeric = (rows.numeric - self.shift) / self.spread
        to_data = [_same(new, old) for new, old in zip(rows.levels, self.rows.levels, strict=True)]
        cross = _covariance(self.log_scales, numeric, self.rows.numeric, to_data)
        own = _covariance(self.log_scales, numeric, numeric, [_same(new, new) for new in rows.levels])
        if noise:
            own[np.diag_indices_from(own)] += np.exp(2.0 * self.log_scales[-1])
        mean = cross @ self.pull
        covariance = own - cross @ cho_solve(self.factor, cross.T)
        return self.center + self.unit * mean, self.unit**2 * covariance


def fit_random_effects(
    rows: Rows,
    y: Array,
    weight: Array,
    effect_scale: float,
    effect_spread: float,
    scales: Sequence[float] | None = None,
) -> RandomEffects:
    """Fit a linear regression with random effects, all Gaussian, by type II maximum a posteriori.

    ``y = intercept + numeric @ slopes + sum over categorical columns of the level's effect + noise``, with noise of
    variance ``sigma^2 / weight``. The scales of the slopes, of each column's effects and of the noise have log-normal
    priors and are set to their posterior mode (by L-BFGS on the marginal likelihood). A level that was never seen has a
    mean effect of 0 and its column's full scale, so a prediction for a new source is as wide as sources differ.

    Parameters
    ----------
    rows : Rows
    y : ndarray of shape (n_rows,)
    weight : ndarray of shape (n_rows,)
        Positive weight of each row, in inverse proportion to its noise variance.
    effect_scale, effect_spread : float
        Prior median of every scale, in standard deviations of the outcome, and the standard deviation of its logarithm.
    scales : sequence of float, optional
        In units of the outcome; searched if not given.

    Raises
    ------
    ValueError
        If `scales` does not hold one positive number a scale.

    References
    ----------
    Gelman, A. & Hill, J. (2007), "Data Analysis Using Regression and Multilevel/Hierarchical Models", chapters 11-13.
    """
    center, unit = float(np.average(y, weights=weight)), float(y.std()) or 1.0
    weight = weight / weight.mean()
    shift, spread = rows.numeric.mean(axis=0), rows.numeric.std(axis=0)
    spread = np.where(spread > 0.0, spread, 1.0)
    numeric = (rows.numeric - shift) / spread
    target = (y - center) / unit
    matches = [_same(levels, levels) for levels in rows.levels]
    if scales is None:
        parts = [numeric @ numeric.T, *matches, np.diag(1.0 / weight)]
        log_scales = _most_likely(parts, target, math.log(effect_scale), effect_spread)
    else:
        log_scales = np.log(_checked(scales, len(matches) + 2) / unit)
    covariance = _covariance(log_scales, numeric, numeric, matches)
    covariance[np.diag_indices_from(covariance)] += np.exp(2.0 * log_scales[-1]) / weight
    factor = cho_factor(covariance, lower=True)
    return RandomEffects(
        Rows(numeric, rows.levels), center, unit, shift, spread, log_scales, factor, cho_solve(factor, target)
    )


def _checked(scales: Sequence[float], count: int) -> Array:
    known = np.asarray(scales, dtype=float)
    if known.shape != (count,) or not (np.isfinite(known).all() and (known > 0.0).all()):
        raise ValueError(f"scales must hold {count} positive numbers")
    return known


def _covariance(log_scales: Array, left: Array, right: Array, matches: Sequence[Array]) -> Array:
    """Prior covariance of two sets of rows, in squared standard deviations of the outcome."""
    variances = np.exp(2.0 * log_scales)
    total: Array = np.full((len(left), len(right)), INTERCEPT_SCALE**2)
    if left.shape[1]:
        total += variances[0] * (left @ right.T)
    for variance, match in zip(variances[1:-1], matches, strict=True):
        total += variance * match
    return total


def _most_likely(parts: Sequence[Array], target: Array, prior: float, effect_spread: float) -> Array:
    """Posterior mode of the logarithms of all scales, each of which scales one part of the covariance."""
    # Scales of published figures are stored: only other figures are searched, and pay for this import.
    from scipy.optimize import minimize

    n = len(target)

    def loss(log_scales: Array) -> tuple[float, Array]:
        variances = np.exp(2.0 * log_scales)
        covariance = np.full((n, n), INTERCEPT_SCALE**2) + 1e-9 * np.eye(n)
        for variance, part in zip(variances, parts, strict=True):
            covariance += variance * part
        factor = cho_factor(covariance, lower=True)
        pull = cho_solve(factor, target)
        inverse = cho_solve(factor, np.eye(n))
        off = (log_scales - prior) / effect_spread
        value = 0.5 * target @ pull + np.log(np.diag(factor[0])).sum() + 0.5 * off @ off
        slopes = [
            variance * float((inverse * part).sum() - pull @ part @ pull)
            for variance, part in zip(variances, parts, strict=True)
        ]
        return float(value), np.array(slopes) + off / effect_spread

    start = np.full(len(parts), prior)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(SMALLEST, LARGEST)] * len(parts))
    return np.asarray(found.x, dtype=float)


def _same(left: Sequence[Hashable], right: Sequence[Hashable]) -> Array:
    """1 where two rows have the same level, else 0; shape (len(left), len(right))."""
    codes: dict[Hashable, int] = {}
    a = np.array([codes.setdefault(level, len(codes)) for level in left])
    b = np.array([codes.setdefault(level, len(codes)) for level in right])
    return np.asarray(a[:, np.newaxis] == b[np.newaxis], dtype=float)
