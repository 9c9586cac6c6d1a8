"""The headline says what happens to the money, in amounts that stand in the table."""

from __future__ import annotations

from typing import Any

import pytest
from tests.recommender.optimize.shops import planned, share

from channelmix.core.words import Words
from channelmix.plan import Plan
from channelmix.report.content import Content
from channelmix.report.sentences import facts, headline

TODAYS_SHARES = (share("social", 0.8, 0.8), share("sms", 0.2, 0.2))

NO_SPEND_POSSIBLE: list[tuple[list[dict[str, Any]], float]] = [
    ([], 0.0),
    ([*TODAYS_SHARES], 0.0),
    ([{"kind": "minimum_if_active", "select": "all", "amount": 40000}], 30000.0),
    ([{"kind": "activation_fee", "select": "all", "amount": 50000}], 30000.0),
    ([{"kind": "pack_size", "select": "all", "size": 50000}], 30000.0),
]


def of_budget(amount: float, *rules: dict[str, Any], **changes: Any) -> Plan:
    return planned(*rules, scenario={"kind": "fixed_budget", "amount": amount}, **changes)


def said(plan: Plan, language: str = "en") -> list[str]:
    assert plan.totals is not None
    return headline(Content(plan, Words(language, plan.currency, plain=True)), plan.totals)


def short(value: float) -> str:
    return Words("en", plain=True).short(value)


@pytest.mark.parametrize(("rules", "amount"), NO_SPEND_POSSIBLE)
def test_a_plan_without_spend_stops_what_is_spent_today(rules: list[dict[str, Any]], amount: float) -> None:
    plan = of_budget(amount, *rules)
    assert plan.totals is not None
    assert plan.totals.spend == 0.0 < plan.totals.current_spend
    assert said(plan)[0].startswith("Stop all spend (")
    assert said(plan, "fr")[0].startswith("Arrêter toute dépense (")
    assert "Stop all spend" in plan.to_html()


def test_where_nothing_is_spent_today_nothing_stops() -> None:
    channels = {"sms": {"reachable": 150000, "current_spend": {"promotion": 0}}}
    plan = planned(channels=channels, scenario={"kind": "fixed_budget", "amount": 0})
    assert said(plan)[0].startswith("Spend nothing (no budget): ")


@pytest.mark.parametrize(
    ("amount", "begins"),
    [
        (150000.0, "Spend EUR 150k, 5 times as much as today, in the same proportions: "),
        (36000.0, "Spend EUR 36k (EUR 6.0k more than today) in the same proportions as today: "),
        (15000.0, "Spend EUR 15k (EUR 15k less than today) in the same proportions as today: "),
        (30000.0, "Keep the current mix: "),
    ],
)
def test_todays_mix_with_other_money_is_not_kept(amount: float, begins: str) -> None:
    plan = of_budget(amount, *TODAYS_SHARES)
    assert said(plan)[0].startswith(begins)
    assert ("Gardez" in said(plan, "fr")[0]) is begins.startswith("Keep")


@pytest.mark.parametrize("amount", [15000.0, 30000.0, 60000.0])
def test_a_reader_finds_the_amounts_moved_in_the_table(amount: float) -> None:
    plan = of_budget(amount)
    changes = [cell.spend - cell.current_spend for cell in plan.cells]
    cut, added = -sum(c for c in changes if c < 0.0), sum(c for c in changes if c > 0.0)
    if amount == 30000.0:
        assert said(plan)[0].startswith(f"Move EUR {short(added)}: ")
    elif cut > 0.0:
        assert said(plan)[0].startswith(f"Cut EUR {short(cut)} and add EUR {short(added)} to spend EUR ")
    else:
        assert said(plan)[0].startswith(f"Add EUR {short(added)} to spend EUR ")


def test_money_that_counts_fees_says_so() -> None:
    plan = of_budget(30000.0, {"kind": "activation_fee", "select": "all", "amount": 50000})
    assert said(plan)[1].endswith("80k less to spend, fees included.")
    assert not any("fees" in line for line in said(of_budget(15000.0)))
    paid = of_budget(100000.0, {"kind": "activation_fee", "select": "all", "amount": 50000})
    assert " to spend EUR 100k (EUR 20k more than today), fees included: expected" in said(paid)[0]


@pytest.mark.parametrize("amount", [0.0, 1.0])
def test_next_to_nothing_of_a_mix_has_no_factor(amount: float) -> None:
    plan = of_budget(amount)
    assert plan.totals is not None
    told = [*facts(Content(plan, Words("en", plan.currency, plain=True)), plan.totals)]
    assert "The current mix at this budget is today's spend, scaled to the budget." in told
