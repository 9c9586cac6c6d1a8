"""Bounds on variables that rows imply: interval arithmetic, rounded outwards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.tolerances import CROSSED_ENDS, EPSILON

SPLITTER = 2.0**27 + 1.0
"""Factor that splits a number of 53 bits into two halves."""

SCALE = 2.0**300
"""Factor on amounts while they are multiplied, exact as a power of two, so that no product underflows."""

ROUNDS = 4
"""Passes over the rows; longer chains of implications leave the box looser, never wrong."""


def propagate(A: Array, low: Array, high: Array, box_low: Array, box_high: Array) -> None:
    """Shrink a box in place by ``low <= A v <= high``; box ends have shape (n_variables,)."""
    for _ in range(ROUNDS):
        before = box_low.copy(), box_high.copy()
        for a, row_low, row_high in zip(A, low, high, strict=True):
            tighten(a, row_high, box_low, box_high)
            tighten(-a, -row_low, box_low, box_high)
            # Crossed ends would drive each other apart without limit, and the units with them.
            if (box_low > box_high + CROSSED_ENDS * np.abs(box_high)).any():
                return
        if (before[0] == box_low).all() and (before[1] == box_high).all():
            break


def tighten(a: Array, high: float, box_low: Array, box_high: Array) -> None:
    """Use ``a @ v <= high`` to shrink the box in place, rounding outwards.

    Sums are exact, so that a variable for which nothing remains is bounded by exactly 0: where a curve is infinitely
    steep, even the rounding of a sum would bring something.
    """
    used, high = np.flatnonzero(a), float(high) * SCALE
    if not math.isfinite(high) or not len(used):
        return
    with np.errstate(invalid="ignore", over="ignore"):
        weights, lows, highs = a[used], box_low[used] * SCALE, box_high[used] * SCALE
        least = np.where(weights > 0.0, weights * lows, weights * highs)
    unbounded = ~np.isfinite(least)
    count = int(unbounded.sum())
    if count > 1:
        return
    ends = np.where(weights > 0.0, lows, highs)
    errors = np.where(unbounded, 0.0, _product_error(weights, ends, least))
    parts = [-p for p in (*least[~unbounded].tolist(), *errors.tolist())]
    total = math.fsum([high, *parts])
    rest = math.fsum([high, *parts, -total])
    unsure = _may_shrink(total, weights, np.where(unbounded, 0.0, least), lows, highs)
    for k in np.flatnonzero(unsure & (unbounded if count else True)).tolist():
        i = int(used[k])
        own = [] if unbounded[k] else [float(least[k]), float(errors[k])]
        left = math.fsum([total, rest, EPSILON * abs(rest), *own])
        limit = left / weights[k]
        if math.fsum([total, rest, *own, -left]) or _product_error(limit, weights[k], left):
            limit += math.copysign(EPSILON * abs(limit), weights[k])
        product = limit * weights[k]
        beyond = [
            product,
            float(_product_error(limit, weights[k], product)),
            -total,
            -rest,
            *(-x for x in own),
        ]
        if math.fsum(beyond) < 0.0:  # the sum and the quotient were both rounded inwards
            limit = math.nextafter(limit, math.copysign(math.inf, weights[k]))
        limit, scaled = limit / SCALE, limit
        if (limit * SCALE - scaled) * weights[k] < 0.0:  # a tiny number has fewer digits: rounded inwards
            limit = math.nextafter(limit, math.copysign(math.inf, weights[k]))
        if weights[k] > 0.0:
            box_high[i] = min(box_high[i], limit)
        else:
            box_low[i] = max(box_low[i], limit)


def _may_shrink(total: float, weights: Array, own: Array, lows: Array, highs: Array) -> NDArray[np.bool_]:
    """Whether what is left for each variable, but for rounding, is less than it has: exact sums take long."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        limit = (total + own) / weights
        room = 8.0 * EPSILON * (abs(total) + np.abs(own)) / np.abs(weights)
        enough = np.where(weights > 0.0, limit - room > highs, limit + room < lows)
    return np.asarray(~enough | ~np.isfinite(limit))


def _product_error(a: Any, b: Any, product: Any) -> Any:
    """Exact excess of ``a * b`` over its rounded `product`, barring overflow and underflow; elementwise.

    References
    ----------
    Dekker, T. J. (1971), "A floating-point technique for extending the available precision", Numerische Mathematik 18.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        (a_top, a_rest), (b_top, b_rest) = _halves(a), _halves(b)
        error = a_rest * b_rest - (((product - a_top * b_top) - a_rest * b_top) - a_top * b_rest)
    return np.where(np.isfinite(error), error, EPSILON * np.abs(product))


def _halves(x: Any) -> tuple[Any, Any]:
    """Split numbers into a part of 26 bits and the rest."""
    scaled = SPLITTER * x
    top = scaled - (scaled - x)
    return top, x - top
