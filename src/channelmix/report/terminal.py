"""The plan at a glance, for a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import IO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from channelmix.plan import CellPlan, Plan
from channelmix.plan.wording import amount, percent, short
from channelmix.solution import Status

__all__ = ["to_terminal"]

PIPED_WIDTH = 100
"""Columns of a line where the output is not a terminal."""

BAR = 24
"""Characters of a bar that stands for the whole budget."""

SHOWN = 4
"""Entries of a list that are shown; the rest is counted."""

NAME = 24
"""Width from which on a name of a market or a channel is folded."""

COLUMNS = {"now": 0, "plan": 0, "change": 66, "return (90 %)": 56, "next": 90, "why": 76}
"""Columns of the table beside names, and the width of a line from which on there is room for each."""

FEW, MANY = 1.0, 1e9
"""Budgets between these are shown in whole units, others in a few digits."""

NOTHING = 1e-7
"""Share of the budget below which money is rounding: the solver's own."""

LABEL = 10
"""Width of the labels at the left of the last lines."""


def to_terminal(plan: Plan, file: IO[str] | None = None, *, color: bool | None = None) -> None:
    """Print the plan as a table with its headline, comparisons, warnings and proof.

    Parameters
    ----------
    plan : Plan
    file : text file, optional
        Standard output by default.
    color : bool, optional
        Colours or none; by default, colours on a terminal only.
    """
    plain = partial(Console, file=file, highlight=False, markup=False, emoji=False)
    console = plain(no_color=color is False)
    if console.is_terminal:
        for part in _parts(plan, console.width):
            console.print(part)
        return
    # Into a pipe or a file: a fixed width, no colour, and none of the blanks that fill a line.
    console = plain(width=PIPED_WIDTH, color_system=None)
    with console.capture() as capture:
        for part in _parts(plan, PIPED_WIDTH):
            console.print(part)
    console.file.write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def _parts(plan: Plan, width: int) -> Iterable[Text | Table]:
    yield _title(plan, width)
    if plan.status is Status.INFEASIBLE or plan.totals is None:
        yield from _infeasible(plan)
        return
    yield from _headline(plan)
    yield Text()
    yield _table(plan, width)
    if any(_idle(plan, row) for row in plan.allocation):
        yield Text()
        yield _labelled("No money", _without_money(plan))
    yield Text()
    yield from _bars(plan)
    yield Text()
    yield _labelled("Compare", _comparisons(plan))
    if plan.survey:
        yield _labelled("Survey", _survey(plan))
    if plan.shadow_prices:
        yield _labelled("Rules", _prices(plan))
    for i, warning in enumerate(plan.warnings):
        yield _labelled("Warnings" if i == 0 else "", warning, "yellow")
    yield _labelled("Assumes", _assumed(plan))
    yield _labelled("Proof", _proof(plan))


def _title(plan: Plan, width: int) -> Text:
    status = {
        Status.OPTIMAL: ("OPTIMAL (proven)", "bold green"),
        Status.NOT_CERTIFIED: ("NOT CERTIFIED", "bold yellow"),
        Status.INFEASIBLE: ("INFEASIBLE", "bold red"),
    }[plan.status]
    budget = plan.totals.budget if plan.totals else float(plan.scenario["amount"])
    left = f"{plan.name}   {plan.currency} {amount(budget)} {_per(plan)}"
    gap = max(3, min(width, PIPED_WIDTH) - cell_len(left) - len(status[0]))
    return Text.assemble((left, "bold"), " " * gap, status)


def _infeasible(plan: Plan) -> Iterable[Text]:
    if plan.conflicts:
        yield Text(
            "No split of the budget obeys these rules together; dropping or relaxing any one of them helps:"
        )
    else:
        yield Text("No split of the budget obeys all rules.")
    for rule in plan.conflicts:
        yield Text(f"  - {rule}")


def _headline(plan: Plan) -> Iterable[Text]:
    totals = plan.totals
    assert totals is not None  # noqa: S101  the caller has checked it
    outcome = totals.outcome
    base = next((c for c in plan.comparisons if c.is_baseline), None)
    first = (
        f"Move {short(totals.moved)}: expected return {short(outcome.mean)} {_per(plan)} "
        f"(90 %: {short(outcome.low)} to {short(outcome.high)})"
    )
    yield Text(first + (f"; the {base.name} returns {short(base.outcome.mean)}." if base else "."))
    rests = "Rests on published figures, not on your data."
    if base is not None:
        gain = base.gain
        same = gain.low == gain.mean == gain.high == 0.0
        yield Text(
            f"The plan brings what the {base.name} brings."
            if same
            else f"Gain {short(gain.mean)} (90 %: {short(gain.low)} to {short(gain.high)}); "
            f"beats the {base.name} in {percent(base.chance)} of draws."
        )
        if base.name == "current mix" and base.description != "today's spend":
            rests += f" The current mix is {base.description}."
    if {row.evidence for row in plan.allocation} == {"prior"}:
        yield Text(rests)
    if totals.periods > 1:
        yield Text(
            f"Over {totals.periods} periods: spend {short(totals.horizon_spend)}, "
            f"return {short(totals.horizon_outcome)}."
        )


def _table(plan: Plan, width: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    many = len({row.market for row in plan.allocation}) > 1
    room = width - (min(max(cell_len(row.market) for row in plan.allocation), NAME) + 2) * many
    if many:
        table.add_column("market", min_width=6, max_width=NAME, overflow="fold")
    table.add_column("channel", min_width=7, max_width=NAME, overflow="fold")
    table.add_column("purpose", min_width=9, no_wrap=True)
    columns = [name for name, needed in COLUMNS.items() if room >= needed]
    for name in columns:
        if name == "why":  # the only one beside names that may take a second line
            table.add_column(name)
        else:
            header = f"next {plan.currency}" if name == "next" else name
            table.add_column(header, justify="right", no_wrap=True)
    above: tuple[str, str] = ("", "")
    for row in plan.allocation:
        if _idle(plan, row):
            continue
        place = (row.market, row.channel)
        market = row.market if row.market != above[0] else ""
        channel = row.channel if place != above else ""
        figures = _figures(plan, row)
        names = [Text(channel), Text(row.purpose)]
        table.add_row(*[Text(market)] * many, *names, *(figures[name] for name in columns))
        above = place
    return table


def _figures(plan: Plan, row: CellPlan) -> dict[str, Text]:
    """What the table's columns say of a cell."""
    usual = plan.totals is not None and FEW <= plan.totals.budget < MANY
    money = amount if usual else short
    change = row.spend - row.current_spend
    if abs(change) <= _nothing(plan):
        change = 0.0
    style = "green" if change > 0.0 else "red" if change < 0.0 else ""
    outcome = row.outcome
    return {
        "now": Text(money(row.current_spend)),
        "plan": Text(money(row.spend), style="bold"),
        "change": Text(f"{'+' * (change > 0.0)}{money(change)}", style=style),
        "return (90 %)": Text(f"{short(outcome.mean)} ({short(outcome.low)}-{short(outcome.high)})"),
        "next": Text("no limit" if row.marginal_return is None else f"{row.marginal_return:.2f}"),
        "why": Text(row.reason),
    }


def _nothing(plan: Plan) -> float:
    """Money that is rounding in this plan."""
    return NOTHING * max(plan.totals.budget, plan.totals.current_spend) if plan.totals else 0.0


def _idle(plan: Plan, row: CellPlan) -> bool:
    """Whether a cell has no money, today or in the plan."""
    return row.current_spend == 0.0 and row.spend <= _nothing(plan)


def _bars(plan: Plan) -> Iterable[Table]:
    channels = list(dict.fromkeys(row.channel for row in plan.allocation))
    for label, key in (("now", "current_spend"), ("plan", "spend")):
        totals = {c: sum(getattr(row, key) for row in plan.allocation if row.channel == c) for c in channels}
        whole = sum(totals.values())
        if whole <= 0.0:
            continue
        parts = [
            f"{c} {'#' * round(BAR * t / whole)} {percent(t / whole)}" for c, t in totals.items() if t > 0.0
        ]
        yield _labelled(label, "   ".join(parts))


def _comparisons(plan: Plan) -> str:
    parts = [f"{c.name} {short(c.outcome.mean)}{'' if c.feasible else '*'}" for c in plan.comparisons]
    # The plan on the same fresh draws as the other splits, not on those that it was made on.
    mean = plan.comparisons[0].outcome.mean + plan.comparisons[0].gain.mean
    note = "" if all(c.feasible for c in plan.comparisons) else "   (* breaks a rule)"
    return "on fresh draws: " + "   ".join([*parts, f"plan {short(mean)}"]) + note


def _survey(plan: Plan) -> str:
    rows = [row for row in plan.survey if row.purpose == "all"]
    used = ", ".join(f"{row.channel} {percent(row.companies)}" for row in rows)
    error = 100.0 * max(row.standard_error for row in rows)
    return (
        f"of 798 companies asked in 2012, {used} used the channel (standard error {error:.1f} points at most): "
        "what they did, not what works."
    )


def _prices(plan: Plan) -> str:
    prices = sorted(plan.shadow_prices, key=lambda p: -abs(p.price))
    what = [f"{p.constraint} {p.price:+.2f}" for p in prices]
    return f"one more {plan.currency} in a limit is worth: {_some(what)}"


def _assumed(plan: Plan) -> str:
    judged = sum(a.basis == "judgement" and not a.facts for a in plan.assumptions)
    return (
        f"{len(plan.assumptions)} published or judged figures, {judged} of them without any source "
        "(--format json lists them). Overlap of audiences, word of mouth and opt-outs are not counted."
    )


def _proof(plan: Plan) -> str:
    gap = plan.certificate.gap
    claim = f"no split within the rules is worth over {percent(gap or 0.0)} more"
    return f"{claim}; keep it with --output plan.json, repeat it with: channelmix verify plan.json"


def _per(plan: Plan) -> str:
    return f"per {plan.period}" if plan.period[0].isdigit() else f"a {plan.period}"


def _without_money(plan: Plan) -> str:
    """Cells with no money, today or planned, grouped by market, purpose and reason."""
    many = len({row.market for row in plan.allocation}) > 1
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in plan.allocation:
        if _idle(plan, row):
            groups.setdefault((row.market if many else "", row.purpose, row.reason), []).append(row.channel)
    return _some(
        [
            f"{f'{market} ' * many}{purpose} on {', '.join(c)} ({why})"
            for (market, purpose, why), c in groups.items()
        ],
        "; ",
    )


def _some(items: list[str], separator: str = ", ") -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return separator.join(items[:SHOWN]) + more


def _labelled(label: str, text: str, style: str = "") -> Table:
    grid = Table.grid(padding=0)
    grid.add_column(width=LABEL, no_wrap=True)
    grid.add_column()
    grid.add_row(Text(label, style="bold"), Text(text, style=style))
    return grid
