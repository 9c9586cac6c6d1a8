"""The best spend of every draw by itself, each with its own proven bound.

Draws differ in their curves and in nothing else, so one linear program serves them all: its numbers change from draw to
draw, and it starts from the last basis. What is evaluated, and every bound, is computed for many draws at once. A draw
whose gap does not close in this way, as with S-shaped curves or whole numbers, is searched by itself.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.errors import CertificateError, InputError
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.proof.solution import Solution
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.families import Family, Points
from channelmix.engine.solver.relaxation import Relaxation
from channelmix.engine.solver.table_search import Found, Table, TableSearch

FIRST_GRID = np.unique(np.concatenate([np.linspace(0.0, 1.0, 17), np.geomspace(1e-4, 0.5, 16)]))
"""Spends at which every curve is looked at first, as a share of its range: even, and finer towards 0."""

AROUND = np.array([-1.0, -0.5, -0.25, -0.125, 0.0, 0.125, 0.25, 0.5, 1.0])
"""Where a curve is looked at next, around the spend found, in half-widths of a window."""

WINDOW, SHRINK = 0.12, 0.25
"""First half-width of that window, as a share of the range, and what becomes of it from round to round."""

NODES = (1, 4, 16, 48)
"""Boxes that a draw may be split into in each round; between the rounds its curves are looked at more closely."""

SMALLEST = 1e-9
"""Share of what all cells could bring below which outcome does not count in the gap."""

CHUNK = 64
"""Draws that are evaluated together: many enough to be fast, few enough to fit in a cache."""

LEAST_SECONDS = 0.2
"""Time that the search of a single draw gets, however late it is."""


@dataclass(frozen=True, eq=False)
class DrawOptima:
    """The best spend found for each draw, in the curves' own units.

    Parameters
    ----------
    spend : ndarray of shape (n_done, n_cells)
    value, upper_bound : ndarray of shape (n_done,)
        Objective reached if that draw were the truth, and what no spend within the rules is worth more than then.
    interrupted : bool
        Whether Ctrl-C left draws out: those done are the first ones.
    """

    spend: Array
    value: Array
    upper_bound: Array
    interrupted: bool = False


def best_by_draw(
    problem: AllocationProblem,
    solve: Callable[..., Solution],
    *,
    gap: float = 1e-3,
    time_limit: float = 60.0,
    progress: Callable[[int, int], None] | None = None,
) -> DrawOptima:
    """Find the best spend for every draw of a problem's curves, as if that draw were the truth.

    Parameters
    ----------
    problem : AllocationProblem
        Of one period, without risk and without a row that asks for outcome.
    solve : callable
        `channelmix.solve`, for draws that need a search.
    gap : float
        Relative gap to close for each draw.
    time_limit : float
        Seconds for all draws; a draw that is out of time keeps its honest bound.
    progress : callable, optional
        Called with the number of draws done and of all draws.

    Raises
    ------
    InputError
        If the problem is of another kind.
    CertificateError
        If some draw has no spend that obeys the rules within the time.
    KeyboardInterrupt
        If Ctrl-C strikes before any draw is done.
    """
    if problem.delay is not None or problem.tail is not None or any(row.outcome for row in problem.rows):
        raise InputError(
            "the best spend of single draws is asked for one period, without risk and without a rule about outcome"
        )
    if problem.scenario.limit is None:
        raise InputError("the best spend of single draws needs a limit of money: state a max_amount")
    deadline = time.perf_counter() + time_limit
    n = problem.curves.n_draws
    done: list[DrawOptima] = []
    interrupted = False
    try:
        for first in range(0, n, CHUNK):
            if progress is not None:
                progress(first, n)
            part = dataclasses.replace(
                problem, curves=problem.curves.of_draws(range(first, min(first + CHUNK, n)))
            )
            done.append(_Chunk(part, gap).optima(solve, deadline))
    except KeyboardInterrupt:
        if not done:
            raise
        interrupted = True
    return DrawOptima(
        np.vstack([part.spend for part in done]),
        np.concatenate([part.value for part in done]),
        np.concatenate([part.upper_bound for part in done]),
        interrupted,
    )


class _Chunk:
    """Some draws of a problem, solved side by side in the units of their standard form."""

    def __init__(self, problem: AllocationProblem, gap: float) -> None:
        self.problem, self.gap = problem, gap
        self.form: StandardForm = problem.standard
        form, n = self.form, problem.curves.n_draws
        self.cells = [form.curves.cell(i) for i in range(form.n_cells)]
        self.closer = [np.empty((n, 0)) for _ in self.cells]
        middle = 0.5 * (form.box_low + form.box_high)
        self.found = [Found(middle, middle) for _ in range(n)]

    def optima(self, solve: Callable[..., Solution], deadline: float) -> DrawOptima:
        """Solve every draw; one that no spend of its program suits is searched by itself."""
        form = self.form
        open_ = np.arange(len(self.found))
        if not form.integer.any() and not form.empty_box:
            program, half = Relaxation(form), WINDOW
            for nodes in NODES:
                self._round(program, open_, nodes)
                open_ = np.array([d for d in open_ if not self._closed(self.found[d])], dtype=np.intp)
                if not len(open_) or time.perf_counter() >= deadline:
                    break
                self._look_closer(open_, half)
                half *= SHRINK
        done = DrawOptima(
            np.array([form.to_user(one.variables) for one in self.found]),
            np.array([one.value for one in self.found]) * form.outcome_unit,
            np.array([one.bound for one in self.found]) * form.outcome_unit,
        )
        for d, one in enumerate(self.found):
            if one.value == -np.inf:
                self._search(d, done, solve, deadline)
        return done

    def _search(self, draw: int, done: DrawOptima, solve: Callable[..., Solution], deadline: float) -> None:
        one = dataclasses.replace(self.problem, curves=self.problem.curves.of_draws([draw]))
        left = max(deadline - time.perf_counter(), LEAST_SECONDS)
        solution = solve(one, self.gap, left)
        if solution.report.interrupted:
            raise KeyboardInterrupt
        if not np.isfinite(solution.spend).all():
            raise CertificateError("no spend that obeys the rules was found for a draw")
        done.spend[draw], done.value[draw] = solution.spend, solution.value
        done.upper_bound[draw] = min(solution.upper_bound, done.upper_bound[draw])

    def _closed(self, one: Found) -> bool:
        # What a draw brings before charges is at least its value: the gap is none too small for that.
        return one.bound - one.value <= self.gap * max(abs(one.value), self.form.gain * SMALLEST)

    def _round(self, program: Relaxation, draws: NDArray[np.intp], nodes: int) -> None:
        """Search each draw on its table of curves."""
        form = self.form
        tables = self._tables(draws)
        for table, d in zip(tables, draws, strict=True):
            curves = form.curves.of_draws([d])
            search = TableSearch(form, program, table, partial(_outcome, curves, form.n_cells))
            search.improve(self.found[d], self._closed, nodes)

    def _look_closer(self, draws: NDArray[np.intp], half: float) -> None:
        """Look at every curve around the spend found and around where the search was undecided."""
        form, n = self.form, self.form.n_cells
        for name in ("variables", "looked"):
            centre = np.array([getattr(one, name) for one in self.found])
            for i in range(n):
                near = centre[:, i : i + 1] + half * form.span[i] * AROUND
                near[~np.isin(np.arange(len(near)), draws)] = form.box_low[i]
                near = np.clip(near, form.box_low[i], form.box_high[i])
                self.closer[i] = np.hstack([self.closer[i], near])

    def _tables(self, draws: NDArray[np.intp]) -> list[Table]:
        """Tabulate the curves of some draws where they are to be looked at."""
        form = self.form
        spends = []
        for i, curve in enumerate(self.cells):
            low, high = float(form.box_low[i]), float(form.box_high[i])
            knots = curve.knots()
            first = [*(low + FIRST_GRID * (high - low)), *knots[(knots > low) & (knots < high)], high]
            spends.append(np.hstack([np.tile(first, (len(draws), 1)), self.closer[i][draws]]))
        most = max(spend.shape[1] for spend in spends)
        parts = []
        for i, (curve, spend) in enumerate(zip(self.cells, spends, strict=True)):
            rest = np.full((len(draws), most - spend.shape[1]), form.box_high[i])
            parts.append(_tabulated(curve.of_draws(draws), np.sort(np.hstack([spend, rest]), axis=1)))
        stacked = [np.stack(arrays, axis=1) for arrays in zip(*parts, strict=True)]
        return [Table(*(array[k] for array in stacked)) for k in range(len(draws))]


def _outcome(curves: ResponseCurves, n_cells: int, variables: Array) -> float:
    return float(curves.value(variables[:n_cells]).sum())


def _tabulated(curve: Family, spend: Array) -> tuple[Array, Array, Array, Array]:
    """Value of each draw at its own spends, and the corners of its upper bound between them.

    They are those that `channelmix.engine.response.Envelope` makes of a mean. Shape (n_draws, n_points), or one point
    less.
    """
    value, slope = (np.broadcast_to(f(spend), spend.shape) for f in (curve.value, curve.derivative))
    low = Points(spend[:, :-1], value[:, :-1], slope[:, :-1])
    high = Points(spend[:, 1:], value[:, 1:], slope[:, 1:])
    width = high.spend - low.spend
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        steep, flat = (np.broadcast_to(s, width.shape) for s in curve.slope_bounds(low, high))
        flat = np.where(width > 0.0, flat, 0.0)
        rise = high.value - low.value - flat * width
        # An infinite slope puts the corner on the left end, at the height of the line from the right.
        step = np.where((width > 0.0) & np.isfinite(steep) & (steep > flat), rise / (steep - flat), 0.0)
    step = np.clip(np.where(np.isfinite(step), step, 0.0), 0.0, width)
    height = np.maximum(high.value - flat * (width - step), np.maximum(low.value, 0.0))
    return spend, value, low.spend + step, height
