"""Own history in place of published figures, for the cells that it covers.

Symbols: F, a column's curve; p_i, the share of its cell i in today's spend on the column; w_i, the share of the cell in
the outcome of that spend by published figures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.effectiveness.draws import CellDraws, Figure, OwnColumn, OwnDraws, once, spending_cells
from channelmix.effectiveness.published.response import PriorResponse, losses_of, opt_outs, prior_response
from channelmix.effectiveness.published.shifts import shifted
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.families import Family
from channelmix.engine.response.tabulated import Tabulated
from channelmix.engine.rules import (
    Cells,
    ContactCap,
    FixedBudget,
    MeanRisk,
    ObservedRange,
    ReputationLimit,
    SafeImprovement,
    ServiceLevel,
)
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Evidence, covered, table_of

TAIL = 0.2
"""Share of the worst draws over which a plan from own history must not lose on average: with it, fewer than 5 % of
simulated companies lost (docs/explanation/history_measured.md)."""

LEAST_HALF = 1000
"""Draws that a half of the posterior needs where the worst of them count."""

PROBED, HALF = 2, 0.5
"""Draws, and the factor on a figure, by which to see whether it still moves a cell."""


def evidence_of(profile: CompanyProfile) -> Evidence | None:
    """The evidence that a profile names, or what its history says; None without either."""
    if profile.own is None or isinstance(profile.own, Evidence):
        return profile.own
    from channelmix.effectiveness.own.fit import fitted  # estimators are heavy, and few plans need them

    return fitted(profile.own, profile)


def risk_of(profile: CompanyProfile) -> Any:
    """The profile's risk, or a safe improvement by default where history and today's mix are known.

    The default is for a fixed budget only: to save money, the outcome of today's mix need not be kept.
    """
    if profile.risk is not None or not _has_history(profile):
        return profile.risk
    fixed = isinstance(profile.scenario, FixedBudget | None)
    return SafeImprovement(tail=TAIL) if fixed else None


def with_own(draws: CellDraws, profile: CompanyProfile, *, fresh: bool) -> CellDraws:
    """Replace published figures by own history, for the cells that it covers.

    Parameters
    ----------
    draws : CellDraws
        From published evidence.
    profile : CompanyProfile
    fresh : bool
        Whether to take the second half of the posterior's draws, to compare on, rather than the first, to plan on. A
        half that has fewer draws than asked for is repeated.

    Raises
    ------
    InputError
        If the worst draws count, and a half has fewer of them than these need.
    """
    evidence = evidence_of(profile)
    if evidence is None:
        return draws
    curves = evidence.response
    own = OwnDraws(evidence, _own_columns(draws, evidence, curves, fresh))
    half = curves.n_draws // 2
    if half < LEAST_HALF and not isinstance(risk_of(profile), MeanRisk | None):
        raise InputError(
            f"evidence of {evidence.fitted.source} has {2 * half} draws, and a plan by its worst draws needs "
            f"{2 * LEAST_HALF:,}: fit with more, or state the risk mean"
        )
    marked = dataclasses.replace(
        draws,
        own=own,
        evidence=tuple(
            own.cells[i].column.basis if i in own.cells else basis for i, basis in enumerate(draws.evidence)
        ),
    )
    return dataclasses.replace(marked, figures=_in_use(marked, own, profile))


@once
def response(draws: CellDraws, period_days: float, usd_rate: float) -> PriorResponse:
    """Turn draws into curves and losses: by own history where there is one, else by published figures.

    A column F of one cell is the cell's curve. A column of several cells is divided so that its total is kept wherever
    they are in today's proportion: cell i has ``w_i * F(s / p_i)``, and the w_i sum to 1 in every draw. Where nothing
    is spent on them today, the shares are equal. A cell without spend today, in a column with other cells that have
    some, keeps its published figures: its column is no evidence on it. Opt-outs are still charged, since a customer is
    lost for longer than a history's curve lasts; each costs the customer's share of what today's spend brings by
    history. Word of mouth is part of the measured outcome.

    Parameters
    ----------
    draws : CellDraws
    period_days, usd_rate : float
        See `prior_response`.
    """
    published = prior_response(draws, period_days, usd_rate)
    if draws.own is None:
        return published
    own = _by_cell(draws, draws.own, period_days, usd_rate)
    names = published.curves.names
    blocks = list(published.curves.blocks)  # one a cell
    for i, curve in own.items():
        blocks[i] = curve
    silent = {names[i] for i in own}
    kept = {} if published.losses is None else dict(zip(names, published.losses.blocks, strict=True))
    losses = {
        name: lost for name, lost in kept.items() if name not in silent and lost.parameters["scale"].any()
    }
    return PriorResponse(
        ResponseCurves(names, tuple(blocks)),
        losses_of(names, losses | _opt_outs(draws, draws.own, own, period_days, usd_rate)),
        {name: told for name, told in published.talk.items() if name not in silent},
    )


def _opt_outs(
    draws: CellDraws, own: OwnDraws, curves: Mapping[int, Family], period_days: float, usd_rate: float
) -> dict[str, Family]:
    """Losses by opt-outs, with what today's spend on promotion brings by history."""
    losses = {}
    for i, spend in own.known_spend(draws.cells).items():
        cell, drawn = draws.cells[i], draws.drawn(i)
        if cell.purpose != "promotion":
            continue
        brought = curves[i].value(np.array([[spend]]))[:, 0]
        lost = opt_outs(cell, drawn, period_days, usd_rate, brought)
        if lost is not None:
            losses[cell.name] = lost
    return losses


def observed_ranges(profile: CompanyProfile, draws: CellDraws) -> list[ObservedRange]:
    """Limits of each cell with history to its observed spend, unless the profile states a risk.

    Each cell's share of its column's range, widened to today's spend and to today's mix scaled to the budget.
    """
    if draws.own is None or profile.risk is not None or not _has_history(profile):
        return []
    scale = profile.budget / profile.current_total
    limits = []
    for own in draws.own.columns:
        for i, part in zip(own.cells, own.parts, strict=True):
            cell = draws.cells[i]
            always = (cell.current_spend, cell.current_spend * scale)
            low, high = min(part * own.column.least, *always), max(part * own.column.most, *always)
            limits.append(ObservedRange(cell.name, low, high))
    return limits


def _has_history(profile: CompanyProfile) -> bool:
    return profile.own is not None and profile.current_total > 0.0


def _own_columns(
    draws: CellDraws, evidence: Evidence, curves: ResponseCurves, fresh: bool
) -> tuple[OwnColumn, ...]:
    half = curves.n_draws // 2
    chosen = np.arange(draws.n_draws) % half + (half if fresh else 0)
    places = covered(curves.names, [cell.name for cell in draws.cells])
    columns = []
    for c, (column, cells) in enumerate(zip(evidence.columns, places, strict=True)):
        spending, parts = spending_cells([draws.cells[i].current_spend for i in cells])
        points, outcome = table_of(curves, c)
        columns.append(OwnColumn(column, tuple(cells[k] for k in spending), parts, points, outcome[chosen]))
    return tuple(columns)


def _by_cell(draws: CellDraws, own: OwnDraws, period_days: float, usd_rate: float) -> dict[int, Family]:
    """The curve of each cell with history, by the cell's place."""
    expected = np.zeros((draws.n_draws, len(draws.cells)))
    if any(len(one.cells) > 1 for one in own.columns):
        # Word of mouth is switched on and off to see what it makes: it must not move history.
        today = [cell.current_spend for cell in draws.cells]
        expected = prior_response(draws.silent, period_days, usd_rate).curves.value(today)
    curves: dict[int, Family] = {}
    for one in own.columns:
        weights = _weights(expected[:, list(one.cells)], np.array(one.parts))
        for k, i in enumerate(one.cells):
            outcome = one.outcome * weights[:, k, np.newaxis]
            curves[i] = Tabulated.checked(spend=one.parts[k] * one.points, outcome=outcome[:, :, np.newaxis])
    return curves


def _weights(expected: Array, parts: Array) -> Array:
    """Each cell's share w of the expected outcome, (n_draws, n_cells); its share of spend if none is expected."""
    total = expected.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0.0, expected / np.where(total > 0.0, total, 1.0), parts))


def _in_use(draws: CellDraws, own: OwnDraws, profile: CompanyProfile) -> tuple[Figure, ...]:
    """The published figures that still matter, each with the cells that depend on it."""

    def probed(whole: CellDraws) -> PriorResponse:
        few = dataclasses.replace(
            whole,
            n_draws=PROBED,
            quantities=tuple({name: q[:PROBED] for name, q in each.items()} for each in whole.quantities),
            scores=tuple(
                {name: score.first(PROBED) for name, score in each.items()} for each in whole.scores
            ),
            own=own.first(PROBED),
        )
        return response(few, profile.period_days, profile.usd_rate or 1.0)

    before = probed(draws)
    asked = _asked_by_rules(profile, draws)
    places = {draws.cells[i].name: i for i in own.cells if not asked[i]}
    kept = []
    for figure in draws.figures:
        after = before
        if not places.keys().isdisjoint(figure.cells):
            after = probed(shifted(draws, figure, HALF))
        cells = tuple(
            name for name in figure.cells if name not in places or _differ(before, after, places[name])
        )
        if cells:
            kept.append(dataclasses.replace(figure, cells=cells))
    return tuple(kept)


def _differ(before: PriorResponse, after: PriorResponse, place: int) -> bool:
    """Whether a cell's curve or its losses moved."""
    return not _same(before.curves, after.curves, place) or not _same(before.losses, after.losses, place)


def _same(one: ResponseCurves | None, other: ResponseCurves | None, place: int) -> bool:
    if one is None or other is None:
        return one is other
    numbers = [curves.blocks[place].parameters for curves in (one, other)]
    return all(np.array_equal(numbers[0][key], numbers[1][key]) for key in numbers[0])


def _asked_by_rules(profile: CompanyProfile, draws: CellDraws) -> NDArray[np.bool_]:
    """Cells of rules whose figures come from published ones even with history, (n_cells,)."""
    cells = Cells(tuple(cell.name for cell in draws.cells))
    asked = np.zeros(len(cells), dtype=bool)
    for rule in profile.rules:
        if isinstance(rule, ContactCap | ServiceLevel | ReputationLimit):
            asked |= cells.select(rule.selector)
    return asked
