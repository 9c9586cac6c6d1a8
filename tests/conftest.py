"""What the tests of several rooms share: small profiles, and plans that take a while to make."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender import optimize

CHANNELS = ("social", "sms", "im", "app")
PURPOSES = ("promotion", "service", "advocacy")
EXAMPLE = Path(__file__).parents[1] / "examples" / "maison_verte.json"

SMALL: dict[str, Any] = {
    "name": "Small",
    "sector": "retail",
    "country": "FR",
    "currency": "EUR",
    "usd_rate": 0.9,
    "period": "month",
    "scenario": {"kind": "fixed_budget", "amount": 20000.0},
    "purposes": {
        "promotion": {"margin_per_order": 20.0, "orders_per_click": 0.03},
        "service": {"inbound_contacts": 5000.0, "value_per_resolution": 9.0},
        "advocacy": {"value_per_exposure": 0.001},
    },
    "markets": [{"name": "FR", "customers": 200000.0}],
    "channels": {
        "social": {"reachable": 100000.0, "current_spend": {"promotion": 6000.0, "service": 2000.0}},
        "sms": {"reachable": 50000.0, "current_spend": {"promotion": 5000.0}},
        "im": {"reachable": 10000.0, "current_spend": {"service": 4000.0}},
        "app": {"reachable": 20000.0, "current_spend": {"promotion": 3000.0}},
    },
}


@pytest.fixture
def small() -> dict[str, Any]:
    """Content of a small valid profile of one's own to change: budget and today's spend are both 20,000."""
    return copy.deepcopy(SMALL)


@pytest.fixture(scope="session")
def random_content() -> Callable[[int], dict[str, Any]]:
    """Content of a random valid profile, by seed."""
    return _random_content


@pytest.fixture(scope="session")
def small_plan() -> Plan:
    """The plan of the small profile."""
    return optimize(CompanyProfile.model_validate(copy.deepcopy(SMALL)))


@pytest.fixture(scope="session")
def example_plan() -> Plan:
    """The plan of the example company."""
    return optimize(CompanyProfile.from_file(EXAMPLE))


@pytest.fixture(scope="session")
def infeasible_plan() -> Plan:
    """A plan of rules in conflict."""
    content = copy.deepcopy(SMALL)
    content["rules"] = [
        {"kind": "spend_bounds", "bounds": {"sms": [15000, None]}},
        {"kind": "group_share", "select": "social", "low": 0.5},
        {"kind": "keep_working", "floor": 0.1},
    ]
    return optimize(CompanyProfile.model_validate(content))


@pytest.fixture(scope="session")
def plan_text(example_plan: Plan) -> str:
    """The example's plan as JSON."""
    return example_plan.to_json()


@pytest.fixture
def forged(plan_text: str) -> Callable[[Callable[[dict[str, Any]], None]], Plan]:
    """Change the example's plan as data, and read it back."""

    def forge(change: Callable[[dict[str, Any]], None]) -> Plan:
        data = json.loads(plan_text)
        change(data)
        return Plan.from_json(json.dumps(data))

    return forge


def _random_content(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    budget = float(10.0 ** rng.uniform(2.5, 6.5))
    purposes = [p for p in PURPOSES if rng.random() < 0.8] or ["promotion"]
    channels = [c for c in CHANNELS if rng.random() < 0.8] or ["sms"]
    markets = [f"M{i}" for i in range(int(rng.integers(1, 4)))]
    worth: dict[str, Any] = {
        "promotion": {"margin_per_order": float(rng.uniform(1.0, 100.0))},
        "service": {
            "inbound_contacts": float(10.0 ** rng.uniform(1.0, 5.0)),
            "value_per_resolution": float(rng.uniform(0.5, 30.0)),
        },
        "advocacy": {"value_per_exposure": float(10.0 ** rng.uniform(-4.0, -1.0))},
    }
    content: dict[str, Any] = {
        "name": f"Random {seed}",
        "sector": str(rng.choice(["retail", "banking", "other"])),
        "country": "DE",
        "currency": "EUR",
        "usd_rate": 0.9,
        "period": rng.choice(["week", "month", "quarter"]).item(),
        "periods": int(rng.integers(1, 13)),
        "scenario": {"kind": "fixed_budget", "amount": budget},
        "purposes": {purpose: worth[purpose] for purpose in purposes},
        "markets": [{"name": name, "customers": float(10.0 ** rng.uniform(2.0, 6.5))} for name in markets],
        "channels": {channel: _random_channel(rng, purposes, budget) for channel in channels},
    }
    if rng.random() < 0.4:
        own = _random_channel(rng, purposes, budget)
        content["channels"]["kiosk"] = {**own, "like": str(rng.choice(channels))}
    if rng.random() < 0.5 and len(markets) > 1:
        content["markets"][-1]["channels"] = {channels[0]: {"reachable_share": float(rng.random())}}
    content["rules"] = _random_rules(rng, content, budget)
    return content


def _random_channel(rng: np.random.Generator, purposes: list[str], budget: float) -> dict[str, Any]:
    channel: dict[str, Any] = {"reachable_share": float(rng.choice([0.0, 0.01, 0.2, 0.7]))}
    if rng.random() < 0.8:
        spend = {purpose: float(0.1 * budget * rng.random()) for purpose in purposes if rng.random() < 0.6}
        channel["current_spend"] = spend
    return channel


def _random_rules(rng: np.random.Generator, content: dict[str, Any], budget: float) -> list[dict[str, Any]]:
    """Rules that hold together: at most 80 % is kept, and every upper limit leaves room."""
    first = next(iter(content["channels"]))
    rules: list[dict[str, Any]] = []
    if any(any(c.get("current_spend", {}).values()) for c in content["channels"].values()):
        rules.append({"kind": "keep_working", "floor": float(rng.uniform(0.0, 0.6))})
    if len(content["channels"]) == 1:
        return rules
    if rng.random() < 0.5:
        rules.append({"kind": "group_share", "select": first, "high": 0.9})
    if rng.random() < 0.5:
        rules.append({"kind": "spend_bounds", "bounds": {first: [None, 0.85 * budget]}})
    if rng.random() < 0.3:
        rules.append({"kind": "linear_constraint", "coefficients": {first: 1.0, "all": -0.95}, "high": 0.0})
    return rules if rng.random() < 0.8 else []
