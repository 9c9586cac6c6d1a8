"""A plan that may only improve on a mix, where every change loses in the worst draws, is that mix to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

import channelmix as cm


@pytest.mark.parametrize("current", [{"a": 60.0, "b": 40.0}, {"a": 1e5 / 3.0, "b": 2e5 / 7.0}])
def test_no_safe_change_is_the_mix_itself(current: dict[str, float]) -> None:
    """In half of the draws a brings twice what b brings, in the other half b twice what a brings."""
    total = sum(current.values())
    size = np.where(np.arange(1000)[:, np.newaxis] % 2 == [0, 1], 2.0, 1.0)
    curves = cm.ResponseCurves.exponential(size * total, np.full((1000, 2), total), names=["a", "b"])
    risk = cm.SafeImprovement(current, tail=0.3)
    problem = cm.AllocationProblem(curves, scenario=cm.FixedBudget(total), risk=risk)
    solution = cm.solve(problem, gap=1e-3)
    assert solution.status is cm.Status.OPTIMAL
    assert solution.spend.tolist() == list(current.values())
    assert cm.verify(problem, solution).status is cm.Status.OPTIMAL


def test_a_safe_change_is_made() -> None:
    """In every draw a brings more than b: money moves as far as it pays."""
    rng = np.random.default_rng(2)
    size = np.array([3.0, 1.0]) * np.exp(0.05 * rng.standard_normal((1000, 2)))
    curves = cm.ResponseCurves.exponential(100.0 * size, np.full((1000, 2), 100.0), names=["a", "b"])
    problem = cm.AllocationProblem(
        curves, scenario=cm.FixedBudget(100.0), risk=cm.SafeImprovement({"a": 50.0, "b": 50.0}, tail=0.3)
    )
    assert cm.solve(problem, gap=1e-3).spend[0] > 90.0
