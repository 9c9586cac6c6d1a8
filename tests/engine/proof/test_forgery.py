"""Every claim of a solution is forged in turn, and the checker must notice."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.oracles import hill_problem, is_feasible
from tests.oracles.proven import made, solved, truth

import channelmix as cm
from channelmix import Status
from channelmix.engine.proof.solution import Proof


def rejected(solution: cm.Solution, match: str | None = None) -> None:
    with pytest.raises(cm.CertificateError, match=match):
        cm.verify(made().problem, solution)


def test_the_honest_solution_passes() -> None:
    certificate = cm.verify(made().problem, solved())
    assert certificate.status is Status.OPTIMAL
    assert certificate.leaves == len(solved().proof.prices) > 2
    assert certificate.max_violation <= 1e-6 * made().budget
    assert solved().upper_bound >= truth() - 1e-9
    assert solved().upper_bound <= truth() * (1 + 1e-3)


@pytest.mark.parametrize(
    ("part", "forge"),
    [
        ("value", lambda s: s.value * (1 + 1e-6)),
        ("value", lambda s: s.value * 0.9),
        ("value", lambda s: math.nan),
        ("upper_bound", lambda s: s.value),
        ("upper_bound", lambda s: s.value * (1 - 1e-3)),
        ("upper_bound", lambda s: s.upper_bound * 1.1),
        ("upper_bound", lambda s: math.nan),
        ("upper_bound", lambda s: math.inf),
        ("upper_bound", lambda s: -math.inf),
        ("gap", lambda s: 0.0),
        ("gap", lambda s: -1.0),
        ("gap", lambda s: math.nan),
        ("gap", lambda s: s.gap + 1e-7),
        ("requested_gap", lambda s: 0.5 * s.gap),
        ("requested_gap", lambda s: math.nan),
        ("status", lambda s: Status.INFEASIBLE),
        ("status", lambda s: "best ever"),
    ],
)
def test_forged_claims(part: str, forge: Any) -> None:
    assert solved().gap > 1e-12
    rejected(replace(solved(), **{part: forge(solved())}))


def test_a_larger_gap_is_not_optimal() -> None:
    s = solved()
    bound = s.value * 1.01
    gap = (bound - s.value) / made().problem.gross(s.spend)
    words: tuple[Any, ...] = (Status.OPTIMAL, "optimal")
    for status in words:
        rejected(replace(s, upper_bound=bound, gap=gap, status=status), match="called optimal")
    honest = cm.verify(made().problem, replace(s, upper_bound=bound, gap=gap, status=Status.NOT_CERTIFIED))
    assert honest.status is Status.NOT_CERTIFIED


def respent(spend: Any) -> cm.Solution:
    """A claim consistent with another spend, so that only the spend itself is wrong."""
    s = solved()
    try:
        value = made().problem.value(np.maximum(np.nan_to_num(spend), 0.0))
    except (cm.InputError, ValueError, TypeError):
        value = s.value
    bound = max(s.upper_bound, value)
    return replace(
        s, spend=spend, value=value, upper_bound=bound, gap=(bound - value) / value, requested_gap=1.0
    )


@pytest.mark.parametrize(
    ("spend", "match"),
    [
        (np.full(5, 0.5), "breaks a rule"),
        (np.array([0.0, 0.1, 0.0, 0.0, 0.1]), "breaks a rule"),
        (np.array([0.3, 0.0, 0.3, 0.3, 0.3]), "breaks a rule"),
        (np.array([0.0, 0.1, 1.3, 0.0, 0.2]), "breaks a rule"),
        (np.array([0.0, 0.1, 0.0, 0.0, 1.9 + 1e-4]), "breaks a rule"),
        (np.array([-1e-3, 0.6, 0.0, 0.0, 0.2]), "negative"),
        (np.array([math.nan, 0.6, 0.0, 0.0, 0.2]), "finite"),
        (np.array([math.inf, 0.6, 0.0, 0.0, 0.2]), "finite"),
        (np.full(4, 0.2), "shape"),
        (np.full((1, 5), 0.2), "shape"),
        (np.array(0.2), "shape"),
        (["a", "lot"], "not a list of amounts"),
    ],
)
def test_forged_spend(spend: Any, match: str) -> None:
    rejected(respent(spend), match)


def test_another_feasible_spend_is_judged_by_its_own_gap() -> None:
    spend = np.array([0.5, 0.4, 0.3, 0.4, 0.4])
    assert is_feasible(made().problem, spend)
    claim = replace(respent(spend), status=Status.NOT_CERTIFIED)
    certificate = cm.verify(made().problem, claim)
    assert certificate.value == made().problem.value(spend) < solved().value
    rejected(replace(claim, requested_gap=1e-4, status=Status.OPTIMAL), "called optimal")


def test_a_proof_of_another_problem() -> None:
    m = made()
    budget_raised = cm.AllocationProblem(m.problem.curves, cm.FixedBudget(2.5), m.problem.constraints)
    better = cm.AllocationProblem(
        m.problem.curves.rescaled(1.0, 0.9), m.problem.scenario, m.problem.constraints
    )
    fewer_rules = cm.AllocationProblem(m.problem.curves, m.problem.scenario)
    charged = cm.AllocationProblem(
        m.problem.curves, m.problem.scenario, m.problem.constraints, charge={"a": 0.1}
    )
    smaller = cm.AllocationProblem(m.problem.curves.take([0, 1, 2]), m.problem.scenario)
    tighter = cm.AllocationProblem(
        m.problem.curves, m.problem.scenario, [*m.problem.constraints, cm.SpendBounds({"FR/c": (None, 0.2)})]
    )
    for other in (budget_raised, better, fewer_rules, charged, smaller, tighter):
        with pytest.raises(cm.CertificateError):
            cm.verify(other, solved())
    with pytest.raises(cm.CertificateError):
        cm.verify(m.problem, cm.solve(hill_problem(np.random.default_rng(1), 5).problem))


@pytest.mark.parametrize("weight", [1e-6, 1.0, 1e6])
def test_a_rule_of_any_weight_binds(weight: float) -> None:
    curves = cm.ResponseCurves.power([1.0, 2.0], [0.5, 0.5], names=["a", "b"])
    rule = cm.LinearConstraint({"a": weight, "b": weight}, high=weight)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(1e7), [rule])
    solution = cm.solve(problem)
    cm.verify(problem, solution)
    spend = solution.spend * 1.5
    value = problem.value(spend)
    bound = max(value, solution.upper_bound)
    with pytest.raises(cm.CertificateError, match="breaks a rule"):
        cm.verify(
            problem,
            replace(solution, spend=spend, value=value, upper_bound=bound, gap=(bound - value) / value),
        )


def test_a_limit_on_a_small_market_binds() -> None:
    curves = cm.ResponseCurves.hill([1e6, 1e6], [10.0, 1e8], [1.0, 1.0], names=["small", "large"])
    problem = cm.AllocationProblem(curves, cm.FixedBudget(1e9), [cm.SpendBounds({"small": (0.0, 1.0)})])
    solution = cm.solve(problem)
    cm.verify(problem, solution)
    spend = np.array([100.0, solution.spend[1] - 99.0])
    value = problem.value(spend)
    with pytest.raises(cm.CertificateError, match="breaks a rule"):
        cm.verify(problem, replace(solution, spend=spend, value=value, upper_bound=value, gap=0.0))


def test_the_proof_travels_as_json() -> None:
    text = json.dumps(solved().proof.to_dict())
    back = Proof.from_dict(json.loads(text))
    assert back.to_dict() == solved().proof.to_dict()
    assert cm.verify(made().problem, replace(solved(), proof=back)) == cm.verify(made().problem, solved())


BLOCKED = """
import json, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"cvxpy", "highspy", "clarabel"}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Block())
import channelmix as cm
from channelmix.engine.proof.solution import Proof, SearchReport, Solution
import numpy as np
data = json.load(sys.stdin)
problem = cm.AllocationProblem.from_dict(data["problem"])
def claim(value):
    return Solution(cm.Status.OPTIMAL, np.array(data["spend"]), value, data["upper_bound"], data["gap"],
        data["requested_gap"], {}, (), Proof.from_dict(data["proof"]), SearchReport(0, 0, 0.0, ""))
print(cm.verify(problem, claim(data["value"])).status)
try:
    cm.verify(problem, claim(data["value"] + 1.0))
except cm.CertificateError:
    print("refused")
try:
    import cvxpy
except ImportError:
    print("no cvxpy")
"""


def test_verify_works_without_cvxpy() -> None:
    s = solved()
    data = {
        "problem": made().problem.to_dict(),
        "spend": s.spend.tolist(),
        "value": s.value,
        "upper_bound": s.upper_bound,
        "gap": s.gap,
        "requested_gap": s.requested_gap,
        "proof": s.proof.to_dict(),
    }
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCKED],
        input=json.dumps(data),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split("\n")[:3] == ["optimal", "refused", "no cvxpy"]
