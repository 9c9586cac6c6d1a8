"""What to test next, what certainty is worth, and how the best split spreads, from a value of information."""

from __future__ import annotations

from channelmix.plan import InformationOf, InformationValue, LiftTestValue, SpendSpread
from channelmix.report.content import Content
from channelmix.report.html.inline import cell_data, said
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.svg import single_bar, whisker
from channelmix.report.html.tables import Column, Line, table
from channelmix.report.sentences import caution, counts, next_test, regret, total_value

SHOWN = 12
"""Tests, cells and channels that are listed in each table."""

SPREAD = 60
"""Cells whose spend over the draws' best splits is listed."""


def tests_section(content: Content, found: InformationValue) -> Markup:
    """The test to run next, what tests and certainty are worth, and what the plan forgoes."""
    words, remarks = content.words, list(found.remarks)
    typical = [tag("p", said(content, remarks.pop(0)))] if found.typical_of > 1 else []
    best = "" if found.next_test is None else _title(content, found.next_test.cell)
    return join(
        *typical,
        tag("p", next_test(found, words, best), class_="headline"),
        _tests(content, found) if found.tests else None,
        tag("h3", words("value.heading")),
        tag("p", total_value(found, words)),
        _values(content, found),
        tag("h3", words("regret.heading")),
        tag("p", regret(found, words)),
        _spread(content, found),
        _cautious(content, found) if found.cautious else None,
        tag("ul", *(tag("li", said(content, remark)) for remark in remarks)),
        None if found.complete else tag("p", words("tests.interrupted", draws=words.figure(found.draws))),
    )


def _title(content: Content, name: str) -> str:
    """A cell as the page calls it, or a channel by its name."""
    view = content.by_name.get(name)
    return name if view is None else content.title(view)


def _place(content: Content, name: str) -> dict[str, str]:
    view = content.by_name.get(name)
    return {} if view is None else cell_data(view)


def _tests(content: Content, found: InformationValue) -> Markup:
    words = content.words
    heads = ("change", "weeks", "detectable", "expected", "value", "cost", "net")
    columns = [
        Column(words("allocation.cell")),
        *(Column(words(f"tests.{head}"), numeric=True) for head in heads),
    ]
    lines = [Line(_test(content, test), _place(content, test.cell)) for test in found.tests[:SHOWN]]
    return table(words("tests.caption", per=words.over(found.period)), columns, lines)


def _test(content: Content, test: LiftTestValue) -> list[str]:
    words = content.words
    return [
        _title(content, test.cell),
        words.signed(test.spend_change),
        words.figure(test.weeks),
        words.short(test.detectable_lift),
        words.short(test.expected_lift),
        words.short(test.value),
        words.short(test.cost),
        words.short(test.net),
    ]


def _values(content: Content, found: InformationValue) -> Markup | None:
    """Worth of certainty about each channel and each cell."""
    words = content.words
    known = [one for one in [*found.channels, *found.cells] if counts(found, one)]
    if not known:
        return None
    most = max(one.value for one in known)
    columns = [
        Column(words("value.of")),
        Column(words("value.chart"), chart=True),
        Column(words("value.worth"), numeric=True),
        Column(words("value.error"), numeric=True),
    ]
    lines = [
        Line(
            [
                _known(content, one),
                single_bar(one.value, most),
                words.short(one.value),
                words.short(one.standard_error),
            ],
            _place(content, one.name),
        )
        for group in (found.channels, found.cells)
        for one in [one for one in group if counts(found, one)][:SHOWN]
    ]
    return table(words("value.caption", per=words.over(found.period)), columns, lines)


def _known(content: Content, one: InformationOf) -> str:
    if one.name in content.by_name:
        return _title(content, one.name)
    return content.words("value.channel", channel=one.name, count=len(one.cells))


def _spread(content: Content, found: InformationValue) -> Markup:
    """What the draws' own best splits spend on each cell."""
    words = content.words
    rows = [row for row in found.spread if row.high > 0.0 or row.planned > 0.0]
    rows.sort(key=lambda row: -row.planned)
    most = max((max(row.high, row.planned) for row in rows), default=0.0)
    columns = [
        Column(words("allocation.cell")),
        Column(words("spread.chart"), chart=True),
        Column(words("spread.planned"), numeric=True),
        Column(words("spread.range"), numeric=True),
        Column(words("spread.median"), numeric=True),
        Column(words("spread.used"), numeric=True),
    ]
    lines = [Line(_spent(content, row, most), _place(content, row.cell)) for row in rows[:SPREAD]]
    caption = words("spread.caption", per=words.over(found.period))
    return tag("details", tag("summary", words("spread.summary")), table(caption, columns, lines))


def _spent(content: Content, row: SpendSpread, most: float) -> list[Markup | str]:
    words = content.words
    return [
        _title(content, row.cell),
        whisker(row.low, row.planned, row.high, (0.0, most)),
        words.short(row.planned),
        words("range", low=words.short(row.low), high=words.short(row.high)),
        words.short(row.median),
        words.percent(row.used),
    ]


def _cautious(content: Content, found: InformationValue) -> Markup:
    """What a plan that minds the worst draws would give up."""
    words = content.words
    items = [tag("li", caution(words, content.said(one.name), one)) for one in found.cautious]
    return join(tag("p", words("cautious.intro")), tag("ul", *items))
