"""Correct a candidate so that it obeys the rows exactly, before it is valued.

A linear program may break a row within its tolerance. Where a curve is infinitely steep at 0, even so little spend
brings something, and the candidate would be worth more than any feasible spend. So a candidate is corrected by a second
program in units of the violation (iterative refinement), and crumbs of spend are removed.

References
----------
Gleixner, A. M., Steffy, D. E. & Wolter, K. (2016), "Iterative refinement for linear programming", INFORMS Journal on
Computing 28(3).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from channelmix.core.arrays import Array
from channelmix.core.tolerances import CONFLICT_TOLERANCE, EXACT_ROW, INSIDE_ROW, ROW_TOLERANCE
from channelmix.engine.problem.matrix import Matrix
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.solver.linear_program import LinearProgram

CORRECTIONS = 3
"""Most corrections: the first is exact for rows of spend, the others are for rows of outcome, which are curved."""

UNMET = 1e3
"""Penalty per unit that a corrected row still misses; a unit of spend moved costs 1."""


def onto_rows(form: StandardForm, variables: Array) -> Array | None:
    """Return the nearest variables that obey the rows, or None if there are none nearby.

    Rows of spend hold up to the rounding of their sums, or as nearly as they can where the rules contradict each other
    by less than `CONFLICT_TOLERANCE`. Rows of outcome hold as nearly as a linear correction brings them, within
    `ROW_TOLERANCE`.

    Parameters
    ----------
    form : StandardForm
    variables : ndarray of shape (n_variables,)
        In standard units; they break rows by no more than `ROW_TOLERANCE`. Whole numbers stay as they are.
    """
    found = _complete(form, variables)
    for _ in range(CORRECTIONS):
        swept = _without_crumbs(form, found)
        for candidate in (swept, found):
            if max(form.excess(candidate)) <= EXACT_ROW:
                return candidate
        corrected = _corrected(form, swept)
        if corrected is None:
            break
        found = _complete(form, corrected)
    found = min((_without_crumbs(form, found), found), key=lambda candidate: max(form.excess(candidate)))
    of_spend, of_outcome = form.excess(found)
    return found if of_spend <= CONFLICT_TOLERANCE and of_outcome <= ROW_TOLERANCE else None


def _complete(form: StandardForm, variables: Array) -> Array:
    """All variables implied by the spend in `variables`, within the box."""
    return form.from_user(form.to_user(np.clip(variables, form.box_low, form.box_high)))


def _without_crumbs(form: StandardForm, variables: Array) -> Array:
    """The variables without crumbs of spend; see `StandardForm.crumbs`."""
    spends = np.zeros(form.n_variables, dtype=bool)
    spends[form.spends] = True
    crumbs = spends & (variables <= form.crumbs) & (variables > 0.0) & (form.box_low <= 0.0)
    return _complete(form, np.where(crumbs, 0.0, variables)) if crumbs.any() else variables


def _corrected(form: StandardForm, variables: Array) -> Array | None:
    """Move the variables as little as possible so that they obey the rows, linearized around them."""
    weights, left, low, high = _rows_around(form, variables)
    unit = max(*form.excess(variables), EXACT_ROW)
    room = np.where(high - low > 4.0 * INSIDE_ROW, INSIDE_ROW, 0.0)
    m, n = weights.shape
    fixed = form.integer.copy()
    for state, members in form.states.items():
        fixed[members] |= variables[state] == 0.0
    down = np.where(fixed, 0.0, np.maximum(variables - form.box_low, 0.0)) / unit
    up = np.where(fixed, 0.0, np.maximum(form.box_high - variables, 0.0)) / unit
    # Columns: moves up, moves down, and what each row still misses below and above.
    table = hstack([weights, -weights, eye_array(m), -eye_array(m)], format="csc")
    found = LinearProgram().solve(
        -np.concatenate([np.ones(2 * n), np.full(2 * m, UNMET)]),
        table,
        np.zeros(table.shape[1]),
        np.concatenate([up, down, np.full(2 * m, np.inf)]),
        (low + room - left) / unit,
        (high - room - left) / unit,
    )
    return None if found is None else np.asarray(variables + unit * (found[0][:n] - found[0][n : 2 * n]))


def _rows_around(form: StandardForm, variables: Array) -> tuple[Matrix, Array, Array, Array]:
    """The rows linearized around the variables: weights, current values, and lower and upper limits."""
    weights, left, low, high = form.A, form.A @ variables, form.low, form.high
    if not form.B.any() and form.floor is None:
        return weights, left, low, high
    slopes = form.curves.derivative(variables[: form.n_cells])
    # An infinite slope at 0 is no finite gain to count on.
    slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    mean = np.append(slopes.mean(axis=0), np.zeros(form.n_variables - form.n_cells))
    weights = csr_array(weights + csr_array(form.B[:, np.newaxis]) @ csr_array(mean[np.newaxis]))
    left = left + form.B * form.outcome(variables)
    if form.risk is not None and form.floor is not None:
        row = -form.charge_in_outcome
        row[: form.n_cells] += form.worst(variables) @ slopes
        weights = vstack([weights, csr_array(row[np.newaxis])], format="csr")
        left = np.append(left, form.tail_gain(variables))
        low, high = np.append(low, 0.0), np.append(high, np.inf)
    return weights, left, low, high
