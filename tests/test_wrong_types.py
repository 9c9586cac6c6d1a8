"""What is of another type is refused in words, and not by whatever Python stumbles over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
            "what is joined must be of type ResponseCurves, not int",
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


def test_a_plan_is_of_a_profile(small: dict[str, Any], small_plan: Plan) -> None:
    profile = cm.CompanyProfile.model_validate(small)
    with pytest.raises(cm.InputError, match="plan must be of type Plan, not CompanyProfile"):
        api.sensitivity(profile, profile)
    with pytest.raises(cm.InputError, match="history must be a path, bytes or a DataFrame, not int"):
        api.fit_history(profile, 4, outcome_worth=1.0)
