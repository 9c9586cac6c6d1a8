"""Fatigue: every promotional contact makes some customers withdraw their consent, and a consent is worth something."""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.draws import Drawn
from channelmix.profile import Cell


def opt_out_charge(
    cell: Cell, drawn: Drawn, useful: Array, contacts_a_month: Array, margin: Array, cost: Array
) -> float:
    """Loss by opt-outs per unit of spend, a mean over draws.

    Parameters
    ----------
    cell : Cell
        Of purpose promotion.
    drawn : Drawn
        Its quantities.
    useful : ndarray of shape (n_draws,)
        Useful contacts of all customers in a period; where there are none, nobody opts out.
    contacts_a_month : ndarray of shape (n_draws,)
        Useful contacts of one customer in a month.
    margin : ndarray of shape (n_draws,)
        What a useful contact earns after its cost, in currency.
    cost : ndarray of shape (n_draws,)
        What a contact costs, in currency.
    """
    if not cell.fatigue or (cell.opt_out_per_contact is None and not drawn.has("opt_out_per_message")):
        return 0.0
    opt_out = drawn("opt_out_per_message", cell.opt_out_per_contact)
    if cell.value_per_consent is None:
        # A consent ends for other reasons or by an opt-out: however often customers are contacted, a contact never
        # costs more in later ones than one of these is worth.
        months = 1.0 / (1.0 / drawn("months_consented") + opt_out * contacts_a_month)
        consent = months * contacts_a_month * margin
    else:
        consent = drawn.constant(cell.value_per_consent)
    return float(np.where(useful > 0.0, opt_out * consent / cost, 0.0).mean())


def best_margin(worth: Array, cost: Array) -> Array:
    """What a useful contact earns at best, after its cost.

    The curve itself says so: u contacts bought for each useful one bring ``worth * (1 - exp(-u)) - cost * u``, which is
    largest at ``u = log(worth / cost)``. Taking the first contact's worth for all would count them as if none repeated.
    """
    ratio = np.maximum(worth / cost, 1.0)
    return np.asarray(cost * (ratio - 1.0 - np.log(ratio)))
