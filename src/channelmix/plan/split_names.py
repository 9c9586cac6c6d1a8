"""What readers call the splits that a plan is compared with."""

from __future__ import annotations

from channelmix.core.words import Message, say
from channelmix.plan.parts import Comparison
from channelmix.plan.plan import Plan

CALLED = {
    "how.moved": "baseline.moved",
    "how.scaled": "baseline.scaled",
    "how.scaled_little": "baseline.scaled",
}
"""What the current mix is called where it is not today's spend, by how it was made."""


def how_made(plan: Plan, split: Comparison) -> str:
    """Return the code of how a split was made; empty in plans of the first format."""
    how = plan.message(split.description)
    return how.code if isinstance(how, Message) else ""


def split_name(plan: Plan, split: Comparison) -> str:
    """Return what a reader calls a split: the current mix is not today's spend where it was scaled or moved."""
    made = how_made(plan, split)
    return say(CALLED[made]) if split.name == say("split.current") and made in CALLED else split.name
