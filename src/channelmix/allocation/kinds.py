"""Which search a problem needs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from channelmix.allocation.chance import ChanceSearch
from channelmix.allocation.search import Search
from channelmix.allocation.tail import TailSearch
from channelmix.standard import StandardForm

__all__ = ["new_search"]


def new_search(
    form: StandardForm,
    gap: float,
    starts: Iterable[NDArray[np.float64]],
    deadline: float,
    solver: str = "HIGHS",
) -> Search:
    """Begin the search that a standard form needs: for a mean, the worst draws, or a chance; see `Search`."""
    kind = ChanceSearch if form.target is not None else Search if form.risk is None else TailSearch
    return kind(form, gap, starts, deadline, solver)
