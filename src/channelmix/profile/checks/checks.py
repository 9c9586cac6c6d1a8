"""Checks between the parts of a profile. Each finds all of its problems; none stops at the first."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.errors import InputError
from channelmix.engine.rules import Cells, SafeImprovement
from channelmix.profile.cells import Cell, basis_of, lay_out
from channelmix.profile.checks.doubts import NO_DOUBTS, Doubts
from channelmix.profile.checks.timing_checks import timing_problems
from channelmix.profile.faults import Path, Problem, closest, echo, escape
from channelmix.profile.fields.fields import ChannelFigures, ProfileFields
from channelmix.profile.fields.values import BUILT_IN_CHANNELS, PURPOSES, Purpose

MOST_CELLS = 200_000
"""Cells of the largest profile, so that a small file cannot ask for more memory than there is."""
ROUNDING = 1e-9
"""By how much shares written as decimals may exceed 1 together."""

# What a channel must state for a purpose, besides its cost per contact, where no published figures stand in.
_NEEDED: Mapping[Purpose, tuple[str, ...]] = {
    "promotion": ("contacts_per_customer", "orders_per_contact"),
    "service": ("resolution_share", "on_time_share", "service_share"),
    "advocacy": ("contacts_per_customer", "publicness"),
}
# Figures that mean nothing unless the channel is used for the purpose.
_ONLY_FOR: Mapping[str, Purpose] = {
    "orders_per_contact": "promotion",
    "opt_out_per_contact": "promotion",
    "value_per_consent": "promotion",
    "resolution_share": "service",
    "on_time_share": "service",
    "service_share": "service",
}


# Fields of rules that hold a figure by cell, not by selector.
_BY_CELL = ("per_spend", "spend", "current")

# Figures that no money on the app's promotion touches: it buys users, and messages to today's users are not paid for.
_NOT_OF_THE_APP = ("opt_out_per_contact", "value_per_consent")


def find_problems(profile: ProfileFields, doubts: Doubts = NO_DOUBTS) -> tuple[Problem, ...]:
    """Return every problem between the parts of a profile whose parts are valid by themselves.

    Parameters
    ----------
    profile : ProfileFields
    doubts : Doubts, optional
        What is not known because other values stand in for faulty ones; nothing is concluded from that.
    """
    count = len(profile.markets) * sum(len(profile.purposes_of(name)) for name in profile.channels)
    if count > MOST_CELLS:
        if doubts.purposes:
            return ()
        found = f"{count} cells (markets x channels x purposes)"
        return (Problem(("markets",), found, f"at most {MOST_CELLS} cells"),)
    cells = lay_out(profile)
    return (
        *_names(profile),
        *_worth_of_exposures(profile, doubts),
        *_channels(profile, doubts),
        *_market_overrides(profile, doubts),
        *(() if doubts.service_shares else _service_shares(profile, cells)),
        *_published_figures(profile, cells, doubts),
        *(() if doubts.scenario else _scenario(profile, cells)),
        *_rules(profile, cells, doubts),
        *_risk(profile, cells, doubts),
        *_timing(profile, cells, doubts),
    )


def _names(profile: ProfileFields) -> Iterator[Problem]:
    taken: dict[str, str] = dict.fromkeys(PURPOSES, "a purpose")
    for name in profile.channels:
        if name in taken:
            yield Problem(("channels", name), echo(name), "a name that no purpose has", at_key=True)
    taken |= {name: "a channel" for name in profile.channels if name not in taken}
    for i, market in enumerate(profile.markets):
        if market.name in taken:
            expected = f"a name that is not already that of {taken[market.name]}"
            yield Problem(("markets", i, "name"), echo(market.name), expected)
        taken.setdefault(market.name, "a market")


def _worth_of_exposures(profile: ProfileFields, doubts: Doubts) -> Iterator[Problem]:
    value = profile.word_of_mouth.value_per_exposure
    if value is not None and profile.purposes.advocacy is not None and not doubts.purposes:
        expected = "nothing, for purposes.advocacy.value_per_exposure says it"
        yield Problem(("word_of_mouth", "value_per_exposure"), echo(value), expected)


def _channels(profile: ProfileFields, doubts: Doubts) -> Iterator[Problem]:
    customers = math.fsum(market.customers for market in profile.markets)
    declared = profile.purposes.declared
    for name, channel in profile.channels.items():
        path: Path = ("channels", name)
        if channel.like is not None and name in BUILT_IN_CHANNELS:
            yield Problem((*path, "like"), echo(channel.like), f'nothing, for "{name}" is built in itself')
        for i, purpose in enumerate(channel.purposes or ()):
            if purpose not in declared and not doubts.purposes:
                yield Problem((*path, "purposes", i), echo(purpose), _one_of(declared, "purposes"))
        if not doubts.figures_of(name):
            yield from _figures(profile, name, channel, path)
        if not doubts.customers:
            yield from _count_within(
                channel.reachable, customers, (*path, "reachable"), "the customers of all markets"
            )
        stated = channel.reachable is not None or channel.reachable_share is not None
        if stated or doubts.channel(name):
            continue
        if not all(_states_reach(m.channels.get(name)) for m in profile.markets):
            yield Problem((*path, "reachable"), "nothing", "reachable or reachable_share")


def _market_overrides(profile: ProfileFields, doubts: Doubts) -> Iterator[Problem]:
    for i, market in enumerate(profile.markets):
        if market.inbound_contacts is not None and profile.purposes.service is None and not doubts.purposes:
            expected = "nothing, for the profile has no purpose service"
            yield Problem(("markets", i, "inbound_contacts"), echo(market.inbound_contacts), expected)
        for name, own in market.channels.items():
            path: Path = ("markets", i, "channels", name)
            if name not in profile.channels:
                if not doubts.channel_names:
                    hint = closest(name, profile.channels)
                    yield Problem(path, echo(name), "a channel of the profile", hint, at_key=True)
                continue
            if not doubts.figures_of(name):
                yield from _figures(profile, name, own, path)
            if i not in doubts.customers:
                yield from _count_within(
                    own.reachable, market.customers, (*path, "reachable"), "the market's customers"
                )


def _figures(profile: ProfileFields, name: str, figures: ChannelFigures, path: Path) -> Iterator[Problem]:
    """Find what is stated for a purpose that the channel is not used for."""
    used = profile.purposes_of(name)
    for field in ("current_spend", "cost_per_contact"):
        for purpose in getattr(figures, field):
            if purpose not in used:
                expected = _one_of(used, "purposes of this channel")
                yield Problem(
                    (*path, field, purpose), echo(purpose), expected, closest(purpose, used), at_key=True
                )
    for field, purpose in _ONLY_FOR.items():
        value = getattr(figures, field)
        if value is not None and purpose not in used:
            yield Problem((*path, field), echo(value), f"nothing, for the channel is not used for {purpose}")
    if basis_of(name, profile.channels[name]) == "app":
        for field in _NOT_OF_THE_APP:
            if (value := getattr(figures, field)) is not None and "promotion" in used:
                yield Problem(
                    (*path, field), echo(value), "nothing, for promotion in the app buys users, not messages"
                )


def _count_within(count: float | None, limit: float, path: Path, of_whom: str) -> Iterator[Problem]:
    if count is not None and count > limit:
        yield Problem(path, echo(count), f"at most {limit:.15g}, {of_whom}")


def _states_reach(own: ChannelFigures | None) -> bool:
    return own is not None and (own.reachable is not None or own.reachable_share is not None)


def _service_shares(profile: ProfileFields, cells: Iterable[Cell]) -> Iterator[Problem]:
    sums: dict[str, float] = {}
    for cell in cells:
        if cell.purpose == "service":
            sums[cell.market] = sums.get(cell.market, 0.0) + (cell.service_share or 0.0)
    company_wide = False
    for i, market in enumerate(profile.markets):
        total = sums.get(market.name, 0.0)
        if total <= 1.0 + ROUNDING:
            continue
        found, expected = f"service_share values that sum to {total:.6g}", "a sum of at most 1"
        if any(own.service_share is not None for own in market.channels.values()):
            yield Problem(("markets", i, "channels"), found, expected)
        elif not company_wide:  # the same sum in every market that states none of its own
            company_wide = True
            yield Problem(("channels",), found, expected)


def _published_figures(profile: ProfileFields, cells: Iterable[Cell], doubts: Doubts) -> Iterator[Problem]:
    """Find what published figures would have to supply, and cannot."""
    missing: dict[str, dict[str, None]] = {}
    costs_published = []
    for cell in cells:
        if cell.basis is not None:
            costs_published += [cell] if cell.cost_per_contact is None else []
            continue
        absent = missing.setdefault(cell.channel, {})
        if cell.cost_per_contact is None:
            absent[f"cost_per_contact.{cell.purpose}"] = None
        absent |= {field: None for field in _NEEDED[cell.purpose] if getattr(cell, field) is None}
    for name, absent in missing.items():
        if absent and not doubts.figures_of(name):
            names = ", ".join(BUILT_IN_CHANNELS)
            expected = f"like (one of {names}), or the channel's own {', '.join(absent)}"
            yield Problem(("channels", name, "like"), "nothing", expected, closest(name, BUILT_IN_CHANNELS))
    if costs_published and profile.usd_rate is None and not doubts.usd_rate:
        cell = costs_published[0]
        expected = (
            f"units of {profile.currency} for one US dollar, for published costs are in US dollars and "
            f"{escape(cell.channel)} states no cost_per_contact.{cell.purpose} of its own"
        )
        yield Problem(("usd_rate",), "nothing", expected)


def _scenario(profile: ProfileFields, cells: Iterable[Cell]) -> Iterator[Problem]:
    if profile.scenario is None and not any(cell.current_spend for cell in cells):
        yield Problem(
            ("scenario",), "nothing", "a scenario, or current_spend of some channel to take as the budget"
        )


def _rules(profile: ProfileFields, cells: Sequence[Cell], doubts: Doubts) -> Iterator[Problem]:
    known = Cells(tuple(cell.name for cell in cells))
    spend = np.array([cell.current_spend for cell in cells])
    chosen: dict[str, int | None] = {}
    for i, rule in enumerate(profile.rules):
        if not doubts.names:
            yield from _figures_by_cell(rule, known, ("rules", i))
        if rule.kind == "reputation_limit" and not doubts.purposes and not _tells(cells):
            expected = "a profile in which word of mouth counts: a value_per_exposure, and no switched_off"
            yield Problem(("rules", i, "kind"), echo(rule.kind), expected)
        selectors = list(_selectors(rule))
        # A rule may state as many rows as there are cells: the largest cell of each selector is enough.
        unknown, sample = [], {int(np.argmax(spend))} if selectors else set(range(len(cells)))
        for path, selector, at_key in selectors:
            if selector not in chosen:
                mask = _selected(known, selector)
                chosen[selector] = None if mask is None else int(np.argmax(np.where(mask, spend, -1.0)))
            cell = chosen[selector]
            if cell is None and doubts.names:
                break
            if cell is None:
                expected = (
                    'a market, a channel, a purpose, some of these in this order joined by "/", or "all"'
                )
                hint = _nearest_selector(selector, profile, known)
                unknown.append(Problem(("rules", i, *path), echo(selector), expected, hint, at_key))
            else:
                sample.add(cell)
        else:  # every selector is known, or surely unknown
            yield from unknown
            if unknown or doubts.spend:
                continue
            names = tuple(known.names[cell] for cell in sorted(sample))
            current = spend[sorted(sample)] if spend.any() else None
            yield from _unstated(rule, Cells(names, current), ("rules", i))


def _selectors(rule: Any) -> Iterator[tuple[Path, str, bool]]:
    """List the selectors of a rule: its path within the rule, the selector, and whether it is a key."""
    for field in dataclasses.fields(rule):
        value = getattr(rule, field.name)
        if field.name == "selector":
            yield ("select",), value, False
        elif isinstance(value, Mapping) and field.name not in _BY_CELL:
            yield from (((field.name, selector), selector, True) for selector in value)


def _figures_by_cell(rule: Any, known: Cells, path: Path) -> Iterator[Problem]:
    """Find figures of a rule that are stated for something else than a cell, which they are looked up by."""
    for field in _BY_CELL:
        for name in getattr(rule, field, None) or ():
            if name not in known.names:
                expected = "the name of a cell, market/channel/purpose"
                yield Problem(
                    (*path, field, name), echo(name), expected, closest(name, known.names), at_key=True
                )


def _tells(cells: Iterable[Cell]) -> bool:
    return any(cell.word_of_mouth is not None for cell in cells)


def _risk(profile: ProfileFields, cells: Sequence[Cell], doubts: Doubts) -> Iterator[Problem]:
    risk = profile.risk
    if not isinstance(risk, SafeImprovement):
        return
    if not doubts.names:
        yield from _figures_by_cell(risk, Cells(tuple(cell.name for cell in cells)), ("risk",))
    if risk.current is None and not doubts.spend and not any(cell.current_spend for cell in cells):
        yield Problem(("risk",), "this safe_improvement", "current_spend of some channel to improve on")


def _timing(profile: ProfileFields, cells: Sequence[Cell], doubts: Doubts) -> Iterable[Problem]:
    known = Cells(tuple(cell.name for cell in cells))
    hint = None if doubts.names else lambda selector: _nearest_selector(selector, profile, known)
    return timing_problems(profile, cells, hint)


def _selected(known: Cells, selector: str) -> NDArray[np.bool_] | None:
    try:
        return known.select(selector)
    except InputError:
        return None


def _nearest_selector(selector: str, profile: ProfileFields, known: Cells) -> str:
    if selector.count("/") > 2:  # no cell has more than three parts
        return ""
    parts = (*(market.name for market in profile.markets), *profile.channels, *profile.purposes.declared)
    order = {part: i for i, part in enumerate(parts)}
    meant = [part if part in order else closest(part, parts) for part in selector.split("/")]
    nearest = "/".join(sorted(meant, key=lambda part: order.get(part, 0)))
    return nearest if all(meant) and _selected(known, nearest) is not None else ""


def _unstated(rule: Any, known: Cells, path: Path) -> Iterator[Problem]:
    """Find what a rule needs to state its rows and the profile does not give."""
    if hasattr(rule, "with_figures"):  # what a profile leaves out is worked out of its draws
        rule = rule.with_figures(dict.fromkeys(known.names, 1.0))
    try:
        with np.errstate(over="raise", invalid="raise"):
            rule.rows(known)
    except FloatingPointError:
        yield Problem(path, f"this {rule.kind}", "numbers small enough to be multiplied with spend")
    except InputError as error:
        expected = (
            "current_spend of some channel to compare with" if known.current is None else escape(str(error))
        )
        yield Problem(path, f"this {rule.kind}", expected)


def _one_of(names: Sequence[str], what: str) -> str:
    return f"one of the {what}: {', '.join(names)}"
