"""What more or less money would bring: the certified points, and the allocation at each."""

from __future__ import annotations

import math

from channelmix.engine.proof.solution import Status
from channelmix.plan import CellPlan, Frontier, FrontierPlan, Plan
from channelmix.report.content import NOTHING, Content
from channelmix.report.html.inline import cell_data
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.svg import Frame, drawing, line, paired_bars
from channelmix.report.html.tables import Column, Line, table

SHOWN = 40
"""Cells that are listed at each point, those with the most money."""

WIDTH, HEIGHT, LEFT, BOTTOM = 420.0, 250.0, 56.0, 36.0

SAME = 1e-6
"""Share by which the money of a plan and of a frontier may differ and be the same."""

ASIDE = 0.03
"""Share of the chart's width that is left free before the first point."""


def frontier_section(content: Content, frontier: Frontier) -> Markup:
    """Chart, a slider along the points, the allocation at the chosen one, and the numbers of all."""
    words = content.words
    reached = [
        i for i, point in enumerate(frontier.points) if point.spend is not None and point.outcome is not None
    ]
    here = place_of(content.plan, frontier) or 0.0
    chosen = min(reached, key=lambda i: abs(_place(frontier, frontier.points[i]) - here), default=0)
    by_risk = frontier.along == "risk"
    slider = tag(
        "div",
        tag("label", words(f"frontier.slider_{frontier.along}"), for_="frontier-slider"),
        tag("input", type="range", id="frontier-slider", min=0, max=len(frontier.points) - 1, value=chosen),
        class_="control",
        hidden=True,
    )
    most = max((spend for point in frontier.points for spend in frontier.cells(point).values()), default=0.0)
    details = [
        tag("div", *_point(content, frontier, point, most), class_="point", data_point=i, hidden=i != chosen)
        for i, point in enumerate(frontier.points)
    ]
    return join(
        tag("p", words("frontier.intro_risk" if by_risk else "frontier.intro")),
        _chart(content, frontier, reached, chosen) if reached else None,
        slider,
        tag("div", *details),
        _numbers(content, frontier),
        None if frontier.complete else tag("p", words("frontier.interrupted")),
    )


def _place(frontier: Frontier, point: FrontierPlan) -> float:
    return point.weight if frontier.along == "risk" else point.budget


def place_of(plan: Plan, frontier: Frontier) -> float | None:
    """Where a plan itself lies along a frontier; None where it has no place on it."""
    totals = plan.totals
    if totals is None:
        return None
    if frontier.along == "budget":
        return totals.spend
    budgets = [point.budget for point in frontier.points]
    if not any(math.isclose(totals.spend, budget, rel_tol=SAME) for budget in budgets):
        return None  # of other money
    risk = plan.problem.get("risk") or {"kind": "mean"}
    weights = {"mean": 0.0, "mean_cvar": risk.get("weight")}
    return weights.get(risk["kind"])


def _named(content: Content, frontier: Frontier, point: FrontierPlan) -> str:
    words = content.words
    if frontier.along == "risk":
        return words("frontier.at_weight", weight=words.figure(point.weight))
    return words("frontier.at_budget", money=words.money(point.budget))


def _reading(content: Content, point: FrontierPlan) -> str:
    words = content.words
    if point.outcome is None or point.tail_outcome is None or point.money is None:
        return words(f"status.{point.status}")
    text = words(
        "frontier.reading",
        money=words.money(point.money),
        outcome=words.short(point.outcome),
        tail=words.short(point.tail_outcome),
    )
    if point.marginal is not None:
        text += words("frontier.next", currency=words.currency, marginal=words.ratio(point.marginal))
    return text


def _chart(content: Content, frontier: Frontier, reached: list[int], chosen: int) -> Markup:
    words = content.words
    points = [frontier.points[i] for i in reached]
    xs = [_place(frontier, point) for point in points]
    outcomes = [point.outcome or 0.0 for point in points]
    tails = [point.tail_outcome or 0.0 for point in points]
    here, totals = place_of(content.plan, frontier), content.plan.totals
    own = [] if here is None or totals is None else [(here, totals.outcome.mean - totals.charge)]
    heights = [0.0, *outcomes, *tails, *(y for _, y in own)]
    across = [*xs, *(x for x, _ in own)]
    first = min(across) - ASIDE * (max(across) - min(across))
    spans = (first, max(across)), (min(heights), max(heights))
    frame = Frame(WIDTH, HEIGHT, LEFT, BOTTOM, *spans, top=20.0, right=24.0)
    dots = [
        tag(
            "circle",
            class_=f"dot plan{' chosen' * (i == chosen)}",
            cx=f"{frame.x(x):.1f}",
            cy=f"{frame.y(outcome):.1f}",
            r=5,
            data_dot=i,
            data_tip=f"{_named(content, frontier, point)}{words('frontier.then')}{_reading(content, point)}",
        )
        for i, point, x, outcome in zip(reached, points, xs, outcomes, strict=True)
    ]
    say_x = words.figure if frontier.along == "risk" else words.tick
    axes = frame.axes(say_x, words.tick, words(f"frontier.{frontier.along}"), words("frontier.outcome"))
    label = words(
        "frontier.label",
        first=_named(content, frontier, points[0]),
        last=_named(content, frontier, points[-1]),
    )
    keys = {"plan": words("frontier.outcome")}
    keys["tail"] = words("frontier.tail", share=words.percent(frontier.tail))
    if own:
        keys["here"] = words("frontier.mark")
    entries = (tag("span", tag("span", class_=f"key {kind}"), said) for kind, said in keys.items())
    legend = tag("p", *entries, class_="legend")
    lines = line(frame, xs, tails, "tail"), line(frame, xs, outcomes, "mean")
    chart = drawing(
        WIDTH, HEIGHT, label, axes, *lines, *(_mark(content, frame, *mark) for mark in own), *dots
    )
    return join(legend, tag("figure", chart, class_="wide"))


def _mark(content: Content, frame: Frame, x: float, y: float) -> Markup:
    """Mark the plan itself: a line at its place, with a ring at what it brings."""
    words, at = content.words, f"{frame.x(x):.1f}"
    said = words("frontier.mark_reading", outcome=words.short(y))
    return tag(
        "g",
        tag("line", class_="here", x1=at, x2=at, y1=frame.top, y2=frame.height - frame.bottom),
        tag("circle", class_="here", cx=at, cy=f"{frame.y(y):.1f}", r=9),
        data_tip=said,
    )


def _point(content: Content, frontier: Frontier, point: FrontierPlan, most: float) -> list[Markup]:
    words = content.words
    name = _named(content, frontier, point)
    said = tag("p", tag("strong", name), f"{words('frontier.then')}{_reading(content, point)}")
    if point.spend is None:
        return [said]
    columns = [
        Column(words("allocation.cell")),
        Column(words("frontier.bars"), chart=True),
        Column(words("frontier.plan"), numeric=True),
        Column(words("frontier.here"), numeric=True),
    ]
    views = {cell.name: cell for cell in content.plan.cells}
    spends = frontier.cells(point)
    size = {name: max(spend, views[name].spend if name in views else 0.0) for name, spend in spends.items()}
    named = [name for name in spends if size[name] > NOTHING * sum(size.values())]
    shown = set(sorted(named, key=lambda name: -size[name])[:SHOWN])
    lines = [_line(content, name, views.get(name), spends[name], most) for name in named if name in shown]
    if len(named) > len(shown):
        lines.append(Line([words("frontier.more", count=len(named) - len(shown)), "", "", ""]))
    return [said, table(words("frontier.caption", point=name), columns, lines)]


def _line(content: Content, name: str, view: CellPlan | None, spend: float, most: float) -> Line:
    """One cell at a point, beside this plan; the frontier may know a cell that the plan does not."""
    words = content.words
    own = 0.0 if view is None else view.spend
    figures = [paired_bars(spend, own, most), *(words.amount(content.shown(one)) for one in (spend, own))]
    if view is None:
        return Line([name, *figures])
    return Line([content.title(view), *figures], cell_data(view))


def _numbers(content: Content, frontier: Frontier) -> Markup:
    words = content.words
    columns = [
        Column(words(f"frontier.{frontier.along}")),
        Column(words("frontier.spent"), numeric=True),
        Column(words("frontier.outcome"), numeric=True),
        Column(words("frontier.tail", share=words.percent(frontier.tail)), numeric=True),
        Column(words("allocation.next", currency=words.currency), numeric=True),
        Column(words("frontier.proven"), numeric=True),
    ]
    lines = [Line(_row(content, frontier, point)) for point in frontier.points]
    return table(words("frontier.numbers", per=content.over), columns, lines)


def _row(content: Content, frontier: Frontier, point: FrontierPlan) -> list[str]:
    words = content.words
    place = _place(frontier, point)
    first = words.figure(place) if frontier.along == "risk" else words.amount(place)
    if point.money is None or point.outcome is None or point.tail_outcome is None:
        return [first, "-", "-", "-", "-", words(f"status.{point.status}")]
    late = "" if point.status is Status.OPTIMAL else f" ({words(f'status.{point.status}')})"
    return [
        first,
        words.amount(point.money),
        words.short(point.outcome),
        words.short(point.tail_outcome),
        "-" if point.marginal is None else words.ratio(point.marginal),
        ("-" if point.gap is None else words.percent(point.gap)) + late,
    ]
