"""A rule held in every period, against the same rule on each period by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.rules import Cells, rule_from_dict, rule_to_dict

NAMES = ("FR/sms/promotion", "FR/app/promotion")
SPEND = np.array([1.0, 2.0, 0.0, 5.0, 3.0, 0.0])


@pytest.mark.parametrize(
    "rule",
    [
        cm.SpendBounds({"sms": (0.5, 2.0), "all": (None, 4.0)}),
        cm.GroupShare("sms", 0.25, 0.5),
        cm.KeepWorking("all", floor=0.5),
        cm.ChangeLimit("app", relative=0.5),
        cm.LinearConstraint({"sms": 1.0, "app": -2.0}, high=0.0),
        cm.MinimumIfActive("all", 2.5),
        cm.AtMostActive(1),
        cm.PackSize("sms", 2.0),
        cm.ContactCap(3.0, per_spend={"FR/sms/promotion": 2.0, "FR/app/promotion": 0.5}),
    ],
    ids=lambda rule: rule.kind,
)
def test_every_period_keeps_the_rule_by_itself(rule: Any) -> None:
    current = np.array([1.0, 2.0])
    held = cm.EachPeriod(rule)
    cells = Cells(NAMES, np.tile(current, 3), n_periods=3)
    values = {one.key: one.value(SPEND) for one in held.auxiliaries(cells)}
    found = {row.label: row.violation(SPEND, values) for row in held.rows(cells)}
    expected = {}
    for t in range(3):
        own = Cells(("FR/sms/promotion", "FR/app/promotion"), current)
        spend = SPEND[2 * t : 2 * t + 2]
        states = rule.auxiliaries(own) if hasattr(rule, "auxiliaries") else []
        extra = {one.key: one.value(spend) for one in states}
        for row in rule.rows(own):
            expected[f"{row.label} period {t + 1}"] = row.violation(spend, extra)
    assert found == pytest.approx(expected)
    assert any(found.values())
    assert not all(found.values())


def test_states_of_one_period_are_one_variable_for_all_rules() -> None:
    cells = Cells(NAMES, n_periods=3)
    minimum, most = cm.EachPeriod(cm.MinimumIfActive("sms", 2.0)), cm.EachPeriod(cm.AtMostActive(1))
    keys = {one.key for one in minimum.auxiliaries(cells)}
    assert keys < {one.key for one in most.auxiliaries(cells)}
    assert len(keys) == 3


def test_it_travels() -> None:
    rule = cm.EachPeriod(cm.SpendBounds({"sms": (0.0, 2.0)}))
    data = rule_to_dict(rule)
    assert data == {
        "kind": "each_period",
        "rule": {"kind": "spend_bounds", "bounds": {"sms": (0.0, 2.0)}},
    }
    assert rule_from_dict(data) == rule
    for damaged in ({"kind": "each_period"}, {"kind": "each_period", "rule": 3}, {**data, "rule": data}):
        with pytest.raises(cm.InputError):
            rule_from_dict(damaged)


def test_a_typical_period_has_no_periods() -> None:
    rule = cm.EachPeriod(cm.MinimumIfActive("sms", 2.0))
    assert rule.rows(Cells(("FR/sms",))) == []
    assert rule.auxiliaries(Cells(("FR/sms",))) == []


def test_minimum_and_count_a_period_against_brute_force() -> None:
    """Two cells, two periods: at most one is on in each, with no less than 2."""
    curves = cm.ResponseCurves.power([1.0, 1.5], 0.5, names=["sms", "app"])
    carryover = cm.Carryover([1.0], 2, season=[1.0, 2.0])
    rules = [cm.EachPeriod(cm.AtMostActive(1)), cm.EachPeriod(cm.MinimumIfActive("all", 2.0))]
    problem = cm.AllocationProblem(curves, cm.FixedBudget(6.0), rules, carryover=carryover)
    solution = cm.solve(problem, gap=1e-6)
    steps = np.linspace(0.0, 6.0, 25)
    alone = [pair for step in steps if step == 0.0 or step >= 2.0 for pair in ([step, 0.0], [0.0, step])]
    pairs = [pair for pair in itertools.product(alone, alone) if np.sum(pair) <= 6.0]
    best = max(problem.value(pair) for pair in pairs)
    assert solution.status == cm.Status.OPTIMAL
    assert solution.value == pytest.approx(max(solution.value, best))
    assert best >= 0.99 * solution.value
    cm.verify(problem, solution)
