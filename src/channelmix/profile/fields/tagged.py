"""Objects whose `kind` says what they are: rules, scenarios, risks and carry-overs, read by a registry of kinds."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import core_schema

from channelmix.core.errors import closest
from channelmix.engine.rules import Stated, rule_to_dict
from channelmix.profile.faults import Path, Problem, ProblemsError, echo

KIND = "What kind of object this is; it decides which other fields there are."
"""Description of the field in the schema."""


@functools.cache
def _adapter(one: Any) -> TypeAdapter[Any]:
    """Return what validates the fields of a class, its kind aside."""
    return TypeAdapter(one)


@dataclass(frozen=True)
class OneOf:
    """Pydantic annotation of a field that holds an object of one of several kinds.

    Kinds are looked up when an object is read, or a schema is made, so that classes may be added at any time.

    Parameters
    ----------
    base : subclass of Stated
        Base class of the kinds.
    """

    base: type[Stated]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(rule_to_dict)
        )

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: Any) -> dict[str, Any]:
        kinds: Mapping[str, Any] = self.base.in_profiles()
        choices = {kind: _adapter(one).core_schema for kind, one in kinds.items()}
        union: dict[str, Any] = handler(core_schema.tagged_union_schema(choices, "kind"))
        for kind, reference in union["discriminator"]["mapping"].items():
            body = handler.resolve_ref_schema({"$ref": reference})
            # In JSON the kind must be written, though in Python the class has it.
            body["properties"]["kind"] = {
                "const": kind,
                "description": KIND,
                "title": "Kind",
                "type": "string",
            }
            body["required"] = sorted({*body.get("required", ()), "kind"})
        return union

    def _read(self, value: Any) -> Any:
        """Read an object, and refuse what Pydantic would quietly turn into a number."""
        if isinstance(value, self.base):
            return value
        if not isinstance(value, Mapping):
            raise ProblemsError((Problem((), echo(value), "an object"),))
        kinds: Mapping[str, Any] = self.base.in_profiles()
        kind = value.get("kind")
        if "kind" not in value:
            raise ProblemsError((Problem(("kind",), "nothing", _one_of(list(kinds))),))
        if not isinstance(kind, str) or kind not in kinds:
            raise ProblemsError((choice(("kind",), kind, list(kinds)),))
        rule = _adapter(kinds[kind]).validate_python(
            {key: part for key, part in value.items() if key != "kind"}
        )
        if problems := tuple(_turned_into_numbers(value, rule_to_dict(rule), ())):
            raise ProblemsError(problems)
        return rule


def choice(path: Path, found: Any, known: Sequence[str], at_key: bool = False) -> Problem:
    """Return the problem of a value that is none of the known ones."""
    hint = closest(found, known) if isinstance(found, str) else ""
    return Problem(path, echo(found), _one_of(known), hint, at_key)


def _one_of(names: Sequence[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _turned_into_numbers(written: Any, read: Any, path: Path) -> Iterator[Problem]:
    if isinstance(written, str | bool) and isinstance(read, int | float):
        yield Problem(path, echo(written), "a number")
    elif isinstance(written, Mapping):
        for key in written.keys() & read.keys():
            yield from _turned_into_numbers(written[key], read[key], (*path, key))
    elif isinstance(written, list | tuple):
        for i, pair in enumerate(zip(written, read, strict=True)):
            yield from _turned_into_numbers(*pair, (*path, i))
