"""Spend that is known before the search, and the limit of money that it implies."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import CONFLICT_TOLERANCE
from channelmix.engine.problem.money_limits import (
    conflict_limit,
    largest_amount,
    limit_for,
    limited,
    most_money,
)
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import FixedBudget, TargetOutcome
from channelmix.engine.solver.projection import nearest_spend
from channelmix.engine.solver.searches import search_for

COARSE_GAP, COARSE_SECONDS = 0.05, 2.0
"""Gap and seconds of each search for a budget that suffices for a target."""

LATE_SECONDS = 1.0
"""Seconds for further budgets once the time for them is up: with few cells each takes little of that."""

QUADRUPLINGS = 30
"""Number of budgets tried for a target below the largest, each a quarter of the next."""

ROOM = 1e-3
"""Share by which a limit of money exceeds what is known to suffice."""

NEAR = 1e3
"""Multiple of the largest amount in any rule within which feasible spend is sought."""


def nearby_baseline(problem: AllocationProblem) -> Array | None:
    """Scale the baseline mix to the available money, and move it as little as the rules require."""
    mix = np.zeros(problem.shape) if problem.baseline is None else problem.baseline
    limit = problem.scenario.limit
    scale = 1.0 if limit is None or not mix.any() else min(1.0, limit / float(mix.sum()))
    return nearest_spend(problem, mix * scale)


def money_limit(problem: AllocationProblem, known: Array | None) -> float:
    """Return the money beyond which no spend can be better than what is known, where the scenario sets no limit."""
    if isinstance(problem.scenario, TargetOutcome):
        return most_money(problem) if known is None else problem.money(known) * (1.0 + ROOM)
    if known is None:
        return conflict_limit(problem)
    # The known spend may gain a little by breaking a rule within the tolerance; and where nothing pays, a limit near 0
    # would be negligible beside the amounts in the rules.
    return max(limit_for(problem, problem.value(known)) * (1.0 + ROOM), largest_amount(problem))


def known_spend(problem: AllocationProblem) -> Array | None:
    """Find feasible spend where the scenario sets no limit: nothing, or as little as the rules require."""
    nothing = np.zeros(problem.shape)
    if problem.violation(nothing) == 0.0:
        return nothing
    near = limited(problem, NEAR * (largest_amount(problem) or 1.0))
    if near.needs_baseline:
        baseline = nearby_baseline(near)
        if baseline is None:
            return None
        near = near.improving_on(baseline)
    # A baseline is feasible where it must be improved on; spending nothing need not be.
    known = near.baseline if near.baseline is not None else nearest_spend(near, nothing)
    if known is None:
        return None
    return known if near.standard.violation(near.standard.from_user(known)) <= CONFLICT_TOLERANCE else None


def enough_for_target(problem: AllocationProblem, seconds: float, solver: str) -> Array | None:
    """Find spend that reaches a target with little money, quadrupling a budget; None if no budget suffices in time."""
    until = time.perf_counter() + seconds
    most = most_money(problem)
    for amount in most * 4.0 ** np.arange(-QUADRUPLINGS, 1):
        budget = dataclasses.replace(problem, scenario=FixedBudget(float(amount))).on_average
        everywhere = budget.gross(np.full(problem.shape, amount))  # the whole budget on every cell at once
        if everywhere >= problem.scenario.amount and not budget.standard.empty_box:
            now = time.perf_counter()
            if now >= until + LATE_SECONDS:  # even the tightest limit gets an answer, where one is found soon
                return None
            deadline = min(now + COARSE_SECONDS, until)
            spend = search_for(budget, COARSE_GAP, (), deadline, solver).spend
            if spend is not None and budget.net(spend) >= problem.scenario.amount:
                return spend.reshape(problem.shape)
    return None
