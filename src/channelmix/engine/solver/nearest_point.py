"""The point within linear rules that is nearest to a given one.

Clarabel, which comes with CVXPY, is called directly, with the program as CVXPY would state it: importing CVXPY takes as
long as a plan. Where Clarabel gives up, the program is solved through CVXPY.
"""

from __future__ import annotations

from typing import Any

import clarabel
import numpy as np
from scipy.sparse import block_array, csc_array, csr_array, dia_array, eye_array

from channelmix.core.arrays import Array
from channelmix.engine.solver.linear_program import solve_program

SOLVED = (clarabel.SolverStatus.Solved, clarabel.SolverStatus.AlmostSolved)

INFEASIBLE = (clarabel.SolverStatus.PrimalInfeasible, clarabel.SolverStatus.AlmostPrimalInfeasible)


def nearest_point(
    goal: Array, scale: Array, near: slice, A: Any, limit: Array, low: Array, high: Array
) -> Array | None:
    """Minimize ``sum((scale * (x[near] - goal))^2)`` subject to ``A x <= limit`` and ``low <= x <= high``.

    Parameters
    ----------
    goal, scale : ndarray of shape (n_near,)
    near : slice
        The variables that have a goal.
    A : ndarray or sparse array of shape (n_rows, n_variables)
    limit : ndarray of shape (n_rows,)
    low, high : ndarray of shape (n_variables,)

    Returns
    -------
    ndarray of shape (n_variables,), or None if no point obeys the rules
    """
    status, x = _by_clarabel(goal, scale, near, A, limit, low, high)
    if status in SOLVED:
        return x
    return None if status in INFEASIBLE else _by_cvxpy(goal, scale, near, A, limit, low, high)


def _by_clarabel(
    goal: Array, scale: Array, near: slice, A: Any, limit: Array, low: Array, high: Array
) -> tuple[clarabel.SolverStatus, Array]:
    n, n_near = len(low), len(goal)
    every = eye_array(n, format="csr")
    floored, capped = np.flatnonzero(np.isfinite(low)), np.flatnonzero(np.isfinite(high))
    # The scaled distance of each variable from its goal is a variable of its own, before the others.
    apart = dia_array((scale[np.newaxis], 0), shape=(n_near, n_near)) @ every[near]
    rows = block_array(
        [[-eye_array(n_near), apart], [None, -every[floored]], [None, every[capped]], [None, csr_array(A)]]
    )
    limits = [scale * goal, -low[floored], high[capped], limit]
    squares = csc_array((np.full(n_near, 2.0), (range(n_near), range(n_near))), shape=(n_near + n,) * 2)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.direct_solve_method = "qdldl"  # several threads spin where the machine is busy
    cones = [clarabel.ZeroConeT(n_near), clarabel.NonnegativeConeT(rows.shape[0] - n_near)]
    found = clarabel.DefaultSolver(
        squares, np.zeros(n_near + n), rows.tocsc(), np.concatenate(limits), cones, settings
    ).solve()
    return found.status, np.array(found.x[n_near:])


def _by_cvxpy(
    goal: Array, scale: Array, near: slice, A: Any, limit: Array, low: Array, high: Array
) -> Array | None:
    import cvxpy as cp

    x = cp.Variable(len(low), bounds=[low, high])
    rows = [csr_array(A) @ x <= limit] if A.shape[0] else []
    distance = cp.sum_squares(cp.multiply(scale, x[near] - goal))
    return np.asarray(x.value) if solve_program(cp.Problem(cp.Minimize(distance), rows), "OSQP") else None
