"""The problem of spending as much as the rules allow: total spend in place of outcome.

Rules on shares are rows against 0, which spending nothing obeys, whatever they require. But nothing has no shares:
where such rules leave nothing to spend, they contradict each other or other rules.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from channelmix.engine.problem.money_limits import most_money
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.carryover import Carryover
from channelmix.engine.rules import ChangeLimit, EachPeriod, FixedBudget, GroupShare, Phasing


def is_share(rule: Any) -> bool:
    """Whether a rule constrains shares of a total."""
    return isinstance(rule.inner, GroupShare | Phasing)


def total_spend(problem: AllocationProblem) -> AllocationProblem:
    """Return the problem with total spend as its objective.

    Requirements on outcome, charges and carry-over are dropped.
    """
    limit = problem.scenario.limit
    ones = np.ones(problem.curves.n_cells)
    return dataclasses.replace(
        problem,
        curves=ResponseCurves.power(ones, ones, names=problem.curves.names),
        scenario=FixedBudget(most_money(problem) if limit is None else limit),
        constraints=[rule for rule in map(_without_cost, problem.constraints) if rule is not None],
        risk=None,
        charge=None,
        losses=None,
        carryover=None if problem.delay is None else Carryover([1.0], problem.delay.periods),
    )


def _without_cost(rule: Any) -> Any:
    """A rule without its switching cost, which would count in the objective; None if nothing else remains of it."""
    if isinstance(rule, EachPeriod):
        inner = _without_cost(rule.rule)
        return None if inner is None else EachPeriod(inner)
    if not isinstance(rule, ChangeLimit) or rule.switching_cost is None:
        return rule
    if rule.relative is None and rule.absolute is None:
        return None
    return dataclasses.replace(rule, switching_cost=None)
