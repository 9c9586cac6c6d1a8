"""Effects of promotion as a plan shows them: a range, what either way says, and the figures behind them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from channelmix.core.words import Message, named, say
from channelmix.datasets import PriorRange
from channelmix.datasets.effects import ComparableEffect
from channelmix.effectiveness.draws import Ends, TwoWays
from channelmix.effectiveness.published.pooled_effects import pooled_effects
from channelmix.effectiveness.published.promotion import EFFECTS, ChannelEffect

ENDS = (0.05, 0.5, 0.95)
"""Quantiles by which a way and a belief are shown."""

MOST_FACTS_LISTED = 20
"""Figures that a plan lists of an effect beside its range, the most trusted first."""


def presented(shown: ChannelEffect) -> tuple[PriorRange, TwoWays | None]:
    """Present the belief as a range, and what each way says with the figures behind the way from the top down.

    Parameters
    ----------
    shown : ChannelEffect

    Returns
    -------
    belief : PriorRange
    ways : TwoWays or None
        None beside an incremental figure of the company's own: there is no way from clicks to show.
    """
    own = shown.setting.channel
    effects = sorted(
        pooled_effects(shown.measure).effects,
        key=lambda effect: (effect.channel != own, effect.design != "randomised", effect.fact.fact_id),
    )
    near = [effect for effect in effects if effect.channel == own]
    ways = TwoWays(
        from_clicks=_ends(*shown.up.ends),
        from_experiments=_ends(*shown.down.ends),
        belief=_ends(*shown.belief.quantile(np.array(ENDS))),
        weight=shown.belief.weight_down,
        fact_ids=tuple(effect.fact.fact_id for effect in effects),
        sources=len({effect.source for effect in effects}),
        randomised=sum(effect.design == "randomised" for effect in effects),
        own_channel=len(near),
        proxies=_proxies(shown, effects),
    )
    said = {
        f"{name}_{end}": value
        for name, values in (("up", ways.from_clicks), ("down", ways.from_experiments))
        for end, value in zip(("low", "median", "high"), values, strict=True)
    }
    low, median, high = ways.belief
    listed = [effect.fact.fact_id for effect in near or effects][:MOST_FACTS_LISTED]
    belief = PriorRange(
        shown.channel,
        "promotion",
        shown.quantity,
        low=low,
        typical=median,
        high=high,
        unit=say(f"unit.{shown.quantity}"),
        uncertainty_factor=math.sqrt(high / low),
        fact_ids=tuple(sorted(listed)),
        basis=_basis(shown, effects),
        note=say(_note(shown, bool(near)), share=ways.weight, **said),
    )
    return belief, None if shown.is_own else ways


def _basis(shown: ChannelEffect, effects: Sequence[ComparableEffect]) -> Message:
    counted = {
        "figures": len(effects),
        "sources": len({effect.source for effect in effects}),
        "randomised": sum(effect.design == "randomised" for effect in effects),
    }
    proxies = [
        say("proxy", count=count, channel=named("proxy", name)) for name, count in _proxies(shown, effects)
    ]
    if shown.is_own:
        return say("basis.two_ways_own", **counted)
    if not proxies:
        return say("basis.two_ways", **counted)
    return say("basis.two_ways_proxies", proxies=proxies, **counted)


def _proxies(shown: ChannelEffect, effects: Sequence[ComparableEffect]) -> tuple[tuple[str, int], ...]:
    """Channels that stand in for those planned, of which there are few experiments: the most used first."""
    if shown.measure == "revenue_per_spend":
        return ()  # returns of advertising are compared with each other, whatever the medium
    return tuple(Counter(one.channel for one in effects if one.channel not in EFFECTS).most_common())


def _note(shown: ChannelEffect, near: bool) -> str:
    if shown.is_own:
        return "note.two_ways_own"
    return "note.two_ways" if near else "note.two_ways_borrowed"


def _ends(low: float, median: float, high: float) -> Ends:
    """Turn quantiles of a logarithm into those of its number."""
    return math.exp(low), math.exp(median), math.exp(high)
