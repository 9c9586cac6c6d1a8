"""No reason contradicts the numbers beside it: small companies under every kind of rule, random ones, the examples."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.random_profiles import random_content
from tests.recommender.optimize.contradictions import contradictions

import channelmix as cm
from channelmix.core.words import Words, say
from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.reasons import said_of_all_periods
from channelmix.report import to_terminal

EXAMPLES = Path(__file__).parents[3] / "examples"

Content = dict[str, Any]


def planned(content: Content, **options: Any) -> Plan:
    return cm.optimize(CompanyProfile.model_validate(content), **options)


def reasons(plan: Plan) -> dict[str, str]:
    return {row.name: row.reason for row in plan.allocation}


def shop(**changed: Any) -> Content:
    """Two channels, of which SMS returns far more at first."""
    return {
        "name": "Shop",
        "sector": "retail",
        "country": "FR",
        "currency": "EUR",
        "usd_rate": 0.92,
        "period": "month",
        "scenario": {"kind": "fixed_budget", "amount": 36000.0},
        "purposes": {"promotion": {"margin_per_order": 18.0, "orders_per_click": 0.03}},
        "markets": [{"name": "FR", "customers": 420000.0}],
        "channels": {
            "social": {"reachable": 260000.0, "current_spend": {"promotion": 27000.0}},
            "sms": {"reachable": 150000.0, "current_spend": {"promotion": 7000.0}},
        },
    } | changed


SMS, SOCIAL = "FR/sms/promotion", "FR/social/promotion"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"kind": "spend_bounds", "bounds": {"sms": [0, 0]}}, "held by spend_bounds sms"),
        ({"kind": "spend_bounds", "bounds": {"sms": [None, 0]}}, "held by spend_bounds sms"),
        (
            {"kind": "linear_constraint", "coefficients": {"sms": 2}, "high": 0, "name": "no SMS"},
            "held by no SMS",
        ),
        ({"kind": "group_share", "select": "sms", "high": 0}, "held by group_share sms"),
        ({"kind": "contact_cap", "contacts": 0}, "held by contact_cap promotion"),
        ({"kind": "at_most_active", "select": "sms", "count": 0}, "off: at_most_active sms"),
        ({"kind": "minimum_if_active", "select": "sms", "amount": 40000}, "off: minimum_if_active sms"),
        ({"kind": "pack_size", "select": "sms", "size": 40000}, "held by pack_size sms"),
        (
            {"kind": "spend_bounds", "bounds": {"social": [36000, None]}},
            "left no money by spend_bounds social",
        ),
    ],
)
def test_a_cell_held_at_nothing_names_the_rule(rule: Content, expected: str) -> None:
    plan = planned(shop(rules=[rule]))
    row = next(row for row in plan.allocation if row.name == SMS)
    assert row.spend == 0.0
    assert row.marginal_return is not None
    assert row.marginal_return > 1.0
    assert row.reason == expected
    assert contradictions(plan) == []


@pytest.mark.parametrize("limit", [{"relative": 0.3}, {"absolute": 0.0}])
def test_a_change_limit_holds_what_gets_nothing_today(limit: Content) -> None:
    content = shop(rules=[{"kind": "change_limit", **limit}])
    content["scenario"]["amount"] = 27000.0
    content["channels"]["sms"]["current_spend"] = {}
    plan = planned(content)
    assert reasons(plan)[SMS] == "held by change_limit all"
    buffer = io.StringIO()
    to_terminal(plan, buffer)
    assert "No money  promotion on sms (held by change_limit all)" in buffer.getvalue()


def test_a_cost_of_change_holds_what_stays() -> None:
    content = shop(rules=[{"kind": "change_limit", "select": "sms", "switching_cost": 3.0}])
    content["scenario"]["amount"] = 27000.0
    content["channels"]["sms"]["current_spend"] = {}
    assert reasons(planned(content))[SMS] == "held by change_limit sms"


@pytest.mark.parametrize("asked", ["min_roi", "min_marginal_roi"])
@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_a_return_that_no_unit_reaches_is_told_with_its_figures(asked: str, currency: str) -> None:
    rate = {"EUR": 0.92, "USD": 1.0}[currency]
    content = shop(scenario={"kind": "flexible_budget", asked: 3.0}, currency=currency, usd_rate=rate)
    plan = planned(content)
    assert plan.totals is not None
    assert plan.totals.spend == 0.0
    best = max(row.marginal_return or 0.0 for row in plan.allocation)
    assert best < 3.0
    expected = f"no {currency} returns 3, the best first one {best:.2f}"
    assert set(reasons(plan).values()) == {expected}
    french = plan.said(expected, Words("fr", currency))
    assert french is not None
    assert f"{best:.2f}".replace(".", ",") in french


def test_a_required_return_is_no_cost() -> None:
    """The first unit on social media returns 1.01: more than it costs, less than the 1.2 that are asked for."""
    found = reasons(planned(shop(scenario={"kind": "flexible_budget", "min_marginal_roi": 1.2})))
    assert found == {SOCIAL: "returns less than 1.2 per EUR", SMS: "pays up to here"}
    dear = {"promotion": {"margin_per_order": 18.0, "order_value": 100.0, "orders_per_click": 0.03}}
    found = reasons(planned(shop(purposes=dear, scenario={"kind": "max_profit"})))
    assert found == {SOCIAL: "returns less than it costs", SMS: "pays up to here"}


def test_less_money_is_not_said_to_return_more_elsewhere() -> None:
    assert (
        reasons(planned(shop(scenario={"kind": "fixed_budget", "amount": 3000.0})))[SMS] == "smaller budget"
    )
    found = reasons(planned(shop(scenario={"kind": "target_outcome", "amount": 4000.0})))
    assert found[SMS] == "the target needs no more"


def test_an_explanation_names_the_rule_and_what_it_costs() -> None:
    plan = planned(shop(rules=[{"kind": "spend_bounds", "bounds": {"sms": [0, 0]}}]), n_draws=64)
    found = {cell.cell: cell for cell in cm.explain(plan).cells}
    assert found[SMS].rule == "spend_bounds sms"
    more = {row.name: row.marginal_return or 0.0 for row in plan.allocation}
    assert found[SMS].price == pytest.approx(more[SMS] - more[SOCIAL], rel=0.01)
    said = " ".join(found[SMS].reasons)
    assert "held by spend_bounds sms" in said
    assert f"raising its limit by one EUR would bring {found[SMS].price:.2f} more" in said
    assert found[SOCIAL].rule is None


SCENARIOS: dict[str, Content] = {
    "budget": {"kind": "fixed_budget", "amount": 20000.0},
    "small budget": {"kind": "fixed_budget", "amount": 6000.0},
    "large budget": {"kind": "fixed_budget", "amount": 400000.0},
    "target": {"kind": "target_outcome", "amount": 20000.0},
    "roi": {"kind": "flexible_budget", "min_roi": 2.5, "max_amount": 30000.0},
    "roi within": {"kind": "flexible_budget", "min_roi": 0.7, "max_amount": 15000.0},
    "marginal roi": {"kind": "flexible_budget", "min_marginal_roi": 1.8},
    "both": {"kind": "flexible_budget", "min_roi": 3.0, "min_marginal_roi": 0.5, "max_amount": 30000.0},
    "profit": {"kind": "max_profit"},
    "profit within": {"kind": "max_profit", "max_amount": 9000.0},
}

RULES: dict[str, list[Content]] = {
    "none": [],
    "a group capped and kept": [
        {"kind": "spend_bounds", "bounds": {"service": [None, 2500.0], "app": [1500.0, None]}},
    ],
    "fixed cells": [
        {"kind": "spend_bounds", "bounds": {"im/service": [1000.0, 1000.0], "sms": [0.0, 0.0]}},
    ],
    "shares": [
        {"kind": "group_share", "select": "service", "high": 0.3},
        {"kind": "group_share", "select": "app", "low": 0.1},
    ],
    "change": [{"kind": "change_limit", "relative": 0.4}],
    "cost of change": [{"kind": "change_limit", "switching_cost": 0.4}],
    "weights": [
        {"kind": "linear_constraint", "coefficients": {"sms": 1.0, "im": -2.0}, "high": 0.0, "name": "pair"},
        {
            "kind": "linear_constraint",
            "coefficients": {"all": 0.1, "app": 0.2},
            "high": 1500.0,
            "name": "fee",
        },
    ],
    "contacts and service": [
        {"kind": "contact_cap", "contacts": 0.2},
        {"kind": "service_level", "level": 0.5, "select": "im/service"},
    ],
    "switches": [
        {"kind": "at_most_active", "count": 3},
        {"kind": "minimum_if_active", "select": "sms", "amount": 4000.0},
        {"kind": "activation_fee", "select": "im", "amount": 300.0},
    ],
    "packs and tiers": [
        {"kind": "pack_size", "select": "im", "size": 1500.0},
        {"kind": "price_tiers", "select": "sms", "tiers": [[2000.0, 0.3]]},
    ],
    "keep": [{"kind": "keep_working", "floor": 0.6}],
}


PAIRS = [
    (scenario, rules)
    for k, scenario in enumerate(SCENARIOS)
    for j, rules in enumerate(RULES)
    if (k + j) % 3 == 0
]


@pytest.mark.parametrize(("scenario", "rules"), PAIRS)
def test_every_scenario_under_rules_of_every_kind(small: Content, scenario: str, rules: str) -> None:
    content = small | {"scenario": SCENARIOS[scenario], "rules": RULES[rules]}
    assert contradictions(planned(content, n_draws=32, time_limit=3.0)) == []


RISKS: list[Content] = [
    {"kind": "mean_cvar", "weight": 0.7, "tail": 0.1},
    {"kind": "safe_improvement"},
    {"kind": "reach_target", "outcome": 40000.0},
]


@pytest.mark.parametrize("risk", RISKS, ids=[risk["kind"] for risk in RISKS])
@pytest.mark.parametrize("rules", ["none", "fixed cells"])
def test_every_risk(small: Content, risk: Content, rules: str) -> None:
    plan = planned(small | {"risk": risk, "rules": RULES[rules]}, time_limit=2.0)
    assert contradictions(plan) == []


@pytest.mark.parametrize("name", ["none", "each period", "pacing", "phasing"])
def test_several_periods(small: Content, name: str) -> None:
    rules: dict[str, list[Content]] = {
        "none": [],
        "each period": [
            {"kind": "spend_bounds", "bounds": {"sms": [None, 1000.0]}},
            {"kind": "keep_working", "floor": 0.5},
        ],
        "pacing": [{"kind": "pacing", "relative": 0.2}],
        "phasing": [{"kind": "phasing", "parts": [1.0, 2.0, 1.0]}],
    }
    timing = {"season": {"promotion": [1.0, 1.6, 0.7]}}
    content = small | {
        "periods": 3,
        "timing": timing,
        "rules": rules[name],
        "scenario": {"kind": "fixed_budget", "amount": 60000.0},
    }
    plan = planned(content, n_draws=32, time_limit=10.0)
    assert contradictions(plan) == []
    for row in plan.sums:
        said = {(one.reason, one.marginal_return) for one in plan.allocation if one.name == row.name}
        assert row.reason in {reason for reason, _ in said}


@pytest.mark.parametrize("seed", range(8))
def test_random_companies(seed: int) -> None:
    content = random_content(seed)
    if "scenario" in content:
        amount, asked = content["scenario"]["amount"], float(np.random.default_rng(seed).uniform(0.5, 4.0))
        content["scenario"] = [
            content["scenario"],
            {"kind": "flexible_budget", "min_roi": asked, "max_amount": amount},
            {"kind": "flexible_budget", "min_marginal_roi": asked, "max_amount": amount},
            {"kind": "max_profit", "max_amount": amount},
        ][seed % 4]
    assert contradictions(planned(content, n_draws=32, time_limit=10.0)) == []


@pytest.mark.parametrize("file", ["maison_verte.json", "bank.json", "telecom.json"])
def test_examples(file: str) -> None:
    plan = cm.optimize(CompanyProfile.from_file(EXAMPLES / file), n_draws=64)
    assert contradictions(plan) == []


def test_a_plan_of_nothing_says_why_at_once() -> None:
    plan = planned(shop(scenario={"kind": "flexible_budget", "min_roi": 2.5}), n_draws=64)
    (why,) = set(reasons(plan).values())
    buffer = io.StringIO()
    to_terminal(plan, buffer)
    assert f"Stop all spend ({why}): expected return" in " ".join(buffer.getvalue().split())
    assert f"Stop all spend ({why})" in plan.to_html()
    assert "Arrêter toute dépense (aucun EUR ne rapporte 2,5, " in plan.to_html(lang="fr")


def test_periods_together_are_told_by_a_period_like_the_best() -> None:
    why = [
        say("reason.kept", rule="a"),
        say("reason.held", rule="b"),
        say("reason.best"),
        say("reason.kept", rule="c"),
        say("reason.kept", rule="d"),
        say("reason.held", rule="e"),
    ]
    spend, marginal = np.array([5.0, 0.0, 3.0, 0.0, 5.0, 0.0]), np.array([0.5, 1.0, 2.0, 1.5, 0.5, 1.2])
    assert said_of_all_periods(why, spend, marginal, 2) == ["best return left", "kept by c"]
    assert said_of_all_periods(why, spend, np.array([0.5, 1.0, 0.4, 1.0, 0.6, 1.2]), 2) == [
        "kept by a",
        "held by b",
    ]
