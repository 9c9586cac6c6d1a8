"""Plans that a report must cope with."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from tests.conftest import EXAMPLE, SMALL

from channelmix.plan import CautiousPlan, Explanation, Frontier, InformationValue, Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.explain.explain import explain
from channelmix.recommender.frontier import frontier
from channelmix.recommender.information_value.information_value import information_value
from channelmix.recommender.optimize.optimize import optimize

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> & \"q\" 'q'"

WEEKS = 4


def changed(plan: Plan, **parts: Any) -> Plan:
    """Read a plan back with other parts."""
    return Plan.from_json(json.dumps(json.loads(plan.to_json()) | parts))


@pytest.fixture(scope="session")
def example_frontier() -> Frontier:
    """What other budgets would bring to the example company; the first is too small for its rules."""
    return frontier(CompanyProfile.from_file(EXAMPLE), [60000.0, 100000.0, 135000.0, 180000.0])


@pytest.fixture(scope="session")
def many_cells() -> Plan:
    """Three markets, five channels and three purposes, with names that would be code if they were not escaped."""
    return optimize(CompanyProfile.model_validate(_many_cells()))


@pytest.fixture(scope="session")
def over_time() -> Plan:
    """The same cells over four weeks with a season, with spend on two channels that acts on."""
    timing = {
        "season": {"promotion": [1.0, 1.0, 1.5, 2.0]},
        "carryover": {
            "sms": {"kind": "geometric", "half_life": 0.3},
            "app/service": {"kind": "geometric", "half_life": 0.2},
        },
    }
    parts = {"period": "week", "periods": WEEKS, "timing": timing, "switched_off": ["word_of_mouth"]}
    return optimize(CompanyProfile.model_validate(_many_cells() | parts), n_draws=8, gap=0.1)


@pytest.fixture(scope="session")
def quarter() -> Plan:
    """A small company's plan of thirteen weeks."""
    timing = {
        "season": {"promotion": [1.0] * 10 + [1.5, 2.0, 2.0]},
        "carryover": {"promotion": {"kind": "geometric", "half_life": 1.0}},
    }
    parts = {"period": "week", "periods": 13, "timing": timing, "switched_off": ["word_of_mouth"]}
    return optimize(CompanyProfile.model_validate(copy.deepcopy(SMALL) | parts), n_draws=16, gap=0.05)


def _many_cells() -> dict[str, Any]:
    content = copy.deepcopy(SMALL)
    content["name"] = HOSTILE
    content["markets"] = [
        {"name": "FR", "customers": 2e5},
        {"name": "Deutschland und Österreich <b>", "customers": 3e5},
        {"name": "UK&amp;", "customers": 1e5},
    ]
    content["channels"]["<script>kiosk"] = {
        "like": "im",
        "reachable": 1e4,
        "current_spend": {"promotion": 1500.0, "service": 500.0},
    }
    content["rules"] = [{"kind": "keep_working", "floor": 0.5}]
    content["scenario"]["amount"] = 60000.0
    return content


@pytest.fixture(scope="session")
def explained(small_plan: Plan) -> Explanation:
    """Why the small company's plan is as it is."""
    return explain(small_plan)


@pytest.fixture(scope="session")
def valued() -> InformationValue:
    """What it is worth to the small company to know more."""
    found = information_value(CompanyProfile.model_validate(copy.deepcopy(SMALL)), n_draws=32)
    spend = {row.cell: row.planned for row in found.spread}
    careful = CautiousPlan(
        name="safe improvement on the baseline",
        outcome=found.outcome,
        gap=0.0,
        given_up_low=10.0,
        given_up_high=20.0,
        tail_outcome=0.0,
        tail_gained=30.0,
        safer=40.0,
        spend=spend,
    )
    return found.model_copy(update={"cautious": [careful]})
