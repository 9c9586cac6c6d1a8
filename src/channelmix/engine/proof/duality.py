"""Weak duality: what no feasible spend in a box is worth more than, whatever the prices."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.formulation import TailRisk
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.response import Envelope
from channelmix.engine.tolerances import CONFLICT_TOLERANCE, EPSILON, SUM_TOLERANCE


def valid_draw_weights(form: StandardForm, draw_weights: Array | None) -> bool:
    """Whether weights of draws may stand in for the mean of the worst, or for the step of a chance."""
    if form.risk is None:
        return draw_weights is None
    if (
        draw_weights is None
        or draw_weights.shape != form.offset.shape
        or not np.isfinite(draw_weights).all()
        or (draw_weights < 0.0).any()
    ):
        return False
    if form.risk.target is not None:
        return bool((draw_weights <= 1.0).all())
    total = float(draw_weights.sum())
    if form.risk.floor is None and abs(total - form.gain * form.risk.weight) > SUM_TOLERANCE:
        return False
    most = min(1.0, 1.0 / (form.risk.tail * len(draw_weights)))
    return bool((draw_weights <= total * most * (1.0 + SUM_TOLERANCE)).all())


def chance_weights(form: StandardForm, box_low: Array, box_high: Array, draw_weights: Array | None) -> Array:
    """Weights of the draws' outcomes in the bound of a chance; shape (n_draws,)."""
    draw_weights = np.zeros(len(form.offset)) if draw_weights is None else draw_weights
    least, most = form.net_range(box_low, box_high)
    open_ = (least < form.aim) & (most >= form.aim)
    return np.asarray(
        np.where(open_, draw_weights / (len(draw_weights) * np.where(open_, form.aim - least, 1.0)), 0.0)
    )


def excludes(
    form: StandardForm,
    envelopes: Sequence[Envelope],
    box_low: Array,
    box_high: Array,
    prices: Array,
    draw_weights: Array | None = None,
) -> bool:
    """Whether `prices` (a Farkas vector) prove that nothing in the box obeys the rows.

    The rows must miss by more than `CONFLICT_TOLERANCE` in total, so that rounding proves nothing.
    """
    if (box_low > box_high).any():
        return True
    if form.risk is not None and form.risk.floor is None:
        draw_weights = None  # the worst draws count in the objective alone
    largest = max(
        float(np.abs(prices).max(initial=0.0)), 0.0 if draw_weights is None else float(draw_weights.sum())
    )
    bound = _bound(form, envelopes, box_low, box_high, prices, draw_weights, 0.0, np.zeros(form.n_variables))
    return bound < -CONFLICT_TOLERANCE * largest


def dual_bound(
    form: StandardForm,
    envelopes: Sequence[Envelope],
    box_low: Array,
    box_high: Array,
    prices: Array,
    draw_weights: Array | None = None,
) -> float:
    """Weak duality: nothing feasible in the box is worth more than this, whatever the prices.

    A row's price is charged against its upper side where positive and its lower side where negative; an
    open side cannot carry a price, and makes the bound infinite. Given prices, and weights of the draws for the
    mean of the worst of them, every variable's best is found alone.

    Parameters
    ----------
    envelopes : sequence of Envelope
        Upper bound of each cell, its grid holding the box's ends.
    box_low, box_high : ndarray of shape (n_variables,)
    prices : ndarray of shape (n_rows,)
    draw_weights : ndarray of shape (n_draws,), optional
        Where there is a risk; see `valid_draw_weights`.
    """
    return _bound(form, envelopes, box_low, box_high, prices, draw_weights, form.gain, form.charge)


def _bound(
    form: StandardForm,
    envelopes: Sequence[Envelope],
    box_low: Array,
    box_high: Array,
    prices: Array,
    draw_weights: Array | None,
    gain: float,
    charge: Array,
) -> float:
    side = np.where(prices > 0.0, form.high, form.low)
    priced = prices != 0.0
    if not np.isfinite(side[priced]).all():
        return math.inf
    if form.target is not None and gain:
        return _chance_bound(form, envelopes, box_low, box_high, prices, draw_weights)
    slope = prices @ form.A + charge
    mean = gain if form.risk is None else gain * (1.0 - form.risk.weight)
    constant = float(prices[priced] @ side[priced]) - mean * float(form.offset.mean())
    weight = mean - float(prices @ form.B)
    weights = None
    if draw_weights is not None and form.risk is not None:
        constant -= float(draw_weights @ form.offset)
        weights = weight / len(draw_weights) + draw_weights
        if form.risk.floor is not None:
            constant -= float(draw_weights @ form.risk.floor)
            slope = slope + float(draw_weights.sum()) * form.charge_in_outcome
    # Large sums hide their rounding: prices without measure would prove what is not so.
    rounding = EPSILON * (len(prices) + form.n_variables)
    hair = rounding * (np.abs(prices) @ np.abs(form.A) + np.abs(charge))
    constant += rounding * float(np.abs(prices[priced] * side[priced]).sum())
    best = np.maximum(hair * np.abs(box_low) - slope * box_low, hair * np.abs(box_high) - slope * box_high)
    if weight > 0.0 or weights is not None:
        factor = weight if weights is None else 1.0
        for i, envelope in enumerate(envelopes):
            if box_low[i] <= 0.0 and box_high[i] <= form.crumbs[i]:
                continue
            spend, outcome = envelope.vertices(float(box_low[i]), float(box_high[i]), weights)
            best[i] = np.max(factor * outcome - (slope[i] - hair[i]) * spend)
    for state, members in form.states.items():
        on = float(best[members].sum()) - slope[state] if box_high[state] > 0.0 else -math.inf
        off = 0.0 if box_low[state] <= 0.0 and (box_low[members] <= 0.0).all() else -math.inf
        best[state], best[members] = max(on, off), 0.0
    return constant + float(best.sum())


def _chance_bound(
    form: StandardForm,
    envelopes: Sequence[Envelope],
    box_low: Array,
    box_high: Array,
    prices: Array,
    draw_weights: Array | None,
) -> float:
    """Bound of a chance: ``1(Y >= T) <= 1 - t + t (Y - L) / (T - L)`` of every draw that is open in the box.

    L is the draw's least net outcome in the box and t, in [0, 1], its weight.
    """
    draw_weights = np.zeros(len(form.offset)) if draw_weights is None else draw_weights
    least, most = form.net_range(box_low, box_high)
    sure, open_ = least >= form.aim, (least < form.aim) & (most >= form.aim)
    weights = chance_weights(form, box_low, box_high, draw_weights)
    constant = float(sure.mean()) + float((1.0 - draw_weights)[open_].sum()) / len(draw_weights)
    constant -= float(weights @ (form.offset + least))
    risk = TailRisk(0.0, 1.0, target=None)
    plain = dataclasses.replace(form, risk=risk, gain=0.0, offset=np.zeros(len(form.offset)))
    charge = float(weights.sum()) * form.charge_in_outcome
    bound = constant + _bound(plain, envelopes, box_low, box_high, prices, weights, 0.0, charge)
    return min(bound, float((sure | open_).mean()))  # no draw counts that cannot reach it at all
