"""What one input at another value makes of a plan: its gain, a plan made anew, and what changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.wording import percent, short
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.solver.solve import solve
from channelmix.plan import Side
from channelmix.recommender.sensitivity.first_order import most_to_gain

SHIFT = 0.1
"""Share of the budget from which on money that moves between cells changes the recommendation."""

TURN = 0.01
"""Share of the budget by which a cell is raised or cut at least to count as either."""

CELLS_NAMED = 3


@dataclass(frozen=True, eq=False)
class Reference:
    """A proven plan and its baseline, to hold against the same problem with an input at another value.

    Parameters
    ----------
    problem : AllocationProblem
        With every input as assumed.
    plan, baseline : ndarray of shape (n_spends,)
        Spend; the plan obeys the rules. Over several periods, what is said of a cell is said of its sum over them.
    name : str
        What the baseline is called.
    gap : float
        Relative gap that the plan is proven to, and plans made anew are.
    """

    problem: AllocationProblem
    plan: Array
    baseline: Array
    name: str
    gap: float

    @cached_property
    def gain(self) -> float:
        """The plan's gain over the baseline."""
        return self._gain(self.problem)

    def beside(self, problem: AllocationProblem, value: float) -> Side:
        """Say what becomes of the plan in a problem that differs in one input.

        Parameters
        ----------
        problem : AllocationProblem
            Same cells and rules.
        value : float
            The input's value there.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C stops the search for the new plan.
        """
        kept = self._gain(problem)
        worth = problem.value(self.plan)
        within = self.gap * max(abs(worth), problem.gross(self.plan))
        spend, regret, gap = self.plan, 0.0, None
        if most_to_gain(problem, self.plan) > within:
            names = problem.cells.names
            solution = solve(problem, self.gap, starts=[dict(zip(names, self.plan, strict=True))])
            if solution.report.interrupted:
                raise KeyboardInterrupt
            if solution.value - worth > within:
                spend, regret, gap = solution.spend.ravel(), solution.value - worth, solution.gap
        moved = self._moved(spend)
        return Side(
            value=value,
            kept_gain=kept,
            best_gain=kept + regret,
            regret=regret,
            stands=gap is None,
            gap=gap,
            spend=dict(zip(problem.curves.names, problem.by_cell(spend).tolist(), strict=True)),
            moved=moved,
            changes=self._changes(spend, moved, kept),
        )

    def _gain(self, problem: AllocationProblem) -> float:
        return problem.value(self.plan) - problem.value(self.baseline)

    def _moved(self, spend: Array) -> float:
        """Money on other cells or in other periods than in the plan, or money no longer spent."""
        change = spend - self.plan
        return float(max(np.maximum(change, 0.0).sum(), np.maximum(-change, 0.0).sum()))

    def _changes(self, spend: Array, moved: float, kept: float) -> list[str]:
        budget = float(self.problem.scenario.amount)
        lines = []
        if moved > SHIFT * budget:
            lines.append(f"{percent(moved / budget)} of the budget would move: {self._largest(spend)}")
        lines += self._turned(self.problem.by_cell(spend), self.problem.by_cell(self.plan), TURN * budget)
        if kept < 0.0 <= self.gain:
            lines.append(f"the plan as it is would bring {short(-kept)} less than the {self.name}")
        return lines

    def _largest(self, spend: Array) -> str:
        """Name the cells that change most."""
        names = self.problem.cells.names
        order = np.argsort(-np.abs(spend - self.plan), kind="stable")[:CELLS_NAMED]
        parts = [
            f"{names[i]} {short(float(spend[i]))} instead of {short(float(self.plan[i]))}"
            for i in order
            if spend[i] != self.plan[i]
        ]
        return ", ".join(parts)

    def _turned(self, spend: Array, plan: Array, least: float) -> list[str]:
        """Name the cells that are cut where the plan raises them, or raised where it cuts them; (n_cells,) each."""
        if self.problem.cells.current is None:
            return []
        current = self.problem.by_cell(self.problem.cells.current)
        lines = []
        for sign, words in ((1.0, "cut instead of raised"), (-1.0, "raised instead of cut")):
            turned = (sign * (plan - current) >= least) & (sign * (current - spend) >= least)
            names = [name for name, flag in zip(self.problem.curves.names, turned, strict=True) if flag]
            if names:
                lines.append(f"{' and '.join(names)} would be {words}")
        return lines
