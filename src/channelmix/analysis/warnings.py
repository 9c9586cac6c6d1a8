"""What a manager should look at before following a plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channelmix.plan.wording import amount, percent
from channelmix.problem import AllocationProblem
from channelmix.solution import Solution, Status

__all__ = ["warnings"]

CUT = 0.25
"""A cell cut by at least this share of today's spend, and not idle today, is named."""

UNSPENT = 1e-4
"""Share of the budget left over from which on the reason is stated."""


def warnings(problem: AllocationProblem, solution: Solution, currency: str, budget: float) -> list[str]:
    """List warnings, the gravest first."""
    lines = []
    if solution.status is Status.NOT_CERTIFIED:
        lines.append(
            f"not certified: a split worth up to {percent(solution.gap)} more may exist; "
            "allow more time or a larger gap"
        )
    left = budget - float(solution.spend.sum())
    marginal = problem.curves.derivative(solution.spend).mean(axis=0) - problem.charges
    if left > UNSPENT * budget:
        why = _why_unspent(problem, solution, left, marginal)
        lines.append(f"{currency} {amount(left)} of the budget stays unspent: {why}")
    elif budget > 0.0:
        # Where every cell is saturated the budget has no price: no unit is worth more than the best cell's.
        price = solution.shadow_prices.get(problem.scenario.label, float(marginal.max()))
        if price < 1.0:
            lines.append(
                f"the last {currency} of the budget returns {max(price, 0.0):.2f}: less than itself, "
                "so a smaller budget earns more"
            )
    return lines + _cuts(problem, solution.spend, currency)


def _why_unspent(
    problem: AllocationProblem, solution: Solution, left: float, marginal: NDArray[np.float64]
) -> str:
    if problem.charge is not None:
        return "more of it would cost more in charges than it brings, or rules forbid it"
    # What is left would not bring more than the gap even at the best cell's return: no rule is to blame.
    negligible = solution.requested_gap * max(abs(solution.value), problem.gross(solution.spend))
    if not problem.constraints or float(marginal.max()) * left <= negligible:
        return "more spend would bring next to nothing"
    return "the rules hold every cell that would gain from it"


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
        share = float(1.0 - spend[i] / current[i])
        verb = f"abandons {name}" if share >= 1.0 - 1e-6 else f"cuts {name} by {percent(share)}"
        lines.append(
            f"{verb}: {currency} {amount(float(current[i]))} to {amount(float(spend[i]))}; "
            f"today it returns {amount(float(today[i]))}"
        )
    return lines
