"""Whole numbers in the search: what to round a relaxation to, and which number to split on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.rules.auxiliary import Auxiliary, OnOff

__all__ = ["held", "most_telling", "open_state", "roundings"]


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
