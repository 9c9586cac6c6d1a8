"""Which of the figures that a company measured its cells' curves truly use."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.published.prior_draws import published_draws
from channelmix.effectiveness.published.response import prior_response
from channelmix.effectiveness.stated import WORTH, Scope, stated, statements
from channelmix.profile import Cell, Estimate

DRAWS = 16
"""Draws to compare curves on: what a curve uses moves all of them."""

SPENDS = np.geomspace(1e-2, 1e8, 11)
"""Spends to compare curves at, in currency per period."""

SAME = 1e-9
"""Relative difference of curves that is one of rounding."""

MOVED, FROM_NOTHING = 0.7, 0.01
"""What a figure is multiplied by to see what it moves, and what takes the place of one that is 0."""


def measured_uses(cells: Sequence[Cell], period_days: float, usd_rate: float) -> dict[Scope, list[str]]:
    """Name the cells whose curve or loss, without own history, depends on each figure that the company measured.

    A profile may state more than a curve uses: the effect of text messages is published as orders a contact, so that
    orders a click play no part in it. So each measured figure is moved, and curves are compared.

    Parameters
    ----------
    cells : sequence of Cell
        From `CompanyProfile.cells`.
    period_days, usd_rate : float
        See `prior_response`.

    Returns
    -------
    dict of Scope to list of str
        Names of cells in order; figures that no curve uses are left out.
    """
    stating: dict[Scope, list[int]] = {}
    for i, cell in enumerate(cells):
        for scope in statements(cell).values():
            if scope.measured:
                stating.setdefault(scope, []).append(i)
    if not stating:
        return {}
    before = _outcomes(cells, cells, period_days, usd_rate)
    found = {}
    for scope, places in stating.items():
        moved = [_moved(cell, scope.figure) if i in places else cell for i, cell in enumerate(cells)]
        after = _outcomes(moved, cells, period_days, usd_rate)
        names = [
            cells[i].name
            for i in places
            if not np.allclose(before[:, :, i], after[:, :, i], rtol=SAME, atol=0.0)
        ]
        if names:
            found[scope] = names
    return found


def _outcomes(cells: Sequence[Cell], ranked_as: Sequence[Cell], period_days: float, usd_rate: float) -> Array:
    """What cells bring, then what they lose, at each of `SPENDS`; shape (2 n_spends, n_draws, n_cells)."""
    draws = published_draws(cells, DRAWS, ranked_as=ranked_as)
    response = prior_response(draws, period_days, usd_rate)
    curves = [response.curves, *([] if response.losses is None else [response.losses])]
    return np.array([curve.value(np.full(len(cells), spend)) for curve in curves for spend in SPENDS])


def _moved(cell: Cell, figure: str) -> Cell:
    """Return the cell with another value of a figure, measured on as many."""
    number = stated(cell, figure)
    value = (MOVED * float(number) if number else 0.0) or FROM_NOTHING
    other = Estimate(value, n=getattr(number, "n", None), incremental=getattr(number, "incremental", False))
    changed: dict[str, Any] = {figure: other}
    if figure == WORTH[cell.purpose]:
        changed = {"value": other}
    elif cell.word_of_mouth is not None and figure in ("value_per_exposure", "satisfied_share"):
        changed = {"word_of_mouth": dataclasses.replace(cell.word_of_mouth, **changed)}
    return dataclasses.replace(cell, **changed)
