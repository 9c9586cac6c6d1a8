"""Infeasible problems: which rules conflict, how little would make them feasible, and what is out of reach."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import eye_array, hstack, vstack

from channelmix.core.arrays import Array
from channelmix.core.tolerances import CONFLICT_TOLERANCE, INTEGER_CONFLICT_TOLERANCE
from channelmix.engine.problem.matrix import matrix_of, row_max
from channelmix.engine.problem.money_limits import (
    UnboundedError,
    is_limited,
    largest_amount,
    largest_limit,
    limited,
    most_money,
)
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import FixedBudget, FlexibleBudget, TargetOutcome
from channelmix.engine.rules.auxiliary import OnOff
from channelmix.engine.rules.rows import Side
from channelmix.engine.solver.linear_program import LinearProgram
from channelmix.engine.solver.projection import nearest_spend
from channelmix.engine.solver.searches import search_for
from channelmix.engine.solver.starts import known_spend, money_limit

WIDE, WIDE_WHOLE = 1e3, 8.0
"""Multiple of the largest amount in any rule that a cell may spend while rules are compared; less with on/off states,
which multiply it: it must not drown in what a solver takes for whole."""

LEAST_SECONDS = 1.0
"""Seconds for naming the rules in conflict, however late it is."""

LINK = 1e3
"""Weight of a row that ties variables together, so that it is not broken."""


@dataclass(frozen=True)
class Conflict:
    """Names of conflicting rules, by how much rows must be relaxed, and at which limit; see `Solution`."""

    rules: tuple[str, ...]
    relaxations: Mapping[str, float]
    sides: Mapping[str, Side] = field(default_factory=dict)


def conflicting_rules(
    problem: AllocationProblem, solver: str = "HIGHS", deadline: float = math.inf
) -> Conflict:
    """Name a minimal set of conflicting rules by the deletion filter: without any one of them the rest can hold.

    Parameters
    ----------
    problem : AllocationProblem
        An infeasible problem.
    solver : str
        CVXPY's name of the linear programming solver.
    deadline : float
        Value of `time.perf_counter` at which to stop: what is not known by then stays among the rules named, which are
        no longer the fewest.

    Returns
    -------
    Conflict
        Names in the order of the rules, none if the rules conflict within the tolerance only.

    References
    ----------
    Chinneck, J. W. & Dravnieks, E. W. (1991), "Locating minimal infeasible constraint sets in linear
    programs".
    """
    wanted = far = problem
    if not is_limited(problem):  # an artificial limit must not be one of the conflicting rules
        far = limited(problem, largest_limit(problem))
        times = WIDE_WHOLE if far.standard.integer.any() else WIDE
        problem = limited(problem, times * (largest_amount(problem) or 1.0))
    deadline = max(deadline, time.perf_counter() + LEAST_SECONDS)
    elastic = LeastViolation(problem, solver, deadline)
    remaining = list(dict.fromkeys(row.rule for row in problem.rows))
    if not elastic.conflict(remaining, unknown=True):
        return Conflict(*out_of_reach(wanted, solver, deadline)) if far.standard.B.any() else Conflict((), {})
    order = problem.rule_names
    missed, unit = elastic.missed(remaining), problem.standard.row_unit
    below, above = np.zeros((2, len(problem.rows))) if missed is None else missed
    relaxations: dict[str, float] = {}
    sides: dict[str, Side] = {}
    if not far.standard.B.any():  # else this may not suffice: rows on outcome were ignored
        for row, *ends, size in zip(problem.rows, below, above, unit, strict=False):
            if sum(ends) > INTEGER_CONFLICT_TOLERANCE:
                relaxations[row.label] = float(sum(ends) * size)
                sides[row.label] = "low" if ends[0] > ends[1] else "high"
    silent = []  # rules without rows: fees, which count in the scenario's row
    for name, rule in zip(problem.rule_names[1:], problem.constraints, strict=True):
        if name in remaining:
            continue
        others = [other for other in problem.constraints if other is not rule]
        free = dataclasses.replace(problem, constraints=others)
        without_fee = LeastViolation(free, solver, deadline)
        if without_fee.conflict(remaining):
            problem, elastic = free, without_fee
        else:
            silent.append(name)
    for name in list(remaining):
        without = [other for other in remaining if other != name]
        if elastic.conflict(without):
            remaining = without
    return Conflict(tuple(name for name in order if name in (*remaining, *silent)), relaxations, sides)


class LeastViolation:
    """Minimum total violation of some of a problem's rules, over a wide box of spend.

    Whole numbers are kept, and rows that constrain outcome are left aside.
    """

    def __init__(self, problem: AllocationProblem, solver: str, deadline: float = math.inf) -> None:
        self._deadline = deadline
        form = problem.standard
        self._rows = [row.rule for row in problem.rows]
        # Spend beyond what any bound mentions cannot help, except through a row that weighs cells against each other.
        weight = row_max(form.A)
        size = np.tile(np.where(weight > 0.0, weight, 1.0), 2)
        amounts = np.abs(np.concatenate([form.low, form.high])) / size
        wide = WIDE_WHOLE if form.integer.any() else WIDE
        most = wide * max(1.0, float(amounts[np.isfinite(amounts)].max(initial=1.0)))
        self._tolerance = CONFLICT_TOLERANCE if not form.integer.any() else INTEGER_CONFLICT_TOLERANCE
        self._most = np.full(form.n_variables, most)
        first = form.n_variables - len(form.auxiliaries)
        spend = np.full(len(problem.cells), most * form.unit[0])
        kept = np.ones(form.A.shape[0], dtype=bool)
        switches = []
        for i, one in enumerate(form.auxiliaries, start=first):
            self._most[i] = one.box(np.zeros(len(spend)), spend)[1] / form.unit[i]
            if isinstance(one, OnOff):  # off spends nothing, on up to the wide box, whatever rules say
                own = form.column(i)[0]
                kept[own[own >= len(self._rows)]] = False
                members = np.unique(form.members(i))
                weights = np.append(np.ones(len(members)), -len(members) * most)
                switches.append((np.append(members, i), weights))
        linear, none = form.B[kept] == 0.0, np.zeros(len(switches))
        rows = form.A[np.flatnonzero(kept)]
        if switches:
            rows = vstack([rows, matrix_of(switches, form.n_variables)], format="csr")
        self._low = np.append(np.where(linear, form.low[kept], -np.inf), none - np.inf)
        self._high = np.append(np.where(linear, form.high[kept], np.inf), none)
        # Counted as a share of its range, no variable is so large that a solver's tolerance hides what a row misses.
        self._unit = np.where(form.integer | (self._most <= 0.0), 1.0, self._most)
        # Columns: the variables, and what each row misses below and above.
        apart = eye_array(rows.shape[0])
        self._matrix = hstack([rows.multiply(self._unit), apart, -apart], format="csc")
        self._program = LinearProgram(solver, form.integer)

    def conflict(self, rules: Sequence[str], *, unknown: bool = False) -> bool:
        """Whether these rules cannot all hold, or `unknown` if time is up; rows that tie variables always do."""
        missed = self.missed(rules)
        if missed is None:
            return unknown
        return float(self._weights(rules) @ missed.sum(axis=0)) > self._tolerance

    def missed(self, rules: Sequence[str]) -> Array | None:
        """What each row misses below its low limit, and above its high one, where these rules' total is least.

        Returns
        -------
        ndarray of shape (2, n_rows), in standard units; None if time is up
        """
        m, n, weights = len(self._low), len(self._most), self._weights(rules)
        found = self._program.solve(
            -np.concatenate([np.zeros(n), weights, weights]),
            self._matrix,
            np.zeros(n + 2 * m),
            np.append(self._most / self._unit, np.full(2 * m, np.inf)),
            self._low,
            self._high,
            self._deadline,
        )
        if found is None and math.isfinite(self._deadline):
            return None  # solvers have clocks of their own
        if found is None:
            raise RuntimeError("the solver failed on a feasible linear program")
        return np.asarray(found[0][n:]).reshape(2, m)

    def _weights(self, rules: Sequence[str]) -> Array:
        own = [float(name in rules) for name in self._rows]
        return np.append(own, np.full(len(self._low) - len(own), LINK))


REACH_GAP, REACH_SECONDS, LATE_SECONDS = 1e-3, 2.0, 0.1
"""Gap and seconds of a search for whether an outcome is within reach; and its seconds once time is up."""

ROI_STEPS = 10
"""Most rates tried on the way to the highest ROI; convergence is quadratic."""


def out_of_reach(
    problem: AllocationProblem, solver: str, deadline: float = math.inf
) -> tuple[tuple[str, ...], dict[str, float]]:
    """Name a minimal set of rules, with the scenario, that put an outcome out of reach, and what is lacking."""
    scenario, *names = problem.rule_names
    kept = list(zip(names, problem.constraints, strict=True))
    for name in names:
        fewer = [(other, rule) for other, rule in kept if other != name]
        without = dataclasses.replace(problem, constraints=[rule for _, rule in fewer])
        if not is_limited(without):
            without = limited(without, largest_limit(without))
        if (
            without.standard.empty_box
            or search_for(without, REACH_GAP, (), _soon(deadline), solver).upper_bound() == -math.inf
        ):
            kept = fewer
    return (scenario, *(name for name, _ in kept)), _lacking(problem, solver, deadline)


def _lacking(problem: AllocationProblem, solver: str, deadline: float) -> dict[str, float]:
    """By how much the required outcome or ROI exceeds what the rules allow, by row label; empty if it does not."""
    scenario, limit = problem.scenario, problem.scenario.limit
    lacking: dict[str, float] = {}
    if isinstance(scenario, TargetOutcome):
        limit = largest_limit(problem) if limit is None else limit
        furthest = dataclasses.replace(problem, scenario=FixedBudget(limit)).on_average
        spend = _best(furthest, solver, deadline)
        if spend is not None:
            lacking[scenario.label] = scenario.amount - furthest.net(spend)
    elif isinstance(scenario, FlexibleBudget) and scenario.min_roi is not None:
        reached = _highest_roi(problem, scenario.min_roi, limit, solver, deadline)
        if reached is not None:
            lacking[scenario.roi_label] = scenario.min_roi - reached
    return {label: amount for label, amount in lacking.items() if amount > 0.0}


def _highest_roi(
    problem: AllocationProblem, rate: float, limit: float | None, solver: str, deadline: float
) -> float | None:
    """Find the highest ROI that the other rules allow; None where it is not above 0.

    References
    ----------
    Dinkelbach, W. (1967), "On nonlinear fractional programming", Management Science 13(7).
    """
    highest = 0.0
    for _ in range(ROI_STEPS):
        paying = FlexibleBudget(min_marginal_roi=rate, max_amount=limit)
        paid = dataclasses.replace(problem, scenario=paying).on_average
        if not is_limited(paid):  # a distant limit would let rules be broken by a tiny share of it
            try:
                paid = limited(paid, money_limit(paid, known_spend(paid)))
            except UnboundedError:  # the rate is so low that a cell pays without limit
                break
        spend = _best(paid, solver, deadline)
        money = 0.0 if spend is None else problem.money(spend)
        reached = problem.net(spend) / money if money > 0.0 else 0.0
        if reached <= highest * (1.0 + REACH_GAP):
            break
        highest = rate = reached
    return highest or None


def _soon(deadline: float) -> float:
    """When a search for what is within reach must end: soon, and sooner once the time of the call is up."""
    now = time.perf_counter()
    return now + min(REACH_SECONDS, max(deadline - now, LATE_SECONDS))


def _best(problem: AllocationProblem, solver: str, deadline: float) -> Array | None:
    """Find the best spend, within `REACH_GAP`; None if no spend is found."""
    even = nearest_spend(problem, np.full(problem.shape, most_money(problem) / len(problem.cells)))
    starts = [] if even is None else [even]
    return search_for(problem, REACH_GAP, starts, _soon(deadline), solver).spend
