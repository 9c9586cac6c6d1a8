"""Rules about contacts and service rather than money: they need figures of what spend buys."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from channelmix.core.errors import InputError
from channelmix.engine.rules.rows import Cells, Row, Selecting, amount, number, share


def _figures(figures: Mapping[str, float] | None, label: str, what: str) -> Mapping[str, float]:
    if figures is None:
        raise InputError(f"{label} needs {what}")
    return figures


@dataclass(frozen=True)
class ContactCap(Selecting):
    """Contact a customer at most so often per period, over all selected cells of a market together.

    Parameters
    ----------
    contacts : float
        Most contacts that a customer gets, per period and market.
    selector : str
        The cells that contact customers.
    quantile : float, optional
        Which quantile of the draws of contacts per unit of spend counts, between 0 and 1; without it their mean.
    per_spend : mapping of cell name to float, optional
        Contacts of a customer of the market per unit of spend on the cell; a profile leaves it out, and has it from
        costs and customers.
    """

    contacts: float
    """Most contacts that a customer gets per period, over all selected cells of his market."""
    selector: str = "promotion"
    """The cells whose contacts count."""
    quantile: float | None = None
    """Where costs are uncertain, the quantile of contacts per unit of spend that counts; null: their mean."""
    per_spend: Mapping[str, float] | None = None
    """For each cell, contacts of a customer per unit of spend; left out in a profile, which works it out."""
    kind: Literal["contact_cap"] = field(default="contact_cap", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        number(self.contacts, "the contacts of contact_cap")
        if self.quantile is not None:
            share(self.quantile, "the quantile of contact_cap")
        for name, rate in (self.per_spend or {}).items():
            number(rate, f"contacts per unit of spend on {name}")

    def with_figures(self, figures: Mapping[str, float]) -> Self:
        """Return the rule with contacts per unit of spend."""
        return dataclasses.replace(self, per_spend=dict(figures))

    def rows(self, cells: Cells) -> list[Row]:
        """State one row a market: contacts of a customer stay within the cap."""
        rates = _figures(self.per_spend, self.label, "contacts per unit of spend: state per_spend")
        chosen = cells.select(self.selector)
        markets: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {}
        for i in np.flatnonzero(chosen):
            name, parts = cells.names[i], cells.names[i].split("/")
            market = parts[0] if len(parts) > 1 else ""
            period = name.rpartition("/period ")
            key = f"{market} period {period[2]}".strip() if period[1] else market
            rate = rates.get(name, rates.get(period[0] if period[1] else name, 0.0))
            markets.setdefault(key, np.zeros(len(cells)))[i] = rate
        return [
            Row(self.label, f"{self.label} {market}".strip(), weights, -math.inf, float(self.contacts))
            for market, weights in markets.items()
            if weights.any()
        ]


class _LeastSpend(Selecting):
    """Base of rules that come to a least spend on each cell."""

    if TYPE_CHECKING:
        spend: Mapping[str, float] | None

    def _check_spend(self) -> None:
        for name, needed in (self.spend or {}).items():
            number(needed, f"the spend that {name} needs")

    def with_figures(self, figures: Mapping[str, float]) -> Self:
        """Return the rule with the spend that each cell needs."""
        return dataclasses.replace(self, spend=dict(figures))  # type: ignore[type-var]

    def rows(self, cells: Cells) -> list[Row]:
        """State one row a cell that needs any spend."""
        least = _figures(self.spend, self.label, "the spend that each cell needs: state spend")
        rows = []
        for i in np.flatnonzero(cells.select(self.selector)):
            name = cells.names[i]
            needed = least.get(name, least.get(name.rpartition("/period ")[0], 0.0))
            if needed > 0.0:
                one = np.zeros(len(cells))
                one[i] = 1.0
                rows.append(Row(self.label, f"{self.kind} {name}", one, float(needed), math.inf))
        return rows


@dataclass(frozen=True)
class ServiceLevel(_LeastSpend):
    """Handle at least this share of the inbound contacts of each selected service cell, on average.

    Parameters
    ----------
    level : float
        Share of inbound contacts handled, between 0 and 1.
    selector : str
        The service cells, each on its own.
    spend : mapping of cell name to float, optional
        Spend at which each cell reaches the level; a profile leaves it out.
    """

    level: float
    """Share of inbound contacts that each selected cell handles at least, between 0 and 1."""
    selector: str = "service"
    """The service cells, each on its own."""
    spend: Mapping[str, float] | None = None
    """For each cell, the spend at which it reaches the level; left out in a profile."""
    kind: Literal["service_level"] = field(default="service_level", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        share(self.level, "the level of service_level")
        self._check_spend()


@dataclass(frozen=True)
class ReputationLimit(_LeastSpend):
    """Keep the expected loss from criticism of each selected service cell within an amount.

    Parameters
    ----------
    amount : float
        Most loss from word of mouth about unanswered and unsatisfied contacts, in currency per period and cell.
    selector : str
        The service cells, each on its own.
    spend : mapping of cell name to float, optional
        Spend at which each cell's loss falls to the amount; a profile leaves it out.
    """

    amount: float
    """Most loss from criticism that each selected cell may leave, in the profile's currency per period."""
    selector: str = "service"
    """The service cells, each on its own."""
    spend: Mapping[str, float] | None = None
    """For each cell, the spend at which its loss falls to the amount; left out in a profile."""
    kind: Literal["reputation_limit"] = field(default="reputation_limit", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        number(self.amount, "the amount of reputation_limit")
        self._check_spend()


@dataclass(frozen=True)
class PriceTiers(Selecting):
    """Pay less per contact from certain amounts on: each tier's discount holds for what is spent beyond its start.

    Parameters
    ----------
    selector : str
        The cells, each with tiers of its own.
    tiers : sequence of (amount, discount)
        From this spend per period on, a contact costs this share less than at first; both rise.
    """

    selector: str
    """The cells that the tiers hold for, each on its own."""
    tiers: tuple[tuple[float, float], ...]
    """Pairs of spend, in currency per period, and the share that a contact beyond it costs less than at first."""
    kind: Literal["price_tiers"] = field(default="price_tiers", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        if not isinstance(self.tiers, list | tuple) or not self.tiers:
            raise InputError(f"{self.label} needs at least one tier")
        last = (-1.0, 0.0)
        for tier in self.tiers:
            if not isinstance(tier, list | tuple) or len(tier) != 2:
                raise InputError(f"a tier of {self.label} needs an amount and a discount, not {tier!r}")
            amount(tier[0], f"the start of a tier of {self.label}")
            share(tier[1], f"the discount of a tier of {self.label}")
            if tier[0] <= last[0] or tier[1] < last[1] or tier[1] == 1.0:
                raise InputError(
                    f"the tiers of {self.label} must rise in amount and discount, which stays below 1"
                )
            last = (tier[0], tier[1])
        object.__setattr__(self, "tiers", tuple((float(a), float(d)) for a, d in self.tiers))

    def rows(self, cells: Cells) -> list[Row]:
        """State no row: the tiers change what spend buys."""
        cells.select(self.selector)
        return []
