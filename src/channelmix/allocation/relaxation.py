"""The linear programs behind the search, in CVXPY: the relaxation of a box, and what rules conflict."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_array, eye_array, kron

from channelmix.standard import StandardForm

__all__ = ["Elastic", "Relaxation", "Relaxed", "concave_hull", "solve_program", "solver_version"]

Array = NDArray[np.float64]

SOLVERS = ("HIGHS", "CLARABEL")
"""Solvers asked in turn where the one wanted gives up; both come with CVXPY."""

SEGMENTS = 48
"""Segments of a hull in the linear program: it needs only good prices, the bound is exact without it."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Optimal variables (n_variables,) and row prices (n_rows,) of a relaxation, in standard units.

    `tilt`, shape (n_draws,), weighs the draws where the worst of them count.
    """

    variables: Array
    prices: Array
    tilt: Array | None = None


def concave_hull(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the corners of the smallest concave function above the points (Andrew's monotone chain).

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Points with `x` non-decreasing.
    """
    kept_x: list[float] = []
    kept_y: list[float] = []
    for px, py in zip(x.tolist(), y.tolist(), strict=True):
        if kept_x and px <= kept_x[-1]:
            if py <= kept_y[-1]:
                continue
            kept_x.pop()
            kept_y.pop()
        while len(kept_x) > 1 and (kept_y[-1] - kept_y[-2]) * (px - kept_x[-1]) <= (py - kept_y[-1]) * (
            kept_x[-1] - kept_x[-2]
        ):
            kept_x.pop()
            kept_y.pop()
        kept_x.append(px)
        kept_y.append(py)
    return np.array(kept_x), np.array(kept_y)


def _thin(x: Array, y: Array, focus: float, pieces: int) -> tuple[Array, Array]:
    """Keep the corners nearest to `focus` and an even sample of the others."""
    if len(x) <= pieces + 1:
        return x, y
    centre = int(np.searchsorted(x, focus))
    near = np.arange(max(0, centre - pieces // 4), min(len(x), centre + pieces // 4))
    even = np.linspace(0, len(x) - 1, pieces // 2).round().astype(int)
    chosen = np.union1d(near, even)
    return x[chosen], y[chosen]


class Relaxation:
    """Maximize a sum of concave piecewise linear functions under the rows; compiled once, solved many times.

    Spend on a cell is its hull's first corner plus what is filled of each segment; a solver fills the segments
    in the order of their slopes. Every other variable is one segment. No parameter multiplies a variable except in the
    objective and in one row that sums outcome up (only where a row speaks of outcome), which keeps the compiled
    program small however many cells there are.

    A hull has at most so many `pieces`. An `elastic` one lets rows be broken and minimizes by how much, all told: its prices prove that a box is infeasible.
    """

    def __init__(
        self, form: StandardForm, solver: str = "HIGHS", *, elastic: bool = False, pieces: int = SEGMENTS
    ) -> None:
        self._form = form
        self._pieces = pieces
        self._solver = solver
        self._elastic = elastic
        self.solves = 0
        hulls, others = form.n_cells * pieces, form.n_variables - form.n_cells
        segments = hulls + others
        self._width, self._slope = cp.Parameter(segments, nonneg=True), cp.Parameter(segments)
        self._filled = cp.Variable(segments, nonneg=True)
        self._rise, outcome = cp.Parameter(hulls), cp.Variable()
        added = cp.Variable(form.n_variables)
        self._above = np.flatnonzero(np.isfinite(form.high))
        self._below = np.flatnonzero(np.isfinite(form.low))
        self._room_above, self._room_below = cp.Parameter(len(self._above)), cp.Parameter(len(self._below))
        self._rows: list[Any] = []
        broken: Any = 0.0
        if len(self._above):
            over = cp.Variable(len(self._above), nonneg=True) if elastic else 0.0
            broken = broken + (cp.sum(over) if elastic else 0.0)
            self._rows.append(csr_array(form.A[self._above]) @ added - over <= self._room_above)
        counted = bool(form.B.any())
        if len(self._below):
            under = cp.Variable(len(self._below), nonneg=True) if elastic else 0.0
            broken = broken + (cp.sum(under) if elastic else 0.0)
            left = csr_array(form.A[self._below]) @ added + under
            if counted:
                left = left + form.B[self._below] * outcome
            self._rows.append(left >= self._room_below)
        of_cell = csr_array(
            block_diag([kron(eye_array(form.n_cells), np.ones((1, pieces))), eye_array(others)])
        )
        limits = [added == of_cell @ self._filled, self._filled <= self._width]
        # What a state switches off fills none of its segments: as much of each as the state is on.
        self._switched = [
            (np.concatenate([self._segments(int(member)) for member in members]), state)
            for state, members in form.states.items()
        ]
        self._switch = [cp.Parameter(len(own), nonneg=True) for own, _ in self._switched]
        self._on = [cp.Parameter(len(own), nonneg=True) for own, _ in self._switched]
        for (own, state), switch, on in zip(self._switched, self._switch, self._on, strict=True):
            place = hulls + state - form.n_cells
            limits.append(self._filled[own] <= cp.multiply(switch, self._filled[place]) + on)
        if counted:
            limits.append(outcome <= self._rise @ self._filled[:hulls])
        objective = -broken if elastic else self._slope @ self._filled
        self._problem = cp.Problem(cp.Maximize(objective), [*limits, *self._rows])

    def _segments(self, variable: int) -> NDArray[np.intp]:
        """Places of a variable's segments."""
        n = self._form.n_cells
        if variable < n:
            return np.arange(variable * self._pieces, (variable + 1) * self._pieces)
        return np.array([n * self._pieces + variable - n])

    def solve(
        self,
        corners: Sequence[tuple[Array, Array]],
        box_low: Array,
        box_high: Array,
        focus: Array,
        unit: float = 1.0,
    ) -> Relaxed | None:
        """Solve for concave corners (spend, height) of each cell; None if the rows cannot hold.

        The box, of shape (n_variables,), bounds the variables that are not cells. `focus`, shape (n_variables,), is
        where a hull with more corners than fit is kept in full. `unit` is the size of what is to be decided, in
        standard units of spend: a solver's tolerances are absolute.
        """
        form, n, pieces = self._form, self._form.n_cells, self._pieces
        start = box_low.copy()
        width, rise = np.zeros((n, pieces)), np.zeros((n, pieces))
        bottom = 0.0
        for i, (x, y) in enumerate(corners):
            x, y = _thin(x, y, focus[i], pieces)
            start[i] = x[0]
            bottom += float(y[0])
            width[i, : len(x) - 1] = np.diff(x)
            rise[i, : len(x) - 1] = np.diff(y) / np.diff(x)
        slope = form.gain * rise - form.charge[:n, np.newaxis]
        left = form.A @ start + form.B * bottom
        widths = np.append(width.ravel(), (box_high - box_low)[n:])
        self._width.value, self._slope.value = widths / unit, np.append(slope.ravel(), -form.charge[n:])
        self._rise.value = rise.ravel()
        for (own, state), switch, on in zip(self._switched, self._switch, self._on, strict=True):
            switch.value, on.value = widths[own], widths[own] * box_low[state] / unit
        self._room_above.value = (form.high - left)[self._above] / unit
        self._room_below.value = (form.low - left)[self._below] / unit
        if not solve_program(self._problem, self._solver):
            return None
        self.solves += 1
        filled = np.clip(np.asarray(self._filled.value) * unit, 0.0, widths)
        variables = start
        variables[:n] += filled[: n * pieces].reshape(width.shape).sum(axis=1)
        variables[n:] += filled[n * pieces :]
        prices = np.zeros(len(form.A))
        duals = [np.maximum(np.atleast_1d(row.dual_value), 0.0) for row in self._rows]
        if len(self._above):
            prices[self._above] += duals[0]
        if len(self._below):
            prices[self._below] -= duals[-1]
        return Relaxed(variables, prices)


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


def solver_version(solver: str = "HIGHS") -> str:
    """Name and version of the linear programming solver."""
    if solver == "HIGHS":
        return f"HiGHS {version('highspy')}"
    return solver


def solve_program(problem: Any, solver: str) -> bool:
    """Solve; False if infeasible. A solver's doubt is no error: every claim is checked without it.

    Where a solver gives up (on badly scaled rules, now and then), the next one is asked.
    """
    for name in dict.fromkeys((solver, *SOLVERS)):
        with warnings.catch_warnings(), contextlib.suppress(cp.SolverError, ValueError):
            warnings.filterwarnings("ignore", message="Solution may be inaccurate")
            problem.solve(solver=name, ignore_dpp=False)
            if problem.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
                return True
            if problem.status in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE):
                return False
    return False
