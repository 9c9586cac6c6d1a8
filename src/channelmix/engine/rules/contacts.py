"""Constraints on contacts, service and prices: they need figures of what spend buys."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, echo
from channelmix.core.sizes import MOST_TIERS, within
from channelmix.engine.response import ResponseCurves
from channelmix.engine.rules.base import Selecting
from channelmix.engine.rules.rows import Cells, Row, amount, number, share


def _figure(figures: Mapping[str, float], cells: Cells, i: int) -> float:
    """Return the figure stated for a cell, for its period or for all periods; 0 where none is."""
    return figures.get(cells.names[i], figures.get(cells.bases[i], 0.0))


@dataclass(frozen=True)
class ContactCap(Selecting, kind="contact_cap"):
    """Limit how often a customer is contacted per period, over all selected cells of a market together.

    Parameters
    ----------
    contacts : float
        Most contacts that a customer gets, per period and market.
    selector : str
        The cells that contact customers.
    quantile : float, optional
        Which quantile of the draws of contacts per unit of spend counts, between 0 and 1; without it their mean.
    per_spend : mapping of cell name to float, optional
        Contacts per customer of the market and unit of spend on the cell. Optional in a profile, where they follow from
        costs and customers.
    """

    contacts: float
    """Most contacts that a customer gets per period, over all selected cells of a market."""
    selector: str = "promotion"
    """The cells whose contacts count."""
    quantile: float | None = None
    """Where costs are uncertain, the quantile of contacts per unit of spend that counts; null: their mean."""
    per_spend: Mapping[str, float] | None = None
    """For each cell, contacts per customer and unit of spend; without it, computed from costs and customers."""

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
        """State one row for each market: contacts of a customer stay within the cap."""
        if self.per_spend is None:
            raise InputError(f"{self.label} needs contacts per unit of spend: state per_spend")
        weights: dict[tuple[str, int | None], Array] = {}
        for i in self.chosen(cells):
            market, within, _ = cells.bases[i].partition("/")
            key = (market if within else "", cells.periods[i])
            weights.setdefault(key, np.zeros(len(cells)))[i] = _figure(self.per_spend, cells, i)
        rows = []
        for (market, period), contacts in weights.items():
            if contacts.any():
                label = " ".join(filter(None, [self.label, market, f"period {period}" if period else ""]))
                high = float(self.contacts)
                rows.append(self.row(contacts, high=high, label=label, part=market or None, period=period))
        return rows


class _LeastSpend(Selecting):
    """Base of constraints that amount to a least spend on each cell."""

    if TYPE_CHECKING:
        spend: Mapping[str, float] | None

    def _check_spend(self) -> None:
        for name, needed in (self.spend or {}).items():
            number(needed, f"the spend that {name} needs")

    def with_figures(self, figures: Mapping[str, float]) -> Self:
        """Return the rule with the spend that each cell needs."""
        return dataclasses.replace(self, spend=dict(figures))  # type: ignore[type-var]

    def rows(self, cells: Cells) -> list[Row]:
        """State one row for each cell that needs any spend."""
        if self.spend is None:
            raise InputError(f"{self.label} needs the spend that each cell needs: state spend")
        needed = {i: float(_figure(self.spend, cells, i)) for i in self.chosen(cells)}
        return [self.cell_row(cells, i, least) for i, least in needed.items() if least > 0.0]


@dataclass(frozen=True)
class ServiceLevel(_LeastSpend, kind="service_level"):
    """Handle at least this share of the inbound contacts of each selected service cell, on average.

    Parameters
    ----------
    level : float
        Share of inbound contacts handled, between 0 and 1.
    selector : str
        The service cells, each separately.
    spend : mapping of cell name to float, optional
        Spend at which each cell reaches the level. Optional in a profile, where it is computed.
    """

    level: float
    """Share of inbound contacts that each selected cell handles at least, between 0 and 1."""
    selector: str = "service"
    """The service cells, each separately."""
    spend: Mapping[str, float] | None = None
    """For each cell, the spend at which it reaches the level; without it, computed."""

    def __post_init__(self) -> None:
        share(self.level, "the level of service_level")
        self._check_spend()


@dataclass(frozen=True)
class ReputationLimit(_LeastSpend, kind="reputation_limit"):
    """Keep the expected loss from criticism of each selected service cell within an amount.

    Parameters
    ----------
    amount : float
        Most loss from word of mouth about unanswered and unsatisfied contacts, in currency per period and cell.
    selector : str
        The service cells, each separately.
    spend : mapping of cell name to float, optional
        Spend at which each cell's loss falls to the amount. Optional in a profile, where it is computed.
    """

    amount: float
    """Highest loss from criticism of each selected cell, in the profile's currency per period."""
    selector: str = "service"
    """The service cells, each separately."""
    spend: Mapping[str, float] | None = None
    """For each cell, the spend at which its loss falls to the amount; without it, computed."""

    def __post_init__(self) -> None:
        number(self.amount, "the amount of reputation_limit")
        self._check_spend()


@dataclass(frozen=True)
class PriceTiers(Selecting, kind="price_tiers"):
    """Pay less per contact from certain amounts on: each tier's discount holds for what is spent beyond its start.

    Parameters
    ----------
    selector : str
        The cells, each with its own tiers.
    tiers : sequence of (amount, discount)
        From this spend per period on, a contact costs this share less than at first; both rise.
    """

    within_period = False
    selector: str
    """The cells that the tiers apply to, each separately."""
    tiers: tuple[tuple[float, float], ...]
    """Pairs of spend, in currency per period, and the share that a contact beyond it costs less than at first."""

    def __post_init__(self) -> None:
        if not isinstance(self.tiers, list | tuple) or not self.tiers:
            raise InputError(f"{self.label} needs at least one tier")
        within(MOST_TIERS, len(self.tiers), f"tiers of {self.label}")
        last = (-1.0, 0.0)
        for tier in self.tiers:
            if not isinstance(tier, list | tuple) or len(tier) != 2:
                raise InputError(f"a tier of {self.label} needs an amount and a discount, not {echo(tier)}")
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

    def curves(self, curves: ResponseCurves) -> ResponseCurves:
        """Return the curves of the selected cells at these prices."""
        return curves.discounted(Cells(curves.names).select(self.selector), self.tiers)
