"""What clicks and orders, and what experiments and returns say of promotion, in words for terminal and page."""

from __future__ import annotations

from collections.abc import Iterable

from channelmix.core.words import Message, Words, named, say
from channelmix.plan import MedianRange, Ways

FACTS = 6
"""Ids of facts that are listed; more are counted."""


def distinct(found: Iterable[Ways | None]) -> list[Ways]:
    """Every figure that both ways speak of once, in order: cells share them."""
    return list({ways.figure: ways for ways in found if ways is not None}.values())


def rests(ways: Ways) -> Message:
    """Say how many published figures the way from experiments and returns rests on, and how good they are."""
    proxies = [
        say("proxy", count=count, channel=named("proxy", name)) for name, count in ways.proxies.items()
    ]
    return say(
        f"ways.rests{'' if ways.own_channel else '_borrowed'}{'_proxies' * bool(proxies)}",
        proxies=proxies,
        figures=ways.figures,
        sources=ways.sources,
        randomised=ways.randomised,
        own=ways.own_channel,
    )


def sentence(ways: Ways, words: Words) -> str:
    """Say what is believed of a figure, what either way says, and what that rests on."""
    ends = {
        f"{name}{end}": getattr(interval, end)
        for name, interval in (("", ways.belief), ("up_", ways.from_clicks), ("down_", ways.from_experiments))
        for end in MedianRange.model_fields
    }
    return words(
        "ways.said",
        figure=ways.figure,
        share=ways.weight,
        rests=rests(ways),
        facts=facts(ways, words),
        **ends,
    )


def facts(ways: Ways, words: Words) -> str:
    """List the ids of the first facts, and count the others."""
    more = len(ways.fact_ids) - FACTS
    listed = ", ".join(ways.fact_ids[:FACTS] if more > 1 else ways.fact_ids)
    return f"{listed} {words('rows.more', more=more)}" if more > 1 else listed
