"""Branching: where to split a box of the search, and which whole numbers to round a relaxation to."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.tolerances import INTEGER_TOLERANCE, SPEND_TO_COUNT, SPEND_TO_SPLIT, THINNEST_BOX
from channelmix.engine.problem.matrix import entries, row_max
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.rules.auxiliary import Auxiliary, OnOff


def held(form: StandardForm, box_low: Array, box_high: Array, variables: Array) -> tuple[Array, Array]:
    """Fix a box at the rounded whole numbers of `variables`, and shrink it to what these imply."""
    low, high = box_low.copy(), box_high.copy()
    whole = np.clip(np.round(variables), box_low, box_high)[form.integer]
    low[form.integer] = high[form.integer] = whole
    return form.with_whole(low, high)


def roundings(form: StandardForm, variables: Array) -> Iterator[Array]:
    """Suggest whole numbers for a relaxation: the nearest ones, with every state on that has spend behind it."""
    nearest = np.where(form.integer, np.round(variables), variables)
    states = [i for i in np.flatnonzero(form.integer) if isinstance(_auxiliary(form, int(i)), OnOff)]
    if not states:
        yield nearest
        return
    groups = [_auxiliary(form, int(i)).cells for i in states]
    weight = np.maximum(*(_shares(amounts, groups) for amounts in _behind(form, variables)))
    on = nearest.copy()
    on[states] = weight > SPEND_TO_COUNT
    # Where fewer may be on, the smallest are switched off until the rows that count them hold.
    for k in np.argsort(weight):
        if not _counts_broken(form, on):
            break
        on[states[k]] = 0.0
    yield on
    # A minimum may cost more than it brings: a state with less than half of its minimum is switched off.
    sparse = on.copy()
    for i in states:
        for row, weight in zip(*form.column(int(i)), strict=True):
            used, weights = entries(form.A, row)
            spent = float(weights @ np.where(form.integer, 0.0, variables)[used])
            if weight < 0.0 and form.low[row] == 0.0 and spent < -0.5 * weight:
                sparse[i] = 0.0
    if (sparse != on).any():
        yield sparse


def _behind(form: StandardForm, variables: Array) -> tuple[Array, Array]:
    """Spend, and its outcome where it acts at once (else spend again), in the user's order; shape (n_spends,) each."""
    spend = form.to_user(variables)
    if form.delay is not None:
        return spend, spend
    brings = np.empty(form.n_variables)
    brings[form.places[: form.n_cells]] = form.curves.mean_gross(np.maximum(variables[: form.n_cells], 0.0))
    return spend, brings[: len(spend)]


def _shares(amounts: Array, groups: list[NDArray[np.bool_]]) -> Array:
    """Share of the total in each group; shape (n_groups,)."""
    total = max(float(amounts.sum()), 1e-300)
    return np.array([float(amounts[cells].sum()) for cells in groups]) / total


def _auxiliary(form: StandardForm, variable: int) -> Auxiliary:
    return form.auxiliaries[variable - (form.n_variables - len(form.auxiliaries))]


def _counts_broken(form: StandardForm, variables: Array) -> bool:
    """Whether a row over whole numbers alone is broken."""
    only = (row_max(form.A, (~form.integer).astype(float)) == 0.0) & (form.B == 0.0)
    left = (form.A @ variables)[only]
    return bool(
        ((left > form.high[only] + INTEGER_TOLERANCE) | (left < form.low[only] - INTEGER_TOLERANCE)).any()
    )


def _fractional(form: StandardForm, variables: Array, fraction: Array) -> int:
    """Return the fractional whole number to split on: the state with most outcome behind it, else the coarsest pack."""
    heights = form.curves.mean_gross(variables[: form.n_cells])
    places = np.argsort(form.places)  # where each adstocked spend, spend and auxiliary variable stands
    score = np.full(len(variables), -1.0)
    for i in np.flatnonzero(fraction > INTEGER_TOLERANCE):
        auxiliary = _auxiliary(form, int(i))
        behind = float(heights[places[np.flatnonzero(auxiliary.cells)]].sum())
        if isinstance(auxiliary, OnOff):
            score[i] = (
                behind + 1e-12 * fraction[i]
            )  # among states with nothing behind them, the least decided
        else:
            score[i] = behind * fraction[i] / max(abs(variables[i]), 1.0)
    return int(np.argmax(score))


def _open_state(form: StandardForm, box_low: Array, box_high: Array, variables: Array) -> int | None:
    """Return the on/off state that a box leaves open with most spend behind it; None if there is none."""
    behind = {
        state: float(variables[members].sum())
        for state, members in form.states.items()
        if box_low[state] < box_high[state]
    }
    return max(behind, key=behind.__getitem__, default=None)


LEAST_PART = 0.1
"""Least part of a box's width that a split leaves on either side where a row constrains outcome."""


def choose_branch(
    form: StandardForm, box_low: Array, box_high: Array, spend: Array, excess: Array
) -> tuple[int, float] | None:
    """Choose a fractional whole number, else the cell whose hull lies highest above its curve.

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
    if fraction.max(initial=0.0) > INTEGER_TOLERANCE:
        variable = _fractional(form, spend, fraction)
        return variable, float(spend[variable])
    cells, low, high, span = spend[:n], box_low[:n], box_high[:n], form.span[:n]
    room = np.minimum(cells - low, high - cells) > THINNEST_BOX * span
    excess = np.where(room, excess, -math.inf)
    cell = int(np.argmax(excess))
    at = float(cells[cell])
    state = _open_state(form, box_low, box_high, spend)
    if state is not None and at <= SPEND_TO_SPLIT * span[cell]:
        # A curve that rises steeply from 0 makes a tiny part of a state look worth its fee.
        return state, 0.5
    if not room[cell]:
        # Every cell lies at an end of its box, where the hull is exact: halve the widest box to move on.
        width = (box_high - box_low) / np.where(form.span > 0.0, form.span, 1.0)
        width[n:] = np.where(form.integer[n:], width[n:], 0.0)
        widest = int(np.argmax(width))
        middle = 0.5 * float(box_low[widest] + box_high[widest])
        return (widest, middle) if width[widest] > THINNEST_BOX else None
    if form.B.any():
        # Toward an outcome that a row requires, relaxations creep along the foot of an S-curve: step over it.
        inset = LEAST_PART * (high[cell] - low[cell])
        at = float(np.clip(at, low[cell] + inset, high[cell] - inset))
    return cell, at
