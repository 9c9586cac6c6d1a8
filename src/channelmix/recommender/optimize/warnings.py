"""What a manager should look at before following a plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channelmix.core.wording import amount, percent
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution, Status
from channelmix.engine.rules import FixedBudget, TargetOutcome

CUT = 0.25
"""A cell cut by at least this share of today's spend, and not idle today, is named."""

FEW = 4
"""Cuts up to this number are named cell by cell; more are summed by channel, or they would repeat the table."""

UNSPENT = 1e-4
"""Share of the budget left over from which on the reason is stated."""


def warnings(problem: AllocationProblem, solution: Solution, currency: str) -> list[str]:
    """List warnings, the gravest first."""
    lines = []
    if solution.status is Status.NOT_CERTIFIED:
        lines.append(f"not certified: {missed(problem, solution)} may exist; allow more time or a larger gap")
    spend = solution.spend.ravel()
    marginal = problem.marginal(spend)
    budget = float(problem.scenario.amount) if isinstance(problem.scenario, FixedBudget) else 0.0
    left = budget - problem.money(solution.spend)
    if left > UNSPENT * budget:
        why = _why_unspent(problem, solution, left, marginal)
        lines.append(f"{currency} {amount(left)} of the budget stays unspent: {why}")
    elif problem.scenario.gain and not problem.scenario.price and problem.money(solution.spend) > 0.0:
        # Where every cell is saturated the budget has no price: no unit is worth more than the best cell's.
        price = solution.shadow_prices.get(problem.scenario.limit_label, float(marginal.max()))
        if price < 1.0:
            lines.append(
                f"the last {currency} {'of the budget' if budget else 'spent'} returns {max(price, 0.0):.2f}: "
                "less than itself, so a smaller budget earns more"
            )
    return lines + _cuts(problem, problem.by_cell(spend), currency)


def missed(problem: AllocationProblem, solution: Solution) -> str:
    """What the gap leaves open, in words."""
    gap = percent(solution.gap)
    if isinstance(problem.scenario, TargetOutcome):
        return f"a split that reaches the target for up to {gap} less"
    return f"a split worth up to {gap} more"


def _why_unspent(
    problem: AllocationProblem, solution: Solution, left: float, marginal: NDArray[np.float64]
) -> str:
    # What is left would not bring more than the gap even at the best cell's return: no rule is to blame.
    negligible = solution.requested_gap * max(abs(solution.value), problem.gross(solution.spend))
    if not problem.constraints or float(marginal.max()) * left <= negligible:
        if problem.charges.any() and float((marginal + problem.charges).max()) * left > negligible:
            return "more of it would cost more in opt-outs and harm than it brings"
        last = ", and the last of what is spent returns less than itself: a smaller budget earns more"
        return "more spend would bring next to nothing" + last * bool(marginal.max() < 1.0)
    return "the rules hold every cell that would gain from it"


def _cuts(problem: AllocationProblem, spend: NDArray[np.float64], currency: str) -> list[str]:
    if problem.cells.current is None:
        return []
    today = problem.by_cell(problem.outcomes(problem.cells.current).mean(axis=0))
    current = problem.by_cell(problem.cells.current)
    charges = problem.by_cell(problem.charges * problem.cells.current)
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
        if len(cells) == 1:
            name, over = names[cells[0]], ""
        else:
            of = f" of {all_cells}" if all_cells > len(cells) else ""
            name = f"part of {channel}" if of else channel
            over = f" over {len(cells)}{of} cells"
        share = 1.0 - after / before
        verb = f"abandons {name}" if share >= 1.0 - 1e-6 else f"cuts {name} by {percent(share)}"
        returns = _returns(float(today[cells].sum()), float(charges[cells].sum()), len(cells))
        lines.append(f"{verb}: {currency} {amount(before)} to {amount(after)}{over}; {returns}")
    return lines


def _returns(today: float, charges: float, cells: int) -> str:
    """What cells bring today, as reasons and tables state it, and the charges that it takes."""
    they, s = ("it", "s") if cells == 1 else ("they", "")
    costs = f" and cost{s} {amount(charges)} in charges" if charges > 0.0 else ""
    return f"today {they} return{s} {amount(today)}{costs}"


def _channel(name: str) -> str:
    """Return the channel of a cell named ``market/channel/purpose``; a cell named otherwise stands for itself."""
    parts = name.split("/")
    return parts[1] if len(parts) == 3 else name
