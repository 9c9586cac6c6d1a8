"""Another currency, unit of outcome, order or names: the same plan."""

from __future__ import annotations

import numpy as np
import pytest
from tests.oracles import RandomProblem, has_rival, hill_problem, retold

import channelmix as cm

GAP = 1e-4


def made_of(seed: int) -> tuple[RandomProblem, np.random.Generator]:
    rng = np.random.default_rng([21, seed])
    return hill_problem(rng, int(rng.integers(4, 9)), int(rng.choice([1, 10])), shares=bool(seed % 2)), rng


def assert_same_plan(made: RandomProblem, currency: float, outcome: float, order: list[int]) -> None:
    told = retold(made, currency, outcome, order)
    one, other = cm.solve(made.problem, gap=GAP), cm.solve(told, gap=GAP)
    assert one.status is other.status is cm.Status.OPTIMAL
    assert cm.verify(told, other).gap <= GAP
    scale = made.problem.gross(one.spend)
    assert abs(other.value / outcome - one.value) <= GAP * scale
    assert other.value / outcome <= one.upper_bound + 1e-9 * scale
    assert one.value <= other.upper_bound / outcome + 1e-9 * scale
    spend = np.empty(len(order))
    spend[order] = other.spend / currency
    if np.abs(spend - one.spend).max() > 1e-3 * made.budget:
        assert has_rival(made, one.spend, spend)


@pytest.mark.parametrize("power", [-6, -3, -1, 1, 2, 6])
def test_currency(power: int) -> None:
    made, _ = made_of(power + 6)
    assert_same_plan(made, 10.0**power, 1.0, list(range(made.problem.curves.n_cells)))


@pytest.mark.parametrize("power", [-6, -2, 1, 3, 5, 6])
def test_unit_of_outcome(power: int) -> None:
    made, _ = made_of(power + 20)
    assert_same_plan(made, 1.0, 10.0**power, list(range(made.problem.curves.n_cells)))


@pytest.mark.parametrize("seed", range(6))
def test_names_and_order(seed: int) -> None:
    made, rng = made_of(seed + 40)
    assert_same_plan(made, 1.0, 1.0, rng.permutation(made.problem.curves.n_cells).tolist())


@pytest.mark.parametrize("seed", range(8))
def test_all_at_once(seed: int) -> None:
    made, rng = made_of(seed + 60)
    currency, outcome = 10.0 ** rng.integers(-6, 7, size=2)
    assert_same_plan(
        made, float(currency), float(outcome), rng.permutation(made.problem.curves.n_cells).tolist()
    )


def test_powers_of_two_change_nothing_at_all() -> None:
    made, _ = made_of(99)
    n = made.problem.curves.n_cells
    one, other = cm.solve(made.problem), cm.solve(retold(made, 2.0**20, 2.0**-7, list(range(n))))
    np.testing.assert_allclose(other.spend / 2.0**20, one.spend, rtol=1e-9, atol=1e-9 * made.budget)


def test_rivals_are_told_from_one_flat_basin() -> None:
    """Two equal S-shaped cells with money for one are rivals; two points of one concave basin are not."""
    budget = 2.0
    rivals = cm.ResponseCurves.hill([1.0, 1.0], [1.0, 1.0], [6.0, 6.0], names=["FR/a", "FR/b"])
    concave = cm.ResponseCurves.exponential([1.0, 1.0], [1.0, 1.0], names=["FR/a", "FR/b"])

    def made(curves: cm.ResponseCurves, b: float) -> RandomProblem:
        p = cm.AllocationProblem(curves, cm.FixedBudget(b))
        return RandomProblem(p, b, np.zeros(2), np.full(2, b), [])

    assert has_rival(made(rivals, 1.2), np.array([1.2, 0.0]), np.array([0.0, 1.2]))
    assert not has_rival(made(concave, budget), np.array([1.1, 0.9]), np.array([0.9, 1.1]))
