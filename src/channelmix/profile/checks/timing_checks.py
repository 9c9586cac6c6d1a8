"""Checks between a profile's timing, its periods, its rules and its cells."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from channelmix.engine.rules import Phasing
from channelmix.profile.checks.selectors import Selectors
from channelmix.profile.faults import Path, Problem, echo
from channelmix.profile.fields.fields import ProfileFields
from channelmix.profile.fields.timing import Timing

MOST_SPENDS = 20_000
"""Cells times periods of the largest plan over time, so that a small file cannot demand too much memory."""

# Fields of timing that contradict what a rule assumes: one price for all periods, or spend that acts at once.
_CLASHES = {
    "service_level": ("carryover", "cost"),
    "reputation_limit": ("carryover", "cost"),
    "contact_cap": ("cost",),
}


def timing_problems(profile: ProfileFields, selectors: Selectors) -> Iterator[Problem]:
    """Report what does not fit between timing, periods, rules and cells."""
    timing, periods = profile.timing, profile.periods
    each = f"one number for each of {periods} periods"
    for i, rule in enumerate(profile.rules):
        path: Path = ("rules", i)
        if isinstance(rule, Phasing) and timing is None:
            expected = (
                "a profile with timing: without it, one typical period is planned and nothing is phased"
            )
            yield Problem((*path, "kind"), echo(rule.kind), expected)
        if timing is None:
            continue
        if isinstance(rule, Phasing) and len(rule.parts) != periods:
            yield Problem((*path, "parts"), f"{len(rule.parts)} numbers", each)
        if rule.kind == "price_tiers":
            yield Problem((*path, "kind"), echo(rule.kind), "no price_tiers in a profile with timing")
        clash = next((name for name in _CLASHES.get(rule.kind, ()) if getattr(timing, name)), None)
        if clash:
            expected = f"a rule that works with timing.{clash}: this one assumes a typical period"
            yield Problem((*path, "kind"), echo(rule.kind), expected)
    if timing is None:
        return
    if (count := len(selectors.cells)) * periods > MOST_SPENDS:
        expected = f"at most {MOST_SPENDS} cells times periods in a profile with timing"
        yield Problem(("periods",), f"{count} cells in {periods} periods", expected)
    for name in ("season", "cost"):
        for selector, factors in getattr(timing, name).items():
            if len(factors) != periods:
                yield Problem(("timing", name, selector), f"{len(factors)} numbers", each)
    yield from _selector_problems(timing, selectors)


def _selector_problems(timing: Timing, selectors: Selectors) -> Iterator[Problem]:
    taken = np.zeros(len(selectors.cells), dtype=bool)
    for name in ("carryover", "season", "cost", "spent_before"):
        for selector in getattr(timing, name):
            path: Path = ("timing", name, selector)
            chosen = selectors.mask(selector)
            if chosen is None:
                yield selectors.unknown(path, selector, at_key=True)
            elif name == "carryover":
                if (taken & chosen).any():
                    other = selectors.cells.names[int(np.argmax(taken & chosen))]
                    expected = f"cells without another carryover ({other} has one already)"
                    yield Problem(path, echo(selector), expected, at_key=True)
                taken |= chosen
