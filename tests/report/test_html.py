from __future__ import annotations

import html
import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import EXAMPLE
from tests.report.conftest import HOSTILE, changed
from tests.report.pages import by_id, parsed, rows_of, words_of

import channelmix.report.html.curves as curves_module
import channelmix.report.html.frontiers as frontiers_module
from channelmix.core.errors import InputError
from channelmix.core.words import Words
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import Frontier, Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.frontier import frontier
from channelmix.recommender.optimize.optimize import optimize
from channelmix.report.content import Content
from channelmix.report.html import summary_html, to_html
from channelmix.report.html.curves import traced
from channelmix.report.html.frontiers import place_of
from channelmix.report.html.markup import data_block, tag
from channelmix.report.html.svg import ticks

LANGUAGES = ["en", "fr"]

PLANS = ["example_plan", "many_cells", "over_time", "quarter", "infeasible_plan"]

CIRCLE = "{http://www.w3.org/2000/svg}circle"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PLANS)
def test_the_page_is_valid_and_can_be_found_ones_way_in(
    name: str, lang: str, request: pytest.FixtureRequest
) -> None:
    plan: Plan = request.getfixturevalue(name)
    tree = parsed(to_html(plan, lang))
    assert tree.get("lang") == lang
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in tree.iter():
        assert element.get("aria-labelledby", ids[0]) in ids
        assert element.get("for", ids[0]) in ids
        assert element.get("href", f"#{ids[0]}").removeprefix("#") in ids
    assert [tree.find(f"./body/{part}") is not None for part in ("header", "nav", "main", "footer")] == [
        True
    ] * 4
    levels = [int(element.tag[1]) for element in tree.iter() if re.fullmatch(r"h\d", str(element.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(table.find("caption") is not None for table in tree.iter("table"))
    # A drawing is either described, or stands beside its numbers.
    for drawing in tree.iter("{http://www.w3.org/2000/svg}svg"):
        assert drawing.get("aria-hidden") == "true" or len(drawing.get("aria-label", "")) > 20


@pytest.mark.parametrize("name", PLANS)
def test_nothing_is_loaded_from_anywhere(name: str, request: pytest.FixtureRequest) -> None:
    tree = parsed(to_html(request.getfixturevalue(name)))
    for element in tree.iter():
        assert element.tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert not {"src", "srcset", "style", "action", "data", "poster"} & set(element.attrib)
        assert not [key for key in element.attrib if str(key).startswith("on")]
        assert element.get("href", "#").startswith("#")
    policy = tree.find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy is not None
    assert policy.get("content", "").startswith("default-src 'none';")
    assert "unsafe" not in policy.get("content", "")
    style = tree.find(".//style")
    assert style is not None
    assert "url(" not in str(style.text)
    assert "@import" not in str(style.text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_of_users_stays_text(many_cells: Plan, example_frontier: Frontier, lang: str) -> None:
    hostile = [HOSTILE]
    parts: dict[str, Any] = {
        "period": HOSTILE,
        "warnings": hostile,
        "remarks": hostile,
        "not_counted": hostile,
        "allocation": [
            row.model_dump(mode="json") | {"reason": HOSTILE, "evidence": HOSTILE}
            for row in many_cells.allocation
        ],
        "assumptions": [
            {
                "name": HOSTILE,
                "value": 1.0,
                "low": 0.5,
                "high": 2.0,
                "unit": HOSTILE,
                "basis": HOSTILE,
                "facts": hostile,
                "sources": hostile,
                "note": HOSTILE,
            }
        ],
    }
    beside = example_frontier.model_copy(
        update={
            "name": many_cells.name,
            "period": HOSTILE,
            "company_sha256": "",
            "points": [p.model_copy(update={"spend": {HOSTILE: 1.0}}) for p in example_frontier.points],
        }
    )
    text = to_html(changed(many_cells, **parts), lang, beside)
    tree = parsed(text)
    assert len(list(tree.iter("script"))) == 2
    assert not list(tree.iter("img"))
    assert not list(tree.iter("b"))
    heading = tree.find(".//h1")
    assert heading is not None
    assert heading.text == HOSTILE
    assert words_of(tree).count(HOSTILE) > 50
    assert "<!-- <img" not in text
    stopped = changed(
        many_cells, status="infeasible", allocation=[], totals=None, comparisons=[], conflicts=hostile
    )
    assert words_of(parsed(to_html(stopped, lang))).count(HOSTILE) == 3
    assert "<script" not in summary_html(stopped)


@given(st.recursive(st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_embedded_data_cannot_end_their_element(data: Any) -> None:
    text = data_block("d", [data, "</script>", "<!--", "\u2028"])
    body = text.removeprefix('<script type="application/json" id="d">').removesuffix("</script>")
    assert not set("<>&\u2028\u2029") & set(body)
    assert json.loads(body) == [data, "</script>", "<!--", "\u2028"]


@pytest.mark.no_cover
@given(st.text(), st.text())
def test_tags_escape_what_is_not_markup(child: str, value: str) -> None:
    text = tag("p", child, title=value)
    inner = re.fullmatch(r'<p title="([^"<]*)">([^<]*)</p>', text, re.DOTALL)
    assert inner is not None
    assert (html.unescape(inner[1]), html.unescape(inner[2])) == (
        html.unescape(html.escape(value)),
        html.unescape(html.escape(child)),
    )


def test_the_answer_comes_first_and_warnings_with_it(example_plan: Plan) -> None:
    text = to_html(example_plan)
    tree = parsed(text)
    main = by_id(tree, "content")
    opening = main[0]
    assert opening[0].get("class") == "headline"
    said = words_of(opening[0])
    words, totals = Words("en", "EUR"), example_plan.totals
    assert totals is not None
    expected = f"expected return {words.about(totals.outcome.mean)} a month (90 % interval "
    assert said.startswith(f"Move {words.about(totals.moved)}: {expected}")
    today = next(one for one in example_plan.comparisons if one.name == "today")
    assert f". That is {Words('en', 'EUR').about(today.gain.mean)} more than today (90 % interval " in said
    nearest = next(one for one in example_plan.comparisons if one.is_baseline)
    against = ". Against the nearest mix that obeys your rules it is"
    assert f"{against} {words.about(nearest.gain.mean)} more (90 % interval " in said
    assert [words_of(item) for item in opening.findall(".//li")] == example_plan.warnings


@pytest.mark.no_cover
def test_other_scenarios_fees_and_safety_are_told(small: dict[str, Any]) -> None:
    def told(**parts: Any) -> str:
        plan = optimize(CompanyProfile.model_validate(small | parts))
        return words_of(by_id(parsed(to_html(plan)), "content")[0]).replace("\u00a0", " ")

    fees = [{"kind": "activation_fee", "select": "sms/promotion", "amount": 100.0}]
    said = told(scenario={"kind": "max_profit", "max_amount": 15000.0}, rules=fees)
    assert said.startswith("Spend EUR ")
    assert "Compared with today, which spends EUR 20k: return " in said
    assert "Compared with the nearest mix that obeys your rules, which spends EUR 15k: return " in said
    assert "today's mix breaks your rules" not in said  # it only takes more money
    assert "Fees take EUR 100 of the money." in said
    said = told(scenario={"kind": "target_outcome", "amount": 9000.0, "max_amount": 20000.0})
    assert said.startswith("Reach EUR 9.0k with EUR ")
    said = told(scenario={"kind": "flexible_budget", "min_roi": 1.0, "max_amount": 9000.0})
    assert " per unit, a profit of EUR " in said


def test_a_safe_plan_tells_what_it_loses_at_worst(example_plan: Plan) -> None:
    safe = changed(
        example_plan, problem=example_plan.problem | {"risk": {"kind": "safe_improvement", "tail": 0.1}}
    )
    loss = Words("en", "EUR").about(example_plan.comparisons[0].tail_loss)
    mix = "nearest mix that obeys your rules"
    said = f"In the worst tenth of simulations it loses {loss} on average against the {mix}."
    assert said in words_of(parsed(to_html(safe)))
    assert said not in words_of(parsed(to_html(example_plan)))


def test_the_table_shows_the_plan(example_plan: Plan) -> None:
    words = Words("en", "EUR")
    section = by_id(parsed(to_html(example_plan)), "allocation")
    by_channel, by_cell = (rows_of(table) for table in section.findall(".//table"))
    shown = {row[0]: row for row in by_cell}
    for row in example_plan.allocation:
        if row.spend or row.current_spend:
            found = shown.pop(f"{row.channel} / {row.purpose}")
            assert found[2:4] == [words.amount(row.current_spend), words.amount(row.spend)]
            assert found[5].replace("\u00a0", " ") == words.spread(row.outcome).replace("\u00a0", " ")
            assert found[-1] == row.reason
    assert list(shown) == ["Total of all cells"]
    social = sum(row.spend for row in example_plan.allocation if row.channel == "social")
    assert by_channel[0][2].startswith(words.amount(social))


def test_amounts_that_are_rounding_are_shown_as_none(example_plan: Plan) -> None:
    rows = [row.model_dump(mode="json") for row in example_plan.allocation]
    app = next(row for row in rows if (row["channel"], row["purpose"]) == ("app", "promotion"))
    app["spend"] = 0.0019
    plan = changed(example_plan, allocation=rows)
    table = by_id(parsed(to_html(plan)), "allocation").findall(".//table")[1]
    (row,) = (row for row in rows_of(table) if row[0] == "app / promotion")
    assert row[2:5] == ["4,000", "0", "\u22124,000"]


def test_curves_pass_through_the_points_of_the_plan(example_plan: Plan) -> None:
    content = Content(example_plan, Words("en", "EUR"))
    problem = AllocationProblem.from_dict(example_plan.problem)
    curves = traced(content, range(len(content.plan.cells)))
    for row, curve in zip(example_plan.allocation, curves, strict=True):
        assert curve.spend[curve.plan] == row.spend
        assert curve.spend[curve.now] == row.current_spend
        for values, end in ((curve.mean, "mean"), (curve.low, "low"), (curve.high, "high")):
            assert values[curve.plan] == pytest.approx(getattr(row.outcome, end), rel=1e-9, abs=1e-9)
        assert (np.diff(curve.spend) >= 0.0).all()
        assert curve.spend[-1] >= 1.3 * max(row.spend, row.current_spend)
    today = problem.outcomes([row.current_spend for row in example_plan.allocation])
    for i, curve in enumerate(curves):
        assert curve.high[curve.now] == pytest.approx(np.quantile(today[:, i], 0.95), abs=1e-9)


def test_evidence_tells_the_next_unit_today_and_in_the_plan(example_plan: Plan) -> None:
    problem = AllocationProblem.from_dict(example_plan.problem)
    now = problem.marginal([row.current_spend for row in example_plan.allocation])
    table = by_id(parsed(to_html(example_plan)), "evidence").findall(".//table")[0]
    shown = {row[0]: row for row in rows_of(table)}
    i = next(
        i
        for i, row in enumerate(example_plan.allocation)
        if (row.channel, row.purpose) == ("sms", "promotion")
    )
    row = example_plan.allocation[i]
    found = shown["sms / promotion"]
    assert found[1].startswith("published experiments and returns (")
    assert found[4:] == [
        f"{now[i]:.2f}",
        f"{row.marginal_return:.2f}",
        f"{row.spend / row.current_spend:.1f} \u00d7",
    ]


def test_rules_show_the_price_of_each_limit(example_plan: Plan) -> None:
    [table] = by_id(parsed(to_html(example_plan)), "rules").findall(".//table")
    shown = rows_of(table)
    prices = {price.constraint: price.price for price in example_plan.shadow_prices}
    named = {rule if limit == "the rule itself" else f"{rule} {limit}": price for rule, limit, price in shown}
    for label, price in prices.items():
        assert named.pop(label) == f"{price:.2f}".replace("-", "\u2212")
    assert named == {"group_share social none with a price": "0"}


def test_comparisons_state_chance_and_tail_loss(example_plan: Plan) -> None:
    words = Words("en", "EUR")
    [table] = by_id(parsed(to_html(example_plan)), "comparisons").findall(".//table")
    for row, other in zip(rows_of(table), example_plan.comparisons, strict=True):
        moved = "moved as little as" in other.description
        assert row[0].startswith("nearest mix that obeys your rules" if moved else other.name)
        assert row[5].replace("\u00a0", " ") == words.percent(other.chance).replace("\u00a0", " ")
        assert row[6] == words.short(other.tail_loss)
        assert (row[7] == "yes") is other.feasible


def test_a_section_without_data_is_absent(example_plan: Plan, infeasible_plan: Plan) -> None:
    tree = parsed(to_html(example_plan))
    here = [section.get("id") for section in tree.findall("./body/main/section") if section.get("id")]
    assert "frontier" not in here
    assert "periods" not in here
    assert {"survey", "told", "comparisons"} <= set(here)
    bare = parsed(to_html(changed(example_plan, survey=[], word_of_mouth=None, comparisons=[])))
    left = [section.get("id") for section in bare.findall("./body/main/section") if section.get("id")]
    assert left == [name for name in here if name not in ("survey", "told", "comparisons")]
    stopped = parsed(to_html(infeasible_plan))
    assert [s.get("id") for s in stopped.findall("./body/main/section")] == [
        None,
        "certificate",
        "assumptions",
    ]
    said = words_of(by_id(stopped, "content"))
    assert all(rule in said for rule in infeasible_plan.conflicts)


def test_a_section_links_to_each_section(example_plan: Plan, example_frontier: Frontier) -> None:
    tree = parsed(to_html(example_plan, frontier=example_frontier))
    targets = [link.get("href") for link in tree.findall("./body/nav//a")]
    assert targets == [f"#{s.get('id')}" for s in tree.findall("./body/main/section")[1:]]


def test_the_frontier_shows_the_allocation_at_each_point(
    example_plan: Plan, example_frontier: Frontier
) -> None:
    section = by_id(parsed(to_html(example_plan, frontier=example_frontier)), "frontier")
    points = section.findall(".//div[@data-point]")
    assert [point.get("data-point") for point in points] == ["0", "1", "2", "3"]
    assert [point.get("hidden") is None for point in points] == [
        False,
        False,
        True,
        False,
    ]  # the plan's own budget
    assert "Infeasible" in words_of(points[0])
    for point, element in zip(example_frontier.points[1:], points[1:], strict=True):
        assert point.spend is not None
        rows = {row[0]: row[2] for row in rows_of(element.findall(".//table")[0])}
        assert rows["sms / promotion"] == f"{point.spend['FR/sms/promotion']:,.0f}"
    numbers = rows_of(section.findall(".//table")[-1])
    assert [row[0] for row in numbers] == ["60,000", "100,000", "135,000", "180,000"]


def test_a_plan_below_its_limit_is_marked_at_what_it_spends(
    example_plan: Plan, example_frontier: Frontier
) -> None:
    totals = example_plan.totals
    assert totals is not None
    thrifty = totals.model_copy(update={"budget": 2.0 * totals.spend})
    plan = example_plan.model_copy(update={"totals": thrifty})
    assert place_of(plan, example_frontier) == totals.spend
    along_risk = example_frontier.model_copy(update={"along": "risk"})
    assert place_of(plan, along_risk) == 0.0
    dearer = [point.model_copy(update={"budget": 2.0 * totals.spend}) for point in example_frontier.points]
    assert place_of(plan, along_risk.model_copy(update={"points": dearer})) is None, "of other money"


@pytest.mark.no_cover
def test_the_plan_is_marked_on_its_frontier(example_plan: Plan, example_frontier: Frontier) -> None:
    def marks(plan: Plan, frontier: Frontier) -> list[tuple[str | None, str | None]]:
        section = by_id(parsed(to_html(plan, frontier=frontier)), "frontier")
        return [
            (ring.get("cx"), ring.get("cy")) for ring in section.iter(CIRCLE) if ring.get("class") == "here"
        ]

    section = by_id(parsed(to_html(example_plan, frontier=example_frontier)), "frontier")
    (dot,) = (one for one in section.iter(CIRCLE) if one.get("data-dot") == "2")
    ((x, y),) = marks(example_plan, example_frontier)
    assert x == dot.get("cx")
    # The points are worked out on other draws than the plan, so that it lies beside its point, not on it.
    assert abs(float(y or 0.0) - float(dot.get("cy") or 0.0)) < 5.0
    beyond = example_frontier.model_copy(update={"points": example_frontier.points[3:]})
    ((x, _),) = marks(example_plan, beyond)
    (dot,) = (
        one
        for one in by_id(parsed(to_html(example_plan, frontier=beyond)), "frontier").iter(CIRCLE)
        if one.get("data-dot") == "0"
    )
    assert 56.0 < float(x or 0.0) < float(dot.get("cx") or 0.0), "within the chart, left of dearer points"
    along_risk = example_frontier.model_copy(update={"along": "risk"})
    assert len(marks(example_plan, along_risk)) == 1
    safe = example_plan.problem | {"risk": {"kind": "mean_cvar", "weight": 0.5, "tail": 0.1}}
    half = marks(example_plan.model_copy(update={"problem": safe}), along_risk)
    assert float(half[0][0] or 0.0) > float(marks(example_plan, along_risk)[0][0] or 0.0)
    worst = example_plan.problem | {"risk": {"kind": "worst_case"}}
    assert marks(example_plan.model_copy(update={"problem": worst}), along_risk) == []


def test_a_frontier_is_of_the_same_profile_but_for_its_scenario(
    small: dict[str, Any], small_plan: Plan
) -> None:
    profile = CompanyProfile.model_validate(small)
    found = frontier(profile.with_budget(8000.0), [8000.0], n_draws=32)
    assert found.company_sha256 == small_plan.provenance.company_sha256 == profile.company_sha256
    assert profile.with_budget(8000.0).sha256 != profile.sha256
    to_html(small_plan, frontier=found)
    ruled = CompanyProfile.model_validate(small | {"rules": [{"kind": "keep_working", "floor": 0.2}]})
    other = frontier(ruled, [8000.0], n_draws=32)
    with pytest.raises(InputError, match="they differ in more than what is asked for"):
        to_html(small_plan, frontier=other)
    before = other.model_dump(mode="json")
    del before["company_sha256"]
    to_html(small_plan, frontier=Frontier.from_json(json.dumps(before)))


def test_of_very_many_cells_those_with_the_most_money_are_drawn(
    many_cells: Plan, example_plan: Plan, example_frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curves_module, "SHOWN", 10)
    monkeypatch.setattr(frontiers_module, "SHOWN", 3)
    section = by_id(parsed(to_html(many_cells)), "curves")
    assert "The 10 cells with the most money are drawn, of 45." in words_of(section)
    content = Content(many_cells, Words("en", "EUR"))
    money = sorted((max(row.spend, row.current_spend) for row in many_cells.allocation), reverse=True)
    drawn = [words_of(caption) for caption in section.iter("figcaption")]
    assert drawn == [
        " ".join(content.title(cell).split())
        for cell in content.plan.cells
        if max(cell.spend, cell.current_spend) >= money[9]
    ]
    beside = by_id(parsed(to_html(example_plan, frontier=example_frontier)), "frontier")
    listed = rows_of(beside.findall(".//div[@data-point='2']//table")[0])
    assert [row[0] for row in listed] == [
        "social / promotion",
        "sms / promotion",
        "im / service",
        "and 5 more cells",
    ]


@pytest.mark.no_cover
def test_own_history_is_told_beside_published_figures() -> None:
    plan = optimize(CompanyProfile.from_file(EXAMPLE.with_name("atelier.json")))
    tree = parsed(to_html(plan))
    said = words_of(tree)
    own_and_tested = "your own history and experiments (lift tests)"
    assert f"It rests on {own_and_tested} for 2 of 3 cells; the others rest on published experiments" in said
    loss = next(each.tail_loss for each in plan.comparisons if each.is_baseline)
    lost = f"In the worst tenth of simulations it loses EUR {loss:.0f} on average"
    nothing = "Even in the worst tenth of simulations it loses nothing on average"
    assert f"{lost if loss > 0.5 else nothing} against the current mix." in said
    own = rows_of(by_id(tree, "evidence").findall(".//table")[1])
    assert [row[0] for row in own] == ["return of FR/social/promotion", "return of FR/sms/promotion"]
    assert [row[3] for row in own] == ["lift tests", "your own data"]
    assert re.fullmatch(r"\d\.\d\d \(\d\.\d\d to \d\.\d\d\)", own[0][1])
    assert "return of" not in words_of(by_id(tree, "assumptions"))
    french = words_of(by_id(parsed(to_html(plan, "fr")), "evidence"))
    assert "rendement de FR/sms/promotion" in french
    assert "les chiffres publiés disaient" in french


def test_what_does_not_belong_together_is_refused(example_plan: Plan, example_frontier: Frontier) -> None:
    with pytest.raises(InputError, match="lang must be one of en, fr, not 'de'"):
        to_html(example_plan, "de")
    other = example_frontier.model_copy(update={"name": "Another"})
    with pytest.raises(InputError, match='the frontier is of "Another" in EUR'):
        to_html(example_plan, frontier=other)
    damaged = changed(example_plan, problem={"curves": {}})
    with pytest.raises(InputError, match="damaged"):
        to_html(damaged)
    rows = json.loads(example_plan.to_json())["allocation"]
    for parts in ({"allocation": rows[1:]}, {"allocation": rows[::-1]}, {"span": 2}, {"sums": rows[1:]}):
        with pytest.raises(InputError, match="cells are not the problem's"):
            to_html(changed(example_plan, **parts))


def test_the_plan_writes_its_page(example_plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    text = example_plan.to_html(path, lang="fr")
    assert path.read_text(encoding="utf-8") == text == example_plan.to_html(lang="fr")
    with pytest.raises(InputError, match="cannot write"):
        example_plan.to_html(tmp_path / "nowhere" / "report.html")


def test_a_notebook_shows_the_plan_in_a_few_lines(example_plan: Plan, infeasible_plan: Plan) -> None:
    shown = parsed(f"<!DOCTYPE html><title>x</title>{example_plan._repr_html_()}")
    chance = next(one for one in example_plan.comparisons if one.is_baseline).chance
    assert f"better in {chance:.0%} of simulations".replace("%", " %") in words_of(shown).replace(
        "\u00a0", " "
    )
    assert len(shown.findall(".//tbody/tr")) == 8
    assert len(example_plan._repr_html_()) < 5000
    assert infeasible_plan.conflicts[0] in words_of(
        parsed(f"<!DOCTYPE html><title>x</title>{infeasible_plan._repr_html_()}")
    )


@given(
    st.floats(-1e9, 1e9),
    st.floats(1e-6, 1e9),
    st.integers(3, 8),
)
def test_ticks_are_round_numbers_within_the_range(low: float, span: float, most: int) -> None:
    found = ticks(low, low + span, most)
    assert 1 <= len(found) <= most + 1
    room = 1e-6 * max(abs(low), span)
    assert all(low - room <= tick <= low + span + room for tick in found)
