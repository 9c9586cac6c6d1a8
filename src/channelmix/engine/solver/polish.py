"""Improving spend within its basin, and the prices of the rows there."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.response import Envelope
from channelmix.engine.solver.branching import held
from channelmix.engine.solver.onto_rows import ROW_TOLERANCE, onto_rows
from channelmix.engine.solver.relaxation import Relaxed, concave_hull

__all__ = ["POLISH_POINTS", "Polished", "polished", "windows_around"]


POLISH_POINTS, POLISH_FEW = np.linspace(-1.0, 1.0, 17), np.linspace(-1.0, 1.0, 9)
"""Where a window of the polish looks, and a small one, in which a curve hardly bends."""

POLISH_SMALL = 0.01
"""Half-width from which on a window is a small one."""

POLISH_FIRST, POLISH_LAST, POLISH_SHRINK = 0.05, 1e-7, 0.125
"""First and last half-width of the polish's window, as a share of each cell's range, and its step."""

POLISH_WIDER = 4
"""Times that a window may double where nothing in it obeys the rows."""

POLISH_ROUNDS = 30
"""Windows from which on each is smaller than the last, however far the best spend still creeps."""


@dataclass(frozen=True, eq=False)
class Polished:
    """Objective reached, in standard units, the rows' prices (n_rows,) there, and whether time sufficed."""

    value: float
    prices: Array
    complete: bool


def polished(
    form: StandardForm,
    centre: Array,
    low: Array,
    high: Array,
    relax: Callable[[Array, Array, Array, Array, float], Relaxed | None],
    offer: Callable[[Array], bool],
    deadline: float,
) -> Polished | None:
    """Solve the same linear program on ever smaller windows around a spend; None where no window obeys the rows.

    Each window holds the curve's own values, so a bend of any kind is seen; its prices at the last window
    are the marginal worth of the rows. Whole numbers stay as they are in `centre`, which need not obey the rows.

    Parameters
    ----------
    form : StandardForm
    centre, low, high : ndarray of shape (n_variables,)
        Where to begin, and the box that fixes whole numbers.
    relax : callable
        Solves a window: centre, half-widths of the cells, the box of what is no cell, and the window's size.
    offer : callable
        Takes what is found.
    deadline : float
        Value of `time.perf_counter` at which to stop.
    """
    n = form.n_cells
    span = form.span[:n]
    scale = np.where(span > 0.0, span, span.max(initial=0.0))
    low, high = held(form, form.box_low, form.box_high, np.clip(centre, low, high))
    if (low > high).any():
        return None
    # A bound on spend that is no cell of its own must be felt, and priced, as the row that states it.
    free = ~form.integer & (np.arange(form.n_variables) >= n)
    low, high = np.where(free, np.minimum(low, 0.0), low), np.where(free, high + 1.0, high)
    half, rounds, widened, prices = POLISH_FIRST if scale.any() else 0.0, 0, 0, None
    reached = form.value(centre) if form.violation(centre) <= ROW_TOLERANCE else -math.inf
    while half > POLISH_LAST and time.perf_counter() < deadline:
        relaxed = relax(centre, half * scale, low, high, half)
        rounds += 1
        if relaxed is None:
            if reached > -math.inf or widened == POLISH_WIDER:
                break
            half, widened = 2.0 * half, widened + 1  # what obeys the rows lies further away
            continue
        prices = relaxed.prices
        nearby = form.from_user(form.to_user(np.clip(relaxed.variables, form.box_low, form.box_high)))
        exact = onto_rows(form, nearby) if form.violation(nearby) <= ROW_TOLERANCE else None
        moved = float((np.abs((nearby if exact is None else exact) - centre)[:n] / scale).max(initial=0.0))
        if exact is not None:
            value = form.value(exact)
            if value > reached:
                centre, reached = exact, value
                offer(exact)
            else:
                moved = 0.0
        elif reached == -math.inf:
            centre = nearby
        else:
            moved = 0.0
        if moved < 0.5 * half or rounds > POLISH_ROUNDS:
            half *= POLISH_SHRINK
    return None if prices is None else Polished(reached, prices, time.perf_counter() < deadline)


def windows_around(
    form: StandardForm, envelopes: Sequence[Envelope], centre: Array, half: Array, high: Array
) -> list[tuple[Array, Array]]:
    """Hulls of the curves' own values around `centre`; a cell that whole numbers switch off stays at 0."""
    windows = []
    points = POLISH_POINTS if (half > POLISH_SMALL * form.span[: form.n_cells]).any() else POLISH_FEW
    for i, envelope in enumerate(envelopes):
        # Not cut to the box: a bound on one cell must be felt, and priced, as the row that states it.
        x = np.maximum(centre[i] + half[i] * points, 0.0) if high[i] > 0.0 else np.zeros(1)
        x = x[np.append(True, x[1:] > x[:-1])]
        windows.append(concave_hull(x, envelope.value(x)))
    return windows
