"""Which rules cannot hold together: a minimal set, by name."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence

import numpy as np

from channelmix.allocation.relaxation import Elastic
from channelmix.allocation.search import Search
from channelmix.problem import AllocationProblem
from channelmix.rules.auxiliary import OnOff
from channelmix.standard import CONFLICT_TOLERANCE

__all__ = ["conflicting_rules"]

WHOLE_TOLERANCE = 1e-5
"""Violation beyond which rules with whole numbers conflict: a solver takes for whole what is nearly so."""

LINK = 1e3
"""Weight of a row that ties variables together: it is not to be broken."""

REACH_GAP, REACH_SECONDS = 1e-2, 5.0
"""Gap and time of a search for whether an outcome is within reach."""


def conflicting_rules(problem: AllocationProblem, solver: str = "HIGHS") -> tuple[str, ...]:
    """Name a minimal set of rules that conflict, by the deletion filter: each of them is needed for the
    conflict.

    Parameters
    ----------
    problem : AllocationProblem
        A problem without feasible spend.
    solver : str
        CVXPY's name of the linear programming solver.

    Returns
    -------
    tuple of str
        Names in the order of the rules; empty if the rules do not conflict beyond the tolerance.

    References
    ----------
    Chinneck, J. W. & Dravnieks, E. W. (1991), "Locating minimal infeasible constraint sets in linear
    programs".
    """
    elastic = _Whole(problem, solver)
    remaining = list(dict.fromkeys(row.rule for row in problem.rows))
    if not elastic.conflict(remaining):
        if not problem.standard.B.any():
            return ()
        return _without_reach(problem, remaining, solver)
    for name in list(remaining):
        without = [other for other in remaining if other != name]
        if elastic.conflict(without):
            remaining = without
    return tuple(remaining)


class _Whole:
    """The rules' least violation over a wide box, for any part of them."""

    def __init__(self, problem: AllocationProblem, solver: str) -> None:
        form = problem.standard
        self._rows = [row.rule for row in problem.rows]
        # Spend beyond what any bound mentions cannot help, except through a row that weighs cells against each
        # other.
        weight = np.abs(form.A).max(axis=1, initial=0.0)
        size = np.tile(np.where(weight > 0.0, weight, 1.0), 2)
        amounts = np.abs(np.concatenate([form.low, form.high])) / size
        wide = 1e3 if not form.integer.any() else 8.0  # a state's row loses what a solver takes for whole
        most = wide * max(1.0, float(amounts[np.isfinite(amounts)].max(initial=1.0)))
        self._tolerance = CONFLICT_TOLERANCE if not form.integer.any() else WHOLE_TOLERANCE
        self._low, self._high = np.zeros(form.n_variables), np.full(form.n_variables, most)
        A = form.A.copy()
        first = form.n_variables - len(form.auxiliaries)
        spend = np.full(len(problem.cells), most * form.unit[0])
        for i, one in enumerate(form.auxiliaries, start=first):
            self._high[i] = one.box(np.zeros(len(spend)), spend)[1] / form.unit[i]
            for k in range(len(self._rows), len(A)):
                if isinstance(one, OnOff) and A[k, i] < 0.0:  # as much as the wide box allows, not the rules
                    A[k, i] = -np.abs(A[k, :first]).sum() * most
        self._elastic = Elastic(dataclasses.replace(form, A=A), solver)

    def conflict(self, rules: Sequence[str]) -> bool:
        """Whether these rules cannot all hold; rows that tie variables together always do."""
        return self.violation(rules) > self._tolerance

    def violation(self, rules: Sequence[str]) -> float:
        """Least total violation of these rules."""
        weights = np.full(len(self._elastic.rows), LINK)
        weights[: len(self._rows)] = [1.0 if name in rules else 0.0 for name in self._rows]
        return self._elastic.solve(self._low, self._high, weights)


def _without_reach(problem: AllocationProblem, rules: Sequence[str], solver: str) -> tuple[str, ...]:
    """Name a minimal set of rules that keep an outcome out of reach, the scenario's own among them."""
    kept = list(problem.constraints)
    names = [name for name in rules if name != problem.rows[0].rule]
    by_name = dict(zip(names, kept, strict=False)) if len(names) == len(kept) else {}
    for name, rule in by_name.items():
        fewer = [other for other in kept if other is not rule]
        form = dataclasses.replace(problem, constraints=fewer).standard
        search = Search(form, REACH_GAP, (), time.perf_counter() + REACH_SECONDS, solver)
        search.run()
        if search.upper_bound() == -math.inf:
            kept = fewer
            names = [other for other in names if other != name]
    return (problem.rows[0].rule, *names)
