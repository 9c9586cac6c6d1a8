"""What is wrong between the valid parts of a profile of which other parts are faulty."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from channelmix.profile.checks.checks import find_problems
from channelmix.profile.checks.doubts import doubts_of
from channelmix.profile.faults import Path, Problem
from channelmix.profile.fields.fields import ProfileFields
from channelmix.profile.reading.translate import translate

MOST_ROUNDS = 8
"""How often faulty parts are replaced; what a removal leaves incomplete is completed in the next round."""

_WORTHS: Mapping[str, Mapping[str, float]] = {
    "promotion": {"margin_per_order": 0.0},
    "service": {"inbound_contacts": 0.0, "value_per_resolution": 0.0},
    "advocacy": {"value_per_exposure": 0.0},
}
# What stands in for a faulty part that a profile cannot be without; every other faulty part is left out.
_STAND_INS: Mapping[Path, Any] = {
    ("name",): "stand-in",
    ("sector",): "other",
    ("country",): "XX",
    ("currency",): "XXX",
    ("period",): "month",
    ("purposes",): _WORTHS,
    **{("purposes", purpose): worths for purpose, worths in _WORTHS.items()},
    **{("purposes", purpose, key): 0.0 for purpose, worths in _WORTHS.items() for key in worths},
    ("markets",): [{"name": "stand-in of channelmix", "customers": 1.0}],
    ("markets", "*"): {"customers": 1.0},  # its name follows, in the next round
    ("markets", "*", "customers"): 1.0,
    ("channels",): {"social": {}},
    ("channels", "*"): {},
    ("rules", "*"): {"kind": "group_share", "select": "all"},  # keeps the places of the other rules
}


def problems_between_valid_parts(
    data: Mapping[str, Any], faults: Sequence[Problem], schema: Mapping[str, Any]
) -> list[Problem]:
    """Return the problems between parts that stand as they are written, and follow from no other fault.

    Parameters
    ----------
    data : mapping
        The profile as it is written.
    faults : sequence of Problem
        What is wrong with its parts; if nothing is, the result is empty, for all is said already.
    schema : mapping
        Its JSON Schema.
    """
    repaired: Any = copy.deepcopy(data)
    replaced: list[Problem] = []
    for _ in range(MOST_ROUNDS):
        try:
            profile = ProfileFields.model_validate(repaired)
            break
        except ValidationError as error:
            found = translate(error, repaired, schema)
        for problem in found:
            path = _replaceable(problem.path)
            _replace(repaired, path, problem.at_key and path == problem.path)
            replaced.append(Problem(path, "", "", at_key=problem.at_key and path == problem.path))
    else:
        return []
    if not replaced:
        return []
    places = {problem.path for problem in (*replaced, *faults) if problem.path}
    return [
        problem
        for problem in find_problems(profile, doubts_of(replaced))
        if not any(problem.path[:length] in places for length in range(len(problem.path) + 1))
    ]


def _replaceable(path: Path) -> Path:
    """Return the part that is replaced for a fault: all of a rule, a scenario or a list, lest places shift."""
    if path[:1] in {("scenario",), ("risk",), ("history",), ("notes",)}:
        return path[:1]
    if path[:1] == ("rules",):
        return path[:2]
    lists = [i for i, part in enumerate(path) if isinstance(part, int) and (i, path[0]) != (1, "markets")]
    return path[: lists[0]] if lists else path


def _replace(data: Any, path: Path, at_key: bool) -> None:
    """Put a stand-in at a path, or leave out what stands there; what is gone already needs neither."""
    if not path:
        return
    node = data
    for part in path[:-1]:
        if part not in (range(len(node)) if isinstance(node, list) else node):
            return
        node = node[part]
    last = path[-1]
    pattern = (path[0], "*", *path[2:]) if path[0] in {"markets", "channels", "rules"} and path[1:] else path
    if isinstance(node, list) and isinstance(last, int) and last < len(node):
        node[last] = copy.deepcopy(_STAND_INS.get(pattern))
    elif isinstance(node, dict):
        if pattern == ("markets", "*", "name"):
            node[last] = f"stand-in of channelmix for markets[{path[1]}]".replace("/", "")
        elif pattern in _STAND_INS and not at_key:
            node[last] = copy.deepcopy(_STAND_INS[pattern])
        else:
            node.pop(last, None)
