"""Bounds on variables that rows imply: interval arithmetic, rounded outwards."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["CONFLICT_TOLERANCE", "propagate", "tighten"]

Array = NDArray[np.float64]

EPSILON = float(np.finfo(float).eps)
"""Relative rounding of one operation."""

CONFLICT_TOLERANCE = 1e-9
"""Rules conflict when they must be broken by more than this: as a share of the largest spend for bounds on one cell, as
a share of what a row can reach for rows. Far above rounding, far below what a solver or a check lets pass."""

CROSSED = 1e-6
"""Share of a variable's end by which the other has crossed it for good."""

ROUNDS = 4
"""Passes over the rows: longer chains of rules only loosen the box, never break it."""


def propagate(A: Array, low: Array, high: Array, box_low: Array, box_high: Array) -> None:
    """Shrink a box in place by ``low <= A v <= high``; box ends have shape (n_variables,)."""
    for _ in range(ROUNDS):
        before = box_low.copy(), box_high.copy()
        for a, row_low, row_high in zip(A, low, high, strict=True):
            tighten(a, row_high, box_low, box_high)
            tighten(-a, -row_low, box_low, box_high)
            # Ends that have crossed would drive each other apart without end, and the units with them.
            if (box_low > box_high + CROSSED * np.abs(box_high)).any():
                return
        if (before[0] == box_low).all() and (before[1] == box_high).all():
            break


def tighten(a: Array, high: float, box_low: Array, box_high: Array) -> None:
    """Use ``a @ v <= high`` to shrink the box in place, rounding outwards."""
    used = np.flatnonzero(a)
    if not math.isfinite(high) or not len(used):
        return
    weights, lows, highs = a[used], box_low[used], box_high[used]
    with np.errstate(invalid="ignore", over="ignore"):
        least = np.where(weights > 0.0, weights * lows, weights * highs)
        most = np.abs(weights) * np.maximum(np.abs(lows), np.abs(highs))
    unbounded = ~np.isfinite(least)
    count = int(unbounded.sum())
    if count > 1:
        return
    total = float(least[~unbounded].sum())
    # Rounding of a row's sum, which a tiny weight would blow up into an amount of spend.
    hair = 4.0 * EPSILON * len(used) * (abs(high) + float(most[np.isfinite(most)].sum()))
    for k, i in enumerate(used.tolist()):
        if count - int(unbounded[k]) > 0:
            continue
        others = total - (0.0 if unbounded[k] else float(least[k]))
        limit = (high - others + (hair if others else 0.0)) / weights[k]
        if weights[k] > 0.0:
            box_high[i] = min(box_high[i], limit)
        else:
            box_low[i] = max(box_low[i], limit)
