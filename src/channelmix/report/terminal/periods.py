"""Spend by period, for plans over several."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from channelmix.core.wording import short
from channelmix.plan import Plan

CELL = 7
"""Columns that a period takes."""

NAME = 16
"""Columns that the longest channel's name takes before it folds."""


def by_period(plan: Plan, width: int) -> Iterator[Table | Text]:
    """One line a channel with its spend in each period, and one with what comes in each; nothing for one period."""
    if plan.span == 1 or plan.totals is None:
        return
    channels = list(dict.fromkeys(row.channel for row in plan.allocation))
    periods = range(1, plan.span + 1)
    spend = {(channel, t): 0.0 for channel in channels for t in periods}
    total, brings = dict.fromkeys(periods, 0.0), dict.fromkeys(periods, 0.0)
    for row in plan.allocation:
        spend[row.channel, row.period] += row.spend
        total[row.period] += row.spend
        brings[row.period] += row.outcome.mean
    fit = max(1, (width - NAME) // CELL)
    for first in range(1, plan.span + 1, fit):
        shown = range(first, min(first + fit, plan.span + 1))
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
        table.add_column(f"by {plan.period}", max_width=NAME, overflow="fold")
        for t in shown:
            table.add_column(str(t), justify="right", no_wrap=True, min_width=CELL - 1)
        for channel in channels:
            if any(spend[channel, t] > 0.0 for t in periods):
                table.add_row(Text(channel), *(_money(spend[channel, t]) for t in shown))
        table.add_row(Text("total"), *(_money(total[t]) for t in shown))
        table.add_row(Text("return"), *(_money(brings[t]) for t in shown))
        yield table


def _money(value: float) -> Text:
    return Text(short(value) if value > 0.0 else "-")
