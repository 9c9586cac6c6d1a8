"""What holds for a whole plan and was not computed, and what is left out of it."""

from __future__ import annotations

from collections.abc import Iterator

from channelmix.profile import CompanyProfile


def remarks(profile: CompanyProfile, *extra: str) -> list[str]:
    """What holds for every plan, and what is particular to this one."""
    rests = (
        "not on the company's own data"
        if profile.own is None
        else "where the company's own history does not speak"
    )
    return [
        f"Outcomes rest on published figures and judged ranges, {rests}.",
        "Attributed responses are turned into incremental ones by a judged factor, not by an experiment.",
        "Overlap of audiences between channels is ignored, of those who hear from customers too.",
        *_of_word_of_mouth(profile),
        *_of_other_mechanisms(profile),
        *extra,
    ]


def not_counted(profile: CompanyProfile) -> list[str]:
    """What is left out of a plan, in a few words each."""
    parts = {
        "overlap of audiences": True,
        "word of mouth": not _tells(profile),
        "opt-outs": "fatigue" in profile.switched_off,
        "delay of answers": "answer_on_time" in profile.switched_off,
    }
    return [name for name, left_out in parts.items() if left_out]


def _tells(profile: CompanyProfile) -> bool:
    return any(cell.word_of_mouth and cell.purpose != "promotion" for cell in profile.cells())


def _of_word_of_mouth(profile: CompanyProfile) -> Iterator[str]:
    told = profile.word_of_mouth
    if "word_of_mouth" in profile.switched_off:
        yield "Word of mouth is switched off: it is not counted."
    elif profile.value_per_exposure is None:
        yield "The profile states no value_per_exposure: word of mouth is not counted."
    elif not _tells(profile):
        yield "Word of mouth is not counted: it belongs to service and advocacy, which the profile does not use."
    else:
        yield (
            f"Word of mouth: a satisfied customer tells {told.told_if_satisfied:g} people, an unsatisfied one "
            f"{told.told_in_private:g} in private and {told.told_if_not:g} in public. That it is 3 and 3,000 is a "
            "saying quoted from P. Blackshaw, not evidence."
        )


def _of_other_mechanisms(profile: CompanyProfile) -> Iterator[str]:
    if "answer_on_time" in profile.switched_off:
        yield "Answer on time is switched off: answers that wait for capacity count like answers in time."
    if "fatigue" in profile.switched_off:
        yield "Fatigue is switched off: opt-outs caused by messages are not counted."
    elif profile.purposes.promotion is not None:
        yield (
            "Opt-outs are charged to promotion by SMS and instant messages, and where the profile states them: no "
            "figure of other channels was found, and money for the app buys users, not messages."
        )
