"""The spend nearest to a wish that obeys the rules."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cvxpy as cp
import numpy as np
from scipy.sparse import csr_array

from channelmix.allocation.relaxation import solve_program
from channelmix.errors import InputError, nearest_name
from channelmix.problem import AllocationProblem
from channelmix.rules.base import number

__all__ = ["project"]


FLOOR = 0.01
"""Share of the mean wish that is added to every cell's weight, so that a cell without a wish can move at all."""


def project(problem: AllocationProblem, wish: Mapping[str, float]) -> dict[str, float] | None:
    """Return the feasible spend nearest to `wish`, changing cells in proportion to what they wish for.

    It has the least ``sum((spend - wish)^2 / (wish + floor))``, with a floor of 1 % of the mean wish: a limit on a
    total scales its cells alike, and cells that wish for nothing get something only where a rule asks for it.

    Parameters
    ----------
    problem : AllocationProblem
        Its rules are obeyed; its curves play no part.
    wish : mapping of cell name to spend
        Cells not named wish for none.

    Returns
    -------
    dict of cell name to spend, or None if the rules conflict

    Raises
    ------
    InputError
        If the wish names an unknown cell, or an amount is not finite.
    """
    names = problem.curves.names
    for name, wanted in wish.items():
        if name not in names:
            raise InputError(f'a wish for an unknown cell "{name}"{nearest_name(name, names)}')
        number(wanted, f"the wish for {name}", minimum=-math.inf)
    target = np.array([float(wish.get(name, 0.0)) for name in names])
    if problem.violation(target) == 0.0:
        return dict(zip(names, target.tolist(), strict=True))
    form = problem.standard
    if form.empty_box:
        return None
    spend = cp.Variable(form.n_cells, bounds=[form.box_low, form.box_high])
    above, below = np.isfinite(form.high), np.isfinite(form.low)
    rows = []
    if above.any():
        rows.append(csr_array(form.A[above]) @ spend <= form.high[above])
    if below.any():
        rows.append(csr_array(form.A[below]) @ spend >= form.low[below])
    wished = form.from_user(target)
    weight = np.abs(wished) + (FLOOR * float(np.abs(wished).mean()) or 1.0)
    distance = cp.sum_squares(cp.multiply(1.0 / np.sqrt(weight), spend - wished))
    program = cp.Problem(cp.Minimize(distance), rows)
    if not solve_program(program, "CLARABEL"):
        return None
    nearest = np.clip(np.asarray(spend.value), form.box_low, form.box_high)
    return dict(zip(names, form.to_user(nearest).tolist(), strict=True))
