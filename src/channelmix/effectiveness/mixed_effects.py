"""A Bayesian regression with random effects for categories: what small, clustered, unequal samples need."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.stats import t as student_t
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["MixedEffectsRegressor"]

Array = NDArray[np.float64]

INTERCEPT_SCALE = 3.0
"""Prior standard deviation of the intercept around the mean, in standard deviations of the outcome."""

SMALLEST, LARGEST = -6.0, 2.0
"""Range of the logarithms of the scales that are searched."""


class MixedEffectsRegressor(RegressorMixin, BaseEstimator):
    """Bayesian linear regression whose categorical columns have random effects.

    ``y = intercept + numeric @ slopes + sum over categorical columns of the level's effect + noise``, all Gaussian;
    noise has variance ``sigma^2 / weight``. The scales of the slopes, of each column's effects and of the noise have
    log-normal priors and are set to their posterior mode (type II maximum a posteriori, by L-BFGS on the marginal
    likelihood). A level that was never seen has a mean effect of zero and its column's full scale, so a prediction
    for a new source is as wide as sources differ. Intervals use Student's t, since scales rest on few levels.

    Parameters
    ----------
    categorical : sequence of int, optional
        Columns with levels rather than numbers. By default none.
    group : int, optional
        The categorical column whose number of levels limits what is known (the source); its levels less one are the
        degrees of freedom. By default the number of rows less one is.
    effect_scale : float
        Prior median of every scale, in standard deviations of the outcome.
    effect_spread : float
        Prior standard deviation of the logarithm of every scale.
    scales : sequence of float, optional
        Scales known from an earlier fit to the same figures, as its `scales_` holds them. By default they are searched.

    Attributes
    ----------
    scales_ : ndarray of shape (1 + n_categorical + 1,)
        Scale of the slopes, of each categorical column's effects, and of the noise, in units of the outcome.
    degrees_of_freedom_ : int
        Of the predictive distribution.

    References
    ----------
    Gelman, A. & Hill, J. (2007), "Data Analysis Using Regression and Multilevel/Hierarchical Models", chapters 11-13.
    """

    def __init__(
        self,
        categorical: Sequence[int] | None = None,
        group: int | None = None,
        effect_scale: float = 0.4,
        effect_spread: float = 1.0,
        scales: Sequence[float] | None = None,
    ) -> None:
        self.categorical = categorical
        self.group = group
        self.effect_scale = effect_scale
        self.effect_spread = effect_spread
        self.scales = scales

    def fit(self, X: Any, y: Any, reliability: Any = None) -> Self:
        """Fit the regression.

        Parameters
        ----------
        X : array_like of shape (n_rows, n_columns)
        y : array_like of shape (n_rows,)
        reliability : array_like of shape (n_rows,), optional
            Weight of each row, in inverse proportion to its noise variance. Not a count of repeated rows, which is what
            scikit-learn's ``sample_weight`` means.

        Raises
        ------
        ValueError
            If `reliability` is not one non-negative number a row, or `scales` not one positive number a scale.
        """
        columns = list(self.categorical or ())
        X, y = validate_data(self, X, y, dtype=self._dtype, y_numeric=True, ensure_min_samples=2)
        y = np.asarray(y, dtype=float)
        weight = np.ones(len(y)) if reliability is None else np.asarray(reliability, dtype=float)
        if weight.shape != y.shape or not (
            np.isfinite(weight).all() and (weight >= 0.0).all() and weight.any()
        ):
            raise ValueError("reliability must hold one non-negative number a row, and not only zeros")
        kept = weight > 0.0
        X, y, weight = X[kept], y[kept], weight[kept]
        self._center, self._unit = float(np.average(y, weights=weight)), float(y.std()) or 1.0
        self._weight = weight / weight.mean()
        self._numeric_columns = [j for j in range(X.shape[1]) if j not in columns]
        numeric = X[:, self._numeric_columns].astype(float)
        self._shift = numeric.mean(axis=0)
        spread = numeric.std(axis=0)
        self._spread = np.where(spread > 0.0, spread, 1.0)
        self._levels = [X[:, j].tolist() for j in columns]
        self._numeric = (numeric - self._shift) / self._spread
        self._target = (y - self._center) / self._unit
        self._matches = [_same(levels, levels) for levels in self._levels]
        self._log_scales = self._most_likely_scales() if self.scales is None else self._known_scales()
        self.scales_ = np.exp(self._log_scales) * self._unit
        covariance = self._covariance(self._numeric, self._numeric, self._matches)
        covariance[np.diag_indices_from(covariance)] += np.exp(2.0 * self._log_scales[-1]) / self._weight
        self._factor = cho_factor(covariance, lower=True)
        self._pull = cho_solve(self._factor, self._target)
        seen = len(y) if self.group is None else len(set(X[:, self.group].tolist()))
        self.degrees_of_freedom_ = max(seen - 1, 1)
        return self

    def predict(self, X: Any, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict the mean outcome, and with `return_std` the scale of the predictive Student's t; (n_rows,) each."""
        mean, covariance = self.predict_joint(X)
        return (mean, np.sqrt(np.diag(covariance))) if return_std else mean

    def predict_interval(self, X: Any, level: float = 0.9) -> tuple[Array, Array]:
        """Interval that a new outcome lies in with probability `level`: low and high, (n_rows,) each."""
        mean, covariance = self.predict_joint(X)
        half = student_t.ppf(0.5 + 0.5 * level, self.degrees_of_freedom_) * np.sqrt(np.diag(covariance))
        return mean - half, mean + half

    def predict_joint(self, X: Any, noise: bool = True) -> tuple[Array, Array]:
        """Predict new outcomes jointly; rows of one new level share its effect.

        Parameters
        ----------
        X : array_like of shape (n_rows, n_columns)
        noise : bool
            Whether the covariance is that of single new outcomes, or without their noise that of the level they lie
            around.

        Returns
        -------
        mean : ndarray of shape (n_rows,)
        covariance : ndarray of shape (n_rows, n_rows)
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=self._dtype)
        columns = list(self.categorical or ())
        numeric = (X[:, self._numeric_columns].astype(float) - self._shift) / self._spread
        levels = [X[:, j].tolist() for j in columns]
        to_data = [_same(new, old) for new, old in zip(levels, self._levels, strict=True)]
        cross = self._covariance(numeric, self._numeric, to_data)
        own = self._covariance(numeric, numeric, [_same(new, new) for new in levels])
        if noise:
            own[np.diag_indices_from(own)] += np.exp(2.0 * self._log_scales[-1])
        mean = cross @ self._pull
        covariance = own - cross @ cho_solve(self._factor, cross.T)
        return self._center + self._unit * mean, self._unit**2 * covariance

    @property
    def _dtype(self) -> str | None:
        """What columns are read as: as they are where some hold levels."""
        return "numeric" if self.categorical is None else None

    def _covariance(self, left: Array, right: Array, matches: Sequence[Array]) -> Array:
        """Prior covariance of two sets of rows, in squared standard deviations of the outcome."""
        variances = np.exp(2.0 * self._log_scales)
        total: Array = np.full((len(left), len(right)), INTERCEPT_SCALE**2)
        if left.shape[1]:
            total += variances[0] * (left @ right.T)
        for variance, match in zip(variances[1:-1], matches, strict=True):
            total += variance * match
        return total

    def _known_scales(self) -> Array:
        """Logarithms of the scales that are given, in standard deviations of the outcome."""
        known = np.asarray(self.scales, dtype=float)
        if known.shape != (len(self._matches) + 2,) or not (np.isfinite(known).all() and (known > 0.0).all()):
            raise ValueError(f"scales must hold {len(self._matches) + 2} positive numbers")
        return np.log(known / self._unit)

    def _most_likely_scales(self) -> Array:
        """Posterior mode of the logarithms of all scales."""
        prior = math.log(self.effect_scale)
        n = len(self._target)
        parts = [self._numeric @ self._numeric.T, *self._matches, np.diag(1.0 / self._weight)]

        def loss(log_scales: Array) -> tuple[float, Array]:
            variances = np.exp(2.0 * log_scales)
            covariance = np.full((n, n), INTERCEPT_SCALE**2) + 1e-9 * np.eye(n)
            for variance, part in zip(variances, parts, strict=True):
                covariance += variance * part
            factor = cho_factor(covariance, lower=True)
            pull = cho_solve(factor, self._target)
            inverse = cho_solve(factor, np.eye(n))
            off = (log_scales - prior) / self.effect_spread
            value = 0.5 * self._target @ pull + np.log(np.diag(factor[0])).sum() + 0.5 * off @ off
            slopes = [
                variance * float((inverse * part).sum() - pull @ part @ pull)
                for variance, part in zip(variances, parts, strict=True)
            ]
            return float(value), np.array(slopes) + off / self.effect_spread

        start = np.full(len(parts), prior)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(SMALLEST, LARGEST)] * len(parts))
        return np.asarray(found.x, dtype=float)


def _same(left: Sequence[Hashable], right: Sequence[Hashable]) -> Array:
    """1 where two rows have the same level, else 0; shape (len(left), len(right))."""
    codes: dict[Hashable, int] = {}
    a = np.array([codes.setdefault(level, len(codes)) for level in left])
    b = np.array([codes.setdefault(level, len(codes)) for level in right])
    return np.asarray(a[:, np.newaxis] == b[np.newaxis], dtype=float)
