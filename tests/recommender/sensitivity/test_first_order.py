from __future__ import annotations

import math

import numpy as np
import pytest

import channelmix as cm
from channelmix.recommender.sensitivity.first_order import most_to_gain


@pytest.mark.parametrize("seed", range(12))
def test_no_split_of_concave_curves_gains_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"c{i}" for i in range(5)]
    curves = cm.ResponseCurves.exponential(
        rng.lognormal(3, 1, (40, 5)), rng.lognormal(3, 1, (40, 5)), names=names
    )
    rules = [cm.GroupShare("c0", high=0.5), cm.KeepWorking(floor=0.3)]
    current = dict(zip(names, rng.dirichlet(np.ones(5)) * 80.0, strict=True))
    problem = cm.AllocationProblem(curves, cm.FixedBudget(100.0), rules, current=current)
    best = cm.solve(problem, gap=1e-7)
    assert most_to_gain(problem, best.spend) <= 1e-3 * best.value
    for _ in range(20):
        spend = 0.3 * np.array(list(current.values())) + 0.7 * rng.random() * best.spend
        assert problem.violation(spend) < 1e-9
        assert most_to_gain(problem, spend) >= best.value - problem.value(spend)


def test_a_curve_that_starts_flat_is_seen() -> None:
    """At no spend the S-shaped curve has no slope, and yet all money belongs on it."""
    curves = cm.ResponseCurves.concat(
        [
            cm.ResponseCurves.hill([100.0], [5.0], [4.0], names=["steep"]),
            cm.ResponseCurves.capped_linear([1.0], [10.0], [1.0], names=["flat"]),
        ]
    )
    problem = cm.AllocationProblem(curves, cm.FixedBudget(10.0))
    best = cm.solve(problem).value
    assert most_to_gain(problem, np.array([0.0, 10.0])) >= best - problem.value([0.0, 10.0])


def test_extremes() -> None:
    curves = cm.ResponseCurves.power([1.0, 2.0], [0.5, 0.5], names=["sms", "app"])
    assert most_to_gain(cm.AllocationProblem(curves, cm.FixedBudget(0.0)), np.zeros(2)) == 0.0
    assert most_to_gain(cm.AllocationProblem(curves, cm.FixedBudget(9.0)), np.array([9.0, 0.0])) == math.inf
    nothing = cm.ResponseCurves.power([0.0, 0.0], [0.5, 0.5], names=["sms", "app"])
    assert most_to_gain(cm.AllocationProblem(nothing, cm.FixedBudget(9.0)), np.array([5.0, 4.0])) == 0.0


def test_charges_count_as_slopes() -> None:
    curves = cm.ResponseCurves.capped_linear([20.0, 20.0], [20.0, 20.0], [1e-6, 1e-6], names=["sms", "app"])
    spend = np.array([10.0, 0.0])
    free = cm.AllocationProblem(curves, cm.FixedBudget(10.0))
    charged = cm.AllocationProblem(curves, cm.FixedBudget(10.0), charge={"sms": 0.25})
    assert most_to_gain(free, spend) == pytest.approx(0.0, abs=1e-9)
    assert most_to_gain(charged, spend) == pytest.approx(2.5)
