"""The upper bounds of many cells' curves, of which cells with a curve of one shape share one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.engine.response.envelope import Envelope
from channelmix.engine.response.shared import Shared

MOST_ENDS = 256
"""Most ends of boxes that a shape's grid holds; of more of them, the outermost: between them the bound is looser."""

MOST_NEW = 1000
"""Most amounts of which all draws are worked out at once."""


class CellEnvelope:
    """One cell's view of the bound that it shares, in its own units; see `Envelope`."""

    def __init__(self, inner: Envelope, unit: float, factor: float) -> None:
        self._inner, self._unit, self._factor = inner, unit, factor

    @property
    def grid(self) -> Array:
        """Spend at which the bound is exact."""
        return self._inner.grid * self._unit

    def value(self, spend: Array, weights: Array | None = None) -> Array:
        """See `Envelope.value`."""
        return self._factor * self._inner.value(np.asarray(spend) / self._unit, weights)

    def draws(self, spend: Array) -> Array:
        """See `Envelope.draws`."""
        return self._factor * self._inner.draws(np.asarray(spend) / self._unit)

    def refine(self, spend: Array) -> bool:
        """See `Envelope.refine`."""
        return self._inner.refine(np.asarray(spend) / self._unit)

    def vertices(self, low: float, high: float, weights: Array | None = None) -> tuple[Array, Array]:
        """See `Envelope.vertices`."""
        return self._scaled(low, high, *self._inner.vertices(low / self._unit, high / self._unit, weights))

    def hull(self, low: float, high: float, weights: Array | None = None) -> tuple[Array, Array]:
        """See `Envelope.hull`."""
        x, y = self._scaled(low, high, *self._inner.hull(low / self._unit, high / self._unit, weights))
        apart = np.append(True, (x[1:-1] > low) & (x[1:-1] < high) & (np.diff(x[:-1]) > 0.0))
        apart = np.append(apart, high > low)[: len(x)]
        return x[apart], y[apart]

    def _scaled(self, low: float, high: float, x: Array, y: Array) -> tuple[Array, Array]:
        spend = x * self._unit
        spend[0], spend[-1] = low, high  # up to their last digit they are
        return spend, y * self._factor


class Envelopes(Sequence["Envelope | CellEnvelope"]):
    """Upper bounds of cells' mean responses over their boxes, one for each shape of curve; a sequence, one a cell.

    Parameters
    ----------
    curves : Shared
    grids : sequence of ndarray
        Amounts at which bounds are exact, for each cell in its units, or for each shape in its own.
    low, high : ndarray of shape (n_cells,)
        Ends of each cell's box.
    by_draw : bool
        See `Envelope`.
    """

    def __init__(
        self, curves: Shared, grids: Sequence[Array], low: Array, high: Array, *, by_draw: bool
    ) -> None:
        self._curves = curves
        low, high = low / curves.unit, high / curves.unit
        self.inner: list[Envelope] = []
        """The bound of each shape, in its own units."""
        by_shape = len(grids) == len(curves.shapes)
        for k, (shape, own) in enumerate(zip(curves.shapes, curves.places, strict=True)):
            ends = np.unique([low[own], high[own]])
            if len(ends) > MOST_ENDS:
                ends = ends[[0, -1]]
            if by_shape:
                points = np.clip(grids[k], ends[0], ends[-1])
            else:
                points = np.concatenate(
                    [np.clip(np.asarray(grids[i]) / curves.unit[i], low[i], high[i]) for i in own]
                )
            self.inner.append(Envelope(shape, np.append(points, ends), by_draw=by_draw))

    def __len__(self) -> int:
        return len(self._curves.of)

    def __getitem__(self, cell: int) -> Envelope | CellEnvelope:  # type: ignore[override]
        return self._cells[cell]

    def __iter__(self) -> Iterator[Envelope | CellEnvelope]:
        return iter(self._cells)

    @cached_property
    def _cells(self) -> list[Envelope | CellEnvelope]:
        units = zip(self._curves.of, self._curves.unit.tolist(), self._curves.factor.tolist(), strict=True)
        return [
            self.inner[k] if unit == factor == 1.0 else CellEnvelope(self.inner[k], unit, factor)
            for k, unit, factor in units
        ]

    @property
    def grids(self) -> list[Array]:
        """The grid of each shape, in its own units."""
        return [one.grid for one in self.inner]

    def refine(self, cells: Indices, amounts: Array) -> bool:
        """Make bounds exact at amounts of shape (n_cells_named, n_amounts); return whether any of them is new."""
        curves, fresh = self._curves, False
        shapes, points = curves.of[cells], amounts / curves.unit[cells][:, np.newaxis]
        for k in np.unique(shapes).tolist():
            fresh |= self.inner[k].refine(np.unique(points[shapes == k]))
        return fresh

    def add(self, amounts: Array, apart: float) -> bool:
        """Make bounds exact at about these amounts, (n_cells,), where none is nearer than a share `apart` of them."""
        curves, fresh = self._curves, False
        for inner, own in zip(self.inner, curves.places, strict=True):
            wanted, grid = np.unique(amounts[own] / curves.unit[own]), inner.grid
            after = np.clip(np.searchsorted(grid, wanted), 1, len(grid) - 1)
            near = np.minimum(np.abs(grid[after] - wanted), np.abs(wanted - grid[after - 1]))
            wanted = wanted[near > apart * wanted]
            kept: list[float] = []
            for amount in wanted.tolist():
                if not kept or amount > (1.0 + apart) * kept[-1]:
                    kept.append(amount)
            fresh |= bool(kept) and inner.refine(np.array(kept))
        return fresh

    def heights(self, amounts: Array, weights: Array | None = None) -> Array:
        """Height of each cell's bound at its amount; both of shape (n_cells,)."""
        curves, height = self._curves, np.empty(len(self))
        for inner, own in zip(self.inner, curves.places, strict=True):
            height[own] = curves.factor[own] * np.interp(
                amounts[own] / curves.unit[own], *inner.corners(weights)
            )
        return height

    def keep_ends(self, low: Array, high: Array) -> None:
        """Make bounds exact at the ends of a box, (n_variables,) each, or of several, (n_boxes, n_variables).

        A shape's grid has room for at most `MOST_ENDS` of each box.
        """
        curves, boxes = self._curves, np.stack([np.atleast_2d(low), np.atleast_2d(high)], axis=1)
        for inner, own in zip(self.inner, curves.places, strict=True):
            ends = (boxes[:, :, own] / curves.unit[own]).reshape(len(boxes), -1)
            if ends.shape[1] > MOST_ENDS:
                each = [np.unique(own_ends) for own_ends in ends]
                ends = np.concatenate([np.empty(0), *(one for one in each if len(one) <= MOST_ENDS)])
            wanted = np.unique(ends)
            for start in range(0, len(wanted), MOST_NEW):  # curves of all draws at once would fill the memory
                inner.refine(wanted[start : start + MOST_NEW])

    def best(self, weight: float, price: Array, low: Array, high: Array, weights: Array | None) -> Array:
        """Most that each cell's bound, times `weight`, can exceed what its spend costs, over a box.

        Parameters
        ----------
        weight : float
            Of outcome.
        price : ndarray of shape (n_cells,)
            Of a unit of spend.
        low, high : ndarray of shape (n_cells,)
        weights : ndarray of shape (n_draws,), optional
            See `Envelope.vertices`.

        Returns
        -------
        ndarray of shape (n_cells,)
        """
        return self.attained(weight, price, low, high, weights)[0]

    def attained(
        self, weight: float, price: Array, low: Array, high: Array, weights: Array | None
    ) -> tuple[Array, Array]:
        """See `best`; return the spend, too, at which the most is attained."""
        most, spend, curves = np.empty(len(self)), np.empty(len(self)), self._curves
        for inner, own in zip(self.inner, curves.places, strict=True):
            if len(own) == 1 and curves.unit[own[0]] == curves.factor[own[0]] == 1.0:
                i = own[0]
                x, y = inner.vertices(float(low[i]), float(high[i]), weights)
                worth = weight * y - price[i] * x
                place = int(np.argmax(worth))
                most[i], spend[i] = worth[place], x[place]
                continue
            unit, times = curves.unit[own], weight * curves.factor[own]
            charged, first, last = price[own] * unit, low[own] / unit, high[own] / unit
            x, y = inner.corners(weights)
            for part in _parts(len(own), len(x) + 2):
                ends = np.stack([first[part], last[part]], axis=1)
                at = np.concatenate([ends, np.broadcast_to(x, (len(ends), len(x)))], axis=1)
                height = np.concatenate(
                    [np.interp(ends, x, y), np.broadcast_to(y, (len(ends), len(y)))], axis=1
                )
                worth = times[part, np.newaxis] * height - charged[part, np.newaxis] * at
                outside = (at < ends[:, :1]) | (at > ends[:, 1:])
                worth[outside] = -np.inf
                place = np.argmax(worth, axis=1)[:, np.newaxis]
                most[own[part]] = np.take_along_axis(worth, place, axis=1)[:, 0]
                spend[own[part]] = unit[part] * np.take_along_axis(at, place, axis=1)[:, 0]
        return most, spend


MOST_AT_ONCE = 2_000_000
"""Most numbers in a table of cells and corners."""


def _parts(rows: int, columns: int) -> Iterator[slice]:
    """Cut rows of a table into parts that fit into little memory."""
    step = max(1, MOST_AT_ONCE // columns)
    return (slice(start, start + step) for start in range(0, rows, step))
