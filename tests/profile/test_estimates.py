"""Figures of a profile that say how sure the company is of them."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from channelmix.profile import CompanyProfile, Estimate, ProfileError, json_schema, starter_profile
from channelmix.profile.beliefs import beliefs, with_belief_moved


@pytest.fixture
def content() -> dict[str, Any]:
    return starter_profile(customers=500_000.0)


def read(content: dict[str, Any]) -> CompanyProfile:
    return CompanyProfile.from_json(json.dumps(content, indent=1))


def test_a_number_is_read_as_before_and_hashes_as_before(content: dict[str, Any]) -> None:
    plain = read(content)
    content["purposes"]["promotion"]["orders_per_click"] = {"value": 0.03}
    assert read(content).sha256 == plain.sha256, "an object that says no more than the number is the number"
    content["purposes"]["promotion"]["orders_per_click"] = {"value": 0.03, "n": 5000}
    assert read(content).sha256 != plain.sha256, "how sure a figure is makes another plan"


def test_what_is_stated_is_kept_and_written(content: dict[str, Any]) -> None:
    content["channels"]["sms"] |= {
        "orders_per_contact": {"value": 0.02, "n": 5000, "incremental": True},
        "publicness": {"value": 0.1, "low": 0.05, "high": 0.2},
        "cost_per_contact": {"promotion": {"value": 0.05, "n": 3}},
    }
    profile = read(content)
    sms = profile.channels["sms"]
    assert isinstance(sms.orders_per_contact, Estimate)
    assert (sms.orders_per_contact.n, sms.orders_per_contact.incremental) == (5000.0, True)
    assert (sms.publicness.low, sms.publicness.high) == (0.05, 0.2)  # type: ignore[union-attr]
    assert sms.cost_per_contact["promotion"] == Estimate(0.05, n=3.0)
    sure = Estimate(0.1, 0.05, 0.2)
    for again in (pickle.loads(pickle.dumps(profile)), copy.deepcopy(profile)):
        assert again == profile
        assert again.channels["sms"].publicness == sure
    assert sure.parts == {"value": 0.1, "low": 0.05, "high": 0.2}
    written = profile.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert written["channels"]["sms"]["orders_per_contact"] == {
        "value": 0.02,
        "n": 5000.0,
        "incremental": True,
    }
    assert CompanyProfile.model_validate(written).sha256 == profile.sha256
    assert profile.with_budget(5.0).channels["sms"] == sms


def test_estimates_compare_by_all_that_they_say() -> None:
    assert Estimate(0.5) == 0.5
    assert Estimate(0.5, n=3.0) != 0.5
    assert Estimate(0.5, n=3.0) == Estimate(0.5, n=3.0)
    assert Estimate(0.5, 0.1, 0.6) != Estimate(0.5, 0.1, 0.7)
    assert len({Estimate(0.5), 0.5}) == 1


def test_the_interval_of_a_part_is_the_part_of_the_interval(content: dict[str, Any]) -> None:
    content["markets"] = [{"name": "A", "customers": 300_000}, {"name": "B", "customers": 200_000}]
    content["purposes"]["service"]["inbound_contacts"] = {"value": 1000, "low": 800, "high": 1500}
    content["channels"]["sms"] |= {"reachable": {"value": 100, "low": 50, "high": 150}}
    content["channels"]["im"] = {"reachable_share": {"value": 0.2, "n": 400}}
    cells = {cell.name: cell for cell in read(content).cells()}
    inbound = cells["A/sms/service"].inbound_contacts
    assert isinstance(inbound, Estimate)
    assert inbound == Estimate(600.0, 480.0, 900.0)
    assert cells["B/sms/promotion"].reachable == Estimate(40.0, 20.0, 60.0)
    assert cells["B/im/promotion"].reachable == Estimate(40_000.0, n=400.0)


def test_what_a_market_states_itself(content: dict[str, Any]) -> None:
    content["markets"] = [
        {
            "name": "A",
            "customers": 300_000,
            "inbound_contacts": 40,
            "channels": {"sms": {"reachable_share": 0.5, "cost_per_contact": {"promotion": 0.1}}},
        },
        {"name": "B", "customers": 200_000, "penetration": 0.9},
    ]
    own = {cell.name: cell.own for cell in read(content).cells()}
    assert own["A/sms/promotion"] == {"inbound_contacts", "reachable", "cost_per_contact"}
    assert own["A/sms/service"] == {"inbound_contacts", "reachable"}
    assert own["A/im/service"] == {"inbound_contacts"}
    assert own["B/sms/promotion"] == {"penetration"}


@pytest.mark.parametrize(
    ("place", "stated", "said"),
    [
        ("share", {"value": 0.2, "low": 0.3, "high": 0.4}, "low: found 0.3, expected at most the value, 0.2"),
        (
            "share",
            {"value": 0.2, "low": 0.1, "high": 0.1},
            "high: found 0.1, expected at least the value, 0.2",
        ),
        ("share", {"value": 0.2, "low": 0.1, "high": 1.2}, "high: found 1.2, expected a number of at most 1"),
        ("share", {"value": 0.2, "low": 0.1}, "found only one end, expected both low and high"),
        (
            "share",
            {"value": 0.2, "low": 0.1, "high": 0.3, "n": 9},
            "n: found 9, expected either low and high, or n",
        ),
        ("share", {"value": 0.2, "n": 0}, "n: found 0, expected a number of at least 1"),
        ("share", {"value": 0.2, "n": 0.5}, "n: found 0.5, expected a number of at least 1"),
        ("share", {"value": 0.2, "n": 2.5}, "n: found 2.5, expected a whole number of cases, at least 1"),
        ("share", {"value": True, "n": 3}, "value: found true, expected a number"),
        ("share", {"n": 3}, "value: found nothing, expected a value"),
        (
            "share",
            {"value": 0.2, "lo": 0.1},
            'unknown key "lo", expected a known field (did you mean "low"?)',
        ),
        ("share", {"value": 0.2, "incremental": True}, 'the unknown key "incremental"'),
        ("share", "0.2", 'found "0.2", expected a number'),
        ("share", [0.2], "found a list, expected a number"),
        ("rate", {"value": 0.2, "incremental": 1}, "incremental: found 1, expected true or false"),
        ("cost", {"value": 0, "n": 3}, "value: found 0, expected a number greater than 0"),
        ("amount", {"value": -1}, "value: found -1, expected a number of at least 0"),
    ],
)
def test_faults_name_the_place_and_the_remedy(
    content: dict[str, Any], place: str, stated: Any, said: str
) -> None:
    if place == "amount":
        content["purposes"]["promotion"]["margin_per_order"] = stated
    elif place == "cost":
        content["channels"]["sms"]["cost_per_contact"]["promotion"] = stated
    else:
        content["channels"]["sms"]["publicness" if place == "share" else "orders_per_contact"] = stated
    with pytest.raises(ProfileError) as error:
        read(content)
    assert said in str(error.value)
    assert len(error.value.faults) == 1
    fields = {
        "share": "publicness",
        "rate": "orders_per_contact",
        "cost": "promotion",
        "amount": "margin_per_order",
    }
    assert fields[place] in error.value.faults[0].path
    assert error.value.faults[0].line is not None


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("markets", 0), "customers"),
        (("scenario",), "amount"),
        (("channels", "sms", "current_spend"), "promotion"),
        ((), "overlap"),
        ((), "usd_rate"),
        ((), "periods"),
        (("word_of_mouth",), "told_if_not"),
    ],
)
def test_what_counts_as_it_stands_takes_no_range(
    content: dict[str, Any], path: tuple[Any, ...], field: str
) -> None:
    content |= {"word_of_mouth": {}, "scenario": {"kind": "fixed_budget", "amount": 1000.0}}
    holder: Any = content
    for part in path:
        holder = holder[part]
    holder[field] = {"value": 3, "low": 2, "high": 4}
    with pytest.raises(ProfileError) as error:
        read(content)
    assert f"{field}: found an object, expected a number alone: this field takes no range" in str(error.value)


def test_orders_of_a_customer_take_ranges_and_have_a_limit(content: dict[str, Any]) -> None:
    promotion = content["purposes"]["promotion"]
    promotion |= {
        "order_value": {"value": 80, "low": 60, "high": 120},
        "purchases_per_year": {"value": 5, "n": 400},
    }
    cell = read(content).cells()[0]
    assert cell.order_value == Estimate(80.0, 60.0, 120.0)
    assert cell.purchases_per_year == Estimate(5.0, n=400.0)
    promotion |= {"purchases_per_year": 1e6, "order_value": {"value": 1, "n": 3}}
    with pytest.raises(ProfileError) as error:
        read(content)
    said = str(error.value)
    assert "purchases_per_year: found 1000000, expected at most 1,000, the orders of one customer" in said
    assert "order_value: found 1, expected at least the margin of an order" in said


def test_a_zero_is_listed_only_with_what_is_said_of_it(content: dict[str, Any]) -> None:
    path = ("channels", "sms", "publicness")
    content["channels"]["sms"]["publicness"] = 0.0
    assert path not in dict(beliefs(read(content)))
    content["channels"]["sms"]["publicness"] = {"value": 0.0, "n": 50}
    assert dict(beliefs(read(content)))[path] == Estimate(0.0, n=50.0)


def test_faults_between_fields_see_the_value(content: dict[str, Any]) -> None:
    content["channels"]["sms"]["reachable"] = {"value": 600_000, "low": 1, "high": 700_000}
    content["channels"]["sms"]["service_share"] = {"value": 0.7, "n": 10}
    content["channels"]["im"]["service_share"] = {"value": 0.7, "n": 10}
    with pytest.raises(ProfileError, match=r"sum to 1\.4") as error:
        read(content)
    assert "found 600000, expected at most 500000" in str(error.value)


def test_the_schema_takes_both_forms() -> None:
    schema = json_schema()
    margin = schema["$defs"]["Promotion"]["properties"]["margin_per_order"]
    assert [part.get("type", part.get("$ref")) for part in margin["oneOf"]] == [
        "number",
        "#/$defs/AmountEstimate",
    ]
    assert margin["description"].startswith("Margin of one order")
    for name in ("AmountEstimate", "PositiveEstimate", "ShareEstimate", "OrderRateEstimate"):
        form = schema["$defs"][name]
        assert form["required"] == ["value"]
        assert all(field["description"] for field in form["properties"].values())


def test_a_belief_is_moved_with_its_interval(content: dict[str, Any]) -> None:
    content["channels"]["sms"]["publicness"] = {"value": 0.4, "low": 0.2, "high": 0.8}
    profile = read(content)
    path = ("channels", "sms", "publicness")
    assert dict(beliefs(profile))[path] == Estimate(0.4, 0.2, 0.8)
    number, moved = with_belief_moved(profile, path, 1.2)
    assert number == pytest.approx(0.48)
    assert moved.channels["sms"].publicness.parts == pytest.approx(  # type: ignore[union-attr]
        {"value": 0.48, "low": 0.24, "high": 0.96}
    )
    number, moved = with_belief_moved(profile, path, 2.0)
    assert number == 0.8
    assert moved.channels["sms"].publicness.parts == pytest.approx(  # type: ignore[union-attr]
        {"value": 0.8, "low": 0.4, "high": 1.0}
    ), "the upper end stops at 1"
    number, _ = with_belief_moved(profile, path, 3.0)
    assert number == pytest.approx(1.0, rel=1e-4)
