"""What the tests of several rooms share: small profiles, and plans that take a while to make."""

from __future__ import annotations

import copy
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.optimize import optimize

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

MEASURED_SEEDS = 3
"""Of a test over many seeds, the first so many count for coverage, and the rest, which run the same code, do not."""

MEASURED_CASES = 1
"""Of any other test of many cases, where most make a plan or a fit each: in the folders below, the first alone."""

COSTLY = tuple(
    str(Path(__file__).parent / room) for room in ("cli", "effectiveness", "recommender", "report")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave repeats out of the measure of coverage, as slow tests are that do what others do at once.

    Measuring makes Python half as slow again. All of these tests are run, and what they ran is not called covered.
    """
    seen: Counter[str] = Counter()
    for item in items:
        if not hasattr(item, "callspec"):
            continue
        test = item.nodeid.split("[")[0]
        seen[test] += 1
        repeats = str(item.path).startswith(COSTLY) and seen[test] > MEASURED_CASES
        if repeats or item.callspec.params.get("seed", 0) >= MEASURED_SEEDS:
            item.add_marker("no_cover")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many inputs were tried, and how to try the same ones again, where a number of them is asked for."""
    if "CHANNELMIX_FUZZ" in os.environ:
        reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
        count = sum(int(value) for one in reports for key, value in one.user_properties if key == "fuzzed")
        seed = os.environ.get("CHANNELMIX_FUZZ_SEED", "0")
        terminalreporter.write_line(f"{count:,} inputs tried with CHANNELMIX_FUZZ_SEED={seed}")


@pytest.fixture
def small() -> dict[str, Any]:
    """Content of a small valid profile of one's own to change: budget and today's spend are both 20,000."""
    return copy.deepcopy(SMALL)


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
