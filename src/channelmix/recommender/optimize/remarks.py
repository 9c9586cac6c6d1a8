"""What holds for a whole plan and was not computed, and what is left out of it."""

from __future__ import annotations

from collections.abc import Iterator

from channelmix.core.words import Message, say
from channelmix.effectiveness import effect_of
from channelmix.profile import CompanyProfile
from channelmix.profile.notes import unknown_countries, unused_audiences


def remarks(profile: CompanyProfile) -> list[Message]:
    """What holds for every plan of a profile."""
    return [
        *unknown_countries(profile),
        *_of_promotion(profile),
        *_of_one_way(profile),
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


def _of_promotion(profile: CompanyProfile) -> Iterator[Message]:
    """What is not told apart, where audiences play no part, and how customers of several channels are counted."""
    if any(effect_of(cell) for cell in profile.cells()):
        yield say("remark.sector")
    yield from unused_audiences(profile)
    if any(cell.others for cell in profile.cells()) or profile.overlap is not None:
        stated = profile.overlap
        how = say("overlap.independent") if stated is None else say("overlap.stated", share=stated)
        yield say("remark.overlap", how=how)


def _of_one_way(profile: CompanyProfile) -> Iterator[Message]:
    """Purposes of which no published experiment or return tells, and what is therefore not part of them."""
    purposes = {cell.purpose for cell in profile.cells()}
    if "service" in purposes:
        yield say("remark.one_way_service")
    if "advocacy" in purposes:
        yield say("remark.one_way_advocacy")


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
