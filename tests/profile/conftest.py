from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from channelmix.profile import CompanyProfile, Fault, ProfileError

EXAMPLE = Path(__file__).parents[2] / "examples" / "maison_verte.json"

SKETCH: dict[str, Any] = {
    "$schema": "profile.schema.json",
    "schema_version": 1,
    "name": "Maison Verte",
    "sector": "retail",
    "country": "FR",
    "currency": "EUR",
    "usd_rate": 0.92,
    "period": "month",
    "periods": 3,
    "scenario": {"kind": "fixed_budget", "amount": 135000},
    "purposes": {
        "promotion": {"margin_per_order": 22, "orders_per_click": 0.05},
        "service": {"inbound_contacts": 60000, "value_per_resolution": 9},
        "advocacy": {"value_per_exposure": 0.001},
    },
    "markets": [{"name": "FR", "customers": 2400000}],
    "channels": {
        "social": {
            "reachable": 1500000,
            "publicness": 1.0,
            "current_spend": {"promotion": 70000, "service": 12000},
        },
        "sms": {
            "reachable": 620000,
            "cost_per_contact": {"promotion": 0.05},
            "current_spend": {"promotion": 20000, "service": 6000},
        },
        "im": {"reachable": 90000, "current_spend": {"promotion": 4000, "service": 14000}},
        "app": {"reachable": 260000, "current_spend": {"promotion": 4000, "service": 5000}},
    },
    "rules": [
        {"kind": "keep_working", "floor": 0.5},
        {"kind": "group_share", "select": "social", "high": 0.6},
    ],
}


@pytest.fixture
def sketch() -> dict[str, Any]:
    """A valid profile of one's own to change."""
    return copy.deepcopy(SKETCH)


@pytest.fixture(scope="session")
def example_file() -> Path:
    return EXAMPLE


@pytest.fixture(scope="session")
def faults_of() -> Callable[[Any], dict[str, Fault]]:
    """Read JSON text, or a value to be dumped as such, and return its faults by path."""

    def read(profile: Any) -> dict[str, Fault]:
        text = profile if isinstance(profile, str | bytes) else json.dumps(profile, indent=1)
        with pytest.raises(ProfileError) as caught:
            CompanyProfile.from_json(text, source="profile.json")
        faults = {fault.path: fault for fault in caught.value.faults}
        assert len(faults) == len(caught.value.faults), "each place once"
        places = [(fault.line or 0, fault.column or 0) for fault in caught.value.faults]
        assert places == sorted(places)
        for line in str(caught.value).splitlines():
            assert line.isprintable()
            for machinery in (
                "Input should",
                "pydantic",
                "function-",
                "literal[",
                "constrained",
                "Value error",
            ):
                assert machinery not in line
        return faults

    return read
