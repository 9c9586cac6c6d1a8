"""Certified allocation: the only room that imports CVXPY."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray

from channelmix.allocation.conflicts import conflicting_rules
from channelmix.allocation.projection import project
from channelmix.allocation.relaxation import solver_version
from channelmix.allocation.search import Search
from channelmix.errors import InputError, nearest_name
from channelmix.problem import AllocationProblem
from channelmix.solution import Proof, SearchReport, Solution, Status, relative_gap

__all__ = ["project", "solve"]


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
        `status` tells whether the gap was closed; what the solution claims, `channelmix.verify` checks.

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
    for name, number in (("gap", gap), ("time_limit", time_limit)):
        if not number > 0.0:
            raise InputError(f"{name} must be positive, not {number!r}")
    if solver not in cp.installed_solvers():
        raise InputError(f"unknown solver {solver!r}{nearest_name(solver, cp.installed_solvers())}")
    began = time.perf_counter()
    form = problem.standard
    if form.empty_box:
        empty = Proof(np.array([-1]), np.zeros(1), np.zeros((1, len(form.A))), np.array([True]), ())
        return _infeasible(problem, gap, empty, SearchReport(0, 0, 0.0, solver_version(solver)), solver)
    search = Search(form, gap, _starts(problem, starts), began + time_limit, solver)
    search.run()
    bound = search.upper_bound()
    report = SearchReport(
        search.nodes,
        search.relaxation.solves,
        time.perf_counter() - began,
        solver_version(solver),
        search.interrupted,
    )
    if bound == -math.inf:
        return _infeasible(problem, gap, search.proof(), report, solver)
    if search.best is None:
        spend, value, reached = np.full(form.n_cells, math.nan), math.nan, math.inf
    else:
        spend = form.to_user(search.best)
        value = problem.value(spend)
        reached = relative_gap(bound * form.outcome_unit, value, problem.gross(spend))
    return Solution(
        status=Status.OPTIMAL if reached <= gap else Status.NOT_CERTIFIED,
        spend=spend,
        value=value,
        upper_bound=bound * form.outcome_unit,
        gap=reached,
        requested_gap=gap,
        shadow_prices=_shadow_prices(problem, search),
        conflicts=(),
        proof=search.proof(),
        report=report,
    )


def _starts(problem: AllocationProblem, starts: Sequence[Mapping[str, float]]) -> list[NDArray[np.float64]]:
    """Each start as spend in standard units."""
    names = problem.curves.names
    for start in starts:
        for name in start:
            if name not in names:
                raise InputError(f'a start names an unknown cell "{name}"{nearest_name(name, names)}')
    return [problem.standard.from_user([start.get(name, 0.0) for name in names]) for start in starts]


def _shadow_prices(problem: AllocationProblem, search: Search) -> dict[str, float]:
    form = problem.standard
    prices = search.shadow * form.outcome_unit / form.row_unit
    return {row.label: float(price) for row, price in zip(problem.rows, prices, strict=True) if price != 0.0}


def _infeasible(
    problem: AllocationProblem, gap: float, proof: Proof, report: SearchReport, solver: str
) -> Solution:
    return Solution(
        status=Status.INFEASIBLE,
        spend=np.full(problem.curves.n_cells, math.nan),
        value=math.nan,
        upper_bound=-math.inf,
        gap=math.nan,
        requested_gap=gap,
        shadow_prices={},
        conflicts=conflicting_rules(problem, solver),
        proof=proof,
        report=report,
    )
