"""By how little rules can be broken."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from channelmix.engine.solver.solvers import solve_program

__all__ = ["Elastic"]

Array = NDArray[np.float64]


class Elastic:
    """Least total violation of rows over a box, whole numbers kept.

    Parameters
    ----------
    A : ndarray of shape (n_rows, n_variables)
    low, high : ndarray of shape (n_rows,)
    linear : ndarray of bool, shape (n_rows,)
        Rows that count at all.
    integer : ndarray of bool, shape (n_variables,)
    """

    def __init__(
        self,
        A: Array,
        low: Array,
        high: Array,
        linear: NDArray[np.bool_],
        integer: NDArray[np.bool_],
        solver: str = "HIGHS",
    ) -> None:
        # Only rules that conflict are held against each other, and pay for this import.
        import cvxpy as cp

        self._solver = solver
        m, n = A.shape
        self._low, self._width = cp.Parameter(n), cp.Parameter(n)
        self._weights = cp.Parameter(m, nonneg=True)
        share = cp.Variable(n, bounds=[0, 1])
        variables = self._low + cp.multiply(self._width, share)
        self._slack = cp.Variable(m, nonneg=True)
        rows: list[Any] = []
        whole = np.flatnonzero(integer)
        if len(whole):
            rows.append(variables[whole] == cp.Variable(len(whole), integer=True))
        above, below = np.isfinite(high) & linear, np.isfinite(low) & linear
        if above.any():
            rows.append(csr_array(A[above]) @ variables - self._slack[above] <= high[above])
        if below.any():
            rows.append(csr_array(A[below]) @ variables + self._slack[below] >= low[below])
        self._problem = cp.Problem(cp.Minimize(self._weights @ self._slack), rows)

    @property
    def slack(self) -> Array:
        """Violation of each row in the last solution; shape (n_rows,)."""
        return np.asarray(self._slack.value)

    def solve(self, box_low: Array, box_high: Array, weights: Array) -> float:
        """Return the least weighted violation."""
        self._low.value, self._width.value, self._weights.value = box_low, box_high - box_low, weights
        if not solve_program(self._problem, self._solver):
            raise RuntimeError(f"the solver failed on a feasible linear program: {self._problem.status}")
        return float(self._problem.value)
