"""The cells of a profile: each market, channel and purpose with the profile's figures for it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from channelmix.datasets.facts import USD
from channelmix.profile.fields.estimates import scaled
from channelmix.profile.fields.fields import (
    Channel,
    ChannelFigures,
    Market,
    MarketChannel,
    ProfileFields,
)
from channelmix.profile.fields.values import (
    BUILT_IN_CHANNELS,
    PURPOSES,
    Audience,
    BuiltInChannel,
    Purpose,
    Sector,
)


@dataclass(frozen=True, slots=True)
class Telling:
    """How many people customers tell, and what that is worth.

    Parameters
    ----------
    told_if_satisfied, told_if_not, told_in_private : float
        People whom one customer tells: a satisfied one, and an unsatisfied one in public and in private.
    satisfied_share : float or None
        Share of all customers who are satisfied.
    value_per_exposure : float
        Value of one person hearing good of the company, loss of one hearing ill; in currency.
    """

    told_if_satisfied: float
    told_if_not: float
    told_in_private: float
    satisfied_share: float | None
    value_per_exposure: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One purpose of one channel in one market: what money is spent on.

    Counts and amounts are this market's part. None means that the profile does not state the figure. A figure of which
    the profile says how sure it is, is an `Estimate`.

    Parameters
    ----------
    market, channel, purpose : str
    basis : str or None
        The built-in channel whose published figures apply.
    sector, country : str
        Closed list of sectors; ISO 3166 code of the market's country.
    customers : float
        Customers of the market, a count.
    penetration : float or None
        Share of them who have a mobile phone.
    reachable : float
        Customers of the market whom the channel reaches, a count.
    current_spend : float
        Spend today, in currency per period.
    cost_per_contact : float or None
        In currency.
    publicness : float or None
        From 0 (private) to 1 (fully public).
    contacts_per_customer : float or None
        Promotional contacts that one customer bears per period.
    opt_out_per_contact : float or None
        Share of those contacted who withdraw their consent.
    value_per_consent : float or None
        Worth of a consent over the rest of its life, in currency.
    orders_per_contact : float or None
        Orders per delivered contact, a share; attributed ones, unless it is an `Estimate` that says otherwise.
    resolution_share, on_time_share : float or None
        Shares of handled service contacts that are resolved, and answered in time.
    service_share : float or None
        Share of the market's inbound contacts that come over the channel.
    inbound_contacts : float or None
        Service contacts that the market's customers start per period.
    value : float
        Value of one order, resolution or positive exposure, depending on the purpose; in currency.
    orders_per_click : float or None
        Share of clicks that become an order; attributed ones, unless it is an `Estimate` that says otherwise.
    order_value : float or None
        What a customer pays for one order, in currency.
    purchases_per_year : float or None
        Orders of one customer in a year.
    audience : str or None
        ``loyal`` or ``cold``: whom promotion reaches.
    others : tuple of float
        For each other channel of promotion that reaches somebody in the market, the share of this channel's audience
        that it reaches too; empty for other purposes.
    usd_rate : float or None
        Units of the currency for one US dollar: stated, else a rough one, else None.
    word_of_mouth : Telling or None
        None where word of mouth is not counted.
    answer_on_time, fatigue : bool
        Whether an answer in time is worth more than a late one, and whether opt-outs are charged.
    own : frozenset of str
        Names of the profile's fields that the market states for itself.
    """

    market: str
    channel: str
    purpose: Purpose
    basis: BuiltInChannel | None
    sector: Sector
    country: str
    customers: float
    penetration: float | None
    reachable: float
    current_spend: float
    cost_per_contact: float | None
    publicness: float | None
    contacts_per_customer: float | None
    opt_out_per_contact: float | None
    value_per_consent: float | None
    orders_per_contact: float | None
    resolution_share: float | None
    on_time_share: float | None
    service_share: float | None
    inbound_contacts: float | None
    value: float
    orders_per_click: float | None
    order_value: float | None
    purchases_per_year: float | None
    audience: Audience | None
    others: tuple[float, ...]
    usd_rate: float | None
    word_of_mouth: Telling | None
    answer_on_time: bool
    fatigue: bool
    own: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The cell's name, ``market/channel/purpose``."""
        return f"{self.market}/{self.channel}/{self.purpose}"


def lay_out(profile: ProfileFields) -> tuple[Cell, ...]:
    """Split the company's figures over its markets.

    Company-wide counts and amounts are split in proportion to customers; a market's own figure replaces its part and
    leaves the other markets' parts unchanged. A channel without a stated reach reaches nobody.

    Returns
    -------
    tuple of Cell
        Markets, then channels as they are written, then promotion, service and advocacy.
    """
    customers = math.fsum(market.customers for market in profile.markets)
    return tuple(
        cell
        for market in profile.markets
        for name, channel in profile.channels.items()
        for cell in _cells(profile, market, name, channel, market.customers / customers)
    )


# Figures that are not split over markets: a market's own replaces the company's.
_REPLACED = tuple(
    name
    for name in ChannelFigures.model_fields
    if name not in {"reachable", "reachable_share", "current_spend", "cost_per_contact"}
)


def _cells(
    profile: ProfileFields, market: Market, name: str, channel: Channel, part: float
) -> Iterator[Cell]:
    own = market.channels.get(name) or _nothing_own()
    promotion, service, advocacy = (getattr(profile.purposes, purpose) for purpose in PURPOSES)
    inbound = None if service is None else scaled(service.inbound_contacts, part)
    shared: dict[str, Any] = {
        "basis": basis_of(name, channel),
        "sector": profile.sector,
        "country": market.country or profile.country,
        "customers": market.customers,
        "penetration": market.penetration,
        "reachable": _reachable(market, channel, own, part),
        **{name: _first(getattr(own, name), getattr(channel, name)) for name in _REPLACED},
        "inbound_contacts": _first(market.inbound_contacts, inbound),
        **{
            name: getattr(promotion, name, None)
            for name in ("orders_per_click", "order_value", "purchases_per_year")
        },
        "usd_rate": _usd_rate(profile),
        "word_of_mouth": _telling(profile),
        "answer_on_time": "answer_on_time" not in profile.switched_off,
        "fatigue": "fatigue" not in profile.switched_off,
    }
    reach = _reach_of_promotion(profile, market, part)
    stated = _own(market, own)
    worths = {
        "promotion": promotion.margin_per_order if promotion else 0.0,
        "service": service.value_per_resolution if service else 0.0,
        "advocacy": advocacy.value_per_exposure if advocacy else 0.0,
    }
    for purpose in profile.purposes_of(name):
        yield Cell(
            market=market.name,
            channel=name,
            purpose=purpose,
            current_spend=own.current_spend.get(purpose, channel.current_spend.get(purpose, 0.0) * part),
            cost_per_contact=own.cost_per_contact.get(purpose, channel.cost_per_contact.get(purpose)),
            value=worths[purpose],
            others=_others(profile.overlap, name, reach) if purpose == "promotion" else (),
            own=stated | {"cost_per_contact"} if purpose in own.cost_per_contact else stated,
            **shared,
        )


def _reach_of_promotion(profile: ProfileFields, market: Market, part: float) -> dict[str, float]:
    """Share of a market's customers whom each channel of promotion reaches, where that is above 0."""
    reached = {
        name: _reachable(market, channel, market.channels.get(name) or _nothing_own(), part)
        for name, channel in profile.channels.items()
        if "promotion" in profile.purposes_of(name)
    }
    return {name: min(count / market.customers, 1.0) for name, count in reached.items() if count > 0.0}


def _others(overlap: float | None, channel: str, reach: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(
        sorted(share if overlap is None else overlap for name, share in reach.items() if name != channel)
    )


def _usd_rate(profile: ProfileFields) -> float | None:
    """Units of the currency for one US dollar; a rough rate is far more precise than what it is used for."""
    if profile.usd_rate is not None:
        return profile.usd_rate
    return 1.0 / USD[profile.currency] if profile.currency in USD else None


def _telling(profile: ProfileFields) -> Telling | None:
    """Return the word of mouth that counts: None if it is switched off or an exposure has no value."""
    if profile.value_per_exposure is None or "word_of_mouth" in profile.switched_off:
        return None
    return Telling(**{**dict(profile.word_of_mouth), "value_per_exposure": profile.value_per_exposure})


@cache
def _nothing_own() -> MarketChannel:
    """Return the figures of a channel for which a market states none; built once, since there may be many."""
    return MarketChannel()


def basis_of(name: str, channel: Channel) -> BuiltInChannel | None:
    """Return the built-in channel whose published figures apply to a channel, if any."""
    return next((built_in for built_in in BUILT_IN_CHANNELS if built_in == name), channel.like)


def _own(market: Market, own: MarketChannel) -> frozenset[str]:
    """Name the figures that a market states for itself, of a channel or of its customers, prices aside."""
    of_channel = {name for name in (*_REPLACED, "reachable") if getattr(own, name) is not None}
    if own.reachable_share is not None:
        of_channel.add("reachable")
    of_market = (name for name in ("penetration", "inbound_contacts") if getattr(market, name) is not None)
    return frozenset(of_channel.union(of_market))


def _reachable(market: Market, channel: Channel, own: MarketChannel, part: float) -> float:
    if own.reachable is not None:
        return own.reachable
    share = own.reachable_share
    if share is None and channel.reachable is not None:
        # The product may exceed them by rounding.
        reached = scaled(channel.reachable, part)
        return reached if reached <= market.customers else market.customers
    stated: float = _first(share, channel.reachable_share, 0.0)
    return scaled(stated, market.customers)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
