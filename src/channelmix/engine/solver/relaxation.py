"""The linear program behind the search: the relaxation of a box."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, coo_array, csc_array, csr_array, eye_array, hstack

from channelmix.core.arrays import Array
from channelmix.core.tolerances import NARROW_SEGMENT
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.proof.duality import Leaf
from channelmix.engine.solver.linear_program import LinearProgram

SEGMENTS = 24
"""Segments of a hull in the linear program: it needs only good prices, the bound is exact without it."""

NEAR = 0.02
"""Distance from the focus, as a share of a hull's width, within which corners count alike."""

LOOSE = 1e3
"""Stands for no limit, in standard units of outcome."""


@dataclass(eq=False)
class Relaxed(Leaf):
    """A box with the prices of its relaxation, and the optimal variables, (n_variables,), in standard units."""

    variables: Array


class Program(Protocol):
    """What relaxes boxes for a search, which asks it for no more than this: each search knows how to ask its own."""

    solves: int
    """How many boxes it has solved."""


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
    """Rise of a cell's hull within next to no spend, available once a state is on: its width and its height."""

    state: int
    cell: int
    width: float
    height: float


class Relaxation:
    """Maximize a sum of concave piecewise linear functions subject to the rows.

    Spend on a cell is its hull's first corner plus what is filled of each segment; a solver fills the segments
    in the order of their slopes. Every other variable is one segment. Slopes stand in the objective and, where a row
    constrains outcome, in rows that sum outcome up.

    Parameters
    ----------
    form : StandardForm
    solver : str
        CVXPY's name of the linear programming solver.
    elastic : bool
        Whether to minimize the total violation of the rows instead: its prices prove that a box is infeasible.
    pieces : int
        Segments of a hull.
    pool : int
        Where the worst draws count: the number of weightings of the draws, the first of which is the mean.
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
        n, m = form.n_cells, form.A.shape[0]
        owner = np.concatenate([np.repeat(np.arange(n), pieces), np.arange(n, form.n_variables)])
        self._hulls, filled = n * pieces, len(owner)
        sums = pool if form.B.any() or form.risk is not None else 0
        tails = pool if form.risk is not None else 0
        floored = form.floor is not None
        # Columns: segments, sums of outcome, the mean of the worst, and what rows are broken by, below and above.
        bounds = itertools.accumulate([filled, sums, tails > 0 and not floored, elastic * (2 * m + floored)])
        self._sums, self._worst, self._slack, self._columns = bounds
        # Rows: the form's own, sums of outcome, those that keep the worst below each sum, and what states switch off.
        self._tail_rows, self._state_rows = m + sums, m + sums + tails
        switched = [(np.flatnonzero(owner == i), state) for state, all_ in form.states.items() for i in all_]
        self._switched = np.concatenate([np.empty(0, dtype=int), *(own for own, _ in switched)])
        self._switches = np.repeat(
            [state for _, state in switched], [len(own) for own, _ in switched]
        ).astype(int)
        self._constant = self._constant_entries(owner)
        self._varying = (
            np.append(
                m + np.repeat(np.arange(sums), self._hulls), self._state_rows + np.arange(len(self._switched))
            ),
            np.append(np.tile(np.arange(self._hulls), sums), self._hulls + self._switches - n),
        )
        """Rows and columns of what changes from box to box: slopes in sums of outcome, widths beside states."""
        self._program = LinearProgram(solver)

    def _constant_entries(self, owner: NDArray[np.intp]) -> csc_array:
        """Coefficients of the rows that are the same for every box; `owner` is the variable of each segment."""
        form, m, segments = self._form, self._form.A.shape[0], len(self._switched)
        sums, tails = self._worst - self._sums, self._state_rows - self._tail_rows
        worst, broken = self._slack - self._worst, self._columns - self._slack
        outcome = np.zeros((m, sums))
        outcome[:, :1] = form.B[:, np.newaxis]
        missed, missed_tails = csr_array((m, broken)), np.zeros((tails, broken))
        if broken:
            missed = hstack([-eye_array(m), eye_array(m), csr_array((m, broken - 2 * m))])
            missed_tails[:, 2 * m :] = 1.0
        charged = np.tile(
            form.charge_in_outcome[owner] * (worst - 1.0), (tails, 1)
        )  # only where there is a floor
        own = coo_array((np.ones(segments), (np.arange(segments), self._switched)), (segments, len(owner)))
        return block_array(
            [
                [form.columns[:, owner], csr_array(outcome), None, missed],
                [None, np.eye(sums), None, None],
                [charged, np.eye(tails, sums), -np.ones((tails, worst)), missed_tails],
                [own, None, None, None],
            ],
            format="csc",
        )

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

        Parameters
        ----------
        corners : sequence of pairs of ndarray
            Spend (n_corners,) and height (n_corners,), or (n_pool, n_corners) with a pool.
        box_low, box_high : ndarray of shape (n_variables,)
            Bounds of the variables that are not cells.
        focus : ndarray of shape (n_variables,)
            Where a hull with more corners than fit is kept in full.
        unit : float
            Size of what is to be decided, in standard units of spend: a solver's tolerances are absolute.
        pool : sequence of ndarray of shape (n_draws,)
            Weightings of the draws.
        deadline : float
            Value of `time.perf_counter` at which to give up.
        """
        form, n, hulls = self._form, self._form.n_cells, self._hulls
        start, width, rise, bottom = self._segments(corners, box_low, focus, thin=not pool)
        widths = np.append(width.ravel(), (box_high - box_low)[n:])
        low, high = np.zeros(self._columns), np.full(self._columns, np.inf)
        low[self._sums : self._slack] = -np.inf
        high[: self._sums] = widths / unit
        jumps = []
        if not self._elastic and self._worst == self._sums:
            jumps = self._jumps(corners, width, rise[0], box_low, box_high, unit)
            high[:hulls] = width.ravel() / unit
        cost = self._objective(rise[0], jumps)
        # Without outcome in the objective, money alone has no natural size, but a solver's tolerance is absolute.
        size = 1.0 if form.gain or self._elastic else float(np.abs(cost).max(initial=0.0)) or 1.0
        found = self._program.solve(
            cost / size,
            self._matrix(widths, rise),
            low,
            high,
            *self._row_limits(start, bottom, widths, box_low, unit, pool),
            deadline,
        )
        if found is None:
            return None
        self.solves += 1
        filled = np.clip(found[0][: self._sums] * unit, 0.0, widths)
        variables = start
        variables[:n] += filled[:hulls].reshape(width.shape).sum(axis=1)
        variables[n:] += filled[hulls:]
        for jump in jumps:
            variables[jump.cell] += jump.width * min(variables[jump.state], 1.0)
        prices = prices_at_limits(form, found[1][: form.A.shape[0]] * size)
        return Relaxed(box_low, box_high, prices, self._draw_weights(pool, found[1]), variables)

    def _segments(
        self, corners: Sequence[tuple[Array, Array]], box_low: Array, focus: Array, *, thin: bool
    ) -> tuple[Array, Array, Array, Array]:
        """Cut hulls into segments.

        Returns
        -------
        start : ndarray of shape (n_variables,)
            Lowest value of each variable.
        width : ndarray of shape (n_cells, pieces)
        rise : ndarray of shape (n_pool, n_cells, pieces)
            Slopes of the segments, for each weighting of the draws.
        bottom : ndarray of shape (n_pool,)
            Total height of the hulls' first corners.
        """
        start, shape = box_low.copy(), (self._form.n_cells, self._pieces)
        width, rise, bottom = np.zeros(shape), np.zeros((self._pool, *shape)), np.zeros(self._pool)
        for i, (x, y) in enumerate(corners):
            x, y = _thin(x, y, focus[i], self._pieces) if thin else (x, y)
            heights = np.atleast_2d(y)
            start[i] = x[0]
            width[i, : len(x) - 1] = np.diff(x)
            bottom[: len(heights)] += heights[:, 0]
            rise[: len(heights), i, : len(x) - 1] = np.diff(heights, axis=1) / np.diff(x)
        return start, width, rise, bottom

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
        for state, members in self._form.states.items():
            if box_low[state] == box_high[state]:
                continue
            for i in np.sort(members[members < self._form.n_cells]).tolist():
                x, y = corners[i]
                narrow = np.cumsum(width[i]) <= NARROW_SEGMENT * unit
                height = float((rise[i] * width[i])[narrow].sum()) + (float(y[0]) if x[0] <= 0.0 else 0.0)
                if height > 0.0:
                    jumps.append(_Jump(state, i, float(width[i, narrow].sum()), height))
                    rise[i, narrow] = width[i, narrow] = 0.0
        return jumps

    def _objective(self, rise: Array, jumps: Sequence[_Jump]) -> Array:
        """Objective coefficient of each column."""
        form, n = self._form, self._form.n_cells
        cost = np.zeros(self._columns)
        if self._elastic:
            cost[self._slack :] = -1.0
            return cost
        mean = form.gain * (1.0 - form.tail_weight)
        cost[: self._hulls] = (mean * rise - form.charge[:n, np.newaxis]).ravel()
        cost[self._hulls : self._sums] = -form.charge[n:]
        for jump in jumps:
            cost[self._hulls + jump.state - n] += mean * jump.height
        cost[self._worst : self._slack] = form.gain * form.tail_weight
        return cost

    def _matrix(self, widths: Array, rise: Array) -> csc_array:
        """Coefficients of the rows; see the layout in the initializer."""
        sums = self._worst - self._sums
        if not sums and not len(self._switched):
            return self._constant
        entries = np.append(-rise[:sums].ravel(), -widths[self._switched])
        return self._constant + csc_array((entries, self._varying), shape=self._constant.shape)

    def _row_limits(
        self, start: Array, bottom: Array, widths: Array, box_low: Array, unit: float, pool: Sequence[Array]
    ) -> tuple[Array, Array]:
        """Lower and upper limits of the rows."""
        form, m = self._form, self._form.A.shape[0]
        rows = self._state_rows + len(self._switched)
        low, high = np.full(rows, -np.inf), np.zeros(rows)
        left = form.A @ start + form.B * bottom[0]
        low[:m], high[:m] = (form.low - left) / unit, (form.high - left) / unit
        low[m : self._tail_rows] = 0.0
        tail = slice(self._tail_rows, self._state_rows)
        if form.risk is not None:
            low[tail], high[tail] = -self._rooms(pool, bottom, start) / unit, np.inf
        high[self._state_rows :] = widths[self._switched] * box_low[self._switches] / unit
        return low, high

    def _rooms(self, pool: Sequence[Array], bottom: Array, start: Array) -> Array:
        """What each weighting's sum of outcomes starts from; no limit for the mean, which is no mean of the worst."""
        form, room = self._form, np.full(self._pool, LOOSE)
        for k, weights in enumerate(pool[1:], start=1):
            room[k] = bottom[k] - float(weights @ form.offset)
            if form.floor is not None:
                room[k] -= float(weights @ form.floor) + float(form.charge_in_outcome @ start)
        return room

    def _draw_weights(self, pool: Sequence[Array], prices: Array) -> Array | None:
        """Weights of the draws in the solution's mixture of the pool."""
        form = self._form
        if form.risk is None:
            return None
        mix = np.maximum(-prices[self._tail_rows : self._tail_rows + len(pool)], 0.0)
        mix[0] = 0.0
        if form.floor is None and not self._elastic:
            total = form.gain * form.tail_weight
            mix = mix * (total / mix.sum()) if mix.any() else np.full(len(mix), total / len(mix))
        return np.asarray(mix @ np.array(pool))


def prices_at_limits(form: StandardForm, prices: Array) -> Array:
    """Return the rows' prices without those on open sides, which are rounding."""
    side = np.where(prices > 0.0, form.high, form.low)
    return np.where(np.isfinite(side), prices, 0.0)
