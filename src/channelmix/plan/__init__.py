"""Answers as documents: data only, with the check that verifies them."""

from __future__ import annotations

from channelmix.plan.difference import CellDifference, Difference, difference_rows
from channelmix.plan.explanation import (
    BreakEven,
    CellExplanation,
    Explanation,
    RulePrice,
    explanation_rows,
)
from channelmix.plan.frontier import Frontier, FrontierPlan, frontier_rows
from channelmix.plan.information_value import (
    CautiousPlan,
    InformationOf,
    InformationValue,
    LiftTestValue,
    Regret,
    SpendSpread,
    information_rows,
)
from channelmix.plan.parts import (
    Assumption,
    CellPlan,
    Certificate,
    Comparison,
    IfTen,
    Interval,
    Mend,
    Provenance,
    ShadowPrice,
    SurveyRow,
    Totals,
    WordOfMouth,
    limit_of,
)
from channelmix.plan.plan import Plan, allocation_rows, fits
from channelmix.plan.sensitivity import InputEffect, Sensitivity, Side, sensitivity_rows
from channelmix.plan.verify import NO_SPEND, interval, moved_spend, obeys, prices_hold, roi, verify_plan
from channelmix.plan.word_of_mouth import span_of

__all__ = [
    "NO_SPEND",
    "Assumption",
    "BreakEven",
    "CautiousPlan",
    "CellDifference",
    "CellExplanation",
    "CellPlan",
    "Certificate",
    "Comparison",
    "Difference",
    "Explanation",
    "Frontier",
    "FrontierPlan",
    "IfTen",
    "InformationOf",
    "InformationValue",
    "InputEffect",
    "Interval",
    "LiftTestValue",
    "Mend",
    "Plan",
    "Provenance",
    "Regret",
    "RulePrice",
    "Sensitivity",
    "ShadowPrice",
    "Side",
    "SpendSpread",
    "SurveyRow",
    "Totals",
    "WordOfMouth",
    "allocation_rows",
    "difference_rows",
    "explanation_rows",
    "fits",
    "frontier_rows",
    "information_rows",
    "interval",
    "limit_of",
    "moved_spend",
    "obeys",
    "prices_hold",
    "roi",
    "sensitivity_rows",
    "span_of",
    "verify_plan",
]
