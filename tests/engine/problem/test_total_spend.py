"""The problem of total spend: what costs outcome is left out of it, and what limits spend stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.problem.total_spend import is_share, total_spend

NAMES = ["FR/sms", "FR/app", "DE/sms"]
TODAY = dict(zip(NAMES, (2.0, 1.0, 3.0), strict=True))
LIMIT, COST = cm.ChangeLimit("FR", relative=0.5), cm.ChangeLimit("DE", switching_cost=0.1)
BOTH = cm.ChangeLimit("FR", absolute=0.25, switching_cost=0.1)


def problem(*rules: Any, **more: Any) -> cm.AllocationProblem:
    curves = cm.ResponseCurves.hill([3.0, 2.0, 1.0], [4.0, 1.0, 2.0], [2.0, 1.0, 3.0], names=NAMES)
    return cm.AllocationProblem(curves, cm.FixedBudget(12.0), rules, current=TODAY, **more)


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (LIMIT, LIMIT),
        (COST, None),
        (BOTH, cm.ChangeLimit("FR", absolute=0.25)),
        (cm.GroupShare("FR", 0.1, 0.5), cm.GroupShare("FR", 0.1, 0.5)),
        (cm.EachPeriod(LIMIT), cm.EachPeriod(LIMIT)),
        (cm.EachPeriod(COST), None),
        (cm.EachPeriod(BOTH), cm.EachPeriod(cm.ChangeLimit("FR", absolute=0.25))),
    ],
    ids=str,
)
def test_costs_of_changes_are_left_out_and_limits_stay(rule: Any, left: Any) -> None:
    assert list(total_spend(problem(rule)).constraints) == ([] if left is None else [left])


def test_its_value_is_what_is_spent() -> None:
    p = total_spend(problem(BOTH, charge={"all": 0.5}))
    for spend in ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [4.0, 4.0, 4.0]):
        assert p.value(spend) == pytest.approx(sum(spend))
    assert p.scenario == cm.FixedBudget(12.0)
    assert p.risk is None
    assert p.curves.names == tuple(NAMES)


def test_over_time_spend_counts_when_it_is_spent() -> None:
    p = total_spend(problem(carryover=cm.Carryover([0.6, 0.4], 2, initial=[1.0])))
    assert p.value(np.arange(6.0)) == pytest.approx(15.0)


def test_a_scenario_without_limit_of_money_is_limited_by_the_rules() -> None:
    bounded = cm.AllocationProblem(
        problem().curves, cm.MaxProfit(), [cm.SpendBounds(dict.fromkeys(NAMES, (0.0, 2.5)))]
    )
    assert total_spend(bounded).scenario == cm.FixedBudget(7.5)
    open_ = cm.AllocationProblem(problem().curves, cm.MaxProfit(), [cm.SpendBounds({"FR": (0.0, 2.5)})])
    limit = total_spend(open_).scenario.limit
    assert limit is not None
    assert limit >= 1e6 * 2.5


def test_rules_on_shares() -> None:
    shares = [cm.GroupShare("FR", 0.1, 0.5), cm.EachPeriod(cm.GroupShare("FR", 0.1)), cm.Phasing((1.0, 2.0))]
    assert all(map(is_share, shares))
    assert not any(
        map(is_share, [LIMIT, cm.EachPeriod(LIMIT), cm.AtMostActive(2), cm.SpendBounds({"FR": (0, 1)})])
    )
