"""The allocation as flat rows, for tables and CSV, and whether it is that of a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from channelmix.plan.heard import span_of
from channelmix.plan.parts import flat
from channelmix.problem import AllocationProblem

if TYPE_CHECKING:
    from channelmix.plan.model import Plan

__all__ = ["allocation_rows", "fits"]


def allocation_rows(plan: Plan) -> list[dict[str, Any]]:
    """One dictionary a cell, without nesting; amounts in the plan's currency per period."""
    return [
        {
            "market": row.market,
            "channel": row.channel,
            "purpose": row.purpose,
            "period": row.period,
            "spend": row.spend,
            "current_spend": row.current_spend,
            **flat("outcome", row.outcome),
            "charge": row.charge,
            "marginal_return": row.marginal_return,
            "evidence": row.evidence,
            "reason": row.reason,
        }
        for row in plan.allocation
    ]


def fits(plan: Plan, problem: AllocationProblem) -> bool:
    """Whether a plan's rows are the cells of a problem in their order, in every period."""
    rows = [(row.name, row.period) for row in plan.allocation]
    expected = [(name, 1 + t) for t in range(span_of(problem)) for name in problem.curves.names]
    cells = [row.name for row in plan.cells]
    return plan.span == span_of(problem) and rows == expected and cells == list(problem.curves.names)
