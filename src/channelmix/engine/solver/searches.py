"""The choice of the search that a problem needs."""

from __future__ import annotations

from collections.abc import Iterable

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.solver.chance_search import ChanceSearch
from channelmix.engine.solver.search import Search
from channelmix.engine.solver.tail_search import TailSearch


def search_for(
    form: StandardForm,
    gap: float,
    starts: Iterable[Array],
    deadline: float,
    solver: str = "HIGHS",
) -> Search:
    """Run the search that a standard form needs: for a mean, the worst draws, or a probability; see `Search`."""
    kind = ChanceSearch if form.target is not None else Search if form.risk is None else TailSearch
    search = kind(form, gap, starts, deadline, solver)
    search.run()
    return search
