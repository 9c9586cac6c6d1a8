"""Every rule with a feasible and a violating point, and its way to JSON and back; no solver."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import channelmix
from channelmix import (
    AtMostActive,
    ChangeLimit,
    ContactCap,
    EachPeriod,
    FixedBudget,
    FlexibleBudget,
    GroupShare,
    InputError,
    KeepWorking,
    LinearConstraint,
    MinimumIfActive,
    ObservedRange,
    Pacing,
    PackSize,
    Phasing,
    ServiceLevel,
    SpendBounds,
    TargetOutcome,
)
from channelmix.engine.rules import Cells, Rule, rule_from_dict, rule_to_dict

UNTYPED: Any = channelmix  # for arguments that a type checker would refuse
NAMES = ("FR/sms/promotion", "FR/app/service", "DE/sms/promotion", "DE/app/promotion")
CELLS = Cells(NAMES, np.array([10.0, 20.0, 0.0, 40.0]))

CASES: list[tuple[str, Any, list[float], list[float], float]] = [
    ("budget", FixedBudget(100.0), [50, 0, 0, 50], [50, 0, 1, 50], 1.0),
    ("bounds high", SpendBounds({"sms": (None, 30.0)}), [10, 99, 20, 99], [10, 0, 22, 0], 2.0),
    ("bounds low", SpendBounds({"FR": (30.0, None)}), [10, 20, 0, 0], [10, 15, 99, 0], 5.0),
    ("bounds of a cell", SpendBounds({"FR/sms": (1.0, 2.0)}), [1.5, 0, 0, 0], [3, 0, 0, 0], 1.0),
    ("share low", GroupShare("app", low=0.5), [10, 20, 10, 0], [30, 10, 0, 10], 5.0),
    ("share high", GroupShare("DE", high=0.25), [10, 50, 10, 10], [0, 0, 10, 0], 7.5),
    ("change relative", ChangeLimit(relative=0.5), [5, 30, 0, 20], [5, 30, 0, 61], 1.0),
    ("change absolute", ChangeLimit("FR", absolute=5.0), [15, 15, 99, 99], [4, 15, 0, 0], 1.0),
    ("change both", ChangeLimit("app", relative=0.5, absolute=12.0), [0, 30, 0, 52], [0, 30, 0, 54], 2.0),
    ("change from nothing", ChangeLimit("DE/sms", relative=0.5), [9, 9, 0, 9], [9, 9, 1, 9], 1.0),
    ("keep working", KeepWorking(), [5, 10, 0, 20], [5, 10, 0, 18], 2.0),
    ("keep working floor", KeepWorking("DE", floor=1.0), [0, 0, 0, 40], [9, 9, 9, 36], 4.0),
    ("linear", LinearConstraint({"sms": 2.0, "FR": -1.0}, high=10.0), [5, 3, 4, 9], [5, 0, 4, 9], 3.0),
    ("observed range", ObservedRange("DE/sms", 2.0, 5.0), [0, 0, 2, 0], [0, 0, 6.5, 0], 1.5),
    ("linear low", LinearConstraint({"all": 1.0}, low=8.0, name="floor"), [2, 2, 2, 2], [2, 2, 2, 1], 1.0),
]


@pytest.mark.parametrize(("rule", "good", "bad", "by"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_one_feasible_and_one_violating_point(
    rule: Any, good: list[float], bad: list[float], by: float
) -> None:
    rows = rule.rows(CELLS)
    assert all(row.violation(np.array(good, dtype=float)) == 0.0 for row in rows)
    worst = max(rows, key=lambda row: row.violation(np.array(bad, dtype=float)))
    assert worst.violation(np.array(bad, dtype=float)) == pytest.approx(by)
    assert all(row.rule == rule.label for row in rows)
    assert len({row.label for row in rows}) == len(rows)


PERIODS = Cells(NAMES, np.tile([10.0, 20.0, 0.0, 40.0], 2), n_periods=2)
FACTS: list[tuple[Any, Cells, list[tuple[str | None, int | None, str | None]]]] = [
    (FixedBudget(1.0), CELLS, [(None, None, None)]),
    (TargetOutcome(1.0, 2.0), CELLS, [(None, None, None), ("max_amount", None, None)]),
    (FlexibleBudget(1.0, max_amount=2.0), CELLS, [("min_roi", None, None), ("max_amount", None, None)]),
    (SpendBounds({"sms": (0.0, 1.0), "DE": (None, 2.0)}), CELLS, [("sms", None, None), ("DE", None, None)]),
    (GroupShare("sms", 0.1, 0.2), CELLS, [(None, None, "low"), (None, None, "high")]),
    (ChangeLimit("sms", 0.1), CELLS, [(NAMES[0], None, None), (NAMES[2], None, None)]),
    (KeepWorking("FR"), PERIODS, [(name, t, None) for t in (1, 2) for name in NAMES[:2]]),
    (EachPeriod(KeepWorking("FR")), PERIODS, [(name, t, None) for t in (1, 2) for name in NAMES[:2]]),
    (EachPeriod(GroupShare("sms", high=0.2)), PERIODS, [(None, 1, "high"), (None, 2, "high")]),
    (MinimumIfActive("DE", 1.0), CELLS, [(NAMES[2], None, None), (NAMES[3], None, None)]),
    (PackSize("DE/sms", 1.0), CELLS, [(NAMES[2], None, None)]),
    (AtMostActive(1), CELLS, [(None, None, None)]),
    (ServiceLevel(0.5, spend={NAMES[1]: 1.0}), CELLS, [(NAMES[1], None, None)]),
    (ContactCap(1.0, per_spend=dict.fromkeys(NAMES, 1.0)), CELLS, [("FR", None, None), ("DE", None, None)]),
    (ContactCap(1.0, "DE", per_spend=dict.fromkeys(NAMES, 1.0)), PERIODS, [("DE", 1, None), ("DE", 2, None)]),
    (Pacing(0.1), PERIODS, [(None, 2, "up"), (None, 2, "down")]),
    (Phasing((1.0, 2.0)), PERIODS, [(None, 1, None), (None, 2, None)]),
    (ObservedRange(NAMES[0], 1.0, 2.0), CELLS, [(NAMES[0], None, None)]),
]


@pytest.mark.parametrize(("rule", "cells", "facts"), FACTS, ids=lambda value: getattr(value, "label", None))
def test_rows_say_what_they_limit(
    rule: Any, cells: Cells, facts: list[tuple[str | None, int | None, str | None]]
) -> None:
    rows = rule.rows(cells)
    assert [(row.part, row.period, row.side) for row in rows] == facts
    assert {row.kind for row in rows} == {rule.rule.kind if isinstance(rule, EachPeriod) else rule.kind}


def test_a_cell_whose_name_looks_like_a_period_is_no_period() -> None:
    cells = Cells(("sms/period 3", "app"))
    assert (cells.bases, cells.periods, cells.by_period()) == (cells.names, (None, None), {})
    assert Cells(("sms/period 3",), n_periods=2).bases == ("sms/period 3",) * 2


@pytest.mark.parametrize("rule", [c[1] for c in CASES], ids=[c[0] for c in CASES])
def test_written_to_json_and_read_back(rule: Any) -> None:
    data = json.loads(json.dumps(rule_to_dict(rule)))
    back = rule_from_dict(data)
    assert type(back) is type(rule)
    for one, other in zip(rule.rows(CELLS), back.rows(CELLS), strict=True):
        assert (one.rule, one.label, one.low, one.high) == (other.rule, other.label, other.low, other.high)
        np.testing.assert_array_equal(one.coefficients, other.coefficients)
    assert rule_to_dict(back) == rule_to_dict(rule_from_dict(rule_to_dict(rule))) or data == rule_to_dict(
        back
    )


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [
        ("all", [0, 1, 2, 3]),
        ("sms", [0, 2]),
        ("FR", [0, 1]),
        ("FR/sms", [0]),
        ("FR/promotion", [0]),
        ("promotion", [0, 2, 3]),
        ("DE/app/promotion", [3]),
    ],
)
def test_selectors(selector: str, chosen: list[int]) -> None:
    assert np.flatnonzero(CELLS.select(selector)).tolist() == chosen


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("smss", '"sms"'),
        ("promotions", '"promotion"'),
        ("FR/sms/promo", '"FR/sms/promotion"'),
        ("DE/ap/promotion", '"DE/app/promotion"'),
    ],
)
def test_an_unknown_selector_gets_the_nearest_name(selector: str, hint: str) -> None:
    with pytest.raises(InputError, match="no cell is selected") as caught:
        CELLS.select(selector)
    assert hint in str(caught.value)


@pytest.mark.parametrize("selector", ["", "zebra", "/", "sms/sms"])
def test_a_selector_of_nothing_is_an_error(selector: str) -> None:
    with pytest.raises(InputError, match="no cell is selected"):
        CELLS.select(selector)


BAD: dict[str, Callable[[], Any]] = {
    "budget below 0": lambda: FixedBudget(-1.0),
    "budget NaN": lambda: FixedBudget(math.nan),
    "budget endless": lambda: FixedBudget(math.inf),
    "budget missing": lambda: UNTYPED.FixedBudget(None),
    "budget true": lambda: FixedBudget(True),
    "budget text": lambda: UNTYPED.FixedBudget("9"),
    "bounds cross": lambda: SpendBounds({"sms": (2.0, 1.0)}),
    "bounds negative": lambda: SpendBounds({"sms": (-1.0, 1.0)}),
    "bounds of three": lambda: UNTYPED.SpendBounds({"sms": (0.0, 1.0, 2.0)}),
    "bounds of one": lambda: UNTYPED.SpendBounds({"sms": 5.0}),
    "no bounds": lambda: SpendBounds({}),
    "bounds without names": lambda: UNTYPED.SpendBounds([("sms", (0.0, 1.0))]),
    "shares cross": lambda: GroupShare("sms", 0.6, 0.5),
    "share above 1": lambda: GroupShare("sms", high=1.5),
    "share missing": lambda: UNTYPED.GroupShare("sms", low=None),
    "no change": lambda: ChangeLimit("sms"),
    "negative change": lambda: ChangeLimit(relative=-0.1),
    "floor above 1": lambda: KeepWorking(floor=1.1),
    "floor NaN": lambda: KeepWorking(floor=math.nan),
    "observed range crossed": lambda: ObservedRange("sms", 2.0, 1.0),
    "observed range open": lambda: UNTYPED.ObservedRange("sms", None, 1.0),
    "no weights": lambda: LinearConstraint({}, high=1.0),
    "weight missing": lambda: UNTYPED.LinearConstraint({"sms": None}, high=1.0),
    "weight endless": lambda: LinearConstraint({"sms": math.inf}, high=1.0),
    "weights without names": lambda: UNTYPED.LinearConstraint([1.0], high=1.0),
    "no sides": lambda: LinearConstraint({"sms": 1.0}),
    "sides cross": lambda: LinearConstraint({"sms": 1.0}, low=2.0, high=1.0),
    "name of 101 characters": lambda: LinearConstraint({"sms": 1.0}, high=1.0, name="x" * 101),
    "name a number": lambda: UNTYPED.LinearConstraint({"sms": 1.0}, high=1.0, name=5),
    **{
        f"name {name!r}": lambda name=name: LinearConstraint({"sms": 1.0}, high=1.0, name=name)  # type: ignore[misc]
        for name in ("", " ", " x", "a\nb", "\x1b[2J", "fixed_budget", "keep_working", "\ud800")
    },
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_the_meaningless_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(InputError):
        make()


@pytest.mark.parametrize("rule", [ChangeLimit(relative=0.1), KeepWorking()])
def test_rules_about_change_need_todays_spend(rule: Any) -> None:
    with pytest.raises(InputError, match="today's spend"):
        rule.rows(Cells(NAMES))


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "fixed_budgets", "amount": 1.0},
        {"amount": 1.0},
        {"kind": "fixed_budget"},
        {"kind": "fixed_budget", "amount": 1.0, "extra": 2},
        {"kind": "spend_bounds", "bounds": 3},
        {"kind": "group_share", "select": "sms", "low": 2.0},
    ],
)
def test_damaged_rules_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        rule_from_dict(data)


def test_a_mistyped_kind_gets_a_hint() -> None:
    with pytest.raises(InputError, match='did you mean "fixed_budget"'):
        rule_from_dict({"kind": "fixed_budgets", "amount": 1.0})


def test_rules_that_cannot_bind_state_no_row() -> None:
    assert GroupShare("sms").rows(CELLS) == []
    assert KeepWorking("DE/sms").rows(CELLS) == []


def test_weights_of_overlapping_selectors_add_up() -> None:
    (row,) = LinearConstraint({"all": 1.0, "sms": 2.0, "FR/sms": 4.0}, high=1.0).rows(CELLS)
    np.testing.assert_array_equal(row.coefficients, [7.0, 1.0, 3.0, 1.0])


def test_every_other_kind_is_no_name_for_a_rule() -> None:
    for kind in Rule.registered().keys() - {"linear_constraint"}:
        with pytest.raises(InputError, match="other than a kind of rule"):
            LinearConstraint({"all": 1.0}, high=1.0, name=kind)
    assert LinearConstraint({"all": 1.0}, high=1.0).name == "linear_constraint"
    assert LinearConstraint({"all": 1.0}, high=1.0, name="x" * 100).label == "x" * 100
