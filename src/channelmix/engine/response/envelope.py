"""A rigorous piecewise linear upper bound of a cell's mean response, refined where it matters.

On an interval [l, u] each draw's slope lies between bounds that its family states in closed form. With one inflection,
for instance, the curve lies below its chord on a convex piece and below its tangents on a concave one, and across the
inflection the slope stays below its peak. Averaged over draws (F is the mean), for l <= s <= u:

    F(s) <= min( F(l) + (s - l) * mean sup f',  F(u) - (u - s) * mean inf f' ),

with the chord's slope in place of both where a draw is convex. Nothing is assumed about the mean's own shape,
which can change curvature often. Any grid gives a valid bound; a finer one gives a tighter bound.
"""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.response.families import Family, Points


class Envelope:
    """Upper bound of one cell's mean response over [low, high], piecewise linear between `vertices`.

    Parameters
    ----------
    curve : Family
        The cell's curves, parameters of shape (n_draws, 1).
    grid : ndarray of shape (n_grid,)
        Spend at which the bound is exact; sorted here, and joined by the curve's knots inside its range.
    by_draw : bool
        Whether to keep every draw, so that `vertices` can weigh them otherwise than alike.
    """

    def __init__(self, curve: Family, grid: Array, *, by_draw: bool = False) -> None:
        self._curve = curve
        self._by_draw = by_draw
        inside = curve.knots()
        inside = inside[(inside > np.min(grid)) & (inside < np.max(grid))]
        self.grid = np.unique(np.concatenate([np.asarray(grid, dtype=float), inside]))
        points = self._evaluate(self.grid)
        # Rows are draws, or their mean alone.
        self._outcome = self._kept(points.value)
        self._steepest, self._flattest = self._bounds(points.take(slice(-1)), points.take(slice(1, None)))
        self._vertices: tuple[Array, Array] | None = None
        self._weighed: tuple[Array, tuple[Array, Array]] | None = None
        self._hulls: dict[tuple[float, float], tuple[Array, Array]] = {}

    @property
    def mean(self) -> Array:
        """Mean response on the grid; shape (n_grid,)."""
        return np.asarray(self._outcome.mean(axis=0))

    def value(self, spend: Array, weights: Array | None = None) -> Array:
        """Mean response at `spend` of shape (n,), or the sum weighed by `weights` of shape (n_draws,); shape (n,)."""
        draws = self.draws(spend)
        return np.asarray(draws.mean(axis=0) if weights is None else weighted_sum(weights, draws))

    def draws(self, spend: Array) -> Array:
        """Response of every draw at `spend` of shape (n,); shape (n_draws, n)."""
        return self._curve.value(np.asarray(spend, dtype=float)[np.newaxis])

    def refine(self, spend: Array) -> bool:
        """Make the bound exact at these amounts too; return whether any of them is new.

        Amounts outside the grid's range are ignored.
        """
        wanted = np.asarray(spend, dtype=float)
        wanted = wanted[(wanted > self.grid[0]) & (wanted < self.grid[-1])]
        # Nearly always the amounts are known, and a search is faster than a set difference on a long grid.
        is_new = self.grid[np.searchsorted(self.grid, wanted)] != wanted
        if not is_new.any():
            return False
        fresh = np.unique(wanted[is_new])
        grid = np.union1d(self.grid, fresh)
        kept = np.isin(grid, self.grid)
        old = kept[:-1] & kept[1:]  # both ends were neighbours before: nothing new lies between them
        rows, n = len(self._outcome), len(grid)
        steepest, flattest = np.empty((rows, n - 1)), np.empty((rows, n - 1))
        outcome = np.empty((rows, n))
        outcome[:, kept] = self._outcome
        position = np.searchsorted(self.grid, grid[:-1][old])
        steepest[:, old], flattest[:, old] = self._steepest[:, position], self._flattest[:, position]
        left = np.flatnonzero(~old)
        ends = np.union1d(left, left + 1)
        points = self._evaluate(grid[ends])
        outcome[:, ends] = self._kept(points.value)
        steepest[:, left], flattest[:, left] = self._bounds(
            points.take(np.searchsorted(ends, left)), points.take(np.searchsorted(ends, left + 1))
        )
        self.grid, self._outcome, self._steepest, self._flattest = grid, outcome, steepest, flattest
        self._vertices, self._weighed, self._hulls = None, None, {}
        return True

    def corners(self, weights: Array | None = None) -> tuple[Array, Array]:
        """Spend and height of all of the bound's corners; see `vertices`."""
        if weights is None:
            if self._vertices is None:
                self._vertices = self._corners(np.full(len(self._outcome), 1.0 / len(self._outcome)))
            return self._vertices
        if self._weighed is None or self._weighed[0] is not weights:
            self._weighed = weights, self._corners(weights)
        return self._weighed[1]

    def vertices(self, low: float, high: float, weights: Array | None = None) -> tuple[Array, Array]:
        """Spend and height of the bound's corners within [low, high], which lies within the grid's range.

        With `weights` of shape (n_draws,), non-negative, it is the bound of the draws' weighted sum, not of their mean.

        Returns
        -------
        spend, height : ndarray of shape (n_vertices,)
        """
        x, y = self.corners(weights)
        first, last = np.searchsorted(self.grid, [low, high])
        if last < len(self.grid) and self.grid[first] == low and self.grid[last] == high:
            window = slice(2 * int(first), 2 * int(last) + 1)
            return x[window], y[window]
        inside = (x > low) & (x < high)
        ends = np.interp([low, high], x, y)
        return np.concatenate([[low], x[inside], [high]]), np.concatenate([ends[:1], y[inside], ends[1:]])

    def hull(self, low: float, high: float, weights: Array | None = None) -> tuple[Array, Array]:
        """Spend and height of the corners of the smallest concave function above the bound; see `vertices`."""
        if weights is not None:
            return concave_hull(*self.vertices(low, high, weights))
        if (low, high) not in self._hulls:
            self._hulls[low, high] = concave_hull(*self.vertices(low, high))
        return self._hulls[low, high]

    def _evaluate(self, grid: Array) -> Points:
        return Points(grid, self._curve.value(grid[np.newaxis]), self._curve.derivative(grid[np.newaxis]))

    def _kept(self, draws: Array) -> Array:
        return draws if self._by_draw else draws.mean(axis=0, keepdims=True)

    def _bounds(self, low: Points, high: Points) -> tuple[Array, Array]:
        """Bound the slope of every draw on every segment, then average unless draws are kept."""
        draws = (self._curve.shape[0], len(low.spend))
        steepest, flattest = (np.broadcast_to(s, draws) for s in self._curve.slope_bounds(low, high))
        return self._kept(steepest), self._kept(flattest)

    def _corners(self, weights: Array) -> tuple[Array, Array]:
        outcome, flat = weighted_sum(weights, self._outcome), weighted_sum(weights, self._flattest)
        finite = np.isfinite(self._steepest).all(axis=0)
        steep = np.where(finite, weighted_sum(weights, np.where(finite, self._steepest, 0.0)), np.inf)
        low, high = self.grid[:-1], self.grid[1:]
        rise = outcome[1:] - outcome[:-1] - flat * (high - low)
        with np.errstate(divide="ignore", invalid="ignore"):
            # An infinite slope puts the corner on the left end, at the height of the line from the right.
            step = np.where(steep > flat, rise / (steep - flat), 0.0)
        step = np.clip(np.where(np.isfinite(steep), step, 0.0), 0.0, high - low)
        x = np.empty(2 * len(self.grid) - 1)
        y = np.empty_like(x)
        x[::2], y[::2] = self.grid, outcome
        x[1::2] = low + step
        y[1::2] = np.maximum(outcome[1:] - flat * (high - x[1::2]), np.maximum(outcome[:-1], 0.0))
        return x, y


def weighted_sum(weights: Array, draws: Array) -> Array:
    """Sum of the rows of `draws`, (n_draws, n), weighed by (n_draws,); a single row stands for every draw."""
    return np.asarray(weights @ draws if len(draws) > 1 else weights.sum() * draws[0])


def concave_hull(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the corners of the smallest concave function above the points (Andrew's monotone chain).

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Points with `x` non-decreasing.
    """
    kept_x: list[float] = []
    kept_y: list[float] = []
    for px, py in zip(x.tolist(), y.tolist(), strict=True):
        if kept_x and px <= kept_x[-1]:
            if py <= kept_y[-1]:
                continue
            kept_x.pop()
            kept_y.pop()
        while len(kept_x) > 1 and (kept_y[-1] - kept_y[-2]) * (px - kept_x[-1]) <= (py - kept_y[-1]) * (
            kept_x[-1] - kept_x[-2]
        ):
            kept_x.pop()
            kept_y.pop()
        kept_x.append(px)
        kept_y.append(py)
    return np.array(kept_x), np.array(kept_y)
