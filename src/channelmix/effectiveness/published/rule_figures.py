"""Figures that rules about contacts and service need, computed from the draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.effectiveness.draws import CellDraws
from channelmix.effectiveness.published.response import PriorResponse, bought
from channelmix.effectiveness.published.service import cost_of_handling, mean_load, service_shares
from channelmix.engine.response import Service
from channelmix.engine.rules import Cells, ContactCap, PriceTiers, ReputationLimit, ServiceLevel

EVERY_CONTACT = 1e100
"""Spend that answers every contact, and where doubling ends."""

PRECISION = 1e-12
"""Relative precision of a spend that is searched for."""


def with_figures(
    rules: Sequence[Any], draws: CellDraws, response: PriorResponse, period_days: float, usd_rate: float
) -> list[Any]:
    """Return the rules, each with the figures that its profile leaves out.

    - `ContactCap`: contacts of a customer of the market per unit of spend, ``1 / (cost per contact * customers)``, as a
      mean or quantile over draws. Where price tiers make contacts cheaper, the lowest price counts: the cap holds.
    - `ServiceLevel`: spend at which the expected share of contacts handled, ``E[min(n, L)] / E[L]``, reaches the level.
    - `ReputationLimit`: spend at which the expected loss from criticism falls to the amount.

    The last two assume the price of the first tier: with price tiers, more is handled than required.

    Parameters
    ----------
    rules : sequence of constraints
    draws : CellDraws
        Draws of the cells that the rules speak of.
    response : PriorResponse
        Their curves.
    period_days, usd_rate : float
        See `prior_response`.

    Raises
    ------
    InputError
        If no spend reaches what a rule asks for; the message says what can be reached.
    """
    if not any(isinstance(rule, ContactCap | ServiceLevel | ReputationLimit) for rule in rules):
        return list(rules)
    cells, shares, filled = Cells(response.curves.names), service_shares(draws), []
    kinds = draws.kinds
    for rule in rules:
        if isinstance(rule, ContactCap):
            cheapest, stated = _lowest_prices(rules, cells), rule.per_spend
        elif isinstance(rule, ServiceLevel | ReputationLimit):
            stated = rule.spend
        else:
            filled.append(rule)
            continue
        found: dict[str, float] = {}
        of_first: dict[int, float] = {}
        for i in np.flatnonzero(cells.select(rule.selector)).tolist():
            if isinstance(
                rule, ReputationLimit
            ):  # an amount of money, which is not in proportion to customers
                found[cells.names[i]] = _for_reputation(rule, response, i)
                continue
            first, size = int(kinds.first[i]), float(kinds.size[i])
            if isinstance(rule, ContactCap):
                if first not in of_first:
                    of_first[first] = _contacts_per_spend(rule, draws, first, period_days, usd_rate)
                found[cells.names[i]] = of_first[first] / (size * cheapest[i])
            else:
                if first not in of_first:
                    of_first[first] = _for_level(rule, draws, response, first, shares[first])
                found[cells.names[i]] = size * of_first[first]
        filled.append(rule.with_figures({**found, **(stated or {})}))
    return filled


def _contacts_per_spend(
    rule: ContactCap, draws: CellDraws, i: int, period_days: float, usd_rate: float
) -> float:
    """Contacts of a customer of the market for a unit of spend at the first price."""
    rates = 1.0 / (_cost(draws, i, period_days, usd_rate) * draws.cells[i].customers)
    return float(rates.mean() if rule.quantile is None else np.quantile(rates, rule.quantile))


def _cost(draws: CellDraws, i: int, period_days: float, usd_rate: float) -> Array:
    cell, drawn = draws.cells[i], draws.drawn(i)
    if cell.purpose == "service":
        return cost_of_handling(cell, drawn, usd_rate)
    return bought(cell, drawn, period_days, usd_rate)[1]


def _lowest_prices(rules: Sequence[Any], cells: Cells) -> Array:
    """Lowest price of a contact on each cell, as a part of its first price."""
    lowest = np.ones(len(cells))
    for rule in rules:
        if isinstance(rule, PriceTiers):
            lowest[cells.select(rule.selector)] *= 1.0 - rule.tiers[-1][1]
    return lowest


def _service(rule: Any, response: PriorResponse, i: int) -> Service:
    curve = response.curves.cell(i)
    if not isinstance(curve, Service):
        name = response.curves.names[i]
        raise InputError(
            f"{rule.label} is a rule of service cells, and {name} is not one: select service cells"
        )
    return curve


def _for_level(rule: ServiceLevel, draws: CellDraws, response: PriorResponse, i: int, share: Array) -> float:
    curve, load = _service(rule, response, i), mean_load(draws.cells[i], draws.drawn(i), share)
    if rule.level == 1.0:
        raise InputError(
            f"{rule.label}: no spend answers every contact of a random load; state a level below 1"
        )
    if not load.any():
        return 0.0
    weights = load / load.sum()
    return _least(lambda s: float(weights @ curve.handled_share(s)[:, 0]) >= rule.level)


def _for_reputation(rule: ReputationLimit, response: PriorResponse, i: int) -> float:
    curve = _service(rule, response, i)

    def loss(spend: Array) -> float:
        return float(curve.criticism_left(spend).mean())

    lowest = loss(np.array([EVERY_CONTACT]))
    if rule.amount < lowest:
        raise InputError(
            f"{rule.label}: {response.curves.names[i]} loses {lowest:,.6g} to criticism per period however much is "
            f"spent on it, more than {rule.amount:,.6g}; state an amount above that"
        )
    return _least(lambda s: loss(s) <= rule.amount)


def _least(enough: Callable[[Array], bool]) -> float:
    """Least spend that is enough, by doubling and bisection; `enough` holds far out, and from somewhere on."""
    if enough(np.zeros(1)):
        return 0.0
    high = 1.0
    while high < EVERY_CONTACT and not enough(np.array([high])):
        high *= 2.0
    low = 0.0
    while high - low > PRECISION * high:
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (low, middle) if enough(np.array([middle])) else (middle, high)
    return high
