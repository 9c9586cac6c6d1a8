"""The exact best split of one budget, which benchmarks rest on, against closed forms and random points."""

from __future__ import annotations

import numpy as np
import pytest
from tests.oracles.one_budget import best_split

import channelmix as cm


def test_equal_concave_cells_get_equal_parts() -> None:
    spend, value, error = best_split(np.ones(4), np.full(4, 3.0), np.ones(4), 10.0, steps=400)
    assert spend == pytest.approx([2.5] * 4, abs=1e-3)
    assert value == pytest.approx(4 * 2.5 / 5.5, rel=1e-9)
    assert error < 1e-4


def test_two_concave_cells_share_as_their_marginals_say() -> None:
    # a K / (K + s)^2 is equal where (K + s) / sqrt(a K) is; with a = (4, 1), K = (1, 1): 1 + s1 = 2 (1 + s2).
    spend, value, _ = best_split(np.array([4.0, 1.0]), np.ones(2), np.ones(2), 7.0)
    assert spend == pytest.approx([5.0, 2.0], abs=1e-3)
    assert value == pytest.approx(4 * 5 / 6 + 2 / 3, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_no_split_is_worth_more_than_the_error_allows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scale, half, slope = rng.uniform(1, 3, 5), rng.uniform(0.5, 2, 5), rng.uniform(1, 4, 5)
    spend, value, error = best_split(scale, half, slope, 2.5, steps=500)
    assert spend.sum() == pytest.approx(2.5)
    assert error < 1e-3 * value
    points = 2.5 * rng.dirichlet(np.full(5, 0.3), 20_000)
    z = (points / half) ** slope
    assert float((scale * z / (1 + z)).sum(axis=1).max()) <= value + error
    problem = cm.AllocationProblem(cm.ResponseCurves.hill(scale, half, slope), cm.FixedBudget(2.5))
    assert problem.value(spend) == pytest.approx(value, rel=1e-12)
    solution = cm.solve(problem, gap=1e-6)
    assert solution.value <= value + error
    assert solution.upper_bound >= value * (1 - 1e-9)


def test_a_coarse_grid_errs_by_less_than_it_says() -> None:
    scale, half, slope = np.array([1.0, 2.0, 1.5]), np.array([1.0, 0.7, 2.0]), np.array([1.0, 3.0, 2.0])
    _, fine, _ = best_split(scale, half, slope, 2.0)
    _, coarse, error = best_split(scale, half, slope, 2.0, steps=20)
    assert coarse <= fine + 1e-9 <= coarse + error + 2e-9
