"""Figures for notebooks, drawn by Plotly, which is loaded here and nowhere else."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from channelmix.core.errors import InputError, expect, nearest_name
from channelmix.core.wording import percent
from channelmix.core.words import Words, over
from channelmix.plan import CellPlan, Frontier, Plan
from channelmix.report.content import Content
from channelmix.report.html.belonging import check_frontier
from channelmix.report.html.curves import Traced, traced
from channelmix.report.html.frontiers import place_of

if TYPE_CHECKING:
    import plotly.graph_objects as go


NOW, PLAN, BAND = "#767d87", "#1d5fa8", "rgba(29, 95, 168, 0.18)"

HUES = ("#1d5fa8", "#b3471d", "#2a7a4a", "#7a4ca3", "#a3336a")

SHOWN = 9
"""Curves that are drawn if none are asked for."""

ACROSS = 3
"""Curves beside each other."""

ROW = 26
"""Height of a cell's bars, in pixels."""


def allocation_figure(plan: Plan) -> go.Figure:
    """Draw spend today and in the plan, a bar a cell, the first cell on top."""
    content = _content(plan)
    cells = [cell for cell in content.plan.cells if not content.is_idle(cell)]
    names = [_title(content, cell) for cell in cells]
    figure = _figure(
        f"{plan.name}: spend {over(plan.period, plan.span)}", f"spend ({plan.currency})", len(cells)
    )
    for name, amounts, color in (
        ("now", [cell.current_spend for cell in cells], NOW),
        ("plan", [cell.spend for cell in cells], PLAN),
    ):
        figure.add_bar(x=amounts, y=names, name=name, orientation="h", marker_color=color)
    return figure


def evidence_figure(plan: Plan) -> go.Figure:
    """Draw the 90 % interval of each cell's outcome, coloured by what it rests on."""
    content = _content(plan)
    cells = [cell for cell in content.plan.cells if not content.is_idle(cell)]
    figure = _figure(
        f"{plan.name}: outcome {over(plan.period, plan.span)}, 90 % intervals",
        f"outcome ({plan.currency})",
        len(cells),
    )
    for i, evidence in enumerate(dict.fromkeys(cell.evidence for cell in cells)):
        chosen = [cell for cell in cells if cell.evidence == evidence]
        means = [cell.outcome.mean for cell in chosen]
        figure.add_scatter(
            x=means,
            y=[_title(content, cell) for cell in chosen],
            # The mean of a skewed outcome may lie outside its 90 % interval.
            error_x={
                "array": [max(cell.outcome.high - cell.outcome.mean, 0.0) for cell in chosen],
                "arrayminus": [max(cell.outcome.mean - cell.outcome.low, 0.0) for cell in chosen],
            },
            mode="markers",
            name=evidence,
            marker_color=HUES[i % len(HUES)],
        )
    return figure


def response_figure(plan: Plan, cells: Sequence[str] | None = None) -> go.Figure:
    """Draw response curves with 90 % intervals, today's point and the plan's, each on its own scale."""
    content = _content(plan)
    _plotly()
    from plotly.subplots import make_subplots

    chosen = _chosen(content, cells)
    curves = traced(content, chosen)
    rows = math.ceil(len(chosen) / ACROSS)
    across = min(ACROSS, len(chosen))
    figure = make_subplots(
        rows=rows, cols=across, subplot_titles=[_title(content, content.plan.cells[i]) for i in chosen]
    )
    for place, curve in enumerate(curves):
        _draw(figure, curve, place // across + 1, place % across + 1, first=place == 0)
    usual = ", every period alike" * (plan.span > 1)
    figure.update_layout(
        title=html.escape(
            f"{plan.name}: outcome of spend {over(plan.period)}{usual} ({plan.currency}), 90 % intervals"
        ),
        height=max(380, 260 * rows + 120),
        template="plotly_white",
    )
    return figure


def frontier_figure(frontier: Frontier, plan: Plan | None = None) -> go.Figure:
    """Draw the mean outcome and that of the worst draws along the points, and a plan among them."""
    expect(frontier, "frontier", Frontier)
    points = [point for point in frontier.points if point.outcome is not None]
    by_risk = frontier.along == "risk"
    along = [point.weight if by_risk else point.budget for point in points]
    what = f"best plans along {'risk' if by_risk else 'the budget'}"
    what += f", {over(frontier.period, frontier.span)}" if frontier.period else ""
    figure = _plotly().Figure()
    proven = ["" if point.gap is None else f"proven to {percent(point.gap)}" for point in points]
    mean = [point.outcome for point in points]
    tail = [point.tail_outcome for point in points]
    figure.add_scatter(x=along, y=mean, name="mean", text=proven, mode="lines+markers", line_color=PLAN)
    figure.add_scatter(x=along, y=tail, name=f"worst {percent(frontier.tail)} of draws", line_color=HUES[1])
    if plan is not None:
        check_frontier(plan, frontier)
    here = None if plan is None else place_of(plan, frontier)
    if plan is not None and plan.totals is not None and here is not None:
        totals = plan.totals
        marker = {"color": NOW, "size": 12}
        brings = totals.outcome.mean - totals.charge
        figure.add_scatter(x=[here], y=[brings], name="plan", mode="markers", marker=marker)
    figure.update_layout(
        title=html.escape(f"{frontier.name}: {what}" if frontier.name else what),
        xaxis_title="weight of the worst draws" if by_risk else html.escape(f"budget ({frontier.currency})"),
        yaxis_title=html.escape(f"outcome ({frontier.currency})"),
        template="plotly_white",
    )
    return figure


def _plotly() -> Any:
    try:
        import plotly.graph_objects
    except ImportError:
        raise InputError("figures need plotly: pip install 'channelmix[figures]'") from None
    return plotly.graph_objects


def _content(plan: Plan) -> Content:
    if not plan.allocation:
        raise InputError(f"a plan that is {plan.status} has nothing to draw")
    return Content(plan, Words("en", plan.currency))


def _title(content: Content, cell: CellPlan) -> str:
    """Name of a cell; Plotly would read a tag in it."""
    return html.escape(content.title(cell))


def _figure(title: str, axis: str, cells: int) -> go.Figure:
    figure = _plotly().Figure()
    figure.update_layout(
        title=html.escape(title),
        xaxis_title=html.escape(axis),
        barmode="group",
        height=160 + ROW * cells,
        template="plotly_white",
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def _chosen(content: Content, cells: Sequence[str] | None) -> list[int]:
    """Places of the cells to draw."""
    names = [cell.name for cell in content.plan.cells]
    if cells is None:
        return content.largest(SHOWN)
    for name in cells:
        if name not in names:
            raise InputError(f'the plan has no cell "{name}"{nearest_name(name, names)}')
    if not cells:
        raise InputError("cells must name one cell at least")
    return [names.index(name) for name in cells]


def _draw(figure: go.Figure, curve: Traced, row: int, col: int, *, first: bool) -> None:
    place = {"row": row, "col": col}
    hidden = {"line_width": 0, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=curve.spend, y=curve.low, mode="lines", **hidden, **place)
    figure.add_scatter(
        x=curve.spend, y=curve.high, mode="lines", fill="tonexty", fillcolor=BAND, **hidden, **place
    )
    figure.add_scatter(
        x=curve.spend, y=curve.mean, mode="lines", line_color=PLAN, name="mean", showlegend=False, **place
    )
    for name, at, color in (("now", curve.now, NOW), ("plan", curve.plan, PLAN)):
        figure.add_scatter(
            x=[curve.spend[at]],
            y=[curve.mean[at]],
            mode="markers",
            marker={"color": color, "size": 9},
            name=name,
            legendgroup=name,
            showlegend=first,
            **place,
        )
