"""Linear programs that are solved again and again with other numbers.

A search solves hundreds of programs of one shape. CVXPY takes several times as long to hand one over as HiGHS takes to
solve it, so HiGHS, which comes with CVXPY, is asked directly and starts from its last basis. Any other solver is asked
through CVXPY, and so is one in whose place HiGHS gives up.
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

# CVXPY is imported where a program is stated: its import takes as long as a plan, and most plans do without it.

SOLVERS = ("SCIPY", "CLARABEL")
"""Solvers asked in turn where the one wanted gives up; both come with CVXPY."""

SILENT = {"HIGHS": "SCIPY"}
"""CVXPY's own way to HiGHS prints a banner on standard output, SciPy's, to the same solver, does not."""


@functools.cache
def installed_solvers() -> tuple[str, ...]:
    """CVXPY's names of the solvers at hand; looking for them takes longer than a small search."""
    import cvxpy as cp

    return tuple(cp.installed_solvers())


@functools.cache
def solver_version(solver: str = "HIGHS") -> str:
    """Name and version of the linear programming solver."""
    if solver == "HIGHS":
        return f"HiGHS {version('highspy')}"
    return solver


def solve_program(problem: Any, solver: str) -> bool:
    """Solve; False if infeasible. A solver's doubt is no error: every claim is checked without it.

    Where a solver gives up (on badly scaled rules, now and then), the next one is asked.
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


DIRECT = "HIGHS"

LEAST_SECONDS = 0.05
"""Time that a program gets however late it is: an answer a moment late beats none."""


class _Silent(highspy.Highs):
    """HiGHS without its callbacks for Python, the enabling of which prints a banner that no option can suppress."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()


class LinearProgram:
    """``maximize cost @ x`` subject to ``row_low <= A x <= row_high`` and ``low <= x <= high``.

    Parameters
    ----------
    rows, columns : ndarray of int, shape (n_entries,)
        Where A has entries; what they are may change from one solve to the next.
    shape : tuple of int
        Rows and columns of A.
    solver : str
        CVXPY's name of the solver.
    integer : ndarray of bool, shape (n_columns,), optional
        Whole numbers among x; there are no prices then.
    """

    def __init__(
        self,
        rows: NDArray[np.intp],
        columns: NDArray[np.intp],
        shape: tuple[int, int],
        solver: str,
        integer: NDArray[np.bool_] | None = None,
    ) -> None:
        self.shape = shape
        self._integer = np.zeros(shape[1], dtype=bool) if integer is None else integer
        self._solver = solver
        self._order = np.lexsort((rows, columns))
        self._index = rows[self._order].astype(np.int32)
        self._start = np.searchsorted(columns[self._order], np.arange(shape[1] + 1)).astype(np.int32)
        self._entries: Array | None = None
        self._highs: Any = None

    def solve(
        self,
        cost: Array,
        entries: Array,
        low: Array,
        high: Array,
        row_low: Array,
        row_high: Array,
        deadline: float = np.inf,
    ) -> tuple[Array, Array] | None:
        """Solve; None if infeasible or out of time.

        Returns
        -------
        x : ndarray of shape (n_columns,)
        prices : ndarray of shape (n_rows,)
            Worth of one more unit of a row's limit: positive at its upper one, negative at its lower one.
        """
        ordered = entries[self._order]
        if self._solver == DIRECT:
            status, x, prices = self._direct(cost, ordered, low, high, row_low, row_high, deadline)
            if status == highspy.HighsModelStatus.kOptimal:
                return x, prices
            if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kTimeLimit):
                return None
        return self._through_cvxpy(cost, ordered, low, high, row_low, row_high)

    def _direct(
        self,
        cost: Array,
        entries: Array,
        low: Array,
        high: Array,
        row_low: Array,
        row_high: Array,
        deadline: float,
    ) -> tuple[Any, Array, Array]:
        m, n = self.shape
        if self._highs is None:
            self._highs = _Silent()
            self._highs.setOptionValue("output_flag", False)
            self._highs.setOptionValue("threads", 1)
        highs = self._highs
        if self._entries is None or not np.array_equal(self._entries, entries):
            basis = highs.getBasis() if self._entries is not None else None
            highs.passModel(
                n, m, len(entries), int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMaximize), 0.0,
                cost, low, high, row_low, row_high, self._start, self._index, entries,
                self._integer.astype(np.int32),
            )  # fmt: skip
            if basis is not None and basis.valid:
                highs.setBasis(basis)
            self._entries = entries
        else:
            columns, rows = np.arange(n, dtype=np.int32), np.arange(m, dtype=np.int32)
            highs.changeColsCost(n, columns, cost)
            highs.changeColsBounds(n, columns, low, high)
            highs.changeRowsBounds(m, rows, row_low, row_high)
        if np.isfinite(deadline):
            left = max(deadline - time.perf_counter(), LEAST_SECONDS)
            highs.setOptionValue("time_limit", highs.getRunTime() + left)
        highs.run()
        solution = highs.getSolution()
        prices = np.zeros(m) if self._integer.any() else np.asarray(solution.row_dual)
        return highs.getModelStatus(), np.asarray(solution.col_value), prices

    def _through_cvxpy(
        self, cost: Array, entries: Array, low: Array, high: Array, row_low: Array, row_high: Array
    ) -> tuple[Array, Array] | None:
        # Most searches need HiGHS alone: CVXPY's import takes as long as a plan.
        import cvxpy as cp

        A = csc_array((entries, self._index, self._start), shape=self.shape).tocsr()
        x = cp.Variable(self.shape[1])
        above, below = np.flatnonzero(np.isfinite(row_high)), np.flatnonzero(np.isfinite(row_low))
        capped, floored = np.flatnonzero(np.isfinite(high)), np.flatnonzero(np.isfinite(low))
        rows = [A[above] @ x <= row_high[above], A[below] @ x >= row_low[below]]
        box = [x[capped] <= high[capped], x[floored] >= low[floored]]
        kept = [
            rule
            for rule, size in zip((*rows, *box), map(len, (above, below, capped, floored)), strict=True)
            if size
        ]
        whole = np.flatnonzero(self._integer)
        if len(whole):
            kept.append(x[whole] == cp.Variable(len(whole), integer=True))
        if not solve_program(cp.Problem(cp.Maximize(cost @ x), kept), self._solver):
            return None
        prices = np.zeros(self.shape[0])
        if len(whole):
            return np.asarray(x.value), prices
        if len(above):
            prices[above] += np.maximum(np.atleast_1d(rows[0].dual_value), 0.0)
        if len(below):
            prices[below] -= np.maximum(np.atleast_1d(rows[1].dual_value), 0.0)
        return np.asarray(x.value), prices
