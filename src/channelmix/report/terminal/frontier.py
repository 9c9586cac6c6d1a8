"""A frontier as a table."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from channelmix.core.wording import amount, percent, short
from channelmix.core.words import over
from channelmix.engine.proof.solution import Status
from channelmix.plan import Frontier, FrontierPlan

NONE = "-"


def parts(frontier: Frontier, _width: int) -> Iterable[Text | Table]:
    """Lay out a frontier as a table, one line a point."""
    by_risk = frontier.along == "risk"
    worst = f"worst {percent(frontier.tail)}"
    what = "return against its worst draws" if by_risk else "return against budget"
    yield Text(
        f"{frontier.name}   {what}, {frontier.currency} {over(frontier.period, frontier.span)}".strip(),
        style="bold",
    )
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    heads = [
        "weight" if by_risk else "budget",
        "spent",
        "return",
        worst,
        f"next {frontier.currency}",
        "proven to",
    ]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("split by channel")
    for point in frontier.points:
        first = f"{point.weight:g}" if by_risk else amount(point.budget)
        table.add_row(first, *map(Text, _figures(point)), Text(_split(frontier, point)))
    yield table
    if not frontier.complete:
        yield Text("Interrupted: these are the points found before.", style="yellow")


def _figures(point: FrontierPlan) -> list[str]:
    if point.money is None or point.outcome is None or point.tail_outcome is None:
        return [NONE, NONE, NONE, NONE, str(point.status)]
    proven = NONE if point.gap is None else percent(point.gap)
    late = "" if point.status is Status.OPTIMAL else " (not certified)"
    marginal = NONE if point.marginal is None else f"{point.marginal:.2f}"
    return [amount(point.money), short(point.outcome), short(point.tail_outcome), marginal, f"{proven}{late}"]


def _split(frontier: Frontier, point: FrontierPlan) -> str:
    """Shares of the spend by channel, the largest first."""
    spends, shares = frontier.cells(point), dict[str, float]()
    total = sum(spends.values())
    if not total:
        return ""
    for cell, spend in spends.items():
        parts = cell.split("/")
        channel = parts[1] if len(parts) == 3 else cell
        shares[channel] = shares.get(channel, 0.0) + spend / total
    largest = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{channel} {percent(share)}" for channel, share in largest if share >= 0.005)
