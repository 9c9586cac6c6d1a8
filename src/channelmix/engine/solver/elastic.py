"""By how little rules can be broken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.engine.solver.linear_program import LinearProgram

__all__ = ["Elastic"]


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
        m = len(A)
        self.slack: Array = np.zeros(m)
        """Violation of each row in the last solution; shape (n_rows,)."""
        self._A, self._integer, self._solver = A, integer, solver
        self._low, self._high = np.where(linear, low, -np.inf), np.where(linear, high, np.inf)
        # Columns: the variables, and what each row misses below and above.
        self._table = np.hstack([A, np.eye(m), -np.eye(m)])
        rows, columns = self._places = np.nonzero(self._table)
        self._program = LinearProgram(
            rows, columns, (m, self._table.shape[1]), solver, np.append(integer, np.zeros(2 * m, dtype=bool))
        )

    def solve(self, box_low: Array, box_high: Array, weights: Array) -> float:
        """Return the least weighted violation."""
        m, n = self._A.shape
        # Counted as a share of its range, no variable is so large that a solver's tolerance hides what a row misses.
        unit = np.where(self._integer, 1.0, np.maximum(box_high - box_low, 0.0))
        offset = np.where(self._integer, 0.0, box_low)
        scale = np.append(unit, np.ones(2 * m))
        missed = np.full(2 * m, np.inf)
        found = self._program.solve(
            -np.concatenate([np.zeros(n), weights, weights]),
            (self._table * scale)[self._places],
            np.append(np.where(self._integer, box_low, 0.0), np.zeros(2 * m)),
            np.append(np.where(self._integer, box_high, np.where(unit > 0.0, 1.0, 0.0)), missed),
            self._low - self._A @ offset,
            self._high - self._A @ offset,
        )
        if found is None:
            raise RuntimeError("the solver failed on a feasible linear program")
        self.slack = found[0][n : n + m] + found[0][n + m :]
        return float(weights @ self.slack)
