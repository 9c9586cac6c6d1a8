"""Projection: the feasible spend nearest to a wish."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, nearest_name
from channelmix.core.tolerances import SPEND_DUST
from channelmix.engine.problem.matrix import Matrix
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.rules.rows import number
from channelmix.engine.solver.branching import held, roundings
from channelmix.engine.solver.linear_program import LinearProgram
from channelmix.engine.solver.nearest_point import nearest_point
from channelmix.engine.solver.onto_rows import onto_rows

FLOOR = 0.01
"""Share of the mean wish that is added to every cell's weight, so that a cell with a wish of 0 can move at all."""


def project(problem: AllocationProblem, wish: Mapping[str, float]) -> dict[str, float] | None:
    """Return the feasible spend nearest to `wish`, changing cells in proportion to what they wish for.

    It minimizes ``sum((spend - wish)^2 / (wish + floor))``, with a floor of 1 % of the mean wish: a limit on a
    total scales its cells alike, and cells with a wish of 0 get money only where a rule asks for it.

    Parameters
    ----------
    problem : AllocationProblem
        Its rules on spend are obeyed; its curves and its rules on outcome are ignored.
    wish : mapping of cell name to spend
        0 for cells not named.

    Returns
    -------
    dict of cell name to spend, or None if the rules conflict

    Raises
    ------
    InputError
        If the wish names an unknown cell or an amount is not finite.
    """
    names = problem.cells.names
    known = set(names)
    for name, wanted in wish.items():
        if name not in known:
            raise InputError(f'a wish for an unknown cell "{name}"{nearest_name(name, names)}')
        number(wanted, f"the wish for {name}", minimum=-math.inf)
    nearest = nearest_spend(problem, np.array([float(wish.get(name, 0.0)) for name in names]))
    return None if nearest is None else dict(zip(names, nearest.ravel().tolist(), strict=True))


def nearest_spend(problem: AllocationProblem, wish: Array) -> Array | None:
    """Return the feasible spend nearest to `wish`, both of the problem's shape; see `project`."""
    form = problem.standard
    wished = form.from_user(wish)
    linear = dataclasses.replace(
        form, low=np.where(form.B > 0.0, -math.inf, form.low), B=np.zeros(len(form.B))
    )
    if problem.violation(wish) == 0.0 or (form.B.any() and linear.violation(wished) == 0.0):
        return wish.reshape(problem.shape)
    if form.empty_box:
        return None
    nearest = _nearest(linear, wished, form.box_low, form.box_high)
    if nearest is not None and form.integer.any():
        boxes = (
            held(form, form.box_low, form.box_high, rounded) for rounded in _wholes(linear, wished, nearest)
        )
        inside = (_nearest(linear, wished, low, high) for low, high in boxes if (low <= high).all())
        nearest = next((found for found in inside if found is not None), None)
    if nearest is None:
        return None
    exact = onto_rows(dataclasses.replace(linear, risk=None), nearest)
    nearest = nearest if exact is None else exact
    spend = form.to_user(nearest)
    # The solver's rounding leaves dust on cells with a wish of 0; it stays only where a rule requires it.
    swept = np.where((wish.ravel() == 0.0) & (spend <= SPEND_DUST * float(spend.sum())), 0.0, spend)
    return (swept if problem.violation(swept) <= problem.violation(spend) else spend).reshape(problem.shape)


def _wholes(form: StandardForm, wished: Array, nearest: Array) -> Iterator[Array]:
    """Suggest whole numbers: the nearest point rounded, then, if rules forbid that, a mixed-integer program's."""
    yield from roundings(form, nearest)
    A, limit = _rows(form)
    switches = np.zeros((len(form.states), form.n_variables))
    for row, (state, members) in zip(
        switches, form.states.items(), strict=True
    ):  # the form has no row for them
        row[members], row[state] = 1.0, -float(form.box_high[members].sum())
    goal, weight = _wish(form, wished)
    n, apart = form.n_variables, eye_array(len(goal))
    # Columns: the variables, and each spend's distance above its goal and below it.
    wishes = hstack([eye_array(n, format="csr")[form.spends], -apart, apart])
    bounds = vstack([A, csr_array(switches)])
    m = bounds.shape[0]
    table = vstack([hstack([bounds, csr_array((m, 2 * len(goal)))]), wishes], format="csc")
    found = LinearProgram(integer=form.integer).solve(
        -np.concatenate([np.zeros(n), 1.0 / weight, 1.0 / weight]),
        table,
        np.append(form.box_low, np.zeros(2 * len(goal))),
        np.append(form.box_high, np.full(2 * len(goal), np.inf)),
        np.concatenate([np.full(m, -np.inf), goal]),
        np.concatenate([limit, np.zeros(len(switches)), goal]),
    )
    if found is not None:
        yield found[0][:n]


def _rows(form: StandardForm) -> tuple[Matrix, Array]:
    """Rows with upper limits only: a lower limit is written as the upper limit of the negative row."""
    above, below = np.isfinite(form.high), np.isfinite(form.low)
    rows = vstack([form.A[np.flatnonzero(above)], -form.A[np.flatnonzero(below)]], format="csr")
    return rows, np.concatenate([form.high[above], -form.low[below]])


def _wish(form: StandardForm, wished: Array) -> tuple[Array, Array]:
    """Wish and weight of every spend."""
    goal = wished[form.spends]
    return goal, np.abs(goal) + (FLOOR * float(np.abs(goal).mean()) or 1.0)


def _nearest(form: StandardForm, wished: Array, low: Array, high: Array) -> Array | None:
    """Solve the quadratic program over a box, in standard units."""
    goal, weight = _wish(form, wished)
    A, limit = _rows(form)
    nearest = nearest_point(goal, 1.0 / np.sqrt(weight), form.spends, A, limit, low, high)
    return None if nearest is None else np.asarray(np.clip(nearest, low, high))
