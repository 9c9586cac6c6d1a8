"""The plan at a glance, for a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from channelmix.core.tolerances import SPEND_SHOWN
from channelmix.core.wording import amount, amount_change, percent, short
from channelmix.core.words import Message, Words
from channelmix.engine.proof.solution import Status
from channelmix.plan import NO_SPEND, CellPlan, Interval, Plan, ShadowPrice, Totals, is_wide
from channelmix.report import sentences
from channelmix.report.broken import broken_by
from channelmix.report.compared import called
from channelmix.report.content import OWN, Content
from channelmix.report.grounds import taken
from channelmix.report.no_plan import no_plan
from channelmix.report.terminal.console import PIPED_WIDTH, labelled
from channelmix.report.terminal.periods import by_period

BAR = 24
"""Characters of a bar that stands for the whole budget."""

NAME = 24
"""Width from which on a name of a market or a channel is folded."""

COLUMNS = ("now", "plan", "change", "return (90 %)", "next", "rests on", "why")
"""Columns of the table beside names."""

GROUNDS = {"prior": "published", "experiment": "lift test"}
"""What a cell rests on, as the table has it where its code might be misread: an experiment is the company's own."""

WANTED = ("return (90 %)", "next", "why", "rests on", "change")
"""Columns that a narrow table may lack, the most wanted first: the change follows from the two before it."""

WHY = 12
"""Width at which reasons are still readable, on two lines."""

PADDING = 2
"""Blanks between columns."""

ROWS = 40
"""Rows of the table at most."""

FEW, MANY = 1.0, 1e9
"""Budgets between these are shown in whole units, others in a few digits."""

LABEL = 10
"""Width of the labels at the left of the last lines."""

SHOWN = 4
"""Entries of a list that are shown; the rest is counted."""


def parts(plan: Plan, width: int) -> Iterable[Text | Table]:
    """Lay out the plan as a table with its headline, comparisons, warnings and proof."""
    content = Content(plan, Words("en", plan.currency, plain=True))
    yield _title(content, width)
    if plan.totals is None:
        found = no_plan(content)
        lines = [
            *found.said,
            *(f"  - {rule}" for rule in found.rules),
            found.own,
            *found.warnings,
            found.remedy,
            *(f"  - {rule}{by}" for rule, by in found.relaxed),
        ]
        yield from (Text(line) for line in lines if line)
        return
    yield from map(Text, sentences.headline(content, plan.totals))
    yield from map(Text, sentences.facts(content, plan.totals))
    yield Text()
    money = [row for row in plan.cells if not _idle(plan, row)]
    shown = _largest(money)
    yield _table(plan, plan.totals, shown, width)
    hidden = len(money) - len(shown)
    if hidden:
        yield Text(f"and {hidden} more cell{'s' * (hidden > 1)} (--format json or csv)")
    if any(_idle(plan, row) for row in plan.cells):
        yield Text()
        yield _labelled("No money", _without_money(plan))
    yield Text()
    yield from _bars(plan, width - LABEL)
    yield Text()
    if plan.span > 1:
        yield from by_period(plan, width)
        yield Text()
    yield from _below(content, plan, width)


def _below(content: Content, plan: Plan, width: int) -> Iterable[Table]:
    """Labelled lines below the table."""
    yield _labelled("Compare", _comparisons(content, width - LABEL))
    if any(row.evidence in OWN for row in plan.cells):
        yield _labelled("History", _history(plan))
    if plan.word_of_mouth is not None:
        told = " ".join(sentences.word_of_mouth(content, plan.word_of_mouth))
        yield _labelled("Told", told)
    if any(row.purpose == "all" for row in plan.survey):
        yield _labelled("Survey", _survey(plan))
    if plan.shadow_prices:
        yield _labelled("Rules", _prices(plan))
    warnings = plan.warnings[:SHOWN]
    if len(plan.warnings) > SHOWN:
        warnings.append(f"and {len(plan.warnings) - SHOWN} more (--format json lists them)")
    for i, warning in enumerate(warnings):
        yield _labelled("Warnings" if i == 0 else "", warning, "yellow")
    assumed = f"{sentences.assumed(content)} (--format json). {sentences.not_counted(content)}".rstrip()
    yield _labelled("Assumes", "\n".join([assumed, *_said(plan, "remark.audience"), *taken(content)]))
    repeat = "Keep the plan with --output plan.json; repeat the proof with: channelmix verify plan.json"
    yield _labelled("Proof", f"{sentences.claim(content)} {repeat}")


def _title(content: Content, width: int) -> Text:
    plan = content.plan
    open_ = plan.status is Status.NOT_CERTIFIED or is_wide(plan.certificate.gap)
    style = "bold red" if plan.status in NO_SPEND else "bold yellow" if open_ else "bold green"
    status = (_capitals(sentences.standing(content)), style)
    left = f"{plan.name}   {sentences.asked(content)}"
    gap = max(3, min(width, PIPED_WIDTH) - cell_len(left) - len(status[0]))
    return Text.assemble((left, "bold"), " " * gap, status)


def _capitals(standing: str) -> str:
    """Write a status in capitals, but for what stands in brackets."""
    called, bracket, more = standing.partition(" (")
    return f"{called.upper()}{bracket}{more}"


def _largest(rows: Sequence[CellPlan]) -> list[CellPlan]:
    """Return the rows with the largest change or spend, in the order of the plan."""
    if len(rows) <= ROWS:
        return list(rows)
    size = [max(row.spend, abs(row.spend - row.current_spend)) for row in rows]
    kept = sorted(range(len(rows)), key=lambda i: -size[i])[:ROWS]
    return [rows[i] for i in sorted(kept)]


def _table(plan: Plan, totals: Totals, rows: Sequence[CellPlan], width: int) -> Table:
    names = _names(plan, rows)
    figures = [_figures(plan, row) for row in rows]
    if len(rows) > 1:
        figures.append(_total(plan, totals))
    own = any(row.evidence in OWN for row in plan.cells)
    heads = {
        name: f"next {plan.currency}" if name == "next" else name
        for name in COLUMNS
        if own or name != "rests on"
    }
    widths = {name: _widest(head, (line[name].plain for line in figures)) for name, head in heads.items()}
    named = {title: min(_widest(title, column), NAME) for title, column in names.items()}
    room = width - sum(named.values()) - PADDING * len(named)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, PADDING, 0, 0))
    for title, wide in named.items():
        if title == "purpose":
            table.add_column(title, min_width=9, no_wrap=True)
        else:  # where names have room, reasons take a second line before names do
            least = wide if room >= widths["now"] + PADDING + widths["plan"] else len(title)
            table.add_column(title, min_width=least, max_width=NAME, overflow="fold")
    columns = _fitting(widths, room)
    for name in columns:
        if name == "rests on":
            table.add_column(name, no_wrap=True)
        elif name == "why":  # the only one beside names that may take a second line
            table.add_column(name)
        else:
            table.add_column(heads[name], justify="right", no_wrap=True)
    for label, line in zip(zip(*names.values(), strict=True), figures, strict=True):
        table.add_row(*map(Text, label), *(line[name] for name in columns))
    return table


def _names(plan: Plan, rows: Sequence[CellPlan]) -> dict[str, list[str]]:
    """Columns of names beside the figures, without what repeats the row above, and the total's at the end."""
    markets, channels = [], []
    above: tuple[str, str] = ("", "")
    for row in rows:
        place = (row.market, row.channel)
        markets.append(row.market if row.market != above[0] else "")
        channels.append(row.channel if place != above else "")
        above = place
    columns = {"market": markets, "channel": channels, "purpose": [row.purpose for row in rows]}
    if len({row.market for row in plan.cells}) == 1:
        del columns["market"]
    if len(rows) > 1:
        for i, column in enumerate(columns.values()):
            column.append("" if i else "total")
    return columns


def _widest(head: str, column: Iterable[str]) -> int:
    return max([cell_len(head), *map(cell_len, column)])


def _fitting(widths: Mapping[str, int], room: int) -> list[str]:
    """Columns of figures that fit in a width, in the table's order."""
    shown = {"now", "plan"}
    room -= widths["now"] + PADDING + widths["plan"]
    for name in (name for name in WANTED if name in widths):
        needed = PADDING + (min(widths[name], WHY) if name == "why" else widths[name])
        if room >= needed:
            shown.add(name)
            room -= needed
    return [name for name in COLUMNS if name in shown]


def _figures(plan: Plan, row: CellPlan) -> dict[str, Text]:
    """What the table's columns say of a cell."""
    return _money(plan, row.current_spend, row.spend, row.outcome) | {
        "next": Text("no limit" if row.marginal_return is None else f"{row.marginal_return:.2f}"),
        "rests on": Text(", ".join(GROUNDS.get(kind, kind) for kind in row.evidence.split(", "))),
        "why": Text(row.reason),
    }


def _total(plan: Plan, totals: Totals) -> dict[str, Text]:
    """What the table's columns say of all cells, shown or not."""
    return _money(plan, totals.current_spend, totals.spend, totals.outcome) | {
        name: Text() for name in ("next", "rests on", "why")
    }


def _money(plan: Plan, now: float, then: float, outcome: Interval) -> dict[str, Text]:
    """Money today and in the plan, and what it brings."""
    usual = plan.totals is not None and FEW <= _size(plan.totals) < MANY
    money = amount if usual else short
    nothing = _nothing(plan)
    now, then = (0.0 if abs(value) <= nothing else value for value in (now, then))
    change = amount_change(now, then)
    if not usual and abs(change) > nothing:
        change = then - now
    style = "green" if change > 0.0 else "red" if change < 0.0 else ""
    return {
        "now": Text(money(now)),
        "plan": Text(money(then), style="bold"),
        "change": Text(f"{'+' * (change > 0.0)}{money(change)}", style=style),
        "return (90 %)": Text(f"{short(outcome.mean)} ({short(outcome.low)}-{short(outcome.high)})"),
    }


def _nothing(plan: Plan) -> float:
    """Money that is rounding in this plan."""
    return SPEND_SHOWN * max(_size(plan.totals), plan.totals.current_spend) if plan.totals else 0.0


def _size(totals: Totals) -> float:
    """The budget, or what is spent where there is none."""
    return totals.spend if totals.budget is None else totals.budget


def _idle(plan: Plan, row: CellPlan) -> bool:
    """Whether a cell has no money, today or in the plan."""
    return row.current_spend == 0.0 and row.spend <= _nothing(plan)


def _bars(plan: Plan, width: int) -> Iterable[Table]:
    channels = list(dict.fromkeys(row.channel for row in plan.cells))
    for label, key in (("now", "current_spend"), ("plan", "spend")):
        totals = {c: sum(getattr(row, key) for row in plan.cells if row.channel == c) for c in channels}
        whole = sum(totals.values())
        if whole <= 0.0:
            continue
        parts = [
            f"{c} {'#' * round(BAR * t / whole)} {percent(t / whole)}" for c, t in totals.items() if t > 0.0
        ]
        yield _labelled(label, _lines(parts, width))


def _comparisons(content: Content, width: int) -> str:
    plan = content.plan
    parts = [
        f"{called(content, c)} {short(c.outcome.mean)}{'' if c.feasible else '*'}" for c in plan.comparisons
    ]
    # The plan on the same fresh draws as the other splits, not on those that it was made on.
    mean = plan.comparisons[0].outcome.mean + plan.comparisons[0].gain.mean
    broken = [c for c in plan.comparisons if not c.feasible]
    note = [f"(* not allowed by {', '.join(broken_by(content, broken))})"] if broken else []
    after = "" if plan.totals is None else sentences.after_charges(content, plan.totals)
    parts[0] = f"double-checked on fresh draws{', net' * bool(after)}{after}: {parts[0]}"
    return _lines([*parts, f"plan {short(mean)}", *note], width)


def _lines(items: Sequence[str], width: int) -> str:
    """Put items beside each other, as many as a line holds: it breaks between items only."""
    lines: list[str] = []
    for item in items:
        longer = f"{lines[-1]}   {item}" if lines else item
        if lines and cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(item)
    return "\n".join(lines)


def _without_money(plan: Plan) -> str:
    """Cells with no money, today or planned, grouped by market, purpose and reason."""
    many = len({row.market for row in plan.cells}) > 1
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in plan.cells:
        if _idle(plan, row):
            groups.setdefault((row.market if many else "", row.purpose, row.reason), []).append(row.channel)
    return _some(
        [
            f"{f'{market} ' * many}{purpose} on {', '.join(c)} ({why})"
            for (market, purpose, why), c in groups.items()
        ],
        "; ",
    )


def _labelled(label: str, text: str, style: str = "") -> Table:
    return labelled(label, text, LABEL, style)


def _some(items: list[str], separator: str = ", ") -> str:
    """The first few of some items; the rest is counted."""
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return separator.join(items[:SHOWN]) + more


def _survey(plan: Plan) -> str:
    """What surveyed companies used."""
    rows = [row for row in plan.survey if row.purpose == "all"]
    used = ", ".join(f"{row.channel} {percent(row.companies)}" for row in rows)
    error = 100.0 * max(row.standard_error for row in rows)
    return (
        f"of 798 companies asked in 2012, {used} used the channel (standard error {error:.1f} points at most): "
        "what they did, not what works."
    )


def _prices(plan: Plan) -> str:
    """What one more unit in a limit is worth."""
    groups: dict[str, list[ShadowPrice]] = {}
    for price in sorted(plan.shadow_prices, key=lambda p: -abs(p.price)):
        several = price.rule and price.side is None and not _is_of_scenario(plan, price)
        groups.setdefault(price.rule if several else price.constraint, []).append(price)
    kind = str(plan.scenario.get("kind"))
    if kind == "target_outcome":
        target = groups.pop(kind, [])
        lead = [f"one more {plan.currency} of the target costs {-price.price:.2f}" for price in target]
        what = [_price_of(rule, prices) for rule, prices in groups.items()]
        more = f"one more in another limit saves: {_some(what)}" if what else ""
        return "; ".join([*lead, *([more] if more else [])])
    budget = groups.pop(kind, []) if kind == "fixed_budget" else groups.pop(f"{kind} max_amount", [])
    what = [f"the budget {price.price:+.2f}" for price in budget]
    what += [_price_of(rule, prices) for rule, prices in groups.items()]
    return f"one more {plan.currency} in a limit is worth: {_some(what)}"


def _is_of_scenario(plan: Plan, price: ShadowPrice) -> bool:
    return price.kind == plan.scenario.get("kind")


def _price_of(rule: str, prices: Sequence[ShadowPrice]) -> str:
    """Say a rule once, with its price or with the range of its cells' prices, the smallest effect first."""
    ends = [f"{price.price:+.2f}" for price in sorted(prices, key=lambda p: abs(p.price))]
    if min(p.price for p in prices) < 0.0 < max(p.price for p in prices):
        ends = [f"{price:+.2f}" for price in sorted(p.price for p in prices)]
    span = ends[0] if ends[0] == ends[-1] else f"{ends[0]} to {ends[-1]}"
    if len(prices) > 1:
        return f"{rule} {span} ({len(prices)} cells)"
    part = prices[0].part
    return f"{rule} {span}" + (f" ({part})" if part and not rule.endswith(part) else "")


def _history(plan: Plan) -> str:
    """What own history says beside published figures, cell by cell, and of spend with pauses, column by column."""
    said = [
        f"{a.name} {a.value:.2f} ({a.low:.2f} to {a.high:.2f}) {a.note}"
        for a in plan.assumptions
        if a.basis in OWN
    ]
    paces = _said(plan, "remark.pace")
    return "\n".join([_some(said, "\n"), *([_some(paces, "\n")] if paces else [])])


def _said(plan: Plan, code: str) -> list[str]:
    """The remarks of one kind."""
    remarks = map(plan.message, plan.remarks)
    return [str(one) for one in remarks if isinstance(one, Message) and one.code == code]
