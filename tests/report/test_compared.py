"""What the headline compares the plan with: today's spend as the table has it, and the nearest mix within the rules."""

from __future__ import annotations

import io
import json

import pytest
from tests.recommender.optimize.shops import planned

from channelmix.core.wording import amount_change
from channelmix.core.words import Words
from channelmix.plan import Comparison, Plan
from channelmix.plan.split_names import split_name
from channelmix.report import to_terminal
from channelmix.report.content import Content
from channelmix.report.sentences import facts, headline

NOTHING_ON_SMS = {"kind": "spend_bounds", "bounds": {"sms": [0, 0]}}


def said(plan: Plan, language: str = "en") -> list[str]:
    content = Content(plan, Words(language, plan.currency, plain=True))
    assert plan.totals is not None
    return headline(content, plan.totals)


def against(plan: Plan, name: str) -> Comparison:
    return next(one for one in plan.comparisons if one.name == name)


def short(value: float) -> str:
    return Words("en", plain=True).short(abs(value))


def test_where_todays_mix_breaks_a_rule_the_gain_is_against_today_and_against_the_nearest_mix() -> None:
    plan = planned(NOTHING_ON_SMS)
    today, nearest = against(plan, "today"), against(plan, "current mix")
    assert not today.feasible
    assert today.gain.mean < 0.0 < nearest.gain.mean
    _, first, second = said(plan)
    assert first.startswith(f"That is EUR {short(today.gain.mean)} less than today (90 % interval ")
    assert first.endswith("; today's mix breaks your rules.")
    assert second.startswith(
        f"Against the nearest mix that obeys your rules it is EUR {short(nearest.gain.mean)} more (90 % "
    )
    assert plan.totals is not None
    assert nearest.money < plan.totals.spend  # the rest has nowhere to go without moving more than rules ask
    assert f"), with EUR {short(plan.totals.spend - nearest.money)} more to spend, and better in " in second
    assert "current mix" not in " ".join(said(plan))
    page = plan.to_html()
    assert "nearest mix that obeys your rules" in page
    french = said(plan, "fr")
    assert "de moins qu\u2019aujourd\u2019hui" in french[1]
    assert "par rapport au mix le plus proche qui respecte vos r\u00e8gles" in french[2]


@pytest.mark.parametrize(("budget", "change"), [(36000, "6.0k more"), (24000, "6.0k less")])
def test_where_only_the_budget_differs_both_gains_are_told(budget: float, change: str) -> None:
    plan = planned(scenario={"kind": "fixed_budget", "amount": budget})
    _, first, second = said(plan)
    assert f" than today (90 % interval {short(against(plan, 'today').gain.low)}" in first.replace(" -", " ")
    assert first.endswith(f", with EUR {change} to spend.")
    assert second.startswith("Against the current mix at this budget it is EUR ")


def test_where_today_obeys_the_rules_the_gain_is_against_today() -> None:
    plan = planned()
    (_, only) = said(plan)
    assert [one.name for one in plan.comparisons if one.name in ("current mix", "today")] == ["current mix"]
    gain = against(plan, "current mix").gain.mean
    assert only.startswith(f"That is EUR {short(gain)} more than the current mix (90 % interval ")


def test_another_scenario_compares_money_with_today_too() -> None:
    plan = planned(NOTHING_ON_SMS, scenario={"kind": "max_profit"})
    _, first, second = said(plan)
    assert first.startswith("Compared with today, which spends EUR 30k: return -")
    assert first.endswith("; today's mix breaks your rules.")
    assert second.startswith("Compared with the nearest mix that obeys your rules, which spends EUR 24k: ")


def test_money_that_a_move_onto_the_rules_leaves_is_not_told(example_plan: Plan) -> None:
    base = example_plan.comparisons[0]
    assert example_plan.totals is not None
    for left, told in ((15.0, False), (1500.0, True)):
        other = base.model_copy(update={"money": example_plan.totals.spend - left})
        plan = example_plan.model_copy(update={"comparisons": [other, *example_plan.comparisons[1:]]})
        assert ("EUR 1.5k more to spend" in said(plan)[-1]) is told
        assert ("to spend" in said(plan)[-1]) is told


@pytest.mark.parametrize("amount", [30000.4, 29999.6])
def test_amounts_that_look_alike_are_no_change(amount: float) -> None:
    """A budget off today's spend by rounding: nothing is scaled, and the total changes by nothing."""
    plan = planned(scenario={"kind": "fixed_budget", "amount": amount})
    assert plan.comparisons[0].description == "today's spend"
    assert plan.totals is not None
    content = Content(plan, Words("en", plan.currency, plain=True))
    assert not any("scaled" in fact for fact in facts(content, plan.totals))
    shown = io.StringIO()
    to_terminal(plan, shown)
    total = next(line for line in shown.getvalue().splitlines() if line.startswith("total"))
    assert total.split()[1:4] == ["30,000", "30,000", "0"]
    assert not any(f"{sign}1<" in plan.to_html() for sign in ("+", "\u2212"))


def test_a_factor_that_looks_like_one_is_not_told() -> None:
    plan = planned(scenario={"kind": "fixed_budget", "amount": 30060})
    assert plan.comparisons[0].description == "today's spend, scaled to the budget"
    plan = planned(scenario={"kind": "fixed_budget", "amount": 30600})
    assert plan.comparisons[0].description == "today's spend, scaled by 1.02 to the budget"


def test_the_change_shown_is_that_of_the_amounts_shown() -> None:
    for before, after in (
        (100.4, 101.6),
        (7000.49, 7000.51),
        (12.344, 12.346),
        (0.0, 3e-7),
        (1e9, 1e9 + 0.4),
    ):
        words = Words("en", plain=True)
        shown = float(words.amount(after).replace(",", "")) - float(words.amount(before).replace(",", ""))
        assert amount_change(before, after) == shown
        assert (amount_change(before, after) == 0.0) == (words.amount(after) == words.amount(before))


def test_the_baseline_is_called_alike_outside_the_plan() -> None:
    moved, scaled = planned(NOTHING_ON_SMS), planned(scenario={"kind": "fixed_budget", "amount": 36000})
    assert split_name(moved, moved.comparisons[0]) == "nearest mix that obeys your rules"
    assert split_name(scaled, scaled.comparisons[0]) == "current mix at this budget"
    assert [split_name(scaled, one) for one in scaled.comparisons[1:]] == [
        one.name for one in scaled.comparisons[1:]
    ]
    first_format = Plan.from_json(json.dumps(json.loads(scaled.to_json()) | {"messages": {}}))
    assert split_name(first_format, first_format.comparisons[0]) == "current mix"
