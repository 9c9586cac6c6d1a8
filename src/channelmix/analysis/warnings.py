"""What a manager should look at before following a plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channelmix.problem import AllocationProblem
from channelmix.solution import Solution, Status

__all__ = ["warnings"]

CUT = 0.25
"""A cell cut by at least this share of today's spend, and not idle today, is named."""

UNSPENT = 1e-4
"""Share of the budget left over from which on the reason is stated."""


def warnings(problem: AllocationProblem, solution: Solution, currency: str, budget: float) -> list[str]:
    """List warnings, the gravest first."""
    spend = solution.spend
    lines = []
    if solution.status is Status.NOT_CERTIFIED:
        lines.append(
            f"not certified: a split worth up to {100.0 * solution.gap:.2g} % more may exist; "
            "allow more time or a larger gap"
        )
    lines += _unspent(problem, spend, currency, budget)
    price = solution.shadow_prices.get(problem.scenario.label, 0.0)
    if 0.0 < price < 1.0:
        lines.append(
            f"the last {currency} of the budget returns {price:.2f}: less than itself, so a smaller budget earns more"
        )
    lines += _cuts(problem, spend, currency)
    return lines


def _unspent(
    problem: AllocationProblem, spend: NDArray[np.float64], currency: str, budget: float
) -> list[str]:
    left = budget - float(spend.sum())
    if left <= UNSPENT * budget:
        return []
    marginal = problem.curves.derivative(spend).mean(axis=0) - problem.charges
    why = (
        "every cell that a rule lets grow is saturated"
        if marginal.max() <= 0.0
        else "rules hold every cell that gains"
    )
    if problem.charge is not None:
        why = "more of it would cost more in charges than it brings, or rules forbid it"
    return [f"{currency} {left:,.0f} of the budget stays unspent: {why}"]


def _cuts(problem: AllocationProblem, spend: NDArray[np.float64], currency: str) -> list[str]:
    current = problem.cells.current
    if current is None:
        return []
    today = problem.curves.mean_value(current)
    lines = []
    for i in np.argsort(spend - current, kind="stable"):
        if current[i] <= 0.0 or today[i] <= 0.0 or spend[i] > (1.0 - CUT) * current[i]:
            continue
        name = problem.curves.names[i]
        share = 1.0 - spend[i] / current[i]
        verb = f"abandons {name}" if share >= 1.0 - 1e-6 else f"cuts {name} by {100.0 * share:.0f} %"
        lines.append(
            f"{verb}, which works: {currency} {current[i]:,.0f} to {spend[i]:,.0f}; today it returns {today[i]:,.0f}"
        )
    return lines
