"""Why each cell gets what it gets, in a few words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channelmix.problem import AllocationProblem
from channelmix.profile import Cell
from channelmix.solution import Solution

__all__ = ["reasons"]

SATURATED = 0.95
"""Share of the outcome at twice its spend from which on a cell counts as saturated."""

SAME = 1e-6
"""Share of today's spend by which a cell may move and still counts as left where it is."""

PRICE_FLOOR = 1e-6
"""Shadow prices below this share of the largest marginal return are rounding."""


def reasons(problem: AllocationProblem, solution: Solution, cells: tuple[Cell, ...]) -> list[str]:
    """One line a cell: the rule that holds it, or what its return makes of it.

    Parameters
    ----------
    problem, solution
        What was solved, and the answer.
    cells : tuple of Cell
        In the order of the problem's curves.
    """
    spend = solution.spend
    current = problem.cells.current if problem.cells.current is not None else np.zeros(len(spend))
    marginal = problem.curves.derivative(spend).mean(axis=0) - problem.charges
    total = float(spend.sum())
    most = problem.curves.mean_value(np.full(len(spend), total))
    reached, twice = problem.curves.mean_value(spend), problem.curves.mean_value(2.0 * spend)
    holding = _holding_rules(problem, solution)
    lines = []
    for i, cell in enumerate(cells):
        if total <= 0.0:
            line = "no budget"
        elif spend[i] <= 0.0 and problem.charges[i] > 0.0 and marginal[i] <= 0.0:
            line = (
                "opt-outs cost more than it brings"
                if cell.purpose == "promotion"
                else "does more harm than good"
            )
        elif most[i] <= 0.0:
            line = _why_nothing(cell)
            line = f"{line}, kept by {holding[i]}" if spend[i] > 0.0 and holding[i] else line
        elif holding[i]:
            verb = "kept by" if _would_shrink(problem, solution, i, marginal) else "held by"
            line = f"{verb} {holding[i]}"
        elif spend[i] <= 0.0:
            line = "returns less than the others"
        elif reached[i] >= SATURATED * twice[i]:
            line = "demand met" if cell.purpose == "service" else "audience saturated"
        else:
            shrinks = spend[i] < (1.0 - SAME) * current[i]
            line = "returns more elsewhere" if shrinks else "best return left"
        lines.append(line)
    return lines


def _why_nothing(cell: Cell) -> str:
    """Why no amount of money on the cell brings anything."""
    if cell.purpose == "service":
        return "brings nothing" if cell.inbound_contacts else "no inbound contacts"
    return "brings nothing" if cell.reachable > 0.0 else "reaches nobody"


def _holding_rules(problem: AllocationProblem, solution: Solution) -> list[str]:
    """For each cell, the rule beside the scenario with the largest price on it; empty if none binds.

    A rule that asks for more of several cells does not keep the ones that get nothing all the same.
    """
    names = [""] * problem.curves.n_cells
    weight: NDArray[np.float64] = np.zeros(problem.curves.n_cells)
    floor = PRICE_FLOOR * max((abs(p) for p in solution.shadow_prices.values()), default=0.0)
    for row in problem.rows:
        price = solution.shadow_prices.get(row.label, 0.0)
        if row.rule == problem.scenario.label or abs(price) <= floor:
            continue
        for i in np.flatnonzero(row.coefficients):
            pull = abs(price * row.coefficients[i])
            if price * row.coefficients[i] < 0.0 and solution.spend[i] <= 0.0:
                continue
            if pull > max(weight[i], floor) and _speaks_of(row.label, row.coefficients, int(i)):
                weight[i], names[i] = pull, row.rule
    return names


def _speaks_of(label: str, coefficients: NDArray[np.float64], cell: int) -> bool:
    """A share of total spend has a weight on every cell; it speaks of the selected ones, whose weights are positive."""
    return bool(coefficients[cell] > 0.0) or not label.startswith("group_share")


def _would_shrink(
    problem: AllocationProblem, solution: Solution, cell: int, marginal: NDArray[np.float64]
) -> bool:
    """Whether the cell's next unit is worth less than the budget's price, so that the rule keeps it up."""
    budget = solution.shadow_prices.get(problem.scenario.label, 0.0)
    return bool(marginal[cell] < budget)
