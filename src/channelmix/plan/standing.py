"""What a plan may be called, given the gap that is proven."""

from __future__ import annotations

from channelmix.core.words import Message, say
from channelmix.engine.proof.solution import Status

WIDE_GAP = 0.01
"""Gap above which a plan is not called optimal, whatever gap was asked for: words name the gap in the same breath."""


def is_wide(gap: float | None) -> bool:
    """Whether a proven gap is too wide for a plan to be called optimal."""
    return gap is not None and gap > WIDE_GAP


def standing_of(status: Status, gap: float | None) -> Message:
    """Return a plan's status in words, with the gap where it is wide or was not closed.

    >>> standing_of(Status.OPTIMAL, 1e-4)
    'Optimal (proven)'
    >>> standing_of(Status.OPTIMAL, 0.52)
    'Within 52 % of the best (proven)'
    """
    if gap is not None and status is Status.OPTIMAL and is_wide(gap):
        return say("status.within", gap=gap)
    if gap is not None and status is Status.NOT_CERTIFIED:
        return say("status.not_certified_gap", gap=gap)
    return say(f"status.{status}")
