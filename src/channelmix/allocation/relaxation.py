"""The linear program behind the search, in CVXPY: the relaxation of a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_array, eye_array, kron

from channelmix.allocation.solvers import solve_program
from channelmix.standard import StandardForm

__all__ = ["SEGMENTS", "Relaxation", "Relaxed", "concave_hull"]

Array = NDArray[np.float64]

SEGMENTS = 24
"""Segments of a hull in the linear program: it needs only good prices, the bound is exact without it."""

NEAR = 0.02
"""Distance from the focus, as a share of a hull's width, within which corners count alike."""

LOOSE = 1e3
"""Stands for no limit, in standard units of outcome."""


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
    """Keep as many corners as fit: those around `focus`, and others where the hull bends, more of them the nearer.

    A chord over a piece of width h misses at most ``bend * h / 4``, so the others stand where the sum of
    ``sqrt(bend * h)``, weighed by closeness, has risen by equal steps. Those around the focus make the program as exact
    there as the envelope is, which small gaps need.
    """
    if len(x) <= pieces + 1:
        return x, y
    centre = int(np.searchsorted(x, focus))
    around = np.arange(max(0, centre - pieces // 6), min(len(x), centre + pieces // 6))
    width, bend = x[2:] - x[:-2], -np.diff(np.diff(y) / np.diff(x))
    near = 1.0 / (NEAR + np.abs(x[1:-1] - focus) / (x[-1] - x[0]))
    risen = np.cumsum(np.sqrt(np.maximum(bend * width, 0.0)) * near)
    steps = np.searchsorted(risen, risen[-1] * np.linspace(0.0, 1.0, pieces - 1 - len(around)))
    chosen = np.unique(np.concatenate([[0], 1 + steps, around, [len(x) - 1]]))
    return x[chosen], y[chosen]


class Relaxation:
    """Maximize a sum of concave piecewise linear functions under the rows; compiled once, solved many times.

    Spend on a cell is its hull's first corner plus what is filled of each segment; a solver fills the segments
    in the order of their slopes. Every other variable is one segment. No parameter multiplies a variable except in the
    objective and, where a row speaks of outcome, in rows that sum it up, which keeps the compiled program small however
    many cells there are.

    Parameters
    ----------
    form : StandardForm
    solver : str
        CVXPY's name of the linear programming solver.
    elastic : bool
        Whether rows may be broken, and what is minimized is by how much, all told: its prices prove that a box is
        infeasible.
    pieces : int
        Segments of a hull.
    pool : int
        Where the worst draws count: how many weightings of the draws there may be, the first of which is the mean.
    """

    def __init__(
        self,
        form: StandardForm,
        solver: str = "HIGHS",
        *,
        elastic: bool = False,
        pieces: int = SEGMENTS,
        pool: int = 1,
    ) -> None:
        self._form, self._solver, self._elastic, self._pieces, self._pool = (
            form,
            solver,
            elastic,
            pieces,
            pool,
        )
        self.solves = 0
        hulls, others = form.n_cells * pieces, form.n_variables - form.n_cells
        self._width, self._slope = cp.Parameter(hulls + others, nonneg=True), cp.Parameter(hulls + others)
        self._filled = cp.Variable(hulls + others, nonneg=True)
        self._rise, self._room = cp.Parameter((pool, hulls)), cp.Parameter(pool)
        added, sums = cp.Variable(form.n_variables), cp.Variable(pool)
        of_cell = csr_array(
            block_diag([kron(eye_array(form.n_cells), np.ones((1, pieces))), eye_array(others)])
        )
        limits = [added == of_cell @ self._filled, self._filled <= self._width, *self._states(hulls)]
        counted = bool(form.B.any()) or form.risk is not None
        if counted:
            limits.append(sums == self._rise @ self._filled[:hulls])
        objective, broken = self._slope @ self._filled, []
        self._above, self._below = (
            np.flatnonzero(np.isfinite(form.high)),
            np.flatnonzero(np.isfinite(form.low)),
        )
        self._room_above, self._room_below = cp.Parameter(len(self._above)), cp.Parameter(len(self._below))
        self._rows: list[Any] = []
        if len(self._above):
            broken.append(
                cp.Variable(len(self._above), nonneg=True) if elastic else np.zeros(len(self._above))
            )
            self._rows.append(csr_array(form.A[self._above]) @ added - broken[-1] <= self._room_above)
        if len(self._below):
            broken.append(
                cp.Variable(len(self._below), nonneg=True) if elastic else np.zeros(len(self._below))
            )
            left = csr_array(form.A[self._below]) @ added + broken[-1]
            self._rows.append((left + form.B[self._below] * sums[0] if counted else left) >= self._room_below)
        if form.risk is not None and form.risk.floor is not None:
            broken.append(cp.Variable(1, nonneg=True) if elastic else np.zeros(1))
            self._worst = sums + self._room - form.lost @ added + broken[-1] >= 0.0
            limits.append(self._worst)
        elif form.risk is not None:
            worst = cp.Variable()
            self._worst = worst <= sums + self._room
            objective = objective + form.gain * form.risk.weight * worst
            limits.append(self._worst)
        if elastic:
            objective = -sum(cp.sum(part) for part in broken)
        self._problem = cp.Problem(cp.Maximize(objective), [*limits, *self._rows])

    def _states(self, hulls: int) -> list[Any]:
        """What a state switches off fills none of its segments: as much of each as the state is on."""
        self._switched = []
        limits = []
        for state, members in self._form.states.items():
            own = np.concatenate([self._segments(int(member)) for member in members])
            switch, on = cp.Parameter(len(own), nonneg=True), cp.Parameter(len(own), nonneg=True)
            place = hulls + state - self._form.n_cells
            limits.append(self._filled[own] <= cp.multiply(switch, self._filled[place]) + on)
            self._switched.append((own, state, switch, on))
        return limits

    def _segments(self, variable: int) -> NDArray[np.intp]:
        """Places of a variable's segments."""
        n, pieces = self._form.n_cells, self._pieces
        if variable < n:
            return np.arange(variable * pieces, (variable + 1) * pieces)
        return np.array([n * pieces + variable - n])

    def solve(
        self,
        corners: Sequence[tuple[Array, Array]],
        box_low: Array,
        box_high: Array,
        focus: Array,
        unit: float = 1.0,
        pool: Sequence[Array] = (),
    ) -> Relaxed | None:
        """Solve for concave corners (spend, height) of each cell; None if the rows cannot hold.

        The box, of shape (n_variables,), bounds the variables that are not cells. `focus`, shape (n_variables,), is
        where a hull with more corners than fit is kept in full. `unit` is the size of what is to be decided, in
        standard units of spend: a solver's tolerances are absolute. With a `pool` of weightings, (n_draws,) each,
        heights have shape (n_pool, n_corners).
        """
        form, n, pieces = self._form, self._form.n_cells, self._pieces
        start = box_low.copy()
        width, rise, bottom = np.zeros((n, pieces)), np.zeros((self._pool, n, pieces)), np.zeros(self._pool)
        for i, (x, y) in enumerate(corners):
            x, y = (x, y) if pool else _thin(x, y, focus[i], pieces)
            start[i] = x[0]
            width[i, : len(x) - 1] = np.diff(x)
            heights = np.atleast_2d(y)
            bottom[: len(heights)] += heights[:, 0]
            rise[: len(heights), i, : len(x) - 1] = np.diff(heights, axis=1) / np.diff(x)
        mean = form.gain * (1.0 if form.risk is None else 1.0 - form.risk.weight)
        slope = mean * rise[0] - form.charge[:n, np.newaxis]
        left = form.A @ start + form.B * bottom[0]
        widths = np.append(width.ravel(), (box_high - box_low)[n:])
        self._width.value, self._slope.value = widths / unit, np.append(slope.ravel(), -form.charge[n:])
        self._rise.value, self._room.value = (
            rise.reshape(self._pool, -1),
            self._rooms(pool, bottom, start) / unit,
        )
        self._room_above.value = (form.high - left)[self._above] / unit
        self._room_below.value = (form.low - left)[self._below] / unit
        for own, state, switch, on in self._switched:
            switch.value, on.value = widths[own], widths[own] * box_low[state] / unit
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
        return Relaxed(variables, prices, self._tilt(pool))

    def _rooms(self, pool: Sequence[Array], bottom: Array, start: Array) -> Array:
        """What each weighting's sum of outcomes starts from; no limit for the mean, which is no mean of the worst."""
        form, room = self._form, np.full(self._pool, LOOSE)
        for k, weights in enumerate(pool):
            room[k] = bottom[k] - float(weights @ form.offset)
            if form.risk is not None and form.risk.floor is not None:
                room[k] -= float(weights @ form.risk.floor) + float(form.lost @ start)
        room[0] = LOOSE
        return room

    def _tilt(self, pool: Sequence[Array]) -> Array | None:
        """Weights of the draws that the solution mixes of the pool's."""
        risk = self._form.risk
        if risk is None:
            return None
        mix = np.maximum(np.atleast_1d(self._worst.dual_value), 0.0)[: len(pool)]
        mix[0] = 0.0
        if risk.floor is None and not self._elastic:
            total = self._form.gain * risk.weight
            mix = mix * (total / mix.sum()) if mix.any() else np.full(len(mix), total / len(mix))
        return np.asarray(mix @ np.array(pool))
