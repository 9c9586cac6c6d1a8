"""Where to split a box of the search."""

from __future__ import annotations

import math

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.solver.branching import most_telling, open_state

__all__ = ["split_at"]


CRUMB = 1e-6
"""Share of a cell's range up to which its spend is too little to split at while it may still be off."""

SLIVER = 1e-9
"""A box is not split closer than this to its ends, as a share of the cell's range."""

LEAST_PART = 0.1
"""Least part of a box's width that a split leaves on either side where a row asks for an outcome."""

WHOLE = 1e-6
"""How near to a whole number counts as one."""


def split_at(
    form: StandardForm, box_low: Array, box_high: Array, spend: Array, excess: Array
) -> tuple[int, float] | None:
    """Choose a whole number that is none, else the cell whose hull lies highest above its curve.

    Parameters
    ----------
    form : StandardForm
    box_low, box_high : ndarray of shape (n_variables,)
    spend : ndarray of shape (n_variables,)
        Where the relaxation is at its best.
    excess : ndarray of shape (n_cells,)
        By how much the hull lies above the curve there.

    Returns
    -------
    tuple of int and float, or None
        The variable and where to split it; None if the box is too small to be split.
    """
    n = form.n_cells
    fraction = np.where(form.integer, np.abs(spend - np.round(spend)), 0.0)
    if fraction.max(initial=0.0) > WHOLE:
        variable = most_telling(form, spend, fraction)
        return variable, float(spend[variable])
    cells, low, high, span = spend[:n], box_low[:n], box_high[:n], form.span[:n]
    room = np.minimum(cells - low, high - cells) > SLIVER * span
    excess = np.where(room, excess, -math.inf)
    cell = int(np.argmax(excess))
    at = float(cells[cell])
    state = open_state(form, box_low, box_high, spend)
    if state is not None and at <= CRUMB * span[cell]:
        # A curve that rises steeply from nothing makes a hair of a state look worth its fee.
        return state, 0.5
    if not room[cell]:
        # Every cell lies at an end of its box, where the hull is exact: halve the widest box to move on.
        width = (box_high - box_low) / np.where(form.span > 0.0, form.span, 1.0)
        width[n:] = np.where(form.integer[n:], width[n:], 0.0)
        widest = int(np.argmax(width))
        return (widest, 0.5 * float(box_low[widest] + box_high[widest])) if width[widest] > SLIVER else None
    if form.B.any():
        # Toward an outcome that a row asks for, a relaxation creeps along the foot of an S: leave it behind.
        inset = LEAST_PART * (high[cell] - low[cell])
        at = float(np.clip(at, low[cell] + inset, high[cell] - inset))
    return cell, at
