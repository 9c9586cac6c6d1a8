"""Infeasible problems: proven, verified, and explained by a minimal set of rules."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.oracles import minimal_conflicts, random_curves

import channelmix as cm
from channelmix import Status
from channelmix.engine.proof.duality import Leaf, excludes
from channelmix.engine.solver.infeasible import LeastViolation
from channelmix.engine.solver.linear_program import LinearProgram

NAMES = ["FR/sms", "FR/app", "DE/sms"]

NO_ENVELOPES: Any = ()
"""What `excludes` is given where no row is on outcome."""


def problem(*rules: Any, budget: float = 10.0, **options: Any) -> cm.AllocationProblem:
    curves = cm.ResponseCurves.hill([3.0, 2.0, 1.0], [4.0, 1.0, 2.0], [2.0, 1.0, 3.0], names=NAMES)
    return cm.AllocationProblem(curves, cm.FixedBudget(budget), rules, **options)


def refuted(p: cm.AllocationProblem) -> cm.Solution:
    solution = cm.solve(p)
    certificate = cm.verify(p, solution)
    assert solution.status is certificate.status is Status.INFEASIBLE
    assert np.isnan(solution.spend).all()
    assert math.isnan(solution.value)
    assert solution.upper_bound == -math.inf
    return solution


def test_through_the_box() -> None:
    p = problem(
        cm.SpendBounds({"FR/sms": (8.0, None)}),
        cm.GroupShare("app", 0.0, 0.9),
        cm.SpendBounds({"DE": (3.0, None)}),
    )
    assert p.standard.empty_box
    assert refuted(p).conflicts == ("fixed_budget", "spend_bounds FR/sms", "spend_bounds DE")


def test_through_the_rows() -> None:
    p = problem(
        cm.GroupShare("FR/sms", 0.0, 0.3),
        cm.GroupShare("FR/app", 0.0, 0.3),
        cm.GroupShare("DE", 0.0, 0.3),
        cm.SpendBounds({"all": (5.0, None)}),
    )
    assert not p.standard.empty_box
    solution = refuted(p)
    assert "fixed_budget" not in solution.conflicts
    assert set(solution.conflicts) == {
        "group_share FR/sms",
        "group_share FR/app",
        "group_share DE",
        "spend_bounds all",
    }


def test_through_a_row_without_weights() -> None:
    p = problem(cm.LinearConstraint({"FR/sms": 0.0}, low=1.0, name="impossible"))
    assert refuted(p).conflicts == ("impossible",)


def test_repeated_rules_are_named_apart() -> None:
    p = problem(cm.SpendBounds({"FR/sms": (0.0, 5.0)}), cm.SpendBounds({"FR/sms": (6.0, 7.0)}))
    assert refuted(p).conflicts == ("spend_bounds FR/sms", "spend_bounds FR/sms (2)")


def test_a_small_conflict_under_a_huge_budget() -> None:
    p = problem(
        cm.SpendBounds({"FR": (None, 3.0), "FR/sms": (2.0, None)}),
        cm.KeepWorking(floor=1.0),
        budget=1e9,
        current={"FR/app": 2.0},
    )
    assert set(refuted(p).conflicts) == {"spend_bounds FR, FR/sms", "keep_working"}


def test_ends_that_cross_do_not_drive_each_other_apart() -> None:
    """A total of at most 70 % of itself is nothing, and some must be kept: bounds would tighten without end."""
    names = [
        f"{market}/{channel}" for market in ("FR", "DE", "IT") for channel in ("sms", "app", "im", "social")
    ]
    names += [f"{market}/{channel}" for market in ("FR", "DE", "IT") for channel in ("letter", "kiosk")]
    p = cm.AllocationProblem(
        cm.ResponseCurves.hill([3.0] * 18, [4.0] * 18, [1.0] * 18, names=names),
        cm.FixedBudget(54.0),
        [
            cm.GroupShare("all", high=0.7),
            cm.GroupShare("sms", low=0.15),
            cm.GroupShare("app", high=0.7),
            cm.ChangeLimit(relative=0.45),
        ],
        current=dict.fromkeys(names, 3.0),
    )
    assert p.standard.unit[0] < 100.0
    assert set(refuted(p).conflicts) == {"group_share all", "change_limit all"}


@pytest.mark.parametrize("seed", range(40))
def test_the_conflict_is_one_of_the_minimal_ones(seed: int) -> None:
    rng = np.random.default_rng([1, seed])
    n = int(rng.integers(2, 5))
    curves = random_curves(rng, n)
    rules: list[Any] = []
    for k in range(int(rng.integers(2, 6))):
        weights = rng.integers(-2, 3, n).astype(float)
        weights[rng.integers(n)] += 1.5
        side = float(rng.integers(-4, 9))
        named = dict(zip(curves.names, weights.tolist(), strict=True))
        low, high = (side, None) if rng.random() < 0.6 else (None, side)
        rules.append(cm.LinearConstraint(named, low, high, name=f"rule{k}"))
    p = cm.AllocationProblem(curves, cm.FixedBudget(float(rng.integers(1, 6))), rules)
    expected = minimal_conflicts(p)
    solution = cm.solve(p)
    assert cm.verify(p, solution).status is solution.status
    if expected:
        assert solution.status is Status.INFEASIBLE
        assert frozenset(solution.conflicts) in expected
    else:
        assert solution.status is Status.OPTIMAL
        assert solution.conflicts == ()


def test_infeasible_claims_that_are_false() -> None:
    fine, conflicting = problem(), problem(cm.SpendBounds({"FR": (11.0, None)}))
    claim = refuted(conflicting)
    for forged in (claim, replace(claim, conflicts=())):
        with pytest.raises(cm.CertificateError):
            cm.verify(fine, forged)
    rows = problem(
        cm.GroupShare("FR", 0.0, 0.4), cm.GroupShare("DE", 0.0, 0.4), cm.SpendBounds({"all": (5.0, None)})
    )
    solution = refuted(rows)
    assert solution.proof.infeasible.all()
    looser = problem(
        cm.GroupShare("FR", 0.0, 0.6), cm.GroupShare("DE", 0.0, 0.4), cm.SpendBounds({"all": (5.0, None)})
    )
    with pytest.raises(cm.CertificateError, match="not shown"):
        cm.verify(looser, solution)
    for wrong in (
        replace(solution, value=1.0),
        replace(solution, upper_bound=5.0),
        replace(solution, spend=np.zeros(3)),
        replace(solution, conflicts=("invented",)),
        replace(solution, proof=replace(solution.proof, prices=-solution.proof.prices)),
        replace(solution, proof=replace(solution.proof, prices=0.0 * solution.proof.prices)),
        replace(solution, proof=replace(solution.proof, infeasible=~solution.proof.infeasible)),
        replace(solution, status=Status.OPTIMAL),
    ):
        with pytest.raises(cm.CertificateError):
            cm.verify(rows, wrong)


def test_rounding_proves_no_conflict() -> None:
    """Minimums that use up the budget to the last bit: prices of any size must not turn rounding into a proof."""
    p = problem(
        cm.SpendBounds({"FR/sms": (0.1, None), "FR/app": (0.2, None)}),
        cm.SpendBounds({"all": (0.3, None)}),
        budget=0.3,
    )
    solution = cm.solve(p)
    assert solution.status is Status.OPTIMAL
    rng = np.random.default_rng(3)
    form = p.standard
    for _ in range(500):
        prices = rng.choice([-1.0, 0.0, 1.0, 1.0 + 1e-15], form.A.shape[0]) * 10.0 ** rng.uniform(-20, 20)
        assert not excludes(form, NO_ENVELOPES, Leaf(form.box_low, form.box_high, prices, None))


def test_a_solver_that_fails_on_a_feasible_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The elastic program is feasible by construction: failing on it is the solver's fault, said aloud."""
    monkeypatch.setattr(LinearProgram, "solve", lambda *_: None)
    p = cm.AllocationProblem(cm.ResponseCurves.power([1.0], 0.5), cm.FixedBudget(1.0))
    with pytest.raises(RuntimeError, match="feasible linear program"):
        LeastViolation(p, "HIGHS").conflict(p.rule_names)
