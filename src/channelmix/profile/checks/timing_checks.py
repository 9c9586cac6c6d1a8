"""Checks between a profile's timing, its periods, its rules and its cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from channelmix.core.errors import InputError
from channelmix.engine.rules import Cells, Phasing
from channelmix.profile.cells import Cell
from channelmix.profile.faults import Problem, echo
from channelmix.profile.fields.fields import ProfileFields

MOST_SPENDS = 20_000
"""Cells times periods of the largest plan over time, so that a small file cannot ask for more memory than there is."""

# What a rule counts at the price of a typical period, or as if spend acted at once.
_CLASHES = {
    "service_level": ("carryover", "cost"),
    "reputation_limit": ("carryover", "cost"),
    "contact_cap": ("cost",),
}


def timing_problems(
    profile: ProfileFields, cells: Sequence[Cell], hint: Callable[[str], str] | None
) -> Iterator[Problem]:
    """Find what does not fit between timing, periods, rules and cells.

    Parameters
    ----------
    profile : ProfileFields
    cells : sequence of Cell
    hint : callable or None
        Nearest selector to an unknown one; None where selectors may name what a fault hides.
    """
    timing = profile.timing
    for i, rule in enumerate(profile.rules):
        if isinstance(rule, Phasing) and timing is not None and len(rule.parts) != profile.periods:
            found = f"{len(rule.parts)} numbers"
            yield Problem(("rules", i, "parts"), found, f"one number for each of {profile.periods} periods")
        if isinstance(rule, Phasing) and timing is None:
            expected = (
                "timing beside phasing: without it one typical period stands for all, and nothing is phased"
            )
            yield Problem(("rules", i, "kind"), echo(rule.kind), expected)
        if rule.kind == "price_tiers" and timing is not None:
            yield Problem(("rules", i, "kind"), echo(rule.kind), "no price_tiers beside timing")
        stated = [name for name in _CLASHES.get(rule.kind, ()) if timing and getattr(timing, name)]
        if stated:
            expected = f"a rule that holds beside timing.{stated[0]}: this one knows what a typical period's money buys"
            yield Problem(("rules", i, "kind"), echo(rule.kind), expected)
    if timing is None:
        return
    if len(cells) * profile.periods > MOST_SPENDS:
        found = f"{len(cells)} cells in {profile.periods} periods"
        yield Problem(
            ("periods",), found, f"at most {MOST_SPENDS} cells times periods where timing is stated"
        )
    for name in ("season", "cost"):
        for selector, factors in getattr(timing, name).items():
            if len(factors) != profile.periods:
                found, expected = (
                    f"{len(factors)} numbers",
                    f"one number for each of {profile.periods} periods",
                )
                yield Problem(("timing", name, selector), found, expected)
    known = Cells(tuple(cell.name for cell in cells))
    taken: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.zeros(len(cells), dtype=bool)
    for name in ("carryover", "season", "cost", "spent_before"):
        for selector in getattr(timing, name):
            try:
                chosen = known.select(selector)
            except InputError:
                if hint is not None:
                    expected = (
                        'a market, a channel, a purpose, some of these in this order joined by "/", or "all"'
                    )
                    yield Problem(("timing", name, selector), echo(selector), expected, hint(selector), True)
                continue
            if name == "carryover":
                if (taken & chosen).any():
                    other = known.names[int(np.flatnonzero(taken & chosen)[0])]
                    expected = f"cells without another carryover ({other} has one already)"
                    yield Problem(("timing", name, selector), echo(selector), expected, at_key=True)
                taken |= chosen
