"""Where to split a box of the search, and whole numbers: what to round a relaxation to, and which to split on."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.rules.auxiliary import Auxiliary, OnOff

SOME = 1e-6
"""Spend from which on a cell counts as on, as a share of all that can be spent."""


def held(form: StandardForm, box_low: Array, box_high: Array, variables: Array) -> tuple[Array, Array]:
    """Shrink a box to the whole numbers of `variables` and to what these imply."""
    low, high = box_low.copy(), box_high.copy()
    whole = np.clip(np.round(variables), box_low, box_high)[form.integer]
    low[form.integer] = high[form.integer] = whole
    for variable in np.flatnonzero(form.integer):
        low, high = form.implied(low, high, int(variable))
    return low, high


def roundings(form: StandardForm, variables: Array) -> Iterator[Array]:
    """Suggest whole numbers for a relaxation: the nearest ones, and on for whatever spends and keeps its rules."""
    nearest = np.where(form.integer, np.round(variables), variables)
    states = [i for i in np.flatnonzero(form.integer) if isinstance(_auxiliary(form, int(i)), OnOff)]
    if not states:
        yield nearest
        return
    weight = np.maximum(
        *(
            _shares_of(amounts, [_auxiliary(form, int(i)).cells for i in states])
            for amounts in _behind(form, variables)
        )
    )
    on = nearest.copy()
    on[states] = weight > SOME
    # Where not so many may be on, the smallest go off until the rows that count them hold.
    for k in np.argsort(weight):
        if not _counts_broken(form, on):
            break
        on[states[k]] = 0.0
    yield on
    # What a minimum asks for may be more than it is worth: what spends less than half of it goes off.
    sparse = on.copy()
    for i in states:
        for row in np.flatnonzero((form.A[:, i] < 0.0) & (form.low == 0.0)):
            if form.A[row] @ np.where(form.integer, 0.0, variables) < -0.5 * form.A[row, i]:
                sparse[i] = 0.0
    if (sparse != on).any():
        yield sparse


def _behind(form: StandardForm, variables: Array) -> tuple[Array, Array]:
    """Money on each spend, and what it brings where it acts at once, in the user's order; shape (n_spends,) each."""
    spend = form.to_user(variables)
    if form.delay is not None:
        return spend, spend
    brings = np.empty(form.n_variables)
    brings[form.places[: form.n_cells]] = form.curves.mean_value(np.maximum(variables[: form.n_cells], 0.0))
    return spend, brings[: len(spend)]


def _shares_of(amounts: Array, groups: list[NDArray[np.bool_]]) -> Array:
    """Share of the whole in each group; shape (n_groups,)."""
    total = max(float(amounts.sum()), 1e-300)
    return np.array([float(amounts[cells].sum()) for cells in groups]) / total


def _auxiliary(form: StandardForm, variable: int) -> Auxiliary:
    return form.auxiliaries[variable - (form.n_variables - len(form.auxiliaries))]


def _counts_broken(form: StandardForm, variables: Array) -> bool:
    """Whether a row over whole numbers alone is broken."""
    only = (np.abs(form.A[:, ~form.integer]).max(axis=1, initial=0.0) == 0.0) & (form.B == 0.0)
    left = form.A[only] @ variables
    return bool(((left > form.high[only] + SOME) | (left < form.low[only] - SOME)).any())


def most_telling(form: StandardForm, variables: Array, fraction: Array) -> int:
    """Return the fractional whole number to split on: the state with most outcome behind it, else the coarsest pack."""
    heights = form.curves.mean_value(variables[: form.n_cells])
    places = np.argsort(form.places)  # where each of what acts, spend and auxiliaries stands
    score = np.zeros(len(variables))
    for i in np.flatnonzero(fraction > 0.0):
        auxiliary = _auxiliary(form, int(i))
        cells = np.flatnonzero(auxiliary.cells)
        behind = float(heights[places[cells]].sum())
        if isinstance(auxiliary, OnOff):
            score[i] = behind + 1e-12 * fraction[i]
        else:
            score[i] = behind * fraction[i] / max(abs(variables[i]), 1.0)
    return int(np.argmax(np.where(fraction > 1e-6, score, -1.0)))


def open_state(form: StandardForm, box_low: Array, box_high: Array, variables: Array) -> int | None:
    """Return the on/off state, of those that a box leaves open, with most spend behind it; None if there is none."""
    behind = {
        state: float(variables[members].sum())
        for state, members in form.states.items()
        if box_low[state] < box_high[state]
    }
    return max(behind, key=behind.__getitem__, default=None)


CRUMB = 1e-6
"""Share of a cell's range up to which its spend is too little to split at while it may still be off."""

SLIVER = 1e-9
"""A box is not split closer than this to its ends, as a share of the cell's range."""

LEAST_PART = 0.1
"""Least part of a box's width that a split leaves on either side where a row asks for an outcome."""

WHOLE = 1e-6
"""How near to a whole number counts as one."""


def choose_branch(
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
