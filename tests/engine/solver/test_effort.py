"""What a search costs, in nodes and programs: counts, unlike times, are the same on every machine.

Each problem is small, and solved within a known number of nodes and of linear programs, with some room for other
versions of the solver. A search that branches or polishes worse finds the same answer, but later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.random_problems import random_problem

import channelmix as cm
from channelmix import Status
from channelmix.engine.solver import large_search

Problem = Callable[[], cm.AllocationProblem]
NAMES = [f"{market}/{channel}" for market in ("FR", "DE", "IT") for channel in ("sms", "app", "im")]
SWITCHED: list[Any] = [
    cm.MinimumIfActive("all", 0.6),
    cm.AtMostActive(3),
    cm.ActivationFee("FR", 0.15),
    cm.PackSize("DE/app", 0.4),
]


def hill(n: int, seed: int, draws: int = 1, most: float = 5.0) -> cm.ResponseCurves:
    """Curves of many shapes, of uncertain reach where there are draws."""
    rng = np.random.default_rng([31, seed])
    half = rng.uniform(0.3, 1.5, n) * np.exp(0.2 * rng.normal(size=(draws, n)))
    scale, slope = rng.uniform(1.0, 3.0, n), rng.uniform(0.8, most, n)
    return cm.ResponseCurves.hill(scale, half if draws > 1 else half[0], slope, names=NAMES[:n])


def of(curves: cm.ResponseCurves, scenario: Any, *rules: Any, **more: Any) -> Problem:
    return lambda: cm.AllocationProblem(curves, scenario, list(rules), **more)


def budget(amount: float) -> cm.FixedBudget:
    return cm.FixedBudget(amount)


EQUAL = cm.ResponseCurves.hill(np.ones(7), np.ones(7), np.full(7, 3.0))
MIX = {NAMES[0]: 1.0, NAMES[1]: 0.5, NAMES[2]: 1.0, NAMES[3]: 0.5}
LAGGED = cm.Carryover([0.6, 0.4], 4, initial=[0.3])

# The problem, the gap, its nodes, its programs, and the best value known.
SEARCHES: dict[str, tuple[Problem, float, int, int, float]] = {
    "s-shaped": (of(hill(8, 1), budget(4.0)), 1e-6, 1, 6, 9.79538394),
    "shares": (
        of(hill(8, 2), budget(4.0), cm.GroupShare("FR", 0.2, 0.5), cm.GroupShare("sms", high=0.4)),
        1e-6, 7, 13, 6.61297530,
    ),
    "twins": (of(EQUAL, budget(4.1)), 1e-5, 3, 6, 2.15555509),
    "switched": (of(hill(6, 3), budget(3.0), *SWITCHED), 1e-5, 7, 21, 4.55310617),
    "draws": (of(hill(6, 4, 30), budget(3.0)), 1e-5, 3, 5, 4.56275662),
    "target": (of(hill(6, 6), cm.TargetOutcome(6.0)), 1e-5, 7, 13, -4.77886912),
    "roi": (of(hill(6, 7), cm.FlexibleBudget(min_roi=2.0)), 1e-5, 9, 13, 4.24685939),
    "profit": (of(hill(6, 8), cm.MaxProfit()), 1e-6, 1, 6, 3.23260892),
    "charged": (of(hill(6, 9), budget(4.0), charge={"FR": 0.3}), 1e-6, 11, 15, 5.85389284),
    "periods": (of(hill(3, 10), budget(5.0), carryover=LAGGED), 1e-4, 13, 15, 4.76681345),
    "periods and a share": (
        of(hill(3, 10), budget(5.0), cm.GroupShare("FR/app", high=0.3), carryover=cm.Carryover([0.6, 0.4], 3)),
        1e-4, 89, 79, 4.25663824,
    ),
    "tail": (of(hill(4, 5, 30, 2.5), budget(3.0), risk=cm.MeanCVaR(0.5, 0.2)), 1e-4, 1, 8, 5.16088570),
    "tail and a share": (
        of(hill(5, 11, 20), budget(3.0), cm.GroupShare("FR", 0.3, 0.6), risk=cm.MeanCVaR(0.7, 0.3)),
        1e-3, 5, 15, 4.25753814,
    ),
    "worst case": (of(hill(4, 12, 12), budget(3.0), risk=cm.WorstCase()), 1e-3, 11, 20, 4.04826491),
    "safe": (of(hill(4, 13, 20), budget(3.0), risk=cm.SafeImprovement(MIX)), 1e-3, 5, 8, 3.41899625),
    "chance": (of(hill(2, 14, 12), budget(1.5), risk=cm.ReachTarget(1.8)), 1e-3, 7, 5, 0.75),
    "chance and a share": (
        of(
            hill(2, 14, 20), budget(1.2), cm.GroupShare("FR/sms", 0.2, 0.7),
            risk=cm.ReachTarget(1.3), charge={"FR/sms": 0.1},
        ),
        1e-3, 105, 53, 0.05,
    ),
    "switched periods": (
        of(
            hill(2, 17), budget(4.0), cm.MinimumIfActive("all", 0.8), cm.ActivationFee("FR/sms", 0.1),
            carryover=cm.Carryover([0.6, 0.4], 2),
        ),
        1e-3, 29, 52, 6.24087020,
    ),
    "target over time": (
        of(hill(2, 10), cm.TargetOutcome(3.0), carryover=cm.Carryover([0.6, 0.4], 2)), 1e-3, 5, 7, -2.31806501,
    ),
    "switched target": (of(hill(5, 18), cm.TargetOutcome(5.0), *SWITCHED), 1e-3, 7, 28, -4.77456456),
    "switched tail": (
        of(hill(5, 19, 10), budget(3.0), *SWITCHED, risk=cm.MeanCVaR(0.5, 0.3)), 1e-3, 13, 39, 3.16539091,
    ),
    "tail over time": (
        of(hill(2, 20, 8), budget(3.0), risk=cm.MeanCVaR(0.5, 0.3), carryover=cm.Carryover([0.6, 0.4], 2)),
        1e-3, 29, 50, 3.90300405,
    ),
    "safe and charged": (
        of(
            hill(4, 21, 12), budget(3.0), cm.GroupShare("FR", 0.3, 0.8),
            risk=cm.SafeImprovement(MIX), charge={"FR": 0.2},
        ),
        1e-3, 7, 11, 4.41108205,
    ),
    "changes that cost": (
        of(hill(4, 22), budget(3.0), cm.ChangeLimit("all", switching_cost=0.3), current=MIX),
        1e-3, 3, 5, 4.33244146,
    ),
    "price tiers": (
        of(hill(4, 23), budget(4.0), cm.PriceTiers("FR/sms", ((1.0, 0.2), (2.0, 0.4)))), 1e-3, 3, 5, 5.07379115,
    ),
    "random 1": (lambda: random_problem(1), 1e-5, 5, 6, 173.928419),
    "random 2": (lambda: random_problem(2), 1e-5, 3, 10, 21.9135065),
    "random 4": (lambda: random_problem(4), 1e-5, 5, 30, 3.14420504),
    "random 5": (lambda: random_problem(5), 1e-5, 1, 2, 0.144017059),
    "random 8": (lambda: random_problem(8), 1e-5, 3, 18, 148.709239),
    "random 10": (lambda: random_problem(10), 1e-5, 1, 4, 29.7646215),
    "random 15": (lambda: random_problem(15), 1e-5, 3, 6, 4.47919458),
}  # fmt: skip


OUT_OF_REACH: dict[str, tuple[Problem, int, int]] = {
    f"{amount}": (
        of(
            hill(8, 2), cm.TargetOutcome(amount, max_amount=4.0),
            cm.GroupShare("FR", 0.2, 0.5), cm.GroupShare("sms", high=0.4),
        ),
        nodes, programs,
    )
    for amount, nodes, programs in ((6.614, 5, 5), (6.62, 5, 4), (6.67913, 3, 1))
} | {
    f"switched {amount}": (
        of(hill(6, 3), cm.TargetOutcome(amount, max_amount=3.0), *SWITCHED), nodes, programs,
    )
    for amount, nodes, programs in ((4.5532, 7, 62), (4.6, 3, 1))
}  # fmt: skip
"""Targets a little above what can be reached, with the nodes and programs that show it."""

BY_NEWTON: dict[str, tuple[Problem, float, int, int, float]] = {
    "concave": (of(hill(9, 30, 8, 1.0), budget(4.0)), 1e-4, 1, 8, 8.42057405),
    "rules": (
        of(
            hill(9, 31, 8, 1.0), budget(4.0), cm.GroupShare("FR/sms", high=0.05),
            cm.SpendBounds({"DE/sms": (0.3, 0.9)}), cm.LinearConstraint({"FR/sms": 1.0, "DE/app": -2.0}, high=0.0),
        ),
        1e-4, 1, 12, 9.11353427,
    ),
    "s-shaped": (of(hill(9, 32), budget(4.0)), 1e-3, 5, 6, 5.01952216),
    "charged": (of(hill(9, 33, 4, 1.0), cm.MaxProfit(max_amount=4.0), charge={"FR": 0.3}), 1e-4, 1, 12, 3.14341819),
    "periods": (of(hill(3, 34, 4, 1.0), budget(5.0), carryover=LAGGED), 1e-4, 1, 12, 11.2917642),
}  # fmt: skip
"""Searches by Newton's method, as those of very many cells are."""


@pytest.mark.parametrize("name", SEARCHES)
def test_small_problems_take_few_nodes_and_programs(name: str) -> None:
    make, gap, nodes, programs, best = SEARCHES[name]
    problem = make()
    solution = cm.solve(problem, gap=gap)
    found_in(problem, solution, gap, nodes, programs, best)


def found_in(
    problem: cm.AllocationProblem, solution: cm.Solution, gap: float, nodes: int, programs: int, best: float
) -> None:
    assert solution.status is Status.OPTIMAL
    size = problem.size(solution.spend)
    assert abs(solution.value - best) <= gap * size
    assert solution.upper_bound >= best - 1e-8 * size
    assert solution.report.nodes <= 1.3 * nodes + 1
    assert solution.report.relaxations <= 1.3 * programs + 2


POLISHED = [name for name in SEARCHES if not any(word in name for word in ("chance", "time", "periods"))]


@pytest.mark.parametrize("name", POLISHED)
def test_spend_is_better_than_the_gap_asks_for(name: str) -> None:
    """However coarse the gap, spend is polished to the top of its basin, which here is the best one."""
    make, _, _, _, best = SEARCHES[name]
    problem = make()
    solution = cm.solve(problem, gap=2e-3)
    assert solution.value >= best - 2e-8 * problem.size(solution.spend)


@pytest.mark.parametrize("name", OUT_OF_REACH)
def test_a_target_barely_out_of_reach_is_refuted_in_few_nodes(name: str) -> None:
    make, nodes, programs = OUT_OF_REACH[name]
    problem = make()
    solution = cm.solve(problem)
    assert solution.status is Status.INFEASIBLE
    assert cm.verify(problem, solution).status is Status.INFEASIBLE
    assert solution.report.nodes <= 1.3 * nodes + 1
    assert solution.report.relaxations <= 1.3 * programs + 2


@pytest.mark.parametrize("name", BY_NEWTON)
def test_searches_by_newtons_method(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_search, "LARGE", 1)
    monkeypatch.setattr(large_search, "LARGE_OVER_TIME", 1)
    make, gap, nodes, programs, best = BY_NEWTON[name]
    problem = make()
    solution = cm.solve(problem, gap=gap)
    found_in(problem, solution, gap, nodes, programs, best)
    assert solution.value >= best - 2e-6 * problem.size(solution.spend) - (gap if name == "s-shaped" else 0.0)
