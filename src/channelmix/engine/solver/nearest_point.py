"""The point within linear rules that is nearest to another one.

Clarabel, which comes with CVXPY, is asked directly, in the form in which CVXPY would hand the program over, so that
answers are the same to the last bit: CVXPY's import takes as long as a plan. Where Clarabel gives up, the program is
solved through CVXPY.
"""

from __future__ import annotations

from dataclasses import dataclass

import clarabel
import numpy as np
from scipy.sparse import block_array, csc_array, csr_array, dia_array, eye_array

from channelmix.core.arrays import Array
from channelmix.engine.solver.linear_program import solve_program

FOUND = (clarabel.SolverStatus.Solved, clarabel.SolverStatus.AlmostSolved)

NONE_EXISTS = (clarabel.SolverStatus.PrimalInfeasible, clarabel.SolverStatus.AlmostPrimalInfeasible)


@dataclass(frozen=True, eq=False)
class NearestPoint:
    """Minimize ``sum((scale * (x[near] - goal))^2)`` subject to ``A x <= limit`` and ``low <= x <= high``.

    Parameters
    ----------
    goal, scale : ndarray of shape (n_near,)
    near : slice
        The variables that have a goal.
    A : ndarray of shape (n_rows, n_variables)
    limit : ndarray of shape (n_rows,)
    low, high : ndarray of shape (n_variables,)
    """

    goal: Array
    scale: Array
    near: slice
    A: Array
    limit: Array
    low: Array
    high: Array

    def solve(self) -> Array | None:
        """Return the point, of shape (n_variables,), or None if none obeys the rules."""
        status, x = self._direct()
        if status in FOUND:
            return x
        return None if status in NONE_EXISTS else self._through_cvxpy()

    def _direct(self) -> tuple[clarabel.SolverStatus, Array]:
        n, n_near = len(self.low), len(self.goal)
        every = eye_array(n, format="csr")
        floored, capped = np.flatnonzero(np.isfinite(self.low)), np.flatnonzero(np.isfinite(self.high))
        # How far each variable is from its goal, times its scale, is a variable of its own, before the others.
        apart = dia_array((self.scale[np.newaxis], 0), shape=(n_near, n_near)) @ every[self.near]
        rows = block_array(
            [
                [-eye_array(n_near), apart],
                [None, -every[floored]],
                [None, every[capped]],
                [None, csr_array(self.A)],
            ]
        )
        limits = [self.scale * self.goal, -self.low[floored], self.high[capped], self.limit]
        squares = csc_array((np.full(n_near, 2.0), (range(n_near), range(n_near))), shape=(n_near + n,) * 2)
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        cones = [clarabel.ZeroConeT(n_near), clarabel.NonnegativeConeT(rows.shape[0] - n_near)]
        found = clarabel.DefaultSolver(
            squares, np.zeros(n_near + n), rows.tocsc(), np.concatenate(limits), cones, settings
        ).solve()
        return found.status, np.array(found.x[n_near:])

    def _through_cvxpy(self) -> Array | None:
        import cvxpy as cp

        x = cp.Variable(len(self.low), bounds=[self.low, self.high])
        rows = [csr_array(self.A) @ x <= self.limit] if len(self.A) else []
        distance = cp.sum_squares(cp.multiply(self.scale, x[self.near] - self.goal))
        solved = solve_program(cp.Problem(cp.Minimize(distance), rows), "OSQP")
        return np.asarray(x.value) if solved else None
