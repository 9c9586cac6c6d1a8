"""Why each cell gets what it gets, in a few words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.problem import AllocationProblem
from channelmix.profile import Cell
from channelmix.rules import ActivationFee, AtMostActive, MinimumIfActive
from channelmix.rules.auxiliary import OnOff
from channelmix.solution import Solution

__all__ = ["reasons"]

SATURATED = 0.95
"""Share of the outcome at twice its spend from which on a cell counts as saturated."""

SAME = 1e-6
"""Share of today's spend by which a cell may move and still counts as left where it is."""

STEPS = (1.0 / 256.0, 1.0 / 64.0, 1.0 / 16.0, 1.0 / 4.0, 1.0)
"""Spends at which a cell that is off might have paid, as a share of the plan's spend."""

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
    marginal = problem.marginal(spend)
    total = float(spend.sum())
    scale = total or float(current.sum()) or 1.0
    most = problem.response.mean_value(np.full(len(spend), scale))
    reached, twice = problem.response.mean_value(spend), problem.response.mean_value(2.0 * spend)
    charged = _price_of_money(problem, solution)
    holding = _holding_rules(problem, solution, marginal - charged)
    off = _off_by(problem, solution, charged, scale)
    limited = problem.scenario.limit_label in solution.shadow_prices
    by_profit = problem.scenario.gain and problem.scenario.price and not limited
    lines = []
    for i, cell in enumerate(cells):
        if problem.scenario.limit == 0.0:
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
        elif off[i]:
            line = f"off: {off[i]}"
        elif holding[i]:  # a cell whose next unit is worth less than money costs is kept up by the rule
            rule = holding[i].removesuffix(f" {cell.name}")  # the line is about this cell anyway
            line = f"{'kept by' if marginal[i] < charged else 'held by'} {rule}"
        elif spend[i] <= 0.0:
            line = "returns less than it costs" if by_profit else "returns less than the others"
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


def _holding_rules(problem: AllocationProblem, solution: Solution, pays: NDArray[np.float64]) -> list[str]:
    """For each cell, the rule beside the scenario with the largest price on it; empty if none binds.

    A rule that asks for more of several cells does not keep the ones that get nothing all the same, nor does one that
    asks for less hold those whose next unit would not pay: `pays`, what it brings beyond its cost, is negative.
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
            if solution.spend[i] <= 0.0 and (price * row.coefficients[i] < 0.0 or pays[i] < 0.0):
                continue
            if pull > max(weight[i], floor) and _speaks_of(row.label, row.coefficients, int(i)):
                weight[i], names[i] = pull, row.rule
    return names


def _speaks_of(label: str, coefficients: NDArray[np.float64], cell: int) -> bool:
    """A share of total spend has a weight on every cell; it speaks of the selected ones, whose weights are positive."""
    return bool(coefficients[cell] > 0.0) or not label.startswith("group_share")


def _price_of_money(problem: AllocationProblem, solution: Solution) -> float:
    """Net outcome that the last unit of money must bring, by what the scenario and its rows charge for it."""
    charged, worth = float(problem.scenario.price), float(problem.scenario.gain)
    for row in problem.rows:
        if row.rule == problem.scenario.label:
            price = solution.shadow_prices.get(row.label, 0.0)
            charged += price * float(row.coefficients.max(initial=0.0) or row.coefficients.min(initial=0.0))
            worth -= price * row.outcome
    return charged / worth if worth > 0.0 else 0.0


def _off_by(problem: AllocationProblem, solution: Solution, charged: float, scale: float) -> list[str]:
    """For each cell without money that would pay at some spend, the rule that switches it off; else empty."""
    spend, off = solution.spend, [""] * len(solution.spend)
    values = {one.key: one.value(spend) for one in problem.auxiliaries}
    pays = np.zeros(len(spend), dtype=bool)
    for step in (scale * share for share in STEPS):
        brings = problem.response.mean_value(np.full(len(spend), step)) - problem.charges * step
        pays |= brings > charged * step
    for rule, name in zip(problem.constraints, problem.rule_names[1:], strict=True):
        states = (
            [one for one in rule.auxiliaries(problem.cells) if isinstance(one, OnOff)]
            if _switches(rule)
            else []
        )
        full = not isinstance(rule, AtMostActive) or sum(values[one.key] for one in states) >= rule.count
        for one in states:
            for i in np.flatnonzero(one.cells & pays & (values[one.key] == 0.0)):
                if full and (not off[i] or isinstance(rule, AtMostActive)):
                    off[i] = name
    return off


def _switches(rule: Any) -> bool:
    return isinstance(rule, MinimumIfActive | AtMostActive | ActivationFee)
