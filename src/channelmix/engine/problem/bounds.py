"""Bounds on variables that rows imply: interval arithmetic, rounded outwards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.core.tolerances import CROSSED_ENDS, EPSILON
from channelmix.engine.problem.matrix import Matrix, entries

SPLITTER = 2.0**27 + 1.0
"""Factor that splits a number of 53 bits into two halves."""

SCALE = 2.0**300
"""Factor on amounts while they are multiplied, exact as a power of two, so that no product underflows."""

NEARLY = 1e-12
"""Share of an amount by which a first estimate of a bound may miss it: what cannot shrink the box is not worked out."""

ROUNDS = 4
"""Passes over the rows; longer chains of implications leave the box looser, never wrong."""


def propagate(A: Matrix, low: Array, high: Array, box_low: Array, box_high: Array) -> None:
    """Shrink a box in place by ``low <= A v <= high``; box ends have shape (n_variables,)."""
    runs = _runs(A)
    for _ in range(ROUNDS):
        before = box_low.copy(), box_high.copy()
        for run in runs:
            if len(run) > 1:
                used = A.indices[A.indptr[run]]
                box_high[used] = np.minimum(box_high[used], high[run])
                box_low[used] = np.maximum(box_low[used], low[run])
                if crossed(box_low[used], box_high[used]):
                    return
                continue
            k = int(run[0])
            used, weights = entries(A, k)
            tighten(used, weights, high[k], box_low, box_high)
            tighten(used, -weights, -low[k], box_low, box_high)
            # Crossed ends would drive each other apart without limit, and the units with them.
            if crossed(box_low[used], box_high[used]):
                return
        if (before[0] == box_low).all() and (before[1] == box_high).all():
            break


def crossed(box_low: Array, box_high: Array) -> bool:
    """Whether ends of a box have crossed by more than rounding."""
    return bool((box_low > box_high + CROSSED_ENDS * np.abs(box_high)).any())


def _runs(A: Matrix) -> list[Indices]:
    """The rows in their order; neighbours that bound one variable each as it is, no two the same, come together."""
    own = np.flatnonzero(np.diff(A.indptr) == 1)
    plain = np.zeros(A.shape[0], dtype=bool)
    plain[own] = A.data[A.indptr[own]] == 1.0
    runs: list[list[int]] = []
    taken: set[int] = set()
    for k, bounds_one in enumerate(plain.tolist()):
        place = int(A.indices[A.indptr[k]]) if bounds_one else -1
        if not (taken and bounds_one and place not in taken):
            runs.append([])
            taken = set()
        runs[-1].append(k)
        if bounds_one:
            taken.add(place)
    return [np.array(run) for run in runs]


def tighten(used: Indices, weights: Array, high: float, box_low: Array, box_high: Array) -> None:
    """Use ``weights @ v[used] <= high`` to shrink the box in place, rounding outwards.

    Sums are exact, so that a variable for which nothing remains is bounded by exactly 0: where a curve is infinitely
    steep, even the rounding of a sum would bring something.
    """
    high = float(high) * SCALE
    if not math.isfinite(high) or not len(used):
        return
    with np.errstate(invalid="ignore", over="ignore"):
        lows, highs = box_low[used] * SCALE, box_high[used] * SCALE
        least = np.where(weights > 0.0, weights * lows, weights * highs)
    unbounded = ~np.isfinite(least)
    count = int(unbounded.sum())
    if count > 1:
        return
    with np.errstate(invalid="ignore", over="ignore"):
        known = np.where(unbounded, 0.0, least)
        about = (high - known.sum() + known) / weights
        slack = NEARLY * (np.abs(known).sum() + abs(high)) / np.abs(weights)
        open_ = np.where(weights > 0.0, about - slack < highs, about + slack > lows)
    if count:
        open_ &= unbounded
    if not open_.any():
        return
    ends = np.where(weights > 0.0, lows, highs)
    errors = np.where(unbounded, 0.0, _product_error(weights, ends, least))
    parts = [-p for p in (*least[~unbounded].tolist(), *errors.tolist())]
    total = math.fsum([high, *parts])
    rest = math.fsum([high, *parts, -total])
    for k in np.flatnonzero(open_).tolist():
        i = used[k]
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
