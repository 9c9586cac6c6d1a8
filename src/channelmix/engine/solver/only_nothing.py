"""Where only a plan of nothing obeys the rules, since no spend has the shares that they ask for: proof and culprits."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.problem.total_spend import is_share, total_spend
from channelmix.engine.rules import FixedBudget
from channelmix.engine.solver.linear_program import LinearProgram
from channelmix.engine.solver.search import Search
from channelmix.engine.tolerances import NO_TOTAL_SPEND, UNPROVEN_TOTAL_SPEND

GAP = 0.5
"""Gap of a search for whether anything can be spent, as a share of next to nothing."""

TRIAL_SECONDS = 0.5
"""Time for whether anything can be spent without a rule: if it does not suffice, the rule is named."""

AMPLE = 1e3
"""Multiple of the money there is at which it is no limit any more."""


@dataclass(frozen=True, eq=False)
class OnlyNothing:
    """That rules about shares leave nothing to spend.

    Parameters
    ----------
    search : Search
        What proves it.
    rules : tuple of str
        The rules to blame.
    witness : ndarray of the problem's shape
        What could be spent without the rules about shares.
    """

    search: Search
    rules: tuple[str, ...]
    witness: Array


def only_nothing(
    problem: AllocationProblem, deadline: float, solver: str, *, thoroughly: bool
) -> OnlyNothing | None:
    """Return the proof that nothing can be spent, and the rules to blame; None if something can be.

    Where the rules that do not speak of shares leave nothing by themselves, a plan of nothing is the answer: None, too.
    Unless `thoroughly`, what only whole numbers forbid is not looked for.
    """
    rules = list(problem.constraints)
    others = [rule for rule in rules if not is_share(rule)]
    if len(others) == len(rules):
        return None
    form = total_spend(problem).standard
    if form.empty_box or (not thoroughly and _most_spend(form, solver) > UNPROVEN_TOTAL_SPEND):
        return None
    search = _searched(form, deadline, solver)
    if not _proves_nothing(search):
        return None
    witness = _some_spend(problem, others, solver)
    if witness is None:
        return None
    names = {id(rule): name for rule, name in zip(rules, problem.rule_names[1:], strict=True)}
    far = dataclasses.replace(problem, scenario=FixedBudget(AMPLE * total_spend(problem).scenario.amount))
    scenario = problem.rule_names[:1] if _can_spend(far, rules, solver) else ()
    stated = problem if scenario else far
    for rule in sorted(rules, key=is_share):  # those about shares last: they are to blame
        fewer = [other for other in rules if other is not rule]
        if not _can_spend(stated, fewer, solver):
            rules = fewer
    return OnlyNothing(search, (*scenario, *(names[id(rule)] for rule in rules)), witness)


def _most_spend(form: StandardForm, solver: str) -> float:
    """Most total spend, whole numbers apart, as a share of the most on a cell; 0 if no program finds any."""
    found = LinearProgram(solver).solve(
        (np.arange(form.n_variables) < form.n_cells).astype(float),
        form.A,
        form.box_low,
        form.box_high,
        form.low,
        form.high,
    )
    return 0.0 if found is None else float(found[0][form.spends].sum())


class _AnySpend(Search):
    """A search for the most that can be spent, which is content with any amount."""

    polishes = False

    def _target(self) -> float:
        return math.inf if self.best_value > NO_TOTAL_SPEND else super()._target()


def _searched(form: StandardForm, deadline: float, solver: str) -> Search:
    search = _AnySpend(form, GAP, (), deadline, solver)
    search.run()
    return search


def _can_spend(problem: AllocationProblem, rules: Sequence[Any], solver: str) -> bool:
    """Whether more than nothing can be spent, or this is at least not excluded."""
    form = total_spend(dataclasses.replace(problem, constraints=rules, risk=None)).standard
    return not form.empty_box and not _proves_nothing(
        _searched(form, time.perf_counter() + TRIAL_SECONDS, solver)
    )


def _some_spend(problem: AllocationProblem, rules: Sequence[Any], solver: str) -> Array | None:
    """Spend above nothing that obeys some rules, of the problem's shape; None if none is found."""
    form = total_spend(dataclasses.replace(problem, constraints=rules, risk=None)).standard
    if form.empty_box:
        return None
    search = _searched(form, time.perf_counter() + TRIAL_SECONDS, solver)
    if search.best is None or search.best_value <= NO_TOTAL_SPEND:
        return None
    return np.asarray(form.to_user(search.best).reshape(problem.shape))


def _proves_nothing(search: Search) -> bool:
    """Whether the search shows that nothing can be spent; that rules conflict altogether is another thing."""
    return search.best is not None and search.upper_bound() <= NO_TOTAL_SPEND
