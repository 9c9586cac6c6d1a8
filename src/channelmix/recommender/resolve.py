"""Solve variants of a problem from a plan that is known, and compare spend."""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution
from channelmix.engine.solver.solve import solve


def by_name(problem: AllocationProblem, spend: Array) -> dict[str, float]:
    """Map the name of each cell, or of each cell and period, to its spend; `spend` has shape (n_spends,)."""
    return dict(zip(problem.cells.names, spend.ravel().tolist(), strict=True))


def resolve(problem: AllocationProblem, plan: Array, gap: float, time_limit: float = 60.0) -> Solution:
    """Solve a problem, starting from a plan for a similar one.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C ended the search: its answer would say less than was asked for.
    """
    solution = solve(problem, gap, time_limit, starts=[by_name(problem, plan)])
    if solution.report.interrupted:
        raise KeyboardInterrupt
    return solution


def moved_money(change: Array) -> float:
    """Money that a change of spend moves: the sum of its increases, or of its decreases if that is larger."""
    return float(max(np.maximum(change, 0.0).sum(), np.maximum(-change, 0.0).sum()))
