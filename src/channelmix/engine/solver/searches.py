"""The choice of the search that a problem needs."""

from __future__ import annotations

from collections.abc import Iterable

from channelmix.core.arrays import Array
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.solver.chance_search import ChanceSearch
from channelmix.engine.solver.large_search import LargeSearch, is_large
from channelmix.engine.solver.linear_search import LinearSearch
from channelmix.engine.solver.search import Search
from channelmix.engine.solver.tail_search import TailSearch

MOST_FOR_PROGRAMS = 1000
"""Most cells, in one period, for which linear programs go on where Newton's method leaves a gap."""


def search_for(
    problem: AllocationProblem, gap: float, starts: Iterable[Array], deadline: float, solver: str = "HIGHS"
) -> Search:
    """Run the search that a problem needs: for a mean, the worst draws, or a probability.

    Parameters are those of `Search`, with starts of the problem's shape and in its units.
    """
    form = problem.standard
    kind = ChanceSearch if form.target is not None else LinearSearch if form.risk is None else TailSearch
    begin = [form.from_user(start) for start in starts]
    if kind is LinearSearch and is_large(form):
        large = LargeSearch(form, gap, begin, deadline, solver)
        large.run()
        if large.is_done or form.n_cells > MOST_FOR_PROGRAMS or form.delay is not None:
            return large
        begin = begin if large.best is None else [*begin, large.best]
    search = kind(form, gap, begin, deadline, solver)
    search.run()
    return search
