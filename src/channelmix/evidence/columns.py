"""Which cells a column of a history speaks of, and its curve as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from channelmix.errors import InputError
from channelmix.response import ResponseCurves
from channelmix.rules import Cells

__all__ = ["covered", "table_of"]

Array = NDArray[np.float64]


def covered(columns: Sequence[str], cells: Sequence[str]) -> list[tuple[int, ...]]:
    """Places of the cells that each column names, as a rule's selector does.

    Parameters
    ----------
    columns : sequence of str
        Selectors, such as ``sms`` or ``FR/sms/promotion``.
    cells : sequence of str
        Names of the profile's cells.

    Raises
    ------
    InputError
        If a column selects no cell, or two of them select the same one: its money would count twice.
    """
    known, taken = Cells(tuple(cells)), dict[int, str]()
    places = []
    for column in columns:
        try:
            found = np.flatnonzero(known.select(column)).tolist()
        except InputError as error:
            raise InputError(f"column {column}: {error}") from None
        for i in found:
            if i in taken:
                raise InputError(f"columns {taken[i]} and {column} both hold the spend on {known.names[i]}")
            taken[i] = column
        places.append(tuple(found))
    return places


def table_of(curves: ResponseCurves, place: int) -> tuple[Array, Array]:
    """Points (n_points,) of one tabulated curve, and the outcome there, (n_draws, n_points)."""
    points = curves.cell(place).knots()
    one = curves.take([place])
    return points, np.stack([one.value([point])[:, 0] for point in points], axis=1)
