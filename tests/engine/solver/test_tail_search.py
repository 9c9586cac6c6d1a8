"""Curves that a noisy posterior bends at every point, where plans go by their worst draws."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import channelmix as cm
from channelmix import Status
from channelmix.engine.rules.risk import tail_mean

TAIL = 0.3


def noisy(seed: int, cells: int = 4, draws: int = 100) -> tuple[cm.AllocationProblem, NDArray[np.float64]]:
    """A plan that may only improve on today's mix, tabulated curves of noisy rises; and that mix."""
    rng = np.random.default_rng([36, seed])
    today, tables = 100.0 * rng.lognormal(0.0, 0.8, cells), []
    for i, spend in enumerate(today):
        x = spend * np.append(np.linspace(0.0, 1.2, 31), 1.2 * 1.3 ** np.arange(1, 6))
        half, scale = (rng.lognormal(0.2, 0.5, (draws, 1)) * spend for _ in range(2))
        slope = rng.choice([0.8, 1.3, 2.0])
        smooth = rng.lognormal(0.1, 0.5) * scale * x**slope / (x**slope + half**slope)
        rise = np.diff(smooth, axis=1) * np.exp(0.3 * rng.standard_normal((draws, len(x) - 1)))
        outcome = np.insert(rise.cumsum(axis=1), 0, 0.0, axis=1)
        tables.append(cm.ResponseCurves.tabulated(x, outcome[:, :, np.newaxis], names=[f"c{i}"]))
    mix = {f"c{i}": float(spend) for i, spend in enumerate(today)}
    problem = cm.AllocationProblem(
        cm.ResponseCurves.concat(tables),
        cm.FixedBudget(sum(mix.values())),
        [cm.SpendBounds({name: (0.0, 3.0 * spend) for name, spend in mix.items()})],
        risk=cm.SafeImprovement(mix, TAIL),
    )
    return problem, today


@pytest.mark.parametrize("seed", [25, 41, 54])
def test_the_gap_closes_in_few_nodes(seed: int) -> None:
    """Nothing but the mix is safe; a bound attained between a program's samples stayed open over a hundred nodes."""
    problem, _ = noisy(seed)
    solution = cm.solve(problem, gap=1e-3)
    assert solution.status is Status.OPTIMAL
    assert solution.report.nodes <= 15
    assert cm.verify(problem, solution).status is Status.OPTIMAL


def test_no_spend_near_the_plan_beats_the_bound() -> None:
    problem, today = noisy(7)
    solution = cm.solve(problem, gap=1e-3)
    rng = np.random.default_rng(5)
    near = solution.spend * np.exp(0.05 * rng.standard_normal((400, len(today))))
    near = np.clip(near * today.sum() / near.sum(axis=1, keepdims=True), 0.0, 3.0 * today)
    before = problem.curves.value(today).sum(axis=1)
    outcomes = [problem.curves.value(spend).sum(axis=1) for spend in near]
    safe = [outcome.mean() for outcome in outcomes if tail_mean(outcome - before, TAIL) >= 0.0]
    assert solution.value > before.mean()
    assert len(safe) > 20
    assert max(safe) <= solution.upper_bound
