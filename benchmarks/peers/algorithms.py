"""What the peers' optimizers do, written from their documentation and source; no code of theirs is used.

All of them get the true curves without noise, exact gradients and double precision, and the equal split as today's mix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize as scipy_optimize

from peers.problems import HillProblem

__all__ = ["Answer", "augmented_lagrangian", "greedy", "slsqp", "slsqp_from_many"]

Array = NDArray[np.float64]
optimize: Any = scipy_optimize  # with or without scipy's stubs


@dataclass(frozen=True, eq=False)
class Answer:
    """Spend returned, and what the optimizer set out from, both of shape (n_channels,)."""

    spend: Array
    start: Array
    failed: bool = False
    """Whether the peer would raise an error here; `spend` is where it stood."""


def greedy(problem: HillProblem, change: tuple[float, float] = (0.3, 0.3), gtol: float = 1e-4) -> Answer:
    """Meridian's fixed-budget search (`BudgetOptimizer`, ``meridian/analysis/optimizer.py``, version 1.x).

    Spend is put on a grid of whole currency units from ``(1 - change[0])`` to ``(1 + change[1])`` of today's spend; its
    step is the power of ten above ``gtol * budget``. From the lowest spend on, the channel and amount with the steepest
    secant, rounded to 8 decimals, comes next, until a step would exceed the budget.

    Simplified: outcomes are exact doubles where Meridian tabulates in single precision.
    """
    digits = int(math.log10(problem.budget * gtol)) + 1 if problem.budget * gtol >= 1.0 else 0
    step = 10**digits
    today = np.round(problem.equal_split, -digits).astype(int)
    lowest = np.round((1.0 - change[0]) * today, -digits).astype(int)
    highest = np.round((1.0 + change[1]) * today, -digits).astype(int)
    grids = [np.arange(low, high + step, step) for low, high in zip(lowest, highest, strict=True)]
    tables = []
    for i, grid in enumerate(grids):
        z = (grid / problem.half_saturation[i]) ** problem.slope[i]
        tables.append(problem.scale[i] * z / (1.0 + z))
    row = [0] * len(grids)

    def steepest(i: int) -> tuple[float, int]:
        """Negative secant and row of the best next amount of a channel; positive infinity at the grid's end."""
        ahead = slice(row[i] + 1, None)
        if row[i] + 1 == len(grids[i]):
            return math.inf, row[i]
        secant = (tables[i][ahead] - tables[i][row[i]]) / (grids[i][ahead] - grids[i][row[i]])
        near = np.flatnonzero(secant >= secant.max() - 2e-8)  # only these can be the largest when rounded
        rounded = np.round(secant[near], 8)
        best = int(np.argmax(rounded))
        return -float(rounded[best]), row[i] + 1 + int(near[best])

    waiting = [steepest(i) for i in range(len(grids))]
    spent = sum(int(grid[0]) for grid in grids)
    while True:
        i = min(range(len(grids)), key=lambda j: (*waiting[j], j))
        secant, k = waiting[i]
        spent += int(grids[i][k] - grids[i][row[i]])
        if secant == math.inf or spent > today.sum():
            break
        row[i] = k
        waiting[i] = steepest(i)
    spend = np.array([float(grid[k]) for grid, k in zip(grids, row, strict=True)])
    return Answer(spend, problem.equal_split)


def slsqp(problem: HillProblem, start: Array | None = None) -> Answer:
    """PyMC-Marketing's `optimize_budget` (``pymc_marketing/mmm/budget_optimizer.py``, version 1.3).

    SciPy's SLSQP from the equal split with ``ftol=1e-9, maxiter=1000``, spend between 0 and the budget and adding up to
    it, spend in the user's own units. The outcome is divided by the largest entry of its gradient at the start where
    that is above 1; if the gradient is ten times flatter at the solution, it is solved once more from there with the
    scale found there.
    """
    first = problem.equal_split if start is None else start
    scale = _steepest(problem, first)
    found = _minimized(problem, first, scale)
    if scale != 1.0 and found.success and 10.0 * (flatter := _steepest(problem, found.x)) < scale:
        again = _minimized(problem, found.x, flatter)
        found = again if again.success else found
    return Answer(found.x, first, failed=not found.success)


def _steepest(problem: HillProblem, spend: Array) -> float:
    """Largest entry of the gradient, or 1 where it is not above 1."""
    with np.errstate(all="ignore"):
        entry = float(np.abs(problem.gradient(np.maximum(spend, 0.0))).max())
    return entry if math.isfinite(entry) and entry > 1.0 else 1.0


def _minimized(problem: HillProblem, start: Array, scale: float) -> Any:
    return optimize.minimize(
        lambda spend: (-problem.value(spend) / scale, -problem.gradient(spend) / scale),
        start,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, problem.budget)] * len(start),
        constraints=[
            {"type": "eq", "fun": lambda s: s.sum() - problem.budget, "jac": lambda s: np.ones_like(s)}
        ],
        options={"ftol": 1e-9, "maxiter": 1000},
    )


def slsqp_from_many(problem: HillProblem, starts: int = 20) -> Answer:
    """The same at its best: spend as shares of the budget, outcome 1 at the equal split, best of several starts."""
    level = problem.value(problem.equal_split)
    unit = problem.rescaled(1.0 / problem.budget, 1.0 / level)
    rng = np.random.default_rng(0)
    firsts = [unit.equal_split, *rng.dirichlet(np.ones(len(problem.scale)), starts - 1)]
    answers = [slsqp(unit, first) for first in firsts]
    best = max(answers, key=lambda answer: unit.value(np.maximum(answer.spend, 0.0)))
    return Answer(best.spend * problem.budget, problem.equal_split, best.failed)


def augmented_lagrangian(problem: HillProblem, bounds: tuple[float, float] = (0.5, 2.0)) -> Answer:
    """Robyn's `robyn_allocator` with ``scenario="max_response"`` (``R/R/allocator.R``, version 3.x).

    Robyn hands NLopt's AUGLAG (Birgin and Martinez 2008) with SLSQP inside, ``xtol_rel=1e-10``, the equality "spend is
    the budget" and spend between `bounds` times today's, starting at the lower bounds.

    Simplified: the outer loop is written from NLopt's description, the inner SLSQP is SciPy's, which stops by the
    change of the objective (here 1e-16) instead of by the step.
    """
    today = problem.equal_split
    low, high = bounds[0] * today, np.minimum(bounds[1] * today, problem.budget)
    start = spend = low
    missing = float(spend.sum() - problem.budget)
    price = 0.0
    penalty = float(np.clip(2.0 * abs(problem.value(spend)) / missing**2, 1e-6, 10.0)) if missing else 10.0
    for _ in range(100):
        before, last = abs(missing), spend

        def lagrangian(s: Array, price: float = price, penalty: float = penalty) -> tuple[float, Array]:
            excess = float(s.sum() - problem.budget) + price / penalty
            return 0.5 * penalty * excess**2 - problem.value(s), penalty * excess - problem.gradient(s)

        found = optimize.minimize(
            lagrangian,
            spend,
            jac=True,
            method="SLSQP",
            bounds=list(zip(low, high, strict=True)),
            options={"ftol": 1e-16, "maxiter": 1000},
        )
        spend = np.clip(found.x, low, high)
        missing = float(spend.sum() - problem.budget)
        price += penalty * missing
        if abs(missing) > 0.5 * before:
            penalty *= 10.0
        if missing == 0.0 or np.abs(spend - last).max() <= 1e-10 * np.abs(spend).max():
            break
    return Answer(spend, start)
