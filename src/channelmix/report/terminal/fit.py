"""What a history says at a glance: the return of every column, and what was checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import IO

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from channelmix.core.documents import Interval
from channelmix.core.wording import amount, counted, short
from channelmix.core.words import over
from channelmix.profile.evidence import Column, Evidence, FittedMarket
from channelmix.profile.fields.fields import DAYS_A_YEAR
from channelmix.report.terminal.console import show

STYLES = {"FAIL": "bold red", "REVIEW": "yellow", "PASS": "green"}
"""Verdicts, the gravest first, and their colours."""

LARGE = 1e8
"""Amount from which digits are cut, so that names find room beside it."""

NAME = 12
"""Width from which on a name is folded where room is short."""

PADDING = 2
"""Blanks between columns."""

PAUSED = 0.05
"""Share by which spend in the periods with any must differ from that in all, for both to be shown."""

ROWS = {"days": 1.0, "weeks": 7.0, "months": DAYS_A_YEAR / 12.0, "quarters": DAYS_A_YEAR / 4.0}
"""Lengths of rows that have a name, in days."""

SAME = "\u2013"
"""Stands where spend in the periods with any is that in all."""

CLOSE = 0.005
"""Length of a row and of a period that differ by less than this share are the same."""


def fit_to_terminal(
    evidence: Evidence,
    period: str,
    file: IO[str] | None = None,
    *,
    color: bool | None = None,
    verbose: bool = False,
) -> None:
    """Print the return on every column of spend, and what the checks of the fit ask to be looked at.

    Parameters
    ----------
    evidence : Evidence
    period : str
        The profile's period in words.
    file : text file, optional
        Standard output by default.
    color : bool, optional
        Colours or none; by default, colours on a terminal only.
    verbose : bool
        Whether to list the checks that passed, too: they are one line elsewhere.
    """
    show(partial(_parts, evidence, period, verbose), file, color=color)


def _parts(evidence: Evidence, period: str, verbose: bool, width: int) -> Iterable[Text | Table]:
    fitted, money = evidence.fitted, evidence.currency
    tests = {0: "no lift test", 1: "1 lift test"}.get(n := len(evidence.experiments), f"{n} lift tests")
    markets = fitted.markets or ()
    rows = f"{counted(fitted.rows, 'row')} of {counted(fitted.row_days, 'day')}"
    yield Text(f"{fitted.source}: {rows}, {fitted.first} to {fitted.last}", style="bold")
    if markets:
        yield Text(_rows_by_market(markets))
    yield Text(
        f"One unit of {fitted.outcome} is worth {money} {fitted.outcome_worth:,.6g}; {tests}; "
        "means with 90 % intervals."
    )
    if abs(evidence.period_days / fitted.row_days - 1.0) > CLOSE:
        yield Text(_amounts(evidence, period))
    yield Text()
    yield _table(evidence, period, width)
    yield Text()
    for free in evidence.unpaid or ():
        brings = f"{money} {amount(free.outcome.mean)} {over(period)}"
        between = f"{amount(free.outcome.low)} to {amount(free.outcome.high)}"
        low, mean, high = (
            f"{100.0 * share:.1f}" for share in (free.share.low, free.share.mean, free.share.high)
        )
        yield Text(
            f"{free.name} (unpaid): about {brings} ({between}), {mean} % ({low} to {high} %) of {fitted.outcome}. "
            "Not part of the budget."
        )
    if evidence.unpaid:
        yield Text()
    if believed := _believed(evidence):
        yield Text(f"Expected from published figures before the fit (90 %): {', '.join(believed)}.")
        yield Text()
    yield from _checks(evidence, verbose)


def _checks(evidence: Evidence, verbose: bool) -> Iterator[Text | Table]:
    """Checks, the gravest first: one that passed must not hide one that did not."""
    passed = sum(check.verdict == "PASS" for check in evidence.checks)
    listed = [check for check in evidence.checks if verbose or check.verdict != "PASS"]
    if len(evidence.fitted.markets or ()) > 1 and listed:
        yield Text("Of each check the worst market:")
    checks = Table.grid(padding=(0, 2, 0, 0))
    checks.add_column(no_wrap=True)
    checks.add_column(overflow="fold")
    for verdict, style in STYLES.items():
        for check in listed:
            if check.verdict == verdict:
                checks.add_row(Text(verdict, style=style), Text(check.message))
    if listed:
        yield checks
    if passed and not verbose:
        yield Text(f"{counted(passed, 'check')} passed", style=STYLES["PASS"])


def _amounts(evidence: Evidence, period: str) -> str:
    """What amounts are per, and of which rows the timing within a period is."""
    days, per_period = evidence.fitted.row_days, evidence.period_days / evidence.fitted.row_days
    unit, one = ("periods", period) if period[:1].isdigit() else (f"{period}s", f"a {period}")
    if per_period < 1.0:
        row = f"each row of {counted(days, 'day')}"
        return f"Amounts are per {period}; {row} is taken as {1.0 / per_period:.3g} equal {unit}."
    rows = next((name for name, long in ROWS.items() if abs(days / long - 1.0) < CLOSE), None)
    rows = rows or f"rows of {counted(days, 'day')}"
    said = f"Amounts are per {period} ({per_period:.3g} {rows})."
    timing = _timing(evidence)
    return said + f" Within {one}, spend is timed as in the latest {unit} with spend: {timing}." * bool(
        timing
    )


def _timing(evidence: Evidence) -> str:
    """From when to when these rows are: of most columns, and of those with others."""
    names: dict[tuple[str | int, str | int], list[str]] = {}
    for column in evidence.columns:
        if column.timing is not None:
            names.setdefault(column.timing, []).append(column.name)
    if not names:
        return ""
    usual = max(names, key=lambda dates: len(names[dates]))
    others = [f"{', '.join(of)}: {a} to {b}" for (a, b), of in names.items() if (a, b) != usual]
    return f"rows from {usual[0]} to {usual[1]}" + f" ({'; '.join(others)})" * bool(others)


def _believed(evidence: Evidence) -> dict[str, None]:
    """What was believed of each column, which is the same in all markets."""
    markets = evidence.fitted.markets
    said: dict[str, None] = {}
    for column in evidence.columns:
        if column.believed is not None:
            name = column.name if markets is None else column.name.partition("/")[2] or "all"
            low, high = map(_figure, column.believed)
            said[f"{name} {low} to {high}"] = None
    return said


def _table(evidence: Evidence, period: str, width: int) -> Table:
    """Make the table of returns, a row a column of spend; names always stand, and figures as they find room."""
    money = evidence.currency
    spend, returns, further = f"{money} {over(period)}", f"return per {money}", f"next {money}"
    active = "active"
    paused = any(map(_is_paused, evidence.columns))
    lines = [
        {
            spend: _money(column.spend),
            active: _money(column.usual_spend) if _is_paused(column) else SAME,
            "least": _money(column.least),
            "most": _money(column.most),
            returns: _range(column.roi),
            further: _range(column.marginal_roi),
            "rests on": column.basis,
        }
        for column in evidence.columns
    ]
    names = list(_names(evidence))
    room = width - min(max(cell_len(text) for text in ("column", *(name.plain for name, _ in names))), NAME)
    shown: set[str] = set()
    wanted = [(returns,), (spend,), (further,), *[(active,)] * paused, ("rests on",), ("least", "most")]
    for heads in wanted:  # the most wanted first
        needed = sum(
            PADDING + max(cell_len(text) for text in (h, *(line[h] for line in lines))) for h in heads
        )
        if needed <= room:
            shown.update(heads)
            room -= needed
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, PADDING, 0, 0))
    table.add_column("column", overflow="fold", min_width=len("column"))
    kept = [head for head in (spend, active, "least", "most", returns, further, "rests on") if head in shown]
    for head in kept:
        table.add_column(head, justify="left" if head == "rests on" else "right", no_wrap=True)
    for name, place in names:
        table.add_row(name, *([] if place is None else [lines[place][head] for head in kept]))
    return table


def _is_paused(column: Column) -> bool:
    """Whether spend in the periods with any differs from that in all."""
    return abs(column.usual_spend / column.spend - 1.0) > PAUSED


def _names(evidence: Evidence) -> Iterator[tuple[Text, int | None]]:
    """Names at the left of the table, each with the place of its column; None for a heading and a blank line."""
    before = None
    for place, column in enumerate(evidence.columns):
        market, name = evidence.fitted.market_of(column.name), column.name
        if market is not None:  # stands once above its columns, since names would leave no room
            name = name.removeprefix(f"{market.name}/")
            if market != before:
                if before is not None:
                    yield Text(), None
                yield Text(market.name, style="bold"), None
            before = market
        yield Text(name), place


def _rows_by_market(markets: Sequence[FittedMarket]) -> str:
    """How many rows there are of each market, and from when to when."""
    spans = {(market.rows, market.first, market.last) for market in markets}
    count = counted(len(markets), "market")
    if len(spans) == 1:
        return (
            f"{count} of {counted(markets[0].rows, 'row')}: {', '.join(market.name for market in markets)}."
        )
    each = (
        f"{market.name} {counted(market.rows, 'row')}, {market.first} to {market.last}" for market in markets
    )
    return f"{count}: {'; '.join(each)}."


def _money(value: float) -> str:
    return amount(value) if abs(value) < LARGE else short(value)


def _range(found: Interval) -> str:
    return f"{_figure(found.mean)} ({_figure(found.low)} to {_figure(found.high)})"


def _figure(value: float) -> str:
    return f"{value:.2f}" if 0.01 <= abs(value) < 1e4 or value == 0.0 else short(value)
