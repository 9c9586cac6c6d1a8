"""Certified allocation: the best spend of a problem, with the proof that no other is better by more than the gap."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from channelmix.core.errors import CertificateError, InputError, expect, expect_positive, nearest_name
from channelmix.engine.problem.money_limits import UnboundedError, is_limited, limited
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.proof.solution import Proof, SearchReport, Solution, Status, relative_gap
from channelmix.engine.proof.verify import Certificate, verify
from channelmix.engine.rules import FixedBudget, MeanCVaR, TargetOutcome
from channelmix.engine.solver.infeasible import Conflict, conflicting_rules
from channelmix.engine.solver.linear_program import DIRECT, installed_solvers, solver_version
from channelmix.engine.solver.only_nothing import OnlyNothing, only_nothing
from channelmix.engine.solver.search import Search
from channelmix.engine.solver.searches import new_search
from channelmix.engine.solver.starts import (
    COARSE_GAP,
    COARSE_SECONDS,
    enough_for_target,
    known_spend,
    money_limit,
    nearby_baseline,
    nearest_spend,
)

COARSE_SHARE = 0.2
"""Share of the time that may go into spend to begin from."""


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
        Seconds after which the best spend so far is returned with its honest gap. Ctrl-C does the same.
    starts : sequence of mapping of cell name to spend, optional
        Spend to begin from; the answer is never worth less than any of them that obeys the rules.
    solver : str
        CVXPY's name of the linear programming solver.

    Returns
    -------
    Solution
        `status` tells whether the gap was closed. Nothing is called optimal or infeasible that `channelmix.verify` has
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
    began = time.perf_counter()
    deadline = began + time_limit
    contradiction = only_nothing(problem, deadline, solver, thoroughly=False)
    if contradiction is not None:
        return _only_nothing(problem, gap, contradiction, time.perf_counter() - began, solver)
    wanted = problem
    limit = None
    known: NDArray[np.float64] | None = np.zeros(problem.shape)
    enough_seconds = min(COARSE_SECONDS, time_limit)
    if not is_limited(problem):
        try:
            if isinstance(problem.scenario, TargetOutcome):
                known = enough_for_target(problem, enough_seconds, solver)
            else:
                known = known_spend(problem)
            limit = money_limit(problem, known)
        except UnboundedError as unbounded:
            return _unbounded(problem, gap, unbounded.cell, solver)
        problem = limited(problem, limit)
    baseline = None
    if problem.needs_baseline:
        baseline = nearby_baseline(problem)
        if baseline is not None:  # else the rules conflict, whatever is improved on
            problem = problem.improving_on(baseline)
    form = problem.standard
    if form.empty_box:
        proof, report = _no_proof(form, solver)
        return _infeasible(wanted, baseline, gap, dataclasses.replace(proof, limit=limit), report, solver)
    begin = _starts(problem, starts)
    # An answer worth less than what the limit of money was worked out from would not prove that limit.
    if known is not None and not isinstance(problem.scenario, FixedBudget):
        begin.append(form.from_user(known))
    if form.target is not None:
        begin += _likely_starts(problem, began + COARSE_SHARE * time_limit, solver)
    search = new_search(form, gap, begin, deadline, solver)
    search.run()
    bound = search.upper_bound()
    if search.best is None and bound > -math.inf:
        if isinstance(problem.scenario, TargetOutcome):
            known = enough_for_target(problem, enough_seconds, solver)
        else:
            known = nearest_spend(problem, (problem.scenario.limit or 0.0) / len(problem.cells))
        if known is not None:
            search.offer(form.from_user(known))
    report = _report(search, solver, time.perf_counter() - began)
    proof = dataclasses.replace(search.proof(), limit=limit)
    if bound == -math.inf:
        return _infeasible(wanted, baseline, gap, proof, report, solver)
    if search.best is not None and form.integer.any() and not form.to_user(search.best).any():
        contradiction = only_nothing(wanted, deadline, solver, thoroughly=True)
        if contradiction is not None:
            return _only_nothing(wanted, gap, contradiction, time.perf_counter() - began, solver)
    upper_bound = bound * form.value_unit
    if search.best is None:
        spend, value, reached = np.full(problem.shape, math.nan), math.nan, math.inf
    else:
        spend = form.to_user(search.best).reshape(problem.shape)
        value = problem.value(spend)
        upper_bound = max(upper_bound, value)  # rounding apart, it is
        reached = relative_gap(upper_bound, value, problem.gap_scale(spend, limited=limit is None))
    return Solution(
        status=Status.OPTIMAL if reached <= gap else Status.NOT_CERTIFIED,
        spend=spend,
        value=value,
        upper_bound=upper_bound,
        gap=reached,
        requested_gap=gap,
        shadow_prices=_shadow_prices(wanted, problem, search),
        conflicts=(),
        proof=proof,
        report=report,
        baseline=baseline,
    )


def _starts(problem: AllocationProblem, starts: Sequence[Mapping[str, float]]) -> list[NDArray[np.float64]]:
    """Each start as spend in standard units."""
    names = problem.cells.names
    if (
        problem.baseline is not None
    ):  # what is to be improved on is an answer itself, where it obeys the rules
        starts = [*starts, dict(zip(names, problem.baseline.ravel().tolist(), strict=True))]
    for start in starts:
        for name in start:
            if name not in names:
                raise InputError(f'a start names an unknown cell "{name}"{nearest_name(name, names)}')
    return [problem.standard.from_user([start.get(name, 0.0) for name in names]) for start in starts]


def _likely_starts(problem: AllocationProblem, deadline: float, solver: str) -> list[NDArray[np.float64]]:
    """Spend from which a search for a chance begins: the best on average, and the best where draws are bad."""
    found = []
    for risk in (None, MeanCVaR(1.0, 0.5), MeanCVaR(1.0, 0.2)):
        form = dataclasses.replace(problem, risk=risk).standard
        search = new_search(form, COARSE_GAP, (), deadline, solver)
        search.run()
        if search.best is not None:
            found.append(problem.standard.from_user(form.to_user(search.best)))
    return found


def _shadow_prices(wanted: AllocationProblem, problem: AllocationProblem, search: Search) -> dict[str, float]:
    """Prices of the rows that were asked for, in the user's units; those that only tie variables have none."""
    form = problem.standard
    prices = search.shadow * form.outcome_unit / form.row_unit
    labels = {row.label for row in wanted.rows}
    return {
        row.label: float(price)
        for row, price in zip(problem.rows, prices, strict=False)
        if price != 0.0 and row.label in labels
    }


def _only_nothing(
    problem: AllocationProblem, gap: float, found: OnlyNothing, seconds: float, solver: str
) -> Solution:
    """Return that a problem is infeasible where its rules about shares leave nothing to spend."""
    proof = dataclasses.replace(found.search.proof(), witness=found.witness)
    report = _report(found.search, solver, seconds)
    return _none(problem, gap, Status.INFEASIBLE, -math.inf, Conflict(found.rules, {}), proof, report)


def _infeasible(
    problem: AllocationProblem,
    baseline: NDArray[np.float64] | None,
    gap: float,
    proof: Proof,
    report: SearchReport,
    solver: str,
) -> Solution:
    conflict = conflicting_rules(problem, solver)
    none = _none(problem, gap, Status.INFEASIBLE, -math.inf, conflict, proof, report)
    return dataclasses.replace(none, baseline=baseline)


def _unbounded(problem: AllocationProblem, gap: float, cell: str, solver: str) -> Solution:
    nothing = Proof(np.array([-1]), np.zeros(1), np.zeros((1, 0)), np.array([False]), ())
    report = SearchReport(0, 0, 0.0, solver_version(solver))
    return _none(problem, gap, Status.UNBOUNDED, math.inf, Conflict((cell,), {}), nothing, report)


def _no_proof(form: StandardForm, solver: str) -> tuple[Proof, SearchReport]:
    """What goes with rules that conflict already in their bounds on single variables: nothing needs to be shown."""
    proof = Proof(np.array([-1]), np.zeros(1), np.zeros((1, len(form.A))), np.array([True]), ())
    return proof, SearchReport(0, 0, 0.0, solver_version(solver))


def _report(search: Search, solver: str, seconds: float) -> SearchReport:
    relaxations = search.relaxation.solves
    return SearchReport(search.nodes, relaxations, seconds, solver_version(solver), search.interrupted)


def _none(
    problem: AllocationProblem,
    gap: float,
    status: Status,
    bound: float,
    conflict: Conflict,
    proof: Proof,
    report: SearchReport,
) -> Solution:
    """A solution without spend."""
    return Solution(
        status=status,
        spend=np.full(problem.shape, math.nan),
        value=math.nan,
        upper_bound=bound,
        gap=math.nan,
        requested_gap=gap,
        shadow_prices={},
        conflicts=conflict.rules,
        proof=proof,
        report=report,
        mend=conflict.mend,
    )
