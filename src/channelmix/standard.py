"""The standard form of a problem: canonical order, powers of two for units, a finite box, and weak duality."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from channelmix.errors import InputError
from channelmix.response import Envelope, ResponseCurves
from channelmix.rules import Row

__all__ = ["CONFLICT_TOLERANCE", "StandardForm"]

Array = NDArray[np.float64]

EPSILON = float(np.finfo(float).eps)
"""Relative rounding of one operation."""

BOX_ROUNDS = 4
"""Passes of bound propagation over the rows: longer chains of rules only loosen the box, never break it."""

CONFLICT_TOLERANCE = 1e-9
"""Rules conflict when they must be broken by more than this: as a share of the largest spend for bounds on one cell, as
a share of what a row can reach for rows. Far above rounding, far below what a solver or a check lets pass."""


@dataclass(frozen=True, eq=False)
class StandardForm:
    """``maximize sum F_i(s_i) - charge @ s`` subject to ``low <= A s <= high`` over a finite box.

    Cells are ordered by their numbers, not their names, and spend and outcome are counted in powers of two,
    so that renaming, reordering or a change of currency leaves the search almost unmoved. `order[k]` is the
    user's index of cell k. The box is derived from the rows alone; an empty one (`box_low` above `box_high`)
    means that the rules conflict.
    """

    curves: ResponseCurves
    A: Array
    low: Array
    high: Array
    charge: Array
    box_low: Array
    box_high: Array
    order: NDArray[np.intp]
    spend_unit: float
    outcome_unit: float
    row_unit: Array

    @classmethod
    def of(cls, curves: ResponseCurves, rows: Sequence[Row], charges: Array) -> Self:
        """Derive the standard form from curves, rows and charges in the user's units and order."""
        A = np.array([row.coefficients for row in rows])
        low, high = np.array([row.low for row in rows]), np.array([row.high for row in rows])
        box_low, box_high = _propagate(A, low, high)
        reach = np.maximum(box_high, box_low)
        if not np.isfinite(reach).all():
            cell = curves.names[int(np.flatnonzero(~np.isfinite(reach))[0])]
            raise InputError(f"spend on {cell} has no limit: state a budget or an upper bound")
        spend_unit = _power_of_two(float(reach.max(initial=0.0)))
        at_most = curves.mean_value(np.maximum(reach, 0.0))
        outcome_unit = _power_of_two(float(at_most.sum()))
        half = curves.mean_value(0.5 * np.maximum(reach, 0.0))
        key = (np.arange(len(reach)), box_low, reach, half / outcome_unit, at_most / outcome_unit)
        order = np.lexsort(key)
        # A row counts in units of what it can reach, so that a limit on a small market binds under a huge
        # budget.
        reached, unbound = (np.abs(A) * reach).max(axis=1), np.abs(A).max(axis=1) * spend_unit
        size = np.array([_power_of_two(float(a or b)) for a, b in zip(reached, unbound, strict=True)])
        A = A[:, order] * spend_unit
        return cls(
            curves=curves.take(order.tolist()).rescaled(spend_unit, outcome_unit),
            A=A / size[:, np.newaxis],
            low=low / size,
            high=high / size,
            charge=charges[order] * (spend_unit / outcome_unit),
            box_low=box_low[order] / spend_unit,
            box_high=box_high[order] / spend_unit,
            order=order,
            spend_unit=spend_unit,
            outcome_unit=outcome_unit,
            row_unit=size,
        )

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.order)

    @property
    def span(self) -> Array:
        """Range of each cell's spend in the box."""
        return self.box_high - self.box_low

    @property
    def empty_box(self) -> bool:
        """Whether the rules conflict already in their bounds on single cells."""
        return bool((self.box_low > self.box_high).any())

    @cached_property
    def twins(self) -> NDArray[np.intp]:
        """Group of each cell: neighbours that no number tells apart share one; shape (n_cells,)."""
        same = [self._interchangeable(i, i + 1) for i in range(self.n_cells - 1)]
        return np.cumsum([0, *(not twin for twin in same)])

    def _interchangeable(self, i: int, j: int) -> bool:
        numbers = (self.box_low, self.box_high, self.charge, *self.A)
        one, other = self.curves.cell(i), self.curves.cell(j)
        return (
            all(row[i] == row[j] for row in numbers)
            and type(one) is type(other)
            and all(np.array_equal(a, other.parameters[name]) for name, a in one.parameters.items())
        )

    def halves(self, box_low: Array, box_high: Array, cell: int, at: float) -> tuple[Array, Array]:
        """Split a box at `at` of one cell: the upper ends of the first half, the lower ends of the second.

        Twins can be taken in falling order of spend, since exchanging them changes nothing. So where a cell gets at
        most `at`, its later twins do too, and where it gets at least `at`, so do its earlier ones.
        """
        twin = self.twins == self.twins[cell]
        place = np.arange(self.n_cells)
        return (
            np.where(twin & (place >= cell), np.minimum(box_high, at), box_high),
            np.where(twin & (place <= cell), np.maximum(box_low, at), box_low),
        )

    def in_falling_order(self, spend: Array) -> Array:
        """Exchange the spend of twins so that it falls from each to the next."""
        return spend[np.lexsort((-spend, self.twins))]

    def to_user(self, spend: Array) -> Array:
        """Spend in the user's order and unit."""
        result = np.empty(self.n_cells)
        result[self.order] = spend * self.spend_unit
        return result

    def from_user(self, spend: Any) -> Array:
        """Spend in canonical order and unit."""
        return np.asarray(spend, dtype=float)[self.order] / self.spend_unit

    def value(self, spend: Array) -> float:
        """Objective at `spend`, in the standard unit of outcome."""
        return float(self.curves.mean_value(spend).sum() - self.charge @ spend)

    def violation(self, spend: Array) -> float:
        """Largest violation of a row, in units of what it can reach, or of non-negativity at `spend`."""
        left = self.A @ spend
        return float(max(np.max(self.low - left), np.max(left - self.high), np.max(-spend, initial=0.0), 0.0))

    def envelopes(self, grids: Sequence[Array]) -> list[Envelope]:
        """Build each cell's upper bound on its grid, over its box."""
        ends = zip(self.box_low, self.box_high, strict=True)
        return [
            Envelope(self.curves.cell(i), np.clip(np.append(grid, end), *end))
            for i, (grid, end) in enumerate(zip(grids, ends, strict=True))
        ]

    def excludes(self, box_low: Array, box_high: Array, prices: Array) -> bool:
        """Whether `prices` (a Farkas vector) prove that no spend in the box obeys the rows.

        The rows must miss by more than `CONFLICT_TOLERANCE` in total, so that rounding proves nothing.
        """
        largest = float(np.abs(prices).max(initial=0.0))
        return self.dual_bound((), box_low, box_high, prices) < -CONFLICT_TOLERANCE * largest

    def dual_bound(
        self, envelopes: Sequence[Envelope], box_low: Array, box_high: Array, prices: Array
    ) -> float:
        """Weak duality: no feasible spend in the box is worth more than this, whatever the prices.

        A row's price is charged against its upper side where positive and its lower side where negative; an
        open side cannot carry a price, and makes the bound infinite. Given prices every cell's best is found
        alone.

        Parameters
        ----------
        envelopes : sequence of Envelope
            Upper bound of each cell, its grid holding the box's ends; none for a bound of 0 on the outcome
            (`excludes` reads a negative result as a proof that the box is infeasible).
        box_low, box_high : ndarray of shape (n_cells,)
        prices : ndarray of shape (n_rows,)
        """
        side = np.where(prices > 0.0, self.high, self.low)
        priced = prices != 0.0
        constant = float(prices[priced] @ side[priced]) if np.isfinite(side[priced]).all() else math.inf
        slope = prices @ self.A
        if not envelopes:
            return constant + float(np.maximum(-slope * box_low, -slope * box_high).sum())
        slope = slope + self.charge
        best = (
            envelope.support(float(p), float(a), float(b))
            for envelope, p, a, b in zip(envelopes, slope, box_low, box_high, strict=True)
        )
        return constant + sum(best)


def _propagate(A: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Bound each cell from the rows alone, starting from spend >= 0; shape (n_cells,) each."""
    n = A.shape[1]
    box_low, box_high = np.zeros(n), np.full(n, np.inf)
    for _ in range(BOX_ROUNDS):
        before = box_low.copy(), box_high.copy()
        for a, row_low, row_high in zip(A, low, high, strict=True):
            _tighten(a, row_high, box_low, box_high)
            _tighten(-a, -row_low, box_low, box_high)
            # Ends that have crossed would drive each other apart without end, and the units with them.
            if np.isfinite(box_high).all() and _crossed(box_low, box_high).any():
                return box_low, box_high
        if (before[0] == box_low).all() and (before[1] == box_high).all():
            break
    hair = (box_low > box_high) & ~_crossed(box_low, box_high)
    return box_low, np.where(hair, box_low, box_high)


def _crossed(box_low: Array, box_high: Array) -> NDArray[np.bool_]:
    """Cells whose ends have crossed by more than rounding."""
    unit = np.max(np.where(np.isfinite(box_high), box_high, 0.0), initial=0.0)
    return np.asarray(box_low > box_high + CONFLICT_TOLERANCE * unit)


def _tighten(a: Array, high: float, box_low: Array, box_high: Array) -> None:
    """Use ``a @ s <= high`` to shrink the box in place, rounding outwards."""
    used = np.flatnonzero(a)
    if not math.isfinite(high) or not len(used):
        return
    with np.errstate(invalid="ignore"):
        least = np.where(a > 0.0, a * box_low, np.where(a < 0.0, a * box_high, 0.0))
        most = np.abs(a) * box_high
    unbounded = ~np.isfinite(least)
    total = float(least[~unbounded].sum())
    # Rounding of a row's sum, which a tiny weight would blow up into an amount of spend.
    hair = 4.0 * EPSILON * len(used) * (abs(high) + float(most[np.isfinite(most)].sum()))
    for i in used:
        if unbounded.sum() - unbounded[i] > 0:
            continue
        others = total - (0.0 if unbounded[i] else float(least[i]))
        limit = (high - others + (hair if others else 0.0)) / a[i]
        if a[i] > 0.0:
            box_high[i] = min(box_high[i], limit)
        else:
            box_low[i] = max(box_low[i], limit)


def _power_of_two(size: float) -> float:
    return 2.0 ** round(math.log2(size)) if size > 0.0 else 1.0
