"""Rules on shares that leave nothing to spend: the proof, and the rules to blame."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import NO_TOTAL_SPEND, UNPROVEN_TOTAL_SPEND
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.problem.total_spend import is_share, total_spend
from channelmix.engine.rules import FixedBudget
from channelmix.engine.solver.linear_program import LinearProgram
from channelmix.engine.solver.linear_search import LinearSearch
from channelmix.engine.solver.search import Search

GAP = 0.5
"""Gap of a search for any spend above zero: only the order of magnitude matters."""

TRIAL_SECONDS = 0.5
"""Time to find out whether anything can be spent without a rule: if it does not suffice, the rule is blamed."""

AMPLE = 1e3
"""Multiple of the available money at which money is no limit any more."""


@dataclass(frozen=True, eq=False)
class OnlyNothing:
    """Evidence that rules on shares leave nothing to spend.

    Parameters
    ----------
    search : Search
        Its tree is the proof.
    rules : tuple of str
        The rules to blame.
    witness : ndarray of the problem's shape
        What could be spent without the rules on shares.
    """

    search: Search
    rules: tuple[str, ...]
    witness: Array


def only_nothing(
    problem: AllocationProblem, deadline: float, solver: str, *, thoroughly: bool
) -> OnlyNothing | None:
    """Return the proof that nothing can be spent, and the rules to blame; None if something can be.

    Where the other rules leave nothing by themselves, spending nothing is the answer: None, too. Unless `thoroughly`,
    conflicts through whole numbers are not looked for.
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
    for rule in sorted(rules, key=is_share):  # rules on shares last: they are the likeliest culprits
        fewer = [other for other in rules if other is not rule]
        if not _can_spend(stated, fewer, solver):
            rules = fewer
    return OnlyNothing(search, (*scenario, *(names[id(rule)] for rule in rules)), witness)


def _most_spend(form: StandardForm, solver: str) -> float:
    """Largest total spend, in standard units, without regard to whole numbers; 0 if the program finds none."""
    found = LinearProgram(solver).solve(
        (np.arange(form.n_variables) < form.n_cells).astype(float),
        form.A,
        form.box_low,
        form.box_high,
        form.low,
        form.high,
    )
    return 0.0 if found is None else float(found[0][form.spends].sum())


class _AnySpend(LinearSearch):
    """A search for the largest total spend that stops at any spend above zero."""

    polishes = False

    def _target(self) -> float:
        return math.inf if self.best_value > NO_TOTAL_SPEND else super()._target()


def _searched(form: StandardForm, deadline: float, solver: str) -> Search:
    search = _AnySpend(form, GAP, (), deadline, solver)
    search.run()
    return search


def _trial(problem: AllocationProblem, rules: Sequence[Any], solver: str) -> Search | None:
    """Search for any spend under these rules alone; None where they conflict in their bounds on single cells."""
    form = total_spend(dataclasses.replace(problem, constraints=rules, risk=None)).standard
    return None if form.empty_box else _searched(form, time.perf_counter() + TRIAL_SECONDS, solver)


def _can_spend(problem: AllocationProblem, rules: Sequence[Any], solver: str) -> bool:
    """Whether it is not proven that nothing can be spent."""
    search = _trial(problem, rules, solver)
    return search is not None and not _proves_nothing(search)


def _some_spend(problem: AllocationProblem, rules: Sequence[Any], solver: str) -> Array | None:
    """Some spend above zero that obeys these rules, of the problem's shape; None if none is found."""
    search = _trial(problem, rules, solver)
    if search is None or search.spend is None or search.best_value <= NO_TOTAL_SPEND:
        return None
    return search.spend.reshape(problem.shape)


def _proves_nothing(search: Search) -> bool:
    """Whether the search proves that feasible spend exists and is nothing; rules that conflict are another case."""
    return search.best is not None and search.upper_bound() <= NO_TOTAL_SPEND
