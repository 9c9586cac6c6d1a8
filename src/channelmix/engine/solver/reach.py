"""What keeps an outcome out of reach, and how much of it is within reach."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from channelmix.engine.problem.money_limits import (
    UnboundedError,
    is_limited,
    largest_limit,
    limited,
    most_money,
)
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import FixedBudget, FlexibleBudget, TargetOutcome
from channelmix.engine.solver.projection import project
from channelmix.engine.solver.search import Search
from channelmix.engine.solver.searches import new_search
from channelmix.engine.solver.starts import known_spend, money_limit

__all__ = ["out_of_reach"]

REACH_GAP, REACH_SECONDS = 1e-3, 2.0
"""Gap and time of a search for whether an outcome is within reach."""

ROI_STEPS = 10
"""Most rates that are tried on the way to the highest ROI; each step squares how near it is."""


def out_of_reach(problem: AllocationProblem, solver: str) -> tuple[tuple[str, ...], dict[str, float]]:
    """Name a minimal set of rules that keep an outcome out of reach, the scenario among them, and how far it is."""
    scenario, *names = problem.rule_names
    kept = list(zip(names, problem.constraints, strict=True))
    for name in names:
        fewer = [(other, rule) for other, rule in kept if other != name]
        without = dataclasses.replace(problem, constraints=[rule for _, rule in fewer])
        if not is_limited(without):
            without = limited(without, largest_limit(without))
        if without.standard.empty_box or _search(without, solver).upper_bound() == -math.inf:
            kept = fewer
    return (scenario, *(name for name, _ in kept)), _lacking(problem, solver)


def _lacking(problem: AllocationProblem, solver: str) -> dict[str, float]:
    """By how much what is asked for exceeds what the rules allow, for the row that asks; nothing if by a hair."""
    asked, limit = problem.scenario, problem.scenario.limit
    lacking: dict[str, float] = {}
    if isinstance(asked, TargetOutcome):
        limit = largest_limit(problem) if limit is None else limit
        furthest = dataclasses.replace(problem, scenario=FixedBudget(limit)).on_average
        spend = _best(furthest, solver)
        if spend is not None:
            lacking[asked.label] = asked.amount - furthest.net(spend)
    elif isinstance(asked, FlexibleBudget) and asked.min_roi is not None:
        reached = _highest_roi(problem, asked.min_roi, limit, solver)
        if reached is not None:
            lacking[asked.roi_label] = asked.min_roi - reached
    return {label: amount for label, amount in lacking.items() if amount > 0.0}


def _highest_roi(problem: AllocationProblem, rate: float, limit: float | None, solver: str) -> float | None:
    """Find the highest ROI that the other rules allow; None where it is not above 0.

    References
    ----------
    Dinkelbach, W. (1967), "On nonlinear fractional programming", Management Science 13(7).
    """
    highest = 0.0
    for _ in range(ROI_STEPS):
        paying = FlexibleBudget(min_marginal_roi=rate, max_amount=limit)
        paid = dataclasses.replace(problem, scenario=paying).on_average
        if not is_limited(paid):  # a far limit would let rules be broken by a hair of it
            try:
                paid = limited(paid, money_limit(paid, known_spend(paid)))
            except UnboundedError:  # the rate is so low that a cell pays without end
                break
        spend = _best(paid, solver)
        money = 0.0 if spend is None else problem.money(spend)
        reached = problem.net(spend) / money if money > 0.0 else 0.0
        if reached <= highest * (1.0 + REACH_GAP):
            break
        highest = rate = reached
    return highest or None


def _best(problem: AllocationProblem, solver: str) -> NDArray[np.float64] | None:
    """Find the best spend to the gap of a reach."""
    even = project(problem, dict.fromkeys(problem.cells.names, most_money(problem) / len(problem.cells)))
    found = _search(problem, solver, [] if even is None else [list(even.values())])
    return None if found.best is None else problem.standard.to_user(found.best).reshape(problem.shape)


def _search(problem: AllocationProblem, solver: str, starts: Sequence[Sequence[float]] = ()) -> Search:
    form = problem.standard
    begin = [form.from_user(start) for start in starts]
    search = new_search(form, REACH_GAP, begin, time.perf_counter() + REACH_SECONDS, solver)
    search.run()
    return search
