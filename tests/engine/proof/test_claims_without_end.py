"""Claims that are not numbers, or without end, show nothing: they are refused even where little is claimed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.oracles.proven import made, solved

import channelmix as cm
from channelmix import Status


@pytest.mark.parametrize("bound", [math.inf, -math.inf, math.nan])
def test_a_bound_without_end_is_no_bound(bound: float) -> None:
    gap = math.inf if bound == math.inf else 0.0 if bound == -math.inf else math.nan
    claim = replace(solved(), upper_bound=bound, gap=gap, status=Status.NOT_CERTIFIED, requested_gap=math.inf)
    with pytest.raises(cm.CertificateError, match="upper bound claimed"):
        cm.verify(made().problem, claim)


@pytest.mark.parametrize("part", ["value", "gap", "upper_bound"])
@pytest.mark.parametrize("claimed", [math.inf, -math.inf, math.nan])
def test_claims_of_a_plan_are_numbers(part: str, claimed: float) -> None:
    changed: Any = {part: claimed, "status": Status.NOT_CERTIFIED}
    with pytest.raises(cm.CertificateError):
        cm.verify(made().problem, replace(solved(), **changed))


@pytest.mark.parametrize("part", ["problem", "solution"])
@pytest.mark.parametrize("wrong", [None, 5, "plan", {}])
def test_what_is_no_problem_or_solution_is_refused_by_name(part: str, wrong: Any) -> None:
    arguments: dict[str, Any] = {"problem": made().problem, "solution": solved(), part: wrong}
    with pytest.raises(cm.InputError, match=part):
        cm.verify(**arguments)


def infeasible() -> tuple[cm.AllocationProblem, cm.Solution]:
    curves = cm.ResponseCurves.hill([3.0, 2.0], [4.0, 1.0], [2.0, 1.0], names=["a", "b"])
    rules = [cm.SpendBounds({"a": (2.0, None)}), cm.LinearConstraint({"a": 1.0, "b": -1.0}, high=-3.0)]
    problem = cm.AllocationProblem(curves, cm.FixedBudget(5.0), rules)
    solution = cm.solve(problem)
    assert solution.status is Status.INFEASIBLE
    return problem, solution


@pytest.mark.parametrize(
    "changed",
    [
        {"value": 1.0},
        {"value": -math.inf},
        {"gap": 0.0},
        {"upper_bound": 0.0},
        {"upper_bound": math.inf},
        {"upper_bound": math.nan},
        {"spend": np.zeros(2)},
        {"spend": np.array([math.nan, 0.0])},
        {"conflicts": ("no such rule",)},
        {"conflicts": ("fixed_budget", "no such rule")},
        {"status": Status.UNBOUNDED},
        {"status": Status.NOT_CERTIFIED},
    ],
    ids=str,
)
def test_an_infeasible_problem_has_no_spend_and_no_value(changed: dict[str, Any]) -> None:
    problem, solution = infeasible()
    assert cm.verify(problem, solution).status is Status.INFEASIBLE
    with pytest.raises(cm.CertificateError):
        cm.verify(problem, replace(solution, **changed))
