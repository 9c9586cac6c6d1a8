"""Proofs with tilts, of chances, of shares that leave nothing, and of mixes that are moved onto the rules, forged."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix import Status
from channelmix.core.sizes import MOST_TILTS
from channelmix.engine.proof.duality import Leaf, excludes
from channelmix.engine.proof.solution import Proof

DRAWS = 12


def curves(seed: int = 0) -> cm.ResponseCurves:
    rng = np.random.default_rng([18, seed])
    shape = (DRAWS, 2)
    return cm.ResponseCurves.hill(
        rng.uniform(4.0, 9.0, shape), rng.uniform(0.5, 3.0, shape), rng.uniform(0.8, 2.0, shape), names=["a", "b"]
    )  # fmt: skip


BUDGET = cm.FixedBudget(3.0)
KINDS: dict[str, Callable[[], cm.AllocationProblem]] = {
    "cvar": lambda: cm.AllocationProblem(curves(), BUDGET, risk=cm.MeanCVaR(0.5, 0.25)),
    "worst": lambda: cm.AllocationProblem(curves(), BUDGET, risk=cm.WorstCase()),
    "safe": lambda: cm.AllocationProblem(curves(), BUDGET, risk=cm.SafeImprovement({"a": 1.0, "b": 0.4}, 0.25)),
    "moved": lambda: cm.AllocationProblem(
        curves(), BUDGET, [cm.SpendBounds({"a": (1.5, None)})], risk=cm.SafeImprovement({"a": 0.5, "b": 0.4}, 0.25)
    ),
    "chance": lambda: cm.AllocationProblem(curves(), BUDGET, risk=cm.ReachTarget(7.0)),
}  # fmt: skip


@cache
def made(kind: str) -> tuple[cm.AllocationProblem, cm.Solution]:
    problem = KINDS[kind]()
    return problem, cm.solve(problem, gap=0.2 if kind == "chance" else 0.02, time_limit=10.0)


def claim(solution: cm.Solution, **parts: Any) -> cm.Solution:
    """Claim a bound that any proof of one shows."""
    wide = replace(solution, status=Status.NOT_CERTIFIED, requested_gap=1e9)
    return replace(wide, **parts)


@pytest.mark.parametrize("kind", KINDS)
def test_honest_proofs_hold_as_they_are_and_as_json(kind: str) -> None:
    problem, solution = made(kind)
    certificate = cm.verify(problem, solution)
    assert certificate.proven_bound >= certificate.value - 1e-9
    back = replace(solution, proof=Proof.from_dict(solution.proof.to_dict()))
    assert cm.verify(problem, back) == certificate


@pytest.mark.parametrize("kind", KINDS)
def test_no_feasible_spend_beats_the_bound(kind: str) -> None:
    problem, solution = made(kind)
    rng = np.random.default_rng(3)
    asked = problem if solution.baseline is None else problem.improving_on(solution.baseline)
    for part in rng.random((300, 2)):
        spend = np.array([3.0 * part[0], 3.0 * (1.0 - part[0]) * part[1]])
        if asked.violation(spend) <= 0.0:
            assert asked.value(spend) <= solution.upper_bound + 1e-9


WEIGHTS: dict[str, Callable[[np.ndarray], Any]] = {
    "negative": lambda t: np.where(np.arange(DRAWS) == 0, -0.1, t),
    "too large": lambda t: np.where(np.arange(DRAWS) == 0, 5.0 + 5.0 * t.sum(), t),
    "not a number": lambda t: np.full(DRAWS, math.nan),
    "too few": lambda t: t[1:],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("forgery", WEIGHTS)
def test_weights_of_draws_that_are_none_are_refused(kind: str, forgery: str) -> None:
    problem, solution = made(kind)
    weights = tuple(WEIGHTS[forgery](t) for t in solution.proof.draw_weights)
    with pytest.raises(cm.CertificateError, match="weights of the draws"):
        cm.verify(problem, replace(solution, proof=replace(solution.proof, draw_weights=weights)))


def test_weights_of_another_sum_are_refused() -> None:
    problem, solution = made("cvar")
    weights = tuple(0.9 * t for t in solution.proof.draw_weights)
    with pytest.raises(cm.CertificateError, match="weights of the draws"):
        cm.verify(problem, replace(solution, proof=replace(solution.proof, draw_weights=weights)))


def test_other_weights_of_a_chance_bound_less() -> None:
    """Any weights between 0 and 1 are valid; without any, all draws that could reach the target count."""
    problem, solution = made("chance")
    none = tuple(np.zeros(DRAWS) for _ in solution.proof.draw_weights)
    proof = replace(solution.proof, draw_weights=none)
    gap = 1.0 - solution.value
    certificate = cm.verify(problem, claim(solution, proof=proof, upper_bound=1.0, gap=gap))
    assert solution.upper_bound - 1e-9 <= certificate.proven_bound <= 1.0
    with pytest.raises(cm.CertificateError, match="upper bound"):
        cm.verify(problem, claim(solution, proof=proof, upper_bound=solution.value - 0.1, gap=0.0))


def test_a_baseline_that_breaks_a_rule_is_refused() -> None:
    problem, solution = made("moved")
    assert solution.baseline is not None
    assert solution.baseline[0] >= 1.5 - 1e-6
    with pytest.raises(cm.CertificateError, match="baseline breaks a rule"):
        cm.verify(problem, replace(solution, baseline=np.array([0.5, 0.4])))


def test_an_unsafe_spend_is_refused() -> None:
    problem, solution = made("safe")
    with pytest.raises(cm.CertificateError, match="breaks a rule"):
        cm.verify(problem, claim(solution, spend=np.array([0.1, 0.1])))


SHARES: list[Any] = [cm.GroupShare("a", high=0.3), cm.GroupShare("b", high=0.3)]


@cache
def nothing() -> tuple[cm.AllocationProblem, cm.Solution]:
    problem = cm.AllocationProblem(curves(), BUDGET, [*SHARES, cm.SpendBounds({"a": (None, 1.0)})])
    return problem, cm.solve(problem)


def test_shares_that_leave_nothing_are_proven_to() -> None:
    problem, solution = nothing()
    assert solution.status is Status.INFEASIBLE
    assert solution.proof.witness is not None
    certificate = cm.verify(problem, replace(solution, proof=Proof.from_dict(solution.proof.to_dict())))
    assert certificate.proven_bound == -math.inf


def test_forged_proofs_of_shares_are_refused() -> None:
    problem, solution = nothing()
    free = replace(problem, constraints=problem.constraints[2:])
    few = replace(problem, constraints=[SHARES[0], cm.SpendBounds({"a": (None, 1.0)})])
    forgeries: list[tuple[cm.AllocationProblem, dict[str, Any], str]] = [
        (problem, {"status": Status.OPTIMAL}, "only bounds total spend"),
        (free, {"conflicts": ()}, "no rule on shares"),
        (few, {"conflicts": ()}, "one price per row|leaves something"),
        (problem, {"conflicts": ("no such rule",)}, "do not exist"),
        (problem, {"value": 1.0}, "claims a spend or a value"),
        (problem, {"proof": replace(solution.proof, witness=np.zeros(2))}, "not shown to leave anything"),
        (problem, {"proof": replace(solution.proof, witness=np.array([2.0, 0.0]))}, "not shown to leave"),
        (problem, {"proof": replace(solution.proof, prices=0.0 * solution.proof.prices)}, "leaves something"),
    ]
    for stated, parts, match in forgeries:
        with pytest.raises(cm.CertificateError, match=match):
            cm.verify(stated, replace(solution, **parts))


def test_bounds_that_conflict_need_no_prices() -> None:
    problem = cm.AllocationProblem(curves(), BUDGET, [cm.SpendBounds({"a": (2.0, None), "b": (2.0, None)})])
    solution = cm.solve(problem)
    assert solution.status is Status.INFEASIBLE
    assert problem.standard.empty_box
    assert cm.verify(problem, solution).leaves == 0
    form = problem.standard
    leaf = Leaf(form.box_low, form.box_high, np.zeros(form.A.shape[0]), None)
    assert excludes(form, form.envelopes([np.zeros(1)] * form.n_cells), leaf)


def test_a_profit_without_end_has_no_limit_of_money() -> None:
    """A proof that states a limit of its own is refused where every limit could be exceeded with profit."""
    linear = cm.ResponseCurves.power([2.0, 1.0], [1.0, 0.5], names=["a", "b"])
    problem = cm.AllocationProblem(linear, cm.MaxProfit())
    solution = cm.solve(replace(problem, scenario=cm.MaxProfit(max_amount=10.0)))
    assert solution.status is Status.OPTIMAL
    with pytest.raises(cm.CertificateError, match="ever more spend on a"):
        cm.verify(problem, replace(solution, proof=replace(solution.proof, limit=10.0)))


def test_more_money_than_is_planned_with_asks_for_a_limit() -> None:
    steep = cm.ResponseCurves.power([9.0, 7.0], [0.3, 0.5], names=["a", "b"])
    with pytest.raises(cm.InputError, match="state a max_amount"):
        cm.solve(cm.AllocationProblem(steep, cm.FlexibleBudget(min_marginal_roi=1e-9)))


def test_too_many_tilts_are_refused_before_they_are_made() -> None:
    data = made("cvar")[1].proof.to_dict()
    with pytest.raises(cm.InputError, match="leaves x draws"):
        Proof.from_dict({**data, "tilts": [[[], [], MOST_TILTS + 1]]})
    with pytest.raises(cm.CertificateError, match="fewer than no draws"):
        Proof.from_dict({**data, "tilts": [[[], [], -1]]})
