"""Every field of a plan, altered: refused by `verify_plan`, or in the list of what is taken as given.

Of what is taken as given, the figures are held against the profile by `verify_profile`, or stand in words that the
reader sees.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import pytest

from channelmix.core.errors import CertificateError, InputError
from channelmix.plan import Plan, verify_plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.again import verify_profile

EXAMPLE = Path(__file__).parents[2] / "examples" / "maison_verte.json"

SHOWN, PROFILE, WORDS = "shown", "by the profile", "words"

WAYS = ("from_clicks", "from_experiments", "belief")

GIVEN = {
    "certificate.requested_gap": SHOWN,  # beside the gap that is proven, which must not be above it
    "name": PROFILE,
    "currency": PROFILE,
    "period": PROFILE,
    "allocation.*.evidence": PROFILE,
    "allocation.*.most_spent": WORDS,  # what own history has seen
    "allocation.*.spent_days": WORDS,
    "allocation.*.reason": WORDS,
    "comparisons.*.description": PROFILE,
    "comparisons.*.outcome.low": PROFILE,
    "comparisons.*.outcome.high": PROFILE,
    "comparisons.*.gain.low": PROFILE,
    "comparisons.*.gain.high": PROFILE,
    "comparisons.*.chance": PROFILE,
    "comparisons.*.tail_loss": PROFILE,
    "word_of_mouth.told_if_satisfied": PROFILE,
    "word_of_mouth.told_if_not": PROFILE,
    "word_of_mouth.if_ten.value": PROFILE,
    "word_of_mouth.if_ten.gap": WORDS,
    "word_of_mouth.if_ten.share": WORDS,
    "word_of_mouth.if_ten.moved": WORDS,
    "word_of_mouth.if_ten.regret": WORDS,  # by the profile, within both gaps
    "word_of_mouth.if_ten.regret_high": WORDS,
    "word_of_mouth.if_ten": WORDS,
    "assumptions": PROFILE,
    "assumptions.*.name": PROFILE,
    "assumptions.*.value": PROFILE,
    "assumptions.*.low": PROFILE,
    "assumptions.*.high": PROFILE,
    "assumptions.*.unit": PROFILE,
    "assumptions.*.basis": PROFILE,
    "assumptions.*.facts": PROFILE,
    "assumptions.*.facts.*": PROFILE,
    "assumptions.*.sources": PROFILE,
    "assumptions.*.sources.*": PROFILE,
    "assumptions.*.note": WORDS,
    "not_counted": WORDS,
    "not_counted.*": WORDS,
    "remarks": WORDS,
    "remarks.*": WORDS,
    "warnings": WORDS,
    "warnings.*": WORDS,
    "shadow_prices": WORDS,  # their order
    "provenance.profile_sha256": PROFILE,
    "provenance.company_sha256": PROFILE,
    "provenance.version": SHOWN,
    "provenance.seed": PROFILE,
    "provenance.fresh_draws": PROFILE,
}
"""What `verify_plan` takes as given, by place, and where a reader learns of it."""
GIVEN |= {
    f"assumptions.*.{field}": PROFILE
    for field in (
        *("cells", "cells.*", "measured.figure", "measured.n", "measured.beside"),
        *(f"ways.{way}.{end}" for way in WAYS for end in ("low", "median", "high")),
        *(f"ways.{count}" for count in ("weight", "figures", "sources", "randomised", "own_channel")),
        *(f"ways.{name}" for name in ("figure", "unit", "fact_ids", "fact_ids.*", "proxies")),
        *(f"ways.proxies.{channel}" for channel in ("email", "display", "in_store")),
    )
}

MOST_PLACES = 2
"""Places that are altered of those of one kind, such as the rows of the allocation."""

Place = tuple[str | int, ...]


def places(node: Any, path: Place = ()) -> Iterator[Place]:
    if not isinstance(node, dict | list):
        yield path
        return
    entries = node.items() if isinstance(node, dict) else enumerate(node)
    for key, inner in entries:
        if path or key not in ("problem", "proof", "messages"):
            yield from places(inner, (*path, key))
    if path:
        yield path


def alterations(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, float):
        yield value * 1.01 if value else 0.5
    elif isinstance(value, str):
        yield value + "x"
    elif value is None:
        yield 0.5
    elif isinstance(value, list):
        if value:
            yield value[:-1]
        if len(value) > 1 and value[0] != value[1]:
            yield [value[1], value[0], *value[2:]]
    elif value:
        yield dict(list(value.items())[:-1])


def pattern(place: Place) -> str:
    return ".".join("*" if isinstance(key, int) or "/" in key else key for key in place)


def altered(data: Any, place: Place, new: Any) -> Any:
    """Return the data with one place altered; only what leads there is copied."""
    if not place:
        return new
    key, *rest = place
    copied = copy.copy(data)
    copied[key] = altered(data[key], tuple(rest), new)
    return copied


def forgeries(
    data: dict[str, Any], most: int = MOST_PLACES, wanted: Container[str] | None = None
) -> Iterator[tuple[str, Plan | None]]:
    """Each place of a plan, or each that is wanted, altered in each way, some of those that are alike.

    None stands for a plan that is refused as it is read. What reads as the same plan is left out: a last field may be
    missing where it holds nothing.
    """
    count: dict[str, int] = {}
    honest = Plan.from_json(json.dumps(data))
    for place in places(data):
        named = pattern(place)
        count[named] = count.get(named, 0) + 1
        if count[named] > most or (wanted is not None and named not in wanted):
            continue
        found: Any = data
        for key in place:
            found = found[key]
        for new in alterations(found):
            try:
                forged = Plan.from_json(json.dumps(altered(data, place, new)))
            except InputError:
                yield named, None
                continue
            if forged != honest:
                yield named, forged


def outcome_of(forged: Plan | None) -> str:
    if forged is None:
        return "refused"
    try:
        verify_plan(forged)
    except (CertificateError, InputError):
        return "refused"
    return "held"


@pytest.fixture(scope="module")
def table(example_plan: Plan) -> dict[str, set[str]]:
    """By place, what became of alterations of it."""
    found: dict[str, set[str]] = {}
    for named, forged in forgeries(json.loads(example_plan.to_json())):
        found.setdefault(named, set()).add(outcome_of(forged))
    return found


@pytest.mark.no_cover
def test_each_field_is_refused_or_shown(table: dict[str, set[str]]) -> None:
    """The table: `refused` for what is recomputed, where else a reader learns of it for what is taken as given."""
    rows = {
        named: GIVEN[named] if "held" in found else "refused"
        for named, found in table.items()
        if named in GIVEN
    }
    rows |= {named: "/".join(sorted(found)) for named, found in table.items() if named not in GIVEN}
    for named, verdict in sorted(rows.items()):
        print(f"{named:45} {verdict}")
    assert [named for named, verdict in rows.items() if "held" in verdict] == []
    assert len(rows) > 100
    assert sum(verdict == "refused" for verdict in rows.values()) > 60


@pytest.mark.no_cover
def test_what_is_called_given_is_given(table: dict[str, set[str]]) -> None:
    never = [named for named in GIVEN if named in table and "held" not in table[named]]
    assert never == []


@pytest.mark.no_cover
def test_the_profile_refuses_other_figures(example_plan: Plan) -> None:
    profile = CompanyProfile.from_file(EXAMPLE)
    verify_profile(example_plan, profile)
    wanted = {named for named, where in GIVEN.items() if where is PROFILE}
    seen: set[str] = set()
    held: list[str] = []
    for named, forged in forgeries(json.loads(example_plan.to_json()), most=1, wanted=wanted):
        if forged is None:
            continue  # refused by itself
        seen.add(named)
        try:
            verify_profile(forged, profile)
        except CertificateError:
            continue
        held.append(named)
    assert held == []
    assert len(seen) > 20


@pytest.mark.no_cover
def test_an_infeasible_plan_holds_as_much(infeasible_plan: Plan) -> None:
    free = {
        *GIVEN,
        "conflicts",
        "conflicts.*",
        "mends",
        "mends.*",
        "mends.*.amount",
        "mends.*.kind",
        "mends.*.part",
    }
    free |= {"mends.*.period", "mends.*.side", "mends.*.rule"}
    held = {
        named
        for named, forged in forgeries(json.loads(infeasible_plan.to_json()))
        if named not in free and outcome_of(forged) == "held"
    }
    assert held == set()
