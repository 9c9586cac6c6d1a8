"""Response curves and losses from draws of published quantities.

Symbols: A, customers reachable; f, contacts that one of them bears in a period; N = A * f, useful contacts; n, contacts
bought = spend / cost per contact. All money is in the profile's currency per period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.draws import CellDraws, Drawn, once
from channelmix.effectiveness.kinds import Kinds
from channelmix.effectiveness.published.promotion import worth_of_contact
from channelmix.effectiveness.published.quantities import ON_PHONES, opt_out_of
from channelmix.effectiveness.published.service import positive, service_curve, service_shares
from channelmix.effectiveness.published.word_of_mouth import Talk, talk
from channelmix.engine.response import ResponseCurves, Service
from channelmix.engine.response.families import Exponential, Family, Hill
from channelmix.engine.response.opt_outs import OptOuts
from channelmix.engine.response.shared import Shared
from channelmix.profile import Cell
from channelmix.profile.fields.fields import DAYS_A_YEAR

DAYS_PER_MONTH = DAYS_A_YEAR / 12.0

DAYS_PER_WEEK = 7.0


@dataclass(frozen=True, eq=False)
class PriorResponse:
    """Response curves and losses of some cells.

    Parameters
    ----------
    curves : ResponseCurves
        Named by cell; spend in currency per period, outcome in money per period.
    losses : ResponseCurves or None
        What spend on the same cells loses besides itself, in money per period: customers who opt out, and criticism by
        those whom advocacy contacts. None where nothing is lost.
    talk : mapping of str to Talk
        Word of mouth of contacted customers, for the cells of advocacy where it is counted; of cells of one kind, that
        of the first.
    kinds : Kinds, optional
        Cells of one kind, where there are any.
    """

    curves: ResponseCurves
    losses: ResponseCurves | None
    talk: Mapping[str, Talk]
    kinds: Kinds | None = None

    def heard_by_cell(self, spend: Array) -> tuple[Array, Array]:
        """Expected worth of the praise and of the criticism that people hear at `spend` of shape (n_cells,).

        Returns
        -------
        praise, criticism : ndarray of shape (n_cells,)
            In money per period, not negative.
        """
        praise, criticism = np.zeros(len(spend)), np.zeros(len(spend))
        curves = self.curves.as_shared()
        for shape, own in zip(curves.shapes, curves.places, strict=True):
            if isinstance(shape, Service):
                amounts = (spend[own] / curves.unit[own])[np.newaxis]
                praise[own] = curves.factor[own] * shape.praise_won(amounts).mean(axis=0)
                criticism[own] = curves.factor[own] * shape.criticism_left(amounts).mean(axis=0)
        names, every = self.curves.names, range(len(spend))
        first, size = (
            (every, np.ones(len(spend))) if self.kinds is None else (self.kinds.first, self.kinds.size)
        )
        for i in every:
            told = self.talk.get(names[first[i]])
            if told is not None:
                part = told.part(float(spend[i] / size[i]))
                praise[i] = size[i] * (part * told.praise).mean()
                criticism[i] = size[i] * (part * told.criticism).mean()
        return praise, criticism


@once
def prior_response(draws: CellDraws, period_days: float, usd_rate: float) -> PriorResponse:
    """Turn drawn quantities into response curves, one family a purpose, and into losses.

    - Promotion: ``N * (1 - exp(-n / N)) * incremental orders per contact * margin per order``, less the customers who
      opt out.
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
    if draws.kinds.all_differ:
        return _each(draws, period_days, usd_rate)
    kinds, names = draws.kinds, tuple(cell.name for cell in draws.cells)
    one = _each(draws.of_kinds, period_days, usd_rate)

    def every(curves: ResponseCurves) -> ResponseCurves:
        shapes = tuple(curves.cell(k) for k in range(curves.n_cells))
        return ResponseCurves(names, (Shared(shapes, kinds.of, kinds.size, kinds.size),))

    losses = None if one.losses is None else every(one.losses)
    return PriorResponse(every(one.curves), losses, one.talk, kinds)


def _each(draws: CellDraws, period_days: float, usd_rate: float) -> PriorResponse:
    """Turn the quantities of each cell into curves and losses by themselves."""
    shares = service_shares(draws)
    parts: list[ResponseCurves] = []
    losses: dict[str, Family] = {}
    talks: dict[str, Talk] = {}
    for i, cell in enumerate(draws.cells):
        drawn = draws.drawn(i)
        if cell.purpose == "service":
            parts.append(service_curve(cell, drawn, shares[i], usd_rate))
            continue
        useful, cost = bought(cell, drawn, period_days, usd_rate)
        rate = positive(useful * cost)
        if cell.purpose == "promotion":
            left = _left_within_a_period(cell, drawn, period_days)
            scale, rate = useful * left * worth_of_contact(cell, drawn), positive(useful * left * cost)
            lost = opt_outs(cell, drawn, period_days, usd_rate, (scale, rate))
        elif cell.word_of_mouth is None:
            scale, lost = useful * drawn.stated("value_per_exposure"), None
        else:
            told = talk(cell, drawn, cell.word_of_mouth, useful, rate)
            talks[cell.name] = told
            scale, lost = np.maximum(told.net, 0.0), told.harm
        parts.append(ResponseCurves.exponential(scale[:, np.newaxis], rate[:, np.newaxis], names=[cell.name]))
        if lost is not None:
            losses[cell.name] = lost
    curves = ResponseCurves.concat(parts)
    return PriorResponse(curves, losses_of(curves.names, losses), talks)


def losses_of(names: Sequence[str], lost: Mapping[str, Family]) -> ResponseCurves | None:
    """Losses of all cells, of which some lose nothing; None where none does."""
    if not lost:
        return None
    nothing = Exponential(np.zeros((1, 1)), np.ones((1, 1)))
    return ResponseCurves(tuple(names), tuple(lost.get(name, nothing) for name in names))


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


def opt_outs(
    cell: Cell, drawn: Drawn, period_days: float, usd_rate: float, brought: tuple[Array, Array] | Array
) -> Family | None:
    """What is lost by opt-outs at a spend on promotion, in money per period; None where nobody opts out.

    Every promotional contact makes some of those who are left withdraw their consent: at x contacts a customer and
    month consents end at a rate of ``h + o * x``, h for other reasons and o by a contact. Where this goes on, a share
    ``o * x / (h + o * x)`` of those who would be there is not, and with it that part of what they bring. So no more is
    lost than all of them bring. Contacts that they no longer cost are not taken off: a plan counts its money as spent,
    and would otherwise send messages to a list for what is saved once it has left. What a consent is worth by the
    profile is lost once for each: ``1 - exp(-o * x)`` of them in a period of x contacts a customer, spread over
    customers at random.

    Parameters
    ----------
    cell : Cell
        Of purpose promotion.
    drawn : Drawn
        Its quantities.
    period_days, usd_rate : float
        See `prior_response`.
    brought : tuple of ndarray or ndarray, of shape (n_draws,)
        Scale and rate of an exponential curve of what contacts bring; or what the reachable customers bring, whatever
        is spent, in currency per period.
    """
    if not _tires(cell, drawn):
        return None
    opt_out = drawn(opt_out_of(cell), "opt_out_per_contact")
    customers, (_, cost) = _audience(cell, drawn), bought(cell, drawn, period_days, usd_rate)
    some = (opt_out > 0.0) & (customers > 0.0)
    # Spend at which each customer has had as many contacts as there are to one opt-out.
    spend = positive(np.where(some, customers * cost / np.where(some, opt_out, 1.0), 1.0))
    if cell.value_per_consent is not None:
        worth = np.where(some, customers * drawn.stated("value_per_consent"), 0.0)
        return Exponential(worth[:, np.newaxis], spend[:, np.newaxis])
    half = (spend * period_days / DAYS_PER_MONTH / drawn("months_consented"))[:, np.newaxis]
    if isinstance(brought, tuple):
        scale, rate = np.where(some, brought[0], 0.0)[:, np.newaxis], brought[1][:, np.newaxis]
        return OptOuts(scale, rate, half)
    worth = np.where(some, brought, 0.0)[:, np.newaxis]
    return Hill(worth, half, np.ones_like(worth))


def _tires(cell: Cell, drawn: Drawn) -> bool:
    """Whether opt-outs count."""
    return cell.fatigue and (cell.opt_out_per_contact is not None or drawn.has(opt_out_of(cell)))


def _left_within_a_period(cell: Cell, drawn: Drawn, period_days: float) -> Array:
    """Part of the useful contacts that reach customers who have not opted out since the period began.

    A contact leaves ``exp(-1 / f)`` of what the next one is worth, and ``1 - o`` of the customers. Where the profile
    does not say what a consent is worth, what those bring who are gone is among the losses.
    """
    if cell.value_per_consent is None or not _tires(cell, drawn):
        return drawn.constant(1.0)
    opt_out = drawn(opt_out_of(cell), "opt_out_per_contact")
    return np.asarray(1.0 / (1.0 + opt_out * _contacts_borne(cell, drawn, period_days)))


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
