"""Faults of fields are reported before faults between fields, and none that only follows from another."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.profile.conftest import SKETCH

from channelmix.profile import CompanyProfile, ProfileError
from channelmix.profile.fields.fields import ProfileFields

Path = tuple[str | int, ...]

RICH: dict[str, Any] = {
    **SKETCH,
    "risk": {"kind": "mean"},
    "notes": ["one", {"two": 2}],
    "markets": [
        {"name": "FR", "customers": 1800000, "inbound_contacts": 9},
        {
            "name": "BE",
            "customers": 600000,
            "country": "BE",
            "penetration": 0.9,
            "channels": {"im": {"reachable": 600000, "current_spend": {"service": 5}, "service_share": 0.1}},
        },
    ],
    "channels": {
        **SKETCH["channels"],
        "forum": {
            "like": "im",
            "reachable_share": 0.1,
            "purposes": ["service"],
            "service_share": 0.2,
            "current_spend": {"service": 10},
        },
        "shop": {
            "reachable": 1000,
            "purposes": ["promotion"],
            "contacts_per_customer": 1.0,
            "orders_per_contact": 0.1,
            "cost_per_contact": {"promotion": 0.5},
        },
        "kiosk": {"like": "app", "reachable": 5},
    },
    "rules": [
        {"kind": "keep_working", "floor": 0.5},
        {"kind": "spend_bounds", "bounds": {"FR/sms": [0, 1e6], "service": [None, 1e6]}},
        {"kind": "linear_constraint", "coefficients": {"BE": 1.0, "forum/service": 2.0}, "high": 1e7},
        {"kind": "change_limit", "select": "shop", "relative": 0.5},
    ],
}


def paths(node: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node or ()):
        if isinstance(child, dict | list):
            yield from paths(child, (*path, key))
        else:
            yield (*path, key)


def parent(data: Any, path: Path) -> Any:
    for part in path[:-1]:
        data = data[part]
    return data


def faults(data: Any) -> set[str]:
    try:
        CompanyProfile.from_json(json.dumps(data))
    except ProfileError as error:
        return {fault.path for fault in error.faults}
    return set()


def test_the_rich_profile_is_valid() -> None:
    assert faults(RICH) == set()


def test_faults_of_fields_come_before_those_between_fields(sketch: dict[str, Any]) -> None:
    sketch["periods"] = 0
    sketch["sector"] = "retial"
    sketch["channels"]["sms"]["reachable"] = 1e9
    sketch["rules"] = [
        {"kind": "keep_working", "floor": 2},
        {"kind": "group_share", "select": "smss", "high": 0.5},
    ]
    assert faults(sketch) == {"sector", "periods", "rules[0].floor"}
    sketch |= {"periods": 1, "sector": "retail"}
    sketch["rules"][0]["floor"] = 0.5
    assert faults(sketch) == {"channels.sms.reachable", "rules[1].select"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"purposes": {"promotoin": {"margin_per_order": 1}}}, {"purposes.promotoin"}),
        ({"usd_rat": 0.9, "usd_rate": ...}, {"usd_rat"}),
        ({"currency": "usd", "usd_rate": ...}, {"currency"}),
        ({"channels": ...}, {"channels"}),
        ({"markets": []}, {"markets"}),
        ({"markets": [{"name": "F/R", "customers": 2400000}]}, {"markets[0].name"}),
        ({"markets": [{"name": "FR", "customers": "many"}]}, {"markets[0].customers"}),
        ({"scenaro": 1, "scenario": ...}, {"scenaro"}),
    ],
)
def test_no_fault_is_reported_that_only_follows(change: dict[str, Any], expected: set[str]) -> None:
    data = copy.deepcopy(SKETCH) | change
    data = {key: value for key, value in data.items() if value is not ...}
    data["rules"] = [{"kind": "group_share", "select": "FR/sms", "high": 0.5}]
    assert faults(data) == expected


@pytest.mark.parametrize("junk", [None, -1, "x/", {}])
def test_a_faulty_part_alone_is_reported_alone(junk: Any) -> None:
    for path in list(paths(RICH)):
        data = copy.deepcopy(RICH)
        parent(data, path)[path[-1]] = junk
        reported_alone(data, path)


def test_an_unknown_key_alone_is_reported_alone() -> None:
    for path in list(paths(RICH)):
        data = copy.deepcopy(RICH)
        node = parent(data, path)
        if isinstance(node, dict):
            node[f"{path[-1]}_"] = node.pop(path[-1])
            reported_alone(data, path)


def reported_alone(data: Any, path: Path) -> None:
    """Check that a fault of the parts themselves brings no faults of other places."""
    try:
        ProfileFields.model_validate(data)
    except ValidationError:
        top = str(path[0])
        place = f"rules[{path[1]}]" if top == "rules" and path[1:] else top
        if top in {"markets", "channels"} and path[1:]:
            place = f"{top}[{path[1]}]" if isinstance(path[1], int) else f"{top}.{path[1]}"
        found = faults(data)
        assert found
        assert all(fault.startswith(place) for fault in found), (path, found)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_whatever_is_wrong_is_a_profile_error(data: st.DataObject) -> None:
    profile = copy.deepcopy(RICH)
    junk = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=3)
        | st.sampled_from(["sms", "FR", 1e30]),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["sms", "kind", "?"]), inner)
        ),
        max_leaves=4,
    )
    for _ in range(data.draw(st.integers(1, 6))):
        path = data.draw(st.sampled_from(list(paths(profile)) or [("name",)]))
        node = parent(profile, path)
        if isinstance(node, dict) and data.draw(st.booleans()):
            node.pop(path[-1], None)
            node[data.draw(st.sampled_from(["?", "all", "sms", "promotion"]))] = data.draw(junk)
        else:
            node[path[-1]] = data.draw(junk)
    faults(profile)
