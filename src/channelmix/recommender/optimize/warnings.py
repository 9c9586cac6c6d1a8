"""What a manager should look at before following a plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution, Status
from channelmix.engine.rules import FixedBudget, TargetOutcome

CUT = 0.25
"""A cell cut by at least this share of today's spend, and not idle today, is named."""

FEW = 4
"""Cuts up to this number are named cell by cell; more are summed by channel, or they would repeat the table."""

UNSPENT = 1e-4
"""Share of the budget left over from which on the reason is stated."""


def warnings(problem: AllocationProblem, solution: Solution, currency: str) -> list[Message]:
    """List warnings, the gravest first."""
    lines = []
    if solution.status is Status.NOT_CERTIFIED:
        target = "_target" if isinstance(problem.scenario, TargetOutcome) else ""
        lines.append(say(f"warning.not_certified{target}", gap=solution.gap))
    spend = solution.spend.ravel()
    marginal = problem.marginal(spend)
    budget = float(problem.scenario.amount) if isinstance(problem.scenario, FixedBudget) else 0.0
    left = budget - problem.money(solution.spend)
    if left > UNSPENT * budget:
        why = _why_unspent(problem, solution, left, marginal)
        lines.append(say("warning.unspent", currency=currency, amount=left, why=why))
    elif problem.scenario.gain and not problem.scenario.price and problem.money(solution.spend) > 0.0:
        # Where every cell is saturated the budget has no price: no unit is worth more than the best cell's.
        price = solution.shadow_prices.get(problem.scenario.limit_label, float(marginal.max()))
        if price < 1.0:
            code = "warning.last_of_budget" if budget else "warning.last_spent"
            lines.append(say(code, currency=currency, amount=max(price, 0.0)))
    return lines + _cuts(problem, problem.by_cell(spend), currency)


def _why_unspent(
    problem: AllocationProblem, solution: Solution, left: float, marginal: NDArray[np.float64]
) -> Message:
    # What is left would not bring more than the gap even at the best cell's return: no rule is to blame.
    negligible = solution.requested_gap * max(abs(solution.value), problem.gross(solution.spend))
    if not problem.constraints or float(marginal.max()) * left <= negligible:
        charges = problem.charge_slopes(solution.spend)
        if charges.any() and float((marginal + charges).max()) * left > negligible:
            return say("unspent.harm")
        return say("unspent.little_and_loss" if marginal.max() < 1.0 else "unspent.little")
    return say("unspent.rules")


def _cuts(problem: AllocationProblem, spend: NDArray[np.float64], currency: str) -> list[Message]:
    if problem.cells.current is None:
        return []
    today = problem.by_cell(problem.outcomes(problem.cells.current).mean(axis=0))
    current = problem.by_cell(problem.cells.current)
    charges = problem.by_cell(problem.charged(problem.cells.current))
    names = problem.curves.names
    cut = [
        i
        for i in range(len(names))
        if current[i] > 0.0 and today[i] > 0.0 and spend[i] <= (1.0 - CUT) * current[i]
    ]
    groups: dict[str, list[int]] = {}
    for i in cut:
        groups.setdefault(names[i] if len(cut) <= FEW else _channel(names[i]), []).append(i)
    largest_first = sorted(groups.items(), key=lambda group: float((spend - current)[group[1]].sum()))
    lines = []
    for channel, cells in largest_first:
        before, after = float(current[cells].sum()), float(spend[cells].sum())
        # A channel may keep or raise its other cells: only part of it is cut then.
        all_cells = sum(_channel(names[i]) == channel and current[i] > 0.0 for i in range(len(names)))
        part = "cell" if len(cells) == 1 else "part" if all_cells > len(cells) else "cells"
        share = 1.0 - after / before
        lines.append(
            say(
                f"warning.{'stop' if share >= 1.0 - 1e-6 else 'cut'}.{part}",
                name=names[cells[0]] if part == "cell" else channel,
                share=share,
                currency=currency,
                before=before,
                after=after,
                cells=len(cells),
                all=all_cells,
                returns=_returns(float(today[cells].sum()), float(charges[cells].sum()), len(cells)),
            )
        )
    return lines


def _returns(today: float, charges: float, cells: int) -> Message:
    """What cells bring today, as reasons and tables state it, and the charges that it takes."""
    they = "it" if cells == 1 else "they"
    if charges <= 0.0:
        return say(f"returns.{they}", amount=today)
    return say("returns.it_costs" if cells == 1 else "returns.they_cost", amount=today, charges=charges)


def _channel(name: str) -> str:
    """Return the channel of a cell named ``market/channel/purpose``; a cell named otherwise stands for itself."""
    parts = name.split("/")
    return parts[1] if len(parts) == 3 else name
