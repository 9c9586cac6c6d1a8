"""Response curves and charges from draws of published quantities.

Symbols: A, customers reachable; f, contacts that one of them bears in a period; N = A * f, useful contacts; n, contacts
bought = spend / cost per contact. All money is in the profile's currency per period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.draws import CellDraws, Drawn, once
from channelmix.effectiveness.published.promotion import worth_of_contact
from channelmix.effectiveness.published.quantities import ON_PHONES
from channelmix.effectiveness.published.service import positive, service_curve, service_shares
from channelmix.effectiveness.published.word_of_mouth import Talk, talk
from channelmix.engine.response import ResponseCurves, Service
from channelmix.profile import Cell
from channelmix.profile.fields.fields import DAYS_A_YEAR

DAYS_PER_MONTH = DAYS_A_YEAR / 12.0

DAYS_PER_WEEK = 7.0


@dataclass(frozen=True, eq=False)
class PriorResponse:
    """Response curves and charges of some cells.

    Parameters
    ----------
    curves : ResponseCurves
        Named by cell; spend in currency per period, outcome in money per period.
    charges : mapping of str to float
        Cost that spend causes besides itself, in money per unit of spend, for the cells where it does: opt-outs, and
        criticism by those whom advocacy contacts.
    talk : mapping of str to Talk
        Word of mouth of contacted customers, for the cells of advocacy where it is counted.
    """

    curves: ResponseCurves
    charges: Mapping[str, float]
    talk: Mapping[str, Talk]

    def heard_by_cell(self, spend: Array) -> tuple[Array, Array]:
        """Expected worth of the praise and of the criticism that people hear at `spend` of shape (n_cells,).

        Returns
        -------
        praise, criticism : ndarray of shape (n_cells,)
            In money per period, not negative.
        """
        praise, criticism = np.zeros(len(spend)), np.zeros(len(spend))
        for i, name in enumerate(self.curves.names):
            curve = self.curves.cell(i)
            if isinstance(curve, Service):
                praise[i] = curve.praise_won(spend[i : i + 1]).mean()
                criticism[i] = curve.criticism_left(spend[i : i + 1]).mean()
            elif name in self.talk:
                told = self.talk[name]
                part = told.part(float(spend[i]))
                praise[i] = (part * told.praise).mean()
                criticism[i] = (part * told.criticism).mean()
        return praise, criticism


@once
def prior_response(draws: CellDraws, period_days: float, usd_rate: float) -> PriorResponse:
    """Turn drawn quantities into response curves, one family a purpose, and into charges.

    - Promotion: ``N * (1 - exp(-n / N)) * incremental orders per contact * margin per order``, less a charge for the
      customers who opt out.
    - Service: the load that is handled, the earlier the better, times resolution and the value of a resolution, and the
      word of mouth of those who made contact (see `Service`); load random around inbound contacts times the channel's
      share of them. A market's shares sum to at most 1 in every draw: stated ones are kept, drawn ones share what these
      leave.
    - Advocacy: ``N * (1 - exp(-n / N)) * value per positive exposure``, and the word of mouth of those contacted.
    - The app's promotion and advocacy buy active users: the customers who do not have the app yet take the place of N,
      and each user won is worth the contacts he receives while he stays. Messages to today's users cost almost nothing
      and are part of the baseline.

    Parameters
    ----------
    draws : CellDraws
        From a fitted estimator.
    period_days : float
        Length of a period in days.
    usd_rate : float
        Units of the profile's currency for one US dollar, applied to published costs.

    Returns
    -------
    PriorResponse
        Customers whom several channels reach bear fewer contacts on each (see `borne_beside_others`); of those who hear
        from customers, overlap is ignored.
    """
    shares = service_shares(draws)
    parts: list[ResponseCurves] = []
    charges: dict[str, float] = {}
    talks: dict[str, Talk] = {}
    for i, cell in enumerate(draws.cells):
        drawn = draws.drawn(i)
        if cell.purpose == "service":
            parts.append(service_curve(cell, drawn, shares[i], usd_rate))
            continue
        useful, cost = bought(cell, drawn, period_days, usd_rate)
        rate = positive(useful * cost)
        if cell.purpose == "promotion":
            worth = worth_of_contact(cell, drawn)
            scale = useful * worth
            charge = opt_outs(cell, drawn, period_days, usd_rate, _best_margin(worth, cost))
        elif cell.word_of_mouth is None:
            scale, charge = useful * drawn.stated("value_per_exposure"), 0.0
        else:
            told = talk(cell, drawn, cell.word_of_mouth, useful, rate)
            talks[cell.name] = told
            scale, charge = np.maximum(told.net, 0.0), told.charge
        parts.append(ResponseCurves.exponential(scale[:, np.newaxis], rate[:, np.newaxis], names=[cell.name]))
        if charge > 0.0:
            charges[cell.name] = charge
    return PriorResponse(ResponseCurves.concat(parts), charges, talks)


def bought(cell: Cell, drawn: Drawn, period_days: float, usd_rate: float) -> tuple[Array, Array]:
    """Useful contacts N that money on promotion or advocacy can buy, and the cost of each; shape (n_draws,)."""
    borne = _contacts_borne(cell, drawn, period_days)
    rate = 1.0 if cell.cost_per_contact else usd_rate
    if cell.basis != "app":
        return _audience(cell, drawn) * borne, drawn("cost_per_contact", "cost_per_contact") * rate
    owners, users = drawn("penetration", "penetration") * cell.customers, drawn.stated("reachable")
    to_win = np.maximum(owners - users, 0.0) if cell.reachable > 0.0 else np.zeros_like(owners)
    of_each = borne * drawn("months_retained") * DAYS_PER_MONTH / period_days
    return to_win * of_each, drawn("cost_per_retained_user", "cost_per_contact") * rate / of_each


def opt_outs(cell: Cell, drawn: Drawn, period_days: float, usd_rate: float, margin: Array) -> float:
    """Loss by opt-outs per unit of spend on promotion, a mean over draws.

    Every promotional contact makes some of those who are left withdraw their consent, and a consent is worth something:
    f contacts a customer and month lose the share ``1 - exp(-o * f)`` of the consents, o being opt-outs per contact,
    and a contact is charged with its part of that. Where there are no useful contacts, nobody opts out.

    Parameters
    ----------
    cell : Cell
        Of purpose promotion.
    drawn : Drawn
        Its quantities.
    period_days, usd_rate : float
        See `prior_response`.
    margin : ndarray of shape (n_draws,)
        What a useful contact earns after its cost, in currency.
    """
    if not cell.fatigue or (cell.opt_out_per_contact is None and not drawn.has("opt_out_per_message")):
        return 0.0
    useful, cost = bought(cell, drawn, period_days, usd_rate)
    opt_out = drawn("opt_out_per_message", "opt_out_per_contact")
    contacts_a_month = _contacts_borne(cell, drawn, period_days) * DAYS_PER_MONTH / period_days
    if cell.value_per_consent is None:
        # A consent ends for other reasons or by an opt-out: however often customers are contacted, a contact never
        # costs more in later ones than one of these is worth.
        months = 1.0 / (1.0 / drawn("months_consented") + opt_out * contacts_a_month)
        consent = months * contacts_a_month * margin
    else:
        consent = drawn.stated("value_per_consent")
    lost = -np.expm1(-opt_out * contacts_a_month) / contacts_a_month
    return float(np.where(useful > 0.0, lost * consent / cost, 0.0).mean())


def _best_margin(worth: Array, cost: Array) -> Array:
    """What a useful contact earns at best, after its cost.

    The curve itself says so: u contacts bought for each useful one bring ``worth * (1 - exp(-u)) - cost * u``, which is
    largest at ``u = log(worth / cost)``. Taking the first contact's worth for all would count them as if none repeated.
    """
    ratio = np.maximum(worth / cost, 1.0)
    return np.asarray(cost * (ratio - 1.0 - np.log(ratio)))


def _audience(cell: Cell, drawn: Drawn) -> Array:
    """Customers the channel reaches; nobody is reached on a mobile phone he does not have."""
    reachable = drawn.stated("reachable")
    if cell.basis not in ON_PHONES:
        return reachable
    return np.minimum(reachable, cell.customers * drawn("penetration", "penetration"))


def _contacts_borne(cell: Cell, drawn: Drawn, period_days: float) -> Array:
    """Contacts that one customer bears in a period (published caps are per month, for pushes per week)."""
    if cell.contacts_per_customer is not None:
        return drawn.stated("contacts_per_customer")
    weekly = cell.basis == "app" and cell.purpose == "promotion"
    alone = drawn("saturation_frequency") * period_days / (DAYS_PER_WEEK if weekly else DAYS_PER_MONTH)
    return alone * borne_beside_others(cell, drawn)


def borne_beside_others(cell: Cell, drawn: Drawn) -> Array:
    """Part of the contacts that a customer would bear from this channel alone, beside those of the others.

    A customer whom k other channels reach too bears ``1 / (1 + p * k)`` of them, p being how far a contact on one
    channel counts as one on another. Channels reach a customer independently, each with the share that `Cell.others`
    has; the result is the mean over the customers whom this channel reaches. Shape (n_draws,).
    """
    if not cell.others:
        return drawn.constant(1.0)
    reached_by = np.ones(1)
    for share in cell.others:
        reached_by = np.convolve(reached_by, [1.0 - share, share])
    pressure = drawn("contact_pressure")[:, np.newaxis]
    return np.asarray((1.0 / (1.0 + pressure * np.arange(len(reached_by)))) @ reached_by)
