"""Random companies: realistic in each figure, but put together without any care."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np

from channelmix.profile.fields.values import BUILT_IN_CHANNELS, PURPOSES, Sector

__all__ = ["random_content"]

# Units of the currency for one US dollar are rounded: they only give amounts of the right size.
COUNTRIES = {
    "FR": ("EUR", 0.92),
    "DE": ("EUR", 0.92),
    "IE": ("EUR", 0.92),
    "US": ("USD", 1.0),
    "GB": ("GBP", 0.78),
    "CH": ("CHF", 0.88),
    "SE": ("SEK", 10.0),
    "PL": ("PLN", 3.9),
    "HU": ("HUF", 360.0),
    "TR": ("TRY", 34.0),
    "JP": ("JPY", 150.0),
    "KR": ("KRW", 1400.0),
    "IN": ("INR", 84.0),
    "ID": ("IDR", 16000.0),
    "BR": ("BRL", 5.4),
    "MX": ("MXN", 18.0),
    "NG": ("NGN", 1600.0),
    "ZA": ("ZAR", 18.0),
    "AE": ("AED", 3.7),
    "KW": ("KWD", 0.31),
}
MONTHS = {"day": 1 / 30, "week": 7 / 30, "month": 1.0, "quarter": 3.0, "year": 12.0}
OWN_CHANNELS = ("e-mail", "letter", "phone", "kiosk", "branch", "web chat")

Content = dict[str, Any]


def random_content(seed: int) -> Content:
    """Content of a random valid profile.

    Any sector, country, currency and period; 1 to 4 markets, some of them abroad; 1 to 6 channels, with own ones
    that borrow published figures or state all of theirs; figures stated or missing; customers from 100 to 30 million,
    today's spend from 0.001 to 10 US dollars a customer and month; a budget of a fifth to five times of it; rules of
    every kind that may or may not hold together.
    """
    rng = np.random.default_rng(seed)
    country = _one(rng, list(COUNTRIES))
    currency, rate = COUNTRIES[country]
    months, period = _period(rng)
    markets = _markets(rng, country)
    customers = sum(market["customers"] for market in markets)
    purposes = [purpose for purpose in PURPOSES if rng.random() < 0.7] or [_one(rng, PURPOSES)]
    channels = _channels(rng, purposes, rate, customers)
    spent = _log_uniform(rng, 0.001, 10.0) * rate * customers * months
    _spend_today(rng, channels, purposes, 0.0 if rng.random() < 0.05 else spent)
    content: Content = {
        "name": f"Random company {seed}",
        "sector": _one(rng, get_args(Sector)),
        "country": country,
        "currency": currency,
        "usd_rate": rate,
        "period": period,
        "periods": int(rng.integers(1, 13)),
        "purposes": _purposes(rng, purposes, rate, customers * months),
        "markets": markets,
        "channels": channels,
    }
    today = sum(sum(channel.get("current_spend", {}).values()) for channel in channels.values())
    if today == 0.0 or rng.random() < 0.9:
        amount = _log_uniform(rng, 0.2, 5.0) * (today or spent)
        content["scenario"] = {"kind": "fixed_budget", "amount": amount}
    _let_markets_differ(rng, content)
    content["rules"] = _rules(rng, content, today)
    return content


def _period(rng: np.random.Generator) -> tuple[float, str | float]:
    """Its length in months, and how a profile states it."""
    if rng.random() < 0.2:
        days = _one(rng, [10.0, 14.0, 30.0, 45.0, 182.5])
        return days / 30, days
    name = _one(rng, list(MONTHS))
    return MONTHS[name], name


def _markets(rng: np.random.Generator, country: str) -> list[Content]:
    size = _log_uniform(rng, 100.0, 3e7)
    count = int(rng.integers(1, 5))
    markets = []
    for i, part in enumerate(rng.dirichlet(np.ones(count)) if count > 1 else [1.0]):
        market: Content = {"name": f"M{i}", "customers": max(1.0, float(size * part))}
        if i > 0 and rng.random() < 0.5:
            market["country"] = _one(rng, [other for other in COUNTRIES if other != country])
        if rng.random() < 0.2:
            market["penetration"] = float(rng.uniform(0.5, 1.0))
        markets.append(market)
    return markets


def _purposes(
    rng: np.random.Generator, declared: Sequence[str], rate: float, customer_months: float
) -> Content:
    promotion: Content = {"margin_per_order": _log_uniform(rng, 0.5, 300.0) * rate}
    if rng.random() < 0.6:
        promotion["orders_per_click"] = _log_uniform(rng, 0.003, 0.15)
    worth: Content = {
        "promotion": promotion,
        "service": {
            "inbound_contacts": _log_uniform(rng, 0.003, 0.5) * customer_months,
            "value_per_resolution": _log_uniform(rng, 0.5, 50.0) * rate,
        },
        "advocacy": {"value_per_exposure": _log_uniform(rng, 1e-4, 0.03) * rate},
    }
    return {purpose: worth[purpose] for purpose in declared}


def _channels(rng: np.random.Generator, purposes: Sequence[str], rate: float, customers: float) -> Content:
    names = rng.permutation([*BUILT_IN_CHANNELS, *BUILT_IN_CHANNELS, *OWN_CHANNELS]).tolist()
    names = list(dict.fromkeys(names))[: int(rng.integers(1, 7))]
    channels: Content = {}
    for name in names:
        channel: Content = {}
        used = purposes
        if rng.random() < 0.25:
            used = channel["purposes"] = [_one(rng, purposes)]
        own = name not in BUILT_IN_CHANNELS
        complete = own and rng.random() < 0.5
        if own and not complete:
            channel["like"] = _one(rng, BUILT_IN_CHANNELS)
        share = 0.0 if rng.random() < 0.05 else _log_uniform(rng, 0.003, 0.95)
        channel |= {"reachable": share * customers} if rng.random() < 0.4 else {"reachable_share": share}
        buys_users = "app" in (name, channel.get("like"))
        channel |= _figures(rng, used, rate, 1.0 if complete else 0.25, buys_users, 1.0 / len(names))
        channels[name] = channel
    return channels


def _figures(
    rng: np.random.Generator, used: Sequence[str], rate: float, chance: float, buys_users: bool, demand: float
) -> Content:
    """What a channel states of itself, each figure with this chance; it gets at most `demand` of inbound contacts."""
    message = (3.0, 100.0) if buys_users else (0.001, 0.5)
    cost = {"promotion": message, "service": (0.1, 12.0), "advocacy": message}
    stated = {purpose: _log_uniform(rng, *cost[purpose]) * rate for purpose in used if rng.random() < chance}
    figures: Content = {"cost_per_contact": stated} if stated else {}
    ranges: dict[str, tuple[float, float]] = {"publicness": (0.01, 1.0)}
    if "promotion" in used or "advocacy" in used:
        ranges["contacts_per_customer"] = (0.3, 20.0)
    if "promotion" in used:
        ranges["orders_per_contact"] = (1e-5, 0.01)
    if "service" in used:
        ranges |= {
            "resolution_share": (0.2, 1.0),
            "on_time_share": (0.3, 1.0),
            "service_share": (0.02, max(0.02, demand)),
        }
    return figures | {
        field: _log_uniform(rng, *ends) for field, ends in ranges.items() if rng.random() < chance
    }


def _spend_today(rng: np.random.Generator, channels: Content, purposes: Sequence[str], total: float) -> None:
    """Spread a total over some of the cells."""
    cells = [(name, p) for name, channel in channels.items() for p in channel.get("purposes", purposes)]
    used = [cell for cell in cells if rng.random() < 0.8] or cells
    for (name, purpose), part in zip(used, rng.dirichlet(np.full(len(used), 1.5)), strict=True):
        if total > 0.0:
            channels[name].setdefault("current_spend", {})[purpose] = float(total * part)


def _let_markets_differ(rng: np.random.Generator, content: Content) -> None:
    for market in content["markets"][1:]:
        if "service" in content["purposes"] and rng.random() < 0.3:
            market["inbound_contacts"] = _log_uniform(rng, 0.003, 0.5) * market["customers"]
        if rng.random() < 0.5:
            name = _one(rng, list(content["channels"]))
            own: Content = {"reachable_share": float(rng.random())}
            used = content["channels"][name].get("purposes", list(content["purposes"]))
            if "service" in used and rng.random() < 0.5:
                own["on_time_share"] = float(rng.uniform(0.3, 1.0))
            market["channels"] = {name: own}


def _rules(rng: np.random.Generator, content: Content, today: float) -> list[Content]:
    budget = content["scenario"]["amount"] if "scenario" in content else today
    kinds = ["spend_bounds", "group_share", "linear_constraint"]
    kinds += ["change_limit", "keep_working"] if today > 0.0 else []
    count = int(rng.choice([0, 0, 1, 2, 3, 5]))
    return [_rule(rng, _one(rng, kinds), content, budget) for _ in range(count)]


def _rule(rng: np.random.Generator, kind: str, content: Content, budget: float) -> Content:
    select = _selector(rng, content)
    low, high = float(rng.uniform(0.0, 0.3)), float(rng.uniform(0.3, 1.0))
    if kind == "spend_bounds":
        sides = [low * budget if rng.random() < 0.5 else None, high * budget if rng.random() < 0.7 else None]
        return {"kind": kind, "bounds": {select: sides}}
    if kind == "group_share":
        ends = {"low": low} if rng.random() < 0.4 else {"high": high}
        return {"kind": kind, "select": select, **ends}
    if kind == "linear_constraint":
        # An agency's fee: a part of what is spent on one channel, and less of everything.
        weights = {"all": 0.05, _one(rng, list(content["channels"])): 0.15}
        most = float(rng.uniform(0.03, 0.2)) * budget
        return {"kind": kind, "name": "agency's fee", "coefficients": weights, "high": most}
    if kind == "change_limit":
        return {"kind": kind, "select": select, "relative": float(rng.uniform(0.1, 1.5))}
    return {"kind": kind, "select": select, "floor": float(rng.uniform(0.0, 0.9))}


def _selector(rng: np.random.Generator, content: Content) -> str:
    """Any set of cells: all, one cell, or what shares some of its parts."""
    name = _one(rng, list(content["channels"]))
    purpose = _one(rng, content["channels"][name].get("purposes", list(content["purposes"])))
    market = _one(rng, [market["name"] for market in content["markets"]])
    parts = [part for part in (market, name, purpose) if rng.random() < 0.4]
    return "/".join(parts) or "all"


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _one(rng: np.random.Generator, choices: Sequence[Any]) -> Any:
    return choices[int(rng.integers(len(choices)))]
