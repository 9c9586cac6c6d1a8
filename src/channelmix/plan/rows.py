"""The allocation as flat rows, for tables and CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from channelmix.plan.model import Plan

__all__ = ["allocation_rows"]


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
            "outcome_mean": row.outcome.mean,
            "outcome_low": row.outcome.low,
            "outcome_high": row.outcome.high,
            "charge": row.charge,
            "marginal_return": row.marginal_return,
            "evidence": row.evidence,
            "reason": row.reason,
        }
        for row in plan.allocation
    ]
