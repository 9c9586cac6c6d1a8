"""The linear program behind the search: the relaxation of a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.solver.linear_program import LinearProgram

SEGMENTS = 24
"""Segments of a hull in the linear program: it needs only good prices, the bound is exact without it."""

NEAR = 0.02
"""Distance from the focus, as a share of a hull's width, within which corners count alike."""

NARROW = 1e-6
"""Spend up to which segments are too narrow for a solver's tolerance, in units of what is to be decided."""

LOOSE = 1e3
"""Stands for no limit, in standard units of outcome."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Optimal variables (n_variables,) and row prices (n_rows,) of a relaxation, in standard units.

    `draw_weights`, shape (n_draws,), weighs the draws where the worst of them count.
    """

    variables: Array
    prices: Array
    draw_weights: Array | None = None


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


@dataclass(frozen=True)
class _Jump:
    """What a cell's hull rises by at next to nothing, once a state is on: the spend that takes, and the height."""

    state: int
    cell: int
    reach: float
    height: float


class _Entries:
    """Entries of a sparse matrix, in the order in which they are added."""

    def __init__(self) -> None:
        self._parts: list[tuple[NDArray[np.intp], NDArray[np.intp], Array]] = []

    def add(self, rows: NDArray[np.intp], columns: NDArray[np.intp], values: Array) -> None:
        self._parts.append((rows, columns, values))

    rows = property(lambda self: np.concatenate([part[0] for part in self._parts]))
    columns = property(lambda self: np.concatenate([part[1] for part in self._parts]))
    values = property(lambda self: np.concatenate([part[2] for part in self._parts]))


class Relaxation:
    """Maximize a sum of concave piecewise linear functions under the rows; laid out once, solved many times.

    Spend on a cell is its hull's first corner plus what is filled of each segment; a solver fills the segments
    in the order of their slopes. Every other variable is one segment. Slopes stand in the objective and, where a row
    speaks of outcome, in rows that sum it up.

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
        self._form, self._elastic, self._pieces, self._pool = form, elastic, pieces, pool
        self.solves = 0
        self._hulls = form.n_cells * pieces
        self._counted = bool(form.B.any()) or form.risk is not None
        self._layout(solver)

    def _layout(self, solver: str) -> None:
        """Lay out the program: what is filled, sums of outcome, the worst of these, and what rows are broken by."""
        form, pool = self._form, self._pool
        filled, m = self._hulls + form.n_variables - form.n_cells, len(form.A)
        tail, floored = form.risk is not None, form.floor is not None
        self._sums = filled
        self._worst = self._sums + pool * self._counted
        self._slack = self._worst + (tail and not floored)
        columns = self._slack + (2 * m + floored) * self._elastic
        # Rows: the form's own, sums of outcome, the worst of them, and what states switch off.
        self._tail_rows = m + pool * self._counted
        self._state_rows = self._tail_rows + pool * tail
        owner = np.concatenate(
            [np.repeat(np.arange(form.n_cells), self._pieces), np.arange(form.n_cells, form.n_variables)]
        )
        table = _Entries()
        k, i = np.nonzero(form.A[:, owner])
        table.add(k, i, form.A[k, owner[i]])
        if self._counted:
            k = np.flatnonzero(form.B)
            table.add(k, np.full(len(k), self._sums), form.B[k])
            table.add(m + np.arange(pool), self._sums + np.arange(pool), np.ones(pool))
        if tail:
            rows = self._tail_rows + np.arange(pool)
            table.add(rows, self._sums + np.arange(pool), np.ones(pool))
            if floored:
                charged = np.flatnonzero(form.charge_in_outcome[owner])
                each = -np.tile(form.charge_in_outcome[owner[charged]], pool)
                table.add(np.repeat(rows, len(charged)), np.tile(charged, pool), each)
            else:
                table.add(rows, np.full(pool, self._worst), -np.ones(pool))
        if self._elastic:
            k = np.arange(m)
            table.add(k, self._slack + k, -np.ones(m))
            table.add(k, self._slack + m + k, np.ones(m))
            if floored:
                table.add(
                    self._tail_rows + np.arange(pool), np.full(pool, self._slack + 2 * m), np.ones(pool)
                )
        self._switched = []
        last = self._state_rows
        for state, members in form.states.items():
            own = np.concatenate([self._segments(int(member)) for member in members])
            rows = last + np.arange(len(own))
            table.add(rows, own, np.ones(len(own)))
            self._switched.append((own, state, rows))
            last += len(own)
        self._fixed = table.values
        if self._counted:  # what changes from solve to solve comes last
            table.add(
                np.repeat(m + np.arange(pool), self._hulls),
                np.tile(np.arange(self._hulls), pool),
                np.zeros(pool * self._hulls),
            )
        for own, state, rows in self._switched:
            table.add(rows, np.full(len(own), self._hulls + state - form.n_cells), np.zeros(len(own)))
        self._program = LinearProgram(table.rows, table.columns, (last, columns), solver)

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
        deadline: float = np.inf,
    ) -> Relaxed | None:
        """Solve for concave corners (spend, height) of each cell; None if the rows cannot hold.

        The box, of shape (n_variables,), bounds the variables that are not cells. `focus`, shape (n_variables,), is
        where a hull with more corners than fit is kept in full. `unit` is the size of what is to be decided, in
        standard units of spend: a solver's tolerances are absolute. With a `pool` of weightings, (n_draws,) each,
        heights have shape (n_pool, n_corners). `deadline` is a value of `time.perf_counter`.
        """
        form, n, pieces, hulls = self._form, self._form.n_cells, self._pieces, self._hulls
        start = box_low.copy()
        width, rise, bottom = np.zeros((n, pieces)), np.zeros((self._pool, n, pieces)), np.zeros(self._pool)
        for i, (x, y) in enumerate(corners):
            x, y = (x, y) if pool else _thin(x, y, focus[i], pieces)
            start[i] = x[0]
            width[i, : len(x) - 1] = np.diff(x)
            heights = np.atleast_2d(y)
            bottom[: len(heights)] += heights[:, 0]
            rise[: len(heights), i, : len(x) - 1] = np.diff(heights, axis=1) / np.diff(x)
        widths = np.append(width.ravel(), (box_high - box_low)[n:])
        rows, columns = self._program.shape
        cost, low, high = np.zeros(columns), np.zeros(columns), np.full(columns, np.inf)
        row_low, row_high = np.full(rows, -np.inf), np.zeros(rows)
        left = form.A @ start + form.B * bottom[0]
        m = len(left)
        row_low[:m], row_high[:m] = (form.low - left) / unit, (form.high - left) / unit
        high[: len(widths)] = widths / unit
        low[self._sums : self._slack] = -np.inf
        jumps: list[_Jump] = []
        if self._elastic:
            cost[self._slack :] = -1.0
        else:
            mean = form.gain * (1.0 - form.tail_weight)
            jumps = [] if self._counted else self._jumps(corners, width, rise[0], box_low, box_high, unit)
            high[:hulls] = width.ravel() / unit
            cost[:hulls] = (mean * rise[0] - form.charge[:n, np.newaxis]).ravel()
            cost[hulls : self._sums] = -form.charge[n:]
            for jump in jumps:
                cost[hulls + jump.state - n] += mean * jump.height
            cost[self._worst : self._slack] = form.gain * form.tail_weight
        # Where only money counts, its size beside outcome means nothing, but a solver's tolerance is absolute.
        size = 1.0 if form.gain or self._elastic else float(np.abs(cost).max(initial=0.0)) or 1.0
        cost /= size
        entries = [self._fixed]
        if self._counted:
            row_low[m : self._tail_rows] = 0.0
            entries.append(-rise.ravel())
        if form.risk is not None:
            tail = slice(self._tail_rows, self._state_rows)
            row_low[tail], row_high[tail] = -self._rooms(pool, bottom, start) / unit, np.inf
        for own, state, places in self._switched:
            row_high[places] = widths[own] * box_low[state] / unit
            entries.append(-widths[own])
        found = self._program.solve(cost, np.concatenate(entries), low, high, row_low, row_high, deadline)
        if found is None:
            return None
        self.solves += 1
        filled = np.clip(found[0][: self._sums] * unit, 0.0, widths)
        variables = start
        variables[:n] += filled[:hulls].reshape(width.shape).sum(axis=1)
        variables[n:] += filled[hulls:]
        for jump in jumps:
            variables[jump.cell] += jump.reach * min(variables[jump.state], 1.0)
        # A price on a side that is open is rounding.
        prices = found[1][:m] * size
        side = np.where(prices > 0.0, form.high, form.low)
        return Relaxed(variables, np.where(np.isfinite(side), prices, 0.0), self._tilt(pool, found[1]))

    def _jumps(
        self,
        corners: Sequence[tuple[Array, Array]],
        width: Array,
        rise: Array,
        box_low: Array,
        box_high: Array,
        unit: float,
    ) -> list[_Jump]:
        """Take what hulls rise by at next to nothing out of `width` and `rise`, for the states that allow it.

        A solver would fill segments narrower than its tolerance without switching the state on.
        """
        jumps = []
        for own, state, _ in self._switched:
            if box_low[state] == box_high[state]:
                continue
            for i in np.unique(own[own < self._hulls] // self._pieces).tolist():
                x, y = corners[i]
                narrow = np.cumsum(width[i]) <= NARROW * unit
                height = float((rise[i] * width[i])[narrow].sum()) + (float(y[0]) if x[0] <= 0.0 else 0.0)
                if height > 0.0:
                    jumps.append(_Jump(state, i, float(width[i, narrow].sum()), height))
                    rise[i, narrow] = width[i, narrow] = 0.0
        return jumps

    def _rooms(self, pool: Sequence[Array], bottom: Array, start: Array) -> Array:
        """What each weighting's sum of outcomes starts from; no limit for the mean, which is no mean of the worst."""
        form, room = self._form, np.full(self._pool, LOOSE)
        for k, weights in enumerate(pool):
            room[k] = bottom[k] - float(weights @ form.offset)
            if form.floor is not None:
                room[k] -= float(weights @ form.floor) + float(form.charge_in_outcome @ start)
        room[0] = LOOSE
        return room

    def _tilt(self, pool: Sequence[Array], prices: Array) -> Array | None:
        """Weights of the draws that the solution mixes of the pool's."""
        form = self._form
        if form.risk is None:
            return None
        mix = np.maximum(-prices[self._tail_rows : self._tail_rows + len(pool)], 0.0)
        mix[0] = 0.0
        if form.floor is None and not self._elastic:
            total = form.gain * form.tail_weight
            mix = mix * (total / mix.sum()) if mix.any() else np.full(len(mix), total / len(mix))
        return np.asarray(mix @ np.array(pool))
