"""AllocationProblem and its standard form: box, scaling, charges, labels, bad input."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles import is_feasible, linear_program, random_curves, random_rules, rows_of

import channelmix as cm
from channelmix.engine.proof.duality import Leaf, dual_bound, excludes
from channelmix.engine.rules import LinearConstraint

NAMES = ["FR/sms", "FR/app", "DE/sms"]

NO_ENVELOPES: Any = ()
"""What `excludes` is given where no row is on outcome."""


def curves() -> cm.ResponseCurves:
    return cm.ResponseCurves.hill([3.0, 2.0, 1.0], [4.0, 1.0, 2.0], [2.0, 1.0, 3.0], names=NAMES)


def problem(*rules: Any, budget: float = 10.0, **options: Any) -> cm.AllocationProblem:
    return cm.AllocationProblem(curves(), cm.FixedBudget(budget), rules, **options)


def test_the_next_unit_is_beyond_the_point_that_a_plan_stands_on() -> None:
    """Up to rounding; away from points, and on smooth curves, the slope is the curve's to the last bit."""
    table = cm.ResponseCurves.tabulated([[0.0], [10.0], [30.0]], [[0.0], [20.0], [30.0]], names=["sms"])
    bent = cm.AllocationProblem(table, cm.FixedBudget(10.0))
    for spend, slope in ((5.0, 2.0), (10.0 - 1e-6, 0.5), (10.0, 0.5), (10.0 - 1e-3, 2.0), (0.0, 2.0)):
        assert bent.marginal([spend]) == pytest.approx([slope])
    smooth, mix = problem(), np.array([3.0, 2.0, 5.0])
    assert smooth.marginal(mix).tolist() == curves().derivative(mix).mean(axis=0).tolist()


@pytest.mark.no_cover
@given(seed=st.integers(0, 10**6))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_box_never_cuts_off_a_feasible_point(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    cells = random_curves(rng, n)
    inside = rng.random(n) * (rng.random(n) < 0.8) * 10.0 ** rng.uniform(-3, 6)
    budget = float(inside.sum() * rng.choice([1.0, 1.5, 10.0]))
    p = cm.AllocationProblem(cells, cm.FixedBudget(budget), random_rules(rng, cells.names, inside))
    form = p.standard
    assert not form.empty_box
    low_user, high_user = form.to_user(form.box_low), form.to_user(form.box_high)
    rounding = 1e-12 * budget
    assert (inside >= low_user - rounding).all()
    assert (inside <= high_user + rounding).all()
    # The ends of what is feasible on each cell, by linear programs with a tolerance of their own.
    A, low, high = rows_of(p)
    size = np.abs(A).max(axis=1, keepdims=True)
    G = np.concatenate([(A / size)[np.isfinite(high)], -(A / size)[np.isfinite(low)]])
    h = np.concatenate([(high / size[:, 0])[np.isfinite(high)], -(low / size[:, 0])[np.isfinite(low)]])
    for i in range(n):
        for sign in (1.0, -1.0):
            unit_cost = np.zeros(n)
            unit_cost[i] = sign
            end = linear_program(unit_cost, G, h)
            if end is not None and is_feasible(p, end, slack=1e-12):
                assert (end >= low_user - 1e-6 * budget).all()
                assert (end <= high_user + 1e-6 * budget).all()


def test_the_box_is_tight_where_one_row_says_it_all() -> None:
    p = problem(cm.SpendBounds({"FR": (6.0, None), "FR/app": (None, 2.0), "DE/sms": (1.0, None)}))
    np.testing.assert_allclose(p.standard.to_user(p.standard.box_low), [4.0, 0.0, 1.0])
    np.testing.assert_allclose(p.standard.to_user(p.standard.box_high), [9.0, 2.0, 6.0])


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_standard_form_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    cells = random_curves(rng, n, 3).rescaled(10.0 ** rng.uniform(-6, 6), 10.0 ** rng.uniform(-6, 6))
    rates = {name: float(rng.random()) for name in cells.names}
    budget = float(10.0 ** rng.uniform(-6, 6))
    p = cm.AllocationProblem(cells, cm.FixedBudget(budget), [cm.GroupShare("FR", 0.1, 0.9)], charge=rates)
    form = p.standard
    spend = rng.dirichlet(np.ones(n)) * budget
    assert form.to_user(form.from_user(spend)).tobytes() == spend.tobytes()
    assert sorted(form.order) == list(range(n))
    assert all(math.log2(unit).is_integer() for unit in form.unit)
    assert math.log2(form.outcome_unit).is_integer()
    assert all(math.log2(size).is_integer() for size in form.row_unit)
    assert 0.5 <= float(form.box_high.max()) <= 2.0
    standard = form.value(form.from_user(spend)) * form.outcome_unit
    assert standard == pytest.approx(p.value(spend), rel=1e-11, abs=1e-12 * p.gross(spend))
    A, low, high = rows_of(p)
    left = form.A @ form.from_user(spend) * form.row_unit
    np.testing.assert_allclose(left, A @ spend, rtol=1e-9, atol=1e-12 * budget)
    np.testing.assert_array_equal(form.low * form.row_unit, low)
    np.testing.assert_array_equal(form.high * form.row_unit, high)


def test_canonical_order_ignores_names_and_order() -> None:
    p, q = problem(), cm.AllocationProblem(curves().take([2, 0, 1]), cm.FixedBudget(10.0))
    first = [p.curves.names[i] for i in p.standard.order]
    assert first == [q.curves.names[i] for i in q.standard.order]


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_limit_on_a_small_market_counts_under_any_budget(size: float) -> None:
    p = problem(cm.SpendBounds({"FR": (None, 3e-9 * size)}), budget=size)
    inside = np.array([1e-9, 2e-9, 0.5]) * size
    outside = np.array([3e-9, 3e-9, 0.5]) * size
    assert p.standard.violation(p.standard.from_user(inside)) < 1e-15
    assert p.standard.violation(p.standard.from_user(outside)) > 0.1


@pytest.mark.parametrize("weight", [1e-6, 1.0, 1e6])
def test_violation_is_an_amount_of_spend_whatever_the_weights(weight: float) -> None:
    p = problem(LinearConstraint({"FR": weight}, high=4.0 * weight))
    assert p.violation([2.0, 2.0, 1.0]) == 0.0
    assert p.violation([3.0, 4.0, 0.0]) == pytest.approx(3.0)
    assert p.violation([-0.5, 0.0, 0.0]) == 0.5


def test_a_row_without_weights_is_measured_as_it_stands() -> None:
    impossible = problem(LinearConstraint({"FR/sms": 0.0}, low=1.0))
    assert impossible.violation([0.0, 0.0, 0.0]) == 1.0
    assert impossible.standard.violation(np.zeros(3)) == 1.0


def test_charges_add_up_and_are_taken_off() -> None:
    p = problem(charge={"FR": 0.1, "sms": 0.01, "FR/sms": 0.5})
    np.testing.assert_allclose(p.charges, [0.61, 0.1, 0.01])
    spend = [1.0, 2.0, 3.0]
    assert p.value(spend) == pytest.approx(p.gross(spend) - 0.61 - 0.2 - 0.03)
    assert p.gross(spend) == pytest.approx(float(curves().mean_value(spend).sum()))


def test_names_of_repeated_rules_are_told_apart() -> None:
    p = problem(
        cm.SpendBounds({"FR/sms": (0.0, 5.0)}),
        cm.SpendBounds({"FR/sms": (0.0, 7.0)}),
        cm.SpendBounds({"FR/sms": (0.0, 6.0), "DE": (0.0, 9.0)}),
        cm.ChangeLimit("sms", absolute=1.0),
        cm.ChangeLimit("FR", absolute=2.0),
        LinearConstraint({"all": 1.0}, low=1.0, name="agency"),
        LinearConstraint({"sms": 1.0}, high=9.0, name="agency"),
        current={"FR/sms": 1.0},
    )
    labels = [row.label for row in p.rows]
    assert len(set(labels)) == len(labels)
    assert [row.rule for row in p.rows][:4] == [
        "fixed_budget",
        "spend_bounds FR/sms",
        "spend_bounds FR/sms (2)",
        "spend_bounds FR/sms, DE",
    ]
    assert "agency (2)" in labels


BAD: dict[str, dict[str, Any]] = {
    "no scenario": {"scenario": None},
    "scenario among the constraints": {"constraints": [cm.FixedBudget(1.0)]},
    "constraint as scenario": {"scenario": cm.SpendBounds({"FR": (0, 1)})},
    "unknown selector": {"constraints": [cm.SpendBounds({"FRA": (0, 1)})]},
    "unknown charge": {"charge": {"zz": 1.0}},
    "negative charge": {"charge": {"FR": -1.0}},
    "charge NaN": {"charge": {"FR": math.nan}},
    "charge of words": {"charge": {"FR": "much"}},
    "unknown current": {"current": {"FR": 1.0}},
    "negative current": {"current": {"FR/sms": -1.0}},
    "current of words": {"current": {"FR/sms": "much"}},
    "change without current": {"constraints": [cm.KeepWorking()]},
    "risk": {"risk": "averse"},
    "carryover": {"carryover": 1},
    "curves": {"curves": [1, 2]},
}


@pytest.mark.parametrize("options", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(cm.InputError):
        cm.AllocationProblem(**{"curves": curves(), "scenario": cm.FixedBudget(1.0), **options})


def test_hint_for_a_mistyped_cell() -> None:
    with pytest.raises(cm.InputError, match='did you mean "FR/sms"'):
        problem(current={"FR/smss": 1.0})


def test_written_and_read_back() -> None:
    p = problem(
        cm.SpendBounds({"FR": (1.0, None)}),
        cm.KeepWorking(floor=0.25),
        charge={"sms": 0.1},
        current={"FR/app": 2.0},
    )
    back = cm.AllocationProblem.from_dict(json.loads(json.dumps(p.to_dict())))
    assert back.to_dict() == json.loads(json.dumps(p.to_dict()))
    spend = [1.0, 2.0, 3.0]
    assert back.value(spend) == p.value(spend)
    assert back.violation([0.0, 0.0, 9.0]) == p.violation([0.0, 0.0, 9.0]) == 1.0


@pytest.mark.parametrize("key", ["curves", "scenario", "constraints"])
@pytest.mark.parametrize("value", [None, 5, "x", [5], {}])
def test_damaged_data_are_refused(key: str, value: Any) -> None:
    data = copy.deepcopy(problem(cm.SpendBounds({"FR": (1.0, None)})).to_dict())
    if key == "constraints" and value == {}:
        del data[key]
    else:
        data[key] = value
    with pytest.raises(cm.InputError):
        cm.AllocationProblem.from_dict(data)


def test_zero_budget_has_a_box_of_nothing() -> None:
    form = problem(budget=0.0).standard
    assert not form.empty_box
    np.testing.assert_array_equal(form.box_high, 0.0)


def test_bounds_that_cross_by_rounding_do_not_conflict() -> None:
    p = problem(cm.SpendBounds({"FR/sms": (0.1, None), "FR/app": (0.2, None)}), budget=0.3)
    assert 0.1 + 0.2 > 0.3
    assert not p.standard.empty_box


def test_weak_duality_of_the_standard_form() -> None:
    rng = np.random.default_rng(4)
    p = problem(cm.GroupShare("FR", 0.2, 0.7), cm.SpendBounds({"DE": (1.0, 5.0)}), charge={"sms": 0.05})
    form = p.standard
    envelopes = form.envelopes(
        [np.linspace(a, b, 9) for a, b in zip(form.box_low, form.box_high, strict=True)]
    )
    spend = form.from_user(np.array([3.0, 3.0, 3.0]))
    assert form.violation(spend) == 0.0
    for _ in range(200):
        prices = rng.normal(size=form.A.shape[0]) * rng.integers(0, 2, form.A.shape[0])
        bound = dual_bound(form, envelopes, Leaf(form.box_low, form.box_high, prices, None))
        assert bound >= form.value(spend) - 1e-12
        assert not excludes(form, NO_ENVELOPES, Leaf(form.box_low, form.box_high, prices, None))


def test_open_sides_carry_no_price() -> None:
    form = problem().standard
    envelopes = form.envelopes([np.array([]) for _ in range(3)])
    leaf = Leaf(form.box_low, form.box_high, np.array([-1.0]), None)
    assert dual_bound(form, envelopes, leaf) == math.inf
    assert not excludes(form, NO_ENVELOPES, leaf)


def test_unknown_parts_of_a_written_problem_are_refused() -> None:
    made = cm.AllocationProblem(cm.ResponseCurves.power([1.0], 0.5), cm.FixedBudget(1.0))
    with pytest.raises(cm.InputError, match="carryover"):
        cm.AllocationProblem.from_dict({**made.to_dict(), "carryover": [1, 2]})


def test_what_rules_say_is_taken_over_to_other_curves() -> None:
    stated = problem(cm.SpendBounds({"FR/sms": (1.0, 4.0)}), cm.GroupShare("FR", 0.2, 0.8), budget=6.0)
    steeper = cm.ResponseCurves.hill([6.0, 1.0, 1.0], [4.0, 1.0, 2.0], [2.0, 1.0, 3.0], names=NAMES)
    spend = [2.0, 2.5, 1.5]
    several: list[dict[str, Any]] = [
        {"curves": steeper},
        {"risk": cm.MeanCVaR(0.5, 0.5)},
        {"curves": steeper, "risk": None},
    ]
    for changes in several:
        changed, anew = stated.but(**changes), dataclasses.replace(stated, **changes)
        assert changed.rows is stated.rows
        assert changed.value(spend) == anew.value(spend)
        assert changed.to_dict() == anew.to_dict()
    assert stated.value(spend) != stated.but(curves=steeper).value(spend)


def test_rules_are_read_anew_where_they_may_differ() -> None:
    stated = problem(cm.SpendBounds({"FR/sms": (1.0, 4.0)}), budget=6.0)
    smaller = stated.but(scenario=cm.FixedBudget(3.0))
    assert smaller.rows[0].high == 3.0
    other = cm.ResponseCurves.hill([3.0, 2.0], [4.0, 1.0], [2.0, 1.0], names=["FR/sms", "DE/app"])
    assert len(stated.but(curves=other).rows[0].coefficients.places) == 2
    with pytest.raises(cm.InputError, match="FR/sms"):
        stated.but(curves=cm.ResponseCurves.hill([3.0], [4.0], [2.0], names=["DE/app"])).violation([1.0])
