"""The uncertain numbers that a profile states, and the same profile with one of them changed.

What the company decides or knows from its books is not uncertain: budget, rules, periods, discount rate, spend today
and before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from channelmix.profile.company import CompanyProfile
from channelmix.profile.faults import Path
from channelmix.profile.fields.estimates import Estimate
from channelmix.profile.fields.values import Record

NOT_BELIEFS = {
    *(
        "schema_version",
        "period",
        "periods",
        "scenario",
        "current_spend",
        "rules",
        "risk",
        "history",
        "notes",
    ),
    *("spent_before", "discount_rate"),
}
"""Fields whose numbers are decisions, known from the books, or not about the company at all."""

PRECISION = 1e-6
"""How close a changed number gets to the limit that stops it, as a share of the change."""


def beliefs(profile: CompanyProfile) -> list[tuple[Path, float]]:
    """List the profile's uncertain numbers, each with its path, in the order of the fields.

    A number of which the profile says how sure it is, is an `Estimate`. A 0 is listed only if it is one.
    """
    return [
        (path, number) for path, number in _numbers(profile, ()) if number or isinstance(number, Estimate)
    ]


def _numbers(part: Any, path: Path) -> Iterator[tuple[Path, float]]:
    if isinstance(part, Record):
        for name in type(part).model_fields:
            if name not in NOT_BELIEFS:
                yield from _numbers(getattr(part, name), (*path, name))
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield from _numbers(value, (*path, key))
    elif isinstance(part, tuple):
        for i, value in enumerate(part):
            yield from _numbers(value, (*path, i))
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield path, part if isinstance(part, Estimate) else float(part)


def with_overlap(profile: CompanyProfile, overlap: float) -> CompanyProfile:
    """Return the profile with a stated overlap of audiences, a share from 0 to 1."""
    content = profile.model_dump(mode="json", by_alias=True, exclude_none=True) | {"overlap": overlap}
    return type(profile).model_validate(content, context={"own": profile.own})


def with_belief_moved(profile: CompanyProfile, path: Path, factor: float) -> tuple[float, CompanyProfile]:
    """Multiply one number, or bring it as close to that as the profile's checks allow.

    Parameters
    ----------
    profile : CompanyProfile
    path : tuple of str or int
        From `beliefs`.
    factor : float
        Factor on the number, and on the interval stated for it.

    Returns
    -------
    number : float
        The new value: a share stops at 1, customers at the number that a channel reaches.
    profile : CompanyProfile
        The profile with the new value; the unchanged profile if no change is possible.
    """
    content = profile.model_dump(mode="json", by_alias=True, exclude_none=True)
    holder: Any = content
    for part in path[:-1]:
        holder = holder[part]
    said = holder[path[-1]]
    start = float(said["value"] if isinstance(said, dict) else said)
    most = getattr(_at(profile, path), "most", None)

    def attempt(number: float) -> CompanyProfile | None:
        holder[path[-1]] = _moved(said, number, most) if isinstance(said, dict) else number
        try:
            return type(profile).model_validate(content, context={"own": profile.own})
        except ValidationError:
            return None

    inside, beyond, best = start, start * factor, profile
    if (moved := attempt(beyond)) is not None:
        return beyond, moved
    # Each check of a single number is a limit, so the values allowed form an interval around the present one.
    while abs(beyond - inside) > PRECISION * abs(start * factor - start):
        middle = 0.5 * (inside + beyond)
        moved = attempt(middle)
        inside, beyond, best = (middle, beyond, moved) if moved is not None else (inside, middle, best)
    limit = float(f"{beyond:.5g}")  # limits tend to be round
    moved = attempt(limit)
    return (limit, moved) if moved is not None else (inside, best)


def _at(part: Any, path: Path) -> Any:
    for key in path:
        part = getattr(part, str(key)) if isinstance(part, Record) else part[key]
    return part


def _moved(said: Mapping[str, Any], number: float, most: float | None) -> dict[str, Any]:
    """Move a figure that is stated with its uncertainty; its range stops where the figure does."""
    ends = {name: said[name] * number / said["value"] for name in ("low", "high") if name in said}
    if most is not None and "high" in ends:
        ends["high"] = min(ends["high"], most)
    return {**said, **ends, "value": number}
