"""The linear part of the outcome: level, trend, season, weekdays and controls, integrated out with the noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from channelmix.core.arrays import Array

WIDE = 10.0
"""Prior standard deviation of trend, season and controls, in standard deviations of the noise: almost no shrinkage."""

LEVEL = 100.0
"""The same for the level."""

WEEKDAY = 3.0
"""The same for the waves of a week: rows of some months hardly notice it, and a pattern of chance is held down."""

WANDER = np.array([0.02, 0.25, 0.5, 1.0, 2.0])
"""Standard deviations of the level's step from knot to knot, relative to the noise; they are averaged over."""

NOISE_SHAPE, NOISE_SCALE = 1.5, 0.15
"""Inverse gamma prior of the noise variance, in units of the outcome's variance."""


def log_likelihood_of(q: Array, log_dets: Array, shape: Array) -> Array:
    """Log likelihoods of several baselines' residuals up to constants, from their quadratic forms.

    ``q`` (n_draws, n_wander, n_baselines), ``log_dets`` (n_wander, n_baselines) and ``shape`` (n_baselines,) give
    (n_draws, n_baselines).
    """
    logs = -0.5 * log_dets - shape * np.log(NOISE_SCALE + 0.5 * np.maximum(q, 0.0))
    most = logs.max(axis=1)
    total = np.exp(logs - most[:, np.newaxis]).sum(axis=1)
    return np.asarray(most + np.log(total) - np.log(len(WANDER)))


@dataclass(frozen=True, eq=False)
class BaselineDraws:
    """Draws of the linear part: `coefficients` (n_draws, n_columns); standard deviations `noise`, `step` (n_draws,)."""

    coefficients: Array
    noise: Array
    step: Array


@dataclass(frozen=True, eq=False)
class Baseline:
    """The linear part with Gaussian priors in proportion to the noise, whose variance has an inverse gamma prior.

    Parameters
    ----------
    fixed : ndarray of shape (n_rows, n_fixed)
        Level (first column), trend, season, weekdays and controls.
    walk : ndarray of shape (n_rows, n_knots)
        Effect on the rows of a step of the level at each knot: a random walk.
    weight : ndarray of shape (n_rows,)
        Precision of the rows' noise relative to the common one; 0 where the outcome is not known. The effective number
        of rows is the sum of the weights.
    weekdays : (int, int)
        First column of `fixed` that is a weekday's, and the one after the last.
    """

    fixed: Array
    walk: Array
    weight: Array
    weekdays: tuple[int, int] = (0, 0)

    @cached_property
    def root(self) -> Array:
        """Square root of the weights: rows times this have noise of one size."""
        return np.asarray(np.sqrt(self.weight))

    @cached_property
    def _parts(self) -> tuple[Array, Array, Array, Array, Array]:
        """B, U, the walk's eigenvalues, log determinants by wander, and the walk's vectors.

        K = I + fixed V fixed' + wander^2 walk walk'.

        r' K0^-1 r = |r|^2 - |B' r|^2 for the fixed part; the walk takes off sum (U' r)^2 / (wander^-2 + eigenvalue).
        """
        fixed, walk = self.fixed * self.root[:, np.newaxis], self.walk * self.root[:, np.newaxis]
        precision = fixed.T @ fixed
        precision[np.diag_indices_from(precision)] += self.scale**-2.0
        factor = np.linalg.cholesky(precision)
        B = solve_triangular(factor, fixed.T, lower=True).T
        white = walk - B @ (B.T @ walk)
        eigenvalues, vectors = np.linalg.eigh(walk.T @ white)
        eigenvalues = np.maximum(eigenvalues, 0.0)
        log_det = 2.0 * np.log(np.diag(factor)).sum() + 2.0 * np.log(self.scale).sum()
        log_dets = log_det + np.log1p(WANDER[:, np.newaxis] ** 2 * eigenvalues).sum(axis=1)
        return B, white @ vectors, eigenvalues, log_dets, vectors

    @property
    def scale(self) -> Array:
        """Prior standard deviations of the fixed columns, in those of the noise."""
        found = np.concatenate([[LEVEL], np.full(self.fixed.shape[1] - 1, WIDE)])
        found[slice(*self.weekdays)] = WEEKDAY
        return found

    @property
    def _shape(self) -> float:
        """Shape of the noise variance's inverse gamma distribution given the rows."""
        return NOISE_SHAPE + 0.5 * float(self.weight.sum())

    def _by_wander(self, residual: Array) -> tuple[Array, Array]:
        """Log likelihood and quadratic form by wander, (n_draws, n_wander) each."""
        B, U, eigenvalues, log_dets, _ = self._parts
        residual = residual * self.root
        projected = residual @ np.concatenate([B, U], axis=1)
        q0 = np.einsum("dt,dt->d", residual, residual)
        q0 -= (projected[:, : B.shape[1]] ** 2).sum(axis=1)
        taken = projected[:, B.shape[1] :] ** 2 @ (1.0 / (WANDER**-2.0 + eigenvalues[:, np.newaxis]))
        q = np.maximum(q0[:, np.newaxis] - taken, 0.0)
        return -0.5 * log_dets - self._shape * np.log(NOISE_SCALE + 0.5 * q), q

    def log_likelihood(self, residual: Array) -> Array:
        """Log likelihood, up to a constant, of the outcome less media; (n_draws, n_rows) -> (n_draws,); NaN of NaN."""
        with np.errstate(invalid="ignore"):
            summed = np.logaddexp.reduce(self._by_wander(residual)[0], axis=1)
        return np.asarray(summed - np.log(len(WANDER)))

    @cached_property
    def fixed_directions(self) -> Array:
        """Directions D of the fixed part, (n_rows, n_fixed): what rows r tell beside it is ``r - D @ (D.T @ r)``.

        For rows weighted by `root`. Since the fixed part has a prior, this is no projection but the square root of
        ``I - B @ B.T``.
        """
        vectors, values, _ = np.linalg.svd(self._parts[0], full_matrices=False)
        return np.asarray(vectors * np.sqrt(1.0 - np.sqrt(np.maximum(1.0 - values**2, 0.0))))

    @property
    def walk_directions(self) -> Array:
        """Directions of the walk among what rows tell beside the fixed part, orthogonal; (n_rows, n_knots)."""
        walk, D = self.walk * self.root[:, np.newaxis], self.fixed_directions
        return np.asarray((walk - D @ (D.T @ walk)) @ self._parts[4])

    @property
    def absorbed(self) -> Array:
        """Share of a residual along each of the walk's directions that it absorbs, by wander; (n_knots, n_wander).

        So the quadratic form of what rows r tell beside the fixed part is ``r @ r - (r @ walk_directions) ** 2 @
        absorbed``.
        """
        return np.asarray(1.0 / (WANDER**-2.0 + self._parts[2][:, np.newaxis]))

    @property
    def constants(self) -> tuple[Array, float]:
        """Log determinants by wander, (n_wander,), and the shape of the noise variance's distribution."""
        return self._parts[3], self._shape

    def draw(self, residual: Array, rng: np.random.Generator) -> BaselineDraws:
        """Draw the linear part given the outcome less media, one draw for each row of `residual`."""
        logs, q = self._by_wander(residual)
        n, columns = len(residual), self.fixed.shape[1] + self.walk.shape[1]
        chance = np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))
        chosen = np.minimum(
            (rng.random((n, 1)) > chance.cumsum(axis=1)).sum(axis=1), len(WANDER) - 1
        )  # the last one where rounding leaves the sum below 1
        noise = np.sqrt(
            (NOISE_SCALE + 0.5 * q[np.arange(n), chosen]) / rng.standard_gamma(self._shape, size=n)
        )
        normal = rng.standard_normal((n, columns))
        Z = np.concatenate([self.fixed, self.walk], axis=1) * self.root[:, np.newaxis]
        residual = residual * self.root
        coefficients = np.empty((n, columns))
        for k, wander in enumerate(WANDER):
            rows = np.flatnonzero(chosen == k)
            scale = np.concatenate([self.scale, np.full(self.walk.shape[1], wander)])
            factor = cho_factor(Z.T @ Z + np.diag(scale**-2.0), lower=True)
            mean = cho_solve(factor, Z.T @ residual[rows].T).T
            off = solve_triangular(factor[0], normal[rows].T, lower=True, trans="T").T
            coefficients[rows] = mean + noise[rows, np.newaxis] * off
        return BaselineDraws(coefficients, noise, noise * WANDER[chosen])
