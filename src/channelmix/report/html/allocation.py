"""Where the money is today and where the plan puts it, by channel, by cell and by period."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from channelmix.plan import CellPlan
from channelmix.report.html.content import CellView, Content
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.svg import Frame, drawing, paired_bars, share_bar
from channelmix.report.html.tables import Column, Line, table

__all__ = ["allocation_section", "periods_section", "swatch"]

WIDTH, HEIGHT, LEFT, BOTTOM = 420.0, 240.0, 48.0, 36.0

LABELLED = 10
"""Periods that are named below a chart at most."""

SOLID = 0.8
"""Part of a period's width that its column takes."""


def swatch(content: Content, channel: str) -> Markup:
    """Name of a channel beside its colour."""
    return tag("span", tag("span", class_=f"key hue{content.hue(channel)}"), channel, class_="swatch")


def allocation_section(content: Content) -> Markup:
    """Shares of channels, then every cell."""
    return join(_by_channel(content), _by_cell(content))


def _by_channel(content: Content) -> Markup:
    words = content.words
    now = dict.fromkeys(content.channels, 0.0)
    plan = dict(now)
    for cell in content.cells:
        now[cell.channel] += cell.current
        plan[cell.channel] += cell.spend
    totals = math.fsum(now.values()), math.fsum(plan.values())
    bars = [
        tag(
            "div",
            tag("span", words(key), class_="bar-name"),
            _shares(content, spend, total),
            class_="bar-row",
        )
        for key, spend, total in (("allocation.now", now, totals[0]), ("allocation.plan", plan, totals[1]))
        if total > 0.0
    ]
    columns = [
        Column(words("allocation.channel")),
        *(Column(words(f"allocation.{key}"), numeric=True) for key in ("now", "plan", "change")),
    ]
    lines = [
        Line([swatch(content, channel), *_with_shares(content, now[channel], plan[channel], totals)])
        for channel in content.channels
    ]
    lines.append(Line([words("total"), *_money(content, *totals)], kind="total"))
    return join(tag("div", *bars, class_="bars"), table(words("allocation.by_channel"), columns, lines))


def _shares(content: Content, spend: dict[str, float], total: float) -> Markup:
    return share_bar((spend[channel] / total, f"hue{content.hue(channel)}") for channel in content.channels)


def _with_shares(content: Content, now: float, plan: float, totals: tuple[float, float]) -> list[str]:
    entries, words = _money(content, now, plan), content.words
    for i, (value, total) in enumerate(zip((now, plan), totals, strict=True)):
        if total > 0.0:
            entries[i] += f" ({words.percent(value / total)})"
    return entries


def _money(content: Content, now: float, plan: float) -> list[str]:
    """Spend today and in the plan, and the change between what is shown of them."""
    words, change = content.words, plan - now
    if abs(change) <= 1e-9 * max(now, plan):
        change = 0.0
    return [words.amount(now), words.amount(plan), words.change(change)]


def _by_cell(content: Content) -> Markup:
    words, cells = content.words, content.cells
    money = [cell for cell in cells if not content.is_idle(cell)]
    idle = [cell for cell in cells if content.is_idle(cell)]
    most = max((max(cell.current, cell.spend) for cell in cells), default=0.0)
    columns = [
        Column(words("allocation.cell")),
        Column(words("allocation.bars"), chart=True),
        *(Column(words(f"allocation.{key}"), numeric=True) for key in ("now", "plan", "change", "return")),
        *(
            [Column(words("allocation.next", currency=words.currency), numeric=True)]
            if content.periods == 1
            else []
        ),
        Column(words("allocation.why")),
    ]
    lines = [Line(_entries(content, cell, most), _where(cell)) for cell in money]
    totals = content.plan.totals
    if totals is not None and len(cells) > 1:
        sums = [math.fsum(cell.current for cell in cells), math.fsum(cell.spend for cell in cells)]
        last = [""] if content.periods == 1 else []
        outcome = [words.spread(totals.outcome) if content.periods == 1 else ""]
        lines.append(
            Line([words("total.all"), "", *_money(content, *sums), *outcome, *last, ""], kind="total")
        )
    legend = tag(
        "p",
        tag("span", class_="key now"),
        words("allocation.now"),
        tag("span", class_="key plan"),
        words("allocation.plan"),
        class_="legend",
    )
    return join(
        tag("h3", words("allocation.by_cell")),
        legend,
        table(words("allocation.caption", per=_per(content)), columns, lines),
        _without_money(content, idle) if idle else None,
    )


def _per(content: Content) -> str:
    """What the amounts of cells are for."""
    words = content.words
    return (
        words("over_periods", count=content.periods)
        if content.periods > 1
        else words.per(content.plan.period)
    )


def _entries(content: Content, cell: CellView, most: float) -> Sequence[Markup | str]:
    words = content.words
    following = "∞" if cell.marginal is None else words.ratio(cell.marginal)
    return [
        content.title(cell),
        paired_bars(cell.current, cell.spend, most),
        *_money(content, cell.current, cell.spend),
        words.spread(cell.outcome),
        *([following] if content.periods == 1 else []),
        words.said(cell.reason),
    ]


def _where(cell: CellView) -> dict[str, str]:
    return {"data_market": cell.market, "data_purpose": cell.purpose}


def _without_money(content: Content, idle: Sequence[CellView]) -> Markup:
    items = [
        tag(
            "li",
            f"{content.title(cell)} \u2013 ",
            content.words.said(cell.reason),
            data_market=cell.market,
            data_purpose=cell.purpose,
        )
        for cell in idle
    ]
    heading = tag("h3", content.words("allocation.idle"))
    return tag("div", heading, tag("ul", *items, class_="columns"), class_="idle")


def periods_section(content: Content) -> Markup:
    """Spend and outcome of each period, by channel."""
    words = content.words
    spends = _over_time(content, lambda row: row.spend)
    outcomes = _over_time(content, lambda row: row.outcome.mean)
    figures = [
        tag(
            "figure",
            tag("figcaption", words(f"periods.{key}")),
            _stacked(content, values, words(f"periods.{key}")),
        )
        for key, values in (("spend", spends), ("outcome", outcomes))
    ]
    columns = [Column(words("periods.period"))]
    for channel in content.channels:
        columns.append(Column(words("periods.spend_on", channel=channel), numeric=True))
        columns.append(Column(words("periods.outcome_of", channel=channel), numeric=True))
    lines = [
        Line(
            [
                str(period),
                *(
                    words.short(values[channel][period])
                    for channel in content.channels
                    for values in (spends, outcomes)
                ),
            ]
        )
        for period in next(iter(spends.values()))
    ]
    legend = tag("p", *(swatch(content, channel) for channel in content.channels), class_="legend")
    numbers = tag(
        "details", tag("summary", words("periods.numbers")), table(words("periods.caption"), columns, lines)
    )
    return join(legend, tag("div", *figures, class_="pair-of-charts"), numbers)


def _over_time(content: Content, measure: Callable[[CellPlan], float]) -> dict[str, dict[int, float]]:
    """Sum of a measure by channel and period."""
    periods = sorted({row.period for row in content.plan.allocation})
    sums = {channel: dict.fromkeys(periods, 0.0) for channel in content.channels}
    for row in content.plan.allocation:
        sums[row.channel][row.period] += measure(row)
    return sums


def _stacked(content: Content, values: dict[str, dict[int, float]], label: str) -> Markup:
    """Columns of periods, channels on top of each other."""
    words = content.words
    periods = list(next(iter(values.values())))
    heights = [math.fsum(max(by[period], 0.0) for by in values.values()) for period in periods]
    frame = Frame(
        WIDTH, HEIGHT, LEFT, BOTTOM, (0.5, len(periods) + 0.5), (0.0, max(heights) or 1.0), top=20.0
    )
    rects = []
    for i, period in enumerate(periods, start=1):
        left, right = frame.x(i - SOLID / 2.0), frame.x(i + SOLID / 2.0)
        floor = 0.0
        for channel, by in values.items():
            top = floor + max(by[period], 0.0)
            rects.append(
                tag(
                    "rect",
                    class_=f"hue{content.hue(channel)}",
                    x=f"{left:.1f}",
                    y=f"{frame.y(top):.1f}",
                    width=f"{right - left:.1f}",
                    height=f"{frame.y(floor) - frame.y(top):.1f}",
                    data_tip=f"{channel}, {words('periods.period')} {period}: {words.short(by[period])}",
                )
            )
            floor = top
    step = max(1, math.ceil(len(periods) / LABELLED))
    axes = frame.axes(
        lambda place: str(periods[round(place) - 1]),
        words.tick,
        words("periods.period"),
        words.currency,
        [float(i) for i in range(1, len(periods) + 1, step)],
    )
    return drawing(WIDTH, HEIGHT, words("periods.label", what=label), axes, *rects)
