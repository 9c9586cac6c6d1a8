"""Auxiliary variables: functions of spend, such as on/off states, that the rows of rules refer to."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array

ROUNDING = 1e-9
"""Share of a pack below which a difference is rounding."""


@dataclass(frozen=True, eq=False)
class Auxiliary(ABC):
    """A variable that spend determines. Equal keys mean the same variable, whichever rules refer to it.

    Parameters
    ----------
    key : str
        Identity of the variable.
    cells : ndarray of bool, shape (n_cells,)
        The cells on whose spend it depends.
    fee : float
        Money per unit that counts as spent but buys nothing.
    charge : float
        Outcome lost per unit.
    """

    integer: ClassVar[bool] = False
    in_money: ClassVar[bool] = False
    """Whether it is an amount of money."""

    key: str
    cells: NDArray[np.bool_]
    fee: float = 0.0
    charge: float = 0.0

    @abstractmethod
    def value(self, spend: Array) -> float:
        """Return the variable's value at `spend`, shape (n_cells,)."""

    @abstractmethod
    def box(self, low: Array, high: Array) -> tuple[float, float]:
        """Return its range if each cell's spend lies between `low` and `high`, shape (n_cells,) each."""

    @abstractmethod
    def links(self, high: Array) -> list[tuple[Array, float, float, float]]:
        """Return the rows that link it to spend: (weights of cells, own weight, low, high) each.

        `high`, shape (n_cells,), is the most that each cell may spend under the other rules.
        """


@dataclass(frozen=True, eq=False)
class OnOff(Auxiliary):
    """1 if any of the cells has spend, else 0."""

    integer: ClassVar[bool] = True

    def value(self, spend: Array) -> float:
        """See `Auxiliary.value`."""
        return float((spend[self.cells] > 0.0).any())

    def box(self, low: Array, high: Array) -> tuple[float, float]:  # noqa: ARG002  one range for all
        """See `Auxiliary.box`."""
        return 0.0, 1.0

    def links(self, high: Array) -> list[tuple[Array, float, float, float]]:
        """See `Auxiliary.links`: the cells' sum is at most its upper limit times the variable."""
        return [(self.cells.astype(float), -float(high[self.cells].sum()), -math.inf, 0.0)]


@dataclass(frozen=True, eq=False)
class Packs(Auxiliary):
    """Number of packs of `size`, in currency, that one cell buys; the rule's own rows link it to spend."""

    integer: ClassVar[bool] = True
    size: float = 1.0

    def value(self, spend: Array) -> float:
        """See `Auxiliary.value`: the nearest whole number."""
        return float(np.round(spend[self.cells].sum() / self.size))

    def box(self, low: Array, high: Array) -> tuple[float, float]:
        """See `Auxiliary.box`."""
        least, most = low[self.cells].sum() / self.size, high[self.cells].sum() / self.size
        return float(np.ceil(least - ROUNDING)), float(np.floor(most + ROUNDING))

    def links(self, high: Array) -> list[tuple[Array, float, float, float]]:  # noqa: ARG002  no limit needed
        """See `Auxiliary.links`."""
        return []


@dataclass(frozen=True, eq=False)
class Change(Auxiliary):
    """Distance of one cell's spend from `current`, up or down, in currency per period."""

    in_money: ClassVar[bool] = True
    current: float = 0.0

    def value(self, spend: Array) -> float:
        """See `Auxiliary.value`."""
        return float(abs(spend[self.cells].sum() - self.current))

    def box(self, low: Array, high: Array) -> tuple[float, float]:
        """See `Auxiliary.box`."""
        return 0.0, float(
            max(abs(high[self.cells].sum() - self.current), abs(low[self.cells].sum() - self.current))
        )

    def links(self, high: Array) -> list[tuple[Array, float, float, float]]:  # noqa: ARG002  no limit needed
        """See `Auxiliary.links`: it is at least the change up and the change down."""
        one = self.cells.astype(float)
        return [(-one, 1.0, -self.current, math.inf), (one, 1.0, self.current, math.inf)]
