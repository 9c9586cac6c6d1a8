"""Which rules cannot hold together: a minimal set, by name."""

from __future__ import annotations

import numpy as np

from channelmix.allocation.relaxation import Elastic
from channelmix.problem import AllocationProblem
from channelmix.standard import CONFLICT_TOLERANCE

__all__ = ["conflicting_rules"]


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
    form = problem.standard
    elastic = Elastic(form, solver)
    names = [row.rule for row in problem.rows]
    low = np.zeros(form.n_cells)
    # Spend beyond what any bound mentions cannot help, except through a row that weighs cells against each
    # other.
    weight = np.abs(form.A).max(axis=1)
    amounts = np.abs(np.concatenate([form.low, form.high])) / np.tile(np.where(weight > 0.0, weight, 1.0), 2)
    high = np.full(form.n_cells, 1e3 * max(1.0, float(amounts[np.isfinite(amounts)].max(initial=1.0))))

    def conflict(rules: list[str]) -> bool:
        weights = np.array([1.0 if name in rules else 0.0 for name in names])
        return elastic.solve(low, high, weights)[0] > CONFLICT_TOLERANCE

    remaining = list(dict.fromkeys(names))
    if not conflict(remaining):
        return ()
    for name in list(remaining):
        without = [other for other in remaining if other != name]
        if conflict(without):
            remaining = without
    return tuple(remaining)
