"""Rules about whether a cell spends at all, and in what steps: on/off minimum, number active, fees, packs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from channelmix.core.arrays import Mask
from channelmix.core.errors import InputError
from channelmix.engine.rules.auxiliary import Auxiliary, OnOff, Packs
from channelmix.engine.rules.rows import Cells, Row, Selecting, StrictRecord, number

PARTS = ("market", "channel", "purpose")


def _on_off(mask: Mask, fee: float = 0.0) -> OnOff:
    return OnOff("on:" + ",".join(map(str, np.flatnonzero(mask))), mask, fee=fee)


def _each(mask: Mask) -> Iterator[tuple[int, Mask]]:
    """Split a selection into its cells."""
    for i in np.flatnonzero(mask):
        one = np.zeros(len(mask), dtype=bool)
        one[i] = True
        yield int(i), one


@dataclass(frozen=True)
class MinimumIfActive(Selecting):
    """Spend nothing on a selected cell, or at least this amount.

    Parameters
    ----------
    selector : str
        The cells; each of them on its own.
    amount : float
        Least spend where there is any, in currency per period.
    """

    selector: str
    """The cells that the minimum holds for, each on its own."""
    amount: float
    """Least spend on a cell where there is any, in currency per period."""
    kind: Literal["minimum_if_active"] = field(default="minimum_if_active", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        number(self.amount, f"the amount of {self.label}")

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Bring one on/off state a cell."""
        return [_on_off(one) for _, one in _each(cells.select(self.selector))]

    def rows(self, cells: Cells) -> list[Row]:
        """State that each cell spends its minimum where it is on."""
        return [
            Row(
                self.label,
                f"{self.kind} {cells.names[i]}",
                one.astype(float),
                0.0,
                math.inf,
                {_on_off(one).key: -float(self.amount)},
            )
            for i, one in _each(cells.select(self.selector))
        ]


@dataclass(frozen=True)
class AtMostActive(StrictRecord):
    """Spend on at most so many of the selected cells, markets, channels or purposes.

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
    kind: Literal["at_most_active"] = field(default="at_most_active", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, int) or self.count < 0:
            raise InputError(f"the count of at_most_active must be a whole number from 0, not {self.count!r}")
        if self.of not in ("cell", *PARTS):
            raise InputError(f"at_most_active counts of cell, {', '.join(PARTS)}, not {self.of!r}")

    @property
    def label(self) -> str:
        """The rule's name, with what it counts and its selector unless that is ``all``."""
        what = self.kind if self.of == "cell" else f"{self.kind} {self.of}"
        return what if self.selector == "all" else f"{what} {self.selector}"

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Bring one on/off state for each that is counted."""
        return [_on_off(mask) for mask in self._groups(cells)]

    def rows(self, cells: Cells) -> list[Row]:
        """State that no more are on."""
        states = {_on_off(mask).key: 1.0 for mask in self._groups(cells)}
        return [Row(self.label, self.label, np.zeros(len(cells)), -math.inf, float(self.count), states)]

    def _groups(self, cells: Cells) -> list[Mask]:
        chosen = cells.select(self.selector)
        if self.of == "cell":
            return [one for _, one in _each(chosen)]
        place = PARTS.index(self.of)
        parts = [name.split("/") for name in cells.names]
        if any(len(part) != len(PARTS) for part in parts):
            raise InputError(
                f"{self.label} needs cells named market/channel/purpose: count cells, or name them so"
            )
        groups: dict[str, Mask] = {}
        for i in np.flatnonzero(chosen):
            groups.setdefault(parts[i][place], np.zeros(len(cells), dtype=bool))[i] = True
        return list(groups.values())


@dataclass(frozen=True)
class ActivationFee(Selecting):
    """Pay a fee once as soon as any of the selected cells has spend; the fee counts as money spent.

    Parameters
    ----------
    selector : str
        The cells that one fee opens.
    amount : float
        The fee, in currency per period.
    """

    selector: str
    """The cells that one fee opens, together."""
    amount: float
    """The fee, in currency per period; it counts as money spent and buys nothing itself."""
    kind: Literal["activation_fee"] = field(default="activation_fee", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        number(self.amount, f"the amount of {self.label}")

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Bring the on/off state of the selection, with its fee."""
        return [_on_off(cells.select(self.selector), float(self.amount))]

    def rows(self, cells: Cells) -> list[Row]:
        """State no row: the fee counts in the scenario's."""
        cells.select(self.selector)
        return []


@dataclass(frozen=True)
class PackSize(Selecting):
    """Spend on each selected cell in whole multiples of an amount.

    Parameters
    ----------
    selector : str
        The cells; each of them on its own.
    size : float
        Price of one pack, in currency per period.
    """

    selector: str
    """The cells that buy in packs, each on its own."""
    size: float
    """Price of one pack, in currency per period; spend is a whole number of packs."""
    kind: Literal["pack_size"] = field(default="pack_size", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        number(self.size, f"the size of {self.label}")
        if self.size == 0.0:
            raise InputError(f"the size of {self.label} must be above 0")

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Bring one number of packs a cell."""
        return [self._packs(i, one) for i, one in _each(cells.select(self.selector))]

    def rows(self, cells: Cells) -> list[Row]:
        """State that each cell's spend is its number of packs times their size."""
        return [
            Row(
                self.label,
                f"{self.kind} {cells.names[i]}",
                one.astype(float),
                0.0,
                0.0,
                {self._packs(i, one).key: -float(self.size)},
            )
            for i, one in _each(cells.select(self.selector))
        ]

    def _packs(self, cell: int, mask: Mask) -> Packs:
        return Packs(f"packs:{self.size!r}:{cell}", mask, size=float(self.size))
