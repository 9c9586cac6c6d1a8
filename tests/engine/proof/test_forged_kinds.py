"""Proofs of every kind forged: scenarios with a row of outcome, whole numbers, several periods, a limit of money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix import Status
from channelmix.engine.problem.money_limits import limited
from channelmix.engine.proof.solution import Proof

NAMES = ["FR/sms/promotion", "FR/app/service", "DE/sms/service"]


def hill() -> cm.ResponseCurves:
    return cm.ResponseCurves.hill([6.0, 5.0, 4.0], [1.5, 1.0, 0.5], [3.0, 1.0, 2.0], names=NAMES)


SWITCHED: list[Any] = [
    cm.MinimumIfActive("all", 1.0),
    cm.AtMostActive(2),
    cm.ActivationFee("sms", 0.4),
    cm.PackSize("FR/app", 0.75),
]
KINDS: dict[str, Callable[[], cm.AllocationProblem]] = {
    "target": lambda: cm.AllocationProblem(hill(), cm.TargetOutcome(7.0)),
    "roi": lambda: cm.AllocationProblem(hill(), cm.FlexibleBudget(min_roi=3.0)),
    "marginal": lambda: cm.AllocationProblem(hill(), cm.FlexibleBudget(min_marginal_roi=1.5)),
    "profit": lambda: cm.AllocationProblem(hill(), cm.MaxProfit()),
    "integer": lambda: cm.AllocationProblem(hill(), cm.FixedBudget(3.0), SWITCHED),
    "integer target": lambda: cm.AllocationProblem(hill(), cm.TargetOutcome(6.0), SWITCHED),
    "time": lambda: cm.AllocationProblem(
        hill().take([0, 1]), cm.FixedBudget(4.0), carryover=cm.Carryover([0.6, 0.4], 2, initial=[0.5])
    ),
}


@cache
def made(kind: str) -> tuple[cm.AllocationProblem, cm.Solution]:
    problem = KINDS[kind]()
    return problem, cm.solve(problem, gap=1e-3)


def refused(kind: str, **parts: Any) -> None:
    problem, solution = made(kind)
    with pytest.raises(cm.CertificateError):
        cm.verify(problem, replace(solution, **parts))


def not_beaten(kind: str, proof: Proof) -> None:
    """A forged proof is refused, or what it shows is a bound that the plan does not beat."""
    problem, solution = made(kind)
    size = problem.size(solution.spend)
    for cut in (1e-3, 1e-2, 0.1):
        bound = solution.value - cut * size
        claim = replace(
            solution, proof=proof, upper_bound=bound, gap=0.0, requested_gap=1.0, status=Status.NOT_CERTIFIED
        )
        with pytest.raises(cm.CertificateError):
            cm.verify(problem, claim)


@pytest.mark.parametrize("kind", KINDS)
def test_honest_proofs_pass_as_they_are_and_as_json(kind: str) -> None:
    problem, solution = made(kind)
    certificate = cm.verify(problem, solution)
    assert certificate.status is Status.OPTIMAL
    back = Proof.from_dict(solution.proof.to_dict())
    again = cm.AllocationProblem.from_dict(problem.to_dict())
    assert cm.verify(again, replace(solution, proof=back)) == certificate


@pytest.mark.parametrize("kind", KINDS)
def test_forged_claims(kind: str) -> None:
    problem, solution = made(kind)
    size = problem.size(solution.spend)
    refused(kind, value=solution.value + 1e-6 * size)
    refused(kind, upper_bound=solution.value - 1e-3 * size)
    refused(kind, gap=0.5 * solution.gap - 1e-8)
    refused(kind, status=Status.INFEASIBLE)
    refused(kind, status=Status.UNBOUNDED)
    refused(kind, spend=solution.spend.ravel()[:-1])
    refused(kind, spend=-solution.spend)


@pytest.mark.parametrize("kind", KINDS)
def test_forged_prices(kind: str) -> None:
    """Wrong prices only weaken a bound; whatever the prices, none shows less than what is reached."""
    _, solution = made(kind)
    rng = np.random.default_rng(6)
    proof = solution.proof
    turned = [-proof.prices] if proof.prices.any() else []  # a limit of money that does not bind has no price
    for wrong in (np.nan * proof.prices, proof.prices[:, :-1], proof.prices[:-1], *turned):
        refused(kind, proof=replace(proof, prices=wrong))
    for size in (0.1, 1.0, 100.0):
        for _ in range(6):
            noise = size * rng.normal(size=proof.prices.shape) * (rng.random(proof.prices.shape) < 0.5)
            not_beaten(kind, replace(proof, prices=proof.prices + noise))


@pytest.mark.parametrize("kind", ["integer", "integer target", "time"])
def test_forged_trees(kind: str) -> None:
    problem, solution = made(kind)
    proof = solution.proof
    splits = np.flatnonzero(proof.cell >= 0)
    form = (problem if proof.limit is None else limited(problem, proof.limit)).standard
    for node in splits.tolist():
        for variable in range(form.n_variables):
            cell = proof.cell.copy()
            cell[node] = variable
            not_beaten(kind, replace(proof, cell=cell))
        for shift in (-1.0, -0.3, 0.3, 1.0):
            threshold = proof.threshold.copy()
            threshold[node] += shift
            not_beaten(kind, replace(proof, threshold=threshold))
    for leaf in range(len(proof.prices)):
        infeasible = proof.infeasible.copy()
        infeasible[leaf] = ~infeasible[leaf]
        not_beaten(kind, replace(proof, infeasible=infeasible))
    cut = replace(proof, cell=proof.cell[:-1], threshold=proof.threshold[:-1])
    not_beaten(kind, cut)


def test_a_split_of_what_is_no_number_of_its_own() -> None:
    """Spend behind a carry-over, and amounts of change, are neither cells nor whole numbers."""
    problem, solution = made("time")
    form = problem.standard
    cell = np.array([form.n_cells, -1, -1])
    prices = np.zeros((2, form.A.shape[0]))
    forged = Proof(cell, np.array([0.5, 0.0, 0.0]), prices, np.array([False, False]), solution.proof.grids)
    with pytest.raises(cm.CertificateError, match="what is not a cell"):
        cm.verify(problem, replace(solution, proof=forged))


@pytest.mark.parametrize("kind", ["target", "roi", "marginal", "profit", "integer target"])
def test_a_limit_of_money_below_what_could_pay_proves_nothing(kind: str) -> None:
    """Within half of what the best plan spends, everything looks worse: the limit itself must be shown."""
    problem, solution = made(kind)
    assert solution.proof.limit is not None
    for limit in (None, np.nan, np.inf, 0.0, -1.0, 0.5 * problem.money(solution.spend)):
        refused(kind, proof=replace(solution.proof, limit=limit))


def test_a_target_called_out_of_reach_within_a_limit_of_ones_own() -> None:
    problem, _ = made("target")
    tight = replace(problem, scenario=cm.TargetOutcome(7.0, max_amount=0.5))
    refuted = cm.solve(tight)
    assert refuted.status is Status.INFEASIBLE
    assert cm.verify(tight, refuted).status is Status.INFEASIBLE
    for limit in (None, 0.5, 5.0):
        claim = replace(refuted, proof=replace(refuted.proof, limit=limit))
        with pytest.raises(cm.CertificateError):
            cm.verify(problem, claim)


@pytest.mark.parametrize("kind", KINDS)
def test_forged_states_and_broken_rules(kind: str) -> None:
    """A claim whose numbers fit its spend is refused where the spend breaks a rule."""
    problem, solution = made(kind)
    rng = np.random.default_rng(9)
    broken = 0
    for _ in range(30):
        spend = solution.spend * rng.uniform(0.3, 1.8, solution.spend.shape)
        spend += rng.uniform(0.0, 1.0, spend.shape) * (rng.random(spend.shape) < 0.5)
        if problem.violation(spend) < 1e-3:
            continue
        broken += 1
        value = problem.value(spend)
        bound = max(value, solution.upper_bound)
        size = problem.size(spend)
        claim = replace(
            solution,
            spend=spend,
            value=value,
            upper_bound=bound,
            gap=(bound - value) / size,
            requested_gap=9.0,
        )
        with pytest.raises(cm.CertificateError):
            cm.verify(problem, claim)
    assert broken >= 5 or kind in ("marginal", "profit")


def test_unbounded_claims_that_are_false() -> None:
    linear = cm.ResponseCurves.power([1.0, 2.0], [0.5, 1.0], names=["a", "b"])
    problem = cm.AllocationProblem(linear, cm.MaxProfit())
    claim = cm.solve(problem)
    assert claim.status is Status.UNBOUNDED
    assert cm.verify(problem, claim).status is Status.UNBOUNDED
    with pytest.raises(cm.CertificateError, match="without limit is b"):
        cm.verify(problem, replace(claim, conflicts=("a",)))
    for bounded in (
        replace(problem, scenario=cm.MaxProfit(5.0)),
        replace(problem, constraints=[cm.SpendBounds({"b": (None, 5.0)})]),
        replace(problem, charge={"b": 1.5}),
        replace(problem, scenario=cm.FlexibleBudget(min_roi=3.0)),
    ):
        with pytest.raises(cm.CertificateError):
            cm.verify(bounded, claim)
