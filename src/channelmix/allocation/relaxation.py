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
from scipy.sparse import csr_array, eye_array, kron

from channelmix.standard import StandardForm

__all__ = ["Elastic", "Relaxation", "Relaxed", "concave_hull", "solve_program", "solver_version"]

Array = NDArray[np.float64]

SOLVERS = ("HIGHS", "CLARABEL")
"""Solvers asked in turn where the one wanted gives up; both come with CVXPY."""

SEGMENTS = 48
"""Segments of a hull in the linear program: it needs only good prices, the bound is exact without it."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Optimal spend (n_cells,) and row prices (n_rows,) of a relaxation, in standard units."""

    spend: Array
    prices: Array


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


def _thin(x: Array, y: Array, focus: float) -> tuple[Array, Array]:
    """Keep the corners nearest to `focus` and an even sample of the others."""
    if len(x) <= SEGMENTS + 1:
        return x, y
    centre = int(np.searchsorted(x, focus))
    near = np.arange(max(0, centre - SEGMENTS // 4), min(len(x), centre + SEGMENTS // 4))
    even = np.linspace(0, len(x) - 1, SEGMENTS // 2).round().astype(int)
    chosen = np.union1d(near, even)
    return x[chosen], y[chosen]


class Relaxation:
    """Maximize a sum of concave piecewise linear functions under the rows; compiled once, solved many times.

    Spend on a cell is its hull's first corner plus what is filled of each segment; a solver fills the segments
    in the order of their slopes. No parameter multiplies a variable except in the objective, which keeps the
    compiled program small however many cells there are.
    """

    def __init__(self, form: StandardForm, solver: str = "HIGHS") -> None:
        self._form = form
        self._solver = solver
        self.solves = 0
        segments = form.n_cells * SEGMENTS
        self._width, self._slope = cp.Parameter(segments, nonneg=True), cp.Parameter(segments)
        self._filled = cp.Variable(segments, nonneg=True)
        added = cp.Variable(form.n_cells)
        self._above = np.flatnonzero(np.isfinite(form.high))
        self._below = np.flatnonzero(np.isfinite(form.low))
        self._room_above, self._room_below = cp.Parameter(len(self._above)), cp.Parameter(len(self._below))
        self._rows: list[Any] = []
        if len(self._above):
            self._rows.append(csr_array(form.A[self._above]) @ added <= self._room_above)
        if len(self._below):
            self._rows.append(csr_array(form.A[self._below]) @ added >= self._room_below)
        of_cell = csr_array(kron(eye_array(form.n_cells), np.ones((1, SEGMENTS))))
        limits = [added == of_cell @ self._filled, self._filled <= self._width]
        self._problem = cp.Problem(cp.Maximize(self._slope @ self._filled), [*limits, *self._rows])

    def solve(
        self, corners: Sequence[tuple[Array, Array]], focus: Array, unit: float = 1.0
    ) -> Relaxed | None:
        """Solve for concave corners (spend, height) of each cell; None if the rows cannot hold.

        `focus`, shape (n_cells,), is where a hull with more corners than fit is kept in full. `unit` is the size
        of what is to be decided, in standard units of spend: a solver's tolerances are absolute.
        """
        form = self._form
        start = np.empty(form.n_cells)
        width, slope = np.zeros((form.n_cells, SEGMENTS)), np.zeros((form.n_cells, SEGMENTS))
        for i, (x, y) in enumerate(corners):
            x, y = _thin(x, y, focus[i])
            start[i] = x[0]
            width[i, : len(x) - 1] = np.diff(x)
            slope[i, : len(x) - 1] = np.diff(y) / np.diff(x) - form.charge[i]
        left = form.A @ start
        self._width.value, self._slope.value = width.ravel() / unit, slope.ravel()
        self._room_above.value = (form.high - left)[self._above] / unit
        self._room_below.value = (form.low - left)[self._below] / unit
        if not solve_program(self._problem, self._solver):
            return None
        self.solves += 1
        filled = np.clip(np.reshape(self._filled.value, width.shape) * unit, 0.0, width)
        spend = start + filled.sum(axis=1)
        prices = np.zeros(len(form.A))
        duals = [np.atleast_1d(row.dual_value) for row in self._rows]
        if len(self._above):
            prices[self._above] += np.maximum(duals[0], 0.0)
        if len(self._below):
            prices[self._below] -= np.maximum(duals[-1], 0.0)
        return Relaxed(spend, prices)


class Elastic:
    """Least total violation of the rows over a box, with the prices that prove it cannot be less.

    `weights` says which rows count at all; it can change between solves.
    """

    def __init__(self, form: StandardForm, solver: str = "HIGHS") -> None:
        self._form = form
        self._solver = solver
        m, n = form.A.shape
        self._low, self._width = cp.Parameter(n), cp.Parameter(n)
        self._weights = cp.Parameter(m, nonneg=True)
        self._share = cp.Variable(n, bounds=[0, 1])
        spend = self._low + cp.multiply(self._width, self._share)
        slack = cp.Variable(m, nonneg=True)
        self._above = np.flatnonzero(np.isfinite(form.high))
        self._below = np.flatnonzero(np.isfinite(form.low))
        self._rows: list[Any] = []
        if len(self._above):
            self._rows.append(
                csr_array(form.A[self._above]) @ spend - slack[self._above] <= form.high[self._above]
            )
        if len(self._below):
            self._rows.append(
                csr_array(form.A[self._below]) @ spend + slack[self._below] >= form.low[self._below]
            )
        self._problem = cp.Problem(cp.Minimize(self._weights @ slack), self._rows)

    def solve(self, box_low: Array, box_high: Array, weights: Array) -> tuple[float, Relaxed]:
        """Return the least weighted violation, where it is, and its prices: a Farkas vector if positive."""
        self._low.value, self._width.value, self._weights.value = box_low, box_high - box_low, weights
        if not solve_program(self._problem, self._solver):
            raise RuntimeError(f"the solver failed on a feasible linear program: {self._problem.status}")
        prices = np.zeros(len(self._form.A))
        duals = [np.maximum(np.atleast_1d(row.dual_value), 0.0) for row in self._rows]
        if len(self._above):
            prices[self._above] += duals[0]
        if len(self._below):
            prices[self._below] -= duals[-1]
        share = np.clip(np.asarray(self._share.value), 0.0, 1.0)
        return float(self._problem.value), Relaxed(box_low + (box_high - box_low) * share, prices)


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
