"""What a plan assumes: every figure that the profile left open, with its source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from channelmix.core.words import Message, named, over, say
from channelmix.datasets import load_stated_ranges, source_titles
from channelmix.effectiveness import (
    CellDraws,
    Figure,
    OwnColumn,
    PriorResponse,
    Scope,
    field_of,
    is_widened,
    measured_uses,
    risk_of,
    shifted_value,
    stated_interval,
)
from channelmix.engine.rules import SafeImprovement
from channelmix.plan import Assumption, Interval, Measured, MedianRange, Ways, interval
from channelmix.plan.grounds import FEW
from channelmix.profile import CompanyProfile, Estimate
from channelmix.profile.beliefs import beliefs
from channelmix.profile.evidence import Evidence, Fitted
from channelmix.profile.faults import Path, path_text

SOURCES_SHOWN = 3

RATES = ("orders_per_contact", "orders_per_click")
"""Figures that count attributed orders unless they are said to be incremental."""


def assumptions(figures: Iterable[Figure], defaults: Sequence[Assumption] = ()) -> list[Assumption]:
    """One entry a judged range, or a prediction in its place, that a cell's curve rests on."""
    entries = list(defaults)
    for figure in figures:
        r, both = figure.range, ways_of(figure)
        low, high = ends_of(figure)
        entries.append(
            Assumption(
                name=figure_name(figure),
                value=shifted_value(figure, 1.0),
                low=shifted_value(figure, low),
                high=shifted_value(figure, high),
                unit=r.unit,
                basis=r.basis,
                facts=list(r.fact_ids),
                sources=source_titles(r.fact_ids)[:SOURCES_SHOWN],
                note=r.note,
                ways=both,
                cells=list(figure.cells) if both else [],
            )
        )
    return entries


def ends_of(figure: Figure) -> tuple[float, float]:
    """Return the ends of a figure's 90 % interval over its typical value, evenly far from it unless both ways tell."""
    r = figure.range
    if figure.ways is None:
        return 1.0 / r.uncertainty_factor, r.uncertainty_factor
    return r.low / r.typical, r.high / r.typical


def ways_of(figure: Figure) -> Ways | None:
    """Return what both ways say of a figure; None where experiments and returns do not speak of it."""
    said = figure.ways
    if said is None:
        return None
    clicks, experiments, belief = (
        MedianRange(low=low, median=median, high=high)
        for low, median, high in (said.from_clicks, said.from_experiments, said.belief)
    )
    return Ways(
        figure=figure_name(figure),
        unit=figure.range.unit,
        from_clicks=clicks,
        from_experiments=experiments,
        belief=belief,
        weight=said.weight,
        figures=len(said.fact_ids),
        sources=said.sources,
        randomised=said.randomised,
        own_channel=said.own_channel,
        proxies=dict(said.proxies),
        fact_ids=list(said.fact_ids),
    )


def stated_assumptions(profile: CompanyProfile, draws: CellDraws) -> Iterator[Assumption]:
    """One entry a figure that the company states of itself, with the range that it counts with."""
    ranges, resting = load_stated_ranges(), _resting_on_measured(profile, draws)
    both = {cell for figure in draws.figures if figure.ways for cell in figure.cells}
    for path, number in beliefs(profile):
        figure, ends = field_of(path), stated_interval(profile, path, number)
        if figure is None or ends is None:
            continue
        said = number if isinstance(number, Estimate) else Estimate(number)
        basis = say("basis.stated_assumed")
        scope = _scope_of(profile, path, figure)
        if said.n is not None:
            basis = say(f"basis.stated_{'counted' if said.n < FEW else 'measured'}", n=said.n)
        elif is_widened(said, ends):
            basis = say("basis.stated_widened", low=said.low, high=said.high)
        elif said.low is not None:
            basis = say("basis.stated_range")
        yield Assumption(
            name=path_text(path),
            value=float(number),
            low=ends[0],
            high=ends[1],
            unit="",
            basis=basis,
            facts=[],
            sources=[],
            note=ranges[figure].note if said.n is None and said.low is None else "",
            measured=None
            if said.n is None or scope not in resting
            else _measured(scope, said, bool(both.intersection(resting[scope]))),
            cells=resting.get(scope, []) if said.n is not None else [],
        )


def _scope_of(profile: CompanyProfile, path: Path, figure: str) -> Scope:
    """Where the figure at a path of the profile holds, if it was measured."""
    market = profile.markets[int(path[1])].name if path[0] == "markets" else ""
    channel = str(path[path.index("channels") + 1]) if "channels" in path else ""
    return Scope(market, channel, figure, measured=True)


def _resting_on_measured(profile: CompanyProfile, draws: CellDraws) -> dict[Scope, list[str]]:
    """Names of the cells without own history whose curves use each figure that the company measured."""
    own = {} if draws.own is None else {draws.cells[i].name for i in draws.own.cells}
    uses = measured_uses(draws.cells, profile.period_days, profile.usd_rate or 1.0)
    found = {scope: [name for name in names if name not in own] for scope, names in uses.items()}
    return {scope: names for scope, names in found.items() if names}


def _measured(scope: Scope, said: Estimate, both: bool) -> Measured:
    """Name a measured figure; `both` says whether experiments and returns speak of a cell that rests on it."""
    attributed = scope.figure in RATES and not said.incremental
    quantity = named("quantity", f"{'attributed_' * attributed}{scope.figure}")
    where = [name for name in (scope.channel, scope.market) if name]
    return Measured(
        figure=say("measured.of", quantity=quantity, where=where) if where else quantity,
        n=said.n,
        beside=attributed and both,
    )


def figure_name(figure: Figure) -> Message:
    """Say what a figure is, of which channels and purposes, and where."""
    what = named("quantity", figure.range.quantity)
    group = group_of(figure.cells)
    if not figure.country:
        return say("figure", quantity=what, group=group)
    return say("figure.country", quantity=what, group=group, country=figure.country)


def group_of(names: Sequence[str]) -> Message:
    """Name a group of cells by the channels and purposes they have in common."""
    parts = list(zip(*(name.split("/") for name in names), strict=True))
    channels, purposes = (list(dict.fromkeys(part)) for part in parts[1:])
    return say(
        "figure.group", channels=channels, purposes=[named("purpose", purpose) for purpose in purposes]
    )


PAUSED = 0.05
"""Share by which a column's spend in the periods with any must differ from that in all of them to be named."""

NAMED = 6
"""Cells that a remark names; more are counted."""


def history_assumptions(
    profile: CompanyProfile, draws: CellDraws, brings: PriorResponse, published: PriorResponse
) -> list[Assumption]:
    """One entry a cell that history speaks of: its return on money, and what published figures said of it.

    Parameters
    ----------
    profile : CompanyProfile
    draws : CellDraws
    brings, published : PriorResponse
        With history and without it.
    """
    if draws.own is None:
        return []
    fitted, money = draws.own.evidence.fitted, profile.currency
    columns = draws.own.cells
    entries = []
    for i, spend in sorted(draws.own.known_spend(draws.cells).items()):
        cell, own = draws.cells[i], columns[i]
        said, before = (_return(each, i, spend) for each in (brings, published))
        entries.append(
            Assumption(
                name=say("figure.return", cell=cell.name),
                value=said.mean,
                low=said.low,
                high=said.high,
                unit=say("unit.return", money=money, unit=money),
                basis=own.column.basis,
                facts=[],
                sources=[_rows(fitted, own.column.name)],
                note=_beside(before, own, profile, spend),
            )
        )
    return entries


def _rows(fitted: Fitted, column: str) -> Message:
    """The rows that a column's curve was learnt from."""
    market = fitted.market_of(column)
    of = fitted if market is None else market
    seen = {"file": fitted.source, "rows": of.rows, "first": of.first, "last": of.last}
    return (
        say("source.rows", **seen)
        if market is None
        else say("source.rows_market", market=market.name, **seen)
    )


def _return(response: PriorResponse, place: int, spend: float) -> Interval:
    outcome = response.curves.cell(place).value(np.array([[spend]]))[:, 0]
    return interval(outcome / spend)


def _beside(before: Interval, own: OwnColumn, profile: CompanyProfile, spend: float) -> Message:
    values = {
        "currency": profile.currency,
        "amount": spend,
        "per": over(profile.period_text),
        "mean": before.mean,
        "low": before.low,
        "high": before.high,
    }
    if len(own.cells) == 1:
        return say("note.published", **values)
    return say("note.published_shared", column=own.column.name, cells=len(own.cells), **values)


def history_remarks(profile: CompanyProfile, draws: CellDraws) -> Iterator[Message]:
    """What a plan takes for given because of its own history."""
    if draws.own is None:
        return
    evidence, own = draws.own.evidence, draws.own.cells
    fitted = evidence.fitted
    markets = len(fitted.markets or ())
    tests = len(evidence.experiments)
    yield say(
        "remark.history" + ("" if not markets else "_market" if markets == 1 else "_markets"),
        rows=fitted.rows,
        markets=markets,
        source=fitted.source,
        first=fitted.first,
        last=fitted.last,
        tests=say("lift_tests", count=tests) if tests else say("lift_tests.none"),
        outcome=fitted.outcome,
        currency=profile.currency,
        worth=fitted.outcome_worth,
    )
    if any(column.believed for column in evidence.columns):
        yield say("remark.believed")
    for free in evidence.unpaid or ():
        yield say(
            "remark.unpaid",
            column=free.name,
            currency=profile.currency,
            per=over(profile.period_text),
            **free.outcome.model_dump(),
            share=free.share.mean,
            outcome=fitted.outcome,
        )
    yield from _paces(evidence, profile)
    others = [cell.name for i, cell in enumerate(draws.cells) if i not in own]
    if len(others) > NAMED:
        yield say("remark.others_more", cells=others[:NAMED], more=len(others) - NAMED)
    elif others:
        yield say("remark.others", cells=others)
    if any(draws.cells[i].purpose == "promotion" for i in own) and "fatigue" not in profile.switched_off:
        yield say("remark.opt_outs_own")
    if profile.risk is None and profile.current_total > 0.0:
        risk, off = risk_of(profile), json.dumps({"kind": "mean"})
        if isinstance(risk, SafeImprovement):
            yield say("remark.safe_own", share=risk.tail, risk=off)
        else:
            yield say("remark.range_own", risk=off)
    yield say("remark.halves")


def _paces(evidence: Evidence, profile: CompanyProfile) -> Iterator[Message]:
    """When a period's money is spent, and columns whose spend had pauses, or began or ended in the rows."""
    timed = [column for column in evidence.columns if column.timing is not None]
    dates = sorted({column.timing for column in timed if column.timing is not None}, key=str)
    if dates:
        first, last = min(str(day) for day, _ in dates), max(str(day) for _, day in dates)
        yield say("remark.timing", first=first, last=last)
    else:  # of a version that did not state it
        yield say("remark.spread")
    if profile.timing is not None and any(column.months_ahead for column in timed):
        yield say("remark.months_ahead")
    for column in timed:
        if abs(column.usual_spend / column.spend - 1.0) > PAUSED:
            yield say(
                "remark.pace",
                column=column.name,
                currency=profile.currency,
                per=over(profile.period_text),
                active=column.usual_spend,
                all=column.spend,
            )
