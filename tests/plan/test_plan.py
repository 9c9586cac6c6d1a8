from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from channelmix.core.documents import LARGEST_DOCUMENT
from channelmix.core.errors import InputError
from channelmix.core.wording import amount, percent, short
from channelmix.plan import Plan

# The contract's keys: text, number, or the keys of an object within a list.
KEYS: dict[str, set[str]] = {
    "": {
        *(
            "schema_version",
            "status",
            "currency",
            "scenario",
            "certificate",
            "allocation",
            "totals",
            "comparisons",
        ),
        *("assumptions", "shadow_prices", "conflicts", "warnings", "problem", "proof", "provenance"),
    },
    "certificate": {"value", "upper_bound", "gap", "max_violation"},
    "allocation": {
        *("market", "channel", "purpose", "period", "spend", "current_spend", "outcome", "marginal_return"),
        *("evidence", "reason"),
    },
    "shadow_prices": {"constraint", "price"},
    "provenance": {"profile_sha256", "version", "seed"},
}


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def no_constant(name: str) -> None:
    raise AssertionError(f"{name} in JSON")


@pytest.mark.parametrize("which", ["small_plan", "example_plan", "infeasible_plan"])
def test_json_round_trip_and_contract(which: str, request: pytest.FixtureRequest) -> None:
    plan: Plan = request.getfixturevalue(which)
    text = plan.to_json()
    assert Plan.from_json(text) == plan
    assert Plan.from_json(text.encode()).to_json() == text
    data = json.loads(text, parse_constant=no_constant)
    assert all(math.isfinite(leaf) for leaf in leaves(data) if isinstance(leaf, float))
    for place, keys in KEYS.items():
        node = data[place] if place else data
        for entry in node if isinstance(node, list) else [node]:
            assert keys <= entry.keys()
    for row in data["allocation"]:
        assert row["outcome"].keys() == {"mean", "low", "high"}
        assert row["outcome"]["low"] <= row["outcome"]["high"]
    assert data["schema_version"] == 2
    assert not any(word in key for key in data for word in ("time", "date", "seconds"))


def test_a_plan_is_frozen(small_plan: Plan) -> None:
    with pytest.raises(ValueError, match="frozen"):
        small_plan.status = "infeasible"  # type: ignore[misc,assignment]


def test_to_frame(small_plan: Plan) -> None:
    frame = small_plan.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 12
    assert small_plan.totals is not None
    assert frame["spend"].sum() == pytest.approx(small_plan.totals.spend)
    assert frame.to_dict("records") == small_plan.rows()


def test_from_file(tmp_path: Path, plan_text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(plan_text, encoding="utf-8")
    assert Plan.from_file(path).to_json() == plan_text
    with pytest.raises(InputError, match="No such file"):
        Plan.from_file(tmp_path / "other.json")
    with pytest.raises(InputError, match="directory"):
        Plan.from_file(tmp_path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"plan\.json: not a plan of channelmix: not text in UTF-8"):
        Plan.from_file(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('{\n "schema_version": 2', '{\n "schema_version": 3', "schema_version: it should be 1 or 2"),
        ('"status": "optimal"', '"status": "fine"', "status: it should be 'optimal'"),
        ('"seed": 0', '"seed": "0"', "provenance.seed: it should be a valid integer"),
        ('"seed": 0', '"seed": 0, "hash": 1', "provenance.hash: "),
        ('"seed": 0,', "", "provenance.seed: it is missing"),
        ('"amount": 135000.0', '"amount": NaN', "finite number"),
        ('"amount": 135000.0', '"amount": 1e999', "beyond any number of a computer"),
        ('"amount": 135000.0', '"amount": 1' + "0" * 5000, "a whole number of 5,001 digits"),
        ('"spend": 35000.0', '"spend": Infinity', "finite number"),
        ('"spend": 35000.0', '"spend": "35000"', "valid number"),
        ('"spend": 35000.0', '"spend": true', "valid number"),
        ('"name": "Maison', '"name": "\\u001b[31mMaison', "printable"),
        ('"name": "Maison', '"name": "\\ud800Maison', "Invalid JSON"),
        ('"name": "Maison', '"name": "\ud800Maison', "not valid Unicode"),
        ('"seed": 0', '"seed": -1', "provenance.seed: it should be greater than or equal to 0"),
        ('"low": ', '"low": 9999', "its low end below its high end"),
        ("}", "", "not valid JSON"),
        ('"seed": 0', '"seed": 0, "seed": 0', "the key 'seed' stands twice"),
        ('"seed": 0', '"seed": ' + "[" * 101 + "]" * 101, "nested deeper than 100 levels"),
        ('"kind": "fixed_budget"', '"kind": "fixed_budgets"', "unknown rule 'fixed_budgets'"),
        ('"kind": "fixed_budget"', '"kind": ["fixed_budget"]', "unknown rule"),
        ('"kind": "fixed_budget"', '"kind": "change_limit"', "scenario: "),
        ('"kind": "fixed_budget"', '"kind": "fixed_budget", "x": 1', "scenario: "),
        ('"amount": 135000.0', '"amount": "much"', "scenario: "),
    ],
)
def test_damaged_json(plan_text: str, old: str, new: str, said: str) -> None:
    assert old in plan_text
    with pytest.raises(InputError, match=r"^not a plan of channelmix: ") as caught:
        Plan.from_json(plan_text.replace(old, new, 1))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "null", "1", "{}", '"x"', "[" * 100_000, "{", b"\x00"])
def test_what_is_no_plan(text: str | bytes) -> None:
    with pytest.raises(InputError, match="not a plan of channelmix"):
        Plan.from_json(text)


def test_a_huge_text_is_not_parsed() -> None:
    class Huge(str):
        def __len__(self) -> int:
            return LARGEST_DOCUMENT + 1

    with pytest.raises(InputError, match="at most 200,000,000 bytes: make it anew on fewer draws"):
        Plan.from_json(Huge("{}"))


@pytest.mark.parametrize(
    ("say", "value", "said"),
    [
        (amount, 1e12, "1,000,000,000,000"),
        (amount, 99.999, "100.00"),
        (amount, -0.0, "0"),
        (amount, 0.009, "0.0090"),
        (amount, -1e-6, "-0.0000010"),
        (amount, 1e-300, "1e-300"),
        (short, 999.4, "999"),
        (short, 999.6, "1.0k"),
        (short, 999_600.0, "1.0M"),
        (short, 1e12, "1,000bn"),
        (short, 9.99e12, "9,990bn"),
        (short, -1.114e15, "-1.11e+15"),
        (short, -1234.0, "-1.2k"),
        (short, 9.49, "9.5"),
        (short, 0.05, "0.05"),
        (short, 1e-6, "1e-06"),
        (short, -0.0, "0"),
        (percent, 0.0, "0 %"),
        (percent, 0.9949, "99.5 %"),
        (percent, 0.9999999, "> 99.9 %"),
        (percent, 1e-9, "0.00000010 %"),
        (percent, 1e-15, "1e-13 %"),
        (percent, 0.005, "0.5 %"),
        (percent, 2.5, "250 %"),
    ],
)
def test_wording(say: Callable[[float], str], value: float, said: str) -> None:
    assert say(value) == said


def test_nothing_is_never_said_of_something() -> None:
    for exponent in range(-320, 18):
        assert float(amount(10.0**exponent).replace(",", "")) > 0.0 or 10.0**exponent == 0.0
        assert percent(10.0**exponent) != "0 %"
        assert percent(1.0 - 10.0 ** -abs(exponent)) != "100 %" or 10.0 ** -abs(exponent) < 1e-15
