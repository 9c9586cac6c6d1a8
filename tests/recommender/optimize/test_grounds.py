"""What documents say that a plan rests on: both ways to what promotion brings, and what a company measured itself."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.own_evidence import returns, written
from tests.random_profiles import random_content
from tests.recommender.optimize.test_own_history import content as shop
from tests.report.pages import by_id, parsed, rows_of, words_of

from channelmix.core.errors import InputError
from channelmix.core.words import PLAIN, Words
from channelmix.datasets import load_facts, load_stated_ranges
from channelmix.datasets.effects import load_effects
from channelmix.effectiveness import prior_response, published_draws
from channelmix.effectiveness.published.pooled_effects import EffectSetting, pooled_effects
from channelmix.effectiveness.stated import stated, statements
from channelmix.plan import Explanation, Grounds, Plan, Sensitivity
from channelmix.profile import CompanyProfile
from channelmix.recommender.explain.explain import explain
from channelmix.recommender.optimize.assumptions import assumptions, stated_assumptions
from channelmix.recommender.optimize.company_problem import drawn
from channelmix.recommender.optimize.optimize import optimize
from channelmix.recommender.sensitivity.sensitivity import sensitivity
from channelmix.report import to_terminal
from channelmix.report.both_ways import sentence
from channelmix.report.content import Content
from channelmix.report.html.page import to_html
from channelmix.report.sentences import facts

N = 600_000

NOT_MEASURED = "None of this was measured at your company: it rests on "

EXPERIMENTS = (
    "published experiments and returns, on clicks and orders, "
    "and on other figures that are published or stated by you."
)


def planned(content: dict[str, Any]) -> Plan:
    """A plan on few draws, as a reader of its JSON has it."""
    return Plan.from_json(optimize(CompanyProfile.model_validate(content), n_draws=64).to_json())


def told(plan: Plan, language: str = "en") -> str:
    """What stands below the headline."""
    assert plan.totals is not None
    return " ".join(facts(Content(plan, Words(language, plan.currency, plain=True)), plan.totals))


def shown(document: Plan | Explanation | Sensitivity) -> str:
    """A document in the terminal, on one line."""
    stream = io.StringIO()
    to_terminal(document, stream)
    return " ".join(stream.getvalue().split())


def remarks(plan: Plan) -> dict[str, str]:
    """Its remarks by code."""
    return {plan.messages[text]["code"]: text for text in plan.remarks}


@pytest.fixture(scope="module")
def two_markets() -> dict[str, Any]:
    """Two markets that share what promotion brings, with an SMS test in both."""
    return {
        "name": "Two",
        "sector": "banking",
        "country": "FR",
        "currency": "EUR",
        "usd_rate": 0.9,
        "period": "month",
        "scenario": {"kind": "fixed_budget", "amount": 20000.0},
        "purposes": {"promotion": {"margin_per_order": 20.0, "orders_per_click": 0.03}},
        "markets": [{"name": name, "customers": 100000.0} for name in ("North", "South")],
        "channels": {
            "social": {"reachable_share": 0.5, "current_spend": {"promotion": 8000.0}},
            "sms": {
                "reachable_share": 0.3,
                "current_spend": {"promotion": 8000.0},
                "orders_per_contact": {"value": 0.0004, "n": N, "incremental": True},
            },
            "app": {"reachable_share": 0.1, "current_spend": {"promotion": 4000.0}},
            "branch": {
                "reachable_share": 0.5,
                "current_spend": {"promotion": 1000.0},
                "cost_per_contact": {"promotion": 30.0},
                "contacts_per_customer": 0.1,
                "orders_per_contact": 0.05,
            },
        },
    }


@pytest.fixture(scope="module")
def plan(two_markets: dict[str, Any]) -> Plan:
    return planned(two_markets)


@pytest.fixture(scope="module")
def why(plan: Plan) -> Explanation:
    return Explanation.from_json(explain(plan, time_limit=20.0).to_json())


def test_an_effect_states_both_ways_and_their_facts(plan: Plan) -> None:
    [social] = [one for one in plan.assumptions if one.ways and "social" in one.name]
    assert social.ways is not None
    assert social.cells == ["North/social/promotion", "South/social/promotion"]
    mixture = pooled_effects("revenue_per_spend").predict([EffectSetting("social")])
    said = social.ways.from_experiments
    assert [said.low, said.median, said.high] == pytest.approx(
        [np.exp(mixture.quantile(level, 0)) for level in (0.05, 0.5, 0.95)]
    )
    assert social.ways.from_clicks.median < social.value < said.median
    belief = social.ways.belief
    assert (belief.low, belief.median, belief.high) == pytest.approx((social.low, social.value, social.high))
    behind = [one for one in load_effects() if one.measure == "revenue_per_spend"]
    assert set(social.ways.fact_ids) == {one.fact.fact_id for one in behind}
    assert social.ways.fact_ids[: social.ways.own_channel] == [
        *sorted(one.fact.fact_id for one in behind if (one.channel, one.design) == ("social", "randomised")),
        *sorted(one.fact.fact_id for one in behind if one.channel == "social" and one.design != "randomised"),
    ]
    assert social.ways.figures == len(behind) == len(social.ways.fact_ids)
    assert social.ways.randomised == sum(one.design == "randomised" for one in behind)
    assert social.ways.sources == len({one.source for one in behind})
    assert 0.0 < social.ways.weight < 1.0


def test_what_experiments_do_not_speak_of_has_one_way(plan: Plan) -> None:
    both = {cell for one in plan.assumptions if one.ways for cell in one.cells}
    assert both == {
        f"{market}/{channel}/promotion" for market in ("North", "South") for channel in ("social", "app")
    }


def test_old_documents_load_and_new_ones_are_read_strictly(plan: Plan, why: Explanation) -> None:
    data = json.loads(plan.to_json())
    place = next(i for i, one in enumerate(data["assumptions"]) if one["ways"])
    old = json.loads(plan.to_json())
    for one in old["assumptions"]:
        for key in ("ways", "measured", "cells"):
            del one[key]
    assert Plan.from_json(json.dumps(old)).assumptions[place].ways is None
    for change in (
        {"weight": 1.5},
        {"weight": "0.5"},
        {"figures": 0},
        {"randomised": 1.5},
        {"more": 1},
        {"belief": {"low": 2.0, "median": 1.0, "high": 3.0}},
    ):
        data["assumptions"][place]["ways"] = old_ways(plan, place) | change
        with pytest.raises(InputError, match=r"assumptions\."):
            Plan.from_json(json.dumps(data))
    told_why = json.loads(why.to_json())
    for cell in told_why["cells"]:
        del cell["ways"]
    assert all(cell.ways is None for cell in Explanation.from_json(json.dumps(told_why)).cells)


def old_ways(plan: Plan, place: int) -> dict[str, Any]:
    ways = plan.assumptions[place].ways
    assert ways is not None
    return ways.model_dump(mode="json")


def test_what_was_measured_is_named_with_its_n(plan: Plan) -> None:
    assert (
        f"Measured at your company: orders per contact of sms (n = 600,000). All else rests on {EXPERIMENTS}"
        in (told(plan))
    )
    assert told(plan) in shown(plan)
    assert "None of this was measured" not in plan.to_json() + shown(plan) + to_html(plan)
    assert remarks(plan)["facts.measured"].startswith("Measured at your company: orders per contact of sms")
    assert "Mesuré dans votre entreprise : commandes par contact (sms) (n = 600,000)." in told(
        plan, "fr"
    ).replace("\u00a0", " ")
    french = words_of(parsed(to_html(plan, "fr")))
    assert (
        french.replace("\u00a0", " ").count("Mesuré dans votre entreprise : commandes par contact (sms)") == 2
    )
    [measured] = [one for one in plan.assumptions if one.measured]
    assert measured.name == "channels.sms.orders_per_contact"
    assert measured.cells == ["North/sms/promotion", "South/sms/promotion"]
    assert not any(one.measured for one in plan.assumptions if one.facts)


def test_what_is_stated_without_n_was_not_measured(small: dict[str, Any]) -> None:
    small["channels"]["sms"]["orders_per_contact"] = {"value": 0.001, "low": 0.0008, "high": 0.0012}
    plan = planned(small)
    assert told(plan).startswith(f"{NOT_MEASURED}{EXPERIMENTS}")
    assert not any(one.measured for one in plan.assumptions)


def test_without_experiments_published_figures_are_named_as_such(small: dict[str, Any]) -> None:
    del small["purposes"]["promotion"]
    for channel in small["channels"].values():
        channel["current_spend"].pop("promotion", None)
    plan = planned(small)
    assert told(plan).startswith(f"{NOT_MEASURED}figures that are published or stated by you.")
    assert "remark.attributed_both" not in remarks(plan)
    assert "remark.attributed_alone" not in remarks(plan)


def test_one_figure_measured_in_one_market(two_markets: dict[str, Any]) -> None:
    content = json.loads(json.dumps(two_markets))
    del content["channels"]["sms"]["orders_per_contact"]
    content["markets"][1]["channels"] = {
        "sms": {"reachable_share": {"value": 0.3, "n": 4000}},
    }
    plan = planned(content)
    assert "Measured at your company: customers reached of sms, South (n = 4,000)" in told(plan)
    found = {one.measured.figure: one.cells for one in plan.assumptions if one.measured}
    assert found["customers reached of sms, South"] == ["South/sms/promotion"]


@pytest.mark.no_cover
def test_a_measured_figure_is_evidence_where_a_curve_uses_it_alone(small: dict[str, Any]) -> None:
    """Orders a click play no part in what a text message brings: its effect is one of orders a contact."""
    small["purposes"]["promotion"]["orders_per_click"] = {"value": 0.03, "n": 2000}
    plan = planned(small)
    [one] = [one for one in plan.assumptions if one.measured]
    assert one.measured is not None
    assert one.measured.figure == "attributed orders per click"
    assert one.measured.beside
    assert one.cells == ["FR/social/promotion", "FR/app/promotion"]
    small["purposes"]["promotion"]["orders_per_click"] = {"value": 0.3, "n": 2000}
    other = planned(small)
    returned = [
        {a.name: a.value for a in p.assumptions if a.ways and " sms " in a.name} for p in (plan, other)
    ]
    assert returned[0] == returned[1] != {}


@pytest.mark.parametrize(
    ("n", "incremental", "says"),
    [
        (
            5000, False,
            "Measured at your company: attributed orders per contact of sms "
            "(n = 5,000; published experiments and returns count beside it).",
        ),
        (5000, True, "Measured at your company: orders per contact of sms (n = 5,000)."),
        (
            50, False,
            "Counted at your company, on few: attributed orders per contact of sms "
            "(counted on 50; published experiments and returns count beside it).",
        ),
        (1, True, "Counted at your company, on few: orders per contact of sms (counted on 1)."),
    ],
)  # fmt: skip
def test_no_more_is_called_measured_than_was(
    small: dict[str, Any], n: int, incremental: bool, says: str
) -> None:
    small["channels"]["sms"]["orders_per_contact"] = {"value": 0, "n": n} | (
        {"incremental": True} if incremental else {}
    )
    plan = planned(small)
    assert says in told(plan)
    few = n < 100
    assert ("Measured at your company" in plan.to_json()) is not few
    assert f"stated by the company, {'counted' if few else 'measured'} on {n:,}" in plan.to_json()
    start = "Compté dans votre entreprise, sur peu de cas : " if few else "Mesuré dans votre entreprise : "
    quantity = "commandes par contact" if incremental else "commandes attribuées par contact"
    assert f"{start}{quantity} (sms)" in told(plan, "fr").replace("\u00a0", " ")


def test_many_measured_figures_are_counted(two_markets: dict[str, Any]) -> None:
    content = json.loads(json.dumps(two_markets))
    content["purposes"]["promotion"] |= {"margin_per_order": {"value": 20.0, "n": 100}}
    for name in ("social", "app", "branch"):
        content["channels"][name]["reachable_share"] = {"value": 0.3, "n": 1000}
    content["channels"]["branch"]["orders_per_contact"] = {"value": 0.05, "n": 100}
    said = told(planned(content))
    assert "Measured at your company: margin per order (n = 100), " in said
    assert "and 2 more. All else rests" in said


def test_attribution_is_judged_alone_where_no_experiment_speaks(plan: Plan) -> None:
    said = remarks(plan)
    assert (
        "promotion by social, app published experiments and returns speak as well"
        in said["remark.attributed_both"]
    )
    assert said["remark.attributed_alone"].startswith("Orders attributed to promotion by branch are turned")
    assert "not by an experiment" not in plan.to_json()


@pytest.mark.no_cover
def test_the_default_audience_is_said(small: dict[str, Any]) -> None:
    plan = planned(small)
    said = remarks(plan)["remark.audience"]
    assert said.startswith(
        "Promotion by sms, im, app is taken to reach customers who agreed to messages (loyal)."
    )
    assert said in shown(plan)
    assert said in words_of(by_id(parsed(to_html(plan)), "assumptions"))
    [audience] = [
        one for one in plan.assumptions if one.name == "loyal over cold audience of sms, im, app promotion"
    ]
    assert audience.low < 1.0 < audience.value == pytest.approx(np.exp(0.7))
    small["channels"]["sms"]["audience"] = "cold"
    assert remarks(planned(small))["remark.audience"].startswith("Promotion by im, app is")
    small["channels"]["app"]["audience"] = small["channels"]["im"]["audience"] = "loyal"
    stated = planned(small)
    assert "remark.audience" not in remarks(stated)
    assert not any("audience" in one.name for one in stated.assumptions)


def test_what_published_figures_do_not_tell_apart_is_said(small: dict[str, Any]) -> None:
    small["channels"]["social"]["audience"] = "cold"
    plan = planned(small)
    section = words_of(by_id(parsed(to_html(plan)), "assumptions"))
    for code, says in (
        ("remark.sector", "do not tell your sector from others, nor one country from another"),
        ("remark.audience_unused", "the audience stated of social makes no difference"),
    ):
        assert says in remarks(plan)[code]
        assert remarks(plan)[code] in section
    [im] = [one.ways for one in plan.assumptions if one.ways and " im " in one.name]
    assert im is not None
    assert im.own_channel == 0
    assert any("experiments and returns of other channels" in one.note for one in plan.assumptions)
    assert "none of this channel" in sentence(im, PLAIN)


@pytest.mark.no_cover
def test_terminal_and_explanation_say_what_is_not_told_apart_and_what_rests_on_one_way(
    small: dict[str, Any],
) -> None:
    small["channels"]["social"]["audience"] = "cold"
    plan = planned(small)
    lines = shown(plan)
    assert "Published effects do not tell apart: sectors, countries, audiences of social." in lines
    assert (
        "Service and advocacy rest on one way alone; contacting customers first is not planned. "
        "Channels overlap by chance."
    ) in lines
    why = explain(plan, time_limit=1.0)
    codes = ("sector", "audience_unused", "one_way_service", "one_way_advocacy", "overlap")
    page = words_of(parsed(to_html(plan, explanation=why)))
    for code in codes:
        remark = remarks(plan)[f"remark.{code}"]
        assert " ".join(remark.split()) in shown(why)
        assert page.count(remark) == 1
    del small["purposes"]["service"], small["channels"]["social"]["audience"]
    for channel in small["channels"].values():
        channel["current_spend"].pop("service", None)
    other = shown(planned(small | {"overlap": 0.4}))
    assert "Published effects do not tell apart: sectors, countries." in other
    assert "Advocacy rests on one way alone. Channels overlap by 40 %, as stated." in other


def test_figures_that_stand_in_are_named_as_proxies(plan: Plan, small: dict[str, Any]) -> None:
    small_plan = planned(small)
    [sms] = [one.ways for one in small_plan.assumptions if one.ways and " sms " in one.name]
    assert sms is not None
    assert sms.proxies == {"email": 4, "display": 2, "in_store": 1}
    channels = {one.fact.fact_id: one.channel for one in load_effects()}
    told_of = [channels[fact] for fact in sms.fact_ids]
    assert sms.proxies == {name: told_of.count(name) for name in ("email", "display", "in_store")}
    named = "proxies: 4 of e-mail, 2 of display advertisements, 1 of coupons in shops"
    assert named in sentence(sms, PLAIN)
    assert named in words_of(parsed(to_html(small_plan)))
    assert "substituts : 4 par e-mail, 2 par bannières" in words_of(parsed(to_html(small_plan, "fr")))
    [social] = [one.ways for one in plan.assumptions if one.ways and "social" in one.name]
    assert social is not None
    assert social.proxies == {}
    assert "proxies" not in sentence(social, PLAIN)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_published_is_called_measured(seed: int) -> None:
    """With one stated figure of a random company measured on some, it is named where a curve uses it, and only it."""
    content = random_content(seed)
    places = list(stated_numbers(content))
    rng = np.random.default_rng(seed)
    holder, key = places[rng.integers(len(places))]
    holder[key] = {"value": holder[key], "n": 1234}
    profile = CompanyProfile.model_validate(content)
    draws = drawn(profile, 8, seed)
    listed = [*assumptions(draws.figures), *stated_assumptions(profile, draws)]
    measured = [one for one in listed if one.measured]
    stating = {
        cell.name
        for cell in draws.cells
        if any(getattr(stated(cell, name), "n", None) == 1234 for name in statements(cell))
    }
    used = stating & moved_by(profile, holder, key, content)
    assert bool(measured) is bool(used)
    for one in measured:
        assert not one.facts
        assert one.is_stated
        assert set(one.cells) == used
    said = Grounds.of(listed).measured_figures()
    assert len(said) == len(measured) <= 1
    assert all("(n = 1,234" in text for text in said)


def moved_by(profile: CompanyProfile, holder: dict[str, Any], key: str, content: dict[str, Any]) -> set[str]:
    """Names of the cells whose curve or loss moves with a figure of a profile."""
    holder[key] = {"value": 0.8 * holder[key]["value"], "n": 1234}
    other = CompanyProfile.model_validate(content)
    found = []
    for one in (profile, other):
        draws = published_draws(one.cells(), 64, 3, ranked_as=profile.cells())
        response = prior_response(draws, one.period_days, one.usd_rate or 1.0)
        spend = np.array([1.0, 1e3, 1e6])[:, np.newaxis] * np.ones(len(draws.cells))
        lost = [] if response.losses is None else [response.losses.value(s) for s in spend]
        found.append(np.array([response.curves.value(s) for s in spend] + lost))
    moves = np.logical_not(np.isclose(found[0], found[1], rtol=1e-9, atol=0.0)).any(axis=(0, 1))
    return {cell.name for cell, moved in zip(profile.cells(), moves.tolist(), strict=True) if moved}


def stated_numbers(content: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Places of the plain numbers of a profile that may say on how many they were measured."""
    figures = {*load_stated_ranges(), "reachable_share"}
    for holder in [*content["purposes"].values(), *content["channels"].values(), *content["markets"]]:
        for key, value in holder.items():
            if key in figures and isinstance(value, int | float) and value > 0.0:
                yield holder, key


def test_reasons_name_experiments_and_returns(plan: Plan, why: Explanation) -> None:
    of = {cell.cell: cell for cell in why.cells}
    social = of["North/social/promotion"]
    assert social.ways == next(one.ways for one in plan.assumptions if one.ways and "social" in one.name)
    assert social.ways is not None
    share = round(100 * social.ways.weight)
    assert f"evidence: published experiments and returns ({share} % of the belief), clicks and orders." in (
        " ".join(social.reasons)
    )
    sms = of["North/sms/promotion"]
    assert sms.ways is None
    assert "your own measurement of orders per contact of sms (n = 600,000), published figures." in (
        " ".join(sms.reasons)
    )
    assert "vidence: published figures." in " ".join(of["North/branch/promotion"].reasons)
    assert set(social.ways.fact_ids) <= {fact.fact_id for fact in load_facts()}


def test_the_terminal_has_one_line_a_channel(why: Explanation) -> None:
    text = shown(why)
    assert text.count("revenue per unit of spend of social promotion: ") == 1
    assert text.count("Clicks and orders say ") == 2
    assert f"Look one of them up with: channelmix facts {why.cells[0].ways.fact_ids[0]}" in text  # type: ignore[union-attr]


def test_the_page_shows_both_ways(plan: Plan, why: Explanation) -> None:
    section = by_id(parsed(to_html(plan, explanation=why)), "evidence")
    cells, ways = (rows_of(table) for table in section.findall(".//table"))
    assert [row[0] for row in ways] == [
        "revenue per unit of spend of social promotion",
        "orders per user and month of app promotion",
    ]
    both = next(one.ways for one in plan.assumptions if one.ways and "social" in one.name)
    assert both is not None
    assert ways[0][2].startswith(f"{both.from_experiments.median:.3g} (")
    assert all(fact in ways[0][5] for fact in both.fact_ids)
    rests = {row[0]: row[1] for row in cells}
    assert rests["North / social / promotion"].startswith("published experiments and returns (")
    assert rests["South / sms / promotion"].startswith("your own measurement of orders per contact of sms")
    french = words_of(by_id(parsed(to_html(plan, "fr", explanation=why)), "evidence"))
    assert "published" not in french
    assert "measurement" not in french


def test_sensitivity_names_experiments_and_returns(small: dict[str, Any]) -> None:
    small["channels"] = {"social": {"reachable": 100000.0, "current_spend": {"promotion": 20000.0}}}
    small["purposes"] = {"promotion": {"margin_per_order": 20.0}}
    profile = CompanyProfile.model_validate(small)
    found = Sensitivity.from_json(sensitivity(profile, optimize(profile, n_draws=64)).to_json())
    both = [effect for effect in found.inputs if effect.ways]
    assert [effect.name for effect in both] == ["revenue per unit of spend of social promotion"]
    assert all(effect.basis.startswith("from clicks and orders, and from ") for effect in both)
    text = shown(found)
    assert "Of these, published experiments and returns speak of: " in text
    for effect in both:
        assert effect.ways is not None
        assert f"{effect.name}: {effect.ways.belief.median:.3g} (" in text


@pytest.mark.no_cover
def test_cells_with_history_do_not_rest_on_experiments() -> None:
    evidence = written({"sms": returns(mean=1.0, seed=1)})
    profile = CompanyProfile.model_validate(shop()).with_evidence(evidence)
    plan = Plan.from_json(optimize(profile).to_json())
    why = {cell.cell: cell for cell in explain(plan, time_limit=5.0).cells}
    own = {row.name for row in plan.cells if row.evidence == "history"}
    assert own
    assert all(why[name].ways is None for name in own)
    rest = [name for name, cell in why.items() if name not in own and name.endswith("/promotion")]
    assert rest
    assert all(why[name].ways is not None for name in rest)
    others = EXPERIMENTS.removesuffix(".")
    assert f"; the others rest on {others}." in told(plan)
    assert remarks(plan)["remark.published_beside_own"].endswith(EXPERIMENTS)
