"""Where the money is today and where the plan puts it, by channel and by cell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from channelmix.core.wording import amount_change
from channelmix.plan import CellPlan
from channelmix.report.content import Content
from channelmix.report.html.inline import cell_data, said, swatch
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.svg import paired_bars, share_bar
from channelmix.report.html.tables import Column, Line, table


def allocation_section(content: Content) -> Markup:
    """Shares of channels, then every cell."""
    return join(_by_channel(content), _by_cell(content))


def _by_channel(content: Content) -> Markup:
    words = content.words
    now = dict.fromkeys(content.channels, 0.0)
    plan = dict(now)
    for cell in content.plan.cells:
        now[cell.channel] += cell.current_spend
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
    now, plan = content.shown(now), content.shown(plan)
    words = content.words
    return [words.amount(now), words.amount(plan), words.change(amount_change(now, plan))]


def _by_cell(content: Content) -> Markup:
    words, cells = content.words, content.plan.cells
    money = [cell for cell in cells if not content.is_idle(cell)]
    idle = [cell for cell in cells if content.is_idle(cell)]
    most = max((max(cell.current_spend, cell.spend) for cell in cells), default=0.0)
    columns = [
        Column(words("allocation.cell")),
        Column(words("allocation.bars"), chart=True),
        *(Column(words(f"allocation.{key}"), numeric=True) for key in ("now", "plan", "change", "return")),
        Column(words("allocation.next", currency=words.currency), numeric=True),
        Column(words("allocation.why")),
    ]
    lines = [Line(_entries(content, cell, most), cell_data(cell)) for cell in money]
    totals = content.plan.totals
    if totals is not None and len(cells) > 1:
        sums = [math.fsum(cell.current_spend for cell in cells), math.fsum(cell.spend for cell in cells)]
        outcome = words.spread(totals.outcome)
        lines.append(Line([words("total.all"), "", *_money(content, *sums), outcome, "", ""], kind="total"))
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
        tag("p", words("allocation.periods", currency=words.currency)) if content.plan.span > 1 else None,
        legend,
        table(words("allocation.caption", per=content.over), columns, lines),
        _without_money(content, idle) if idle else None,
    )


def _entries(content: Content, cell: CellPlan, most: float) -> Sequence[Markup | str]:
    words = content.words
    following = "∞" if cell.marginal_return is None else words.ratio(cell.marginal_return)
    return [
        content.title(cell),
        paired_bars(cell.current_spend, cell.spend, most),
        *_money(content, cell.current_spend, cell.spend),
        words.spread(cell.outcome),
        following,
        said(content, cell.reason),
    ]


def _without_money(content: Content, idle: Sequence[CellPlan]) -> Markup:
    items = [
        tag(
            "li",
            f"{content.title(cell)} \u2013 ",
            said(content, cell.reason),
            **cell_data(cell),
        )
        for cell in idle
    ]
    heading = tag("h3", content.words("allocation.idle"))
    return tag("div", heading, tag("ul", *items, class_="columns"), class_="idle")
