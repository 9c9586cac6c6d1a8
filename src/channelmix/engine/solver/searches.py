"""The choice of the search that a problem needs."""

from __future__ import annotations

from collections.abc import Iterable

from channelmix.core.arrays import Array
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.solver.chance_search import ChanceSearch
from channelmix.engine.solver.large_search import LargeSearch, is_large
from channelmix.engine.solver.search import Search
from channelmix.engine.solver.tail_search import TailSearch


def search_for(
    problem: AllocationProblem, gap: float, starts: Iterable[Array], deadline: float, solver: str = "HIGHS"
) -> Search:
    """Run the search that a problem needs: for a mean, the worst draws, or a probability.

    Parameters are those of `Search`, with starts of the problem's shape and in its units.
    """
    form = problem.standard
    kind = ChanceSearch if form.target is not None else Search if form.risk is None else TailSearch
    if kind is Search and is_large(form):
        kind = LargeSearch
    search = kind(form, gap, [form.from_user(start) for start in starts], deadline, solver)
    search.run()
    return search
