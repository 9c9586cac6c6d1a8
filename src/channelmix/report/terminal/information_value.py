"""The value of information as people read it: what certainty is worth, what to test next, what doubt costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from channelmix.core.wording import percent, short
from channelmix.core.words import Words
from channelmix.plan import InformationOf, InformationValue, LiftTestValue
from channelmix.report.sentences import caution, counts, next_test, regret, total_value

TOP = 8
"""Cells, channels and tests that are listed; the rest is counted."""


def parts(found: InformationValue, _width: int, *, top: int = TOP) -> Iterable[Text | Table]:
    """Lay out what information is worth, the tests worth running, and how the plan stands the draws."""
    words = Words("en", found.currency, plain=True)
    unit = f"{found.currency} {words.over(found.period)}" if found.period else found.currency
    yield Text(f"{found.name}   what it is worth to know more, {unit}".strip(" ,"), style="bold")
    remarks = list(found.remarks)
    if found.typical_of > 1:  # what all of it is about comes first
        yield Text(remarks.pop(0))
    yield Text(total_value(found, words))
    named = [one for one in found.channels if counts(found, one)]
    if named:
        yield Text()
        yield from _values("channel", named, top)
    named = [one for one in found.cells if counts(found, one)]
    if named:
        yield Text()
        yield from _values("cell", named, top)
    yield Text()
    yield from _tests(found, words, top)
    yield Text()
    yield from _robustness(found, words)
    yield Text()
    for remark in remarks:
        yield Text(remark)
    if not found.complete:
        yield Text(f"Interrupted: this is what {found.draws} draws tell.", style="yellow")


def _values(head: str, values: Sequence[InformationOf], top: int) -> Iterable[Table | Text]:
    table = _table()
    table.add_column(f"{head} known for certain")
    table.add_column("worth", justify="right", no_wrap=True)
    table.add_column("std. error", justify="right", no_wrap=True)
    for one in values[:top]:
        table.add_row(Text(one.name), short(one.value), short(one.standard_error))
    yield table
    if len(values) > top:
        yield Text(f"and {len(values) - top} more (--format json lists them)")


def _tests(found: InformationValue, words: Words, top: int) -> Iterable[Text | Table]:
    best = found.next_test
    yield Text(next_test(found, words, best.cell if best else ""), style="bold")
    if len(found.tests) > (best is not None):
        table = _table()
        for head in ("test", "change", "weeks", "detectable lift", "worth", "cost", "net"):
            table.add_column(head, justify="left" if head == "test" else "right", no_wrap=head != "test")
        for test in found.tests[:top]:
            table.add_row(Text(test.cell), *_figures(test))
        yield table


def _figures(test: LiftTestValue) -> list[str]:
    sign = "+" if test.spend_change > 0.0 else ""
    return [
        f"{sign}{short(test.spend_change)}",
        f"{test.weeks:g}",
        short(test.detectable_lift),
        short(test.value),
        short(test.cost),
        short(test.net),
    ]


def _robustness(found: InformationValue, words: Words) -> Iterable[Text | Table]:
    yield Text(regret(found, words))
    table = _table()
    heads = ("cell", "plan", "5 %", "25 %", "median", "75 %", "95 %", "used")
    for head in heads:
        table.add_column(head, justify="left" if head == "cell" else "right", no_wrap=head != "cell")
    for row in found.spread:
        if row.high > 0.0 or row.planned > 0.0:
            amounts = (row.planned, row.low, row.quarter, row.median, row.three_quarters, row.high)
            table.add_row(Text(row.cell), *map(short, amounts), percent(row.used))
    yield Text("Spend over the draws' best splits:")
    yield table
    for one in found.cautious:
        yield Text(f"{caution(words, one.name, one)} Proven to {percent(one.gap)}.")


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
