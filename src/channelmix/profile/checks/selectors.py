"""Selectors in rules and timing: the cells they choose, and problems where they choose none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from channelmix.core.arrays import Mask
from channelmix.core.errors import InputError, closest
from channelmix.engine.rules import Cells
from channelmix.profile.cells import Cell
from channelmix.profile.faults import Path, Problem, echo
from channelmix.profile.fields.fields import ProfileFields


class Selectors:
    """The names that selectors of a profile may use.

    Parameters
    ----------
    profile : ProfileFields
    cells : sequence of Cell
    """

    def __init__(self, profile: ProfileFields, cells: Sequence[Cell]) -> None:
        self.cells = Cells(tuple(cell.name for cell in cells))
        markets = (market.name for market in profile.markets)
        self._parts = (*markets, *profile.channels, *profile.purposes.declared)

    def mask(self, selector: str) -> Mask | None:
        """Mark the cells that a selector chooses, shape (n_cells,); None if it chooses none."""
        try:
            return self.cells.select(selector)
        except InputError:
            return None

    def unknown(self, path: Path, selector: str, at_key: bool) -> Problem:
        """Return the problem of a selector that chooses no cell."""
        expected = 'a market, a channel, a purpose, some of these in this order joined by "/", or "all"'
        return Problem(path, echo(selector), expected, self._nearest(selector), at_key)

    def unknown_cells(self, names: Iterable[str], path: Path) -> Iterable[Problem]:
        """Report keys that must be full names of cells and are not."""
        expected = "the name of a cell (market/channel/purpose)"
        for name in names:
            if name not in self.cells.names:
                hint = closest(name, self.cells.names)
                yield Problem((*path, name), echo(name), expected, hint, at_key=True)

    def _nearest(self, selector: str) -> str:
        if selector.count("/") > 2:  # no cell has more than three parts
            return ""
        order = {part: i for i, part in enumerate(self._parts)}
        meant = [part if part in order else closest(part, order) for part in selector.split("/")]
        nearest = "/".join(sorted(meant, key=lambda part: order.get(part, 0)))
        return nearest if all(meant) and self.mask(nearest) is not None else ""
