"""Two plans beside each other, as people read them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from channelmix.core.wording import amount, percent, short
from channelmix.core.words import over
from channelmix.plan import CellDifference, Difference, Interval


def parts(found: Difference, _width: int) -> Iterable[Text | Table]:
    """Lay out what is different between two plans."""
    names = (
        found.name_before
        if found.name_before == found.name_after
        else f"{found.name_before} and {found.name_after}"
    )
    yield Text(f"{names}   before and after, {found.currency} {over(found.period, found.span)}", style="bold")
    for change in found.changes or ["Nothing that was asked for is different."]:
        yield Text(change)
    yield Text()
    yield Text(
        f"Spend {amount(found.spend_before)} becomes {amount(found.spend_after)}; {amount(found.moved)} is elsewhere. "
        f"Return less charges {_interval(found.net_before)} becomes {_interval(found.net_after)}: {_net(found)}."
    )
    if not found.paired:
        yield Text(f"Draws are not paired, so that the difference has no interval: {found.why_unpaired}.")
    elif found.certified_low is not None and found.certified_high is not None:
        yield Text(
            f"By both proofs, the best plan's objective changes by {_signed(found.certified_low)} to "
            f"{_signed(found.certified_high)}."
        )
    yield Text()
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for head in ("cell", "before", "after", "change", "return", "why"):
        table.add_column(head, justify="left" if head in ("cell", "why") else "right", no_wrap=head != "why")
    for cell in found.cells:
        if cell.change or cell.reason_before != cell.reason_after or cell.outcome_change:
            table.add_row(Text(cell.cell), *map(Text, _figures(cell)))
    yield table


def _net(found: Difference) -> str:
    if found.net_interval is None:
        return _signed(found.net_change)
    chance = "" if found.chance is None else f", more in {percent(found.chance)} of draws"
    span = f"{_signed(found.net_interval.low)} to {_signed(found.net_interval.high)}"
    return f"{_signed(found.net_change)} ({span}{chance})"


def _figures(cell: CellDifference) -> list[str]:
    why = cell.reason_after
    if cell.reason_before != cell.reason_after:
        why = f"{cell.reason_after}; before: {cell.reason_before}"
    return [
        "-" if cell.before is None else amount(cell.before),
        "-" if cell.after is None else amount(cell.after),
        _signed(cell.change),
        _signed(cell.outcome_change),
        why,
    ]


def _interval(value: Interval) -> str:
    return f"{short(value.mean)} ({short(value.low)} to {short(value.high)})"


def _signed(value: float) -> str:
    return f"{'+' * (value > 0.0)}{short(value)}"
