"""Shares that no spend can have are infeasible, though a plan of nothing obeys their rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix import Status

CURVES = cm.ResponseCurves.hill([900.0, 700.0], [300.0, 150.0], [2.5, 1.2], names=["social", "sms"])

UPPER = (cm.GroupShare("social", high=0.4), cm.GroupShare("sms", high=0.5))
LOWER = (cm.GroupShare("social", low=0.6), cm.GroupShare("sms", low=0.5))


def problem(*rules: Any, scenario: Any = None, **options: Any) -> cm.AllocationProblem:
    return cm.AllocationProblem(CURVES, scenario or cm.FixedBudget(400.0), rules, **options)


def refuted(p: cm.AllocationProblem) -> cm.Solution:
    solution = cm.solve(p)
    assert solution.status is cm.verify(p, solution).status is Status.INFEASIBLE
    assert np.isnan(solution.spend).all()
    return solution


@pytest.mark.parametrize("shares", [UPPER, LOWER], ids=["upper", "lower"])
@pytest.mark.parametrize(
    "scenario",
    [
        cm.FixedBudget(400.0),
        cm.MaxProfit(),
        cm.MaxProfit(max_amount=400.0),
        cm.FlexibleBudget(min_roi=1.5),
        cm.FlexibleBudget(min_marginal_roi=1.5, max_amount=400.0),
    ],
    ids=lambda scenario: scenario.kind,
)
def test_shares_that_add_up_to_less_or_more_than_one(shares: Any, scenario: Any) -> None:
    p = problem(*shares, scenario=scenario)
    assert refuted(p).conflicts == ("group_share social", "group_share sms")


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (
            (cm.GroupShare("social", high=0.4), cm.SpendBounds({"sms": (0.0, 0.0)})),
            ("group_share social", "spend_bounds sms"),
        ),
        (
            (cm.GroupShare("social", high=0.4), cm.MinimumIfActive("sms", 500.0)),
            ("fixed_budget", "group_share social", "minimum_if_active sms"),
        ),
        (
            (cm.GroupShare("social", high=0.4), cm.GroupShare("sms", high=0.7), cm.AtMostActive(1)),
            ("group_share social", "group_share sms", "at_most_active"),
        ),
        (
            (*UPPER, cm.ChangeLimit(switching_cost=0.5)),
            ("group_share social", "group_share sms"),
        ),
    ],
    ids=["barred", "minimum", "at most", "switching cost"],
)
def test_rules_beside_the_shares(rules: Any, named: tuple[str, ...]) -> None:
    current = {"social": 10.0} if any(isinstance(r, cm.ChangeLimit) for r in rules) else None
    assert refuted(problem(*rules, current=current)).conflicts == named


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (
            (cm.EachPeriod(cm.GroupShare("social", high=0.4)), cm.GroupShare("sms", high=0.5)),
            ("group_share social", "group_share sms"),
        ),
        ((cm.Phasing((1.0, 0.0, 0.0)), cm.Phasing((0.0, 1.0, 0.0))), ("phasing", "phasing (2)")),
    ],
    ids=["each period", "phasing"],
)
def test_over_periods(rules: Any, named: tuple[str, ...]) -> None:
    carryover = cm.Carryover([0.6, 0.4], 3, season=[0.0, 1.0, 2.0])
    assert refuted(problem(*rules, carryover=carryover)).conflicts == named


@pytest.mark.parametrize(
    ("rules", "scenario"),
    [
        (UPPER, cm.FixedBudget(0.0)),
        ((*UPPER, cm.AtMostActive(0)), cm.FixedBudget(400.0)),
        ((cm.GroupShare("social", high=0.4),), cm.FlexibleBudget(min_roi=100.0)),
    ],
    ids=["no budget", "none active", "nothing pays"],
)
def test_nothing_is_a_plan_where_shares_are_not_to_blame(rules: Any, scenario: Any) -> None:
    p = problem(*rules, scenario=scenario)
    solution = cm.solve(p)
    assert solution.status is cm.verify(p, solution).status is Status.OPTIMAL
    assert not solution.spend.any()


def test_thirds_written_as_decimals_of_the_machine_add_up() -> None:
    curves = cm.ResponseCurves.hill([9.0, 7.0, 3.0], [3.0, 1.0, 1.0], [2.5, 1.2, 1.0], names=["a", "b", "c"])
    p = cm.AllocationProblem(curves, cm.FixedBudget(4.0), [cm.GroupShare(x, high=1.0 / 3.0) for x in "abc"])
    assert cm.solve(p).spend == pytest.approx([4.0 / 3.0] * 3)


def test_forged_claims_are_caught() -> None:
    p = problem(*UPPER)
    solution = refuted(p)
    feasible = problem(cm.GroupShare("social", high=0.4), cm.GroupShare("sms", high=0.7))
    for other in (feasible, problem(), problem(cm.SpendBounds({"sms": (0.0, 1.0)}))):
        with pytest.raises(cm.CertificateError):
            cm.verify(other, solution)
    weak = replace(solution.proof, prices=0.5 * solution.proof.prices)
    with pytest.raises(cm.CertificateError, match="leaves something to spend"):
        cm.verify(p, replace(solution, proof=weak))
    with pytest.raises(cm.CertificateError, match="bounds total spend"):
        cm.verify(p, replace(solution, status=Status.OPTIMAL))
    with pytest.raises(cm.CertificateError, match="are not shown to leave anything"):
        cm.verify(p, replace(solution, proof=replace(solution.proof, witness=np.array([401.0, 0.0]))))
    with pytest.raises(cm.CertificateError, match="do not exist"):
        cm.verify(p, replace(solution, conflicts=("group_share app",)))
    read = type(solution.proof).from_dict(solution.proof.to_dict())
    assert cm.verify(p, replace(solution, proof=read)).leaves == 1


@pytest.mark.parametrize(
    ("budget", "rules"),
    [(0.0, ()), (400.0, (cm.SpendBounds({"all": (0.0, 0.0)}),))],
    ids=["no budget", "all barred"],
)
@pytest.mark.parametrize("witness", [[0.0, 0.0], [1.0, 1.0], [1e-30, 0.0]])
def test_a_plan_of_nothing_is_not_infeasible_for_any_share(
    budget: float, rules: Any, witness: list[float]
) -> None:
    p = problem(cm.GroupShare("social", high=0.9), *rules, scenario=cm.FixedBudget(budget))
    solution = cm.solve(p)
    assert cm.verify(p, solution).status is Status.OPTIMAL
    nothing: dict[str, Any] = {
        "spend": np.full(2, np.nan),
        "value": np.nan,
        "gap": np.nan,
        "upper_bound": -np.inf,
    }
    proof = replace(solution.proof, grids=(), witness=np.array(witness))
    forged = replace(
        solution, status=Status.INFEASIBLE, conflicts=("group_share social",), proof=proof, **nothing
    )
    with pytest.raises(cm.CertificateError):
        cm.verify(p, forged)
