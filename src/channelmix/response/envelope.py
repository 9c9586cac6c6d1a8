"""A rigorous piecewise linear upper bound of a cell's mean response, refined where it matters.

On an interval [l, u] each draw's slope lies between bounds that its family states in closed form. With one inflection,
for instance, the curve lies below its chord on a convex piece and below its tangents on a concave one, and across the
inflection the slope stays below its peak. Averaged over draws (F is the mean), for l <= s <= u:

    F(s) <= min( F(l) + (s - l) * mean sup f',  F(u) - (u - s) * mean inf f' ),

with the chord's slope in place of both where a draw is convex. Nothing is assumed about the mean's own shape,
which can change curvature often. Any grid gives a valid bound; a finer one gives a tighter bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from channelmix.response.families import Family, Points

__all__ = ["Envelope"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Segments:
    """Mean bounds of the slope on each segment of a grid; shape (n_grid - 1,)."""

    steepest: Array
    flattest: Array


class Envelope:
    """Upper bound of one cell's mean response over [low, high], piecewise linear between `vertices`.

    Parameters
    ----------
    curve : Family
        The cell's curves, parameters of shape (n_draws, 1).
    grid : ndarray of shape (n_grid,)
        Spend at which the bound is exact; sorted here, and joined by the curve's knots inside its range.
    """

    def __init__(self, curve: Family, grid: Array) -> None:
        self._curve = curve
        inside = curve.knots()
        inside = inside[(inside > np.min(grid)) & (inside < np.max(grid))]
        self.grid = np.unique(np.concatenate([np.asarray(grid, dtype=float), inside]))
        self.mean, self._segments = self._tabulate(self.grid)
        self._vertices: tuple[Array, Array] | None = None

    def value(self, spend: Array) -> Array:
        """Mean response at `spend` of shape (n,); shape (n,)."""
        return np.asarray(self._curve.value(np.asarray(spend, dtype=float)[np.newaxis]).mean(axis=0))

    def refine(self, spend: Array) -> bool:
        """Make the bound exact at these amounts too; return whether any of them is new.

        Amounts outside the grid's range are ignored.
        """
        wanted = np.asarray(spend, dtype=float)
        wanted = wanted[(wanted > self.grid[0]) & (wanted < self.grid[-1])]
        fresh = np.setdiff1d(wanted, self.grid)
        if not len(fresh):
            return False
        grid = np.union1d(self.grid, fresh)
        kept = np.isin(grid, self.grid)
        old = kept[:-1] & kept[1:]  # both ends were neighbours before: nothing new lies between them
        steepest, flattest = np.empty(len(grid) - 1), np.empty(len(grid) - 1)
        mean = np.empty(len(grid))
        mean[kept] = self.mean
        position = np.searchsorted(self.grid, grid[:-1][old])
        steepest[old], flattest[old] = self._segments.steepest[position], self._segments.flattest[position]
        left = np.flatnonzero(~old)
        ends = np.union1d(left, left + 1)
        points = self._evaluate(grid[ends])
        mean[ends] = points.value.mean(axis=0)
        new = self._bounds(
            points.take(np.searchsorted(ends, left)), points.take(np.searchsorted(ends, left + 1))
        )
        steepest[left], flattest[left] = new.steepest, new.flattest
        self.grid, self.mean, self._segments = grid, mean, _Segments(steepest, flattest)
        self._vertices = None
        return True

    def vertices(self, low: float, high: float) -> tuple[Array, Array]:
        """Spend and height of the bound's corners within [low, high], which must be points of the grid.

        Returns
        -------
        spend, height : ndarray of shape (n_vertices,)
        """
        if self._vertices is None:
            self._vertices = self._corners()
        x, y = self._vertices
        first, last = np.searchsorted(self.grid, [low, high])
        window = slice(2 * int(first), 2 * int(last) + 1)
        return x[window], y[window]

    def support(self, price: float, low: float, high: float) -> float:
        """Upper bound of ``max F(s) - price * s`` over [low, high], both points of the grid."""
        x, y = self.vertices(low, high)
        return float(np.max(y - price * x))

    def height(self, spend: float) -> float:
        """The bound at one amount of the grid's range; the line from the right where a slope is infinite."""
        if len(self.grid) == 1:
            return float(self.mean[0])
        k = int(np.clip(np.searchsorted(self.grid, spend, side="right") - 1, 0, len(self.grid) - 2))
        rise = spend - self.grid[k]
        steep = self._segments.steepest[k]
        from_left = self.mean[k] + steep * rise if np.isfinite(steep) else np.inf
        from_right = self.mean[k + 1] - self._segments.flattest[k] * (self.grid[k + 1] - spend)
        return float(min(from_left, from_right))

    def _evaluate(self, grid: Array) -> Points:
        return Points(grid, self._curve.value(grid[np.newaxis]), self._curve.derivative(grid[np.newaxis]))

    def _tabulate(self, grid: Array) -> tuple[Array, _Segments]:
        points = self._evaluate(grid)
        return points.value.mean(axis=0), self._bounds(points.take(slice(-1)), points.take(slice(1, None)))

    def _bounds(self, low: Points, high: Points) -> _Segments:
        """Bound the slope of every draw on every segment, then average."""
        steepest, flattest = self._curve.slope_bounds(low, high)
        return _Segments(steepest.mean(axis=0), flattest.mean(axis=0))

    def _corners(self) -> tuple[Array, Array]:
        low, high = self.grid[:-1], self.grid[1:]
        steep, flat = self._segments.steepest, self._segments.flattest
        rise = self.mean[1:] - self.mean[:-1] - flat * (high - low)
        with np.errstate(divide="ignore", invalid="ignore"):
            # An infinite slope puts the corner on the left end, at the height of the line from the right.
            step = np.where(steep > flat, rise / (steep - flat), 0.0)
        step = np.clip(np.where(np.isfinite(steep), step, 0.0), 0.0, high - low)
        x = np.empty(2 * len(self.grid) - 1)
        y = np.empty_like(x)
        x[::2], y[::2] = self.grid, self.mean
        x[1::2] = low + step
        y[1::2] = np.maximum(self.mean[1:] - flat * (high - x[1::2]), np.maximum(self.mean[:-1], 0.0))
        return x, y
