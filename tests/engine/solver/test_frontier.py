"""The frontier: every point proven, and the same as its problem solved alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tests.oracles import best_on_grid

import channelmix as cm
from channelmix import Status
from channelmix.engine.rules import MeanCVaR
from channelmix.engine.rules.risk import tail_mean
from channelmix.engine.solver.frontier import FrontierPoint, budget_frontier, risk_frontier

GAP = 1e-4
AMOUNTS = [0.0, 1.0, 2.5, 4.0, 6.0, 9.0]


def problem(*rules: Any, draws: int = 1, **options: Any) -> cm.AllocationProblem:
    rng = np.random.default_rng(41)
    spread = np.exp(0.4 * rng.normal(size=(draws, 3))) if draws > 1 else np.ones((1, 3))
    curves = cm.ResponseCurves.hill(
        [3.0, 2.0, 2.5] * spread, [4.0, 1.0, 2.0], [3.0, 1.0, 2.0], names=["a", "b", "c"]
    )
    return cm.AllocationProblem(curves, cm.FixedBudget(3.0), rules, **options)


@pytest.fixture(scope="module")
def points() -> list[FrontierPoint]:
    return list(budget_frontier(cm.solve, problem(), AMOUNTS, gap=GAP))


def test_every_budget_has_its_point_in_order(points: list[FrontierPoint]) -> None:
    assert [point.amount for point in points] == AMOUNTS
    assert all(point.status is Status.OPTIMAL and point.gap <= GAP for point in points)


def test_more_money_never_brings_less(points: list[FrontierPoint]) -> None:
    outcome = np.array([point.outcome for point in points])
    money = np.array([point.money for point in points])
    assert (np.diff(outcome) >= -GAP * outcome[-1]).all()
    assert (money <= np.array(AMOUNTS) * (1.0 + 1e-9)).all()


def test_each_point_is_its_problem_solved_alone(points: list[FrontierPoint]) -> None:
    for point in points:
        alone = cm.solve(problem_at(point.amount), gap=GAP)
        assert point.value == pytest.approx(alone.value, rel=GAP, abs=1e-12)
        assert point.value <= alone.upper_bound * (1.0 + 1e-9)
        assert alone.value <= point.upper_bound * (1.0 + 1e-9)
        grid = best_on_grid(problem_at(point.amount), point.amount, np.zeros(3), np.full(3, 9.0), 300)
        assert grid <= point.upper_bound + 1e-12


def problem_at(amount: float) -> cm.AllocationProblem:
    return cm.AllocationProblem(problem().curves, cm.FixedBudget(amount))


def test_the_marginal_worth_is_the_slope_of_the_frontier() -> None:
    h = 1e-3
    below, at, above = budget_frontier(cm.solve, problem(), [6.0 - h, 6.0, 6.0 + h], gap=1e-9)
    assert at.marginal == pytest.approx((above.value - below.value) / (2 * h), rel=1e-3)


def test_a_budget_that_rules_exclude_is_a_point_without_spend() -> None:
    found = list(budget_frontier(cm.solve, problem(cm.SpendBounds({"a": (2.0, None)})), [1.0, 3.0]))
    assert [point.status for point in found] == [Status.INFEASIBLE, Status.OPTIMAL]
    data = json.loads(json.dumps(found[0].to_dict(), allow_nan=False))
    assert (data["spend"], data["outcome"], data["status"]) == (None, None, "infeasible")
    assert json.loads(json.dumps(found[1].to_dict(), allow_nan=False))["spend"] == found[1].spend.tolist()


def test_a_frontier_over_budgets_needs_a_budget() -> None:
    other = cm.AllocationProblem(problem().curves, cm.MaxProfit(5.0))
    with pytest.raises(cm.InputError, match="needs a fixed_budget, not a max_profit"):
        list(budget_frontier(cm.solve, other, [1.0]))


def test_points_come_one_by_one() -> None:
    """Who stops reading stops the work: nothing is solved before it is asked for."""
    asked: list[float] = []

    def solve(p: cm.AllocationProblem, *arguments: Any, **options: Any) -> cm.Solution:
        asked.append(p.scenario.amount)
        return cm.solve(p, *arguments, **options)

    frontier = budget_frontier(solve, problem(), AMOUNTS)
    next(frontier)
    assert asked == AMOUNTS[:1]


def test_each_point_begins_from_the_one_before() -> None:
    begun: list[Any] = []

    def solve(p: cm.AllocationProblem, *arguments: Any, **options: Any) -> cm.Solution:
        begun.append(options["starts"])
        return cm.solve(p, *arguments, **options)

    found = list(budget_frontier(solve, problem(), AMOUNTS[:3]))
    assert begun[0] == []
    for start, point in zip(begun[1:], found, strict=False):
        assert list(start[0].values()) == point.spend.tolist()


def test_out_of_time_every_point_still_states_an_honest_gap(points: list[FrontierPoint]) -> None:
    hurried = list(budget_frontier(cm.solve, problem(), AMOUNTS, gap=1e-12, time_limit=1e-9))
    assert len(hurried) == len(AMOUNTS)
    for one, other in zip(hurried, points, strict=True):
        assert one.upper_bound >= other.value - 1e-12
        assert np.isfinite(one.gap)


def test_more_weight_on_the_worst_draws_trades_mean_for_tail() -> None:
    uncertain = problem(draws=40)
    weights = [0.0, 0.5, 1.0]
    found = list(risk_frontier(cm.solve, uncertain, weights, tail=0.2, gap=GAP))
    assert [point.weight for point in found] == weights
    for point in found:
        net = uncertain.net_draws(point.spend)
        assert point.outcome == pytest.approx(net.mean())
        assert point.tail == pytest.approx(tail_mean(net, 0.2))
        alone = cm.solve(
            cm.AllocationProblem(uncertain.curves, cm.FixedBudget(3.0), risk=MeanCVaR(point.weight, 0.2)),
            gap=GAP,
        )
        assert point.value == pytest.approx(alone.value, rel=GAP)
    slack = 2.0 * GAP * found[0].outcome
    assert found[0].outcome >= found[1].outcome - slack >= found[2].outcome - 2 * slack
    assert found[2].tail >= found[1].tail - slack >= found[0].tail - 2 * slack
