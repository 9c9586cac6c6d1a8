"""Weak duality: an upper bound on the worth of every feasible spend in a box, from any prices."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import CONFLICT_TOLERANCE, EPSILON, SUM_TOLERANCE
from channelmix.engine.problem.formulation import TailRisk
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.response.envelopes import Envelopes


@dataclass(eq=False)
class Leaf:
    """A box and dual prices for it, in standard units.

    Parameters
    ----------
    low, high : ndarray of shape (n_variables,)
        Ends of the box.
    prices : ndarray of shape (n_rows,)
        One price a row: positive against its upper side, negative against its lower side.
    draw_weights : ndarray of shape (n_draws,), optional
        Where there is a risk; see `valid_draw_weights`.
    """

    low: Array
    high: Array
    prices: Array
    draw_weights: Array | None


def valid_draw_weights(form: StandardForm, draw_weights: Array | None) -> bool:
    """Whether draw weights are admissible for the mean of the worst draws, or for the step of a probability."""
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


def chance_weights(form: StandardForm, leaf: Leaf) -> Array:
    """Weights of the draws' outcomes in the bound of a probability; shape (n_draws,)."""
    least, most = form.net_range(leaf.low, leaf.high)
    open_ = (least < form.aim) & (most >= form.aim)
    step = np.zeros(len(least)) if leaf.draw_weights is None else leaf.draw_weights
    return np.asarray(np.where(open_, step / (len(step) * np.where(open_, form.aim - least, 1.0)), 0.0))


def excludes(form: StandardForm, envelopes: Envelopes, leaf: Leaf) -> bool:
    """Whether a leaf's prices (a Farkas vector) prove that nothing in its box obeys the rows.

    The rows must be missed by more than `CONFLICT_TOLERANCE` in total, so that rounding proves nothing.
    """
    if (leaf.low > leaf.high).any():
        return True
    if form.risk is not None and form.floor is None:  # the worst draws count in the objective alone
        leaf = dataclasses.replace(leaf, draw_weights=None)
    weighed = 0.0 if leaf.draw_weights is None else float(leaf.draw_weights.sum())
    largest = max(float(np.abs(leaf.prices).max(initial=0.0)), weighed)
    return _bound(form, envelopes, leaf, 0.0, np.zeros(form.n_variables)) < -CONFLICT_TOLERANCE * largest


def dual_bound(form: StandardForm, envelopes: Envelopes, leaf: Leaf) -> float:
    """Weak duality: no feasible spend in the leaf's box is worth more than this, whatever the prices.

    A row's price is charged against its upper side where positive and its lower side where negative; an
    open side cannot carry a price, and makes the bound infinite. Given prices, and weights of the draws for the
    mean of the worst of them, every variable's best is found alone.

    Parameters
    ----------
    envelopes : Envelopes
        Upper bound of each cell, its grid holding the box's ends.
    """
    return _bound(form, envelopes, leaf, form.gain, form.charge)


def _bound(form: StandardForm, envelopes: Envelopes, leaf: Leaf, gain: float, charge: Array) -> float:
    low, high, prices, draw_weights = leaf.low, leaf.high, leaf.prices, leaf.draw_weights
    side = np.where(prices > 0.0, form.high, form.low)
    priced = prices != 0.0
    if not np.isfinite(side[priced]).all():
        return math.inf
    if form.target is not None and gain:
        return _chance_bound(form, envelopes, leaf)
    weights_of, sizes_of = form.transposed
    slope = weights_of @ prices + charge
    mean = gain * (1.0 - form.tail_weight)
    constant = float(prices[priced] @ side[priced]) - mean * float(form.offset.mean())
    weight = mean - float(prices @ form.B)
    weights = None
    if draw_weights is not None and form.risk is not None:
        constant -= float(draw_weights @ form.offset)
        weights = weight / len(draw_weights) + draw_weights
        if form.risk.floor is not None:
            constant -= float(draw_weights @ form.risk.floor)
            slope = slope + float(draw_weights.sum()) * form.charge_in_outcome
    # Large sums hide their rounding, so it is added: enormous prices must not prove what is false.
    rounding = EPSILON * (len(prices) + form.n_variables)
    error = rounding * (sizes_of @ np.abs(prices) + np.abs(charge))
    constant += rounding * float(np.abs(prices[priced] * side[priced]).sum())
    best = np.maximum(error * np.abs(low) - slope * low, error * np.abs(high) - slope * high)
    if weight > 0.0 or weights is not None:
        factor = weight if weights is None else 1.0
        n = form.n_cells
        most = envelopes.best(factor, (slope - error)[:n], low[:n], high[:n], weights)
        nothing = (low[:n] <= 0.0) & (high[:n] <= form.crumbs[:n])
        best[:n] = np.where(nothing, best[:n], most)
    for state, members in form.states.items():
        on = float(best[members].sum()) - slope[state] if high[state] > 0.0 else -math.inf
        off = 0.0 if low[state] <= 0.0 and (low[members] <= 0.0).all() else -math.inf
        best[state], best[members] = max(on, off), 0.0
    return constant + float(best.sum())


def _chance_bound(form: StandardForm, envelopes: Envelopes, leaf: Leaf) -> float:
    """Bound of a probability: ``1(Y >= T) <= 1 - t + t (Y - L) / (T - L)`` for every draw that is open in the box.

    L is the draw's least net outcome in the box and t, in [0, 1], its weight.
    """
    step = np.zeros(len(form.offset)) if leaf.draw_weights is None else leaf.draw_weights
    least, most = form.net_range(leaf.low, leaf.high)
    sure, open_ = least >= form.aim, (least < form.aim) & (most >= form.aim)
    weights = chance_weights(form, leaf)
    constant = float(sure.mean()) + float((1.0 - step)[open_].sum()) / len(step)
    constant -= float(weights @ (form.offset + least))
    risk = TailRisk(0.0, 1.0, target=None)
    plain = dataclasses.replace(form, risk=risk, gain=0.0, offset=np.zeros(len(form.offset)))
    weighed = dataclasses.replace(leaf, draw_weights=weights)
    charge = float(weights.sum()) * form.charge_in_outcome
    bound = constant + _bound(plain, envelopes, weighed, 0.0, charge)
    return min(bound, float((sure | open_).mean()))  # no other draw can reach the target
