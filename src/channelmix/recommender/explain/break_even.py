"""How wrong a cell's curve may be before the plan changes materially.

A cell's best spend rises with the factor that multiplies its curve, all else as it is: so there is one factor up to
which the plan stands, and one down to which it does. Both are found by halving, each plan made anew on the mean curves
as tables: for all cells side by side, or cell by cell where several periods are planned. There a cell's curve is
multiplied in every period, and its spend is the sum over them.
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
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.wording import percent, short
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules import PriceTiers
from channelmix.engine.solver.by_draw import best_by_draw
from channelmix.engine.solver.solve import solve
from channelmix.plan import BreakEven
from channelmix.recommender.information_value.knowledge import tabulated_as

FACTORS = (1.0 / 16.0, 16.0)
"""Lowest and highest factor that is tried."""

TOLERANCE = 0.02
"""Share by which a factor may be off."""

MATERIAL = 0.1
"""Share of the budget by which a cell's spend changes materially."""

TURN = 0.01
"""Share of the budget that a cell must be raised, cut or given at least for its direction to count."""

EXACT = 1e-7
"""Gap of the plans made anew: curves are tables, on which that costs little."""

TIMED_GAP = 1e-3
"""The same where several periods are planned, which takes longer."""

SHARES = np.unique(np.concatenate([np.linspace(0.0, 1.0, 65), np.geomspace(1e-3, 0.5, 40)]))
"""Spends at which mean curves are tabulated, as shares of the most that a cell may get."""

CLOSE = 1e-9
"""Distance between two spends that is rounding, as a share of the most that a cell may get."""

NEAR = np.array([-0.02, -0.005, -0.001, 0.0, 0.001, 0.005, 0.02])
"""Spends at which they are too, around the plan and around where a change is material, as shares of the budget."""


class _OutOfTimeError(Exception):
    """Plans made anew could not be proven in time."""


@dataclass(frozen=True, eq=False)
class BreakEvens:
    """A plan whose cells are asked one by one how wrong they may be.

    Parameters
    ----------
    problem : AllocationProblem
        Without risk and without a row that asks for outcome, with a limit of money.
    spend : ndarray of shape (n_spends,)
        Its best plan.
    deadline : float
        When plans over several periods are no longer made anew, as `time.perf_counter` counts.
    """

    problem: AllocationProblem
    spend: Array
    deadline: float = math.inf

    @cached_property
    def planned(self) -> Array:
        """Spend on each cell, over all periods."""
        return self.problem.by_cell(self.spend)

    @property
    def budget(self) -> float:
        """What changes are measured by."""
        return float(self.problem.scenario.limit) or 1.0

    @cached_property
    def current(self) -> Array | None:
        """Spend today, over as many periods; None where it is not known."""
        current = self.problem.cells.current
        return None if current is None else self.problem.by_cell(current)

    def limits(self, cell: int) -> tuple[float, float]:
        """Spend below which, and beyond which, the plan of a cell is materially another one."""
        planned, step, turn = float(self.planned[cell]), MATERIAL * self.budget, TURN * self.budget
        lows, highs = [planned - step], [planned + step]
        today = None if self.current is None else float(self.current[cell])
        if planned > turn:
            lows.append(0.5 * turn)  # it would hardly get anything
        else:
            highs.append(planned + turn)  # it would get something
        if today is not None:
            if planned >= today + turn:
                lows.append(today - turn)  # it would be cut, not raised
            if planned <= today - turn:
                highs.append(today + turn)
        return max(lows), min(highs)

    def find(self) -> Iterator[tuple[int, BreakEven | None, BreakEven | None]]:
        """Each cell with its lower and higher break-even, None where no factor tried matters; the largest cells first.

        Over several periods, cells are left out for which plans could not be proven in time.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C stops the search for a plan.
        """
        order = [int(i) for i in np.argsort(-self.planned, kind="stable")]
        for cells in [order] if self.problem.delay is None else [[i] for i in order]:
            with contextlib.suppress(_OutOfTimeError):
                yield from self._found(cells)

    def _found(self, cells: list[int]) -> Iterator[tuple[int, BreakEven | None, BreakEven | None]]:
        limits = {i: self.limits(i) for i in cells}
        # One entry a cell and side; factors are halved as logarithms, between one that holds and one that does not.
        sides = [(i, side) for i in cells for side in (0, 1)]
        holds = np.zeros(len(sides))
        fails = np.array([math.log(FACTORS[side]) for _, side in sides])
        spends, broken = self._asked(sides, limits, fails)
        at = np.where(broken, spends, np.nan)
        while True:
            open_ = np.flatnonzero(broken & (np.abs(fails - holds) > TOLERANCE))
            if not len(open_):
                break
            middle = 0.5 * (holds + fails)
            spends, beyond = self._asked([sides[k] for k in open_], limits, middle[open_])
            fails[open_[beyond]], at[open_[beyond]] = middle[open_[beyond]], spends[beyond]
            holds[open_[~beyond]] = middle[open_[~beyond]]
        found: dict[tuple[int, int], BreakEven] = {}
        for k, (i, side) in enumerate(sides):
            if broken[k]:
                factor, spend = math.exp(0.5 * (holds[k] + fails[k])), float(at[k])
                found[i, side] = BreakEven(factor=factor, spend=spend, change=self._change(i, spend))
        for i in cells:
            yield i, found.get((i, 0)), found.get((i, 1))

    def best_spend(self, cells: list[int], factors: Array) -> Array:
        """Spend on each of some cells in the best plan if its curve were so many times what it is."""
        table = np.repeat(self._table[1], len(cells), axis=0)
        for k, (i, factor) in enumerate(zip(cells, factors, strict=True)):
            table[k, :, i] *= factor
        if self.problem.delay is None:
            found = best_by_draw(tabulated_as(self.problem, self._table[0], table), gap=EXACT)
            return np.asarray(found.spend[np.arange(len(cells)), cells])
        each = (tabulated_as(self.problem, self._table[0], one[np.newaxis]) for one in table)
        return np.array([self._over_time(made, cell) for made, cell in zip(each, cells, strict=True)])

    def _over_time(self, made: AllocationProblem, cell: int) -> float:
        """Spend on a cell over all periods in the best plan of a problem over several."""
        left = self.deadline - time.perf_counter()
        if left <= 0.0:
            raise _OutOfTimeError
        starts = [dict(zip(made.cells.names, self.spend.tolist(), strict=True))]
        found = solve(made, TIMED_GAP, left, starts=starts)
        if found.report.interrupted:
            raise KeyboardInterrupt
        if found.status is not Status.OPTIMAL:
            raise _OutOfTimeError
        return float(made.by_cell(found.spend.ravel())[cell])

    def _asked(
        self, sides: list[tuple[int, int]], limits: dict[int, tuple[float, float]], logs: Array
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Spend on each side's cell at its factor, and whether that is materially another plan."""
        spends = self.best_spend([i for i, _ in sides], np.exp(logs))
        beyond = [
            spend > limits[i][1] if side else spend < limits[i][0]
            for (i, side), spend in zip(sides, spends, strict=True)
        ]
        return spends, np.array(beyond, dtype=bool)

    @cached_property
    def _table(self) -> tuple[Array, Array]:
        """Spends (n_points, n_cells) and the mean curves there (1, n_points, n_cells)."""
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
            columns.append(np.clip(np.concatenate([SHARES * most[i], *near]), 0.0, most[i]))
        # Cells need as many points each: what repeats gives way to steps beyond the range.
        rows = [_apart(np.unique(column)) for column in columns]
        count = max(map(len, rows))
        spend = np.column_stack(
            [np.append(row, row[-1] * (1.0 + np.arange(1, count - len(row) + 1))) for row in rows]
        )
        curves = self.problem.response if delay is None else self._untimed.response
        cells = [curves.cell(i) for i in range(n)]
        mean = [cell.value(spend[:, i][np.newaxis]).mean(axis=0) for i, cell in enumerate(cells)]
        return spend, np.column_stack(mean)[np.newaxis]

    @cached_property
    def _untimed(self) -> AllocationProblem:
        """The problem's curves at their prices, without periods and without rules."""
        tiers = [rule for rule in self.problem.constraints if isinstance(rule, PriceTiers)]
        return dataclasses.replace(self.problem, carryover=None, constraints=tiers, charge=None, risk=None)

    def _change(self, cell: int, spend: float) -> str:
        planned, turn = float(self.planned[cell]), TURN * self.budget
        today = None if self.current is None else float(self.current[cell])
        if planned > turn and spend < 0.5 * turn:
            return "it would get next to nothing"
        if today is not None and planned >= today + turn and spend < today - turn:
            return f"it would be cut to {short(spend)} instead of raised"
        if today is not None and planned <= today - turn and spend > today + turn:
            return f"it would be raised to {short(spend)} instead of cut"
        if planned <= turn and abs(spend - planned) <= MATERIAL * self.budget:
            return f"it would get {short(spend)}"
        return f"over {percent(MATERIAL)} of the budget would move: it would get {short(spend)}"


def _apart(points: Array) -> Array:
    """Leave out points that rounding alone tells from the one before."""
    return np.asarray(points[np.append(True, np.diff(points) > CLOSE * points[-1])])
