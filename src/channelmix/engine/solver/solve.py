"""Certified allocation: the best spend of a problem, and the proof that none is better by more than the gap."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import CertificateError, InputError, expect, expect_positive, nearest_name
from channelmix.core.tolerances import SAME_AMOUNT, SPEND_KEPT
from channelmix.engine.problem.money_limits import UnboundedError, is_limited, limited
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Proof, SearchReport, Solution, Status, relative_gap
from channelmix.engine.proof.verify import Certificate, verify
from channelmix.engine.rules import FixedBudget, MeanCVaR, ReachTarget, TargetOutcome
from channelmix.engine.solver.infeasible import Conflict, conflicting_rules
from channelmix.engine.solver.linear_program import DIRECT, installed_solvers, solver_version
from channelmix.engine.solver.only_nothing import OnlyNothing, only_nothing
from channelmix.engine.solver.projection import nearest_spend
from channelmix.engine.solver.search import Search
from channelmix.engine.solver.searches import search_for
from channelmix.engine.solver.starts import (
    COARSE_GAP,
    enough_for_target,
    known_spend,
    money_limit,
    nearby_baseline,
)

COARSE_SHARE = 0.2
"""Share of the time that may go into finding spend to begin from."""


def solve(
    problem: AllocationProblem,
    gap: float = 1e-4,
    time_limit: float = 60.0,
    *,
    starts: Sequence[Mapping[str, float]] = (),
    solver: str = "HIGHS",
) -> Solution:
    """Find the best spend and prove that no other is better by more than the gap.

    Parameters
    ----------
    problem : AllocationProblem
        What to solve.
    gap : float
        Relative gap to close: ``(upper bound - value) / max(abs(value), gross outcome)``.
    time_limit : float
        Seconds after which the best spend so far is returned with its honest gap; so it is on Ctrl-C.
    starts : sequence of mapping of cell name to spend, optional
        Spend to begin from; the answer is never worth less than any of them that obeys the rules.
    solver : str
        CVXPY's name of the linear programming solver.

    Returns
    -------
    Solution
        `status` says whether the gap was closed. Nothing is called optimal or infeasible that `channelmix.verify` has
        not confirmed.

    Raises
    ------
    InputError
        If `gap` or `time_limit` is not positive, or a start names an unknown cell.

    Examples
    --------
    >>> import channelmix as cm
    >>> curves = cm.ResponseCurves.hill([3.0, 2.0], [4.0, 1.0], [2.0, 1.0], names=["sms", "app"])
    >>> solution = cm.solve(cm.AllocationProblem(curves, scenario=cm.FixedBudget(6.0)))
    >>> str(solution.status), bool(solution.gap <= 1e-4)
    ('optimal', True)
    """
    return solve_and_verify(problem, gap, time_limit, starts=starts, solver=solver)[0]


def solve_and_verify(
    problem: AllocationProblem,
    gap: float = 1e-4,
    time_limit: float = 60.0,
    *,
    starts: Sequence[Mapping[str, float]] = (),
    solver: str = "HIGHS",
) -> tuple[Solution, Certificate | None]:
    """Solve like `solve`, and return what the checker recomputed too; None where it rejects the claims."""
    solution = _solve(problem, gap, time_limit, starts, solver)
    try:
        return solution, verify(problem, solution)
    except CertificateError:
        if solution.status is Status.NOT_CERTIFIED:
            return solution, None
    bound = solution.upper_bound if solution.status is Status.OPTIMAL else math.inf
    return dataclasses.replace(solution, status=Status.NOT_CERTIFIED, upper_bound=bound), None


def _solve(
    problem: AllocationProblem,
    gap: float,
    time_limit: float,
    starts: Sequence[Mapping[str, float]],
    solver: str,
) -> Solution:
    expect(problem, "problem", AllocationProblem)
    expect_positive(gap, "gap")
    expect_positive(time_limit, "time_limit", allow_infinite=True)
    expect(starts, "starts", Sequence)
    for start in starts:
        expect(start, "a start", Mapping)
    expect(solver, "solver", str)
    if solver != DIRECT and solver not in installed_solvers():
        raise InputError(f"unknown solver {solver!r}{nearest_name(solver, installed_solvers())}")
    run = _Run(problem, gap, time_limit, solver)
    spendable = any(_is_spendable(problem, start) for start in starts)
    contradiction = None if spendable else only_nothing(problem, run.deadline, solver, thoroughly=False)
    if contradiction is not None:
        return run.only_nothing(contradiction)
    try:
        run.limit_money()
    except UnboundedError as unbounded:
        return run.without_spend(
            Status.UNBOUNDED, Conflict((unbounded.cell,), {}), Proof.of_nothing(0, infeasible=False)
        )
    run.move_baseline()
    form = run.problem.standard
    if form.empty_box:
        proof = Proof.of_nothing(form.A.shape[0], infeasible=True)
        return run.without_spend(Status.INFEASIBLE, conflicting_rules(problem, solver, run.deadline), proof)
    search = run.search(starts)
    bound = search.upper_bound()
    if bound == -math.inf:
        conflict = conflicting_rules(problem, solver, run.deadline)
        return run.without_spend(Status.INFEASIBLE, conflict, search.proof(), search)
    if search.best is None:
        run.offer_known(search)
    if search.spend is not None and form.integer.any() and not search.spend.any():
        contradiction = only_nothing(problem, run.deadline, solver, thoroughly=True)
        if contradiction is not None:
            return run.only_nothing(contradiction)
    return run.solution(search, bound)


def _is_spendable(problem: AllocationProblem, start: Mapping[str, float]) -> bool:
    """Whether a start spends something and obeys the rules, so that these leave something to spend."""
    spend = np.array([start.get(name, 0.0) for name in problem.cells.names])
    return bool(spend.any()) and problem.broken(spend, outcomes=False) <= SAME_AMOUNT * float(spend.sum())


class _Run:
    """One call of `solve`: the problem as stated, and the same with a limit of money and a feasible baseline."""

    def __init__(self, stated: AllocationProblem, gap: float, time_limit: float, solver: str) -> None:
        self.stated = self.problem = stated
        self.gap, self.time_limit, self.solver = gap, time_limit, solver
        self.began = time.perf_counter()
        self.deadline = self.began + time_limit
        self.limit: float | None = None
        self.baseline: Array | None = None
        self.known: Array | None = np.zeros(stated.shape)

    def limit_money(self) -> None:
        """Limit the money to what can make sense, where scenario and rules do not; UnboundedError if all of it can."""
        if is_limited(self.stated):
            return
        targeted = isinstance(self.stated.scenario, TargetOutcome)
        self.known = self._enough() if targeted else known_spend(self.stated)
        self.limit = money_limit(self.stated, self.known)
        self.problem = limited(self.stated, self.limit)

    def move_baseline(self) -> None:
        """Replace a mix to improve on that breaks a rule by a nearby one; if there is none, the rules conflict."""
        if self.problem.needs_baseline:
            self.baseline = nearby_baseline(self.problem)
        if self.baseline is not None:
            self.problem = self.problem.improving_on(self.baseline)

    def search(self, starts: Sequence[Mapping[str, float]]) -> Search:
        """Search the problem from what is known and the given starts."""
        begin = self._starts(starts)
        # An answer worth less than what the limit of money was derived from would not prove that limit.
        if self.known is not None and not isinstance(self.problem.scenario, FixedBudget):
            begin.append(self.known)
        if isinstance(self.problem.risk, ReachTarget):
            begin += self._starts_for_chance()
        return search_for(self.problem, self.gap, begin, self.deadline, self.solver)

    def offer_known(self, search: Search) -> None:
        """Offer some feasible spend to a search that has found none."""
        if isinstance(self.problem.scenario, TargetOutcome):
            known = self._enough()
        else:
            share = (self.problem.scenario.limit or 0.0) / len(self.problem.cells)
            known = nearest_spend(self.problem, np.full(self.problem.shape, share))
        if known is not None:
            search.offer(search.form.from_user(known))

    def solution(self, search: Search, bound: float) -> Solution:
        """Return the best spend that a search has found, if any, with its `bound` in standard units."""
        problem, form = self.problem, search.form
        upper_bound = bound * form.value_unit
        spend, value, gap = np.full(problem.shape, math.nan), math.nan, math.inf
        if search.spend is not None:
            spend = self._kept(search.spend).reshape(problem.shape)
            value = problem.value(spend)
            upper_bound = max(upper_bound, value)  # they may differ by rounding
            gap = relative_gap(upper_bound, value, problem.gap_scale(spend, limited=self.limit is None))
        return Solution(
            status=Status.OPTIMAL if gap <= self.gap else Status.NOT_CERTIFIED,
            spend=spend,
            value=value,
            upper_bound=upper_bound,
            gap=gap,
            requested_gap=self.gap,
            shadow_prices=self._shadow_prices(search),
            conflicts=(),
            proof=dataclasses.replace(search.proof(), limit=self.limit),
            report=self._report(search),
            baseline=self.baseline,
        )

    def _kept(self, spend: Array) -> Array:
        """Return the baseline where a plan that may only improve on it moves next to nothing, else the plan."""
        if self.problem.baseline is None:
            return spend
        baseline = np.ravel(self.problem.baseline)
        if np.abs(np.ravel(spend) - baseline).sum() > 2.0 * SPEND_KEPT * float(baseline.sum()):
            return spend
        return baseline

    def only_nothing(self, found: OnlyNothing) -> Solution:
        """Return that the problem is infeasible, since its rules on shares leave nothing to spend."""
        self.limit = self.baseline = None
        proof = dataclasses.replace(found.search.proof(), witness=found.witness)
        return self.without_spend(Status.INFEASIBLE, Conflict(found.rules, {}), proof, found.search)

    def without_spend(
        self, status: Status, conflict: Conflict, proof: Proof, search: Search | None = None
    ) -> Solution:
        """Return a solution without spend."""
        return Solution(
            status=status,
            spend=np.full(self.stated.shape, math.nan),
            value=math.nan,
            upper_bound=math.inf if status is Status.UNBOUNDED else -math.inf,
            gap=math.nan,
            requested_gap=self.gap,
            shadow_prices={},
            conflicts=conflict.rules,
            proof=dataclasses.replace(proof, limit=self.limit),
            report=self._report(search),
            baseline=self.baseline,
            mend=conflict.relaxations,
            mend_sides=conflict.sides,
        )

    def _enough(self) -> Array | None:
        return enough_for_target(self.problem, COARSE_SHARE * self.time_limit, self.solver)

    def _starts(self, starts: Sequence[Mapping[str, float]]) -> list[Array]:
        """Each start as amounts of spend, and the baseline, which is an answer where it obeys the rules."""
        problem, names = self.problem, self.problem.cells.names
        known = set(names)
        for name in (name for start in starts for name in start if name not in known):
            raise InputError(f'a start names an unknown cell "{name}"{nearest_name(name, names)}')
        spends = [np.array([start.get(name, 0.0) for name in names]) for start in starts]
        return spends if problem.baseline is None else [*spends, problem.baseline]

    def _starts_for_chance(self) -> list[Array]:
        """Starts of a search for a chance: the best spend on average, and the best where draws are bad."""
        deadline = self.began + COARSE_SHARE * self.time_limit
        risks = None, MeanCVaR(1.0, 0.5), MeanCVaR(1.0, 0.2)
        problems = [self.problem.but(risk=risk) for risk in risks]
        found = [search_for(one, COARSE_GAP, (), deadline, self.solver).spend for one in problems]
        return [spend for spend in found if spend is not None]

    def _shadow_prices(self, search: Search) -> dict[str, float]:
        """Prices of the stated rows, in the user's units; rows that only tie variables have none."""
        prices = search.shadow * search.form.outcome_unit / search.form.row_unit
        labels = {row.label for row in self.stated.rows}
        return {
            row.label: float(price)
            for row, price in zip(self.problem.rows, prices, strict=False)
            if price != 0.0 and row.label in labels
        }

    def _report(self, search: Search | None) -> SearchReport:
        solver = solver_version(self.solver)
        if search is None:
            return SearchReport(0, 0, 0.0, solver)
        seconds = time.perf_counter() - self.began
        return SearchReport(search.nodes, search.relaxation.solves, seconds, solver, search.interrupted)
