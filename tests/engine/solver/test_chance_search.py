"""The best chance of reaching an outcome: against dense random splits, and its proofs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import channelmix as cm
from channelmix import Status


def drawn(seed: int, n: int, draws: int) -> cm.ResponseCurves:
    rng = np.random.default_rng(seed)
    scale = rng.uniform(50.0, 500.0, n) * np.exp(rng.normal(0.0, 0.4, (draws, n)))
    half = rng.uniform(5.0, 30.0, n) * np.exp(rng.normal(0.0, 0.3, (draws, n)))
    slope = 1.0 + rng.uniform(0.0, 2.0, n) * np.exp(rng.normal(0.0, 0.1, (draws, n)))
    return cm.ResponseCurves.hill(scale, half, slope)


def problem(seed: int, n: int = 2, draws: int = 40, **parts: object) -> cm.AllocationProblem:
    """Ask for nine tenths of what the best mean brings."""
    curves = drawn(seed, n, draws)
    best = cm.solve(cm.AllocationProblem(curves, cm.FixedBudget(20.0)))
    return cm.AllocationProblem(curves, cm.FixedBudget(20.0), risk=cm.ReachTarget(0.9 * best.value), **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(4))
def test_no_split_has_a_better_chance(seed: int) -> None:
    asked = problem(seed)
    solution = cm.solve(asked, gap=0.02, time_limit=20.0)
    assert solution.status is Status.OPTIMAL
    assert cm.verify(asked, solution).upper_bound <= solution.value + 0.02
    share = np.linspace(0.0, 1.0, 2001)
    chances = [asked.value(20.0 * np.array([a, 1.0 - a])) for a in share]
    assert max(chances) <= solution.upper_bound + 1e-12
    assert solution.value == asked.value(solution.spend)
    assert solution.value >= max(chances) - 0.02


def test_what_is_sure_and_what_is_hopeless() -> None:
    curves = drawn(0, 2, 20)
    sure = cm.AllocationProblem(curves, cm.FixedBudget(20.0), risk=cm.ReachTarget(0.0))
    hopeless = cm.AllocationProblem(curves, cm.FixedBudget(20.0), risk=cm.ReachTarget(1e9))
    assert cm.solve(sure).value == 1.0
    assert cm.solve(hopeless).value == 0.0
    assert cm.solve(hopeless).upper_bound == 0.0
    for asked in (sure, hopeless):
        assert cm.verify(asked, cm.solve(asked)).status is Status.OPTIMAL


def test_many_cells_leave_an_honest_gap() -> None:
    asked = problem(5, n=6, draws=60)
    solution = cm.solve(asked, gap=1e-3, time_limit=2.0)
    assert solution.status is Status.NOT_CERTIFIED
    assert 0.0 < solution.value <= solution.upper_bound <= 1.0
    assert cm.verify(asked, solution).gap == pytest.approx(solution.gap)


def test_rules_hold() -> None:
    asked = problem(2, constraints=[cm.SpendBounds({"cell1": (5.0, 8.0)}), cm.MinimumIfActive("cell2", 4.0)])
    solution = cm.solve(asked, gap=0.02, time_limit=20.0)
    assert 5.0 - 1e-6 <= solution.spend[0] <= 8.0 + 1e-6
    assert solution.spend[1] == 0.0 or solution.spend[1] >= 4.0 - 1e-6
    cm.verify(asked, solution)


@pytest.mark.no_cover
def test_forged_bounds_are_caught() -> None:
    asked = problem(1)
    solution = cm.solve(asked, gap=0.02, time_limit=20.0)
    with pytest.raises(cm.CertificateError, match="upper bound"):
        cm.verify(asked, dataclasses.replace(solution, upper_bound=solution.value - 0.01))
    heavy = tuple(2.0 * np.ones_like(draw_weights) for draw_weights in solution.proof.draw_weights)
    with pytest.raises(cm.CertificateError, match="weights of the draws"):
        cm.verify(
            asked,
            dataclasses.replace(solution, proof=dataclasses.replace(solution.proof, draw_weights=heavy)),
        )
    with pytest.raises(cm.CertificateError, match="value"):
        cm.verify(asked, dataclasses.replace(solution, value=solution.value + 0.05))


def test_round_trip() -> None:
    asked = problem(3)
    solution = cm.solve(asked, gap=0.05, time_limit=20.0)
    again = cm.AllocationProblem.from_dict(asked.to_dict())
    proof = type(solution.proof).from_dict(solution.proof.to_dict())
    cm.verify(again, dataclasses.replace(solution, proof=proof))


def test_a_chance_needs_a_budget() -> None:
    with pytest.raises(cm.InputError, match="fixed_budget"):
        cm.AllocationProblem(drawn(0, 2, 5), cm.MaxProfit(10.0), risk=cm.ReachTarget(5.0))
