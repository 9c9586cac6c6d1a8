"""Rules about whether a cell spends at all, and in what steps: on/off minimum, number active, fees, packs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from channelmix.core.arrays import Mask
from channelmix.core.errors import InputError, echo
from channelmix.engine.rules.auxiliary import Auxiliary, OnOff, Packs
from channelmix.engine.rules.base import Selecting, SelectingAll, unit_mask
from channelmix.engine.rules.rows import Cells, OutOfRangeError, Row, number

PARTS = ("market", "channel", "purpose")


def _on_off(mask: Mask, fee: float = 0.0) -> OnOff:
    return OnOff("on:" + ",".join(map(str, np.flatnonzero(mask))), mask, fee=fee)


@dataclass(frozen=True)
class MinimumIfActive(Selecting, kind="minimum_if_active"):
    """Spend nothing on a selected cell, or at least this amount.

    Parameters
    ----------
    selector : str
        The cells, each separately.
    amount : float
        Least spend where there is any, in currency per period.
    """

    selector: str
    """The cells that have the minimum, each separately."""
    amount: float
    """Least spend on a cell where there is any, in currency per period."""

    def __post_init__(self) -> None:
        number(self.amount, f"the amount of {self.label}")

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Return one on/off state for each cell."""
        return [_on_off(unit_mask(len(cells), i)) for i in self.chosen(cells)]

    def rows(self, cells: Cells) -> list[Row]:
        """State that each cell spends its minimum where it is on."""
        return [
            self.cell_row(
                cells, i, low=0.0, extra={_on_off(unit_mask(len(cells), i)).key: -float(self.amount)}
            )
            for i in self.chosen(cells)
        ]


@dataclass(frozen=True)
class AtMostActive(SelectingAll, kind="at_most_active"):
    """Spend on no more than so many of the selected cells, markets, channels or purposes.

    Parameters
    ----------
    count : int
        How many may have spend.
    selector : str
        The cells that are counted.
    of : {"cell", "market", "channel", "purpose"}
        What is counted: each cell, or all cells of a market, channel or purpose as one.
    """

    count: int
    """How many may have any spend."""
    selector: str = "all"
    """The cells that are counted."""
    of: Literal["cell", "market", "channel", "purpose"] = "cell"
    """What is counted: each cell, or all selected cells of a market, channel or purpose as one."""

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, int) or self.count < 0:
            raise OutOfRangeError("the count of at_most_active", "a whole number from 0", self.count)
        number(self.count, "the count of at_most_active")
        if self.of not in ("cell", *PARTS):
            raise InputError(f"at_most_active counts of cell, {', '.join(PARTS)}, not {echo(self.of)}")

    @property
    def label(self) -> str:
        """The rule's kind, with what it counts and its selector unless that is ``all``."""
        what = self.kind if self.of == "cell" else f"{self.kind} {self.of}"
        return what if self.selector == "all" else f"{what} {self.selector}"

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Return one on/off state for each that is counted."""
        return [_on_off(mask) for mask in self._groups(cells)]

    def rows(self, cells: Cells) -> list[Row]:
        """State that no more are on."""
        states = {_on_off(mask).key: 1.0 for mask in self._groups(cells)}
        return [self.row(np.zeros(len(cells)), high=float(self.count), extra=states)]

    def _groups(self, cells: Cells) -> list[Mask]:
        chosen = self.chosen(cells)
        if self.of == "cell":
            return [unit_mask(len(cells), i) for i in chosen]
        place = PARTS.index(self.of)
        parts = [name.split("/") for name in cells.names]
        if any(len(part) != len(PARTS) for part in parts):
            raise InputError(
                f"{self.label} needs cells named market/channel/purpose: count cells, or name them so"
            )
        groups: dict[str, Mask] = {}
        for i in chosen:
            groups.setdefault(parts[i][place], np.zeros(len(cells), dtype=bool))[i] = True
        return list(groups.values())


@dataclass(frozen=True)
class ActivationFee(Selecting, kind="activation_fee"):
    """Pay a fee once if any of the selected cells has spend; the fee counts as money spent.

    Parameters
    ----------
    selector : str
        The cells that share one fee.
    amount : float
        The fee, in currency per period.
    """

    selector: str
    """The cells that share one fee."""
    amount: float
    """The fee, in currency per period; it counts as money spent and buys nothing itself."""

    def __post_init__(self) -> None:
        number(self.amount, f"the amount of {self.label}")

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Return the on/off state of the selection, with its fee."""
        return [_on_off(cells.select(self.selector), float(self.amount))]

    def rows(self, cells: Cells) -> list[Row]:
        """State no row: the fee counts in the scenario's."""
        cells.select(self.selector)
        return []


@dataclass(frozen=True)
class PackSize(Selecting, kind="pack_size"):
    """Spend on each selected cell in whole multiples of an amount.

    Parameters
    ----------
    selector : str
        The cells, each separately.
    size : float
        Price of one pack, in currency per period.
    """

    selector: str
    """The cells that buy in packs, each separately."""
    size: float
    """Price of one pack, in currency per period; spend is a whole number of packs."""

    def __post_init__(self) -> None:
        number(self.size, f"the size of {self.label}")
        if self.size == 0.0:
            raise InputError(f"the size of {self.label} must be above 0")

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Return the number of packs of each cell."""
        size = float(self.size)
        return [Packs(self._key(i), unit_mask(len(cells), i), size=size) for i in self.chosen(cells)]

    def rows(self, cells: Cells) -> list[Row]:
        """State that each cell's spend is its number of packs times their size."""
        return [
            self.cell_row(cells, i, 0.0, 0.0, {self._key(i): -float(self.size)}) for i in self.chosen(cells)
        ]

    def _key(self, cell: int) -> str:
        return f"packs:{self.size!r}:{cell}"
