"""Which rules cannot hold together: a minimal set, by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.bounds import CONFLICT_TOLERANCE
from channelmix.engine.problem.money_limits import is_limited, largest_amount, largest_limit, limited
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules.auxiliary import OnOff
from channelmix.engine.solver.elastic import Elastic
from channelmix.engine.solver.reach import out_of_reach

__all__ = ["Conflict", "conflicting_rules"]


WHOLE_TOLERANCE = 1e-5
"""Violation beyond which rules with whole numbers conflict: a solver takes for whole what is nearly so."""

WIDE, WIDE_WHOLE = 1e3, 8.0
"""Multiple of the largest amount in any rule that a cell may spend where rules are held against each other; where a
state multiplies it, it loses what a solver takes for whole."""

LINK = 1e3
"""Weight of a row that ties variables together: it is not to be broken."""


@dataclass(frozen=True)
class Conflict:
    """Names of rules that cannot hold together, and by how much which rows must give way; see `Solution`."""

    rules: tuple[str, ...]
    mend: Mapping[str, float]


def conflicting_rules(problem: AllocationProblem, solver: str = "HIGHS") -> Conflict:
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
    Conflict
        Names in the order of the rules; none if the rules do not conflict beyond the tolerance.

    References
    ----------
    Chinneck, J. W. & Dravnieks, E. W. (1991), "Locating minimal infeasible constraint sets in linear
    programs".
    """
    wanted = far = problem
    if not is_limited(problem):  # a limit of ours is no rule that could conflict
        far = limited(problem, largest_limit(problem))
        times = WIDE_WHOLE if far.standard.integer.any() else WIDE
        problem = limited(problem, times * (largest_amount(problem) or 1.0))
    elastic = _Whole(problem, solver)
    remaining = list(dict.fromkeys(row.rule for row in problem.rows))
    if not elastic.conflict(remaining):
        return Conflict(*out_of_reach(wanted, solver)) if far.standard.B.any() else Conflict((), {})
    order = problem.rule_names
    slack = elastic.broken() * problem.standard.row_unit[: len(problem.rows)]
    tolerance = WHOLE_TOLERANCE * problem.standard.row_unit[: len(problem.rows)]
    mend = {row.label: float(s) for row, s, t in zip(problem.rows, slack, tolerance, strict=True) if s > t}
    if far.standard.B.any():  # that may not do: what is asked of outcome was not looked at
        mend = {}
    silent = []  # rules without a row of their own: fees, which count in the scenario's
    for name, rule in zip(problem.rule_names[1:], problem.constraints, strict=True):
        if name in remaining:
            continue
        others = [other for other in problem.constraints if other is not rule]
        free = dataclasses.replace(problem, constraints=others)
        without_fee = _Whole(free, solver)
        if without_fee.conflict(remaining):
            problem, elastic = free, without_fee
        else:
            silent.append(name)
    for name in list(remaining):
        without = [other for other in remaining if other != name]
        if elastic.conflict(without):
            remaining = without
    return Conflict(tuple(name for name in order if name in (*remaining, *silent)), mend)


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
        wide = WIDE_WHOLE if form.integer.any() else WIDE
        most = wide * max(1.0, float(amounts[np.isfinite(amounts)].max(initial=1.0)))
        self._tolerance = CONFLICT_TOLERANCE if not form.integer.any() else WHOLE_TOLERANCE
        self._low, self._high = np.zeros(form.n_variables), np.full(form.n_variables, most)
        first = form.n_variables - len(form.auxiliaries)
        spend = np.full(len(problem.cells), most * form.unit[0])
        kept = np.ones(len(form.A), dtype=bool)
        switches = []
        for i, one in enumerate(form.auxiliaries, start=first):
            self._high[i] = one.box(np.zeros(len(spend)), spend)[1] / form.unit[i]
            if isinstance(
                one, OnOff
            ):  # off spends nothing, on as much as the wide box allows, whatever rules say
                kept[len(self._rows) :] &= form.A[len(self._rows) :, i] == 0.0
                switch = np.zeros(form.n_variables)
                switch[form.members(i)] = 1.0
                switch[i] = -switch.sum() * most
                switches.append(switch)
        more = np.zeros(len(switches))
        self._elastic = Elastic(
            np.vstack([form.A[kept], *switches]),
            np.append(form.low[kept], more - np.inf),
            np.append(form.high[kept], more),
            np.append(form.B[kept] == 0.0, more == 0.0),
            form.integer,
            solver,
        )
        self._links = int(kept.sum()) + len(switches) - len(self._rows)

    def conflict(self, rules: Sequence[str]) -> bool:
        """Whether these rules cannot all hold; rows that tie variables together always do."""
        return self.violation(rules) > self._tolerance

    def violation(self, rules: Sequence[str]) -> float:
        """Least total violation of these rules."""
        own = [1.0 if name in rules else 0.0 for name in self._rows]
        return self._elastic.solve(self._low, self._high, np.append(own, np.full(self._links, LINK)))

    def broken(self) -> Array:
        """By how much each row gives way where all of them do least; shape (n_rows,), in standard units."""
        self.violation(self._rows)
        return self._elastic.slack[: len(self._rows)]
