from __future__ import annotations

import copy
from typing import Any

import pytest

from channelmix.profile import CompanyProfile
from channelmix.profile.beliefs import beliefs, with_belief_moved
from channelmix.profile.faults import Path, path_text


def read(content: dict[str, Any]) -> CompanyProfile:
    return CompanyProfile.model_validate(content)


def names(profile: CompanyProfile) -> set[str]:
    return {path_text(path) for path, _ in beliefs(profile)}


def test_what_is_stated_of_the_world_is_listed_and_decisions_are_not(small: dict[str, Any]) -> None:
    small |= {
        "period": 30.0,
        "periods": 3,
        "notes": {"a": 1.0},
        "rules": [{"kind": "keep_working", "floor": 0.5}],
    }
    small["channels"]["sms"]["notes"] = 5.0
    small["channels"]["sms"]["cost_per_contact"] = {"promotion": 0.05}
    small["markets"][0]["channels"] = {"im": {"reachable_share": 0.04, "current_spend": {"service": 10.0}}}
    assert names(read(small)) == {
        "usd_rate",
        "purposes.promotion.margin_per_order",
        "purposes.promotion.orders_per_click",
        "purposes.service.inbound_contacts",
        "purposes.service.value_per_resolution",
        "purposes.advocacy.value_per_exposure",
        "markets[0].customers",
        "markets[0].channels.im.reachable_share",
        "channels.social.reachable",
        "channels.sms.reachable",
        "channels.sms.cost_per_contact.promotion",
        "channels.im.reachable",
        "channels.app.reachable",
        "word_of_mouth.told_if_satisfied",
        "word_of_mouth.told_if_not",
        "word_of_mouth.told_in_private",
    }


def test_a_channel_may_be_called_like_a_field(small: dict[str, Any]) -> None:
    for name in ("rules", "notes", "current_spend"):
        small["channels"][name] = {"like": "sms", "reachable": 100.0}
    found = names(read(small))
    assert {
        "channels.rules.reachable",
        "channels.notes.reachable",
        "channels.current_spend.reachable",
    } <= found


def test_nothing_multiplied_is_nothing(small: dict[str, Any]) -> None:
    small["channels"]["app"]["reachable"] = 0.0
    assert "channels.app.reachable" not in names(read(small))


def test_only_the_number_moves(small: dict[str, Any]) -> None:
    profile = read(small)
    for path, number in beliefs(profile):
        value, moved = with_belief_moved(profile, path, 0.99)
        assert value == 0.99 * number
        content: Any = moved.model_dump(mode="json", by_alias=True, exclude_none=True)
        holder = content
        for part in path[:-1]:
            holder = holder[part]
        assert holder[path[-1]] == value
        holder[path[-1]] = number
        assert read(content) == profile


@pytest.mark.parametrize(
    ("path", "start", "factor", "limit"),
    [
        (("channels", "sms", "resolution_share"), 0.9, 1.25, 1.0),
        (("channels", "sms", "resolution_share"), 1.0, 1.25, 1.0),
        (("channels", "sms", "service_share"), 0.55, 1.25, 0.6),  # social has the other 0.4
        (("channels", "social", "reachable"), 190000.0, 1.25, 200000.0),  # every customer
        (("markets", 0, "customers"), 110000.0, 0.8, 100000.0),  # whom social reaches
    ],
)
def test_a_limit_stops_a_move(
    small: dict[str, Any], path: Path, start: float, factor: float, limit: float
) -> None:
    small["channels"]["social"]["service_share"] = 0.4
    holder: Any = small
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = start
    value, moved = with_belief_moved(read(small), path, factor)
    assert value == pytest.approx(limit, rel=1e-6)
    assert (path, value) in beliefs(moved)


def test_us_dollars_have_no_other_rate(small: dict[str, Any]) -> None:
    content = copy.deepcopy(small) | {"currency": "USD", "usd_rate": 1.0}
    profile = read(content)
    assert with_belief_moved(profile, ("usd_rate",), 1.25) == (1.0, profile)
