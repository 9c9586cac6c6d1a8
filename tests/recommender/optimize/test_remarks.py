"""Remarks of a plan that follow from its profile alone."""

from __future__ import annotations

from typing import Any

import pytest

import channelmix as cm
from channelmix.recommender.optimize.remarks import remarks

PURPOSES: dict[str, dict[str, float]] = {
    "promotion": {"margin_per_order": 20.0},
    "service": {"inbound_contacts": 1000.0, "value_per_resolution": 5.0},
    "advocacy": {"value_per_exposure": 0.1},
}


@pytest.mark.parametrize(
    ("purposes", "one_way"),
    [
        (["promotion"], set()),
        (["promotion", "service"], {"remark.one_way_service"}),
        (["advocacy"], {"remark.one_way_advocacy"}),
        (["promotion", "service", "advocacy"], {"remark.one_way_service", "remark.one_way_advocacy"}),
    ],
)
def test_purposes_that_no_experiment_tells_of_are_said_to_rest_on_one_way(
    purposes: list[str], one_way: set[str]
) -> None:
    """Once each, however many cells they have."""
    content: dict[str, Any] = {
        "name": "Shop", "sector": "retail", "country": "US", "currency": "USD", "period": "month",
        "scenario": {"kind": "fixed_budget", "amount": 1000.0},
        "purposes": {name: PURPOSES[name] for name in purposes},
        "markets": [{"name": "north", "customers": 5000.0}, {"name": "south", "customers": 5000.0}],
        "channels": {name: {"reachable_share": 0.3} for name in ("social", "sms", "im")},
    }  # fmt: skip
    found = [one.code for one in remarks(cm.CompanyProfile.model_validate(content))]
    assert {code for code in found if code.startswith("remark.one_way")} == one_way
    assert len(set(found)) == len(found)
