"""The starter is valid everywhere; the JSON Schema accepts what is valid and describes every field."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from channelmix.core.errors import InputError
from channelmix.datasets.facts import USD
from channelmix.profile import CompanyProfile, ProfileError, json_schema, starter_profile
from channelmix.profile.fields.values import Sector


def is_valid(profile: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(json_schema()).is_valid(profile))


@pytest.mark.parametrize("currency", ["EUR", "USD", "GBP", "JPY", "INR", "IDR"])
@pytest.mark.parametrize("period", ["week", "month", 10])
def test_starter_is_valid(currency: str, period: str | int) -> None:
    starter = starter_profile(currency=currency, period=period, budget=5000, customers=300)
    profile = CompanyProfile.from_json(json.dumps(starter))
    assert profile.budget == 5000.0
    assert profile.current_total == pytest.approx(5000.0)
    assert is_valid(starter)


@pytest.mark.parametrize("sector", get_args(Sector))
def test_starter_of_every_sector(sector: str) -> None:
    assert CompanyProfile.model_validate(starter_profile(sector=sector)).sector == sector


def test_starter_takes_what_it_is_told() -> None:
    starter = starter_profile(
        "Café Ünal", country="TR", currency="XAU", sector="food", usd_rate=0.0005, budget=7.5, periods=4
    )
    profile = CompanyProfile.model_validate(starter)
    assert (profile.name, profile.country, profile.usd_rate, profile.periods) == (
        "Café Ünal",
        "TR",
        0.0005,
        4,
    )
    assert profile.markets[0].name == "TR"


def test_starter_needs_a_rate_for_a_rare_currency() -> None:
    with pytest.raises(InputError, match=r"state usd_rate, the units of 'XAU' for one US dollar"):
        starter_profile(currency="XAU")


@pytest.mark.parametrize(
    "wrong", [{"budget": -1.0}, {"usd_rate": 0.0}, {"customers": 0.0}, {"name": ""}, {"sector": "retial"}]
)
def test_starter_refuses_what_no_profile_may_say(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="starter profile: "):
        starter_profile(**wrong)


def test_schema_is_a_schema_and_accepts_what_is_valid(sketch: dict[str, Any], example_file: Path) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for profile in (sketch, json.loads(example_file.read_text(encoding="utf-8"))):
        jsonschema.validate(profile, schema, cls=jsonschema.Draft202012Validator)
    assert json.loads(json.dumps(schema)) == schema
    schema["properties"].clear()
    assert json_schema()["properties"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("secotr",), "retail"),
        (("sector",), "retial"),
        (("country",), "fr"),
        (("period",), 0),
        (("purposes",), {}),
        (("markets",), []),
        (("markets", 0, "customers"), 0),
        (("markets", 0, "name"), "all"),
        (("channels", "all"), {"like": "sms", "reachable": 1}),
        (("channels", "a/b"), {"like": "sms", "reachable": 1}),
        (("channels", "sms", "reachble"), 1),
        (("channels", "sms", "publicness"), 1.1),
        (("channels", "sms", "current_spend", "promo"), 1),
        (("channels", "sms", "cost_per_contact", "promotion"), 0),
        (("scenario",), {"amount": 5}),
        (("rules", 0), {"floor": 0.5}),
        (("rules", 1, "hihg"), 0.5),
        (("risk",), {}),
    ],
)
def test_schema_refuses_what_the_profile_refuses(
    sketch: dict[str, Any], path: tuple[str | int, ...], value: Any
) -> None:
    changed: Any = copy.deepcopy(sketch)
    node = changed
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    assert is_valid(sketch)
    assert not is_valid(changed)
    with pytest.raises(ProfileError):
        CompanyProfile.from_json(json.dumps(changed))


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from objects(child)


def test_every_field_is_described_in_one_line() -> None:
    described = 0
    for node in objects(json_schema()):
        for name, field in node.get("properties", {}).items():
            if isinstance(field, dict):
                assert field.get("description"), name
                assert "\n" not in field["description"]
                described += 1
    assert described > 60


def test_starter_and_published_figures_share_their_rates() -> None:
    assert len(USD) > 20
    for currency, dollars in USD.items():
        country = "US" if currency == "USD" else "FR"
        rate = starter_profile(currency=currency, country=country)["usd_rate"]
        assert rate == pytest.approx(1.0 / dollars, rel=0.05)
        assert rate == float(f"{rate:.2g}")
