"""What a plan assumes: every figure that the profile left open, with its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from channelmix.core.wording import amount, per, percent
from channelmix.datasets import source_titles
from channelmix.effectiveness import CellDraws, Figure, OwnColumn, PriorResponse, risk_of
from channelmix.engine.rules import SafeImprovement
from channelmix.plan import Assumption, Interval, interval
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Fitted

SOURCES_SHOWN = 3


def assumptions(figures: Iterable[Figure], defaults: Sequence[Assumption] = ()) -> list[Assumption]:
    """One entry a judged range, or a prediction in its place, that a cell's curve rests on."""
    entries = list(defaults)
    for figure in figures:
        r = figure.range
        factor = r.uncertainty_factor
        entries.append(
            Assumption(
                name=figure_name(figure),
                value=r.typical,
                low=r.typical / factor,
                high=r.typical * factor,
                unit=r.unit,
                basis=r.basis,
                facts=list(r.fact_ids),
                sources=source_titles(r.fact_ids)[:SOURCES_SHOWN],
                note=r.note,
            )
        )
    return entries


def figure_name(figure: Figure) -> str:
    """Say what a figure is, of which channels and purposes, and where."""
    place = f" in {figure.country}" if figure.country else ""
    return f"{figure.range.quantity.replace('_', ' ')} of {_shared(figure.cells)}{place}"


def _shared(names: Sequence[str]) -> str:
    """Name a group of cells by the channels and purposes they have in common."""
    parts = list(zip(*(name.split("/") for name in names), strict=True))
    channels, purposes = (list(dict.fromkeys(part)) for part in parts[1:])
    return f"{', '.join(channels)} {', '.join(purposes)}"


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
                name=f"return of {cell.name}",
                value=said.mean,
                low=said.low,
                high=said.high,
                unit=f"{money} per {money} spent",
                basis=own.column.basis,
                facts=[],
                sources=[_rows(fitted, own.column.name)],
                note=_beside(before, own, f"{money} {amount(spend)} {per(profile.period_text)}"),
            )
        )
    return entries


def _rows(fitted: Fitted, column: str) -> str:
    """The rows that a column's curve was learnt from."""
    market = fitted.market_of(column)
    if market is None:
        return f"{fitted.source}, {fitted.rows} rows from {fitted.first} to {fitted.last}"
    return f"{fitted.source}, {market.rows} rows of {market.name} from {market.first} to {market.last}"


def _return(response: PriorResponse, place: int, spend: float) -> Interval:
    outcome = response.curves.blocks[place].value(np.array([[spend]]))[:, 0]  # a block a cell
    return interval(outcome / spend)


def _beside(before: Interval, own: OwnColumn, spend: str) -> str:
    shared = (
        f"; what {own.column.name} brings is divided among its {len(own.cells)} cells as these expect"
        if len(own.cells) > 1
        else ""
    )
    return f"on {spend}; published figures said {before.mean:.2f} ({before.low:.2f} to {before.high:.2f}){shared}"


def history_remarks(profile: CompanyProfile, draws: CellDraws) -> Iterator[str]:
    """What a plan takes for given because of its own history."""
    if draws.own is None:
        return
    evidence, own = draws.own.evidence, draws.own.cells
    fitted = evidence.fitted
    markets = fitted.markets
    of = "" if markets is None else f"{len(markets)} market{'s' * (len(markets) > 1)} in "
    yield (
        f"Own history: {fitted.rows} rows of {of}{fitted.source} from {fitted.first} to {fitted.last}, "
        f"{_tests(len(evidence.experiments))}. One unit of {fitted.outcome} is taken to be worth {profile.currency} "
        f"{fitted.outcome_worth:,.6g}."
    )
    if any(column.believed for column in evidence.columns):
        yield (
            "Before its rows were looked at, what published figures expect of its channels was believed: the less the "
            "rows say, the more of that is left."
        )
    yield "Its curves take the money of a period to be spread over time as history spread it."
    others = [cell.name for i, cell in enumerate(draws.cells) if i not in own]
    if others:
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        yield (
            f"History does not speak of {', '.join(others[:NAMED])}{more}: these rest on published figures and judged "
            "ranges."
        )
    if any(draws.cells[i].purpose == "promotion" for i in own) and "fatigue" not in profile.switched_off:
        yield (
            "Opt-outs are charged to cells with history too, at what history says that today's spend earns: who is "
            "lost is lost for longer than its curves look ahead. Word of mouth is not added to them: it is in what "
            "was measured."
        )
    if profile.risk is None and profile.current_total > 0.0:
        risk = risk_of(profile)
        safe = (
            f"may lose nothing on average over the worst {percent(risk.tail)} of draws, and it "
            if isinstance(risk, SafeImprovement)
            else ""
        )
        yield (
            f"Since today's mix and own history are known, the plan {safe}keeps each cell with history within "
            'the spend that history has seen, or today\'s. State "risk": {"kind": "mean"} in the profile to switch '
            "this off."
        )
    yield (
        "The plan is made on one half of the posterior's draws, and compared with other splits on the other half."
    )


def history_warnings(draws: CellDraws) -> list[str]:
    """Checks of the history that failed."""
    if draws.own is None:
        return []
    return [
        f"own history fails a check, {check.check}: {check.message}"
        for check in draws.own.evidence.checks
        if check.verdict == "FAIL"
    ]


def _tests(count: int) -> str:
    return {0: "without lift tests", 1: "with 1 lift test"}.get(count, f"with {count} lift tests")
