"""The best spend of each draw by itself, as if that draw were the truth, with a proven bound."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import CertificateError, InputError
from channelmix.core.progress import listening
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.solver.linear_search import LinearSearch
from channelmix.engine.solver.projection import nearest_spend


@dataclass(frozen=True, eq=False)
class DrawOptima:
    """The best spend found for each draw, in the curves' own units.

    Parameters
    ----------
    spend : ndarray of shape (n_done, n_cells)
    value, upper_bound : ndarray of shape (n_done,)
        Objective reached if that draw were the truth, and the proven bound on any feasible objective then.
    interrupted : bool
        Whether Ctrl-C stopped the work: the draws done are the first ones.
    """

    spend: Array
    value: Array
    upper_bound: Array
    interrupted: bool = False


class _DrawSearch(LinearSearch):
    """A search that stops at the gap: a hundred draws are averaged, so none of them is worth a polish."""

    polishes = False


def best_by_draw(
    problem: AllocationProblem,
    *,
    gap: float = 1e-3,
    time_limit: float = 60.0,
    progress: Callable[[int, int], None] | None = None,
) -> DrawOptima:
    """Find the best spend for every draw of a problem's curves, as if that draw were the truth.

    Parameters
    ----------
    problem : AllocationProblem
        Of one period, without risk and without a row that constrains outcome.
    gap : float
        Relative gap to close for each draw.
    time_limit : float
        Seconds for all draws; a draw that runs out of time keeps its honest bound.
    progress : callable, optional
        Called with the number of draws done and of all draws.

    Raises
    ------
    InputError
        If the problem is of another kind.
    CertificateError
        If some draw has no spend that obeys the rules within the time.
    KeyboardInterrupt
        If Ctrl-C strikes before any draw is done.
    """
    if problem.delay is not None or problem.tail is not None or any(row.outcome for row in problem.rows):
        raise InputError(
            "the best spend of single draws needs a problem of one period, without risk and without a rule on outcome"
        )
    limit = problem.scenario.limit
    if limit is None:
        raise InputError("the best spend of single draws needs a limit of money: state a max_amount")
    deadline = time.perf_counter() + time_limit
    form, n = problem.standard, problem.curves.n_draws
    even = np.full(problem.shape, limit / len(problem.cells))
    start = None if form.empty_box else nearest_spend(problem, even)
    starts = [] if start is None else [form.from_user(start)]
    spends, values, bounds = [], [], []
    interrupted = False
    try:
        for d in range(n):
            if progress is not None:
                progress(d, n)
            # Draws differ in their curves alone, so all of them share the standard form's order and units.
            one = dataclasses.replace(form, curves=form.curves.of_draws([d]), offset=form.offset[[d]])
            search = _DrawSearch(one, gap, starts, deadline)
            with listening(None):
                search.run()
            if search.interrupted:
                raise KeyboardInterrupt
            if search.spend is None:
                raise CertificateError("no spend that obeys the rules was found for a draw")
            spends.append(search.spend)
            values.append(search.best_value * form.outcome_unit)
            bounds.append(search.upper_bound() * form.outcome_unit)
    except KeyboardInterrupt:
        if not spends:
            raise
        interrupted = True
    return DrawOptima(np.array(spends), np.array(values), np.maximum(bounds, values), interrupted=interrupted)
