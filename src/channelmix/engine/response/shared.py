"""Curves of many cells that have few shapes: periods and markets whose curves differ in their units alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.engine.response.families import Family, Points

SAME = 1e-13
"""Relative difference of parameters that is rounding of a change of units."""


MOST_AT_ONCE = 2**15
"""Most numbers that are worked out at once: of more, every step would wait for the memory."""


@dataclass(frozen=True, eq=False)
class Shared(Family):
    """Curve of cell i: ``factor[i] * shapes[of[i]](spend / unit[i])``.

    A plan over a year has a curve for each day and cell, and they differ by the season alone; a company's markets often
    differ by their size alone. So parameters are kept once a shape, and a shape is evaluated once for all its cells.

    Parameters
    ----------
    shapes : tuple of Family
        Curves of one cell each, all of them of some cell.
    of : ndarray of int, shape (n_cells,)
        Shape of each cell.
    unit, factor : ndarray of shape (n_cells,)
        Spend that is 1 in the shape's unit, and outcome that is.
    """

    kind: ClassVar[str] = "shared"
    shapes: tuple[Family, ...]
    of: Indices
    unit: Array
    factor: Array

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters by name; those of a single cell as of its own curve."""
        if len(self.of) > 1:
            return {"unit": self.unit, "factor": self.factor, "of": self.of.astype(float)}
        return self.alone.parameters

    @cached_property
    def alone(self) -> Family:
        """The curve of a single cell without sharing."""
        shape: Family = self.shapes[self.of[0]]
        unit, factor = float(self.unit[0]), float(self.factor[0])
        # With an infinite unit of outcome the curve is flat: a period of factor 0 brings nothing.
        outcome_unit = 1.0 / factor if factor > 0.0 else np.inf
        return shape if unit == factor == 1.0 else shape.rescaled(1.0 / unit, outcome_unit)

    @property
    def kinds(self) -> tuple[str, ...]:
        """See `Family.kinds`: those of the shape with the most families inside each other."""
        return max((shape.kinds for shape in self.shapes), key=len)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(n_draws, n_cells)."""
        return max(shape.shape[0] for shape in self.shapes), len(self.of)

    @cached_property
    def places(self) -> list[Indices]:
        """The cells of each shape."""
        order = np.argsort(self.of, kind="stable")
        return np.split(order, np.searchsorted(self.of[order], np.arange(1, len(self.shapes))))

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        return self._spread(spend, lambda shape, part: shape.value(part), self.factor)

    def gross(self, spend: Array) -> Array:
        """See `Family.gross`."""
        return self._spread(spend, lambda shape, part: shape.gross(part), self.factor)

    def lost(self, spend: Array) -> Array:
        """See `Family.lost`."""
        return self._spread(spend, lambda shape, part: shape.lost(part), self.factor)

    def steepest(self) -> Array:
        """See `Family.steepest`."""
        return self._spread(self.unit[np.newaxis], lambda shape, _: shape.steepest(), self.factor / self.unit)

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`."""
        return self._spread(spend, lambda shape, part: shape.derivative(part), self.factor / self.unit)

    def mean_value(self, spend: Array) -> Array:
        """Mean outcome over draws at `spend` of shape (n_cells,); shape (n_cells,)."""
        mean = np.empty(len(self.of))
        for shape, own, amounts in self._parts(spend):
            mean[own] = shape.value(amounts).mean(axis=0)
        return np.asarray(self.factor * mean)

    def mean_gross(self, spend: Array) -> Array:
        """Mean outcome over draws before what is lost, at `spend` of shape (n_cells,); shape (n_cells,)."""
        mean = np.empty(len(self.of))
        for shape, own, amounts in self._parts(spend):
            mean[own] = shape.gross(amounts).mean(axis=0)
        return np.asarray(self.factor * mean)

    def total(self, spend: Array) -> Array:
        """Outcome of each draw over all cells at `spend` of shape (n_cells,); shape (n_draws,)."""
        total = np.zeros(self.shape[0])
        for shape, own, amounts in self._parts(spend):
            total += shape.value(amounts) @ self.factor[own]
        return total

    def weighed_slope(self, spend: Array, weights: Array) -> Array:
        """Slope of each cell at `spend` of shape (n_cells,), its draws weighed by (n_draws,); shape (n_cells,)."""
        slope = np.empty(len(self.of))
        for shape, own, amounts in self._parts(spend):
            drawn = shape.derivative(amounts)
            slope[own] = weights @ drawn if len(drawn) > 1 else weights.sum() * drawn[0]
        return _times(self.factor / self.unit, slope)

    def _parts(self, spend: Array) -> Iterator[tuple[Family, Indices, Array]]:
        """Each shape, some of its cells, and their amounts in its unit, (1, n_some): so few that they fit a cache."""
        for shape, own in zip(self.shapes, self.places, strict=True):
            step = max(1, MOST_AT_ONCE // shape.shape[0])
            for start in range(0, len(own), step):
                some = own[start : start + step]
                yield shape, some, (spend[some] / self.unit[some])[np.newaxis]

    def inflection(self) -> Array:
        """See `Family.inflection`."""
        return self._spread(self.unit[np.newaxis], lambda shape, _: shape.inflection(), self.unit)

    def slope_bounds(self, low: Points, high: Points) -> tuple[Array, Array]:
        """See `Family.slope_bounds`; of a single cell."""
        return self.alone.slope_bounds(low, high)

    def knots(self) -> Array:
        """See `Family.knots`; of a single cell."""
        return self.alone.knots()

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        shapes = tuple(shape.rescaled(spend_unit, outcome_unit) for shape in self.shapes)
        return type(self)(shapes, self.of, self.unit, self.factor)

    def take(self, columns: Any) -> Self:
        """Return the curves of some cells only; shapes come in the order of their first cells."""
        of = np.atleast_1d(self.of[columns])
        used, first, place = np.unique(of, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.argsort(order)
        shapes = tuple(self.shapes[k] for k in used[order])
        unit, factor = np.atleast_1d(self.unit[columns]), np.atleast_1d(self.factor[columns])
        return type(self)(shapes, rank[place], unit, factor)

    def of_draws(self, index: Any) -> Self:
        """See `Family.of_draws`."""
        return type(self)(
            tuple(shape.of_draws(index) for shape in self.shapes), self.of, self.unit, self.factor
        )

    def saturates(self) -> bool:
        """See `Family.saturates`."""
        return all(shape.saturates() for shape in self.shapes)

    def _spread(self, spend: Array, evaluate: Callable[[Family, Array], Array], times: Array) -> Array:
        """Evaluate each shape at the spend of its cells, or a single cell at every amount."""
        amounts = np.atleast_2d(spend)
        if len(self.of) == 1:
            return _times(times[0], evaluate(self.shapes[self.of[0]], amounts / self.unit[0]))
        out = np.empty((self.shape[0], len(self.of)))
        for shape, own in zip(self.shapes, self.places, strict=True):
            out[:, own] = _times(times[own], evaluate(shape, amounts[:, own] / self.unit[own]))
        return out


def _times(factor: Any, values: Array) -> Array:
    """Multiply, where nothing times an infinite slope is nothing."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(factor == 0.0, 0.0, factor * values))


def shared(curves: Sequence[Family]) -> Shared:
    """Find the curves that are others in other units of spend and outcome; `curves` are of one cell each."""
    shapes: list[Family] = []
    of, unit, factor = np.zeros(len(curves), dtype=np.int64), np.ones(len(curves)), np.ones(len(curves))
    known: dict[Any, tuple[int, float, float, dict[str, Array]]] = {}
    for i, curve in enumerate(curves):
        own = curve.units()
        spend_unit, outcome_unit = own or (1.0, 1.0)
        plain = curve.rescaled(spend_unit, outcome_unit).parameters if own else curve.parameters
        key = (
            curve.kinds,
            own is None,
            *((name, array.shape, _rough(array)) for name, array in plain.items()),
        )
        first = known.setdefault(key, (len(shapes), spend_unit, outcome_unit, plain))
        if first[0] == len(shapes) or not _alike(plain, first[3], exactly=own is None):
            of[i] = len(shapes)
            shapes.append(curve)
            continue
        of[i], unit[i], factor[i] = first[0], spend_unit / first[1], outcome_unit / first[2]
    return Shared(tuple(shapes), of, unit, factor)


def _rough(array: Array) -> tuple[float, ...]:
    """Two of the numbers, to the digits of a float of four bytes: curves of other digits are not looked at."""
    flat = array.ravel()
    with np.errstate(over="ignore"):
        return tuple(flat[[0, -1]].astype(np.float32).tolist()) if flat.size else ()


def _alike(one: dict[str, Array], other: dict[str, Array], *, exactly: bool) -> bool:
    if exactly:
        return all(np.array_equal(array, other[name]) for name, array in one.items())
    return all(
        bool((np.abs(array - other[name]) <= SAME * np.abs(other[name])).all()) for name, array in one.items()
    )
