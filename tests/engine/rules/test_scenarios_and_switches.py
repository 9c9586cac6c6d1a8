"""Scenarios beyond a budget, and whole-numbered rules: what they say, refuse and write; no solver."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.rules import Cells, rule_from_dict, rule_to_dict

UNTYPED: Any = cm  # for arguments that a type checker would refuse
NAMES = ("FR/sms/promotion", "FR/app/service", "DE/sms/promotion", "DE/app/promotion")
CELLS = Cells(NAMES, np.array([10.0, 20.0, 0.0, 40.0]))

RULES: dict[str, Any] = {
    "target_outcome": cm.TargetOutcome(5.0),
    "target_outcome within": cm.TargetOutcome(5.0, max_amount=2.0),
    "flexible_budget roi": cm.FlexibleBudget(min_roi=2.0),
    "flexible_budget both": cm.FlexibleBudget(min_roi=2.0, min_marginal_roi=0.5, max_amount=9.0),
    "max_profit": cm.MaxProfit(),
    "max_profit within": cm.MaxProfit(3.0),
    "minimum_if_active": cm.MinimumIfActive("sms", 5.0),
    "at_most_active": cm.AtMostActive(2),
    "at_most_active of": cm.AtMostActive(0, "FR", of="channel"),
    "activation_fee": cm.ActivationFee("DE/sms", 3.0),
    "pack_size": cm.PackSize("all", 2.5),
    "change_limit": cm.ChangeLimit("app", switching_cost=0.3),
}


def stated(rule: Any) -> list[Any]:
    """Rows and auxiliary variables of a rule, as plain data."""
    rows = [
        (r.rule, r.label, r.coefficients.tolist(), r.low, r.high, dict(r.extra), r.outcome)
        for r in rule.rows(CELLS)
    ]
    more = rule.auxiliaries(CELLS) if hasattr(rule, "auxiliaries") else []
    return [*rows, *((a.key, a.cells.tolist(), a.fee, a.charge, a.integer) for a in more)]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_written_to_json_and_read_back(rule: Any) -> None:
    data = json.loads(json.dumps(rule_to_dict(rule)))
    back = rule_from_dict(data)
    assert back == rule
    assert stated(back) == stated(rule)
    assert None not in data.values()
    assert "selector" not in data


LABELS: dict[str, Any] = {
    "target_outcome": cm.TargetOutcome(1.0),
    "flexible_budget": cm.FlexibleBudget(min_roi=1.0),
    "max_profit": cm.MaxProfit(),
    "minimum_if_active FR/sms": cm.MinimumIfActive("FR/sms", 1.0),
    "at_most_active": cm.AtMostActive(1),
    "at_most_active FR": cm.AtMostActive(1, "FR"),
    "at_most_active market": cm.AtMostActive(1, of="market"),
    "at_most_active purpose DE": cm.AtMostActive(1, "DE", "purpose"),
    "activation_fee app": cm.ActivationFee("app", 1.0),
    "pack_size all": cm.PackSize("all", 1.0),
}


@pytest.mark.parametrize(("label", "rule"), LABELS.items(), ids=LABELS.keys())
def test_labels(label: str, rule: Any) -> None:
    assert rule.label == label
    assert all(row.rule == label for row in rule.rows(CELLS) if not isinstance(rule, cm.FlexibleBudget))


BAD: dict[str, Callable[[], Any]] = {
    "target below 0": lambda: cm.TargetOutcome(-1.0),
    "target NaN": lambda: cm.TargetOutcome(math.nan),
    "target missing": lambda: UNTYPED.TargetOutcome(None),
    "target with a negative limit": lambda: cm.TargetOutcome(1.0, max_amount=-1.0),
    "flexible without an aim": lambda: cm.FlexibleBudget(),
    "flexible with a limit alone": lambda: cm.FlexibleBudget(max_amount=5.0),
    "roi of 0": lambda: cm.FlexibleBudget(min_roi=0.0),
    "roi below 0": lambda: cm.FlexibleBudget(min_roi=-1.0),
    "marginal roi of 0": lambda: cm.FlexibleBudget(min_marginal_roi=0.0),
    "marginal roi endless": lambda: cm.FlexibleBudget(min_marginal_roi=math.inf),
    "roi of words": lambda: UNTYPED.FlexibleBudget(min_roi="2"),
    "profit with a negative limit": lambda: cm.MaxProfit(-1.0),
    "profit with an endless limit": lambda: cm.MaxProfit(math.inf),
    "minimum below 0": lambda: cm.MinimumIfActive("sms", -1.0),
    "minimum NaN": lambda: cm.MinimumIfActive("sms", math.nan),
    "count below 0": lambda: cm.AtMostActive(-1),
    "count of a half": lambda: UNTYPED.AtMostActive(1.5),
    "count true": lambda: cm.AtMostActive(True),
    "counts of what is none": lambda: UNTYPED.AtMostActive(1, of="country"),
    "fee below 0": lambda: cm.ActivationFee("sms", -1.0),
    "fee endless": lambda: cm.ActivationFee("sms", math.inf),
    "packs of 0": lambda: cm.PackSize("sms", 0.0),
    "packs below 0": lambda: cm.PackSize("sms", -2.0),
    "packs true": lambda: cm.PackSize("sms", True),
    "switching cost below 0": lambda: cm.ChangeLimit(switching_cost=-1.0),
    "switching cost NaN": lambda: cm.ChangeLimit(switching_cost=math.nan),
    "kind by place": lambda: UNTYPED.MaxProfit(1.0, "max_profit"),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_the_meaningless_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises((cm.InputError, TypeError)):
        make()


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "target_outcome"},
        {"kind": "target_outcome", "amount": 1.0, "amounts": 2.0},
        {"kind": "flexible_budget"},
        {"kind": "flexible_budget", "min_roi": 0.0},
        {"kind": "minimum_if_active", "select": "sms"},
        {"kind": "at_most_active", "count": 1.5},
        {"kind": "at_most_active", "count": 1, "of": "cells"},
        {"kind": "activation_fee", "amount": 1.0},
        {"kind": "pack_size", "select": "sms", "size": 0.0},
    ],
)
def test_damaged_rules_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(cm.InputError):
        rule_from_dict(data)


@pytest.mark.parametrize(
    "rule", [cm.MinimumIfActive("smss", 1.0), cm.ActivationFee("smss", 1.0), cm.PackSize("smss", 1.0)]
)
def test_a_mistyped_selector_gets_a_hint(rule: Any) -> None:
    for tell in (rule.rows, rule.auxiliaries):
        with pytest.raises(cm.InputError, match='did you mean "sms"'):
            tell(CELLS)


def test_counting_parts_needs_cells_of_three_parts() -> None:
    rule = cm.AtMostActive(1, of="channel")
    with pytest.raises(cm.InputError, match="market/channel/purpose"):
        rule.rows(Cells(("FR/sms", "DE/app")))
    assert len(cm.AtMostActive(1).auxiliaries(Cells(("FR/sms", "DE/app")))) == 2


def test_a_cost_of_change_needs_todays_spend() -> None:
    rule = cm.ChangeLimit(switching_cost=1.0)
    with pytest.raises(cm.InputError, match="today's spend"):
        rule.auxiliaries(Cells(NAMES))


def violation(rule: Any, spend: list[float], outcome: float = 0.0) -> float:
    """Largest violation of a rule's rows, its auxiliary variables told from spend."""
    array = np.array(spend, dtype=float)
    more = rule.auxiliaries(CELLS) if hasattr(rule, "auxiliaries") else []
    extra = {one.key: one.value(array) for one in more}
    return max((row.violation(array, extra, outcome) for row in rule.rows(CELLS)), default=0.0)


POINTS: list[tuple[str, Any, list[float], list[float], float]] = [
    ("minimum", cm.MinimumIfActive("sms", 5.0), [5, 1, 0, 1], [3, 0, 0, 0], 2.0),
    ("count", cm.AtMostActive(2), [1, 1, 0, 0], [1, 1, 1, 0], 1.0),
    ("count of markets", cm.AtMostActive(1, of="market"), [1, 1, 0, 0], [1, 0, 0, 1], 1.0),
    ("count of channels", cm.AtMostActive(1, of="channel"), [1, 0, 1, 0], [1, 0, 0, 1], 1.0),
    ("count of purposes", cm.AtMostActive(1, of="purpose"), [1, 0, 1, 1], [1, 1, 0, 0], 1.0),
    ("count of a selection", cm.AtMostActive(0, "DE"), [9, 9, 0, 0], [0, 0, 1, 0], 1.0),
    ("packs", cm.PackSize("app", 2.5), [1, 5, 1, 7.5], [0, 5, 0, 6.5], 1.0),
    ("profit", cm.MaxProfit(3.0), [1, 1, 1, 0], [1, 1, 1, 1], 1.0),
    ("target's money", cm.TargetOutcome(0.0, 3.0), [1, 1, 1, 0], [1, 1, 1, 1], 1.0),
]


@pytest.mark.parametrize(("rule", "good", "bad", "by"), [p[1:] for p in POINTS], ids=[p[0] for p in POINTS])
def test_one_feasible_and_one_violating_point(
    rule: Any, good: list[float], bad: list[float], by: float
) -> None:
    assert violation(rule, good) == 0.0
    assert violation(rule, bad) == pytest.approx(by)


def test_rows_about_outcome() -> None:
    assert violation(cm.TargetOutcome(5.0), [1, 0, 0, 0], outcome=5.0) == 0.0
    assert violation(cm.TargetOutcome(5.0), [9, 9, 9, 9], outcome=4.0) == pytest.approx(1.0)
    roi = cm.FlexibleBudget(min_roi=2.0)
    assert violation(roi, [1, 1, 0, 0], outcome=4.0) == 0.0
    assert violation(roi, [1, 1, 1, 0], outcome=4.0) == pytest.approx(2.0)
    assert cm.FlexibleBudget(min_marginal_roi=2.0).rows(CELLS) == []


def test_fees_count_as_money() -> None:
    fees = {"on:0": 3.0}
    cells = Cells(NAMES, fees=fees)
    spend = np.array([1.0, 1.0, 0.0, 0.0])
    (budget,) = cm.FixedBudget(5.0).rows(cells)
    assert budget.violation(spend, {"on:0": 1.0}) == 0.0
    assert budget.violation(spend + 0.5, {"on:0": 1.0}) == pytest.approx(2.0)
    (roi,) = cm.FlexibleBudget(min_roi=2.0).rows(cells)
    assert roi.violation(spend, {"on:0": 1.0}, 10.0) == 0.0
    assert roi.violation(spend, {"on:0": 1.0}, 9.0) == pytest.approx(1.0)


def test_rules_on_the_same_cells_share_one_state() -> None:
    one = cm.MinimumIfActive("FR/sms", 1.0).auxiliaries(CELLS)[0]
    other = cm.ActivationFee("FR/sms/promotion", 1.0).auxiliaries(CELLS)[0]
    assert one.key == other.key
    assert cm.ActivationFee("FR", 1.0).auxiliaries(CELLS)[0].key != one.key


def test_auxiliary_variables_in_their_box_and_links() -> None:
    rng = np.random.default_rng(4)
    low, high = np.zeros(4), np.array([2.0, 10.0, 3.0, 60.0])
    rules: list[Any] = [
        cm.ActivationFee("FR", 1.0),
        cm.MinimumIfActive("all", 1.0),
        cm.PackSize("all", 0.5),
        cm.ChangeLimit(switching_cost=1.0),
    ]
    for _ in range(100):
        packs = np.floor(rng.uniform(low, high) * 2.0) / 2.0
        spend = packs * rng.integers(0, 2, 4)
        for one in (one for rule in rules for one in rule.auxiliaries(CELLS)):
            value = one.value(spend)
            ends = one.box(low, high)
            assert ends[0] <= value <= ends[1]
            for weights, own, least, most in one.links(high):
                assert least - 1e-12 <= weights @ spend + own * value <= most + 1e-12
