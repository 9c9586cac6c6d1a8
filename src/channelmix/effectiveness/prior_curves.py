"""From draws of published quantities to draws of response curves.

Symbols: A, customers reachable; f, contacts that one of them bears in a period; N = A * f, useful contacts; n, contacts
bought = spend / cost per contact. All money is in the profile's currency per period.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from channelmix.effectiveness.prior import ON_PHONES, CellDraws
from channelmix.profile import Cell
from channelmix.response import ResponseCurves

__all__ = ["DAYS_PER_MONTH", "prior_curves"]

Array = NDArray[np.float64]

DAYS_PER_MONTH = 365.25 / 12.0

DAYS_PER_WEEK = 7.0

TINY = 1e-9
"""Stands for "no spend at all" where a curve needs a positive scale of spend but reaches nobody."""

LOGISTIC_SCALE = np.sqrt(3.0) / np.pi
"""Scale parameter of a logistic distribution of standard deviation 1."""


def prior_curves(draws: CellDraws, period_days: float, usd_rate: float) -> ResponseCurves:
    """Turn drawn quantities into response curves, one family a purpose.

    - Promotion: ``N * (1 - exp(-n / N)) * incremental orders per contact * margin per order``.
    - Service: ``E[min(n, load)] * resolution * on-time share * value per resolution`` with load random around inbound
      contacts times the channel's share of them. A market's shares sum to at most 1 in every draw: stated ones are
      kept, drawn ones share what these leave.
    - Advocacy: ``N * (1 - exp(-n / N)) * value per positive exposure``.
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
    ResponseCurves
        Named by cell; spend in currency per period, outcome in money per period. Audiences of different channels are
        taken to be separate: their overlap is ignored.
    """
    shares = _service_shares(draws)
    parts = []
    for i, cell in enumerate(draws.cells):
        drawn = _Draws(draws.quantities[i], draws.n_draws)
        if cell.purpose == "service":
            parts.append(_service(cell, drawn, shares[i], usd_rate))
        elif cell.basis == "app":
            parts.append(_bought_users(cell, drawn, period_days, usd_rate))
        else:
            parts.append(_messages(cell, drawn, period_days, usd_rate))
    return ResponseCurves.concat(parts)


class _Draws:
    """Quantities of one cell: what the profile states comes first, then what was drawn."""

    def __init__(self, quantities: Mapping[str, Array], n_draws: int) -> None:
        self._quantities = quantities
        self._n_draws = n_draws

    def __call__(self, name: str, stated: float | None = None) -> Array:
        return self._quantities[name] if stated is None else self.constant(stated)

    def constant(self, number: float) -> Array:
        return np.full(self._n_draws, float(number))

    def has(self, name: str) -> bool:
        return name in self._quantities


def _audience(cell: Cell, drawn: _Draws) -> Array:
    """Customers the channel reaches; nobody is reached on a mobile phone he does not have."""
    reachable = drawn.constant(cell.reachable)
    if cell.basis not in ON_PHONES:
        return reachable
    return np.minimum(reachable, cell.customers * drawn("penetration", cell.penetration))


def _contacts_borne(cell: Cell, drawn: _Draws, period_days: float) -> Array:
    """Contacts that one customer bears in a period (published caps are per month, for pushes per week)."""
    if cell.contacts_per_customer is not None:
        return drawn.constant(cell.contacts_per_customer)
    weekly = cell.basis == "app" and cell.purpose == "promotion"
    return drawn("saturation_frequency") * period_days / (DAYS_PER_WEEK if weekly else DAYS_PER_MONTH)


def _worth_of_contact(cell: Cell, drawn: _Draws) -> Array:
    """Money that one more contact brings."""
    if cell.purpose == "advocacy":
        return drawn.constant(cell.value)
    if cell.orders_per_contact is not None:
        return drawn.constant(cell.orders_per_contact * cell.value)
    attributed = (
        drawn("conversion_rate")
        if drawn.has("conversion_rate")
        else drawn("response_rate") * drawn("orders_per_click", cell.orders_per_click)
    )
    return attributed * drawn("incremental_factor") * cell.value


def _messages(cell: Cell, drawn: _Draws, period_days: float, usd_rate: float) -> ResponseCurves:
    useful = _audience(cell, drawn) * _contacts_borne(cell, drawn, period_days)
    cost = drawn("cost_per_contact", cell.cost_per_contact) * (1.0 if cell.cost_per_contact else usd_rate)
    return _saturating(cell, useful * _worth_of_contact(cell, drawn), useful * cost)


def _bought_users(cell: Cell, drawn: _Draws, period_days: float, usd_rate: float) -> ResponseCurves:
    owners = drawn("penetration", cell.penetration) * cell.customers
    to_win = np.maximum(owners - cell.reachable, 0.0) if cell.reachable > 0.0 else np.zeros_like(owners)
    stay = drawn("months_retained") * DAYS_PER_MONTH / period_days
    worth = _contacts_borne(cell, drawn, period_days) * stay * _worth_of_contact(cell, drawn)
    cost = drawn("cost_per_retained_user", cell.cost_per_contact) * (
        1.0 if cell.cost_per_contact else usd_rate
    )
    return _saturating(cell, to_win * worth, to_win * cost)


def _saturating(cell: Cell, scale: Array, rate: Array) -> ResponseCurves:
    return ResponseCurves.exponential(scale[:, np.newaxis], _positive(rate)[:, np.newaxis], names=[cell.name])


def _positive(spend: Array) -> Array:
    """Spend that a curve is scaled by; where there is nobody to spend it on, the curve is 0 whatever its scale."""
    return np.where(spend > 0.0, spend, TINY)


def _service(cell: Cell, drawn: _Draws, share: Array, usd_rate: float) -> ResponseCurves:
    relative = LOGISTIC_SCALE * drawn("load_variation")
    # A logistic load would fall below 0 now and then, where none is handled: its location makes up for that, so that
    # the mean of what can be handled is the mean load.
    load = (cell.inbound_contacts or 0.0) * share / (1.0 + relative * np.log1p(np.exp(-1.0 / relative)))
    if cell.cost_per_contact is not None:
        cost = drawn.constant(cell.cost_per_contact)
    else:
        agent = drawn("agent_cost_per_contact") if drawn.has("agent_cost_per_contact") else 0.0
        cost = (drawn("cost_per_contact") + agent) * usd_rate
    worth = (
        drawn("resolution", cell.resolution_share) * drawn("on_time_share", cell.on_time_share) * cell.value
    )
    cap = _positive(load * cost)
    scale, caps, spreads = (a[:, np.newaxis] for a in (load * worth, cap, relative * cap))
    return ResponseCurves.capped_linear(scale, caps, spreads, names=[cell.name])


def _service_shares(draws: CellDraws) -> list[Array]:
    """Each cell's share of its market's inbound contacts; drawn shares are scaled down to what stated ones leave."""
    none = np.zeros(draws.n_draws)
    stated: dict[str, float] = {}
    drawn: dict[str, Array] = {}
    shares = [
        np.minimum(quantities.get("service_share", none), _most_of_contacts(cell))
        for cell, quantities in zip(draws.cells, draws.quantities, strict=True)
    ]
    for cell, share in zip(draws.cells, shares, strict=True):
        stated[cell.market] = stated.get(cell.market, 0.0) + _stated_share(cell)
        drawn[cell.market] = drawn.get(cell.market, none) + share
    fits = {
        market: np.minimum(1.0, max(1.0 - stated[market], 0.0) / np.maximum(total, TINY))
        for market, total in drawn.items()
    }
    return [
        share * fits[cell.market] + _stated_share(cell)
        for cell, share in zip(draws.cells, shares, strict=True)
    ]


def _most_of_contacts(cell: Cell) -> float:
    """Largest share of inbound contacts that published figures may give a channel: an app serves those who have it."""
    return cell.reachable / cell.customers if cell.basis == "app" else 1.0


def _stated_share(cell: Cell) -> float:
    return (cell.service_share or 0.0) if cell.purpose == "service" else 0.0
