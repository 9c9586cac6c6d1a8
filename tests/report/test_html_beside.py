"""Sections that a page gets from an explanation and from a value of information."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from tests.report.conftest import HOSTILE
from tests.report.pages import by_id, parsed, rows_of, words_of

from channelmix.core.errors import InputError
from channelmix.core.words import Words
from channelmix.plan import BreakEven, Explanation, InformationValue, Plan
from channelmix.report.html import to_html

LANGUAGES = ["en", "fr"]

SVG = "{http://www.w3.org/2000/svg}"


def ids(text: str) -> set[str | None]:
    return {element.get("id") for element in parsed(text).iter("section")}


def test_without_them_the_page_says_how_to_get_them(small_plan: Plan, infeasible_plan: Plan) -> None:
    text = to_html(small_plan)
    assert not {"reasons", "tests"} & ids(text)
    said = words_of(parsed(text))
    for command in (
        "channelmix explain plan.json --output explanation.json",
        "channelmix report plan.json --explanation explanation.json",
        "channelmix test-next profile.json --output tests.json",
        "channelmix report plan.json --tests tests.json",
    ):
        assert said.count(command) == 1
    assert "channelmix explain" not in to_html(infeasible_plan)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_reasons_and_costs_of_rules(small_plan: Plan, explained: Explanation, lang: str) -> None:
    words = Words(lang, "EUR")
    tree = parsed(to_html(small_plan, lang, explanation=explained))
    assert "channelmix explain" not in words_of(tree)
    rows = rows_of(by_id(tree, "reasons").findall(".//table")[0])
    told = [cell for cell in explained.cells if cell.spend or cell.current_spend or cell.higher]
    assert 0 < len(told) < len(explained.cells)
    for row, cell in zip(rows, told, strict=True):
        lower, higher = (
            words("reasons.any") if one is None else words("evidence.times", ratio=words.ratio(one.factor))
            for one in (cell.lower, cell.higher)
        )
        said = " ".join(
            re.sub("<.*?>", "", str(words.said(explained.messages[reason]))) for reason in cell.reasons
        )
        assert row[2:] == [" ".join(text.split()) for text in (lower, higher, said.replace("&lt;", "<"))]
    costs = rows_of(by_id(tree, "rules").findall(".//table")[1])
    assert [row[0] for row in costs] == [rule.rule for rule in explained.rules]
    assert [row[2] for row in costs] == [" ".join(words.short(rule.low).split()) for rule in explained.rules]


def test_bars_of_factors_are_drawn_to_scale(small_plan: Plan, explained: Explanation) -> None:
    """Around the mark at 1 in logarithms, from end to end where no factor matters."""
    one = next(cell for cell in explained.cells if cell.spend or cell.current_spend or cell.higher)
    near = tuple(BreakEven(factor=factor, spend=1.0, change="it would be dropped") for factor in (0.8, 1.25))
    cells = [
        one.model_copy(update={"lower": low, "higher": high, "break_evens": True})
        for low, high in (near, (None, None))
    ]
    for cell, width in ((cells[0], 160.0 * math.log(1.25) / math.log(16.0)), (cells[1], 160.0)):
        shown = explained.model_copy(
            update={"cells": [cell if other is one else other for other in explained.cells]}
        )
        section = by_id(parsed(to_html(small_plan, explanation=shown)), "reasons")
        chart = section.findall(".//tbody/tr")[0].find(f".//{SVG}svg")
        assert chart is not None
        bar, mark = chart.findall(f"{SVG}rect")[1], chart.find(f"{SVG}line")
        assert mark is not None
        assert float(mark.get("x1") or 0.0) == 80.0
        assert float(bar.get("width") or 0.0) == pytest.approx(width, abs=0.1)
        assert float(bar.get("x") or 0.0) + width / 2.0 == pytest.approx(80.0, abs=0.1)


def test_all_sentences_of_explanations_and_values_have_their_french(
    small_plan: Plan, explained: Explanation, valued: InformationValue
) -> None:
    tree = parsed(to_html(small_plan, "fr", explanation=explained, tests=valued))
    for name in ("reasons", "tests"):
        left = [words_of(part) for part in by_id(tree, name).iter("span") if part.get("lang") == "en"]
        assert left == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_to_test_next(small_plan: Plan, valued: InformationValue, lang: str) -> None:
    words = Words(lang, "EUR")
    section = by_id(parsed(to_html(small_plan, lang, tests=valued)), "tests")
    said, test = words_of(section), valued.next_test
    assert test is not None
    for number in (abs(test.spend_change), test.value, test.cost, test.net, valued.total.value):
        assert " ".join(words.about(number).split()) in said
    tests, values, spread = (rows_of(table) for table in section.findall(".//table"))
    assert [row[-1] for row in tests] == [" ".join(words.short(one.net).split()) for one in valued.tests]
    shown = [one for one in (*valued.channels, *valued.cells) if one.value > 1e-7 * valued.outcome]
    assert [row[2] for row in values] == [" ".join(words.short(one.value).split()) for one in shown]
    assert len(spread) == sum(row.high > 0.0 or row.planned > 0.0 for row in valued.spread)
    assert len(section.findall(".//li")) == len(valued.remarks) + len(valued.cautious)


def test_what_was_not_found_is_said(
    small_plan: Plan, explained: Explanation, valued: InformationValue
) -> None:
    nothing = valued.total.model_copy(update={"value": 0.0})
    parts: dict[str, Any] = {"next_test": None, "tests": [], "cells": [], "channels": [], "total": nothing}
    said = words_of(parsed(to_html(small_plan, tests=valued.model_copy(update=parts))))
    assert "None of the tests looked at is worth its cost." in said
    assert "All draws agree on the best split" in said
    stopped = valued.model_copy(update=parts | {"complete": False, "draws": 64})
    said = words_of(parsed(to_html(small_plan, tests=stopped)))
    assert "interrupted before tests were valued" in said
    assert "this is what 64 draws tell" in said
    cells = [cell.model_copy(update={"break_evens": False}) for cell in explained.cells]
    late = explained.model_copy(update={"cells": cells, "complete": False, "rules": []})
    tree = parsed(to_html(small_plan, explanation=late))
    assert "The work was interrupted" in words_of(by_id(tree, "reasons"))
    assert "What each rule costs" not in words_of(by_id(tree, "rules"))
    rows = rows_of(by_id(tree, "reasons").findall(".//table")[0])
    assert {len(row) for row in rows} == {2}
    assert "factors" not in words_of(by_id(tree, "reasons")).partition("price of a rule")[0]
    some = [cells[0], *explained.cells[1:]]
    tree = parsed(to_html(small_plan, explanation=explained.model_copy(update={"cells": some})))
    assert rows_of(by_id(tree, "reasons").findall(".//table")[0])[0][1:4] == ["", "-", "-"]


def test_a_typical_period_is_said_first(small_plan: Plan, valued: InformationValue) -> None:
    remarks = ["The profile plans 6 periods; this is about a typical one.", *valued.remarks]
    typical = valued.model_copy(update={"typical_of": 6, "remarks": remarks})
    section = by_id(parsed(to_html(small_plan, tests=typical)), "tests")
    assert words_of(section[1]).startswith("The profile plans 6 periods")
    assert words_of(section).count("The profile plans 6 periods") == 1


def test_what_belongs_to_another_plan_is_refused(
    small_plan: Plan, example_plan: Plan, explained: Explanation, valued: InformationValue
) -> None:
    with pytest.raises(InputError, match="the explanation is of a profile with the digest"):
        to_html(example_plan, explanation=explained)
    with pytest.raises(InputError, match="the information value is of a profile with the digest"):
        to_html(example_plan, tests=valued)
    bare = valued.model_copy(update={"profile_sha256": ""})
    with pytest.raises(InputError, match="the information value is of no profile"):
        to_html(small_plan, tests=bare)
    cells = [cell.model_copy(update={"spend": cell.spend + 1.0}) for cell in explained.cells]
    with pytest.raises(InputError, match="of another plan for the same profile"):
        to_html(small_plan, explanation=explained.model_copy(update={"cells": cells}))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_of_users_stays_text(
    small_plan: Plan, explained: Explanation, valued: InformationValue, lang: str
) -> None:
    broken = BreakEven(factor=2.0, spend=1.0, change=HOSTILE)
    cells = [
        cell.model_copy(update={"reasons": [HOSTILE], "rule": HOSTILE, "evidence": HOSTILE, "higher": broken})
        for cell in explained.cells
    ]
    rules = [rule.model_copy(update={"rule": HOSTILE, "cell": HOSTILE}) for rule in explained.rules]
    hostile = explained.model_copy(update={"cells": cells, "rules": rules, "remarks": [HOSTILE]})
    named = [one.model_copy(update={"name": HOSTILE}) for one in valued.cells]
    spread = [row.model_copy(update={"cell": HOSTILE}) for row in valued.spread]
    cautious = [one.model_copy(update={"name": HOSTILE}) for one in valued.cautious]
    tests = [one.model_copy(update={"cell": HOSTILE}) for one in valued.tests]
    parts = {"cells": named, "spread": spread, "cautious": cautious, "tests": tests, "next_test": tests[0]}
    found = valued.model_copy(update={**parts, "remarks": [HOSTILE], "period": HOSTILE})
    tree = parsed(to_html(small_plan, lang, explanation=hostile, tests=found))
    assert len(list(tree.iter("script"))) == 2
    assert not list(tree.iter("img"))
    shown = " ".join(HOSTILE.split())
    for name in ("reasons", "rules", "tests"):
        assert shown in words_of(by_id(tree, name))
