"""Answers as documents: data only, with the check that verifies them."""

from __future__ import annotations

from channelmix.plan.difference import CellDifference, Difference
from channelmix.plan.explanation import (
    BreakEven,
    CellExplanation,
    Explanation,
    RulePrice,
)
from channelmix.plan.frontier import Frontier, FrontierPlan
from channelmix.plan.information_value import (
    CautiousPlan,
    InformationOf,
    InformationValue,
    LiftTestValue,
    Regret,
    SpendSpread,
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
from channelmix.plan.plan import Plan, fits
from channelmix.plan.sensitivity import InputEffect, Sensitivity, Side
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
    "fits",
    "interval",
    "limit_of",
    "moved_spend",
    "obeys",
    "prices_hold",
    "roi",
    "span_of",
    "verify_plan",
]
