"""How a plan and the best plan change when one input has another value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import Side
from channelmix.recommender.resolve import moved_money, resolve

SHIFT = 0.1
"""Share of the budget that must move between cells to change the recommendation."""

TURN = 0.01
"""Share of the budget by which a cell must be raised or cut to count as either."""

CELLS_NAMED = 3
"""Cells listed where much money moves."""


@dataclass(frozen=True, eq=False)
class Reference:
    """A proven plan and its baseline, against which problems with one input at another value are compared.

    Parameters
    ----------
    problem : AllocationProblem
        With every input as assumed.
    plan, baseline : ndarray of shape (n_spends,)
        Spend; the plan obeys the rules. Over several periods, changes are those of a cell's sum over them.
    name : str
        Name of the baseline.
    gap : float
        Relative gap to which the plan is proven, and new plans are.
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

    def at(self, problem: AllocationProblem, value: float, seconds: float = 60.0) -> Side:
        """Compare the plan with the best one of a problem that differs in one input.

        Parameters
        ----------
        problem : AllocationProblem
            Same cells and rules.
        value : float
            The input's value there.
        seconds : float
            Time for the new plan.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C ended the search for the new plan.
        """
        kept = self._gain(problem)
        worth = problem.value(self.plan)
        within = self.gap * max(abs(worth), problem.gross(self.plan))
        spend, regret, gap = self.plan, 0.0, None
        solution = resolve(problem, self.plan, self.gap, seconds)
        if solution.value - worth > within:
            spend, regret, gap = solution.spend.ravel(), solution.value - worth, solution.gap
        moved = moved_money(spend - self.plan)  # to other cells or periods, or no longer spent
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

    def _changes(self, spend: Array, moved: float, kept: float) -> list[Message]:
        budget = float(self.problem.scenario.amount)
        lines = []
        if moved > SHIFT * budget:
            lines.append(say("effect.moves", share=moved / budget, cells=self._largest(spend)))
        lines += self._turned(self.problem.by_cell(spend), self.problem.by_cell(self.plan), TURN * budget)
        if kept < 0.0 <= self.gain:
            lines.append(say("effect.loses", amount=-kept, baseline=self.name))
        return lines

    def _largest(self, spend: Array) -> list[Message]:
        """Name the cells that change most."""
        names, order = self.problem.cells.names, np.argsort(-np.abs(spend - self.plan), kind="stable")
        return [
            say("effect.cell", cell=names[i], spend=float(spend[i]), planned=float(self.plan[i]))
            for i in order[:CELLS_NAMED]
            if spend[i] != self.plan[i]
        ]

    def _turned(self, spend: Array, plan: Array, least: float) -> list[Message]:
        """Name the cells that the plan raises and `spend` cuts, or the reverse; both have shape (n_cells,)."""
        if self.problem.cells.current is None:
            return []
        current = self.problem.by_cell(self.problem.cells.current)
        lines = []
        for sign, code in ((1.0, "effect.cut"), (-1.0, "effect.raised")):
            turned = (sign * (plan - current) >= least) & (sign * (current - spend) >= least)
            names = [name for name, flag in zip(self.problem.curves.names, turned, strict=True) if flag]
            if names:
                lines.append(say(code, cells=names))
        return lines
