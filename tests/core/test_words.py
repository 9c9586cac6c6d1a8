from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import channelmix
from channelmix.core.words import DEEPEST, LANGUAGES, Message, Words, catalogue, say
from channelmix.datasets import load_ranges, load_stated_ranges
from channelmix.effectiveness.history import MarketingMixRegressor
from channelmix.effectiveness.history.backtest import backtest_finding
from channelmix.effectiveness.history.diagnostics import alike_in_markets
from channelmix.effectiveness.history.findings import Finding, Verdict, worst_findings
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.effectiveness.published.quantities import QUANTITIES, STATED
from channelmix.plan import Interval, Plan, verify_plan
from channelmix.profile import CompanyProfile, starter_profile
from channelmix.recommender.optimize.assumptions import figure_name
from channelmix.recommender.optimize.company_problem import drawn
from channelmix.report.content import Content
from channelmix.report.html.inline import said

SOURCES = "".join(
    path.read_text(encoding="utf-8") for path in Path(str(channelmix.__file__)).parent.rglob("*.py")
)


def test_every_language_says_the_same() -> None:
    english = catalogue("en")
    for language in LANGUAGES:
        texts = {
            code: text for code, text in catalogue(language).items() if not code.startswith("published.")
        }
        assert texts.keys() == english.keys()
        for code, text in texts.items():
            places = re.compile(r"\{+(\w+)[^{}]*\}+")
            assert sorted(places.findall(text)) == sorted(places.findall(english[code])), code
            assert text.strip(), code


def test_every_text_is_used() -> None:
    """A code stands in the sources as it is, or its first part does, where the rest depends on the plan."""
    begun = (
        *re.findall(r'f"([a-z_]+[._][a-z_]*)\{', SOURCES),
        *re.findall(r'named\("([a-z_]+)"', SOURCES),
        *re.findall(r'"([a-z_.]+)" \+ \(', SOURCES),
        *("each.", "together.", "explain.", "reason.little", "reason.open"),
    )
    for code in catalogue("en"):
        name = code.removesuffix(".one")
        assert f'"{name}"' in SOURCES or name.startswith(begun), code


def test_every_code_in_the_sources_has_a_text() -> None:
    for code in re.findall(r'say\(\s*"([a-z_.]+)"[,)]', SOURCES):
        assert code in catalogue("en"), code


def test_what_has_no_translation_is_marked_as_english(small_plan: Plan) -> None:
    content = Content(small_plan, Words("fr", "EUR"))
    assert said(content, "a new <sentence>") == '<span lang="en">a new &lt;sentence&gt;</span>'
    assert said(Content(small_plan, Words("en", "EUR")), "a new <sentence>") == "a new &lt;sentence&gt;"


def in_french(message: Message) -> str:
    text = Words("fr", "EUR").said(message)
    assert text is not None
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_sentences_keep_their_values() -> None:
    values = {"name": "social", "share": 0.5, "currency": "EUR", "before": 82000.0, "after": 41000.0}
    message = say("warning.cut.cells", cells=2, returns=say("returns.they", amount=32477.0), **values)
    assert message == "cuts social by 50 %: EUR 82,000 to 41,000 over 2 cells; today they return 32,477"
    assert in_french(message) == (
        "réduit social de 50 % : de 82 000 à 41 000 EUR sur 2 cellules ; elles rapportent aujourd\u2019hui 32 477"
    )
    scaled = say("how.scaled", mix=say("how.today"), factor=9.26e9)
    assert scaled == "today's spend, scaled by 9.26e+09 to the budget"
    assert in_french(scaled).startswith(
        "la dépense d\u2019aujourd\u2019hui, multipliée par 9,26\u00d710\u2079 "
    )
    assert in_french(say("reason.kept", rule="keep_working FR/sms")) == "maintenu par keep_working FR/sms"


def test_one_thing_is_no_plural() -> None:
    """Wherever a text counts, one thing has other words than many; French has them below two, too."""
    place = "{rows:# row|# rows}"
    english, french = Words("en", "EUR"), Words("fr", "EUR")
    written = [english.vformat(place, (), {"rows": rows}) for rows in (0, 1, 1.5, 2, 10400, 812.3)]
    assert written == ["0 rows", "1 row", "1.5 rows", "2 rows", "10,400 rows", "812 rows"]
    assert [french.vformat(place, (), {"rows": rows}) for rows in (0, 1.5, 2)] == [
        "0 row",
        "1,5 row",
        "2 rows",
    ]
    gap = say("finding.gaps.otherwise", missing=1, rows="2024-01-01")
    assert gap == (
        "1 period has no row (2024-01-01): it counts as a period without spend. Add this row if money was spent."
    )
    assert in_french(gap).startswith("1 période n\u2019a pas de ligne")
    seen = {"file": "h.csv", "first": "2024-01-01", "last": "2024-01-07"}
    assert say("source.rows", rows=1, **seen).startswith("h.csv, 1 row from")
    assert say("source.rows", rows=2, **seen).startswith("h.csv, 2 rows from")


COUNTS = {
    "count",
    "rows",
    "periods",
    "weeks",
    "cells",
    "missing",
    "markets",
    "sources",
    "figures",
    "span",
    "all",
}
"""What texts call numbers of things."""


NEVER_ONE = {
    *("curves.shown", "facts.horizon", "facts.some_own", "note.published_shared", "rules.periods"),
    *("finding.stretch.otherwise", "warning.cut.cells", "warning.cut.part", "warning.stop.cells"),
    *("warning.stop.part", "explain.periods_rule"),
}
"""Texts of several things only: of more than some, of several periods, of rows one after the other."""


def test_every_text_that_counts_has_words_for_one() -> None:
    for code, text in catalogue("en").items():
        counted = re.findall(r"\{(\w+)(?::\w+)?\} (?:\w+ )?[a-z]+s\b", text)
        alone = code.endswith(".one") or f"{code}.one" in catalogue("en") or code.startswith("together.")
        if not alone and not code.startswith(tuple(NEVER_ONE)):
            assert not COUNTS & set(counted), code


def test_a_message_survives_a_document(small_plan: Plan) -> None:
    read = Plan.from_json(small_plan.to_json())
    words = Words("fr", "EUR")
    assert read == small_plan
    for text in [*small_plan.remarks, *small_plan.warnings, *(row.reason for row in small_plan.allocation)]:
        assert read.message(text) == text
        assert read.said(text, words) == words.said(small_plan.messages[text]) is not None
    assert read.message("no such text") == "no such text"
    assert read.said("no such text", words) is None


def test_plans_of_the_first_format_are_read(small_plan: Plan) -> None:
    data = json.loads(small_plan.to_json()) | {"schema_version": 1}
    del data["messages"]
    plan = Plan.from_json(json.dumps(data))
    assert plan.messages == {}
    assert f'<span lang="en">{small_plan.remarks[0]}</span>' in plan.to_html(lang="fr").replace("&#x27;", "'")
    assert verify_plan(plan).gap == small_plan.certificate.gap


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("no.such.code", {}),
        ("reason.kept", {}),
        ("reason.below_asked", {"currency": "EUR", "asked": "10**400"}),
        ("warning.unspent", {"currency": "EUR", "amount": "much", "why": ""}),
        ("warning.unspent", {"currency": "EUR", "amount": None, "why": {}}),
        ("reason.nothing_kept", {"rule": "a", "reason": {"code": 5, "values": {}}}),
        ("reason.nothing_kept", {"rule": "a", "reason": {"code": "reason.kept"}}),
    ],
)
def test_forged_messages_stay_english(code: str, values: dict[str, Any], small_plan: Plan) -> None:
    data = json.loads(small_plan.to_json())
    data["warnings"] = ["As it was."]
    data["messages"]["As it was."] = {"code": code, "values": values}
    assert '<span lang="en">As it was.</span>' in Plan.from_json(json.dumps(data)).to_html(lang="fr")


def test_a_message_of_another_text_is_not_shown(small_plan: Plan) -> None:
    """Whoever changes what is beside a sentence must not change what the page says."""
    data = json.loads(small_plan.to_json())
    warning = small_plan.warnings[0]
    data["messages"][warning] = {"code": "reason.kept", "values": {"rule": "no risk at all"}}
    for lang in ("en", "fr"):
        page = Plan.from_json(json.dumps(data)).to_html(lang=lang)
        assert "no risk at all" not in page
        assert warning.replace("'", "&#x27;") in page or warning in page


def test_messages_within_messages_end() -> None:
    deep = say("reason.brings_nothing")
    for _ in range(DEEPEST):
        deep = say("reason.nothing_kept", reason=deep, rule="a")
    with pytest.raises(ValueError, match="without a text"):
        say("reason.nothing_kept", reason=deep, rule="a")


def test_numbers_are_written_as_the_language_does() -> None:
    english, french = Words("en", "EUR"), Words("fr", "EUR")
    assert (english.amount(-41049.6), french.amount(-41049.6)) == ("\u221241,050", "\u221241\u202f050")
    assert (english.short(2.4e6), french.short(2.4e6)) == ("2.4M", "2,4\u00a0M")
    assert (english.short(3e9), french.short(3e9)) == ("3.0bn", "3,0\u00a0Md")
    assert (english.percent(0.347), french.percent(0.0123)) == ("35\u00a0%", "1\u00a0%")
    assert french.percent(0.0045) == "0,45\u00a0%"
    assert (english.money(1500.0), french.money(1500.0)) == ("EUR 1,500", "1\u202f500 EUR")
    assert (english.change(5.0), english.signed(-5000.0)) == ("+5", "\u22125.0k")
    assert english.figure(-0.0) == "0"
    assert (english.tick(0.0), english.tick(1500.0)) == ("0", "1.5k")
    assert (english.tick(0.00015), french.tick(-0.00015)) == (
        "1.5\u00d710\u207b\u2074",
        "\u22121,5\u00d710\u207b\u2074",
    )
    assert (english.tick(5e11), french.tick(1.5e12)) == ("500bn", "1,5\u00d710\u00b9\u00b2")
    assert (english.short(1.11e15), english.tick(1e15)) == (
        "1.11\u00d710\u00b9\u2075",
        "1\u00d710\u00b9\u2075",
    )
    assert (english.figure(6.063e-13), french.figure(6.063e-13)) == (
        "6.063\u00d710\u207b\u00b9\u00b3",
        "6,063\u00d710\u207b\u00b9\u00b3",
    )
    spread = Interval(mean=1.0, low=-2.0, high=3000.0)
    assert french.spread(spread) == "1 (\u22122\u00a0à\u00a03,0\u00a0k)"
    assert (english.over("month", 1), french.over("month", 1)) == ("a month", "par mois")
    assert french.over("45 days", 1) == "tous les 45 jours"
    assert (english.over("week", 13), french.over("week", 13)) == ("over 13 weeks", "sur 13 semaines")
    assert french.over("45 days", 2) == "sur 2 périodes de 45 jours"


def test_one_thing_and_many_differ() -> None:
    words = Words("en", "EUR")
    assert words("rules.more", count=1).startswith("1 more limit with")
    assert words("rules.more", count=2).startswith("2 more limits with")


def test_published_figures_have_their_french() -> None:
    words = Words("fr", "EUR")
    profile = CompanyProfile.model_validate(starter_profile())
    figures = drawn(profile, 8, 0).figures
    for figure in figures:
        name = words.said(figure_name(figure))
        assert name is not None
        assert "\u00a0: " in name
    in_use = {figure.range.quantity for figure in figures}
    in_use |= {name for names in (*QUANTITIES.values(), *STATED.values()) for name in names}
    for entry in load_ranges().values():
        if entry.quantity in in_use:
            assert f"quantity.{entry.quantity}" in catalogue("fr")
            for text in (entry.unit, entry.basis, entry.note):
                assert not text or words.published(text), text
    for stated in load_stated_ranges().values():
        assert words.published(stated.note), stated.note
    for figure in figures:
        for text in (figure.range.unit, figure.range.basis, figure.range.note):
            french = words.said(text) if isinstance(text, Message) else words.published(text)
            assert not text or french, text
    assert len(in_use) >= 25


def test_failed_checks_of_a_history_have_their_french() -> None:
    """A history with a gap and two channels that move together fails several checks; others are added."""
    rng = np.random.default_rng(3)
    week = np.concatenate([np.arange(30), np.arange(65, 95)])
    spend = rng.gamma(4.0, 25.0, len(week))
    outcome = 100.0 + rng.normal(0.0, 1.0, len(week))
    table = pd.DataFrame(
        {
            "date": pd.Timestamp("2024-01-01") + pd.to_timedelta(7 * week, "D"),
            "tv": spend,
            "radio": 2.0 * spend,
        }
    )
    model = MarketingMixRegressor(channels=["tv", "radio"], date="date", draws=100, random_state=0)
    failed = [one for one in model.fit(table, outcome).diagnostics_ if one.verdict == "FAIL"]
    rows = (np.arange(60), spend[:, np.newaxis], np.zeros((60, 0)), outcome, np.ones(60))
    windows = [Window(("tv",), *rows, 52.0, market) for market in ("BE", "FR")]
    # A row far off fails the check only where it counts all the same.
    values = {
        "rows": windows[0].spans(np.array([7])),
        "outcome": 30.0,
        "expected": 1.0,
        "worst": 30.0,
        "worth": 1.0,
    }
    failed.append(Finding.of("outliers", Verdict.FAIL, 30.0, count=1, date="7", **values))
    failed += alike_in_markets(windows)
    failed.append(
        backtest_finding({"error": [3.0, 2.0], "naive_error": [1.0, 1.0], "covered": [0.5, 0.4]}, 13)
    )
    assert [one.verdict for one in failed[-3:]] == ["FAIL", "FAIL", "FAIL"]
    assert {"collinearity", "outliers"} <= {one.check for one in failed}
    for one in failed:
        said = in_french(say("warning.check", check=one.check, message=one.message))
        assert said.startswith("l\u2019historique ne passe pas un contrôle (")
        assert one.message not in said
        assert f"contrôle ({one.check})" not in said
    verdicts = [Verdict.FAIL, *[Verdict.PASS] * (len(failed) - 1)]
    other = [
        replace(one, message=say("finding.no_pair"), figure=-1.0, verdict=verdict)
        for one, verdict in zip(failed, verdicts, strict=True)
    ]
    for one in worst_findings({"BE": failed, "FR": other}):
        assert isinstance(one.message, Message)
        french = in_french(one.message)
        more = " et 1 de plus" if one.check == failed[0].check else ""
        assert french == f"marché BE{more} : {in_french(one.message.values['message'])}"


def test_the_example_reads_in_french(example_plan: Plan) -> None:
    text = example_plan.to_html(lang="fr")
    assert "Déplacer 49\u00a0k EUR" in text
    marked = re.findall(r'<span lang="en">(.*?)</span>', text)
    prose = [*example_plan.warnings, *example_plan.remarks, *(row.reason for row in example_plan.allocation)]
    assert marked
    left = [sentence for sentence in prose if sentence in marked]
    assert len(left) <= 0.2 * len(prose), json.dumps(left)


def test_a_probability_that_draws_cannot_tell_from_none_is_not_0() -> None:
    assert say("finding.effect.pass", channel="sms", none=0.0).endswith("is under 0.05 %.")
    assert say("finding.effect.pass", channel="sms", none=0.0005).endswith("is 0.05 %.")
    assert in_french(say("finding.effect.pass", channel="sms", none=0.0)).endswith(" : moins de 0,05 %.")


def test_french_joins_a_preposition_with_the_article_of_a_name() -> None:
    words = Words("fr", "EUR")
    said = {
        split: words("facts.safer", baseline=words(f"split.{split}"))
        for split in ("current", "equal", "nothing")
    }
    assert said["current"].endswith("par rapport au mix actuel.")
    assert said["equal"].endswith("par rapport à la répartition à parts égales.")
    assert said["nothing"].endswith("par rapport à rien.")
