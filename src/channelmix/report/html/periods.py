"""What is spent in each period, and what comes in it, for plans over several."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from channelmix.plan import CellPlan
from channelmix.report.content import NOTHING, Content
from channelmix.report.html.inline import cell_data, swatch
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.svg import Frame, drawing
from channelmix.report.html.tables import Column, Line, table

WIDTH, HEIGHT, LEFT, BOTTOM = 420.0, 240.0, 56.0, 36.0

LABELLED = 10
"""Periods that are named below a chart at most."""

SOLID = 0.8
"""Part of a period's width that its column takes."""

SHOWN = 100
"""Cells whose spend is listed period by period, those with the most money."""


def periods_section(content: Content) -> Markup:
    """Spend and return of each period by channel, what comes after the last, and every cell's spend."""
    words, plan = content.words, content.plan
    spends = _by_channel(content, plan.allocation, lambda row: row.spend)
    returns = _by_channel(content, plan.allocation, lambda row: row.outcome.mean)
    after = _after(content, returns)
    figures = [
        tag("figure", tag("figcaption", words(f"periods.{key}")), _stacked(content, key, values, rest))
        for key, values, rest in (("spend", spends, {}), ("outcome", returns, after))
    ]
    late = tag("p", words("facts.after", after=math.fsum(after.values()))) if after else None
    return join(
        late,
        tag("p", *(swatch(content, channel) for channel in content.channels), class_="legend"),
        tag("div", *figures, class_="pair-of-charts"),
        _folded(words("periods.numbers"), _numbers(content, spends, returns, after)),
        _folded(words("periods.cells"), _by_cell(content)),
    )


def _by_channel(
    content: Content, rows: Sequence[CellPlan], measure: Callable[[CellPlan], float]
) -> dict[str, list[float]]:
    """Sum of a measure by channel, one number a period."""
    sums = {channel: [0.0] * content.plan.span for channel in content.channels}
    for row in rows:
        sums[row.channel][row.period - 1] += measure(row)
    return sums


def _after(content: Content, returns: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """What each channel brings after the last period; nothing where that is rounding."""
    totals = content.plan.totals
    if totals is None or totals.after <= NOTHING * totals.outcome.mean:
        return {}
    left = {channel: -math.fsum(values) for channel, values in returns.items()}
    for cell in content.plan.sums:
        left[cell.channel] += cell.outcome.mean
    return {channel: value if value > NOTHING * totals.after else 0.0 for channel, value in left.items()}


def _folded(summary: str, body: Markup) -> Markup:
    return tag("details", tag("summary", summary), body)


def _numbers(
    content: Content,
    spends: Mapping[str, Sequence[float]],
    returns: Mapping[str, Sequence[float]],
    after: Mapping[str, float],
) -> Markup:
    """What the charts draw."""
    words = content.words
    columns = [Column(words("periods.period"))]
    for channel in content.channels:
        columns.append(Column(words("periods.spend_on", channel=channel), numeric=True))
        columns.append(Column(words("periods.outcome_of", channel=channel), numeric=True))
    lines = []
    for t in range(content.plan.span):
        pairs = ((spends[channel][t], returns[channel][t]) for channel in content.channels)
        lines.append(Line([str(t + 1), *(words.short(value) for pair in pairs for value in pair)]))
    if after:
        late = (entry for channel in content.channels for entry in ("", words.short(after[channel])))
        lines.append(Line([words("periods.later"), *late]))
    return table(words("periods.caption"), columns, lines)


def _by_cell(content: Content) -> Markup:
    """Spend on each cell in each period."""
    words, plan = content.words, content.plan
    spends: dict[str, list[float]] = {cell.name: [0.0] * plan.span for cell in plan.cells}
    for row in plan.allocation:
        spends[row.name][row.period - 1] = row.spend
    columns = [Column(words("allocation.cell"))]
    columns += [Column(words("periods.each", period=t + 1), numeric=True) for t in range(plan.span)]
    chosen = [plan.cells[i] for i in content.largest(SHOWN)]
    lines = [
        Line(
            [content.title(cell), *(words.amount(content.shown(spend)) for spend in spends[cell.name])],
            cell_data(cell),
        )
        for cell in chosen
        if not content.is_idle(cell)
    ]
    return table(words("periods.cells_caption"), columns, lines)


def _stacked(
    content: Content, key: str, values: Mapping[str, Sequence[float]], after: Mapping[str, float]
) -> Markup:
    """Columns of periods, channels on top of each other, and what comes after the last at the end."""
    words = content.words
    names = [str(t + 1) for t in range(content.plan.span)] + [words("periods.later")] * bool(after)
    by = {channel: [*amounts, *([after[channel]] if after else [])] for channel, amounts in values.items()}
    heights = [math.fsum(max(amount, 0.0) for amount in column) for column in zip(*by.values(), strict=True)]
    frame = Frame(WIDTH, HEIGHT, LEFT, BOTTOM, (0.5, len(names) + 0.5), (0.0, max(heights) or 1.0), top=20.0)
    rects = []
    for i, name in enumerate(names):
        left, right = frame.x(i + 1.0 - SOLID / 2.0), frame.x(i + 1.0 + SOLID / 2.0)
        said = words("periods.each", period=name) if i < content.plan.span else name
        floor = 0.0
        for channel, amounts in by.items():
            top = floor + max(amounts[i], 0.0)
            rects.append(
                tag(
                    "rect",
                    class_=f"hue{content.hue(channel)}",
                    x=f"{left:.1f}",
                    y=f"{frame.y(top):.1f}",
                    width=f"{right - left:.1f}",
                    height=f"{frame.y(floor) - frame.y(top):.1f}",
                    data_tip=f"{channel}, {said}: {words.short(amounts[i])}",
                )
            )
            floor = top
    step = math.ceil(len(names) / LABELLED)
    labelled = [float(i) for i in range(1, len(names) + 1, step)]
    if after:  # its name needs room
        labelled = [i for i in labelled if i <= len(names) - step] + [float(len(names))]
    axes = frame.axes(
        lambda place: names[round(place) - 1], words.tick, words("periods.period"), words.currency, labelled
    )
    label = words("periods.label", what=words(f"periods.{key}"))
    return drawing(WIDTH, HEIGHT, label, axes, *rects)
