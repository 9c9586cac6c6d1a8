"""Cells of one kind: those of markets that differ in their number of customers alone.

A company with hundreds of markets states most figures once. What a market's money brings is then that of another market
in proportion to its customers, and is worked out once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.profile import Cell, Estimate

_SIZED = ("reachable", "inbound_contacts")
"""Figures that are in proportion to the customers of a market."""

_BESIDE = ("market", "customers", "current_spend", "others", "own", *_SIZED)

_ALIKE = attrgetter(*(field.name for field in fields(Cell) if field.name not in _BESIDE))
"""Figures that are the same in markets of one kind."""

_DIGITS = 12
"""Digits to which proportions are equal: the last ones are rounding."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """The kind of each cell.

    Parameters
    ----------
    first : ndarray of int, shape (n_cells,)
        Place of the first cell of its kind.
    size : ndarray of shape (n_cells,)
        Customers of its market over those of that cell's market.
    """

    first: Indices
    size: Array

    @cached_property
    def leading(self) -> list[int]:
        """Places of the first cell of every kind, in ascending order."""
        return [int(place) for place in np.unique(self.first)]

    @cached_property
    def of(self) -> Indices:
        """Place of each cell's kind among the leading ones."""
        return np.searchsorted(self.leading, self.first)

    @property
    def all_differ(self) -> bool:
        """Whether no two cells are of one kind."""
        return len(self.leading) == len(self.first)


def kinds_of(cells: Sequence[Cell], *drawn: Sequence[Any]) -> Kinds:
    """Find the cells of one kind.

    Parameters
    ----------
    cells : sequence of Cell
    drawn : sequences
        What was drawn for each cell: cells of one kind share the very same objects.
    """
    markets: dict[str, list[int]] = {}
    for i, cell in enumerate(cells):
        markets.setdefault(cell.market, []).append(i)
    first, size = np.arange(len(cells)), np.ones(len(cells))
    known: dict[tuple[Any, ...], list[int]] = {}
    for places in markets.values():
        if any(cells[i].own for i in places):
            continue
        key = tuple((_key(cells[i]), *(id(of_cell[i]) for of_cell in drawn)) for i in places)
        leading = known.setdefault(key, places)
        first[places] = leading
        size[places] = cells[places[0]].customers / cells[leading[0]].customers
    return Kinds(first, size)


def _key(cell: Cell) -> tuple[Any, ...]:
    """What cells of one kind have in common."""
    sized = tuple(_parts(getattr(cell, name), cell.customers) for name in _SIZED)
    return _ALIKE(cell), sized, tuple(_rounded(share) for share in cell.others)


def _parts(figure: float | None, customers: float) -> tuple[Any, ...]:
    """What is stated of a figure, for each customer."""
    if not isinstance(figure, Estimate):
        return () if figure is None else (_rounded(figure / customers),)
    ends = (figure, figure.low, figure.high, figure.most)
    return (*(None if end is None else _rounded(end / customers) for end in ends), figure.n)


def _rounded(number: float) -> str:
    return f"{number:.{_DIGITS}g}"
