"""An explanation as people read it: each cell in sentences, then what rules cost."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from channelmix.core.wording import short
from channelmix.core.words import PLAIN
from channelmix.engine.proof.solution import Status
from channelmix.plan import Explanation, RulePrice
from channelmix.report.both_ways import distinct, sentence
from channelmix.report.terminal.console import labelled

INDENT = 2


def parts(found: Explanation, _width: int) -> Iterable[Text | Table]:
    """Lay out the reasons of every cell, and what each rule costs."""
    yield Text(
        f"{found.name}   why, in {found.currency} {PLAIN.over(found.period, found.span)}",
        style="bold",
    )
    for cell in found.cells:
        yield Text()
        yield Text(cell.cell, style="bold")
        yield labelled("", " ".join(cell.reasons), INDENT)
    yield from _both_ways(found)
    yield Text()
    yield from _rules(found)
    yield Text()
    for remark in found.remarks:
        yield Text(remark)
    if not found.complete:
        yield Text("Interrupted: this is what was found before.", style="yellow")


def _both_ways(found: Explanation) -> Iterable[Text | Table]:
    """One line a figure that both ways speak of, whichever cells share it."""
    if listed := distinct(cell.ways for cell in found.cells):
        yield Text()
        yield Text(PLAIN("ways.heading"), style="bold")
        for ways in listed:
            yield labelled("", sentence(ways, PLAIN), INDENT)
        yield Text(PLAIN("ways.look_up", fact=listed[0].fact_ids[0]))


def _rules(found: Explanation) -> Iterable[Text | Table]:
    if not found.rules:
        yield Text("No rule beside the scenario.")
        return
    yield Text("What rules cost", style="bold")
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for rule in found.rules:
        table.add_row(Text(_name(rule)), Text(_price(rule, found)))
    yield table


def _name(rule: RulePrice) -> str:
    if rule.change == "with":
        return f"to keep {rule.cell}"
    return rule.rule if rule.cell is None else f"{rule.rule}, of {rule.cell} alone"


def _price(rule: RulePrice, found: Explanation) -> str:
    if rule.change == "with" and rule.status is Status.INFEASIBLE:
        return PLAIN("costs.impossible")
    what = {"target_outcome": "money", "max_profit": "profit"}.get(found.scenario, "a return")
    if rule.status is Status.UNBOUNDED:
        return PLAIN("costs.unbounded")
    if rule.high is None:
        return f"{short(rule.low)} at least"
    if rule.low <= 0.0:
        return f"no more than {short(rule.high)}" if rule.high > 0.0 else "nothing"
    ends = short(rule.low), short(rule.high)
    span = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
    moved = (
        f"; {found.currency} {short(rule.moved)} would be spent otherwise" if rule.change == "without" else ""
    )
    return f"{span} of {what}{moved}"
