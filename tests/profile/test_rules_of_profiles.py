"""Every scenario, rule and risk can be written in a profile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from channelmix.engine.rules import Constraint, Risk, Scenario, Stated, rule_to_dict
from channelmix.profile import CompanyProfile, Fault, json_schema

ROOT = Path(__file__).parents[2]
FaultsOf = Callable[[Any], dict[str, Fault]]

SCENARIO: list[dict[str, Any]] = [
    {"kind": "fixed_budget", "amount": 1000},
    {"kind": "target_outcome", "amount": 1000, "max_amount": 9000},
    {"kind": "flexible_budget", "min_roi": 2.0},
    {"kind": "flexible_budget", "min_marginal_roi": 1.5, "max_amount": 5000},
    {"kind": "max_profit"},
]
RISK: list[dict[str, Any]] = [
    {"kind": "mean"},
    {"kind": "mean_cvar", "weight": 0.4, "tail": 0.2},
    {"kind": "worst_case"},
    {"kind": "safe_improvement", "tail": 0.05},
    {"kind": "safe_improvement", "current": {"FR/sms/promotion": 5.0}},
    {"kind": "reach_target", "outcome": 120000},
]
RULES: list[dict[str, Any]] = [
    {"kind": "spend_bounds", "bounds": {"sms": [0, 40000]}},
    {"kind": "group_share", "select": "social", "high": 0.6},
    {"kind": "change_limit", "select": "app", "switching_cost": 0.1},
    {"kind": "keep_working"},
    {"kind": "linear_constraint", "name": "agency", "coefficients": {"social": 0.15}, "high": 9000},
    {"kind": "minimum_if_active", "select": "im", "amount": 500},
    {"kind": "at_most_active", "count": 3, "of": "channel"},
    {"kind": "activation_fee", "select": "app", "amount": 300},
    {"kind": "pack_size", "select": "sms", "size": 250},
    {"kind": "price_tiers", "select": "sms", "tiers": [[1000, 0.1], [5000, 0.2]]},
    {"kind": "contact_cap", "contacts": 4, "quantile": 0.9},
    {"kind": "service_level", "level": 0.8},
    {"kind": "reputation_limit", "amount": 50000},
    {"kind": "pacing", "relative": 0.25},
]
PHASING = {"kind": "phasing", "parts": [1, 1, 2], "select": "sms"}


def test_the_lists_name_every_kind() -> None:
    assert {one["kind"] for one in SCENARIO} == set(Scenario.registered())
    assert {one["kind"] for one in RISK} == set(Risk.registered())
    assert {one["kind"] for one in [*RULES, PHASING]} == set(Constraint.in_profiles())


@pytest.mark.parametrize("kind", Stated.in_profiles())
def test_the_guide_and_the_schema_name_every_kind(kind: str) -> None:
    assert kind in (ROOT / "docs" / "profile.md").read_text(encoding="utf-8")
    described = json_schema()
    fields = [*described["properties"].values(), *described["$defs"]["Timing"]["properties"].values()]
    assert any(
        kind in field["description"].partition("Kinds: ")[2].rstrip(".").split(", ") for field in fields
    )


@pytest.mark.parametrize(
    "part",
    [{"scenario": one} for one in SCENARIO] + [{"risk": one} for one in RISK] + [{"rules": RULES}],
    ids=str,
)
def test_each_is_read_and_written_back(sketch: dict[str, Any], part: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator(json_schema()).validate(sketch | part)
    profile = CompanyProfile.model_validate(sketch | part)
    again = CompanyProfile.from_json(profile.model_dump_json(by_alias=True, exclude_none=True))
    assert again.sha256 == profile.sha256
    ((field, written),) = part.items()
    read = getattr(profile, field)
    for one, rule in zip(written, read, strict=True) if field == "rules" else [(written, read)]:
        back = json.loads(json.dumps(rule_to_dict(rule)))  # lists for tuples, as in a profile
        assert {key: back[key] for key in one} == one


def test_the_budget_of_each_scenario(sketch: dict[str, Any]) -> None:
    budgets = [CompanyProfile.model_validate(sketch | {"scenario": one}).budget for one in SCENARIO]
    assert budgets == [1000.0, 9000.0, 135000.0, 5000.0, 135000.0]


@pytest.mark.parametrize(
    ("part", "path", "expected"),
    [
        ({"scenario": {"kind": "flexible_budget"}}, "scenario", "needs min_roi, min_marginal_roi or both"),
        ({"scenario": {"kind": "target_outcome"}}, "scenario.amount", "it is required"),
        ({"scenario": {"kind": "max_profit", "amount": 5}}, "scenario.amount", "a known field"),
        ({"risk": {"kind": "mean_cvar", "tail": 0}}, "risk", "the tail must be above 0"),
        ({"risk": {"kind": "mean_cvar", "weight": 2}}, "risk.weight", "a share between 0 and 1"),
        (
            {"risk": {"kind": "safe_improvement", "current": {"FR/sms": 5}}},
            'risk.current["FR/sms"]',
            "the name of a cell",
        ),
        ({"rules": [PHASING]}, "rules[0].kind", "a profile with timing"),
        (
            {"rules": [{"kind": "reputation_limit", "amount": 5}], "switched_off": ["word_of_mouth"]},
            "rules[0].kind",
            "counts word of mouth",
        ),
    ],
)
def test_what_a_rule_needs_is_named(
    sketch: dict[str, Any], faults_of: FaultsOf, part: dict[str, Any], path: str, expected: str
) -> None:
    faults = faults_of(sketch | part)
    assert list(faults) == [path]
    assert expected in faults[path].expected


def test_a_safe_improvement_needs_something_to_improve_on(
    sketch: dict[str, Any], faults_of: FaultsOf
) -> None:
    for channel in sketch["channels"].values():
        channel["current_spend"] = {}
    sketch |= {"rules": [], "risk": {"kind": "safe_improvement"}}
    assert list(faults_of(sketch)) == ["risk"]
