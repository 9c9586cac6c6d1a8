"""The best split of every draw: each as good as a search of that draw alone, and each within its own bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.oracles.exponentials import best_value

import channelmix as cm
from channelmix.engine.solver.by_draw import best_by_draw


def mixed(n_draws: int, seed: int) -> cm.ResponseCurves:
    """S-shaped, concave, tabulated and service curves."""
    rng = np.random.default_rng(seed)
    draws = rng.lognormal(0.0, 0.5, (8, n_draws, 2))
    table = np.cumsum(rng.uniform(0.0, 2.0, (n_draws, 6, 1)), axis=1)
    table = np.concatenate([np.zeros((n_draws, 1, 1)), table], axis=1)
    return cm.ResponseCurves.concat(
        [
            cm.ResponseCurves.hill(4.0 * draws[0], 3.0 * draws[1], [2.5, 1.2], names=["a", "b"]),
            cm.ResponseCurves.exponential(3.0 * draws[2], 2.0 * draws[3], names=["c", "d"]),
            cm.ResponseCurves.tabulated([0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0], table, names=["e"]),
            cm.ResponseCurves.service(3.0 * draws[4], 2.0 * draws[5], 0.2, 0.4, 0.5, names=["f", "g"]),
        ]
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_every_draw_is_as_good_as_searched_alone(seed: int) -> None:
    rules = [cm.GroupShare("a", low=0.1), cm.SpendBounds({"d": (0.5, 3.0), "e": (None, 2.5)})]
    problem = cm.AllocationProblem(mixed(12, seed), cm.FixedBudget(8.0), rules, charge={"c": 0.05})
    found = best_by_draw(problem, gap=1e-4)
    for d in range(12):
        alone = cm.AllocationProblem(
            problem.curves.of_draws([d]), problem.scenario, rules, charge={"c": 0.05}
        )
        solution = cm.solve(alone, 1e-6)
        assert alone.violation(found.spend[d]) <= 1e-6
        assert alone.value(found.spend[d]) == pytest.approx(found.value[d], rel=1e-9)
        assert found.upper_bound[d] >= solution.value * (1.0 - 1e-9)
        assert solution.upper_bound >= found.value[d] * (1.0 - 1e-9)
        assert found.value[d] >= 0.999 * solution.value


def test_the_answer_of_exponentials_is_known() -> None:
    rng = np.random.default_rng(3)
    scale, rate = rng.lognormal(1.0, 0.6, (70, 4)), np.array([4.0, 2.0, 1.0, 6.0])
    curves = cm.ResponseCurves.exponential(scale, rate)
    found = best_by_draw(cm.AllocationProblem(curves, cm.FixedBudget(5.0)), gap=1e-5)
    truth = best_value(scale, rate, 5.0)
    assert (found.value <= truth * (1.0 + 1e-9)).all()
    assert (found.upper_bound >= truth * (1.0 - 1e-9)).all()
    assert (found.upper_bound - found.value <= 1e-5 * truth).all()


def test_profit_and_rules_with_whole_numbers() -> None:
    rules = [cm.MinimumIfActive("all", 3.0)]
    problem = cm.AllocationProblem(mixed(4, 5), cm.MaxProfit(max_amount=9.0), rules)
    found = best_by_draw(problem, gap=1e-3)
    for d in range(4):
        spend = found.spend[d]
        assert ((spend == 0.0) | (spend >= 3.0 - 1e-6)).all()
        alone = cm.AllocationProblem(problem.curves.of_draws([d]), problem.scenario, rules)
        assert found.value[d] == pytest.approx(cm.solve(alone, 1e-4).value, rel=2e-3)


@pytest.mark.parametrize(
    "other",
    [{"risk": cm.MeanCVaR(0.5)}, {"scenario": cm.TargetOutcome(1.0)}, {"scenario": cm.MaxProfit()}],
)
def test_what_has_no_best_split_by_draw_is_refused(other: dict[str, Any]) -> None:
    stated = {"scenario": cm.FixedBudget(5.0)} | other
    with pytest.raises(cm.InputError, match="best spend of single draws"):
        best_by_draw(cm.AllocationProblem(mixed(4, 1), **stated))


def test_ctrl_c_keeps_the_draws_that_are_done() -> None:
    scale = np.random.default_rng(1).lognormal(0.0, 0.5, (130, 2))
    problem = cm.AllocationProblem(cm.ResponseCurves.exponential(scale, 2.0), cm.FixedBudget(2.0))

    def stop(done: int, of: int) -> None:
        assert of == 130
        if done >= 64:
            raise KeyboardInterrupt

    found = best_by_draw(problem, progress=stop)
    assert found.interrupted
    assert len(found.value) == 64
