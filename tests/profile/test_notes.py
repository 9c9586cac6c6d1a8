"""Frequencies that a profile states beyond published ones."""

from __future__ import annotations

from typing import Any

import pytest

from channelmix.core.words import Message
from channelmix.profile import CompanyProfile
from channelmix.profile.notes import many_contacts

A_WEEK = 7.0 / (365.25 / 12.0)


def told(content: dict[str, Any]) -> list[Message]:
    return many_contacts(CompanyProfile.model_validate(content))


@pytest.mark.parametrize(
    ("channel", "period", "stated", "warns"),
    [
        ("sms", "month", 6.0, False),
        ("sms", "month", 6.1, True),
        ("sms", "week", 6.0 * A_WEEK, False),
        ("sms", "week", 6.1 * A_WEEK, True),
        ("sms", "year", 70.0, False),
        ("app", "week", 7.0, False),
        ("app", "week", 7.1, True),
        ("app", "month", 30.0, False),
        ("social", "month", 30.0, True),
    ],
)
def test_more_than_any_published_frequency(
    small: dict[str, Any], channel: str, period: str, stated: float, warns: bool
) -> None:
    small["period"] = period
    small["channels"].setdefault(channel, {"reachable": 100.0})["contacts_per_customer"] = stated
    lines = told(small)
    assert len(lines) == int(warns)
    if warns:
        assert lines[0].values["name"] == channel
        assert lines[0].values["low"] < lines[0].values["usual"] < lines[0].values["high"] < stated


def test_sentence_names_both_numbers(small: dict[str, Any]) -> None:
    small["channels"]["sms"]["contacts_per_customer"] = 30.0
    (line,) = told(small)
    assert line.startswith(
        "sms: 30 promotional contacts a month are stated for each customer, where published figures say 4 (2 to 6)"
    )


def test_who_is_not_asked(small: dict[str, Any]) -> None:
    """Channels without published frequencies, and cells that are not of promotion."""
    small["channels"]["letter"] = {
        "reachable": 2000.0,
        "purposes": ["promotion"],
        "cost_per_contact": {"promotion": 0.5},
        "contacts_per_customer": 100.0,
        "orders_per_contact": 0.1,
    }
    small["channels"]["sms"] |= {"contacts_per_customer": 30.0, "purposes": ["advocacy"]}
    small["channels"]["sms"]["current_spend"] = {}
    assert told(small) == []


def test_a_channel_is_named_once_and_what_is_like_it_too(small: dict[str, Any]) -> None:
    small["markets"].append({"name": "BE", "customers": 1000.0})
    small["channels"]["sms"] = {"reachable_share": 0.1, "contacts_per_customer": 30.0}
    small["channels"]["kiosk"] = {"like": "sms", "reachable_share": 0.1, "contacts_per_customer": 30.0}
    for channel in small["channels"].values():
        if "reachable" in channel:
            channel["reachable_share"] = channel.pop("reachable") / 1e6
    assert [line.values["name"] for line in told(small)] == ["sms", "kiosk"]
