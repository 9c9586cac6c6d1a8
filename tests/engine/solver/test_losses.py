"""Problems with losses beside spend, against every plan on a grid, and as they are stored."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.core.arrays import Array
from channelmix.engine.response.opt_outs import OptOuts
from channelmix.engine.rules.risk import tail_mean

DRAWS = 24
NAMES = ("FR/sms", "FR/im", "FR/mail")


def problem_of(seed: int, scenario: Any, *rules: Any, **more: Any) -> cm.AllocationProblem:
    """Three cells, of which two lose customers; the curves of one are S-shaped."""
    rng = np.random.default_rng([81, seed])
    scale, rate, half = rng.uniform(1.0, 8.0, (3, DRAWS, 1))
    curves = cm.ResponseCurves.concat(
        [
            cm.ResponseCurves.exponential(scale, rate, names=NAMES[:1]),
            cm.ResponseCurves.hill(scale[::-1], half, np.full_like(half, 2.0), names=NAMES[1:2]),
            cm.ResponseCurves.exponential(0.4 * half, rate[::-1], names=NAMES[2:]),
        ]
    )
    lost = cm.ResponseCurves(
        NAMES,
        (
            OptOuts(scale, rate, 0.3 * half),
            cm.ResponseCurves.exponential([0.0], [1.0]).blocks[0],
            cm.ResponseCurves.exponential(0.6 * half, 0.5 * rate[::-1]).blocks[0],
        ),
    )
    return cm.AllocationProblem(curves, scenario, rules, losses=lost, **more)


def net_of(problem: cm.AllocationProblem, points: Array) -> Array:
    """Net outcome of every draw at many plans of one period, (n_points, n_draws), from the curves themselves."""
    assert problem.losses is not None
    total = np.zeros((DRAWS, len(points)))
    for i in range(3):
        for sign, curves in ((1.0, problem.curves), (-1.0, problem.losses)):
            total = total + sign * curves.cell(i).value(points[np.newaxis, :, i])
    return total.T - (points @ problem.charges)[:, np.newaxis]


def grid(most: float, n: int = 33) -> Array:
    steps = np.linspace(0.0, most, n)
    points = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    return np.asarray(points[points.sum(axis=1) <= most * (1.0 + 1e-9)])


def checked(problem: cm.AllocationProblem, best: float) -> cm.Solution:
    """Solve to 1e-4, prove it, and compare with the best of a grid."""
    solution = cm.solve(problem)
    assert solution.status is cm.Status.OPTIMAL
    certificate = cm.verify(problem, solution)
    assert certificate.gap <= 1e-4
    size = max(abs(best), problem.size(solution.spend))
    assert solution.value >= best - 2e-4 * size
    assert certificate.upper_bound >= best - 1e-9 * size
    return solution


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("budget", [3.0, 12.0, 60.0])
def test_fixed_budget_against_a_grid(seed: int, budget: float) -> None:
    problem = problem_of(seed, cm.FixedBudget(budget), charge={"FR/im": 0.05})
    points = grid(budget)
    net = net_of(problem, points).mean(axis=1)
    solution = checked(problem, float(net.max()))
    assert problem.net(points[7]) == pytest.approx(net[7])
    assert solution.value == pytest.approx(float(net_of(problem, solution.spend[np.newaxis]).mean()))


@pytest.mark.parametrize("seed", range(3))
def test_other_scenarios_against_a_grid(seed: int) -> None:
    points = grid(20.0, 41)
    problem = problem_of(seed, cm.MaxProfit(max_amount=20.0))
    net = net_of(problem, points).mean(axis=1)
    checked(problem, float((net - points.sum(axis=1)).max()))
    aim = 0.7 * float(net.max())
    spend = points.sum(axis=1)
    target = problem_of(seed, cm.TargetOutcome(aim))
    solution = checked(target, -float(spend[net >= aim].min()))
    assert target.net(solution.spend) >= aim * (1.0 - 1e-6)
    asked = problem_of(seed, cm.FlexibleBudget(max_amount=20.0, min_roi=0.8))
    checked(asked, float(net[net >= 0.8 * spend].max()))


@pytest.mark.parametrize("seed", range(2))
def test_worst_draws_against_a_grid(seed: int) -> None:
    """Losses differ by draw, as the curves do."""
    points = grid(9.0, 25)
    tail = problem_of(seed, cm.FixedBudget(9.0), risk=cm.MeanCVaR(weight=0.5, tail=0.25))
    drawn = net_of(tail, points)
    mixed = [0.5 * float(net.mean()) + 0.5 * tail_mean(net, 0.25) for net in drawn]
    checked(tail, max(mixed))
    aim = float(np.median(drawn.max(axis=0)))
    chance = problem_of(seed, cm.FixedBudget(9.0), risk=cm.ReachTarget(aim))
    solution = cm.solve(chance, time_limit=2.0)
    certificate = cm.verify(chance, solution)
    assert certificate.upper_bound >= float((drawn >= aim).mean(axis=1).max())
    assert solution.value == pytest.approx(
        float((net_of(chance, solution.spend[np.newaxis]) >= aim).mean()), abs=1.0 / DRAWS
    )


def test_price_tiers_buy_losses_too() -> None:
    """Beyond 2 a unit buys 1.25 times as many contacts, and as many customers are lost by them."""
    tiers = cm.PriceTiers("FR/sms", ((2.0, 0.2),))
    dear, cheap = (problem_of(0, cm.FixedBudget(8.0), *rules) for rules in ((), (tiers,)))
    spend = np.array([6.0, 1.0, 1.0])
    assert cheap.net(spend) == pytest.approx(dear.net([7.0, 1.0, 1.0]))
    bought = grid(8.0)
    bought[:, 0] = np.where(bought[:, 0] > 2.0, 2.0 + 1.25 * (bought[:, 0] - 2.0), bought[:, 0])
    checked(cheap, float(net_of(cheap, bought).mean(axis=1).max()))


def test_several_periods_with_carry_over() -> None:
    """Losses follow what acts, know no season, and spend before the plan has lost its customers already."""
    carry = cm.Carryover([0.7, 0.3], 2, initial=[2.0], season=[1.0, 2.0], discount=0.1)
    problem = problem_of(1, cm.FixedBudget(16.0), carryover=carry)
    rng = np.random.default_rng(82)
    plans = rng.dirichlet(np.full(7, 0.6), 1500)[:, :6] * 16.0

    def value(plan: Array) -> float:
        spend = plan.reshape(2, 3)
        acting = np.array([0.7 * spend[0] + 0.6, 0.7 * spend[1] + 0.3 * spend[0], 0.3 * spend[1]])
        idle = np.array([np.full(3, 0.6), np.zeros(3), np.zeros(3)])
        total = 0.0
        for t, season in enumerate((1.0, 2.0, 1.5)):
            for at, sign in ((acting[t], 1.0), (idle[t], -1.0)):
                gained = season * problem.curves.mean_value(at).sum()
                assert problem.losses is not None
                total += sign * float(gained - problem.losses.mean_value(at).sum()) / 1.1**t
        return total

    worth = np.array([value(plan) for plan in plans])
    assert problem.net(plans[3]) == pytest.approx(worth[3])
    solution = checked(problem, float(worth.max()))
    spend = solution.spend.ravel()
    assert float(problem.charged(spend).sum()) == pytest.approx(float(problem.lost(spend).mean(axis=0).sum()))
    step = np.zeros(6)
    step[0] = 1e-5
    slope = (problem.net(spend + step) - problem.net(spend)) / 1e-5
    assert problem.marginal(spend)[0] == pytest.approx(slope, rel=1e-3, abs=1e-4)


def test_stored_and_read_a_problem_loses_the_same() -> None:
    problem = problem_of(2, cm.FixedBudget(5.0))
    again = cm.AllocationProblem.from_dict(json.loads(json.dumps(problem.to_dict())))
    assert again.net([1.0, 2.0, 2.0]) == problem.net([1.0, 2.0, 2.0])
    solution = cm.solve(problem)
    assert cm.verify(again, solution).gap <= 1e-4


def test_losses_that_cannot_be_bounded_or_belong_elsewhere_are_refused() -> None:
    problem = problem_of(0, cm.FixedBudget(5.0))
    assert problem.losses is not None
    steep = cm.ResponseCurves.power(np.ones(3), np.full(3, 0.5), names=NAMES)
    with pytest.raises(cm.InputError, match="finite slope"):
        cm.AllocationProblem(problem.curves, cm.FixedBudget(5.0), losses=steep)
    with pytest.raises(cm.InputError, match="same cells"):
        cm.AllocationProblem(problem.curves, cm.FixedBudget(5.0), losses=problem.losses.take([1, 0, 2]))
    few, s_shaped = problem.losses.of_draws(range(5)), problem.curves.take([1])
    with pytest.raises(cm.InputError, match="5 draws"):
        cm.AllocationProblem(problem.curves, cm.FixedBudget(5.0), losses=few)
    with pytest.raises(cm.InputError, match="hill curves may"):
        cm.AllocationProblem(s_shaped, cm.FixedBudget(5.0), losses=s_shaped)
