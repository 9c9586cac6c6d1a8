"""A starter profile to edit: complete, valid, and with every common field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from channelmix.core.errors import InputError
from channelmix.datasets.facts import USD
from channelmix.profile.company import CompanyProfile
from channelmix.profile.fields.values import CURRENCY_PATTERN

_SPEND_SHARES: Mapping[str, Mapping[str, float]] = {
    "social": {"promotion": 0.45, "service": 0.1},
    "sms": {"promotion": 0.15, "service": 0.05},
    "im": {"promotion": 0.03, "service": 0.12},
    "app": {"promotion": 0.05, "service": 0.05},
}
_REACHABLE_SHARES: Mapping[str, float] = {"social": 0.6, "sms": 0.25, "im": 0.05, "app": 0.1}
_PUBLICNESS: Mapping[str, float] = {"social": 1.0, "sms": 0.0, "im": 0.1, "app": 0.0}


# With the default budget and customers, paid social gets 0.075 a reachable customer and month: some 4 impressions at
# prices of Europe and North America, as consumer brands show (docs/explanation/promotion.md#the-usual-spend-a-head).


@cache
def rough_usd_rates() -> Mapping[str, float]:
    """Return units of some currencies for one US dollar, rounded to two digits.

    They only give amounts the right size; the starter's notes ask for today's rate.
    """
    return {currency: float(f"{1.0 / dollars:.2g}") for currency, dollars in USD.items()}


def starter_profile(
    name: str = "My company",
    *,
    country: str = "FR",
    currency: str = "EUR",
    sector: str = "retail",
    usd_rate: float | None = None,
    budget: float = 100_000.0,
    customers: float = 1_000_000.0,
    period: str | float = "month",
    periods: int = 1,
) -> dict[str, Any]:
    """Return a complete and valid profile to edit, ready for `json.dumps`.

    Parameters
    ----------
    name : str
        The company's name.
    country, currency : str
        ISO 3166 code of two capital letters; ISO 4217 code of three.
    sector : str
        One of the profile's sectors.
    usd_rate : float, optional
        Units of the currency for one US dollar; for common currencies a rough rate is the default.
    budget : float
        Total spend per period, in the currency: the scenario's amount, and today's spend.
    customers : float
        Customers of the company, a count.
    period : str or float
        The period of amounts: day, week, month, quarter, year, or a number of days.
    periods : int
        Number of periods that the plan covers.

    Raises
    ------
    InputError
        If a value is invalid in a profile, or `usd_rate` is needed.

    >>> starter_profile(currency="USD", country="US")["markets"]
    [{'name': 'US', 'customers': 1000000}]
    """
    rates = rough_usd_rates()
    rate = usd_rate if usd_rate is not None else rates.get(currency)
    if rate is None and not re.fullmatch(CURRENCY_PATTERN, currency):
        rate = 1.0  # the profile reports the invalid currency code
    if rate is None:
        raise InputError(
            f"state usd_rate, the units of {currency!r} for one US dollar (known roughly: {', '.join(rates)})"
        )
    profile: dict[str, Any] = {
        "$schema": "profile.schema.json",
        "schema_version": 1,
        "notes": [
            "Replace every figure with your own. Amounts are in your currency, per period.",
            "usd_rate: write today's units of your currency for one US dollar.",
            "reachable: customers you may contact there; cost_per_contact and other figures are optional.",
            "Figures count as estimates with a range by their kind; to state your own, write "
            '{"value": 0.03, "low": 0.02, "high": 0.05}.',
        ],
        "name": name,
        "sector": sector,
        "country": country,
        "currency": currency,
        "usd_rate": rate,
        "period": period,
        "periods": periods,
        "scenario": {"kind": "fixed_budget", "amount": _plain(budget)},
        "purposes": {
            "promotion": {"margin_per_order": _rounded(24 * rate), "orders_per_click": 0.03},
            "service": {
                "inbound_contacts": _rounded(0.015 * customers),
                "value_per_resolution": _rounded(10 * rate),
            },
            "advocacy": {"value_per_exposure": _rounded(0.001 * rate)},
        },
        "markets": [{"name": country, "customers": _plain(customers)}],
        "channels": {
            channel: {
                "reachable": _rounded(_REACHABLE_SHARES[channel] * customers),
                "publicness": _PUBLICNESS[channel],
                "current_spend": {
                    purpose: _plain(float(f"{share * budget:.10g}")) for purpose, share in shares.items()
                },
            }
            for channel, shares in _SPEND_SHARES.items()
        },
        "word_of_mouth": {"told_if_satisfied": 3, "told_if_not": 3000, "told_in_private": 10},
        "rules": [
            {"kind": "keep_working", "floor": 0.5},
            {"kind": "group_share", "select": "social", "high": 0.7},
        ],
    }
    profile["channels"]["sms"]["cost_per_contact"] = {"promotion": _rounded(0.055 * rate)}
    CompanyProfile.from_json(json.dumps(profile), source="starter profile")
    return profile


def _rounded(value: float) -> float:
    """Round a first guess to two significant digits."""
    return _plain(float(f"{value:.2g}"))


def _plain(value: float) -> float:
    """Turn a whole number into an int, so that JSON shows it without ``.0``."""
    return int(value) if float(value).is_integer() else value
