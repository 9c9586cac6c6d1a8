"""A shop whose SMS pay by themselves and whose social media do not, as content of a profile to change."""

from __future__ import annotations

import copy
from typing import Any

from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.optimize import optimize

__all__ = ["planned", "share", "shop"]

SHOP: dict[str, Any] = {
    "schema_version": 1,
    "name": "Quay",
    "sector": "e_commerce",
    "country": "FR",
    "currency": "EUR",
    "usd_rate": 0.9,
    "period": "month",
    "scenario": {"kind": "fixed_budget", "amount": 30000},
    "purposes": {"promotion": {"margin_per_order": 20, "order_value": 100, "orders_per_click": 0.03}},
    "markets": [{"name": "FR", "customers": 400000}],
    "channels": {
        "social": {"reachable": 250000, "current_spend": {"promotion": 24000}},
        "sms": {"reachable": 150000, "current_spend": {"promotion": 6000}},
        "im": {"reachable": 30000, "current_spend": {"promotion": 0}},
    },
    "rules": [],
}


def shop(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The shop with these rules, and other fields in place of its own."""
    return {**copy.deepcopy(SHOP), "rules": list(rules), **changes}


def share(select: str, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    """A rule on a share of total spend."""
    return {"kind": "group_share", "select": select, "low": low, "high": high}


def planned(*rules: dict[str, Any], **changes: Any) -> Plan:
    """Its plan."""
    return optimize(CompanyProfile.model_validate(shop(*rules, **changes)))
