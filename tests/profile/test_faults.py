"""Every kind of fault in a profile, at its place, and all at once."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from channelmix.core.errors import InputError
from channelmix.profile import CompanyProfile, Fault, ProfileError

FaultsOf = Callable[[Any], dict[str, Fault]]


def put(profile: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a path such as ``markets.0.name``."""
    *parents, last = path.split(".")
    node: Any = profile
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node[part]
    node[int(last) if isinstance(node, list) else last] = value


@pytest.mark.parametrize(
    ("path", "value", "found", "expected", "hint"),
    [
        ("schema_version", 2, "2", "1", ""),
        ("schema_version", True, "true", "1", ""),
        ("name", "", '""', "a name in printable characters", ""),
        ("name", "a\x07", r'"a\\x07"'.replace(r"\\", "\\"), "a name in printable characters", ""),
        ("name", 5, "5", "text", ""),
        ("sector", "retial", '"retial"', '"retail", "e_commerce"', "retail"),
        ("country", "fr", '"fr"', "two capital letters", ""),
        ("currency", "EURO", '"EURO"', "three capital letters", ""),
        ("usd_rate", 0, "0", "a number greater than 0", ""),
        ("usd_rate", "0.92", '"0.92"', "a number", ""),
        ("usd_rate", False, "false", "a number", ""),
        ("period", "moth", '"moth"', '"quarter" or "year", or a number', "month"),
        ("period", -2, "-2", '"year", or a number greater than 0', ""),
        ("periods", 0, "0", "a number of at least 1", ""),
        ("periods", 1.5, "1.5", "a whole number", ""),
        ("scenario", [], "an empty list", "an object", ""),
        ("scenario.amount", -1, "-1", "a number of at least 0", ""),
        ("scenario.amount", True, "true", "a number", ""),
        ("scenario.amount", "5", '"5"', "a number", ""),
        ("scenario.kind", "fixed_bugdet", '"fixed_bugdet"', '"fixed_budget"', "fixed_budget"),
        ("risk", {"kind": "maen"}, '"maen"', '"mean"', "mean"),
        ("purposes", {}, "no purpose", "at least one of promotion, service, advocacy", ""),
        ("purposes.promotion.orders_per_click", 1.01, "1.01", "a number of at most 1", ""),
        ("markets", [], "an empty list", "at least 1 entry", ""),
        ("markets", {"FR": 1}, "an object", "a list", ""),
        ("markets.0.name", "all", '"all"', 'other than "all" and without "/"', ""),
        ("markets.0.name", " FR", '" FR"', "without spaces around it", ""),
        ("markets.0.name", "F/R", '"F/R"', 'other than "all" and without "/"', ""),
        ("markets.0.name", "service", '"service"', "not already used by a purpose", ""),
        ("markets.0.name", "sms", '"sms"', "not already used by a channel", ""),
        ("markets.0.customers", 0, "0", "a number greater than 0", ""),
        ("markets.0.customers", 1e19, "1e+19", "a number of at most 1e+18", ""),
        ("markets.0.country", "France", '"France"', "two capital letters", ""),
        ("channels", {}, "an object", "at least 1 entry", ""),
        ("channels.sms", None, "null", "an object", ""),
        ("channels.sms.reachable", -3, "-3", "a number of at least 0", ""),
        ("channels.sms.reachable", 2400001, "2400001", "at most 2400000, the customers of all markets", ""),
        ("channels.sms.reachable_share", 0.5, "0.5", "either reachable or reachable_share, not both", ""),
        ("channels.sms.like", "im", '"im"', "is itself built in", ""),
        ("channels.sms.publicness", 1.5, "1.5", "a number of at most 1", ""),
        ("channels.sms.purposes", [], "an empty list", "at least 1 entry", ""),
        ("channels.sms.service_share", 1.5, "1.5", "a number of at most 1", ""),
        ("channels.sms.current_spend.service", -1, "-1", "a number of at least 0", ""),
        ("channels.sms.cost_per_contact.promotion", 0, "0", "a number greater than 0", ""),
        ("word_of_mouth", {"told_if_not": 0}, "0", "a number greater than 0", ""),
        ("word_of_mouth", {"satisfied_share": 2}, "2", "a number of at most 1", ""),
        (
            "word_of_mouth",
            {"value_per_exposure": 1},
            "1",
            "purposes.advocacy.value_per_exposure states it",
            "",
        ),
        ("switched_off", ["fatige"], '"fatige"', '"fatigue"', "fatigue"),
        ("switched_off", ["fatigue", "fatigue"], '"fatigue" again', "each only once", ""),
        ("channels.sms.opt_out_per_contact", 1.5, "1.5", "a number of at most 1", ""),
        (
            "channels.app.opt_out_per_contact",
            0.1,
            "0.1",
            "nothing, since promotion in the app pays for users",
            "",
        ),
        ("channels.app.value_per_consent", 1, "1", "nothing, since promotion in the app pays for users", ""),
        ("rules", {}, "an object", "a list", ""),
        ("rules.1", 7, "7", "an object", ""),
        ("rules.1.high", 1.5, "1.5", "a share between 0 and 1", ""),
        ("rules.1.high", "0.5", '"0.5"', "a number", ""),
        ("rules.1.select", "socail", '"socail"', "a market, a channel, a purpose", "social"),
        ("rules.1.select", "social/FR", '"social/FR"', "in this order", "FR/social"),
        ("rules.1.select", "FR/SMS", '"FR/SMS"', "in this order", "FR/sms"),
        ("rules.1.kind", "groupshare", '"groupshare"', '"group_share"', "group_share"),
    ],
)
def test_value_at_fault(
    sketch: dict[str, Any],
    faults_of: FaultsOf,
    path: str,
    value: Any,
    found: str,
    expected: str,
    hint: str,
) -> None:
    put(sketch, path, value)
    faults = faults_of(sketch)
    fault = next(iter(faults.values()))
    shown = path.replace(".0", "[0]").replace(".1", "[1]")
    assert len(faults) == 1
    inner = next(iter(value)) if path in ("risk", "word_of_mouth") else ""
    place = f"[{len(value) - 1}]" if path == "switched_off" else inner and f".{inner}"
    assert fault.path == shown + place
    assert fault.found == found
    assert expected in fault.expected
    assert fault.hint == hint
    text = json.dumps(sketch, indent=1)
    assert fault.line is not None
    assert fault.column is not None
    rest = text.splitlines()[fault.line - 1][fault.column - 1 :]
    written = value[inner] if inner else value[-1] if path == "switched_off" else value
    assert rest.startswith(json.dumps(written, indent=1).splitlines()[0])


@pytest.mark.parametrize(
    ("path", "value", "shown", "expected", "hint"),
    [
        ("nmae", "x", "nmae", "a known field", "name"),
        ("something", 1, "something", "one of the fields $schema, channels", ""),
        ("purposes.promotoin", {}, "purposes.promotoin", "a known field", "promotion"),
        ("markets.0.customer", 1, "markets[0].customer", "a known field", "customers"),
        ("channels.sms.reachble", 1, "channels.sms.reachble", "a known field", "reachable"),
        ("rules.1.hihg", 1, "rules[1].hihg", "a known field", "high"),
        ("rules.1.selector", 1, "rules[1].selector", "a known field", "select"),
        ("scenario.amuont", 1, "scenario.amuont", "a known field", "amount"),
        ("markets.0.channels", {"smss": {}}, "markets[0].channels.smss", "a channel of the profile", "sms"),
        ("markets.0.channels", {"sms": {"like": "im"}}, "markets[0].channels.sms.like", "one of the", ""),
        (
            "channels.promotion",
            {"like": "sms", "reachable": 1},
            "channels.promotion",
            "a name other than those of the purposes",
            "",
        ),
        ("channels.a/b", {"like": "sms", "reachable": 1}, 'channels["a/b"]', 'without "/"', ""),
        ("channels.sms.current_spend.promo", 1, "channels.sms.current_spend.promo", "promotion", "promotion"),
        ("rules.0", {"kind": "spend_bounds", "bounds": {"smss": [0, 1]}}, "rules[0].bounds.smss", "", "sms"),
    ],
)
def test_key_at_fault(
    sketch: dict[str, Any], faults_of: FaultsOf, path: str, value: Any, shown: str, expected: str, hint: str
) -> None:
    put(sketch, path, value)
    faults = faults_of(sketch)
    assert list(faults) == [shown]
    fault = faults[shown]
    assert expected in fault.expected
    assert fault.hint == hint
    assert fault.line is not None
    assert fault.column is not None
    rest = json.dumps(sketch, indent=1).splitlines()[fault.line - 1][fault.column - 1 :]
    key = json.loads(shown.partition("[")[2][:-1]) if shown.endswith('"]') else shown.rpartition(".")[2]
    assert rest.startswith(json.dumps(key) + ":")


@pytest.mark.parametrize(
    ("gone", "shown", "line"),
    [
        ("name", "name", 1),
        ("purposes.service.value_per_resolution", "purposes.service.value_per_resolution", 20),
        ("markets.0.customers", "markets[0].customers", 29),
        ("channels.im.reachable", "channels.im.reachable", 53),
        ("rules.1.select", "rules[1].select", 73),
        ("rules.1.kind", "rules[1].kind", 73),
        ("scenario.amount", "scenario.amount", 11),
        ("scenario.kind", "scenario.kind", 11),
    ],
)
def test_missing_field_is_placed_at_the_object_that_lacks_it(
    sketch: dict[str, Any], faults_of: FaultsOf, gone: str, shown: str, line: int
) -> None:
    *parents, last = gone.split(".")
    node: Any = sketch
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node[part]
    del node[last]
    faults = faults_of(sketch)
    assert list(faults) == [shown]
    fault = faults[shown]
    assert fault.found == "nothing"
    assert fault.line == line
    assert fault.column is not None
    assert json.dumps(sketch, indent=1).splitlines()[line - 1][fault.column - 1] == "{"


def test_all_faults_at_once(faults_of: FaultsOf) -> None:
    text = """{
  "name": "",
  "sector": "retail", "country": "FR", "currency": "eur",
  "period": "month",
  "purposes": {"promotion": {"margin_per_order": -1}},
  "markets": [{"name": "FR", "custmers": 5}],
  "channels": {"sms": {"reachable": "many"}, "social": {"reachable": 5, "reachable_share": 0.1}},
  "rules": [{"kind": "keep_working", "floor": 2}, {"kind": "change_limit"}]
}"""
    faults = faults_of(text)
    assert {path: (fault.line, fault.column) for path, fault in faults.items()} == {
        "name": (2, 11),
        "currency": (3, 52),
        "purposes.promotion.margin_per_order": (5, 50),
        "markets[0].customers": (6, 15),
        "markets[0].custmers": (6, 30),
        "channels.sms.reachable": (7, 37),
        "channels.social.reachable_share": (7, 92),
        "rules[0].floor": (8, 47),
        "rules[1]": (8, 51),
    }


def test_all_faults_between_parts_at_once(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    del sketch["usd_rate"]
    sketch["markets"] = [
        {"name": "FR", "customers": 2400000, "channels": {"imm": {}, "im": {"reachable": 2400001}}},
        {"name": "FR", "customers": 2400000},
    ]
    sketch["channels"]["sms"]["purposes"] = ["promotion"]
    sketch["channels"]["television"] = {"reachable": 1}
    sketch["channels"]["app"] |= {"service_share": 0.6}
    sketch["channels"]["im"] |= {"service_share": 0.6, "reachable": 4800001}
    sketch["rules"] = [
        {"kind": "spend_bounds", "bounds": {"sms": [0, 1], "ims": [0, 1]}},
        {"kind": "linear_constraint", "coefficients": {"sms/service": 1}, "low": 0},
    ]
    assert set(faults_of(sketch)) == {
        "usd_rate",
        "markets[0].channels.imm",
        "markets[0].channels.im.reachable",
        "markets[1].name",
        "channels",
        "channels.sms.current_spend.service",
        "channels.im.reachable",
        "channels.television.like",
        "rules[0].bounds.ims",
        'rules[1].coefficients["sms/service"]',
    }


def test_spend_on_an_undeclared_purpose(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    del sketch["purposes"]["service"]
    sketch["channels"]["im"]["purposes"] = ["promotion", "service"]
    sketch["channels"]["app"]["resolution_share"] = 0.5
    sketch["markets"][0]["inbound_contacts"] = 5
    faults = faults_of(sketch)
    assert set(faults) == {
        "markets[0].inbound_contacts",
        *(f"channels.{channel}.current_spend.service" for channel in ("social", "sms", "im", "app")),
        "channels.im.purposes[1]",
        "channels.app.resolution_share",
    }


def test_repeated_purpose(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    sketch["channels"]["im"]["purposes"] = ["promotion", "service", "promotion"]
    assert list(faults_of(sketch)) == ["channels.im.purposes[2]"]


def test_service_shares_of_one_market(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    for channel in ("social", "sms", "im", "app"):
        sketch["channels"][channel]["service_share"] = 0.25
    CompanyProfile.model_validate(sketch)
    sketch["markets"][0]["channels"] = {"im": {"service_share": 0.3}}
    fault = faults_of(sketch)["markets[0].channels"]
    assert fault.found == "service_share values that sum to 1.05"


def test_missing_own_figures_are_named(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    sketch["channels"]["smss"] = {"reachable": 1, "purposes": ["promotion"], "orders_per_contact": 0.1}
    fault = faults_of(sketch)["channels.smss.like"]
    assert fault.expected.endswith("own cost_per_contact.promotion, contacts_per_customer")
    assert fault.hint == "sms"


def test_rate_is_needed_as_soon_as_a_cost_is_published(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    del sketch["usd_rate"]
    for channel in sketch["channels"].values():
        channel["cost_per_contact"] = dict.fromkeys(sketch["purposes"], 0.1)
    del sketch["channels"]["im"]["cost_per_contact"]["advocacy"]
    fault = faults_of(sketch)["usd_rate"]
    assert (fault.line, fault.column) == (1, 1)
    assert "im states no cost_per_contact.advocacy" in fault.expected


def test_another_rate_for_us_dollars(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    sketch["currency"] = "USD"
    assert faults_of(sketch)["usd_rate"].expected.startswith("1 (or nothing)")


def test_neither_scenario_nor_spend(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    del sketch["scenario"]
    for channel in sketch["channels"].values():
        channel["current_spend"] = {}
    faults = faults_of(sketch)
    assert list(faults) == ["scenario", "rules[0]"]
    assert faults["rules[0]"].expected == "current_spend of at least one channel to compare with"


@pytest.mark.parametrize(
    ("rule", "path", "expected"),
    [
        ({"kind": "spend_bounds", "bounds": {"sms": [5, 2]}}, "rules[0]", "low 5 is above high 2"),
        ({"kind": "spend_bounds", "bounds": {"sms": [-5, 2]}}, "rules[0].bounds.sms[0]", "at least 0"),
        ({"kind": "spend_bounds", "bounds": {"sms": [True, 2]}}, "rules[0].bounds.sms[0]", "a number"),
        ({"kind": "spend_bounds", "bounds": {"sms": [1]}}, "rules[0].bounds.sms[1]", "it is required"),
        ({"kind": "spend_bounds", "bounds": {"sms": [1, 2, 3]}}, "rules[0].bounds.sms", "at most 2"),
        ({"kind": "spend_bounds", "bounds": {}}, "rules[0]", "at least one selector"),
        ({"kind": "change_limit"}, "rules[0]", "needs relative, absolute or switching_cost"),
        ({"kind": "change_limit", "relative": 1e308}, "rules[0].relative", "at most 1e+18"),
        ({"kind": "keep_working", "floor": -0.1}, "rules[0].floor", "a number of at least 0"),
        ({"kind": "at_most_active", "count": 1.5}, "rules[0].count", "a whole number"),
        ({"kind": "at_most_active", "count": 1, "of": "chanel"}, "rules[0].of", '"channel" or "purpose"'),
        ({"kind": "pack_size", "select": "sms", "size": 0}, "rules[0]", "must be above 0"),
        ({"kind": "price_tiers", "select": "sms", "tiers": [[5, 0.1], [1, 0.2]]}, "rules[0]", "must rise"),
        ({"kind": "service_level", "level": 2}, "rules[0].level", "a share between 0 and 1"),
        (
            {"kind": "contact_cap", "contacts": 4, "per_spend": {"sms": 1}},
            "rules[0].per_spend.sms",
            "the name of a cell",
        ),
        (
            {"kind": "linear_constraint", "coefficients": {"sms": "1"}, "low": 1},
            "rules[0].coefficients.sms",
            "a number",
        ),
        ({"kind": "group_share", "select": "/".join("sms" * 9)}, "rules[0].select", "in this order"),
    ],
)
def test_rules_at_fault(
    sketch: dict[str, Any], faults_of: FaultsOf, rule: dict[str, Any], path: str, expected: str
) -> None:
    sketch["rules"] = [rule]
    faults = faults_of(sketch)
    assert list(faults) == [path]
    assert expected in faults[path].expected


def test_a_key_named_like_a_kind_does_not_mislead(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    sketch["rules"] = [{"kind": "group_share", "select": "sms", "high": "x", "group_share": {"high": 1}}]
    assert set(faults_of(sketch)) == {"rules[0].high", "rules[0].group_share"}


def test_more_cells_than_memory_are_refused(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    sketch["markets"] = [{"name": f"m{i}", "customers": 1} for i in range(500)]
    sketch["channels"] = {f"c{i}": {"like": "sms", "reachable": 1} for i in range(500)}
    fault = faults_of(sketch)["markets"]
    assert fault.found == "750000 cells (markets x channels x purposes)"


def test_message_is_one_line_a_fault(sketch: dict[str, Any]) -> None:
    sketch["channels"]["sms"]["reachable"] = -3
    sketch["sector"] = "retial"
    with pytest.raises(ProfileError) as caught:
        CompanyProfile.from_json(json.dumps(sketch, indent=2), source="profile.json")
    lines = str(caught.value).splitlines()
    assert lines[0] == "profile.json: 2 faults"
    assert lines[1].startswith('  line 5, column 13, sector: found "retial", expected "retail", ')
    assert lines[1].endswith(' (did you mean "retail"?)')
    assert lines[2] == (
        "  line 44, column 20, channels.sms.reachable: found -3, expected a number of at least 0"
    )
    assert isinstance(caught.value, InputError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_message_lists_fifty_faults(sketch: dict[str, Any]) -> None:
    sketch["markets"] = [{"name": f"m{i}", "customers": 0} for i in range(60)]
    with pytest.raises(ProfileError) as caught:
        CompanyProfile.from_json(json.dumps(sketch))
    lines = str(caught.value).splitlines()
    assert (len(caught.value.faults), len(lines), lines[-1]) == (60, 52, "  and 10 more")


def test_echoes_are_short_and_cannot_drive_a_terminal(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    sketch["sector"] = "\x1b[2J\u202e" + "x" * 100
    sketch["\x1b" + "k" * 100] = 1
    fault, unknown = faults_of(sketch).values()
    assert fault.found.startswith('"\\x1b[2J\\u202exxx')
    assert fault.found.endswith('..."')
    assert len(fault.found) == 62
    assert "\x1b" not in unknown.path + unknown.found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "printable characters"),
        ("a\x07b", "printable characters"),
        ("floor, not \u202e", "printable characters"),
        ("fixed_budget", "other than a kind of rule"),
        ("x" * 101, "at most 100 characters"),
        (5, "text"),
    ],
)
def test_name_of_a_rule(sketch: dict[str, Any], faults_of: FaultsOf, name: Any, expected: str) -> None:
    sketch["rules"].append({"kind": "linear_constraint", "coefficients": {"sms": 1}, "low": 0, "name": name})
    faults = faults_of(sketch)
    assert list(faults) == ["rules[2].name"]
    assert expected in faults["rules[2].name"].expected


def test_a_service_channel_of_ones_own_need_not_be_public(sketch: dict[str, Any]) -> None:
    own = {"resolution_share": 0.8, "on_time_share": 0.9, "service_share": 0.1}
    channel = {"reachable": 1, "purposes": ["service"], "cost_per_contact": {"service": 2}, **own}
    sketch["channels"]["desk"] = channel
    CompanyProfile.model_validate(sketch)
    channel["publicness"] = 0.5
    CompanyProfile.model_validate(sketch)
