"""What a report is about: a plan, the problem behind it, what was found beside it, and the words to say it in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from channelmix.core.tolerances import SPEND_SHOWN
from channelmix.core.words import Words
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import CellPlan, Comparison, Explanation, Frontier, Grounds, InformationValue, Plan

HUES = 8
"""Colours of channels before they repeat."""

OWN = ("history", "experiment")
"""Evidence that is the company's own."""


@dataclass(frozen=True)
class Content:
    """A plan with what is worked out of it, and the words to say it in."""

    plan: Plan
    words: Words
    frontier: Frontier | None = None
    explanation: Explanation | None = None
    tests: InformationValue | None = None

    @cached_property
    def problem(self) -> AllocationProblem:
        """The problem that the plan answers."""
        return AllocationProblem.from_dict(self.plan.problem)

    @cached_property
    def grounds(self) -> Grounds:
        """What the plan's estimates rest on."""
        return Grounds.of(self.plan.assumptions, self.plan.message)

    @property
    def over(self) -> str:
        """What the plan's amounts are for: a period, or several together."""
        return self.words.over(self.plan.period, self.plan.span)

    @cached_property
    def baseline(self) -> Comparison | None:
        """What the plan is judged against."""
        return next((c for c in self.plan.comparisons if c.is_baseline), None)

    @cached_property
    def by_name(self) -> Mapping[str, CellPlan]:
        """The plan's cells by name."""
        return {cell.name: cell for cell in self.plan.cells}

    @cached_property
    def markets(self) -> list[str]:
        """Markets in the plan's order."""
        return list(dict.fromkeys(row.market for row in self.plan.cells))

    @cached_property
    def purposes(self) -> list[str]:
        """Purposes in the plan's order."""
        return list(dict.fromkeys(row.purpose for row in self.plan.cells))

    @cached_property
    def channels(self) -> list[str]:
        """Channels in the plan's order."""
        return list(dict.fromkeys(row.channel for row in self.plan.cells))

    def hue(self, channel: str) -> int:
        """Number of a channel's colour."""
        return self.channels.index(channel) % HUES

    def is_idle(self, cell: CellPlan) -> bool:
        """Whether a cell has no money, today or in the plan."""
        return max(cell.current_spend, cell.spend) <= SPEND_SHOWN * self._size

    def shown(self, amount: float) -> float:
        """An amount, or 0 where it is rounding."""
        return 0.0 if abs(amount) <= SPEND_SHOWN * self._size else amount

    @cached_property
    def _size(self) -> float:
        """Money today or in the plan, whichever is more."""
        cells = self.plan.cells
        return max(sum(cell.spend for cell in cells), sum(cell.current_spend for cell in cells))

    def largest(self, most: int) -> list[int]:
        """Places of the cells with the most money, today or in the plan, in the plan's order."""
        size = [max(cell.spend, cell.current_spend) for cell in self.plan.cells]
        return sorted(sorted(range(len(size)), key=lambda i: -size[i])[:most])

    def title(self, cell: CellPlan) -> str:
        """Name of a cell for the reader: without the market where there is one only."""
        purpose = self.words.named("purpose", cell.purpose)
        return " / ".join([cell.market] * (len(self.markets) > 1) + [cell.channel, purpose])

    def translated(self, text: str) -> str | None:
        """Return a text of the documents in the reader's language; None where there is no translation."""
        for document in (self.plan, self.explanation, self.tests):
            if document is not None and text in document.messages:
                return document.said(text, self.words)
        return self.words.published(text)

    def said(self, text: str) -> str:
        """Return a text of the documents in the reader's language, or as it is."""
        return self.translated(text) or text

    def rests_on(self, cell: CellPlan) -> str:
        """What a cell's estimate rests on."""
        return self.words.format_field(self.grounds.of_cell(cell), "")

    @staticmethod
    def place(cell: CellPlan) -> dict[str, str]:
        """Attributes by which a script finds what belongs to a market and a purpose."""
        return {"data_market": cell.market, "data_purpose": cell.purpose}

    @cached_property
    def marginal_now(self) -> Mapping[str, float | None]:
        """Net outcome of the next unit on each cell at today's spend, in its best period; None without a limit."""
        problem, plan = self.problem, self.plan
        today = np.array([cell.current_spend for cell in plan.cells]) / plan.span
        slopes = problem.marginal(problem.each_period(today)).reshape(plan.span, -1).max(axis=0).tolist()
        found = zip(problem.curves.names, slopes, strict=True)
        return {name: slope if math.isfinite(slope) else None for name, slope in found}

    @cached_property
    def most(self) -> Mapping[str, float]:
        """Spend on each cell in the period with the most."""
        found: dict[str, float] = {}
        for row in self.plan.allocation:
            found[row.name] = max(found.get(row.name, 0.0), row.spend)
        return found
