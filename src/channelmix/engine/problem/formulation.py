"""A problem's rules and objective as one system of rows over all variables, in the user's units and order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, hstack, vstack

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.core.tolerances import CONFLICT_TOLERANCE, OUTWARD_ROUNDING
from channelmix.engine.problem.bounds import propagate
from channelmix.engine.problem.matrix import Matrix, matrix_of
from channelmix.engine.problem.statement import Statement
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.carryover import Delay
from channelmix.engine.rules import Auxiliary, Row
from channelmix.engine.rules.auxiliary import OnOff


@dataclass(frozen=True, eq=False)
class TailRisk:
    """How the worst draws count.

    Parameters
    ----------
    weight : float
        Weight of the worst draws' mean in the objective.
    tail : float
        Share of the draws that count as the worst.
    floor : ndarray of shape (n_draws,), optional
        Net outcome of a baseline: the improvement on it must not be negative in the mean over the worst draws.
    target : float, optional
        Net outcome to reach in as many draws as possible, which is then the objective.
    baseline : ndarray of shape (n_spends,), optional
        The baseline's spend, in the user's order and unit. A search looks there; no claim depends on it.
    """

    weight: float
    tail: float
    floor: Array | None = None
    target: float | None = None
    baseline: Array | None = None


@dataclass(frozen=True, eq=False)
class Formulation:
    """``maximize gain * sum F_i(v_i) - charge @ v`` subject to ``low <= A v + B sum F_i(v_i) <= high`` in a box.

    The variables v are the adstocked spends, then, with a carry-over, the spends themselves, then the rules' auxiliary
    variables. The first rows are the problem's own; rows that tie variables to each other follow.
    """

    curves: ResponseCurves
    A: Matrix
    B: Array
    low: Array
    high: Array
    gain: float
    charge: Array
    charge_in_outcome: Array
    """Charges in units of outcome, per unit of each variable."""
    offset: Array
    """Net outcome of spend before the plan, which does not count; shape (n_draws,)."""
    rates: Array
    """What the cells' curves are too high by, per unit of spend, since their losses are charged so; (n_cells,)."""
    box_low: Array
    box_high: Array
    auxiliaries: tuple[Auxiliary, ...]
    delay: Delay | None
    risk: TailRisk | None


def formulate(stated: Statement, risk: TailRisk | None = None) -> Formulation:
    """Write a problem's rows over all variables.

    Parameters
    ----------
    stated : Statement
    risk : TailRisk, optional
        How the worst draws count; None where the mean alone does.

    Raises
    ------
    InputError
        If a cell's spend has no limit.
    """
    curves, auxiliaries, spends = stated.response, stated.auxiliaries, len(stated.charges)
    rates = np.zeros(curves.n_cells)
    if stated.lossy is not None:
        curves, rates = curves.less(stated.lossy)
    gain, price = stated.scenario.gain, stated.scenario.price
    A, low, high = _stated(stated.rows, spends, auxiliaries)
    B = np.array([row.outcome for row in stated.rows])
    # Without auxiliary variables the rows on spend say all; they have been followed once.
    known = None if auxiliaries else stated.row_box
    box_low, box_high = _box(A, low, high, B, spends, auxiliaries, known)
    most = np.maximum(box_high, box_low)[:spends]
    if not np.isfinite(most).all():
        cell = curves.names[int(np.argmin(np.isfinite(most)))]
        raise InputError(f"spend on {cell} has no limit: state a budget or an upper bound")
    links, links_low, links_high = _links(most, auxiliaries)
    A, B = vstack([A, links], format="csr"), np.append(B, np.zeros(links.shape[0]))
    charge_in_outcome = np.append(stated.charges, [one.charge for one in auxiliaries])
    if stated.delay is None:
        charge_in_outcome[:spends] += rates
    if B.any():
        A = csr_array(A - csr_array(B[:, np.newaxis]) @ csr_array(charge_in_outcome[np.newaxis]))
        A.eliminate_zeros()
    money = np.append(np.ones(spends), [one.fee for one in auxiliaries])
    form = Formulation(
        curves=curves,
        A=A,
        B=B,
        low=np.append(low, links_low),
        high=np.append(high, links_high),
        gain=gain,
        charge=gain * charge_in_outcome + price * money,
        charge_in_outcome=charge_in_outcome,
        offset=np.zeros(curves.n_draws),
        rates=rates,
        box_low=box_low,
        box_high=box_high,
        auxiliaries=auxiliaries,
        delay=stated.delay,
        risk=risk,
    )
    return form if stated.delay is None else _with_adstock(form, stated.delay)


def _with_adstock(form: Formulation, delay: Delay) -> Formulation:
    """Put adstocked spends before the variables, tied to spend by ``x = W s + x0``."""
    W, start = delay.matrix, delay.start
    (n, spends), none = W.shape, np.zeros(len(start))
    link = hstack([eye_array(n), -W, csr_array((n, len(form.auxiliaries)))])
    ends = form.box_low, np.maximum(form.box_high, form.box_low)
    least, most = (W @ np.maximum(end[:spends], 0.0) + start for end in ends)
    box_low, box_high = np.maximum(least - OUTWARD_ROUNDING * most, 0.0), most * (1.0 + OUTWARD_ROUNDING)
    if (form.box_low > form.box_high).any():  # an empty box stays empty in spend alone
        box_high = np.maximum(box_low, box_high)
    offset, B = form.curves.total(start) - form.rates @ start, np.append(form.B, none)
    of_rows = csr_array(-form.B[:, np.newaxis]) @ csr_array(form.rates[np.newaxis])
    of_rows.eliminate_zeros()
    return dataclasses.replace(
        form,
        A=vstack([hstack([of_rows, form.A]), link], format="csr"),
        B=B,
        low=np.append(form.low, start) + B * float(offset.mean()),
        high=np.append(form.high, start),
        charge=np.append(form.gain * form.rates, form.charge),
        charge_in_outcome=np.append(form.rates, form.charge_in_outcome),
        offset=offset,
        box_low=np.append(box_low, form.box_low),
        box_high=np.append(box_high, form.box_high),
    )


def _stated(
    rows: Sequence[Row], spends: int, auxiliaries: Sequence[Auxiliary]
) -> tuple[Matrix, Array, Array]:
    """Rows as a matrix over spend and auxiliary variables, with their limits."""
    column = {one.key: spends + i for i, one in enumerate(auxiliaries)}
    parts = []
    for row in rows:
        extra = {column[key]: weight for key, weight in row.extra.items() if weight}
        places = np.append(row.coefficients.places, sorted(extra)).astype(np.intp)
        parts.append((places, np.append(row.coefficients.values, [extra[i] for i in sorted(extra)])))
    A = matrix_of(parts, spends + len(auxiliaries))
    return A, np.array([row.low for row in rows]), np.array([row.high for row in rows])


def _box(
    A: Matrix, low: Array, high: Array, B: Array, spends: int, auxiliaries: Sequence[Auxiliary],
    known: tuple[Array, Array] | None,
) -> tuple[Array, Array]:  # fmt: skip
    """Bound each variable from the rows alone, starting from spend >= 0; shape (n_variables,) each."""
    box_low, box_high = np.zeros(A.shape[1]), np.full(A.shape[1], np.inf)
    if known is not None:
        box_low, box_high = known[0].copy(), known[1].copy()
    linear = B == 0.0  # a row on outcome implies no bound on spend by itself
    for _ in range(2 if auxiliaries else 0):
        for i, one in enumerate(auxiliaries, start=spends):
            ends = one.box(box_low[:spends], np.maximum(box_low, box_high)[:spends])
            box_low[i], box_high[i] = max(box_low[i], ends[0]), min(box_high[i], ends[1])
        propagate(A[linear], low[linear], high[linear], box_low, box_high)
        for i, one in enumerate(auxiliaries, start=spends):
            if isinstance(one, OnOff) and (box_low[:spends][one.cells] > 0.0).any():
                box_low[i] = 1.0
            if one.integer:
                box_low[i] = np.ceil(box_low[i] - CONFLICT_TOLERANCE)
                box_high[i] = np.floor(box_high[i] + CONFLICT_TOLERANCE)
            if isinstance(one, OnOff) and box_high[i] <= 0.0:
                box_high[:spends][one.cells] = 0.0
    unit = np.ones(len(box_low))
    unit[:spends] = np.max(np.where(np.isfinite(box_high), box_high, 0.0)[:spends], initial=0.0)
    touching = (box_low > box_high) & (box_low <= box_high + CONFLICT_TOLERANCE * unit)
    return box_low, np.where(touching, box_low, box_high)


def _links(most: Array, auxiliaries: Sequence[Auxiliary]) -> tuple[Matrix, Array, Array]:
    """Rows that tie auxiliary variables to spend, and their limits, except those that the search ties itself."""
    owned = set(kept_out(auxiliaries))
    rows, low, high = [], [], []
    for i, one in enumerate(auxiliaries):
        for weights, own, row_low, row_high in () if i in owned else one.links(most):
            places = np.flatnonzero(weights)
            rows.append((np.append(places, len(most) + i), np.append(weights[places], own)))
            low.append(row_low)
            high.append(row_high)
    return matrix_of(rows, len(most) + len(auxiliaries)), np.array(low), np.array(high)


def kept_out(auxiliaries: Sequence[Auxiliary]) -> list[int]:
    """Choose the on/off states without rows of their own: disjoint ones, so that each cell has one at most."""
    taken: NDArray[np.bool_] | None = None
    owned = []
    for i, one in enumerate(auxiliaries):
        if isinstance(one, OnOff) and (taken is None or not (taken & one.cells).any()):
            taken = one.cells if taken is None else taken | one.cells
            owned.append(i)
    return owned
