"""Two checkers that share no code agree on plans, on proofs of random problems and on forgeries of them.

As many documents are compared as a hundredth of the environment variable CHANNELMIX_FUZZ, and at least 50: `make fuzz`
compares 1,000.
"""

from __future__ import annotations

import ast
import copy
import functools
import itertools
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import SMALL
from tests.plan.checker_cases import (
    FORGERIES,
    Document,
    checked,
    document,
    forged,
    random_document,
    with_wide_claims,
)
from tests.plan.second_checker import RefusedError, UnsupportedError, verify
from tests.random_profiles import random_content

import channelmix as cm
from channelmix import CompanyProfile, optimize
from channelmix.core.errors import CertificateError, ChannelMixError
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import Plan, verify_plan

ROOT = Path(__file__).parents[2]

COUNT = max(50, int(os.environ.get("CHANNELMIX_FUZZ") or 0) // 100)
"""Documents that are compared."""

EACH = 10
"""Documents of each proof: itself, and forgeries of it."""

SAME, ROUNDING = 1e-9, 1e-12
"""Relative difference of two numbers that is none; and that of all that the cells could bring."""

SOURCES = [Path(__file__).with_name(name) for name in ("second_checker.py", "second_reader.py")]


@functools.cache
def proofs(most: int) -> list[Document]:
    """Return proofs of random problems that the second checker knows."""
    found = (document for document in map(random_document, itertools.count()) if document is not None)
    return list(itertools.islice((document for document in found if _known(document)), most))


def _known(data: Document) -> bool:
    try:
        verify(json.dumps(data))
    except UnsupportedError:
        return False
    except RefusedError:
        return True
    return True


def agree(data: Document) -> bool:
    """Hold both checkers to the same answer; return whether they accept."""
    try:
        first = checked(data)
    except CertificateError:
        first = None
    try:
        second = verify(json.dumps(data))
    except RefusedError:
        second = None
    except UnsupportedError:  # what is forged may be what the second does not know
        return False
    if first is None or second is None:
        assert first is None, f"the second refuses what the first accepts: {first}"
        assert second is None, f"the first refuses what the second accepts: {second}"
        return False
    if math.isnan(first.value):
        assert math.isnan(second[0])
        assert first.proven_bound == second[1] == -math.inf
        return True
    problem = AllocationProblem.from_dict(data["problem"])
    could_bring = float(problem.response.mean_value(np.full(problem.response.n_cells, 1e15)).sum())
    scale = max(abs(first.value), abs(first.proven_bound), ROUNDING / SAME * could_bring)
    assert second[0] == pytest.approx(first.value, rel=SAME, abs=SAME * scale)
    assert second[1] == pytest.approx(first.proven_bound, rel=SAME, abs=SAME * scale)
    assert second[2] == pytest.approx(first.gap, rel=1e-6, abs=1e-9)
    return True


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(COUNT))
def test_they_agree_on_proofs_and_forgeries(seed: int) -> None:
    honest = proofs(-(-COUNT // EACH))[seed // EACH]
    if seed % EACH == 0:
        assert agree(honest), "an honest proof is refused"
        return
    what, data = forged(honest, seed)
    print("forged:", what)  # shown where they disagree
    agree(data)
    try:
        wide = with_wide_claims(data)
    except (ChannelMixError, ValueError, KeyError):  # nothing can be claimed of what is no plan
        return
    agree(wide)


def test_forgeries_are_of_every_kind_and_mostly_refused() -> None:
    """Claims as the plan made them do not survive what weakens the proof, and the cases above do weaken it."""
    kinds = [forged(proofs(2)[0], seed)[0] for seed in range(200)]
    assert set(kinds) == set(FORGERIES)
    refused = 0
    for seed in range(40):
        try:
            verify(json.dumps(forged(proofs(2)[1], seed)[1]))
        except RefusedError:
            refused += 1
    assert 10 < refused < 40


def plan_of(profile: CompanyProfile, n_draws: int | None) -> Plan:
    try:
        return optimize(profile, n_draws=n_draws, time_limit=10.0)
    except cm.InputError:  # a risk of the worst draws needs many
        return optimize(profile, time_limit=10.0)


def agree_on(plan: Plan) -> None:
    certificate, text = verify_plan(plan), plan.to_json()
    value, bound, gap = verify(text)
    if plan.status == "infeasible":
        assert bound == certificate.proven_bound == -math.inf
        return
    assert value == pytest.approx(certificate.value, rel=SAME)
    assert bound == pytest.approx(certificate.proven_bound, rel=SAME)
    assert gap == pytest.approx(certificate.gap, abs=SAME)
    assert value <= bound + SAME * abs(bound)


@pytest.mark.parametrize("name", ["atelier", "bank", "librairie", "maison_verte", "telecom"])
def test_they_agree_on_the_examples(name: str) -> None:
    agree_on(plan_of(CompanyProfile.from_file(ROOT / "examples" / f"{name}.json"), 24))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(max(4, COUNT // 50)))
def test_they_agree_on_plans_of_random_profiles(seed: int) -> None:
    content = random_content(seed)
    try:
        plan = plan_of(CompanyProfile.model_validate(content), 16)
    except ChannelMixError as error:
        pytest.skip(f"no plan: {error}")
    try:
        agree_on(plan)
    except UnsupportedError as error:
        assert plan.status in ("infeasible", "unbounded"), error  # noqa: PT017  nothing else is unknown of a profile


SERVED = {"kind": "minimum_if_active", "select": "all", "amount": 500}
PACED = {"kind": "pacing", "relative": 0.2}
TIERS = {"kind": "price_tiers", "select": "sms", "tiers": [[2000, 0.1], [5000, 0.3]]}


@pytest.mark.parametrize(
    "change",
    [
        {"rules": [TIERS, SERVED]},
        {"rules": [{"kind": "pack_size", "select": "sms", "size": 1500}, {"kind": "at_most_active", "count": 4}]},
        {"rules": [{"kind": "activation_fee", "select": "social", "amount": 900}, TIERS]},
        {"scenario": {"kind": "max_profit"}},
        {"scenario": {"kind": "target_outcome", "amount": 15000}},
        {"risk": {"kind": "mean_cvar", "weight": 0.5, "tail": 0.1}},
        {"risk": {"kind": "safe_improvement", "tail": 0.1}},
        {"overlap": 0.4},
        {"periods": 3, "timing": {"carryover": {"social": {"kind": "geometric", "half_life": 0.8}}}, "rules": [PACED]},
        {"markets": [{"name": name, "customers": size} for name, size in (("A", 6e4), ("B", 6e4), ("C", 9e4))]},
    ],
    ids=lambda change: str(next(iter(change.items())))[:60],
)  # fmt: skip
def test_they_agree_on_every_part_of_a_profile(change: dict[str, Any]) -> None:
    """Tiers, states, packs, fees, limits of money, tilts and shared curves in plans of one small company."""
    agree_on(plan_of(CompanyProfile.model_validate(copy.deepcopy(SMALL) | change), 24))


def _two_cells(family: str = "exponential", **parts: Any) -> AllocationProblem:
    names = ["a/sms/promotion", "b/sms/promotion"]
    made = {
        "exponential": lambda: cm.ResponseCurves.exponential([9.0, 7.0], [3.0, 2.0], names=names),
        "logistic": lambda: cm.ResponseCurves.logistic([9.0, 7.0], [0.3, 0.5], names=names),
        "power": lambda: cm.ResponseCurves.power([9.0, 7.0], [0.3, 0.5], names=names),
        "logarithmic": lambda: cm.ResponseCurves.logarithmic([9.0, 7.0], [0.3, 0.5], names=names),
        "linear": lambda: cm.ResponseCurves.power([9.0, 7.0], [1.0, 1.0], names=names),
        "capped_linear": lambda: cm.ResponseCurves.capped_linear([9.0, 7.0], [3.0, 5.0], names=names),
    }
    stated = {"scenario": cm.FixedBudget(6.0), **parts}
    return AllocationProblem(made[family](), **stated)


UNKNOWN = {
    "logistic": _two_cells("logistic"),
    "power": _two_cells("power"),
    "logarithmic": _two_cells("logarithmic"),
    "capped_linear": _two_cells("capped_linear"),
    "switching costs": _two_cells(
        constraints=[cm.ChangeLimit(switching_cost=0.1)], current={"a/sms/promotion": 1.0}
    ),
    "reach_target": _two_cells(risk=cm.ReachTarget(5.0)),
    "by shares": _two_cells(constraints=[cm.GroupShare("a", high=0.3), cm.GroupShare("b", high=0.3)]),
    "without a limit of money": _two_cells(scenario=cm.TargetOutcome(100.0)),
    "unbounded": _two_cells("linear", scenario=cm.MaxProfit()),
    "a season of 0": _two_cells(
        carryover=cm.Carryover([1.0], 2, season=[0.0, 1.0]),
        losses=cm.ResponseCurves.exponential(
            [1.0, 1.0], [3.0, 2.0], names=["a/sms/promotion", "b/sms/promotion"]
        ),
    ),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_the_second_does_not_know_is_refused_and_named(what: str) -> None:
    data = document(UNKNOWN[what], cm.solve(UNKNOWN[what], gap=0.05))
    text = (ROOT / "docs" / "explanation" / "plan_document.md").read_text(encoding="utf-8")
    named = " ".join(text.split("A second checker")[1].split())
    assert what in named.replace("`", "")
    with pytest.raises(UnsupportedError):
        verify(json.dumps(data))


def test_they_share_no_code_and_are_short() -> None:
    allowed = {"base64", "itertools", "json", "math", "types", "typing", "numpy", "tests"}
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300
        for node in ast.walk(ast.parse(text)):
            names = (
                [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else [str(node.module)]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert {name.split(".")[0] for name in names} <= allowed
            assert not any(name.startswith("tests") and name != "tests.plan.second_reader" for name in names)


def test_curves_in_other_units_with_losses_of_their_own_are_proven() -> None:
    """Each cell is the only one with its net curve, and yet its grid is in the unit of another's outcome."""
    for size in (7.3, 1000.0):
        curves = cm.ResponseCurves.hill(
            [100.0, 100.0 * size], [20.0, 20.0 * size], [2.5, 2.5], names=["a", "b"]
        )
        losses = cm.ResponseCurves.exponential([10.0, 25.0 * size], [30.0, 11.0 * size], names=["a", "b"])
        problem = AllocationProblem(curves.shared(), cm.FixedBudget(30.0 * size), losses=losses)
        solution = cm.solve(problem)
        assert solution.status == "optimal"
        assert agree(document(problem, solution))
