"""The peers' algorithms do what their descriptions say, and the benchmark that compares them runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.oracles.one_budget import best_split

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from peers.algorithms import Answer, augmented_lagrangian, greedy, slsqp, slsqp_from_many  # noqa: E402
from peers.problems import HillProblem, draw_problem  # noqa: E402


def shortfall(problem: HillProblem, answer: Answer) -> float:
    best = best_split(problem.scale, problem.half_saturation, problem.slope, problem.budget)[1]
    return 1.0 - problem.value(answer.spend) / best


@pytest.mark.parametrize("seed", range(3))
def test_each_finds_the_best_concave_split(seed: int) -> None:
    problem = draw_problem(seed, s_shaped=False).rescaled(outcome=1e6)
    optimizers: list[Callable[[HillProblem], Answer]] = [
        lambda p: greedy(p, (1.0, 5.0)),
        slsqp,
        slsqp_from_many,
        lambda p: augmented_lagrangian(p, (0.0, 6.0)),
    ]
    for optimizer in optimizers:
        answer = optimizer(problem)
        assert not answer.failed
        assert answer.spend.sum() == pytest.approx(problem.budget, rel=1e-3)
        assert abs(shortfall(problem, answer)) < 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_the_greedy_search_is_what_a_plain_double_loop_finds(seed: int) -> None:
    problem = draw_problem(seed, s_shaped=True).rescaled(currency=2.5e-3, outcome=100.0)
    problem = HillProblem(problem.scale, problem.half_saturation, problem.slope, 600.0)  # a step of 1
    top = 130
    tables = [
        [
            problem.scale[i] * (s := (x / problem.half_saturation[i]) ** problem.slope[i]) / (1 + s)
            for x in range(top + 1)
        ]
        for i in range(6)
    ]
    spend = [70] * 6
    while True:
        secants = [
            (-round((tables[i][x] - tables[i][spend[i]]) / (x - spend[i]), 8), x - 70, i)
            for i in range(6)
            for x in range(spend[i] + 1, top + 1)
        ]
        if not secants:
            break
        _, above, i = min(secants)
        if sum(spend) + 70 + above - spend[i] > 600:
            break
        spend[i] = 70 + above
    assert greedy(problem).spend.tolist() == spend


def test_the_greedy_search_leaves_what_its_next_step_exceeds() -> None:
    # The steepest step of the second channel costs more than is left after the first one's.
    problem = HillProblem(np.array([1e5, 1e5]), np.array([4000.0, 5000.0]), np.array([3.0, 3.0]), 10000.0)
    spend = greedy(problem, (1.0, 1.0)).spend
    assert spend.sum() < 0.6 * problem.budget


def test_slsqp_keeps_its_start_where_the_outcome_is_small() -> None:
    problem = draw_problem(0, s_shaped=True)
    assert slsqp(problem).spend == pytest.approx(problem.equal_split)
    assert shortfall(problem, slsqp(problem)) > 0.1
    assert abs(shortfall(problem, slsqp_from_many(problem))) < 0.02


def test_slsqp_does_not_stop_early_where_the_outcome_is_large() -> None:
    problem = draw_problem(0, s_shaped=False)
    splits = [slsqp(problem.rescaled(outcome=outcome)).spend for outcome in (1e9, 1e12)]
    assert splits[0] == pytest.approx(splits[1], abs=1e-6 * problem.budget)


def test_another_unit_is_the_same_problem() -> None:
    problem = draw_problem(3, s_shaped=True)
    other = problem.rescaled(currency=1000.0, outcome=7.0)
    spend = problem.equal_split * np.array([0.0, 0.5, 1.0, 1.0, 1.5, 2.0])
    assert other.value(1000.0 * spend) == pytest.approx(7.0 * problem.value(spend), rel=1e-12)
    step = 1e-3
    for i in range(1, 6):
        moved = spend + step * np.eye(6)[i]
        assert (problem.value(moved) - problem.value(spend)) / step == pytest.approx(
            problem.gradient(spend)[i], rel=1e-4
        )


def test_the_benchmark_runs_and_every_certificate_holds() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "bench_peers.py"), "--seeds", "1", "--runs", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "4 of 4 certified and confirmed" in done.stdout
    assert done.stdout.count("Robyn: AUGLAG, any split") == 4
