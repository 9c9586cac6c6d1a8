"""Linear programs that are solved again and again with changing numbers.

A search solves hundreds of programs of one shape. CVXPY takes several times as long to hand one over as HiGHS takes to
solve it, so HiGHS, which comes with CVXPY, is called directly and starts from its last basis. Any other solver is
called through CVXPY; so are the fallbacks where HiGHS gives up.
"""

from __future__ import annotations

import contextlib
import functools
import time
import warnings
from importlib.metadata import version
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from channelmix.core.arrays import Array

# CVXPY is imported inside functions: its import takes as long as a plan, and most plans do without it.

DIRECT = "HIGHS"
"""The solver that is called directly."""

SOLVERS = ("SCIPY", "CLARABEL")
"""Fallback solvers, in turn, where the requested one gives up; both come with CVXPY."""

SILENT = {"HIGHS": "SCIPY"}
"""CVXPY's interface to HiGHS prints a banner on standard output; SciPy's interface to the same solver does not."""


@functools.cache
def installed_solvers() -> tuple[str, ...]:
    """CVXPY's names of the installed solvers; cached, since listing them takes longer than a small search."""
    import cvxpy as cp

    return tuple(cp.installed_solvers())


@functools.cache
def solver_version(solver: str) -> str:
    """Name and version of the linear programming solver."""
    return f"HiGHS {version('highspy')}" if solver == DIRECT else solver


def solve_program(problem: Any, solver: str) -> bool:
    """Solve a CVXPY problem; False if infeasible.

    An inexact answer is accepted, since every claim is verified without the solver. Where a solver gives up (now and
    then on badly scaled rules), the next one is tried.
    """
    import cvxpy as cp

    for name in dict.fromkeys((SILENT.get(solver, solver), *SOLVERS)):
        with warnings.catch_warnings(), contextlib.suppress(cp.SolverError, ValueError):
            warnings.filterwarnings("ignore", message="Solution may be inaccurate")
            problem.solve(solver=name, ignore_dpp=False)
            if problem.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
                return True
            if problem.status in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE):
                return False
    return False


LEAST_SECONDS = 0.05
"""Time that a program gets however late it is: an answer a moment late beats none."""


Highs: Any = highspy.Highs.__base__
"""The bindings of HiGHS without its Python callbacks: enabling them prints a banner that no option suppresses."""


class LinearProgram:
    """``maximize cost @ x`` subject to ``row_low <= A x <= row_high`` and ``low <= x <= high``.

    Programs of one shape that are solved in turn start from each other's basis.

    Parameters
    ----------
    solver : str
        CVXPY's name of the solver.
    integer : ndarray of bool, shape (n_columns,), optional
        Which of x are whole numbers; where any is, there are no prices.
    """

    def __init__(self, solver: str = DIRECT, integer: NDArray[np.bool_] | None = None) -> None:
        self._solver = solver
        self._integer = np.zeros(0, dtype=bool) if integer is None else integer
        self._matrix: Any = None
        self._highs = Highs()
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)

    def solve(
        self,
        cost: Array,
        A: Any,
        low: Array,
        high: Array,
        row_low: Array,
        row_high: Array,
        deadline: float = np.inf,
    ) -> tuple[Array, Array] | None:
        """Solve; None if infeasible or out of time.

        Parameters
        ----------
        cost, low, high : ndarray of shape (n_columns,)
        A : ndarray or sparse array of shape (n_rows, n_columns)
        row_low, row_high : ndarray of shape (n_rows,)
        deadline : float
            Value of `time.perf_counter` at which to give up.

        Returns
        -------
        x : ndarray of shape (n_columns,)
        prices : ndarray of shape (n_rows,)
            Worth of one more unit of a row's limit: positive at its upper one, negative at its lower one.
        """
        matrix = csc_array(A)
        if self._solver == DIRECT:
            self._pass(matrix, cost, low, high, row_low, row_high)
            if np.isfinite(deadline):
                left = max(deadline - time.perf_counter(), LEAST_SECONDS)
                self._highs.setOptionValue("time_limit", self._highs.getRunTime() + left)
            self._highs.run()
            status, solution = self._highs.getModelStatus(), self._highs.getSolution()
            if status == highspy.HighsModelStatus.kOptimal:
                prices = np.zeros(len(row_low)) if self._integer.any() else np.asarray(solution.row_dual)
                return np.asarray(solution.col_value), prices
            if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kTimeLimit):
                return None
        return self._through_cvxpy(matrix.tocsr(), cost, low, high, row_low, row_high)

    def _pass(
        self, A: csc_array, cost: Array, low: Array, high: Array, row_low: Array, row_high: Array
    ) -> None:
        """Hand the program to HiGHS; where only its vectors are new, the factorized basis stays too."""
        highs, old, (m, n) = self._highs, self._matrix, A.shape
        if (
            old is not None
            and np.array_equal(old.data, A.data)
            and np.array_equal(old.indices, A.indices)
            and np.array_equal(old.indptr, A.indptr)
        ):
            highs.changeColsCost(n, np.arange(n, dtype=np.int32), cost)
            highs.changeColsBounds(n, np.arange(n, dtype=np.int32), low, high)
            highs.changeRowsBounds(m, np.arange(m, dtype=np.int32), row_low, row_high)
            return
        basis = highs.getBasis()
        whole = np.zeros(n, dtype=np.int32)
        whole[: len(self._integer)] = self._integer
        highs.passModel(
            n, m, A.nnz, int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMaximize), 0.0,
            cost, low, high, row_low, row_high,
            A.indptr.astype(np.int32), A.indices.astype(np.int32), A.data, whole,
        )  # fmt: skip
        if old is not None and old.shape == A.shape and basis.valid:
            highs.setBasis(basis)
        self._matrix = A

    def _through_cvxpy(
        self, A: Any, cost: Array, low: Array, high: Array, row_low: Array, row_high: Array
    ) -> tuple[Array, Array] | None:
        import cvxpy as cp

        x = cp.Variable(A.shape[1], bounds=[low, high])
        above, below = np.flatnonzero(np.isfinite(row_high)), np.flatnonzero(np.isfinite(row_low))
        whole = np.flatnonzero(self._integer)
        # Older versions of CVXPY refuse a matrix without rows.
        ends = [
            (places, sign, sign * (A[places] @ x) <= sign * limits[places])
            for places, sign, limits in ((above, 1.0, row_high), (below, -1.0, row_low))
            if len(places)
        ]
        stated = [rule for _, _, rule in ends]
        if len(whole):
            stated.append(x[whole] == cp.Variable(len(whole), integer=True))
        if not solve_program(cp.Problem(cp.Maximize(cost @ x), stated), self._solver):
            return None
        prices = np.zeros(A.shape[0])
        if not len(whole):
            for places, sign, rule in ends:
                prices[places] += sign * np.maximum(np.atleast_1d(rule.dual_value), 0.0)
        return np.asarray(x.value), prices
