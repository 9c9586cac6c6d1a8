"""Limits that a split misses by more than the documented share of them, since their terms are so much larger."""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import FEASIBILITY_TOLERANCE
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan.parts import Missed


def missed_limits(problem: AllocationProblem, spend: Array) -> list[Missed]:
    """List the limits on spend that are missed by more than `FEASIBILITY_TOLERANCE` of themselves.

    A limit of 0 has no size of its own, as where a share of a total is limited: it is not listed.

    Parameters
    ----------
    problem : AllocationProblem
    spend : ndarray of shape (n_spends,)
    """
    values = {one.key: one.value(spend) for one in problem.auxiliaries}
    found = []
    for row in problem.rows:
        if row.outcome:
            continue
        extra = [weight * values[key] for key, weight in row.extra.items()]
        terms = np.array([*(row.coefficients.values * spend[row.coefficients.places]), *extra])
        by = row.violation(spend, values)
        limit = row.low if float(terms.sum()) < row.low else row.high
        if limit and by > FEASIBILITY_TOLERANCE * abs(limit):
            found.append(Missed(rule=row.label, limit=limit, by=by, terms=float(np.abs(terms).sum())))
    return found
