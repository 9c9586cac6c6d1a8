"""Translate Pydantic's errors into plain words, with paths in the user's own text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from channelmix.core.errors import InputError, closest, escape
from channelmix.engine.rules.rows import OutOfRangeError
from channelmix.profile.faults import Path, Problem, ProblemsError, echo
from channelmix.profile.fields.tagged import choice
from channelmix.profile.fields.values import COUNTRY_PATTERN, CURRENCY_PATTERN

_EXPECTED = {
    "bool_type": "true or false",
    "dataclass_type": "an object",
    "dict_type": "an object",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "a number greater than {gt:.15g}",
    "greater_than_equal": "a number of at least {ge:.15g}",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "less_than_equal": "a number of at most {le:.15g}",
    "mapping_type": "an object",
    "missing": "a value (it is required)",
    "model_attributes_type": "an object",
    "model_type": "an object",
    "string_type": "text",
    "too_long": "at most {max_length} entries",
    "too_short": "at least {min_length} entry",
    "tuple_type": "a list",
}
_PATTERNS = {
    COUNTRY_PATTERN: 'an ISO 3166 country code of two capital letters, such as "FR"',
    CURRENCY_PATTERN: 'an ISO 4217 currency code of three capital letters, such as "EUR"',
}
_NUMBERS = frozenset({"float_type", "int_type"})
"""Kinds of error where a number is expected."""
_QUOTED = re.compile(r"'([^']*)'")
HINTED = 200
"""Faults that may get the known name nearest to a mistyped one: more than a message lists, and comparing is slow."""
_EXACT = "a number alone: this field takes no range"
"""Expected where a figure that has no uncertainty is stated like one that has."""
_OBJECT = {"$ref", "anyOf", "oneOf", "discriminator", "properties"}
"""Keys of a schema that an object may have, rather than a number."""


def translate(error: ValidationError, data: Any, schema: Mapping[str, Any]) -> list[Problem]:
    """Return what Pydantic found as problems in plain words, one for each place.

    Parameters
    ----------
    error : ValidationError
    data : object
        What was validated.
    schema : mapping
        Its JSON Schema, which lists the fields that a mistyped key may have meant.
    """
    merged: dict[tuple[Path, bool], Problem] = {}
    for count, details in enumerate(error.errors(include_url=False)):
        for problem in _problems(details, data, schema, with_hint=count < HINTED):
            place = (problem.path, problem.at_key)
            first = merged.setdefault(place, problem)
            if problem.expected not in first.expected:  # the other members of a union
                expected = f"{first.expected}, or {problem.expected}"
                merged[place] = replace(first, expected=expected, hint=first.hint or problem.hint)
    return list(merged.values())


def _problems(
    details: ErrorDetails, data: Any, schema: Mapping[str, Any], *, with_hint: bool
) -> Iterator[Problem]:
    kind, context = details["type"], details.get("ctx", {})
    at_key = details["loc"][-1:] == ("[key]",)
    path = _path_in(data, details["loc"])
    cause = context.get("error")
    if isinstance(cause, ProblemsError):
        for inner in cause.problems:
            yield replace(inner, path=(*path, *inner.path), at_key=at_key or inner.at_key)
    elif isinstance(cause, InputError):
        yield _broken_rule(path, _at(data, path), cause)
    elif kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        known = sorted(_fields_at(path[:-1], data, schema))
        hint = closest(str(path[-1]), known) if with_hint else ""
        expected = "a known field" if hint else f"one of the fields {', '.join(known)}"
        yield Problem(path, f"the unknown key {echo(path[-1])}", expected, hint, at_key=True)
    elif kind == "missing":
        yield Problem((*path, details["loc"][-1]), "nothing", _EXPECTED[kind])
    elif kind == "literal_error":
        known = _QUOTED.findall(context["expected"])
        found = path[-1] if at_key else _at(data, path)
        yield (
            choice(path, found, known, at_key) if known else Problem(path, echo(found), context["expected"])
        )
    elif kind != "too_short" or len(_at(data, path)) < context["min_length"]:  # else: too few valid ones
        found = path[-1] if at_key else _at(data, path)
        expected = _expected(kind, context, details["msg"])
        if kind in _NUMBERS and isinstance(found, Mapping) and "value" in found:
            expected = _EXACT
        yield Problem(path, echo(found), expected, at_key=at_key)


def _expected(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind == "string_pattern_mismatch":
        return _PATTERNS[context["pattern"]]
    if kind in _EXPECTED:
        return _EXPECTED[kind].format(**context)
    return escape(message.removeprefix("Input should be "))


def _path_in(data: Any, location: tuple[str | int, ...]) -> Path:
    """Follow Pydantic's location through the data, without the parts that name a validator or a union's member."""
    path: list[str | int] = []
    for part in location:
        if _has(data, part):
            data = data[part]
            path.append(part)
    return tuple(path)


def _has(data: Any, part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int) and part < len(data)
    return isinstance(data, Mapping) and part in data


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _broken_rule(path: Path, rule: Mapping[str, Any], error: InputError) -> Problem:
    """Locate a rule's error at the value that it is about, else at the whole rule."""
    if isinstance(error, OutOfRangeError):
        for inner, value in _values(rule, ()):
            if value == error.value:
                return Problem((*path, *inner), echo(value), error.expected)
    return Problem(path, f"this {rule['kind']}", f"a valid one: {escape(str(error))}")


def _values(data: Any, path: Path) -> Iterator[tuple[Path, str | float]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _values(value, (*path, key))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _values(value, (*path, i))
    elif isinstance(data, str | int | float):
        yield path, data


def _fields_at(path: Path, data: Any, schema: Mapping[str, Any]) -> list[str]:
    """List the fields of the object at a path, from the JSON Schema."""
    node = _resolve(schema, data, schema)
    for part in path:
        data = data[part]
        inner = node.get("properties", {}).get(part) or node.get("additionalProperties") or node["items"]
        node = _resolve(inner, data, schema)
    return [str(name) for name in node["properties"]]


def _resolve(node: Mapping[str, Any], data: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references, optional parts and tagged unions to the object's own schema."""
    while "properties" not in node:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        elif "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"][data["kind"]]}
        elif choices := node.get("anyOf") or node.get("oneOf"):
            node = next((part for part in choices if _OBJECT & part.keys()), choices[0])
        else:
            break
    return node
