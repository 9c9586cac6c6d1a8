"""Random problems of mixed families with packs, minimums, fees and shares, and what a raw program says of them."""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np

import channelmix as cm

__all__ = ["can_spend", "random_problem"]

BARELY = 1e-6
"""Share of a budget up to which what can be spent is nothing."""


def random_problem(seed: int) -> cm.AllocationProblem:
    """Two to five cells over curves of any family, with up to four rules; exponents of power curves from 0.02."""
    rng = np.random.default_rng([14, seed])
    n = int(rng.integers(2, 6))
    names = [chr(ord("a") + i) for i in range(n)]
    budget = float(10.0 ** rng.uniform(-2.0, 6.0)) if rng.random() < 0.5 else float(rng.integers(1, 30))
    curves = cm.ResponseCurves.concat([_curve(rng, name, budget) for name in names])
    scenario: Any = cm.FixedBudget(budget)
    if rng.random() < 0.25:
        scenario = cm.MaxProfit(max_amount=budget)
    elif rng.random() < 0.15:
        scenario = cm.FlexibleBudget(
            min_marginal_roi=float(10.0 ** rng.uniform(-1.0, 0.5)), max_amount=budget
        )
    return cm.AllocationProblem(
        curves, scenario, [_rule(rng, names, budget) for _ in range(rng.integers(1, 5))]
    )


def _curve(rng: np.random.Generator, name: str, budget: float) -> cm.ResponseCurves:
    scale, reach = budget * 10.0 ** rng.uniform(-1.0, 1.0), budget * 10.0 ** rng.uniform(-1.5, 0.7)
    kind = rng.integers(0, 7)
    if kind <= 1:  # twice as often: infinitely steep at nothing
        return cm.ResponseCurves.power(
            [scale], [min(float(rng.choice([0.02, 0.1, rng.uniform(0.02, 1.0), 1.0])), 1.0)], names=[name]
        )
    if kind == 2:
        return cm.ResponseCurves.hill([scale], [reach], [rng.uniform(0.4, 4.0)], names=[name])
    if kind == 3:
        return cm.ResponseCurves.exponential([scale], [reach], names=[name])
    if kind == 4:
        return cm.ResponseCurves.logarithmic([scale], [reach], names=[name])
    if kind == 5:
        return cm.ResponseCurves.capped_linear([scale], [reach], names=[name])
    spend = np.concatenate([[0.0], np.sort(rng.uniform(0.0, budget, 4))])
    outcome = np.cumsum(np.append(0.0, rng.exponential(scale, 4)))
    return cm.ResponseCurves.tabulated(spend, outcome[:, np.newaxis], names=[name])


def _rule(rng: np.random.Generator, names: list[str], budget: float) -> Any:
    name = str(rng.choice(names))
    # A round part of the budget, so that some rules leave exactly nothing to others.
    part = budget * float(rng.choice([1.0, 0.5, 1.0 / 3.0, 0.25, rng.uniform(0.05, 1.2)]))
    kind = rng.integers(0, 8)
    if kind <= 1:
        return cm.PackSize(name, part)
    if kind == 2:
        return cm.MinimumIfActive(name if rng.random() < 0.7 else "all", part)
    if kind == 3:
        return cm.ActivationFee(name, 0.3 * part)
    if kind == 4:
        return cm.AtMostActive(int(rng.integers(1, len(names) + 1)))
    if kind == 5:
        return cm.GroupShare(name, high=float(rng.choice([0.2, 0.4, 0.5, rng.random()])))
    if kind == 6:
        return cm.GroupShare(name, low=float(rng.choice([0.3, 0.6, rng.random()])))
    low = part if rng.random() < 0.5 else 0.0
    return cm.SpendBounds({name: (low, low + part * rng.random())})


def can_spend(problem: cm.AllocationProblem, solver: str = "GLPK_MI") -> bool:
    """Whether anything obeys the rules: of those about shares, something above nothing, if the others allow it.

    The rules are written out from their fields alone, as a mixed program for another solver than the package asks.
    """
    most = _most_spend(problem, shares=True, solver=solver)
    if most is None:
        return False
    if most > BARELY * problem.scenario.limit or not any(
        isinstance(r, cm.GroupShare) for r in problem.constraints
    ):
        return True
    without = _most_spend(problem, shares=False, solver=solver)
    return without is None or without <= BARELY * problem.scenario.limit


def _most_spend(problem: cm.AllocationProblem, *, shares: bool, solver: str) -> float | None:
    """The most that can be spent within the rules; None if nothing obeys them. Counted in budgets for the solver."""
    budget = problem.scenario.limit
    names = problem.curves.names
    spend, on = cp.Variable(len(names), nonneg=True), cp.Variable(len(names), boolean=True)
    total, fees = cp.sum(spend), 0.0
    rules: list[Any] = [spend <= on]
    for rule in problem.constraints:
        if isinstance(rule, cm.SpendBounds):
            for name, (low, high) in rule.bounds.items():
                rules += [spend[names.index(name)] >= low / budget, spend[names.index(name)] <= high / budget]
            continue
        chosen = (
            range(len(names)) if getattr(rule, "selector", "all") == "all" else [names.index(rule.selector)]
        )
        for i in chosen:
            if isinstance(rule, cm.PackSize):
                rules.append(spend[i] == cp.Variable(integer=True) * (rule.size / budget))
            elif isinstance(rule, cm.MinimumIfActive):
                rules.append(spend[i] >= on[i] * (rule.amount / budget))
            elif isinstance(rule, cm.ActivationFee):
                fees = fees + on[i] * (rule.amount / budget)
            elif isinstance(rule, cm.GroupShare) and shares:
                rules += [spend[i] >= rule.low * total, spend[i] <= rule.high * total]
        if isinstance(rule, cm.AtMostActive):
            rules.append(cp.sum(on) <= rule.count)
    rules.append(total + fees <= 1.0)
    program = cp.Problem(cp.Maximize(total), rules)
    program.solve(solver=solver)
    return (
        None if program.status in ("infeasible", "infeasible_inaccurate") else float(program.value) * budget
    )
