"""Response curves of a plan's cells, drawn with their 90 % intervals, today's point and the plan's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.plan import CellPlan
from channelmix.report.content import Content
from channelmix.report.html.inline import cell_data
from channelmix.report.html.markup import Markup, data_block, join, tag
from channelmix.report.html.svg import Frame, area, drawing, line

POINTS = 33
"""Spends at which a curve is traced, today's and the plan's added."""

BEYOND = 1.3
"""How far beyond the larger of today's spend and the plan's a curve is traced."""

SHOWN = 100
"""Curves that are drawn: a page with more would be slow to open."""

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM = 300.0, 200.0, 56.0, 22.0, 36.0


@dataclass(frozen=True)
class Traced:
    """A cell's curve at increasing spends; arrays of shape (n_points,), in currency per period."""

    spend: Array
    mean: Array
    low: Array
    high: Array
    now: int
    """Place of today's spend among the points."""
    plan: int
    """Place of the plan's spend."""


def traced(content: Content, chosen: Sequence[int]) -> list[Traced]:
    """Trace the curves of cells, named by their places in the plan; for several periods, those of a usual one."""
    problem, span = content.problem, content.plan.span
    cells = [content.plan.cells[i] for i in chosen]
    curves = (problem.response if problem.delay is None else problem.curves).take(chosen)
    now = np.array([cell.current_spend / span for cell in cells])
    plan = np.array([cell.spend / span for cell in cells])
    fallback = (plan.sum() or now.sum() or 1.0) / len(cells)
    top = BEYOND * np.maximum(now, plan)
    top[top <= 1e-6 * fallback] = fallback  # a cell without money: what the average cell's would bring
    grid = np.linspace(0.0, 1.0, POINTS)[:, np.newaxis] * top
    grid = np.sort(np.concatenate([grid, now[np.newaxis], plan[np.newaxis]]), axis=0)
    drawn = np.stack([curves.value(spend) for spend in grid])
    low, high = np.quantile(drawn, [0.05, 0.95], axis=1)
    mean = drawn.mean(axis=1)
    return [
        Traced(
            grid[:, i],
            mean[:, i],
            low[:, i],
            high[:, i],
            int(np.searchsorted(grid[:, i], now[i])),
            int(np.searchsorted(grid[:, i], plan[i])),
        )
        for i in range(len(cells))
    ]


def curves_section(content: Content) -> Markup:
    """One chart a cell, each with a slider that reads it, and the numbers for that slider."""
    figures, readings = [], []
    chosen = content.largest(SHOWN)
    curves = traced(content, chosen)
    for number, (i, curve) in enumerate(zip(chosen, curves, strict=True)):
        frame = _frame(curve)
        figures.append(_figure(content, content.plan.cells[i], curve, frame, number))
        readings.append(_readings(content, curve, frame))
    words = content.words
    legend = tag(
        "p",
        tag("span", class_="key now"),
        words("curves.now"),
        tag("span", class_="key plan"),
        words("curves.plan"),
        class_="legend",
    )
    beyond = any(
        content.plan.cells[i].most_spent is not None and curve.spend[-1] > content.plan.cells[i].most_spent
        for i, curve in zip(chosen, curves, strict=True)
    )
    several = [tag("p", words("curves.beyond"))] if beyond else []
    if content.plan.span > 1:
        several.append(tag("p", words("curves.periods")))
    if len(chosen) < len(content.plan.cells):
        several.append(tag("p", words("curves.shown", count=len(chosen), all=len(content.plan.cells))))
    return join(
        tag("p", words("curves.intro")),
        *several,
        legend,
        tag("div", *figures, class_="grid-of-charts"),
        data_block("curve-data", readings),
    )


def _frame(curve: Traced) -> Frame:
    most = float(curve.high.max())
    ranges = (0.0, float(curve.spend[-1])), (0.0, most or 1.0)
    return Frame(WIDTH, HEIGHT, LEFT, BOTTOM, *ranges, top=20.0, right=RIGHT)


def _figure(content: Content, cell: CellPlan, curve: Traced, frame: Frame, number: int) -> Markup:
    words = content.words
    xs = curve.spend.tolist()
    points = [_point(frame, curve, at, kind) for at, kind in ((curve.now, "now"), (curve.plan, "plan"))]
    label = words(
        "curves.label",
        cell=content.title(cell),
        now=_at(content, curve, curve.now),
        plan=_at(content, curve, curve.plan),
    )
    chart = drawing(
        WIDTH,
        HEIGHT,
        label,
        frame.axes(words.tick, words.tick, words("curves.x"), words("curves.y")),
        area(frame, xs, curve.low.tolist(), curve.high.tolist(), "band"),
        *_mean(frame, curve, cell.most_spent),
        *points,
        tag("line", class_="cursor", x1=0, x2=0, y1=frame.top, y2=HEIGHT - BOTTOM, visibility="hidden"),
        kind="chart curve",
    )
    slider = tag(
        "input",
        type="range",
        min=0,
        max=len(xs) - 1,
        value=curve.plan,
        aria_label=words("curves.slider", cell=content.title(cell)),
        hidden=True,
    )
    return tag(
        "figure",
        tag("figcaption", content.title(cell)),
        chart,
        slider,
        tag("output", _at(content, curve, curve.plan), class_="reading", aria_live="off"),
        data_curve=number,
        **cell_data(cell),
    )


def _mean(frame: Frame, curve: Traced, seen: float | None) -> Iterator[Markup]:
    """The expected outcome: a line as far as spend was ever seen, dashes beyond."""
    until = np.inf if seen is None else seen
    inside = np.append(curve.spend[curve.spend < until], min(until, float(curve.spend[-1])))
    for spend, kind in (
        (inside, "mean"),
        (np.append(until, curve.spend[curve.spend > until]), "mean beyond"),
    ):
        if len(spend) > 1:
            mean = np.interp(spend, curve.spend, curve.mean)
            yield line(frame, spend.tolist(), mean.tolist(), kind)


def _point(frame: Frame, curve: Traced, at: int, kind: str) -> Markup:
    x, y = frame.x(float(curve.spend[at])), frame.y(float(curve.mean[at]))
    return tag("circle", class_=f"dot {kind}", cx=f"{x:.1f}", cy=f"{y:.1f}", r=5)


def _at(content: Content, curve: Traced, at: int) -> str:
    words = content.words
    low, mean, high = (float(values[at]) for values in (curve.low, curve.mean, curve.high))
    return words(
        "curves.at",
        spend=words.short(float(curve.spend[at])),
        mean=words.short(mean),
        low=words.short(low),
        high=words.short(high),
    )


def _readings(content: Content, curve: Traced, frame: Frame) -> list[list[Any]]:
    """Place of each point across the chart, and what is read there."""
    return [
        [round(frame.x(float(curve.spend[at])), 1), _at(content, curve, at)] for at in range(len(curve.spend))
    ]
