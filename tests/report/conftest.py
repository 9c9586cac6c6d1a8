"""Plans that a report must cope with."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import numpy as np
import pytest
from tests.conftest import EXAMPLE, SMALL

from channelmix.carryover import Carryover, geometric_weights
from channelmix.plan import Frontier, Plan, interval
from channelmix.problem import AllocationProblem
from channelmix.profile import CompanyProfile
from channelmix.recommender import optimize
from channelmix.tradeoff import frontier

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> & \"q\" 'q'"

PERIODS = 13


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
    return optimize(CompanyProfile.model_validate(content))


@pytest.fixture(scope="session")
def over_time(many_cells: Plan) -> Plan:
    """The same cells over thirteen periods, each with its own spend and outcome."""
    one = AllocationProblem.from_dict(many_cells.problem)
    season = 1.0 + 0.3 * np.sin(np.arange(PERIODS) / 2.0)
    problem = AllocationProblem(
        one.curves,
        one.scenario,
        carryover=Carryover(geometric_weights(0.5, 4), PERIODS, season=season),
        current=one.current,
    )
    rows = [row.model_dump(mode="json") for row in many_cells.allocation]
    waves = [1.0 + 0.5 * math.sin(t / 2.0) for t in range(PERIODS)]
    spend = np.array([[row["spend"] * wave for row in rows] for wave in waves])
    outcomes = problem.outcomes(spend)
    allocation = [
        row
        | {
            "period": t + 1,
            "spend": spend[t, i],
            "outcome": interval(outcomes[:, t * len(rows) + i]).model_dump(),
        }
        for t in range(PERIODS)
        for i, row in enumerate(rows)
    ]
    return changed(many_cells, allocation=allocation, problem=json.loads(json.dumps(problem.to_dict())))
