"""What a valid profile says: its cells, split over markets, its period, budget and hash."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from channelmix.engine.rules import FixedBudget, GroupShare, KeepWorking, MeanRisk
from channelmix.profile import Cell, CompanyProfile, ProfileError, Telling


def cell(profile: CompanyProfile, name: str) -> Cell:
    return next(cell for cell in profile.cells() if cell.name == name)


def test_sketch_is_read_as_it_stands(sketch: dict[str, Any]) -> None:
    profile = CompanyProfile.model_validate(sketch)
    assert profile.scenario == FixedBudget(135000.0)
    assert profile.rules == (KeepWorking(floor=0.5), GroupShare("social", high=0.6))
    assert profile.budget == 135000.0
    assert profile.current_total == 135000.0
    assert profile == CompanyProfile.from_json(json.dumps(sketch))


def test_example_is_a_complete_profile(example_file: Path) -> None:
    profile = CompanyProfile.from_file(example_file)
    assert profile == CompanyProfile.from_file(str(example_file))
    assert len(profile.cells()) == 12
    assert profile.budget == profile.current_total


def test_cells_come_in_the_order_written(sketch: dict[str, Any]) -> None:
    sketch["markets"] = [{"name": "south", "customers": 1000000}, {"name": "north", "customers": 1400000}]
    sketch["channels"]["app"]["purposes"] = ["advocacy", "promotion"]
    del sketch["channels"]["app"]["current_spend"]["service"]
    names = [cell.name for cell in CompanyProfile.model_validate(sketch).cells()]
    one_market = [
        *(f"{channel}/{purpose}" for channel in ("social", "sms", "im") for purpose in sketch["purposes"]),
        "app/promotion",
        "app/advocacy",
    ]
    assert names == [f"{market}/{rest}" for market in ("south", "north") for rest in one_market]


def test_company_wide_counts_and_amounts_are_split_by_customers(sketch: dict[str, Any]) -> None:
    sketch["markets"] = [
        {"name": "FR", "customers": 1800000, "penetration": 0.9},
        {"name": "BE", "customers": 600000, "country": "BE"},
    ]
    profile = CompanyProfile.model_validate(sketch)
    french, belgian = cell(profile, "FR/sms/service"), cell(profile, "BE/sms/service")
    assert (french.customers, belgian.customers) == (1800000.0, 600000.0)
    assert (french.reachable, belgian.reachable) == (465000.0, 155000.0)
    assert (french.current_spend, belgian.current_spend) == (4500.0, 1500.0)
    assert (french.inbound_contacts, belgian.inbound_contacts) == (45000.0, 15000.0)
    assert (french.country, belgian.country) == ("FR", "BE")
    assert (french.penetration, belgian.penetration) == (0.9, None)
    assert french.basis == belgian.basis == "sms"
    assert cell(profile, "BE/sms/promotion").cost_per_contact == 0.05


def test_a_market_replaces_its_own_part_only(sketch: dict[str, Any]) -> None:
    sketch["markets"] = [
        {"name": "FR", "customers": 1800000},
        {
            "name": "BE",
            "customers": 600000,
            "inbound_contacts": 7,
            "channels": {
                "sms": {
                    "reachable": 1234,
                    "current_spend": {"service": 99},
                    "cost_per_contact": {"promotion": 0.07},
                    "publicness": 0.1,
                    "contacts_per_customer": 3,
                    "orders_per_contact": 0.01,
                    "resolution_share": 0.5,
                    "on_time_share": 0.6,
                    "service_share": 0.2,
                },
                "im": {"reachable_share": 0.25},
            },
        },
    ]
    profile = CompanyProfile.model_validate(sketch)
    french, belgian = cell(profile, "FR/sms/service"), cell(profile, "BE/sms/service")
    assert (french.reachable, french.current_spend, french.inbound_contacts) == (465000.0, 4500.0, 45000.0)
    assert (belgian.reachable, belgian.current_spend, belgian.inbound_contacts) == (1234.0, 99.0, 7.0)
    assert (belgian.publicness, belgian.contacts_per_customer, belgian.orders_per_contact) == (0.1, 3.0, 0.01)
    assert (belgian.resolution_share, belgian.on_time_share, belgian.service_share) == (0.5, 0.6, 0.2)
    assert french.service_share is None
    assert cell(profile, "BE/sms/promotion").cost_per_contact == 0.07
    assert cell(profile, "BE/sms/promotion").current_spend == 5000.0
    assert cell(profile, "BE/im/promotion").reachable == 150000.0
    assert cell(profile, "FR/im/promotion").reachable == 67500.0


def test_reach_may_be_left_to_every_market(sketch: dict[str, Any]) -> None:
    del sketch["channels"]["sms"]["reachable"]
    sketch["markets"][0]["channels"] = {"sms": {"reachable": 5}}
    assert cell(CompanyProfile.model_validate(sketch), "FR/sms/service").reachable == 5.0


@settings(deadline=None)  # the first profile of a process takes longer
@given(st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=6), st.floats(0, 1))
def test_parts_sum_to_the_company(customers: list[float], share: float) -> None:
    total = sum(customers)
    profile = CompanyProfile.model_validate(
        {
            "name": "Any",
            "sector": "other",
            "country": "US",
            "currency": "USD",
            "period": "week",
            "purposes": {"service": {"inbound_contacts": 1000, "value_per_resolution": 5}},
            "markets": [{"name": f"m{i}", "customers": count} for i, count in enumerate(customers)],
            "channels": {"im": {"reachable": share * total * (1 - 1e-12), "current_spend": {"service": 10}}},
        }
    )
    cells = profile.cells()
    assert sum(cell.reachable for cell in cells) == pytest.approx(share * total, rel=1e-9)
    assert sum(cell.inbound_contacts or 0.0 for cell in cells) == pytest.approx(1000, rel=1e-9)
    assert profile.budget == pytest.approx(10, rel=1e-9)
    assert all(cell.reachable <= cell.customers for cell in cells)


def test_custom_channels_rest_on_another_or_on_their_own_figures(sketch: dict[str, Any]) -> None:
    sketch["channels"]["kiosk"] = {"reachable_share": 0.1, "like": "app"}
    sketch["channels"]["parrot"] = {
        "reachable_share": 0.1,
        "purposes": ["service"],
        "cost_per_contact": {"service": 2},
        "resolution_share": 0.7,
        "on_time_share": 0.9,
        "service_share": 0.1,
        "publicness": 0.4,
    }
    profile = CompanyProfile.model_validate(sketch)
    assert cell(profile, "FR/kiosk/service").basis == "app"
    assert cell(profile, "FR/parrot/service").basis is None


@pytest.mark.parametrize(
    ("period", "days"),
    [("day", 1.0), ("week", 7.0), ("month", 30.4375), ("quarter", 91.3125), ("year", 365.25), (10, 10.0)],
)
def test_period_days(sketch: dict[str, Any], period: str | int, days: float) -> None:
    sketch["period"] = period
    assert CompanyProfile.model_validate(sketch).period_days == days


def test_without_a_scenario_the_budget_is_what_is_spent_today(sketch: dict[str, Any]) -> None:
    del sketch["scenario"]
    sketch["channels"]["app"]["current_spend"]["service"] = 6000
    assert CompanyProfile.model_validate(sketch).budget == 136000.0


def test_another_budget_is_checked_like_the_first(sketch: dict[str, Any]) -> None:
    profile = CompanyProfile.model_validate(sketch)
    assert profile.with_budget(5.0).budget == 5.0
    assert profile.with_budget(135000.0) == profile.model_copy(update={"schema_uri": None})
    with pytest.raises(ProfileError, match=r"scenario\.amount: found -1, expected a number of at least 0"):
        profile.with_budget(-1.0)


def test_us_dollars_need_no_rate(sketch: dict[str, Any]) -> None:
    sketch["currency"] = "USD"
    del sketch["usd_rate"]
    profile = CompanyProfile.model_validate(sketch)
    assert profile.usd_rate == 1.0
    sketch["usd_rate"] = 1
    assert profile == CompanyProfile.model_validate(sketch)


def test_no_rate_is_needed_where_no_cost_is_published(sketch: dict[str, Any]) -> None:
    del sketch["usd_rate"]
    for channel in sketch["channels"].values():
        channel["cost_per_contact"] = dict.fromkeys(sketch["purposes"], 0.1)
    assert CompanyProfile.model_validate(sketch).usd_rate is None


def test_mean_risk_is_read(sketch: dict[str, Any]) -> None:
    sketch["risk"] = {"kind": "mean"}
    assert CompanyProfile.model_validate(sketch).risk == MeanRisk()


def test_hash_knows_what_is_said_and_not_how(sketch: dict[str, Any]) -> None:
    profile = CompanyProfile.model_validate(sketch)
    laid_out_anew = dict(reversed(sketch.items())) | {"$schema": "elsewhere.json", "usd_rate": 0.920}
    laid_out_anew["markets"] = [{"customers": 2.4e6, "name": "FR", "channels": {}, "penetration": None}]
    assert CompanyProfile.from_json(json.dumps(laid_out_anew, indent=7)).sha256 == profile.sha256
    sketch["markets"][0]["customers"] += 1
    assert CompanyProfile.model_validate(sketch).sha256 != profile.sha256


def test_hash_is_fixed(sketch: dict[str, Any]) -> None:
    dumped = CompanyProfile.model_validate(sketch).model_dump(mode="json", by_alias=True, exclude_none=True)
    assert CompanyProfile.model_validate(dumped).sha256 == CompanyProfile.model_validate(sketch).sha256
    assert "$schema" not in dumped
    assert dumped["rules"][1] == {"kind": "group_share", "select": "social", "low": 0.0, "high": 0.6}


def test_profiles_are_frozen_and_travel(sketch: dict[str, Any]) -> None:
    profile = CompanyProfile.model_validate(sketch)
    with pytest.raises(ValidationError):
        profile.name = "Other"  # type: ignore[misc]  # the point of the test
    assert pickle.loads(pickle.dumps(profile)) == profile
    assert copy.deepcopy(profile).cells() == profile.cells()


def test_notes_are_free(sketch: dict[str, Any]) -> None:
    notes = {"any": ["thing", 1, None, {"nested": True}]}
    for place in (sketch, sketch["markets"][0], sketch["channels"]["im"]):
        place["notes"] = notes
    profile = CompanyProfile.model_validate(sketch)
    assert profile.notes == profile.markets[0].notes == profile.channels["im"].notes == notes


@pytest.mark.parametrize(
    "change",
    [
        {"usd_rate": None},
        {"periods": True},
        {"scenario": {"kind": "fixed_budget", "amount": "135000"}},
        {"rules": [{"kind": "keep_working", "select": "smss"}]},
        {"notes": float("nan")},
        {"notes": "\ud800"},
        {"usd_rate": 10**400},
    ],
)
def test_python_values_are_checked_alike(sketch: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CompanyProfile.model_validate(sketch | change)


def test_rules_may_be_objects_already(sketch: dict[str, Any]) -> None:
    rules = [KeepWorking("sms"), GroupShare("social", high=0.6)]
    scenario = FixedBudget(5)
    profile = CompanyProfile.model_validate(sketch | {"rules": rules, "scenario": scenario})
    assert (profile.rules, profile.budget) == (tuple(rules), 5)


def test_import_is_light() -> None:
    heavy = ("scipy", "sklearn", "pandas", "cvxpy", "plotly")
    code = f"import sys, channelmix.profile; print([name for name in {heavy} if name in sys.modules])"
    path = str(Path(__file__).parents[2] / "src")
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"


def test_mechanisms_are_switched_off_in_a_copy(sketch: dict[str, Any]) -> None:
    profile = CompanyProfile.model_validate(sketch)
    assert all(cell.fatigue and cell.answer_on_time and cell.word_of_mouth for cell in profile.cells())
    quiet = profile.without("word_of_mouth", "fatigue").without("fatigue")
    assert quiet.switched_off == ("word_of_mouth", "fatigue")
    assert all(not cell.fatigue and cell.word_of_mouth is None for cell in quiet.cells())
    assert all(cell.answer_on_time for cell in quiet.cells())
    assert profile.switched_off == ()
    assert profile.sha256 != quiet.sha256
    with pytest.raises(ProfileError, match="profile without some mechanisms"):
        profile.without("magic")


def test_an_exposure_is_worth_what_advocacy_or_word_of_mouth_says(sketch: dict[str, Any]) -> None:
    (first, *_) = CompanyProfile.model_validate(sketch).cells()
    assert first.word_of_mouth is not None
    assert first.word_of_mouth.value_per_exposure == sketch["purposes"].pop("advocacy")["value_per_exposure"]
    for channel in sketch["channels"].values():
        for field in ("current_spend", "cost_per_contact"):
            channel.get(field, {}).pop("advocacy", None)
    assert all(cell.word_of_mouth is None for cell in CompanyProfile.model_validate(sketch).cells())
    sketch["word_of_mouth"] = {"value_per_exposure": 0.02, "told_if_not": 50, "satisfied_share": 0.9}
    (first, *_) = CompanyProfile.model_validate(sketch).cells()
    assert first.word_of_mouth == Telling(3.0, 50.0, 10.0, 0.9, 0.02)


def test_defaults_of_word_of_mouth_may_be_written(sketch: dict[str, Any]) -> None:
    without = CompanyProfile.model_validate(sketch)
    sketch["word_of_mouth"] = {"told_if_satisfied": 3, "told_if_not": 3000, "told_in_private": 10}
    assert CompanyProfile.model_validate(sketch).sha256 == without.sha256
