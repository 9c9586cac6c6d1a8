"""What is of another type is refused in words, and not by whatever Python stumbles over."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.plan import Plan

CURVES = cm.ResponseCurves.power([1.0, 2.0], 0.5, names=["sms", "app"])

PROBLEM = cm.AllocationProblem(CURVES, cm.FixedBudget(5.0))

api: Any = cm
"""The same functions, given what a type checker would refuse."""

Call = Callable[[Any], object]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda plan: api.optimize({}),
            "profile must be of type CompanyProfile, not dict: read one with CompanyProfile.from_file",
        ),
        (
            lambda plan: api.explain(PROBLEM),
            "what is asked about must be of type CompanyProfile or Plan, not AllocationProblem",
        ),
        (
            lambda plan: api.frontier(plan),
            "what is asked about must be of type CompanyProfile or AllocationProblem, not Plan",
        ),
        (lambda plan: api.frontier(PROBLEM, 5), "amounts must be of type Iterable or None, not int"),
        (
            lambda plan: api.information_value(3),
            "what is asked about must be of type CompanyProfile or AllocationProblem, not int",
        ),
        (
            lambda plan: api.information_value(PROBLEM, tests=["sms"]),
            "a test must be of type LiftTestDesign, not str",
        ),
        (lambda plan: api.sensitivity(3), "profile must be of type CompanyProfile, not int"),
        (lambda plan: api.compare(plan, 3), "the second plan must be of type Plan, not int"),
        (lambda plan: api.compare(None, plan), "the first plan must be of type Plan, not NoneType"),
        (lambda plan: api.solve(plan), "problem must be of type AllocationProblem, not Plan"),
        (lambda plan: api.verify(plan, 3), "problem must be of type AllocationProblem, not Plan"),
        (lambda plan: api.verify(PROBLEM, plan), "solution must be of type Solution, not Plan"),
        (
            lambda plan: api.AllocationProblem([1.0], cm.FixedBudget(5.0)),
            "curves must be of type ResponseCurves, not list",
        ),
        (
            lambda plan: api.AllocationProblem(CURVES, cm.FixedBudget(5.0), carryover=3),
            "carryover must be of type Carryover or None, not int",
        ),
        (
            lambda plan: api.AllocationProblem(CURVES, cm.FixedBudget(5.0), cm.KeepWorking()),
            "constraints must be of type Iterable, not KeepWorking",
        ),
        (
            lambda plan: api.ResponseCurves.concat([3]),
            "each part of concat must be of type ResponseCurves, not int",
        ),
        (
            lambda plan: api.fit_history(plan, b"", outcome_worth=1.0),
            "profile must be of type CompanyProfile, not Plan",
        ),
        (
            lambda plan: plan.to_html(explanation=plan),
            "explanation must be of type Explanation or None, not Plan",
        ),
        (lambda plan: plan.to_html(frontier=3), "frontier must be of type Frontier or None, not int"),
        (lambda plan: plan.to_html(tests=plan), "tests must be of type InformationValue or None, not Plan"),
        (lambda plan: plan.plot_frontier(None), "frontier must be of type Frontier, not NoneType"),
    ],
)
def test_what_was_expected_and_what_came_is_said(call: Call, said: str, small_plan: Plan) -> None:
    with pytest.raises(cm.InputError) as caught:
        call(small_plan)
    assert str(caught.value) == said


POSITIVE = "must be a number above 0, not"

SEED = "must be a whole number between 0 and 4294967295, not"

DRAWS = "must be a whole number between 1 and 4294967295, not"

TEXT = "text must be of type str or bytes, not"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda _: api.CompanyProfile.from_json({}), f"{TEXT} dict: model_validate reads Python's own types"),
        (lambda _: api.CompanyProfile.from_file(5), "path must be of type str or PathLike, not int"),
        (lambda _: api.Plan.from_json(None), f"{TEXT} NoneType"),
        (lambda _: api.Frontier.from_json(None), f"{TEXT} NoneType"),
        (lambda _: api.Evidence.from_json({}), f"{TEXT} dict"),
        (lambda _: api.Plan.from_file(None), "path must be of type str or PathLike, not NoneType"),
        (
            lambda profile: profile.with_evidence("evidence.json"),
            "evidence must be of type Evidence, not str: read it with Evidence.from_file or Evidence.from_json",
        ),
        (lambda profile: api.frontier(profile, "x"), "an amount must be a number, not 'x'"),
        (lambda _: api.frontier(PROBLEM, [1.0, None]), "an amount must be a number, not None"),
        (lambda _: api.frontier(PROBLEM, []), "amounts must hold at least one amount"),
        (
            lambda _: api.frontier(PROBLEM, points=2.5),
            "points must be a whole number between 2 and 1000, not 2.5",
        ),
        (lambda _: api.frontier(PROBLEM, gap="x"), f"gap {POSITIVE} 'x'"),
        (lambda _: api.frontier(PROBLEM, time_limit="x"), f"time_limit {POSITIVE} 'x'"),
        (lambda profile: api.frontier(profile, seed="x"), f"seed {SEED} 'x'"),
        (lambda profile: api.frontier(profile, n_draws=2.5), f"n_draws {DRAWS} 2.5"),
        (lambda profile: api.information_value(profile, n_draws=2.5), f"n_draws {DRAWS} 2.5"),
        (lambda _: api.information_value(PROBLEM, seed=True), f"seed {SEED} True"),
        (lambda _: api.information_value(PROBLEM, noise="x"), f"noise {POSITIVE} 'x'"),
        (lambda _: api.information_value(PROBLEM, test_periods=0), f"test_periods {POSITIVE} 0"),
        (lambda _: api.information_value(PROBLEM, period_days="x"), f"period_days {POSITIVE} 'x'"),
        (lambda _: api.information_value(PROBLEM, test_cost="x"), "test_cost must be a number, not 'x'"),
        (lambda _: api.information_value(PROBLEM, time_limit="x"), f"time_limit {POSITIVE} 'x'"),
        (lambda _: api.solve(PROBLEM, gap="x"), f"gap {POSITIVE} 'x'"),
        (lambda _: api.solve(PROBLEM, gap=float("inf")), f"gap {POSITIVE} inf"),
        (lambda _: api.solve(PROBLEM, time_limit=float("nan")), f"time_limit {POSITIVE} nan"),
        (lambda _: api.solve(PROBLEM, starts=[5]), "a start must be of type Mapping, not int"),
        (lambda _: api.solve(PROBLEM, solver=5), "solver must be of type str, not int"),
        (lambda profile: api.explain(profile, time_limit="x"), f"time_limit {POSITIVE} 'x'"),
        (lambda profile: api.explain(profile, gap="x"), f"gap {POSITIVE} 'x'"),
        (lambda profile: api.optimize(profile, time_limit="x"), f"time_limit {POSITIVE} 'x'"),
        (lambda profile: api.optimize(profile, time_limit=True), f"time_limit {POSITIVE} True"),
        (lambda profile: api.optimize(profile, gap="x"), f"gap {POSITIVE} 'x'"),
        (lambda profile: api.optimize(profile, n_draws="x"), f"n_draws {DRAWS} 'x'"),
    ],
)
def test_values_of_another_type_are_refused_before_work(call: Call, said: str, small: dict[str, Any]) -> None:
    profile = cm.CompanyProfile.model_validate(small)
    with pytest.raises(cm.InputError) as caught:
        call(profile)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"experiments": 5}, "experiments must be of type str or PathLike or Iterable, not int"),
        ({"experiments": [5]}, "a lift test must be of type LiftTest, not int"),
        ({"seed": -1}, f"seed {SEED} -1"),
        ({"outcome_worth": "18"}, f"the worth of a unit of outcome {POSITIVE} '18'"),
        ({"outcome": None}, "outcome must be of type str, not NoneType: name a column"),
        ({"date": 5}, "date must be of type str, not int: name a column"),
        ({"market": 5}, "market must be of type str or None, not int: name a column"),
        ({"controls": 5}, "controls must be of type Iterable, not int"),
        ({"controls": [5]}, "a control must be of type str, not int: name a column"),
        ({"controls": "promo"}, "controls must be a list of columns, not 'promo': write ['promo']"),
        ({"cost_per_unit": 5}, "cost_per_unit must be of type Mapping or None, not int"),
        ({"cost_per_unit": {5: 1.0}}, "what costs are stated of must be of type str, not int: name a column"),
        (
            {"cost_per_unit": {"sms": None}},
            f"standard input: the cost of a unit of sms {POSITIVE} None",
        ),
    ],
)
def test_what_is_said_of_a_history_is_refused_before_a_fit(
    stated: dict[str, Any], said: str, small: dict[str, Any]
) -> None:
    profile = cm.CompanyProfile.model_validate(small)
    rows = b"date,outcome,sms,promo\n1,9,4,0\n2,8,3,1\n"
    with pytest.raises(cm.InputError) as caught:
        api.fit_history(profile, rows, **{"outcome_worth": 18.0, **stated})
    assert str(caught.value) == said


def test_numbers_of_numpy_and_time_without_end_are_taken() -> None:
    solution = api.solve(PROBLEM, gap=np.float32(1e-3), time_limit=math.inf)
    assert solution.gap <= 1e-3
    found = api.frontier(PROBLEM, np.array([5, 20]), seed=np.int64(3))
    assert [round(point.outcome, 2) for point in found.points] == [5.0, 10.0]


def test_a_plan_is_of_a_profile(small: dict[str, Any], small_plan: Plan) -> None:
    profile = cm.CompanyProfile.model_validate(small)
    with pytest.raises(cm.InputError, match="plan must be of type Plan, not CompanyProfile"):
        api.sensitivity(profile, profile)
    with pytest.raises(cm.InputError, match="history must be a path, bytes or a DataFrame, not int"):
        api.fit_history(profile, 4, outcome_worth=1.0)
