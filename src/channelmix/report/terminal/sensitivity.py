"""The sensitivity of a plan at a glance: a tornado of its gain, where the money would go, and what decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from channelmix.core.tolerances import SPEND_MOVED
from channelmix.core.wording import amount, counted, percent, short
from channelmix.core.words import PLAIN, over
from channelmix.plan import InputEffect, Sensitivity, Side
from channelmix.report.both_ways import sentence
from channelmix.report.terminal.console import PIPED_WIDTH, labelled, table

TOP = 10

BAR = 21
"""Characters of the bar of the widest input."""

CELLS = 4
"""Cells that have a column of their own in the table of spend."""

LISTED = 8
"""Changes of the recommendation that are told; the rest is counted."""

Moved = tuple[int, str, Side]
"""Rank of an input, the name of its side, and the side."""


def parts(found: Sensitivity, width: int, *, top: int = TOP) -> Iterable[Text | Table]:
    """Lay out the most influential inputs as a tornado, with the spend that moves and what changes the plan."""
    shown = found.inputs[:top]
    left, right = (
        f"{found.name}   {found.currency} {amount(found.budget)} {over(found.period, found.span)}",
        "SENSITIVITY",
    )
    gap = max(3, min(width, PIPED_WIDTH) - cell_len(left) - len(right))
    yield Text.assemble((left, "bold"), " " * gap, (right, "bold"))
    yield Text(
        f"The plan gains {short(found.gain)} {over(found.period, found.span)} over the {found.baseline}. "
        f"Each of {counted(len(found.inputs), 'input')} is moved alone, down and up: a published or judged figure "
        "by its own uncertainty factor, a number of the profile to the ends of its range, stated or assumed, or by "
        f"{found.field_factor:g} where it has none."
    )
    if found.left_out:
        yield Text(
            f"Time was up: {counted(found.left_out, 'more input')} of the plan could not be moved. Allow more time.",
            style="yellow",
        )
    yield Text()
    yield _tornado(found, shown)
    yield from _both_ways(shown)
    moved = [entry for entry in _sides(shown) if not entry[2].stands]
    if moved:
        yield Text()
        yield Text(
            "Spend if the plan were made anew, as a change from the plan; worth: what keeping the plan forgoes."
        )
        yield _moves(found, moved)
    yield Text()
    yield from _decisions(found)
    yield from _footnotes(found)


def _sides(inputs: Sequence[InputEffect]) -> Iterator[Moved]:
    for rank, effect in enumerate(inputs, start=1):
        yield rank, "low", effect.low
        yield rank, "high", effect.high


def _tornado(found: Sensitivity, shown: Sequence[InputEffect]) -> Table:
    gains = [found.gain, *(side.kept_gain for _, _, side in _sides(shown))]
    least, most = min(gains), max(gains)

    def place(gain: float) -> int:
        return round((BAR - 1) * (gain - least) / (most - least)) if most > least else 0

    tornado = table(gap=1)
    tornado.add_column("", justify="right")
    tornado.add_column("input", overflow="fold")
    tornado.add_column("moved by", no_wrap=True)
    tornado.add_column("low to high", overflow="fold")
    tornado.add_column("gain low", justify="right", no_wrap=True)
    tornado.add_column("low -, high +", min_width=BAR, no_wrap=True)
    tornado.add_column("gain high", justify="right", no_wrap=True)
    for rank, effect in enumerate(shown, start=1):
        low, high = effect.low, effect.high
        tornado.add_row(
            str(rank),
            Text(effect.name),
            Text("none to all" if effect.factor is None else f"{effect.kind} {effect.factor:.3g}"),
            Text(f"{_number(low.value)} to {_number(high.value)} {effect.unit}"),
            short(low.kept_gain),
            Text(_bar(place(found.gain), place(low.kept_gain), place(high.kept_gain))),
            short(high.kept_gain),
        )
    return tornado


def _both_ways(shown: Sequence[InputEffect]) -> Iterator[Text | Table]:
    """What clicks and orders, and what experiments and returns say of the figures that both speak of."""
    ranked = [(rank, effect.ways) for rank, effect in enumerate(shown, start=1) if effect.ways is not None]
    if ranked:
        yield Text()
        yield Text("Of these, published experiments and returns speak of:")
        for rank, ways in ranked:
            yield labelled(f"{rank:>2}", sentence(ways, PLAIN), 3)


def _bar(middle: int, low: int, high: int) -> str:
    """Draw two arms from the plan's gain; where both point one way, the shorter lies on the longer."""
    marks = [" "] * BAR
    for end, mark in sorted(((low, "-"), (high, "+")), key=lambda arm: -abs(arm[0] - middle)):
        for at in range(min(end, middle), max(end, middle) + 1):
            marks[at] = mark
    marks[middle] = "|"
    return "".join(marks).rstrip()


def _moves(found: Sensitivity, moved: Sequence[Moved]) -> Table:
    """One row a side whose best plan is another one, with the cells that change most."""
    largest = {
        cell: max(abs(side.spend[cell] - planned) for _, _, side in moved)
        for cell, planned in found.spend.items()
    }
    nothing = SPEND_MOVED * found.budget
    order = sorted((cell for cell in largest if largest[cell] > nothing), key=lambda cell: -largest[cell])
    named, rest = [cell for cell in found.spend if cell in order[:CELLS]], order[CELLS:]
    single = len({cell.split("/")[0] for cell in found.spend}) == 1
    others = [counted(len(rest), "other")] if rest else []
    spends = table("", "input at", "moved", "worth", *(_head(cell, single) for cell in named), *others, gap=1)
    spends.columns[1].justify = "left"
    planned = [short(found.spend[cell]) for cell in named]
    spends.add_row(
        "", "plan", "", "", *planned, *([short(sum(found.spend[c] for c in rest))] if rest else [])
    )
    for rank, name, side in moved:
        changes = [side.spend[cell] - found.spend[cell] for cell in named]
        if rest:
            changes.append(sum(side.spend[cell] - found.spend[cell] for cell in rest))
        share = percent(side.moved / found.budget)
        spends.add_row(
            str(rank), name, share, short(side.regret), *(_signed(change, nothing) for change in changes)
        )
    return spends


def _head(cell: str, single: bool) -> str:
    """Name a cell over several lines, without the market where there is only one."""
    return "\n".join(cell.split("/")[single:])


def _signed(change: float, nothing: float) -> str:
    return "0" if abs(change) <= nothing else f"{'+' * (change > 0.0)}{short(change)}"


def _decisions(found: Sensitivity) -> Iterable[Text | Table]:
    """What changes the recommendation, the most influential input first."""
    counts = []
    for kind, what, of_what in (("figure", "figure", ""), ("profile", "number", " of the profile")):
        effects = [effect for effect in found.inputs if effect.kind == kind]
        changing = sum(effect.decides for effect in effects)
        counts.append(f"{changing} of {counted(len(effects), what)}{of_what}")
    deciding = [
        (effect, side)
        for effect in found.inputs
        for side in sorted((effect.low, effect.high), key=lambda side: -side.regret)
        if side.changes
    ]
    yield Text(f"Alone, {' and '.join(counts)} would change the recommendation{':' * bool(deciding)}")
    for effect, side in deciding[:LISTED]:
        yield labelled("  - ", f"{_condition(effect, side)}: {'; '.join(side.changes)}", 4)
    if len(deciding) > LISTED:
        yield labelled("  - ", f"and {len(deciding) - LISTED} more (--format json lists them)", 4)


def _condition(effect: InputEffect, side: Side) -> str:
    unit = f" ({effect.unit})" if effect.unit else ""
    return f"if {effect.name} were {_number(side.value)} instead of {_number(effect.assumed)}{unit}"


def _number(value: float) -> str:
    """Three digits of a number that may be a share of a share or a count of customers."""
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"


def _footnotes(found: Sensitivity) -> Iterable[Text]:
    standing = sum(effect.low.stands and effect.high.stands for effect in found.inputs)
    gap = percent(found.requested_gap)
    yield Text(f"For {counted(standing, 'input')} the plan stays the best one at both ends, to within {gap}.")
    open_ended = [
        side.gap
        for _, _, side in _sides(found.inputs)
        if side.gap is not None and side.gap > found.requested_gap
    ]
    if open_ended:
        are = "is" if len(open_ended) == 1 else "are"
        yield Text(
            f"{counted(len(open_ended), 'new plan')} {are} not proven to that gap; "
            f"the worst has {percent(max(open_ended))}."
        )
