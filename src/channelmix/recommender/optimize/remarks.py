"""What holds for a whole plan and was not computed, and what is left out of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from channelmix.core.words import Message, say
from channelmix.effectiveness import AUDIENCE_SLOPE, CellDraws, effect_of
from channelmix.plan import Assumption, Grounds
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.assumptions import assumed_audiences

MOST_CHANNELS = 6
"""Channels that a remark names; more are counted."""


def remarks(profile: CompanyProfile, draws: CellDraws, assumed: Sequence[Assumption]) -> list[Message]:
    """What holds for every plan of a profile, made on these draws and with these assumptions."""
    return [
        _rests_on(draws, Grounds.of(assumed)),
        *_of_attribution(draws),
        *_of_promotion(profile, assumed_audiences(draws)),
        *_of_word_of_mouth(profile),
        *_of_other_mechanisms(profile),
    ]


def not_counted(profile: CompanyProfile) -> list[Message]:
    """What is left out of a plan, in a few words each."""
    parts = {
        "left_out.word_of_mouth": not counts_word_of_mouth(profile),
        "left_out.opt_outs": "fatigue" in profile.switched_off,
        "left_out.delay": "answer_on_time" in profile.switched_off,
    }
    return [say(code) for code, left_out in parts.items() if left_out]


def _rests_on(draws: CellDraws, grounds: Grounds) -> Message:
    """What the outcomes rest on, beside own history."""
    own = {} if draws.own is None else draws.own.cells
    rest = grounds.published([cell.name for i, cell in enumerate(draws.cells) if i not in own])
    if draws.own is not None:
        return say("remark.published_beside_own", what=rest)
    if figures := grounds.measured_figures():
        return say("facts.measured", figures=figures, what=rest)
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


def _of_promotion(profile: CompanyProfile, loyal: Sequence[str]) -> Iterator[Message]:
    """What published effects do not tell apart, and how customers whom several channels reach are counted."""
    if any(effect_of(cell) for cell in profile.cells()):
        yield say("remark.sector")
    if deaf := [
        cell.name
        for cell in profile.cells()
        if cell.audience is not None and effect_of(cell) == "revenue_per_spend"
    ]:
        yield say("remark.audience_unused", channels=_channels(deaf))
    if loyal:
        yield say("remark.audience", channels=_channels(loyal), part=math.exp(-AUDIENCE_SLOPE[0]))
    if any(cell.others for cell in profile.cells()) or profile.overlap is not None:
        stated = profile.overlap
        how = say("overlap.independent") if stated is None else say("overlap.stated", share=stated)
        yield say("remark.overlap", how=how)


def counts_word_of_mouth(profile: CompanyProfile) -> bool:
    """Whether what customers tell others has a part in the plan."""
    return any(cell.word_of_mouth and cell.purpose != "promotion" for cell in profile.cells())


def _of_word_of_mouth(profile: CompanyProfile) -> Iterator[Message]:
    told = profile.word_of_mouth
    if "word_of_mouth" in profile.switched_off:
        yield say("remark.word_of_mouth_off")
    elif profile.value_per_exposure is None:
        yield say("remark.no_exposure_value")
    elif not counts_word_of_mouth(profile):
        yield say("remark.word_of_mouth_unused")
    else:
        yield say(
            "remark.word_of_mouth",
            satisfied=told.told_if_satisfied,
            private=told.told_in_private,
            public=told.told_if_not,
        )


def _of_other_mechanisms(profile: CompanyProfile) -> Iterator[Message]:
    if "answer_on_time" in profile.switched_off:
        yield say("remark.on_time_off")
    if "fatigue" in profile.switched_off:
        yield say("remark.fatigue_off")
    elif profile.purposes.promotion is not None:
        yield say("remark.opt_outs")
