"""The JSON Schema of profiles, for editors and for programs that write profiles."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from typing import Any

from channelmix.engine.rules import Stated
from channelmix.profile.fields.fields import ProfileFields


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a profile.

    It describes every field with its unit and range. Relations between fields (names in rules, sums of shares) are
    checked by `CompanyProfile` alone.

    >>> json_schema()["title"]
    'channelmix profile'
    """
    return copy.deepcopy(known_schema())


def known_schema() -> dict[str, Any]:
    """Return the same schema which callers must not change; building it takes as long as checking many profiles."""
    return _schema(tuple(Stated.registered().values()))


@functools.lru_cache(maxsize=1)
def _schema(kinds: tuple[type, ...]) -> dict[str, Any]:  # noqa: ARG001  made anew when there are other kinds
    schema = ProfileFields.model_json_schema(by_alias=True, mode="validation")
    for node in _nodes(schema):
        if isinstance(text := node.get("description"), str):
            node["description"] = " ".join(text.partition("\n\n")[0].split())
    for owner in (schema, *schema["$defs"].values()):
        for field in owner.get("properties", {}).values():
            for union in _nodes(field):
                if "discriminator" in union:
                    field["description"] += f" Kinds: {', '.join(union['discriminator']['mapping'])}."
    schema["$defs"]["Purposes"]["minProperties"] = 1
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "channelmix profile",
        "description": "A company, its customers, its channels and its rules. Every amount is per period.",
    }


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from _nodes(child)
    elif isinstance(node, list):
        for child in node:
            yield from _nodes(child)
