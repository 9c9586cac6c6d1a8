"""The exact best split of one budget over Hill curves, by dynamic programming with a proven error.

Let h be the step of a grid on which the budget is a whole number of steps, and let every curve be replaced by the
straight lines between its values on the grid. The best split of these has every spend on the grid: within each cell of
the grid the outcome is linear, and the corners of {sum = budget} there lie on it. So dynamic programming finds it
exactly, and a curve lies above its lines by at most ``h^2 / 8 * max(-f'')``. These sums are the error, quadratic in h.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_split"]

Array = NDArray[np.float64]

FINER = 10
"""How much finer each refined grid is."""

REFINEMENTS = 3
"""Refined grids around the best split so far: they raise the value found, the error is proven without them."""


def best_split(
    scale: Array, half_saturation: Array, slope: Array, budget: float, steps: int = 2000
) -> tuple[Array, float, float]:
    """Split a budget over curves ``scale * s^slope / (s^slope + half_saturation^slope)`` with slope >= 1.

    Parameters
    ----------
    scale, half_saturation, slope : ndarray of shape (n_cells,)
        Largest outcome, spend at half of it, steepness.
    budget : float
        Spent in full, which loses nothing: no curve falls.
    steps : int
        Steps of the grid from 0 to the budget.

    Returns
    -------
    spend : ndarray of shape (n_cells,)
    value : float
        Outcome of `spend`.
    error : float
        No split is worth more than ``value + error``.
    """
    n = len(scale)
    h = budget / steps

    def outcome(i: int, spend: Array) -> Array:
        z = (np.maximum(spend, 0.0) / half_saturation[i]) ** slope[i]
        return np.asarray(np.where(spend >= 0.0, scale[i] * z / (1.0 + z), -np.inf), dtype=float)

    grid: Array = np.linspace(0.0, budget, steps + 1)
    parts = _best_sum([outcome(i, grid) for i in range(n)], steps)
    spend: Array = np.asarray(h * parts, dtype=float)
    on_grid = float(sum(outcome(i, np.asarray(spend[i], dtype=float)) for i in range(n)))
    curvature = scale / half_saturation**2 * np.array([_bend(float(k)) for k in slope])
    for _ in range(REFINEMENTS):
        h /= FINER
        window = h * np.arange(-2 * FINER, 2 * FINER + 1)
        moves = _best_sum(
            [outcome(i, np.asarray(spend[i] + window, dtype=float)) for i in range(n)], 2 * FINER * n
        )
        spend = np.asarray(np.maximum(spend + h * (moves - 2 * FINER), 0.0), dtype=float)
    spend *= budget / float(spend.sum())
    value = float(sum(outcome(i, np.asarray(spend[i], dtype=float)) for i in range(n)))
    above = float((budget / steps) ** 2 / 8.0 * curvature.sum())
    return spend, value, max(on_grid + above - value, 0.0)


def _best_sum(tables: list[Array], total: int) -> NDArray[np.int64]:
    """Index into each table, adding up to `total`, with the largest sum of values."""
    sums = [tables[0][: total + 1]]
    for table in tables[1:-1]:
        before = sums[-1]
        longest = min(len(before) + len(table) - 1, total + 1)
        best = np.full(longest, -np.inf)
        for first, value in enumerate(table[:longest]):
            end = min(first + len(before), longest)
            np.maximum(best[first:end], before[: end - first] + value, out=best[first:end])
        sums.append(best)
    chosen = np.zeros(len(tables), dtype=np.int64)
    for i in range(len(tables) - 1, 0, -1):
        before = sums[i - 1]
        k = np.arange(max(0, total - len(before) + 1), min(total + 1, len(tables[i])))
        chosen[i] = k[np.argmax(tables[i][k] + before[total - k])]
        total -= int(chosen[i])
    chosen[0] = total
    return chosen


def _bend(slope: float) -> float:
    """``max(-f'')`` of ``u^slope / (1 + u^slope)`` over u > 0, from above; finite for slope >= 1."""
    z = np.geomspace(1e-9, 1e9, 20_001)
    second = slope * ((slope - 1.0) - (slope + 1.0) * z) * z ** ((slope - 2.0) / slope) / (1.0 + z) ** 3
    return 1.01 * float(np.max(-second))  # 1 % covers what the points miss of a smooth peak
