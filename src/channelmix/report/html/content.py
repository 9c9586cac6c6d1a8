"""What the report is about: a plan's cells summed over its periods, and the problem behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from channelmix.plan import CellPlan, Comparison, Frontier, Interval, Plan, interval
from channelmix.problem import AllocationProblem
from channelmix.report.html.words import Words

__all__ = ["CellView", "Content"]

Array = NDArray[np.float64]

HUES = 8
"""Colours of channels before they repeat."""

NOTHING = 1e-7
"""Share of the spend below which money is rounding."""


@dataclass(frozen=True)
class CellView:
    """One cell over all periods of the plan; amounts in currency over these periods (per period, if there is one)."""

    market: str
    channel: str
    purpose: str
    spend: float
    current: float
    outcome: Interval
    charge: float
    marginal: float | None
    """Return of the next unit; None where it has no limit, and for several periods."""
    marginal_now: float | None
    """The same at today's spend."""
    evidence: str
    reason: str


@dataclass(frozen=True)
class Content:
    """A plan with what is worked out of it, and the words to say it in."""

    plan: Plan
    words: Words
    frontier: Frontier | None = None

    @cached_property
    def problem(self) -> AllocationProblem:
        """The problem that the plan answers."""
        return AllocationProblem.from_dict(self.plan.problem)

    @property
    def periods(self) -> int:
        """Periods that the allocation tells apart: 1 for a typical one."""
        return len({row.period for row in self.plan.allocation}) or 1

    @cached_property
    def cells(self) -> list[CellView]:
        """Cells in the plan's order."""
        groups: dict[str, list[CellPlan]] = {}
        for row in self.plan.allocation:
            groups.setdefault(row.name, []).append(row)
        outcomes, now = self._outcomes, self._marginal_now
        return [_cell(rows, outcomes.get(name), now.get(name)) for name, rows in groups.items()]

    @cached_property
    def baseline(self) -> Comparison | None:
        """What the plan is judged against."""
        return next((c for c in self.plan.comparisons if c.is_baseline), None)

    @cached_property
    def markets(self) -> list[str]:
        """Markets in the plan's order."""
        return list(dict.fromkeys(row.market for row in self.plan.allocation))

    @cached_property
    def purposes(self) -> list[str]:
        """Purposes in the plan's order."""
        return list(dict.fromkeys(row.purpose for row in self.plan.allocation))

    @cached_property
    def channels(self) -> list[str]:
        """Channels in the plan's order."""
        return list(dict.fromkeys(row.channel for row in self.plan.allocation))

    def hue(self, channel: str) -> int:
        """Number of a channel's colour."""
        return self.channels.index(channel) % HUES

    def is_idle(self, cell: CellView) -> bool:
        """Whether a cell has no money, today or in the plan."""
        return max(cell.current, cell.spend) <= NOTHING * self._size

    @cached_property
    def _size(self) -> float:
        """Money today or in the plan, whichever is more."""
        return max(sum(cell.spend for cell in self.cells), sum(cell.current for cell in self.cells))

    def largest(self, most: int) -> list[int]:
        """Places of the cells with the most money, today or in the plan, in the plan's order."""
        size = [max(cell.spend, cell.current) for cell in self.cells]
        return sorted(sorted(range(len(size)), key=lambda i: -size[i])[:most])

    def title(self, cell: CellView) -> str:
        """Name of a cell for the reader: without the market where there is one only."""
        parts = [cell.market] * (len(self.markets) > 1) + [cell.channel, self.words.known(cell.purpose)]
        return " / ".join(parts)

    @property
    def _outcomes(self) -> Mapping[str, Interval]:
        """Outcome of each cell over several periods: the ends of an interval cannot be added up, its draws can."""
        if self.periods == 1:
            return {}
        spend: Array = np.array([row.spend for row in self.plan.allocation])
        order = {name: i for i, name in enumerate(self.problem.cells.names)}
        ranks = [order[f"{row.name}/period {row.period}"] for row in self.plan.allocation]
        placed = np.zeros(len(order))
        placed[ranks] = spend
        drawn = self.problem.outcomes(placed)
        names = [name.rpartition("/period ")[0] for name in self.problem.response.names]
        return {
            name: interval(drawn[:, [i for i, other in enumerate(names) if other == name]].sum(axis=1))
            for name in dict.fromkeys(names)
        }

    @property
    def _marginal_now(self) -> Mapping[str, float]:
        """Return of the next unit on each cell at today's spend."""
        if self.periods > 1:
            return {}
        current: Array = np.array([row.current_spend for row in self.plan.allocation])
        slopes = self.problem.marginal(current).tolist()
        return dict(zip(self.problem.curves.names, slopes, strict=True))


def _cell(rows: list[CellPlan], outcome: Interval | None, now: float | None) -> CellView:
    first, single = rows[0], len(rows) == 1
    reasons = dict.fromkeys(row.reason for row in rows)
    return CellView(
        market=first.market,
        channel=first.channel,
        purpose=first.purpose,
        spend=math.fsum(row.spend for row in rows),
        current=math.fsum(row.current_spend for row in rows),
        outcome=outcome or first.outcome,
        charge=math.fsum(row.charge for row in rows),
        marginal=first.marginal_return if single else None,
        marginal_now=now if now is not None and math.isfinite(now) else None,
        evidence=", ".join(dict.fromkeys(row.evidence for row in rows)),
        reason="; ".join(reasons),
    )
