"""A mix to improve on is the problem's own unless it breaks a rule; a limit small beside its terms is kept, too."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix import Status

NAMES = ["a", "b", "c"]


@cache
def safe(high: float) -> tuple[cm.AllocationProblem, cm.Solution]:
    """A plan that may not lose against a mix of 4, 1 and 1, with at most `high` on the first."""
    half = np.array([4.0, 1.0, 2.0]) * np.exp(0.2 * np.random.default_rng(3).normal(size=(8, 3)))
    curves = cm.ResponseCurves.hill([6.0, 2.0, 3.0], half, [1.0, 1.0, 2.0], names=NAMES)
    risk = cm.SafeImprovement(dict(zip(NAMES, (4.0, 1.0, 1.0), strict=True)), tail=0.5)
    problem = cm.AllocationProblem(
        curves, cm.FixedBudget(6.0), [cm.SpendBounds({"a": (None, high)})], risk=risk
    )
    solution = cm.solve(problem, gap=1e-3)
    assert solution.status is Status.OPTIMAL
    return problem, solution


def test_a_mix_within_the_rules_is_not_replaced() -> None:
    problem, solution = safe(5.0)
    assert solution.baseline is None
    assert not problem.needs_baseline
    certificate = cm.verify(problem, solution)
    for baseline in (np.zeros(3), solution.spend, np.array([5.0, 0.5, 0.5]), np.array([9.0, 9.0, 9.0])):
        assert cm.verify(problem, replace(solution, baseline=baseline)) == certificate


def test_a_mix_that_breaks_a_rule_is_replaced_by_one_that_does_not() -> None:
    problem, solution = safe(2.0)
    assert problem.needs_baseline
    assert solution.baseline is not None
    assert cm.verify(problem, solution).status is Status.OPTIMAL
    assert solution.baseline[0] <= 2.0 * (1.0 + 1e-6)
    broken = solution.baseline + np.array([1e-3, 0.0, 0.0])
    wrong: list[Any] = [
        broken,
        solution.baseline[:2],
        -solution.baseline,
        np.full(3, np.nan),
        "today's",
    ]
    for baseline in wrong:
        with pytest.raises(cm.CertificateError):
            cm.verify(problem, replace(solution, baseline=baseline))


def test_rounding_of_a_replaced_mix_is_allowed() -> None:
    problem, solution = safe(2.0)
    assert solution.baseline is not None
    nearly = solution.baseline * (1.0 + 1e-10)
    assert cm.verify(problem, replace(solution, baseline=nearly)).status is Status.OPTIMAL


@pytest.mark.parametrize(("past", "kept"), [(0.0, True), (1e-4, True), (0.1, False), (1.0, False)])
def test_a_limit_that_is_small_beside_its_terms_is_kept(past: float, kept: bool) -> None:
    curves = cm.ResponseCurves.power([1.0, 2.0, 1.5], [0.5, 0.5, 0.5], names=NAMES)
    rule = cm.LinearConstraint({"a": 1e5, "c": -1e5, "b": 1.0}, high=1.0)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(6.0), [rule])
    solution = cm.solve(problem)
    spend = np.array([1.0, 1.0 + past, 1.0])
    value = problem.value(spend)
    gap = (solution.upper_bound - value) / problem.size(spend)
    claim = replace(solution, spend=spend, value=value, gap=gap, status=Status.NOT_CERTIFIED)
    if kept:
        assert cm.verify(problem, claim).max_violation <= 1e-8
        return
    assert problem.standard.violation(problem.standard.from_user(spend)) < 1e-5
    with pytest.raises(cm.CertificateError, match="breaks a rule"):
        cm.verify(problem, claim)


@pytest.mark.parametrize(("share", "kept"), [(0.9, True), (1.1, False), (1.9, False)])
def test_a_limit_is_kept_up_to_the_documented_tolerance(share: float, kept: bool) -> None:
    curves = cm.ResponseCurves.power([1.0, 2.0, 1.5], [0.5, 0.5, 0.5], names=NAMES)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(6.0), [cm.SpendBounds({"b": (None, 1.0)})])
    solution = cm.solve(problem)
    spend = np.array([1.0, 1.0 + share * 1e-6, 1.0])
    value = problem.value(spend)
    gap = (solution.upper_bound - value) / problem.size(spend)
    claim = replace(solution, spend=spend, value=value, gap=gap, status=Status.NOT_CERTIFIED)
    if kept:
        assert cm.verify(problem, claim).max_violation == pytest.approx(share * 1e-6)
        return
    with pytest.raises(cm.CertificateError, match="breaks a rule"):
        cm.verify(problem, claim)


@pytest.mark.parametrize("part", ["value", "upper_bound", "gap"])
def test_claims_may_miss_by_rounding_and_no_more(part: str) -> None:
    """The rounding of another machine, as a share of what is at stake: 1e-9."""
    problem, solution = safe(5.0)
    size = 1.0 if part == "gap" else problem.size(solution.spend)
    claimed = replace(solution, status=Status.NOT_CERTIFIED)
    for missing in (-6e-10, -1e-10, 1e-10, 6e-10):
        cm.verify(problem, replace(claimed, **{part: getattr(solution, part) + missing * size}))
    for missing in (-1e-6, -1.5e-9, 1.5e-9, 1e-6):
        if part != "upper_bound" or missing < 0.0:
            with pytest.raises(cm.CertificateError):
                cm.verify(problem, replace(claimed, **{part: getattr(solution, part) + missing * size}))


def test_a_claim_that_is_rounding_from_optimal_is_optimal_at_the_gap_asked_for() -> None:
    problem, solution = safe(5.0)
    exactly = replace(solution, requested_gap=solution.gap)
    assert cm.verify(problem, exactly).status is Status.OPTIMAL
    for asked in (0.999 * solution.gap, 0.0, -1.0):
        if asked < solution.gap:
            with pytest.raises(cm.CertificateError, match="called optimal"):
                cm.verify(problem, replace(solution, requested_gap=asked))


@pytest.mark.parametrize(("share", "kept"), [(0.7, True), (0.9, True), (1.1, False), (100.0, False)])
def test_a_replaced_mix_may_break_a_rule_by_rounding(share: float, kept: bool) -> None:
    """As a share of the mix or, where that is more, of the largest spend."""
    problem, solution = safe(2.0)
    assert solution.baseline is not None
    total = max(float(solution.baseline.sum()), float(problem.standard.unit[0]))
    moved = solution.baseline + np.array([2.0 - solution.baseline[0] + share * 1e-6 * total, 0.0, 0.0])
    moved[1] -= moved.sum() - solution.baseline.sum()
    assert problem.broken(moved) == pytest.approx(share * 1e-6 * total, rel=1e-6)
    claim = replace(solution, baseline=moved)
    if kept:
        assert cm.verify(problem, claim).status is Status.OPTIMAL
        return
    with pytest.raises(cm.CertificateError, match="the baseline breaks a rule"):
        cm.verify(problem, claim)


def test_a_replaced_mix_need_not_reach_what_the_plan_must() -> None:
    """It obeys the rules on spend: its outcome is what the plan improves on."""
    problem, _ = safe(2.0)
    asked = replace(problem, scenario=cm.TargetOutcome(5.4, max_amount=8.0))
    solution = cm.solve(asked, gap=1e-3)
    assert solution.status is Status.OPTIMAL
    assert solution.baseline is not None
    assert asked.net(solution.baseline) < 5.4 - 1e-3
    assert cm.verify(asked, solution).status is Status.OPTIMAL


@pytest.mark.parametrize("cell", range(3))
def test_an_amount_below_nothing_is_named(cell: int) -> None:
    problem, solution = safe(5.0)
    spend = solution.spend.copy()
    spend[cell] = -0.5
    with pytest.raises(cm.CertificateError, match=f"the spend is negative on {NAMES[cell]}$"):
        cm.verify(problem, replace(solution, spend=spend))


def test_nothing_limits_what_keeps_paying_off() -> None:
    linear = cm.ResponseCurves.power([1.0, 2.0], [0.5, 1.0], names=["a", "b"])
    problem = cm.AllocationProblem(linear, cm.MaxProfit())
    unbounded = cm.solve(problem)
    certificate = cm.verify(problem, unbounded)
    assert (certificate.status, certificate.upper_bound, certificate.leaves) == (Status.UNBOUNDED, np.inf, 0)
    limited = replace(problem, scenario=cm.MaxProfit(5.0))
    plan = cm.solve(limited)
    for limit in (5.0, 1e9):
        claim = replace(plan, proof=replace(plan.proof, limit=limit))
        with pytest.raises(cm.CertificateError, match="keeps paying off"):
            cm.verify(problem, claim)


@pytest.mark.parametrize(("share", "kept"), [(0.9, True), (1.1, False), (1.9, False)])
def test_a_small_limit_is_kept_up_to_the_rounding_of_its_terms(share: float, kept: bool) -> None:
    """Beside terms of 1e5 a limit of 1 has lost digits: so much, and no more, is allowed."""
    curves = cm.ResponseCurves.power([1.0, 2.0, 1.5], [0.5, 0.5, 0.5], names=NAMES)
    rule = cm.LinearConstraint({"a": 1e5, "c": -1e5, "b": 1.0}, high=1.0)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(6.0), [rule])
    form, solution = problem.standard, cm.solve(problem)
    once = form.missed(form.from_user([1.0, 1.1, 1.0])) / 0.1
    spend = np.array([1.0, 1.0 + share / once, 1.0])
    value = problem.value(spend)
    gap = (solution.upper_bound - value) / problem.size(spend)
    claim = replace(solution, spend=spend, value=value, gap=gap, status=Status.NOT_CERTIFIED)
    assert form.violation(form.from_user(spend)) <= 1e-6
    if kept:
        cm.verify(problem, claim)
        return
    with pytest.raises(cm.CertificateError, match="breaks a rule"):
        cm.verify(problem, claim)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_claims_are_compared_in_their_own_unit(unit: float) -> None:
    """A ten-thousandth is no rounding, however small the numbers."""
    curves = cm.ResponseCurves.hill([6.0 * unit, 2.0 * unit], [4.0, 1.0], [1.0, 1.0], names=["a", "b"])
    problem = cm.AllocationProblem(curves, cm.FixedBudget(6.0))
    solution = cm.solve(problem)
    claim = replace(solution, status=Status.NOT_CERTIFIED)
    cm.verify(problem, claim)
    for factor in (1.0 - 1e-4, 1.0 + 1e-4):
        with pytest.raises(cm.CertificateError, match="value claimed"):
            cm.verify(problem, replace(claim, value=factor * solution.value))
