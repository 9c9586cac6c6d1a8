"""The search against second computations: dynamic programming, raw CVXPY, local search, random points."""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from tests.oracles import (
    best_local,
    best_on_grid,
    feasible_points,
    grouped_best_on_grid,
    hill_problem,
    values,
)
from tests.oracles import random_curves as curves_of

import channelmix as cm
from channelmix import Status

GAP = 1e-4


def certified(problem: cm.AllocationProblem, **options: Any) -> cm.Solution:
    solution = cm.solve(problem, **{"gap": GAP, **options})
    certificate = cm.verify(problem, solution)
    assert solution.status is certificate.status is Status.OPTIMAL
    assert certificate.gap <= options.get("gap", GAP)
    assert solution.value == problem.value(solution.spend)
    return solution


def beats(problem: cm.AllocationProblem, solution: cm.Solution, value: float) -> bool:
    """Whether a feasible value contradicts the bound, or the plan by more than its gap."""
    scale = max(abs(solution.value), problem.gross(solution.spend))
    return value > min(solution.upper_bound, solution.value + GAP * scale) + 1e-9 * scale


@pytest.mark.parametrize("draws", [1, 50])
@pytest.mark.parametrize("seed", range(6))
def test_no_plan_on_a_grid_is_better(seed: int, draws: int) -> None:
    rng = np.random.default_rng([1, seed, draws])
    made = hill_problem(rng, int(rng.integers(2, 9)), draws)
    solution = certified(made.problem)
    on_grid = best_on_grid(made.problem, made.budget, made.low, made.high, steps=1000)
    assert not beats(made.problem, solution, on_grid)
    assert on_grid >= 0.99 * solution.value  # the comparison is not idle


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_on_a_grid_with_shares_is_better(seed: int) -> None:
    rng = np.random.default_rng([2, seed])
    made = hill_problem(rng, int(rng.integers(5, 12)), shares=True)
    solution = certified(made.problem)
    on_grid = grouped_best_on_grid(made.problem, made.budget, made.low, made.high, made.groups)
    assert not beats(made.problem, solution, on_grid)


@pytest.mark.parametrize(
    "family",
    ["hill", "exponential", "logistic", "power", "logarithmic", "capped_linear", "service", "tabulated"],
)
@pytest.mark.parametrize("draws", [1, 20])
def test_one_s_shaped_budget_of_every_family(family: str, draws: int) -> None:
    rng = np.random.default_rng(7)
    problem = cm.AllocationProblem(
        curves_of(rng, 4, draws, family=family), cm.FixedBudget(3.0), charge={"FR": 0.5}
    )
    solution = certified(problem)
    on_grid = best_on_grid(problem, 3.0, np.zeros(4), np.full(4, 3.0), steps=1500)
    assert not beats(problem, solution, on_grid)
    assert on_grid >= 0.99 * solution.value


def concave_terms(curves: cm.ResponseCurves, spend: cp.Variable) -> Any:
    """The curves written a second time, as CVXPY knows them."""
    terms = []
    for i in range(curves.n_cells):
        block, s = curves.cell(i), spend[i]
        p = {k: float(v[0, 0]) for k, v in block.parameters.items()}
        if block.kind == "power":
            terms.append(p["scale"] * cp.power(s, p["exponent"], approx=False))
        elif block.kind == "logarithmic":
            terms.append(p["scale"] * cp.log1p(s / p["rate"]))
        elif block.kind == "exponential":
            terms.append(p["scale"] * (1 - cp.exp(-s / p["rate"])))
        else:
            terms.append(p["scale"] / p["cap"] * cp.minimum(s, p["cap"]))
    return cp.sum(cp.hstack(terms))


@pytest.mark.parametrize("seed", range(8))
def test_concave_problems_written_raw_in_cvxpy_agree(seed: int) -> None:
    rng = np.random.default_rng([3, seed])
    n = int(rng.integers(3, 8))
    kinds = rng.choice(["power", "logarithmic", "exponential", "capped"], n)
    parts = []
    for i, kind in enumerate(kinds):
        scale, size, name = [float(rng.uniform(1, 5))], [float(rng.uniform(0.3, 3))], [f"m{i % 2}/c{i}"]
        if kind == "power":
            parts.append(cm.ResponseCurves.power(scale, [float(rng.uniform(0.3, 0.9))], names=name))
        elif kind == "logarithmic":
            parts.append(cm.ResponseCurves.logarithmic(scale, size, names=name))
        elif kind == "exponential":
            parts.append(cm.ResponseCurves.exponential(scale, size, names=name))
        else:
            parts.append(cm.ResponseCurves.capped_linear(scale, size, names=name))
    curves = cm.ResponseCurves.concat(parts)
    budget = float(n * rng.uniform(0.3, 1.5))
    inside = rng.dirichlet(np.ones(n)) * budget
    rules = []
    for k in range(3):
        w = rng.normal(size=n)
        left = float(w @ inside)
        rules.append(
            cm.LinearConstraint(
                dict(zip(curves.names, w.tolist(), strict=True)), left - 0.2, left + 0.2, f"r{k}"
            )
        )
    charge = float(rng.uniform(0.0, 0.5))
    problem = cm.AllocationProblem(curves, cm.FixedBudget(budget), rules, charge={"m0": charge})
    solution = certified(problem, gap=1e-6)

    spend = cp.Variable(n, nonneg=True)
    limits = [cp.sum(spend) <= budget]
    for rule in rules:
        w = np.array([rule.coefficients[name] for name in curves.names])
        limits += [w @ spend <= rule.high, w @ spend >= rule.low]
    paid = charge * cp.sum(spend[::2])
    raw = cp.Problem(cp.Maximize(concave_terms(curves, spend) - paid), limits)
    raw.solve(solver="CLARABEL")
    assert solution.value == pytest.approx(float(raw.value), rel=3e-6)


@pytest.mark.parametrize("seed", range(4))
def test_two_solvers_agree(seed: int) -> None:
    rng = np.random.default_rng([4, seed])
    made = hill_problem(rng, 6, 5, shares=True)
    first, second = (certified(made.problem, solver=name) for name in ("HIGHS", "CLARABEL"))
    assert second.value == pytest.approx(first.value, rel=GAP)
    assert first.report.solver.startswith("HiGHS ")
    assert second.report.solver == "CLARABEL"


@pytest.mark.parametrize("draws", [1, 30])
@pytest.mark.parametrize("seed", range(5))
def test_neither_local_search_nor_random_points_beat_the_bound(seed: int, draws: int) -> None:
    rng = np.random.default_rng([5, seed, draws])
    made = hill_problem(rng, int(rng.integers(4, 12)), draws, shares=True)
    solution = certified(made.problem)
    points = feasible_points(made.problem, 2000, rng)
    worth = values(made.problem, points)
    assert not beats(made.problem, solution, float(worth.max()))
    local, _ = best_local(made.problem, points[np.argsort(-worth)[:3]])
    assert not beats(made.problem, solution, local)
    assert local >= 0.8 * solution.value


@pytest.mark.parametrize("seed", range(6))
def test_mixed_families_under_random_rows_and_charges(seed: int) -> None:
    rng = np.random.default_rng([6, seed])
    families = [
        "hill",
        "exponential",
        "logistic",
        "power",
        "logarithmic",
        "capped_linear",
        "service",
        "tabulated",
    ]
    parts = []
    for i, family in enumerate(rng.choice(families, 5)):
        part = curves_of(rng, 1, 10, family=str(family))
        parts.append(cm.ResponseCurves((f"m{i % 2}/c{i}",), part.blocks))
    curves = cm.ResponseCurves.concat(parts)
    inside = rng.dirichlet(np.ones(5)) * 4.0
    rules = []
    for k in range(3):
        w = rng.normal(size=5) * 10.0 ** rng.uniform(-4, 4)
        left = float(w @ inside)
        rules.append(
            cm.LinearConstraint(
                dict(zip(curves.names, w.tolist(), strict=True)), high=left + 0.1 * abs(left), name=f"r{k}"
            )
        )
    problem = cm.AllocationProblem(curves, cm.FixedBudget(4.0), rules, charge={"m1": 0.2})
    solution = certified(problem)
    points = np.vstack([feasible_points(problem, 2000, rng), inside])
    worth = values(problem, points)
    assert not beats(problem, solution, float(worth.max()))
    assert not beats(problem, solution, best_local(problem, points[np.argsort(-worth)[:3]])[0])
