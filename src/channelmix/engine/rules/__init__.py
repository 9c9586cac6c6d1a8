"""Business rules as frozen dataclasses: each states its rows over spend once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from channelmix.core.errors import InputError, nearest_name
from channelmix.engine.rules.auxiliary import Auxiliary
from channelmix.engine.rules.constraints import (
    ChangeLimit,
    GroupShare,
    KeepWorking,
    LinearConstraint,
    SpendBounds,
)
from channelmix.engine.rules.contacts import ContactCap, PriceTiers, ReputationLimit, ServiceLevel
from channelmix.engine.rules.each_period import EachPeriod
from channelmix.engine.rules.pacing import Pacing, Phasing
from channelmix.engine.rules.risk import MeanCVaR, MeanRisk, ReachTarget, SafeImprovement, WorstCase
from channelmix.engine.rules.rows import Cells, Row, Rule, rule_to_dict
from channelmix.engine.rules.scenarios import FixedBudget, FlexibleBudget, MaxProfit, TargetOutcome
from channelmix.engine.rules.switches import ActivationFee, AtMostActive, MinimumIfActive, PackSize

__all__ = [
    "CONSTRAINTS",
    "RISKS",
    "SCENARIOS",
    "ActivationFee",
    "AtMostActive",
    "Auxiliary",
    "Cells",
    "ChangeLimit",
    "ContactCap",
    "EachPeriod",
    "FixedBudget",
    "FlexibleBudget",
    "GroupShare",
    "KeepWorking",
    "LinearConstraint",
    "MaxProfit",
    "MeanCVaR",
    "MeanRisk",
    "MinimumIfActive",
    "Pacing",
    "PackSize",
    "Phasing",
    "PriceTiers",
    "ReachTarget",
    "ReputationLimit",
    "Row",
    "Rule",
    "SafeImprovement",
    "ServiceLevel",
    "SpendBounds",
    "TargetOutcome",
    "WorstCase",
    "rule_from_dict",
    "rule_to_dict",
]

SCENARIOS: Mapping[str, Any] = {
    "fixed_budget": FixedBudget,
    "target_outcome": TargetOutcome,
    "flexible_budget": FlexibleBudget,
    "max_profit": MaxProfit,
}
CONSTRAINTS: Mapping[str, Any] = {
    "spend_bounds": SpendBounds,
    "group_share": GroupShare,
    "change_limit": ChangeLimit,
    "keep_working": KeepWorking,
    "linear_constraint": LinearConstraint,
    "minimum_if_active": MinimumIfActive,
    "at_most_active": AtMostActive,
    "activation_fee": ActivationFee,
    "pack_size": PackSize,
    "price_tiers": PriceTiers,
    "contact_cap": ContactCap,
    "service_level": ServiceLevel,
    "reputation_limit": ReputationLimit,
    "pacing": Pacing,
    "phasing": Phasing,
    "each_period": EachPeriod,
}
RISKS: Mapping[str, Any] = {
    "mean": MeanRisk,
    "mean_cvar": MeanCVaR,
    "worst_case": WorstCase,
    "safe_improvement": SafeImprovement,
    "reach_target": ReachTarget,
}


def rule_from_dict(data: Mapping[str, Any]) -> Any:
    """Read a rule that `rule_to_dict` wrote.

    Raises
    ------
    InputError
        If the kind is unknown or a field is missing, unknown or out of range.
    """
    known = {**SCENARIOS, **CONSTRAINTS, **RISKS}
    kind = data.get("kind")
    if kind not in known:
        raise InputError(f"unknown rule {kind!r}{nearest_name(str(kind), known)}")
    fields = {"selector" if key == "select" else key: value for key, value in data.items() if key != "kind"}
    try:
        if kind == "each_period":
            fields["rule"] = rule_from_dict(fields["rule"])
        return known[kind](**fields)
    except (TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{kind}: {error}") from None
