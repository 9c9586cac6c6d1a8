"""Checks between the parts of a profile. Each reports all of its problems; none stops at the first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from channelmix.core.errors import closest, escape
from channelmix.core.tolerances import SUM_TOLERANCE
from channelmix.profile.cells import Cell, basis_of, lay_out
from channelmix.profile.checks.rule_checks import risk_problems, rule_problems
from channelmix.profile.checks.selectors import Selectors
from channelmix.profile.checks.timing_checks import timing_problems
from channelmix.profile.faults import Path, Problem, echo
from channelmix.profile.fields.fields import ChannelFigures, ProfileFields
from channelmix.profile.fields.values import BUILT_IN_CHANNELS, PURPOSES, Purpose

MOST_CELLS = 200_000
"""Cells of the largest profile, so that a small file cannot ask for more memory than there is."""
# What a channel must state for a purpose, besides its cost per contact, if no published figures apply to it.
_NEEDED: Mapping[Purpose, tuple[str, ...]] = {
    "promotion": ("contacts_per_customer", "orders_per_contact"),
    "service": ("resolution_share", "on_time_share", "service_share"),
    "advocacy": ("contacts_per_customer", "publicness"),
}
# Figures that have no meaning unless the channel is used for the purpose.
_ONLY_FOR: Mapping[str, Purpose] = {
    "orders_per_contact": "promotion",
    "opt_out_per_contact": "promotion",
    "value_per_consent": "promotion",
    "resolution_share": "service",
    "on_time_share": "service",
    "service_share": "service",
}
# Promotion in the app pays for new users; messages to today's users cost nothing, so these figures do not apply.
_NOT_OF_THE_APP = ("opt_out_per_contact", "value_per_consent")


def find_problems(profile: ProfileFields) -> tuple[Problem, ...]:
    """Return every problem between the parts of a profile, each of which is valid in itself.

    Parameters
    ----------
    profile : ProfileFields
    """
    count = len(profile.markets) * sum(len(profile.purposes_of(name)) for name in profile.channels)
    if count > MOST_CELLS:
        found = f"{count} cells (markets x channels x purposes)"
        return (Problem(("markets",), found, f"at most {MOST_CELLS} cells"),)
    cells = lay_out(profile)
    selectors = Selectors(profile, cells)
    return (
        *_names(profile),
        *_worth_of_exposures(profile),
        *_channels(profile),
        *_market_overrides(profile),
        *_service_shares(profile, cells),
        *_published_figures(profile, cells),
        *_scenario(profile, cells),
        *rule_problems(profile, cells, selectors),
        *risk_problems(profile, cells, selectors),
        *timing_problems(profile, selectors),
    )


def _names(profile: ProfileFields) -> Iterator[Problem]:
    taken: dict[str, str] = dict.fromkeys(PURPOSES, "a purpose")
    for name in profile.channels:
        if name in taken:
            expected = "a name other than those of the purposes"
            yield Problem(("channels", name), echo(name), expected, at_key=True)
    taken |= {name: "a channel" for name in profile.channels if name not in taken}
    for i, market in enumerate(profile.markets):
        if market.name in taken:
            expected = f"a name that is not already used by {taken[market.name]}"
            yield Problem(("markets", i, "name"), echo(market.name), expected)
        taken.setdefault(market.name, "a market")


def _worth_of_exposures(profile: ProfileFields) -> Iterator[Problem]:
    value = profile.word_of_mouth.value_per_exposure
    if value is not None and profile.purposes.advocacy is not None:
        reason = "purposes.advocacy.value_per_exposure states it"
        yield _needless(("word_of_mouth", "value_per_exposure"), value, reason)


def _channels(profile: ProfileFields) -> Iterator[Problem]:
    customers = math.fsum(market.customers for market in profile.markets)
    declared = profile.purposes.declared
    for name, channel in profile.channels.items():
        path: Path = ("channels", name)
        if channel.like is not None and name in BUILT_IN_CHANNELS:
            yield _needless((*path, "like"), channel.like, f'"{name}" is itself built in')
        for i, purpose in enumerate(channel.purposes or ()):
            if purpose not in declared:
                yield Problem((*path, "purposes", i), echo(purpose), _one_of(declared, "purposes"))
        yield from _figures(profile, name, channel, path)
        yield from _count_within(
            channel.reachable, customers, (*path, "reachable"), "the customers of all markets"
        )
        in_all_markets = all(_states_reach(market.channels.get(name)) for market in profile.markets)
        if not (_states_reach(channel) or in_all_markets):
            yield Problem((*path, "reachable"), "nothing", "reachable or reachable_share")


def _market_overrides(profile: ProfileFields) -> Iterator[Problem]:
    for i, market in enumerate(profile.markets):
        if market.inbound_contacts is not None and profile.purposes.service is None:
            reason = "the profile declares no purpose service"
            yield _needless(("markets", i, "inbound_contacts"), market.inbound_contacts, reason)
        for name, own in market.channels.items():
            path: Path = ("markets", i, "channels", name)
            if name not in profile.channels:
                hint = closest(name, profile.channels)
                yield Problem(path, echo(name), "a channel of the profile", hint, at_key=True)
                continue
            yield from _figures(profile, name, own, path)
            yield from _count_within(
                own.reachable, market.customers, (*path, "reachable"), "the market's customers"
            )


def _figures(profile: ProfileFields, name: str, figures: ChannelFigures, path: Path) -> Iterator[Problem]:
    """Report figures for a purpose that the channel is not used for."""
    used = profile.purposes_of(name)
    for field in ("current_spend", "cost_per_contact"):
        for purpose in getattr(figures, field):
            if purpose not in used:
                expected = _one_of(used, "purposes of this channel")
                hint = closest(purpose, used)
                yield Problem((*path, field, purpose), echo(purpose), expected, hint, at_key=True)
    for field, purpose in _ONLY_FOR.items():
        value = getattr(figures, field)
        if value is not None and purpose not in used:
            yield _needless((*path, field), value, f"the channel is not used for {purpose}")
    if basis_of(name, profile.channels[name]) == "app" and "promotion" in used:
        for field in _NOT_OF_THE_APP:
            if (value := getattr(figures, field)) is not None:
                reason = "promotion in the app pays for users, not messages"
                yield _needless((*path, field), value, reason)


def _needless(path: Path, value: Any, reason: str) -> Problem:
    return Problem(path, echo(value), f"nothing, since {reason}")


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
    company_wide_reported = False
    for i, market in enumerate(profile.markets):
        total = sums.get(market.name, 0.0)
        if total <= 1.0 + SUM_TOLERANCE:
            continue
        found, expected = f"service_share values that sum to {total:.6g}", "a sum of at most 1"
        if any(own.service_share is not None for own in market.channels.values()):
            yield Problem(("markets", i, "channels"), found, expected)
        elif not company_wide_reported:  # all markets without figures of their own have the same sum
            company_wide_reported = True
            yield Problem(("channels",), found, expected)


def _published_figures(profile: ProfileFields, cells: Iterable[Cell]) -> Iterator[Problem]:
    """Report what the profile omits and published figures cannot supply."""
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
        if absent:
            names = ", ".join(BUILT_IN_CHANNELS)
            expected = f"like (one of {names}), or the channel's own {', '.join(absent)}"
            yield Problem(("channels", name, "like"), "nothing", expected, closest(name, BUILT_IN_CHANNELS))
    if costs_published and profile.usd_rate is None:
        cell = costs_published[0]
        expected = (
            f"units of {profile.currency} per US dollar: published costs are in US dollars, and "
            f"{escape(cell.channel)} states no cost_per_contact.{cell.purpose}"
        )
        yield Problem(("usd_rate",), "nothing", expected)


def _scenario(profile: ProfileFields, cells: Iterable[Cell]) -> Iterator[Problem]:
    if profile.scenario is None and not any(cell.current_spend for cell in cells):
        yield Problem(
            ("scenario",),
            "nothing",
            "a scenario, or current_spend of at least one channel to use as the budget",
        )


def _one_of(names: Sequence[str], what: str) -> str:
    return f"one of the {what}: {', '.join(names)}"
