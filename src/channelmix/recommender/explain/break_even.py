"""How wrong a cell's curve may be before the plan changes materially.

All else equal, a cell's best spend rises with the factor that multiplies its curve: so there is one factor up to which
the plan stands, and one down to which it does. Both are found by bisection, solving with the mean curves as tables: for
all cells together, or cell by cell where several periods are planned. There a cell's curve is multiplied in every
period, and its spend is the sum over them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from channelmix.core.arrays import Array, Mask
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules import PriceTiers
from channelmix.engine.solver.by_draw import best_by_draw
from channelmix.plan import BreakEven
from channelmix.recommender.information_value.knowledge import tabulated_as
from channelmix.recommender.resolve import resolve

FACTORS = (1.0 / 16.0, 16.0)
"""Lowest and highest factor tried."""

TOLERANCE = 0.02
"""Relative error allowed in a break-even factor."""

MATERIAL = 0.1
"""Share of the budget by which a cell's spend changes materially."""

TURN = 0.01
"""Share of the budget by which a cell must be raised or cut for its direction to count."""

EXACT = 1e-7
"""Gap of the plans for one period: with curves as tables, a small one costs little."""

TIMED_GAP = 1e-3
"""Gap of the plans over several periods, which take longer."""

SHARES = np.unique(np.concatenate([np.linspace(0.0, 1.0, 65), np.geomspace(1e-3, 0.5, 40)]))
"""Spend at which mean curves are tabulated, as shares of the most that a cell may get."""

CLOSE = 1e-9
"""Distance between two tabulated spends that counts as rounding, as a share of the most that a cell may get."""

NEAR = np.array([-0.02, -0.005, -0.001, -5e-5, 0.0, 5e-5, 0.001, 0.005, 0.02])
"""Further tabulated spends around the plan and around its limits of material change, as shares of the budget. The
nearest are close enough for the slope at a limit of a cell that saturates with next to nothing."""

BreakEvenPair = tuple[BreakEven | None, BreakEven | None]
"""The lower and the higher break-even of a cell; None where no factor tried changes the plan materially."""


class _OutOfTimeError(Exception):
    """A plan could not be proven in time."""


@dataclass(frozen=True, eq=False)
class BreakEvens:
    """A plan whose cells are tested one by one for how wrong their curves may be.

    Parameters
    ----------
    problem : AllocationProblem
        Without risk, with a limit of money and without a row that asks for outcome.
    spend : ndarray of shape (n_spends,)
        Its best plan.
    deadline : float
        Time, by `time.perf_counter`, after which no further plans over several periods are made.
    """

    problem: AllocationProblem
    spend: Array
    deadline: float = math.inf

    @cached_property
    def planned(self) -> Array:
        """Spend on each cell, over all periods; shape (n_cells,)."""
        return self.problem.by_cell(self.spend)

    @property
    def budget(self) -> float:
        """What changes are measured against."""
        return float(self.problem.scenario.limit) or 1.0

    @cached_property
    def current(self) -> Array:
        """Spend today, over as many periods; NaN where it is not known, shape (n_cells,)."""
        current = self.problem.cells.current
        return np.full(len(self.planned), np.nan) if current is None else self.problem.by_cell(current)

    def limits(self, cell: int) -> tuple[float, float]:
        """Spend below which, and beyond which, the plan of a cell has changed materially."""
        planned, today = float(self.planned[cell]), float(self.current[cell])
        step, turn = MATERIAL * self.budget, TURN * self.budget
        lows, highs = [planned - step], [planned + step]
        if planned > turn:
            lows.append(0.5 * turn)  # it would get next to nothing
        else:
            highs.append(planned + turn)  # it would get something
        if planned >= today + turn:
            lows.append(today - turn)  # it would be cut, not raised
        if planned <= today - turn:
            highs.append(today + turn)
        return max(lows), min(highs)

    def find(self) -> Iterator[tuple[int, BreakEvenPair]]:
        """Yield each cell with its break-evens, the cells with most money first.

        Over several periods, cells are left out for which plans could not be proven in time.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C ended the search for a plan.
        """
        order = [int(i) for i in np.argsort(-self.planned, kind="stable")]
        for cells in [order] if self.problem.delay is None else [[i] for i in order]:
            with contextlib.suppress(_OutOfTimeError):
                yield from self._bisect(cells)

    def _bisect(self, cells: list[int]) -> list[tuple[int, BreakEvenPair]]:
        # One entry per cell and side; bisection is on logarithms, between a factor that holds and one that does not.
        sides = [(i, side) for i in cells for side in (0, 1)]
        holds = np.zeros(len(sides))
        fails = np.array([math.log(FACTORS[side]) for _, side in sides])
        spends, broken = self._best_spend(sides, fails)
        while len(left := np.flatnonzero(broken & (np.abs(fails - holds) > TOLERANCE))):
            middle = 0.5 * (holds + fails)[left]
            spent, beyond = self._best_spend([sides[k] for k in left], middle)
            fails[left[beyond]], spends[left[beyond]] = middle[beyond], spent[beyond]
            holds[left[~beyond]] = middle[~beyond]
        factors = np.exp(0.5 * (holds + fails))
        found = [
            BreakEven(factor=factor, spend=spend, change=self._change(i, spend)) if changes else None
            for (i, _), factor, spend, changes in zip(
                sides, factors.tolist(), spends.tolist(), broken, strict=True
            )
        ]
        return list(zip(cells, zip(found[::2], found[1::2], strict=True), strict=True))

    def _best_spend(self, sides: list[tuple[int, int]], log_factors: Array) -> tuple[Array, Mask]:
        """Best spend on each side's cell once its curve is multiplied, and whether that is a material change."""
        points, mean = self._table
        tables = np.repeat(mean, len(sides), axis=0)
        cells = [i for i, _ in sides]
        for table, cell, factor in zip(tables, cells, np.exp(log_factors), strict=True):
            table[:, cell] *= factor
        if self.problem.delay is None:
            optima = best_by_draw(tabulated_as(self.problem, points, tables), gap=EXACT)
            spends = optima.spend[np.arange(len(cells)), cells]
        else:
            spends = np.array([self._over_time(*one) for one in zip(tables, cells, strict=True)])
        limits = np.array([self.limits(i)[side] for i, side in sides])
        upward = np.array([side == 1 for _, side in sides])
        return spends, np.where(upward, spends > limits, spends < limits)

    def _over_time(self, table: Array, cell: int) -> float:
        """Best spend on a cell over all periods, with the cells' curves of each period as a table."""
        left = self.deadline - time.perf_counter()
        if left <= 0.0:
            raise _OutOfTimeError
        problem = tabulated_as(self.problem, self._table[0], table[np.newaxis])
        found = resolve(problem, self.spend, TIMED_GAP, left)
        if found.status is not Status.OPTIMAL:
            raise _OutOfTimeError
        return float(problem.by_cell(found.spend.ravel())[cell])

    @cached_property
    def _table(self) -> tuple[Array, Array]:
        """Tabulated spend, shape (n_points, n_cells), and the mean curves there, shape (1, n_points, n_cells)."""
        form, delay, n = self.problem.standard, self.problem.delay, len(self.planned)
        most = self.problem.acting(form.to_user(form.box_high)).reshape(-1, n).max(axis=0)
        most = np.where(most > 0.0, most, self.budget)
        acting = self.problem.acting(self.spend).reshape(-1, n)
        columns = []
        for i in range(n):
            if delay is None:
                centres, width = [self.spend[i], *self.limits(i)], self.budget
            else:
                centres, width = acting[:, i].tolist(), self.budget / delay.periods
            near = [centre + NEAR * width for centre in centres]
            points = np.unique(np.clip(np.concatenate([SHARES * most[i], *near]), 0.0, most[i]))
            columns.append(points[np.append(True, np.diff(points) > CLOSE * points[-1])])
        # All cells need as many points: those with fewer get steps beyond their range.
        count = max(map(len, columns))
        spend = np.column_stack(
            [np.append(c, c[-1] * (1.0 + np.arange(1, count - len(c) + 1))) for c in columns]
        )
        response = self._without_periods.response
        mean = [response.cell(i).value(spend[:, i][np.newaxis]).mean(axis=0) for i in range(n)]
        return spend, np.column_stack(mean)[np.newaxis]

    @cached_property
    def _without_periods(self) -> AllocationProblem:
        """The problem whose response is the curves of one period at their prices."""
        if self.problem.delay is None:
            return self.problem
        tiers = [rule for rule in self.problem.constraints if isinstance(rule, PriceTiers)]
        return dataclasses.replace(self.problem, carryover=None, constraints=tiers, charge=None, risk=None)

    def _change(self, cell: int, spend: float) -> Message:
        planned, today, turn = float(self.planned[cell]), float(self.current[cell]), TURN * self.budget
        if planned > turn and spend < 0.5 * turn:
            return say("change.dropped")
        if planned >= today + turn and spend < today - turn:
            return say("change.cut", spend=spend)
        if planned <= today - turn and spend > today + turn:
            return say("change.raised", spend=spend)
        if planned <= turn and abs(spend - planned) <= MATERIAL * self.budget:
            return say("change.begun", spend=spend)
        return say("change.moved", share=MATERIAL, spend=spend)
