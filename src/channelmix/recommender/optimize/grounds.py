"""What a plan rests on: what was measured, what experiments speak of, and whom promotion is taken to reach."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from channelmix.core.words import Message, named, say
from channelmix.effectiveness import AUDIENCE_SLOPE, CellDraws, assumed_audience
from channelmix.effectiveness.constants import Z90
from channelmix.plan import Assumption, Grounds
from channelmix.recommender.optimize.assumptions import group_of

MOST_CHANNELS = 6
"""Channels that a remark names; more are counted."""


def grounds_remarks(draws: CellDraws, assumed: Sequence[Assumption]) -> list[Message]:
    """What a plan on these draws, with these assumptions, rests on."""
    return [
        _rests_on(draws, Grounds.of(assumed)),
        *_of_attribution(draws),
        *_of_audiences(draws),
    ]


def audience_assumptions(draws: CellDraws) -> Iterator[Assumption]:
    """Say whom promotion is taken to reach where the profile does not, and what that is judged to matter."""
    if cells := _assumed_audiences(draws):
        middle, deviation = AUDIENCE_SLOPE
        low, value, high = (math.exp(middle + z * deviation) for z in (-Z90, 0.0, Z90))
        yield Assumption(
            name=say("figure", quantity=named("quantity", "audience"), group=group_of(cells)),
            value=value,
            low=low,
            high=high,
            unit=say("unit.ratio"),
            basis="judgement",
            facts=[],
            sources=[],
            note=say("note.audience"),
        )


def _assumed_audiences(draws: CellDraws) -> list[str]:
    """Names of the cells without own history of which it is assumed that they reach loyal customers."""
    own = {} if draws.own is None else draws.own.cells
    return [cell.name for i, cell in enumerate(draws.cells) if i not in own and assumed_audience(cell)]


def _rests_on(draws: CellDraws, grounds: Grounds) -> Message:
    """What the outcomes rest on, beside own history."""
    own = {} if draws.own is None else draws.own.cells
    rest = grounds.published([cell.name for i, cell in enumerate(draws.cells) if i not in own])
    if draws.own is not None:
        return say("remark.published_beside_own", what=rest)
    if figures := grounds.measured_figures():
        return say(f"facts.{grounds.how_known}", figures=figures, what=rest)
    return say("facts.prior", what=rest)


def _of_attribution(draws: CellDraws) -> Iterator[Message]:
    """How attributed orders become incremental ones, with experiments beside the judged factor and without."""
    both = {cell for figure in draws.figures if figure.ways for cell in figure.cells}
    alone = {
        cell
        for figure in draws.figures
        if figure.range.quantity == "incremental_factor"
        for cell in figure.cells
    }
    names = [cell.name for cell in draws.cells]
    if both:
        yield say("remark.attributed_both", channels=_channels([name for name in names if name in both]))
    if alone:
        yield say("remark.attributed_alone", channels=_channels([name for name in names if name in alone]))


def _channels(names: Sequence[str]) -> list[str | Message]:
    """Channels of some cells, of which more than a few are counted."""
    found: list[str | Message] = list(dict.fromkeys(name.split("/")[1] for name in names))
    more = len(found) - MOST_CHANNELS
    return [*found[:MOST_CHANNELS], say("rows.more", more=more)] if more > 0 else found


def _of_audiences(draws: CellDraws) -> Iterator[Message]:
    """Whom promotion is taken to reach."""
    if loyal := _assumed_audiences(draws):
        yield say("remark.audience", channels=_channels(loyal), part=math.exp(-AUDIENCE_SLOPE[0]))
