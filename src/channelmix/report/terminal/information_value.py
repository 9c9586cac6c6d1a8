"""The value of information as people read it: what certainty is worth, what to test next, what doubt costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import IO

from rich.table import Table
from rich.text import Text

from channelmix.core.wording import per, percent, short
from channelmix.plan import InformationOf, InformationValue, LiftTestValue
from channelmix.report.terminal.console import show

TOP = 8
"""Cells, channels and tests that are listed; the rest is counted."""

NOTHING = 1e-9
"""Share of the outcome below which a value is nothing."""


def information_to_terminal(
    found: InformationValue, file: IO[str] | None = None, *, top: int = TOP, color: bool | None = None
) -> None:
    """Print what information is worth, the tests worth running, and how the plan stands the draws.

    Parameters
    ----------
    found : InformationValue
    file : text file, optional
        Standard output by default.
    top : int
        Entries of each list that are shown.
    color : bool, optional
        Colours or none; by default, colours on a terminal only.
    """
    show(partial(_parts, found, top), file, color=color)


def _parts(found: InformationValue, top: int, _width: int) -> Iterable[Text | Table]:
    unit = f"{found.currency} {per(found.period)}".strip() if found.period else found.currency
    yield Text(f"{found.name}   what it is worth to know more, {unit}".strip(" ,"), style="bold")
    remarks = list(found.remarks)
    if found.typical_of > 1:  # what all of it is about comes first
        yield Text(remarks.pop(0))
    yield Text(_total(found))
    named = [one for one in found.channels if _counts(found, one)]
    if named:
        yield Text()
        yield from _values("channel", named, top)
    named = [one for one in found.cells if _counts(found, one)]
    if named:
        yield Text()
        yield from _values("cell", named, top)
    yield Text()
    yield from _tests(found, top)
    yield Text()
    yield from _robustness(found)
    yield Text()
    for remark in remarks:
        yield Text(remark)
    if not found.complete:
        yield Text(f"Interrupted: this is what {found.draws} draws tell.", style="yellow")


def _counts(found: InformationValue, one: InformationOf) -> bool:
    return one.value > NOTHING * abs(found.outcome)


def _total(found: InformationValue) -> str:
    total = found.total
    if not _counts(found, total):
        return "All draws agree on the best split: to know more would change nothing."
    share = (
        f", {percent(total.value / found.outcome)} of what the best plan brings"
        if found.outcome > 0.0
        else ""
    )
    return (
        f"To know every curve for certain before the money is split would be worth {short(total.value)} "
        f"(standard error {short(total.standard_error)}{share}; {found.draws} draws, each with its best split "
        f"proven: {short(found.total_low)} to {short(found.total_high)} on these draws)."
    )


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


def _tests(found: InformationValue, top: int) -> Iterable[Text | Table]:
    best = found.next_test
    if best is not None:
        verb = "add" if best.spend_change > 0.0 else "withhold"
        yield Text(
            f"Test next: {best.cell}, {verb} {found.currency} {short(abs(best.spend_change))} {_each(found)} for "
            f"{best.weeks:g} weeks. It would tell a lift of {short(best.detectable_lift)} from none; a lift of "
            f"{short(best.expected_lift)} is expected. What it tells is worth {short(best.value)} {_each(found)}, it "
            f"costs {short(best.cost)} in all, and over {found.test_periods:.3g} periods it earns {short(best.net)}.",
            style="bold",
        )
    elif found.complete:
        yield Text("Test next: none of the tests looked at is worth its cost.", style="bold")
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


def _robustness(found: InformationValue) -> Iterable[Text | Table]:
    regret = found.regret
    yield Text(
        f"If one draw were the truth, the plan would forgo {short(regret.mean)} on average against the best split "
        f"then, over {short(regret.high)} in one draw of ten, {short(regret.worst)} in the worst."
    )
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
    for cautious in found.cautious:
        safer = (
            f"; its worst tenth of gains on the baseline is {_more(cautious.safer)}"
            if cautious.safer is not None
            else ""
        )
        yield Text(
            f"Caution, {cautious.name}: gives up {_span(cautious.given_up_low, cautious.given_up_high)} of the mean; "
            f"its worst tenth of draws brings {_more(cautious.tail_gained)}{safer}. Proven to "
            f"{percent(cautious.gap)}."
        )


def _more(gain: float) -> str:
    return f"{short(abs(gain))} {'more' if gain >= 0.0 else 'less'}"


def _span(low: float, high: float) -> str:
    ends = short(low), short(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _each(found: InformationValue) -> str:
    return per(found.period) if found.period else "a period"


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
