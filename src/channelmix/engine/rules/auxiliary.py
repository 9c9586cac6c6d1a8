"""Auxiliary variables: what a rule needs to know of spend beyond its sums, told from spend alone."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array

ROUNDING = 1e-9
"""Share of a pack that is taken for rounding."""


@dataclass(frozen=True, eq=False)
class Auxiliary(ABC):
    """One variable beside spend. Equal keys stand for one variable, whichever rules bring it.

    Parameters
    ----------
    key : str
        Its identity.
    cells : ndarray of bool, shape (n_cells,)
        The cells it tells of.
    fee : float
        Money per unit that counts as spent without buying anything.
    charge : float
        Outcome lost per unit.
    """

    integer: ClassVar[bool] = False
    in_money: ClassVar[bool] = False
    """Whether it is an amount of spend."""

    key: str
    cells: NDArray[np.bool_]
    fee: float = 0.0
    charge: float = 0.0

    @abstractmethod
    def value(self, spend: Array) -> float:
        """Return the variable at `spend` of shape (n_cells,)."""

    @abstractmethod
    def box(self, low: Array, high: Array) -> tuple[float, float]:
        """Return its range where each cell's spend lies between `low` and `high`, (n_cells,) each."""

    @abstractmethod
    def links(self, high: Array) -> list[tuple[Array, float, float, float]]:
        """Return the rows that tie it to spend: (weights of cells, own weight, low, high) each.

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
        """See `Auxiliary.links`: the cells' sum stays within the most that it can be, times the variable."""
        return [(self.cells.astype(float), -float(high[self.cells].sum()), -math.inf, 0.0)]


@dataclass(frozen=True, eq=False)
class Packs(Auxiliary):
    """How many packs of `size`, in currency, the one cell buys; the rule that brings it ties it to spend."""

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
    """By how much the one cell's spend differs from `current`, up or down, in currency per period."""

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
        """See `Auxiliary.links`: it is no less than the change up, nor the change down."""
        one = self.cells.astype(float)
        return [(-one, 1.0, -self.current, math.inf), (one, 1.0, self.current, math.inf)]
