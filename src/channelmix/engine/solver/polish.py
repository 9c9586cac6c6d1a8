"""Polishing: improve spend within its basin, price the rows there, and free idle money."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import IDLE_OUTCOME, ROW_TOLERANCE
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.solver.branching import held
from channelmix.engine.solver.onto_rows import onto_rows
from channelmix.engine.solver.relaxation import Relaxed

POLISH_POINTS, POLISH_FEW = np.linspace(-1.0, 1.0, 17), np.linspace(-1.0, 1.0, 9)
"""Points of a polish window, in half-widths, and of a small one, in which a curve hardly bends."""

POLISH_SMALL = 0.01
"""Half-width, as a share of a cell's range, up to which a window is small."""

POLISH_FIRST, POLISH_LAST, POLISH_SHRINK = 0.05, 1e-7, 0.125
"""First and last half-width of a window, as a share of each cell's range, and the factor by which it shrinks."""

POLISH_WIDER = 4
"""Times that a window may double where it holds no feasible spend."""

POLISH_ROUNDS = 30
"""Windows after which each is smaller than the last, however far the best spend still moves."""


@dataclass(frozen=True, eq=False)
class Polished:
    """Objective reached, in standard units, the rows' prices there (n_rows,), and whether time sufficed."""

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
    """Solve the same linear program on ever smaller windows around a spend; None where no window is feasible.

    Each window holds the curve's own values, so a bend of any kind is seen; the prices in the last window
    are the marginal worth of the rows. Whole numbers stay as they are in `centre`, which need not be feasible.

    Parameters
    ----------
    form : StandardForm
    centre, low, high : ndarray of shape (n_variables,)
        Starting point, and the box that fixes whole numbers.
    relax : callable
        Solves a window: centre, half-widths of the cells, the box of the other variables, and the window's size.
    offer : callable
        Takes improved spend.
    deadline : float
        Value of `time.perf_counter` at which to stop.
    """
    n = form.n_cells
    span = form.span[:n]
    scale = np.where(span > 0.0, span, span.max(initial=0.0))
    low, high = held(form, form.box_low, form.box_high, np.clip(centre, low, high))
    if (low > high).any():
        return None
    # Bounds on variables that are not cells must act, and be priced, through the rows that state them.
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
            half, widened = 2.0 * half, widened + 1  # feasible spend lies further away
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


def window_points(form: StandardForm, centre: Array, half: Array, high: Array) -> list[Array]:
    """Spends around `centre` at which each cell's curve is evaluated; 0 for a cell that whole numbers switch off."""
    points = POLISH_POINTS if (half > POLISH_SMALL * form.span[: form.n_cells]).any() else POLISH_FEW
    # Not cut to the box: bounds on one cell must act, and be priced, through the rows that state them.
    return [
        np.unique(np.maximum(centre[i] + half[i] * points, 0.0)) if high[i] > 0.0 else np.zeros(1)
        for i in range(form.n_cells)
    ]


WORTH_FREEING = 1e-4
"""Share of total spend above which a cell's idle money is freed."""

HALVINGS = 40
"""Bisection steps in the search for the least spend that brings as much."""

PASSES = 2
"""Passes over the cells: money that one gives back may lower what shares require of another."""


def without_idle_money(form: StandardForm, variables: Array) -> Array:
    """Return the variables without the spend that brings nothing, as far as the rows allow.

    A solver is free to leave money on a cell that is saturated or reaches nobody; a plan should not.

    Parameters
    ----------
    form : StandardForm
    variables : ndarray of shape (n_variables,)
        Feasible, in standard units.
    """
    n = form.n_cells
    spend = variables[:n]
    worth_freeing = WORTH_FREEING * float(spend.sum())
    outcome = form.curves.mean_value(spend)
    enough = outcome - IDLE_OUTCOME * float(outcome.sum()) / n
    probe = np.maximum(spend - worth_freeing, form.box_low[:n])
    idle = (form.curves.mean_value(probe) >= enough) & (probe < spend)
    if not idle.any():
        return variables
    cells = np.flatnonzero(idle)
    curves, asked = form.curves.take(cells.tolist()), enough[cells]
    low, high = form.box_low[cells], probe[cells]
    high = np.where(curves.mean_value(low) >= asked, low, high)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        sufficient = curves.mean_value(middle) >= asked
        low, high = np.where(sufficient, low, middle), np.where(sufficient, middle, high)
    least = variables.copy()
    for i, end in [*zip(cells.tolist(), high.tolist(), strict=True)] * PASSES:
        least[i] = max(end, least[i] - _room(form, least, i))
    return form.from_user(form.to_user(least))


def prices_that_hold(form: StandardForm, variables: Array, prices: Array) -> Array:
    """Return the rows' prices, with 0 for rows that no longer are at the limit priced."""
    left = form.A @ variables
    limit = np.where(prices > 0.0, form.high, form.low)
    reach = abs(form.A) @ np.abs(variables)
    if form.B.any():
        left = left + form.B * form.outcome(variables)
    return np.where(np.abs(left - limit) <= WORTH_FREEING * np.maximum(reach, np.abs(limit)), prices, 0.0)


def _room(form: StandardForm, spend: Array, cell: int) -> float:
    """By how much a cell's spend can fall without breaking a row."""
    rows, weight = form.column(cell)
    left = form.A @ spend
    above, below = weight < 0.0, weight > 0.0
    rooms = np.concatenate(
        [
            (form.high - left)[rows[above]] / -weight[above],
            (left - form.low)[rows[below]] / weight[below],
            [np.inf],
        ]
    )
    return max(0.0, float(rooms.min()))
