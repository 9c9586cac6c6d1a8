"""Money that brings nothing: where a plan may spend less without being worth less, it spends less."""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm

__all__ = ["prices_that_hold", "without_idle_money"]


NOTHING = 1e-9
"""What all idle money together may bring, as a share of the plan's outcome."""

WORTH_FREEING = 1e-4
"""Share of total spend from which on a cell's idle money is taken from it."""

HALVINGS = 40
"""Steps of the search for the least spend that brings as much."""

PASSES = 2
"""Times each cell is cut: what one gives back may let the share of another fall."""


def without_idle_money(form: StandardForm, variables: Array) -> Array:
    """Return the variables with spend less what brings nothing, as far as the rows allow.

    A solver is free to leave money on a cell that is saturated or reaches nobody. Nobody wants to read that in a plan.

    Parameters
    ----------
    form : StandardForm
    variables : ndarray of shape (n_variables,)
        Obey the rows, in standard units.
    """
    n = form.n_cells
    spend = variables[:n]
    worth_freeing = WORTH_FREEING * float(spend.sum())
    outcome = form.curves.mean_value(spend)
    enough = outcome - NOTHING * float(outcome.sum()) / n
    probe = np.maximum(spend - worth_freeing, form.box_low[:n])
    idle = (form.curves.mean_value(probe) >= enough) & (probe < spend)
    if not idle.any():
        return variables
    low, high = form.box_low[:n], np.where(idle, probe, spend)
    high = np.where(idle & (form.curves.mean_value(low) >= enough), low, high)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        sufficient = form.curves.mean_value(middle) >= enough
        low, high = np.where(sufficient, low, middle), np.where(sufficient, middle, high)
    least = variables.copy()
    for i in [*np.flatnonzero(idle)] * PASSES:
        least[i] = max(high[i], least[i] - _room(form, least, int(i)))
    return form.from_user(form.to_user(least))


def prices_that_hold(form: StandardForm, variables: Array, prices: Array) -> Array:
    """Return the rows' prices, without those of rows that are no longer at the limit that they priced."""
    left = form.A @ variables
    limit = np.where(prices > 0.0, form.high, form.low)
    reach = np.abs(form.A) @ np.abs(variables)
    if form.B.any():
        left = left + form.B * form.outcome(variables)
    return np.where(np.abs(left - limit) <= WORTH_FREEING * np.maximum(reach, np.abs(limit)), prices, 0.0)


def _room(form: StandardForm, spend: Array, cell: int) -> float:
    """By how much a cell's spend can fall before a row is broken."""
    weight, left = form.A[:, cell], form.A @ spend
    above, below = weight < 0.0, weight > 0.0
    rooms = np.concatenate(
        [(form.high - left)[above] / -weight[above], (left - form.low)[below] / weight[below], [np.inf]]
    )
    return max(0.0, float(rooms.min()))
