"""Plan: data only, with the check that re-proves it."""

from __future__ import annotations

from channelmix.plan.audit import (
    NO_SPEND,
    interval,
    moved_spend,
    obeys,
    prices_hold,
    roi,
    verify_plan,
)
from channelmix.plan.frontier import Frontier, FrontierPlan, frontier_rows
from channelmix.plan.heard import span_of
from channelmix.plan.model import (
    Assumption,
    CellPlan,
    Certificate,
    Comparison,
    IfTen,
    Interval,
    Mend,
    Plan,
    Provenance,
    ShadowPrice,
    SurveyRow,
    Totals,
    WordOfMouth,
)
from channelmix.plan.rows import allocation_rows
from channelmix.plan.sensitivity import InputEffect, Sensitivity, Side, sensitivity_rows

__all__ = [
    "NO_SPEND",
    "Assumption",
    "CellPlan",
    "Certificate",
    "Comparison",
    "Frontier",
    "FrontierPlan",
    "IfTen",
    "InputEffect",
    "Interval",
    "Mend",
    "Plan",
    "Provenance",
    "Sensitivity",
    "ShadowPrice",
    "Side",
    "SurveyRow",
    "Totals",
    "WordOfMouth",
    "allocation_rows",
    "frontier_rows",
    "interval",
    "moved_spend",
    "obeys",
    "prices_hold",
    "roi",
    "sensitivity_rows",
    "span_of",
    "verify_plan",
]
