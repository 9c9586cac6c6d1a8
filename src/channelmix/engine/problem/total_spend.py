"""How much can be spent at all: the rules with total spend in place of outcome.

Rows of shares are rows against 0, so that a plan of nothing obeys them whatever they ask. Nothing has no shares,
however: where rules about shares leave nothing to spend, they contradict each other or the rules beside them.
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
    """Whether a rule speaks of shares of a total."""
    return isinstance(rule.rule if isinstance(rule, EachPeriod) else rule, GroupShare | Phasing)


def total_spend(problem: AllocationProblem) -> AllocationProblem:
    """Return the problem of spending as much as the rules allow, of which the objective is total spend.

    What is asked of outcome plays no part in it, nor do charges and carry-over.
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
        carryover=None if problem.delay is None else Carryover([1.0], problem.delay.periods),
    )


def _without_cost(rule: Any) -> Any:
    """A rule without a cost of switching, which would count in the objective; None where nothing else is left of it."""
    if isinstance(rule, EachPeriod):
        inner = _without_cost(rule.rule)
        return None if inner is None else EachPeriod(inner)
    if not isinstance(rule, ChangeLimit) or rule.switching_cost is None:
        return rule
    if rule.relative is None and rule.absolute is None:
        return None
    return dataclasses.replace(rule, switching_cost=None)
