"""Documents that a JSON Schema allows, made of whatever it does not rule out."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

__all__ = ["by_schema", "made_by_schema"]

WORDS = ("sms", "social", "im", "app", "FR", "all", "promotion", "service", "month", "EUR", "x", "2024-01-01")

DEEPEST = 12
"""Levels beyond which only what must be there is there."""


def by_schema(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema allows, each by a number of its own."""
    return st.integers(0, 2**32 - 1).map(lambda seed: made_by_schema(schema, seed))


def made_by_schema(schema: Mapping[str, Any], seed: int) -> Any:
    """One value that a schema allows."""
    return _Maker(schema, random.Random(seed)).made(schema, 0)


class _Maker:
    def __init__(self, top: Mapping[str, Any], chance: random.Random) -> None:
        self.top = top
        self.chance = chance

    def made(self, schema: Mapping[str, Any] | bool, level: int) -> Any:
        """A value that a part of the schema allows; `not` and conditions are left out of account."""
        if isinstance(schema, bool):
            return None
        if "$ref" in schema:
            node: Any = self.top
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step]
            return self.made({**node, **{k: v for k, v in schema.items() if k != "$ref"}}, level)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        for several in ("anyOf", "oneOf"):
            if several in schema:
                among = schema[several] if level < DEEPEST else schema[several][-1:]
                return self.made(self.chance.choice(among), level)
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        kind = self.chance.choice(kinds) if isinstance(kinds, list) else kinds
        return getattr(self, f"_{kind}")(schema, level + 1)

    def _object(self, schema: Mapping[str, Any], level: int) -> dict[str, Any]:
        needed = schema.get("required", ())
        found = {
            name: self.made(inner, level)
            for name, inner in schema.get("properties", {}).items()
            if name in needed or (level < DEEPEST and self.chance.random() < 0.4)
        }
        more = schema.get("additionalProperties")
        if isinstance(more, Mapping) and level < DEEPEST:
            for name in self.chance.sample(WORDS, self.chance.randint(schema.get("minProperties", 0), 3)):
                found.setdefault(name, self.made(more, level))
        for low in [name for name in found if "low" in name]:
            high = low.replace("low", "high")
            if isinstance(found[low], float) and isinstance(found.get(high), float):
                found[low], found[high] = sorted((found[low], found[high]))
                middle = {
                    name: 0.5 * (found[low] + found[high]) for name in ("mean", "median") if name in found
                }
                found |= middle if low == "low" else {}
        return found

    def _array(self, schema: Mapping[str, Any], level: int) -> list[Any]:
        first = schema.get("prefixItems", [])
        least = max(schema.get("minItems", 0), len(first))
        most = min(schema.get("maxItems", least + 2), least + 2) if level < DEEPEST else least
        items = schema.get("items", True)
        return [
            self.made(first[i] if i < len(first) else items, level)
            for i in range(self.chance.randint(least, most))
        ]

    def _number(self, schema: Mapping[str, Any], _level: int) -> float:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1e6))
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(1e6, 2.0 * low)))
        if self.chance.random() < 0.2:
            return float(
                self.chance.choice([0.5 * (low + high), high, low][: 3 - ("exclusiveMinimum" in schema)])
            )
        return float(low + (high - low) * self.chance.random() * 10.0 ** self.chance.choice([0, 0, 0, -6]))

    def _integer(self, schema: Mapping[str, Any], _level: int) -> int:
        return int(self.chance.randint(int(schema.get("minimum", 0)), int(schema.get("maximum", 50))))

    def _string(self, _schema: Mapping[str, Any], _level: int) -> str:
        return self.chance.choice(WORDS)

    def _boolean(self, _schema: Mapping[str, Any], _level: int) -> bool:
        return self.chance.random() < 0.5

    def _null(self, _schema: Mapping[str, Any], _level: int) -> None:
        return None
