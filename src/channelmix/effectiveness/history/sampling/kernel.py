"""A kernel density estimate of particles, from which values of channels are proposed."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.families import FAMILIES, NUMBERS

CENTRES = 128
"""Particles that the density estimate is made of."""


class Kernel:
    """Kernel density estimate of some channels' values and families in other particles."""

    def __init__(self, values: Array, family: Indices, rng: np.random.Generator) -> None:
        flat = values.reshape(len(values), -1)
        chosen = rng.choice(len(values), size=min(CENTRES, len(values)), replace=False)
        code = self._code(family)
        _, group, size = np.unique(code, return_inverse=True, return_counts=True)
        sums = np.zeros((len(size), flat.shape[1]))
        np.add.at(sums, group, flat)
        off = flat - (sums / size[:, np.newaxis])[group]
        d = flat.shape[1]
        covariance = off.T @ off / len(values) + 1e-4 * np.eye(d)
        self._root = np.linalg.cholesky(covariance) * (4.0 / ((d + 2.0) * len(chosen))) ** (1.0 / (d + 4.0))
        self._centres, self._family = flat[chosen], family[chosen]

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Indices]:
        """Draw values (n, n_channels, 1 + NUMBERS) and families (n, n_channels)."""
        k = rng.integers(len(self._centres), size=n)
        steps = rng.standard_normal((n, self._centres.shape[1])) @ self._root.T
        values = (self._centres[k] + steps).reshape(n, self._family.shape[1], 1 + NUMBERS)
        return values, self._family[k]

    def log_density(self, values: Array, family: Indices) -> Array:
        """Log density up to a constant, (n,); minus infinity for families that no copied draw has."""
        a = solve_triangular(self._root, values.reshape(len(values), self._centres.shape[1]).T, lower=True).T
        b = solve_triangular(self._root, self._centres.T, lower=True).T
        squares = (a**2).sum(axis=1)[:, np.newaxis] + (b**2).sum(axis=1) - 2.0 * a @ b.T
        same = self._code(family)[:, np.newaxis] == self._code(self._family)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.where(same, np.exp(-0.5 * squares), 0.0).sum(axis=1)))

    @staticmethod
    def _code(family: Indices) -> Indices:
        """One number for the families of all channels."""
        return np.asarray(family @ FAMILIES ** np.arange(family.shape[1]))
