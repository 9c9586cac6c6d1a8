"""Claims that nothing obeys the rules, or nothing but nothing: every leaf must show it, for a problem of that kind."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix import Status
from channelmix.engine.proof.solution import Proof

CURVES = cm.ResponseCurves.hill([900.0, 700.0], [300.0, 150.0], [2.5, 1.2], names=["social", "sms"])
SHARES = [cm.GroupShare("social", high=0.4), cm.GroupShare("sms", high=0.5)]


def problem(*rules: Any, **options: Any) -> cm.AllocationProblem:
    return cm.AllocationProblem(CURVES, cm.FixedBudget(400.0), rules, **options)


@cache
def nothing() -> tuple[cm.AllocationProblem, cm.Solution]:
    """Shares that add up to less than one leave nothing to spend."""
    p = problem(*SHARES)
    solution = cm.solve(p)
    assert solution.proof.witness is not None
    return p, solution


def refused(p: cm.AllocationProblem, solution: cm.Solution, match: str, **parts: Any) -> None:
    with pytest.raises(cm.CertificateError, match=match):
        cm.verify(p, replace(solution, proof=replace(solution.proof, **parts)))


def test_what_a_certificate_of_nothing_says() -> None:
    p, solution = nothing()
    certificate = cm.verify(p, solution)
    assert certificate.status is Status.INFEASIBLE
    assert certificate.upper_bound == -math.inf
    assert certificate.leaves == len(solution.proof.prices)
    assert all(map(math.isnan, (certificate.value, certificate.gap, certificate.max_violation)))


def test_rules_that_are_not_on_shares_are_no_reason_to_spend_nothing() -> None:
    """The same proof for a problem without shares: a plan of nothing would obey its rules."""
    _, solution = nothing()
    assert solution.proof.witness is not None
    for rules in ([], [cm.SpendBounds({"social": (None, 0.0), "sms": (None, 0.0)})]):
        refused(problem(*rules), replace(solution, conflicts=()), "no rule on shares")


def test_what_could_be_spent_must_obey_the_other_rules() -> None:
    p, solution = nothing()
    for witness in ([0.0, 0.0], [300.0, 200.0], [-1.0, 1.0], [math.nan, 1.0], [1.0], "all"):
        refused(p, solution, "could be spent|leave anything to spend", witness=witness)
    bounded = problem(*SHARES, cm.SpendBounds({"sms": (None, 100.0)}))
    claim = replace(cm.solve(bounded), conflicts=())
    for most, kept in ((100.0, True), (100.0 + 1.9e-4, True), (100.0 + 2.1e-4, False), (150.0, False)):
        one = replace(claim, proof=replace(claim.proof, witness=np.array([100.0, most])))
        if kept:
            assert cm.verify(bounded, one).status is Status.INFEASIBLE
            continue
        with pytest.raises(cm.CertificateError, match="leave anything to spend"):
            cm.verify(bounded, one)


def test_a_proof_of_nothing_has_the_parts_of_any_proof() -> None:
    p, solution = nothing()
    proof = solution.proof
    refused(p, solution, "one price per row", prices=proof.prices[:, :-1])
    refused(p, solution, "one price per row", prices=np.concatenate([proof.prices, proof.prices]))
    refused(p, solution, "not finite", prices=proof.prices * math.nan)
    refused(p, solution, "damaged", cell=proof.cell.astype(float))
    refused(p, solution, "damaged", threshold=proof.threshold + math.inf)
    refused(p, solution, "weigh the draws", draw_weights=(np.zeros(1),))
    refused(p, solution, "leaves something to spend", prices=0.0 * proof.prices)


def test_shares_that_leave_something_are_not_refuted() -> None:
    _, solution = nothing()
    enough = problem(cm.GroupShare("social", high=0.4), cm.GroupShare("sms", high=0.6 + 1e-9))
    with pytest.raises(cm.CertificateError, match="leaves something to spend"):
        cm.verify(enough, solution)


@cache
def split() -> tuple[cm.AllocationProblem, cm.Solution]:
    """A conflict of whole numbers that takes a split."""
    p = problem(
        cm.MinimumIfActive("all", 250.0),
        cm.SpendBounds({"all": (300.0, None)}),
        cm.GroupShare("sms", 0.3, 0.6),
    )
    solution = cm.solve(p)
    assert solution.status is Status.INFEASIBLE
    assert solution.proof.witness is None
    return p, solution


def test_every_leaf_must_be_infeasible() -> None:
    p, solution = split()
    certificate = cm.verify(p, solution)
    assert certificate.upper_bound == -math.inf
    assert certificate.leaves == len(solution.proof.infeasible) >= 1
    for leaf in range(len(solution.proof.infeasible)):
        flags = solution.proof.infeasible.copy()
        flags[leaf] = False
        refused(p, solution, "does not claim to be", infeasible=flags)


def test_one_infeasible_half_does_not_refute_a_problem() -> None:
    """Half of the box breaks a rule, and the claim leaves the other half out."""
    p = problem(cm.SpendBounds({"social": (100.0, None)}))
    form = p.standard
    cell = next(k for k in range(2) if p.curves.names[form.order[k]] == "sms")
    at = float(form.from_user([100.0, 350.0])[cell])
    prices = np.zeros((2, form.A.shape[0]))
    budget = [row.label for row in p.rows].index("fixed_budget")
    prices[1, budget] = 1.0
    for flags in ([False, True], [True, True], [True, False]):
        proof = Proof(np.array([cell, -1, -1]), np.array([at, 0.0, 0.0]), prices, np.array(flags), ())
        claim = replace(cm.solve(problem(*SHARES)), proof=proof, conflicts=())
        with pytest.raises(cm.CertificateError):
            cm.verify(p, claim)


def test_bounds_that_cross_need_no_leaf() -> None:
    p = problem(cm.SpendBounds({"social": (500.0, None)}))
    solution = cm.solve(p)
    assert p.standard.empty_box
    certificate = cm.verify(p, solution)
    assert (certificate.status, certificate.upper_bound, certificate.leaves) == (
        Status.INFEASIBLE,
        -math.inf,
        0,
    )
    plan: dict[str, Any] = {"spend": np.zeros(2), "value": 0.0, "upper_bound": 0.0, "gap": 0.0}
    with pytest.raises(cm.CertificateError):
        cm.verify(p, replace(solution, status=Status.NOT_CERTIFIED, **plan))
