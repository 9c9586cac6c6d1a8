"""Random problems of mixed rules against every split of a grid: none beats the bound, and the answer beats them all."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.fuzz.bounds import in_bounds
from tests.fuzz.counting import rounds, tried
from tests.random_problems import random_problem

import channelmix as cm

pytestmark = [pytest.mark.fuzz, pytest.mark.no_cover]

Array = NDArray[np.float64]

SHARE = 0.005

MOST_SPLITS = 40_000

CLOSE = 1e-6
"""Share of a budget or of an outcome that is rounding."""

TIME_LIMIT = 5.0


def splits_of(problem: cm.AllocationProblem) -> Array:
    """Splits (n, n_cells) of a grid that holds the amounts that rules name, and obeys all of them, by their fields."""
    names, budget = list(problem.curves.names), problem.scenario.limit
    points = max(int(MOST_SPLITS ** (1.0 / len(names))), 2)
    amounts = []
    for name in names:
        own = [0.0, *np.linspace(0.0, budget, points)]
        for rule in problem.constraints:
            if isinstance(rule, cm.PackSize) and rule.selector == name:
                own = list(rule.size * np.arange(min(budget / rule.size + 1.0, 2.0 * points)))
        for rule in problem.constraints:
            if isinstance(rule, cm.MinimumIfActive) and rule.selector in (name, "all"):
                own.append(rule.amount)
            if isinstance(rule, cm.SpendBounds) and name in rule.bounds:
                own += [end for end in rule.bounds[name] if end is not None]
        amounts.append(np.unique([one for one in own if one <= budget]))
    while np.prod([len(one) for one in amounts], dtype=float) > MOST_SPLITS:
        longest = max(range(len(names)), key=lambda i: len(amounts[i]))
        amounts[longest] = amounts[longest][::2]
    grid = np.array(list(itertools.product(*amounts)))
    return grid[_obeying(problem, grid)]


def _obeying(problem: cm.AllocationProblem, grid: Array) -> NDArray[np.bool_]:
    names, budget = list(problem.curves.names), problem.scenario.limit
    total, good, fees = grid.sum(axis=1), np.ones(len(grid), dtype=bool), np.zeros(len(grid))
    for rule in problem.constraints:
        if isinstance(rule, cm.SpendBounds):
            for name, (low, high) in rule.bounds.items():
                column = grid[:, names.index(name)]
                good &= (column >= (low or 0.0)) & (column <= (np.inf if high is None else high))
            continue
        if isinstance(rule, cm.AtMostActive):
            good &= (grid > 0.0).sum(axis=1) <= rule.count
            continue
        chosen = range(len(names)) if rule.selector == "all" else [names.index(rule.selector)]
        for column in grid[:, list(chosen)].T:
            if isinstance(rule, cm.MinimumIfActive):
                good &= (column == 0.0) | (column >= rule.amount)
            elif isinstance(rule, cm.PackSize):
                packs = column / rule.size
                good &= np.abs(packs - np.round(packs)) < 1e-12 * np.maximum(packs, 1.0)
            elif isinstance(rule, cm.GroupShare):
                good &= (column >= rule.low * total) & (column <= rule.high * total)
            else:
                assert isinstance(rule, cm.ActivationFee)
                fees += rule.amount * (column > 0.0)
    return np.asarray(good & (total + fees <= budget))


def values_of(problem: cm.AllocationProblem, grid: Array) -> Array:
    """Objective of each split, for scenarios that count outcome less a price of money, fees included."""
    outcome = np.zeros(len(grid))
    for i in range(grid.shape[1]):
        column, place = np.unique(grid[:, i], return_inverse=True)
        outcome += problem.curves.cell(i).value(column[np.newaxis]).mean(axis=0)[place]
    names, fees = list(problem.curves.names), np.zeros(len(grid))
    for rule in problem.constraints:
        if isinstance(rule, cm.ActivationFee):
            fees += rule.amount * (grid[:, names.index(rule.selector)] > 0.0)
    return np.asarray(problem.scenario.gain * outcome - problem.scenario.price * (grid.sum(axis=1) + fees))


def check_answer(seed: int) -> None:
    problem = random_problem(seed)
    grid = splits_of(problem)
    solution = cm.solve(problem, time_limit=TIME_LIMIT)
    cm.verify(problem, solution)
    if solution.status is cm.Status.INFEASIBLE:
        # A share is of something: where shares are ruled, nothing at all is no split.
        shares = any(isinstance(rule, cm.GroupShare) for rule in problem.constraints)
        assert not (grid.sum(axis=1) > CLOSE * problem.scenario.limit if shares else grid[:, 0] >= 0.0).any()
        return
    assert solution.status in (cm.Status.OPTIMAL, cm.Status.NOT_CERTIFIED)
    if len(grid) == 0:
        return
    values = values_of(problem, grid)
    best = grid[int(values.argmax())]
    scale = max(abs(float(values.max())), problem.gross(best), problem.gross(solution.spend))
    assert values.max() <= solution.upper_bound + CLOSE * scale
    if solution.status is cm.Status.OPTIMAL:
        assert solution.value >= values.max() - (solution.gap + CLOSE) * scale


@pytest.mark.parametrize(("number", "count"), rounds(SHARE))
def test_random_problems(number: int, count: int, record_property: Any) -> None:
    record_property("fuzzed", count)

    def check(seed: int) -> None:
        with in_bounds():
            check_answer(seed)

    tried(st.integers(0, 2**32 - 1), check, "problems", number, count)
