"""A Bayesian regression with random effects for categories: what small, clustered, unequal samples need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy.special import stdtrit
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from channelmix.core.arrays import Array
from channelmix.effectiveness.published.random_effects import Rows, fit_random_effects


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
        X, y = validate_data(self, X, y, dtype=self._dtype, y_numeric=True, ensure_min_samples=2)
        y = np.asarray(y, dtype=float)
        weight = np.ones(len(y)) if reliability is None else np.asarray(reliability, dtype=float)
        if weight.shape != y.shape or not (
            np.isfinite(weight).all() and (weight >= 0.0).all() and weight.any()
        ):
            raise ValueError("reliability must hold one non-negative number a row, and not only zeros")
        kept = weight > 0.0
        X, y, weight = X[kept], y[kept], weight[kept]
        self._fitted = fit_random_effects(
            self._rows(X), y, weight, self.effect_scale, self.effect_spread, self.scales
        )
        self.scales_ = self._fitted.scales
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
        half = stdtrit(self.degrees_of_freedom_, 0.5 + 0.5 * level) * np.sqrt(np.diag(covariance))
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
        return self._fitted.predict(self._rows(X), noise)

    @property
    def _dtype(self) -> str | None:
        """What columns are read as: as they are where some hold levels."""
        return "numeric" if self.categorical is None else None

    def _rows(self, X: Any) -> Rows:
        columns = list(self.categorical or ())
        numbers = [j for j in range(X.shape[1]) if j not in columns]
        return Rows(X[:, numbers].astype(float), [X[:, j].tolist() for j in columns])
