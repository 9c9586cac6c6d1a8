"""A problem with a proof of several leaves, to be forged, and what is true of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

import channelmix as cm
from channelmix import Status
from channelmix.engine.proof.solution import Proof
from tests.oracles import RandomProblem, best_on_grid

__all__ = ["judged", "leaf_of", "made", "solved", "truth"]


@cache
def made(draws: int = 1) -> RandomProblem:
    """Five S-shaped cells whose proof needs a few splits."""
    rng = np.random.default_rng(3)
    names = ["FR/a", "DE/a", "FR/b", "DE/b", "FR/c"]
    half = np.array([0.5, 0.7, 0.9, 0.6, 0.8]) * np.exp(0.1 * rng.normal(size=(draws, 5)))
    curves = cm.ResponseCurves.hill([1.0, 1.3, 1.5, 1.1, 1.2], half, [5.0, 4.0, 6.0, 3.0, 8.0], names=names)
    low, high = np.array([0.0, 0.1, 0.0, 0.0, 0.2]), np.array([2.0, 2.0, 1.2, 2.0, 2.0])
    bounds = cm.SpendBounds({n: (low[i], high[i]) for i, n in enumerate(names)})
    problem = cm.AllocationProblem(
        curves, cm.FixedBudget(2.0), [bounds, cm.SpendBounds({"all": (0.5, None)})]
    )
    return RandomProblem(problem, 2.0, low, high, [])


@cache
def truth(draws: int = 1) -> float:
    """A value that is reached, so that every valid upper bound lies above it."""
    m = made(draws)
    return max(best_on_grid(m.problem, m.budget, m.low, m.high, 2000), solved(draws).value)


@cache
def solved(draws: int = 1) -> cm.Solution:
    return cm.solve(made(draws).problem, gap=1e-6)


def judged(proof: Proof, draws: int = 1) -> float:
    """Bound that the checker itself derives from a proof: the least that a claim must state to pass."""
    solution = solved(draws)
    problem = made(draws).problem
    low, high = solution.value, 1e3 * solution.value
    for _ in range(60):
        middle = 0.5 * (low + high)
        gap = (middle - solution.value) / problem.gross(solution.spend)
        claim = replace(solution, proof=proof, upper_bound=middle, gap=gap, status=Status.NOT_CERTIFIED)
        try:
            cm.verify(problem, claim)
            high = middle
        except cm.CertificateError as error:
            if "upper bound claimed" not in str(error):
                raise
            low = middle
    return high


def leaf_of(proof: Proof, spend: np.ndarray) -> int:
    """Number of the leaf whose box holds a spend, in standard units."""

    def walk(node: int, leaf: int, inside: bool) -> tuple[int, int, int | None]:
        if proof.cell[node] < 0:
            return node + 1, leaf + 1, leaf if inside else None
        below = bool(spend[proof.cell[node]] <= proof.threshold[node])
        node, leaf, found = walk(node + 1, leaf, inside and below)
        node, leaf, other = walk(node, leaf, inside and not below)
        return node, leaf, other if found is None else found

    found = walk(0, 0, True)[2]
    assert found is not None
    return found
