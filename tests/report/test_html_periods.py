"""The page of plans over several periods."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from tests.report.conftest import WEEKS, changed
from tests.report.pages import by_id, parsed, rows_of, words_of

from channelmix.core.errors import InputError
from channelmix.core.wording import percent
from channelmix.core.words import Words
from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.frontier import frontier
from channelmix.recommender.optimize.optimize import optimize
from channelmix.report import to_terminal
from channelmix.report.content import Content
from channelmix.report.html import to_html
from channelmix.report.html.curves import traced


def test_a_plan_over_several_periods_says_over_how_many(over_time: Plan) -> None:
    totals = over_time.totals
    assert totals is not None
    about = Words("en", "EUR").about
    tree = parsed(to_html(over_time))
    opening = words_of(by_id(tree, "content")[0])
    assert f"expected return {about(totals.outcome.mean)} over 4 weeks" in opening
    assert "Amounts are over 4 weeks together, unless a period is named." in opening
    assert f"{about(totals.after)} of the return comes after the last period" in opening
    assert words_of(by_id(tree, "comparisons")).count("over 4 weeks") == 1
    french = words_of(parsed(to_html(over_time, "fr")))
    assert french.count("sur 4 semaines") >= 5
    assert "over 4 weeks" not in french
    assert "over 4 weeks" in words_of(parsed(f"<!DOCTYPE html><title>x</title>{over_time._repr_html_()}"))


def test_cells_are_summed_over_periods(over_time: Plan) -> None:
    words = Words("en", "EUR")
    content = Content(over_time, words)
    tree = parsed(to_html(over_time))
    shown = {row[0]: row for row in rows_of(by_id(tree, "allocation").findall(".//table")[1])}
    evidence = {row[0]: row for row in rows_of(by_id(tree, "evidence").findall(".//table")[0])}
    for cell in over_time.sums:
        if content.is_idle(cell):
            continue
        own = [row for row in over_time.allocation if row.name == cell.name]
        found = shown[" ".join(content.title(cell).split())]
        assert found[2] == words.amount(sum(row.current_spend for row in own))
        assert found[3] == words.amount(sum(row.spend for row in own))
        assert found[5].replace("\u00a0", " ") == words.spread(cell.outcome).replace("\u00a0", " ")
        returns = [row.marginal_return for row in own if row.marginal_return is not None]
        assert found[6] == words.ratio(max(returns))
        most = max(row.spend for row in own)
        if cell.current_spend:
            assert evidence[found[0]][-1] == f"{words.ratio(most / own[0].current_spend, 1)} \u00d7"
    whole = shown["Total of all cells"]
    assert over_time.totals is not None
    assert whole[5].replace("\u00a0", " ") == words.spread(over_time.totals.outcome).replace("\u00a0", " ")


def test_periods_add_up_to_the_plan_with_what_comes_after(over_time: Plan, quarter: Plan) -> None:
    for plan in (over_time, quarter):
        words = Words("en", "EUR")
        assert plan.totals is not None
        section = by_id(parsed(to_html(plan)), "periods")
        numbers, cells = (rows_of(table) for table in section.findall(".//table"))
        assert [row[0] for row in numbers] == [*(str(t + 1) for t in range(plan.span)), "after"]
        channels = list(dict.fromkeys(row.channel for row in plan.allocation))
        late = []
        for i, channel in enumerate(channels):
            rows = [row for row in plan.allocation if row.channel == channel]
            first = [row for row in rows if row.period == 1]
            assert numbers[0][1 + 2 * i] == words.short(sum(row.spend for row in first))
            assert numbers[0][2 + 2 * i] == words.short(sum(row.outcome.mean for row in first))
            summed = sum(row.outcome.mean for row in plan.sums if row.channel == channel)
            late.append(summed - sum(row.outcome.mean for row in rows))
            if late[-1] > 1.0:
                assert numbers[-1][2 + 2 * i] == words.short(late[-1])
            assert numbers[-1][1 + 2 * i] == ""
        assert sum(late) == pytest.approx(plan.totals.after)
        assert (
            numbers[-1][2 + 2 * channels.index("im")] == "0" or plan is quarter
        )  # its spend does not act on
        title = Content(plan, words).title(plan.allocation[0])
        spends = [row.spend for row in plan.allocation if row.name == plan.allocation[0].name]
        assert [title, *map(words.amount, spends)] in cells


def test_curves_of_several_periods_are_those_of_a_usual_one(over_time: Plan) -> None:
    content = Content(over_time, Words("en", "EUR"))
    chosen = content.largest(3)
    mean = np.array([cell.spend / WEEKS for cell in over_time.sums])
    usual = content.problem.curves.mean_value(mean)
    for i, curve in zip(chosen, traced(content, chosen), strict=True):
        assert curve.spend[curve.plan] == pytest.approx(mean[i])
        assert curve.mean[curve.plan] == pytest.approx(usual[i])
    assert "The curves are those of a usual period" in words_of(parsed(to_html(over_time)))


def test_the_prices_of_a_limit_in_several_periods_are_one_line(over_time: Plan) -> None:
    [table] = by_id(parsed(to_html(over_time)), "rules").findall(".//table")
    shown = rows_of(table)
    prices: dict[str, dict[str, float]] = {}
    for price in over_time.shadow_prices:
        limit, _, period = price.constraint.partition(" period ")
        prices.setdefault(limit, {})[period] = price.price
    assert sorted(map(len, prices.values()))[-1] > 1
    ratio = Words("en", "EUR").ratio
    for limit, by_period in prices.items():
        rule, _, cell = limit.partition(" ")
        low, high = ratio(min(by_period.values())), ratio(max(by_period.values()))
        name = (
            f"{cell} ({len(by_period)} periods)" if len(by_period) > 1 else f"{cell} period {min(by_period)}"
        )
        name = name if cell else "the rule itself"
        assert [rule, name, low if low == high else f"{low} to {high}"] in shown
    assert len(shown) == len(prices)


@pytest.mark.no_cover
def test_limits_are_named_in_the_language_of_the_page(small: dict[str, Any]) -> None:
    parts = {
        "period": "week",
        "periods": 3,
        "timing": {"season": {"promotion": [1.0, 2.0, 4.0]}},
        "switched_off": ["word_of_mouth"],
        "rules": [
            {"kind": "pacing", "relative": 0.05},
            {"kind": "group_share", "select": "sms", "high": 0.1},
        ],
    }
    plan = optimize(CompanyProfile.model_validate(small | parts), n_draws=8, gap=0.05)
    binding = " ".join(price.constraint for price in plan.shadow_prices)
    assert " up" in binding
    assert "group_share sms high" in binding

    def limits(lang: str) -> set[str]:
        table = by_id(parsed(to_html(plan, lang)), "rules").find(".//table")
        assert table is not None
        return {row[1] for row in rows_of(table)}

    assert any(said.startswith("up") for said in limits("en"))
    assert any(said.startswith("hausse") for said in limits("fr"))
    assert any(said.startswith("maximum") for said in limits("fr"))
    assert not any(word in " ".join(limits("fr")).split() for word in ("up", "down", "high", "low", "period"))


@pytest.mark.no_cover
def test_a_violation_that_is_rounding_is_called_so(over_time: Plan) -> None:
    certificate = over_time.certificate.model_dump()
    for violation, said in ((6.063e-13, "aucune au-delà de l\u2019arrondi"), (0.25, "0,25")):
        plan = changed(over_time, certificate=certificate | {"max_violation": violation})
        proven = words_of(by_id(parsed(to_html(plan, "fr")), "certificate"))
        assert f"Plus grande infraction à une règle{said}" in proven.replace("\u00a0", " ")


def test_a_frontier_over_time_is_summed_by_cell(small: dict[str, Any]) -> None:
    profile = CompanyProfile.model_validate(small | {"periods": 2, "timing": {"season": {"sms": [1.0, 2.0]}}})
    plan, beside = (
        optimize(profile, n_draws=16, gap=0.05),
        frontier(profile, [20_000.0], n_draws=16, gap=0.05),
    )
    [point] = beside.points
    assert point.spend is not None
    section = by_id(parsed(to_html(plan, frontier=beside)), "frontier")
    rows = {row[0]: row[2:] for row in rows_of(section.findall(".//table")[0])}
    own = next(cell for cell in plan.sums if cell.name == "FR/sms/promotion")
    spend = sum(spend for name, spend in point.spend.items() if name.startswith(f"{own.name}/period "))
    assert rows["sms / promotion"] == [f"{spend:,.0f}", f"{own.spend:,.0f}"]
    assert "All points; amounts over 2 months" in words_of(section)
    out = io.StringIO()
    to_terminal(beside, out)
    sms = percent(
        sum(spend for name, spend in point.spend.items() if "/sms/" in name) / sum(point.spend.values())
    )
    assert f"sms {sms}" in " ".join(out.getvalue().split())
    with pytest.raises(InputError, match="the frontier's amounts are a month, the plan's over 2 months"):
        to_html(plan, frontier=beside.model_copy(update={"span": 1}))
