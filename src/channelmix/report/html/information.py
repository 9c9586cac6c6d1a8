"""What to test next, what certainty is worth, and how the best split spreads, from a value of information."""

from __future__ import annotations

from collections.abc import Iterator

from channelmix.core.wording import per
from channelmix.plan import CautiousPlan, InformationOf, InformationValue, LiftTestValue, SpendSpread
from channelmix.report.html.content import NOTHING, Content
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.svg import single_bar, whisker
from channelmix.report.html.tables import Column, Line, table

SHOWN = 12
"""Tests, cells and channels that are listed in each table."""

SPREAD = 60
"""Cells whose spend over the draws' best splits is listed."""


def tests_section(content: Content, found: InformationValue) -> Markup:
    """The test to run next, what tests and certainty are worth, and what the plan forgoes."""
    words, remarks = content.words, list(found.remarks)
    typical = [tag("p", words.said(remarks.pop(0)))] if found.typical_of > 1 else []
    return join(
        *typical,
        tag("p", _next(content, found), class_="headline"),
        _tests(content, found) if found.tests else None,
        tag("h3", words("value.heading")),
        tag("p", _total(content, found)),
        _values(content, found),
        tag("h3", words("regret.heading")),
        tag("p", _regret(content, found)),
        _spread(content, found),
        _cautious(content, found) if found.cautious else None,
        tag("ul", *(tag("li", words.said(remark)) for remark in remarks)),
        None if found.complete else tag("p", words("tests.interrupted", draws=words.figure(found.draws))),
    )


def _each(content: Content, found: InformationValue) -> str:
    return content.words.known(per(found.period))


def _title(content: Content, name: str) -> str:
    """A cell as the page calls it, or a channel by its name."""
    view = content.by_name.get(name)
    return name if view is None else content.title(view)


def _place(content: Content, name: str) -> dict[str, str]:
    view = content.by_name.get(name)
    return {} if view is None else content.place(view)


def _next(content: Content, found: InformationValue) -> str:
    words, test = content.words, found.next_test
    if test is None:
        return words("tests.none" if found.complete else "tests.unknown")
    return words(
        "tests.add" if test.spend_change > 0.0 else "tests.withhold",
        cell=_title(content, test.cell),
        change=words.about(abs(test.spend_change)),
        per=_each(content, found),
        weeks=words.figure(test.weeks),
        detectable=words.short(test.detectable_lift),
        expected=words.short(test.expected_lift),
        value=words.about(test.value),
        cost=words.about(test.cost),
        periods=words.short(found.test_periods),
        net=words.about(test.net),
    )


def _tests(content: Content, found: InformationValue) -> Markup:
    words = content.words
    heads = ("change", "weeks", "detectable", "expected", "value", "cost", "net")
    columns = [
        Column(words("allocation.cell")),
        *(Column(words(f"tests.{head}"), numeric=True) for head in heads),
    ]
    lines = [Line(_test(content, test), _place(content, test.cell)) for test in found.tests[:SHOWN]]
    return table(words("tests.caption", per=_each(content, found)), columns, lines)


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


def _total(content: Content, found: InformationValue) -> str:
    words = content.words
    if not _counts(found, found.total):
        return words("value.nothing")
    return words(
        "value.total",
        value=words.about(found.total.value),
        per=_each(content, found),
        error=words.short(found.total.standard_error),
        draws=words.figure(found.draws),
        low=words.short(found.total_low),
        high=words.short(found.total_high),
    )


def _counts(found: InformationValue, one: InformationOf) -> bool:
    return one.value > NOTHING * abs(found.outcome)


def _values(content: Content, found: InformationValue) -> Markup | None:
    """Worth of certainty about each channel and each cell."""
    words = content.words
    known = [one for one in [*found.channels, *found.cells] if _counts(found, one)]
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
        for one in [one for one in group if _counts(found, one)][:SHOWN]
    ]
    return table(words("value.caption", per=_each(content, found)), columns, lines)


def _known(content: Content, one: InformationOf) -> str:
    if one.name in content.by_name:
        return _title(content, one.name)
    return content.words("value.channel", channel=one.name, count=len(one.cells))


def _regret(content: Content, found: InformationValue) -> str:
    words, regret = content.words, found.regret
    return words(
        "regret.text",
        mean=words.about(regret.mean),
        per=_each(content, found),
        high=words.short(regret.high),
        worst=words.short(regret.worst),
    )


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
    caption = words("spread.caption", per=_each(content, found))
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
    items = [tag("li", *_given_up(content, one)) for one in found.cautious]
    return join(tag("p", words("cautious.intro")), tag("ul", *items))


def _given_up(content: Content, one: CautiousPlan) -> Iterator[Markup | str]:
    words = content.words
    yield words.said(one.name)
    yield words(
        "cautious.text",
        low=words.short(one.given_up_low),
        high=words.about(one.given_up_high),
        tail=words.signed(one.tail_gained),
    )
    if one.safer is not None:
        yield words("cautious.safer", safer=words.signed(one.safer))
    yield "."


def how_to_test(content: Content) -> Markup:
    """Say in a line how the page can say more."""
    return content.more("tests.how", "test-next profile.json", "tests")
