"""Descriptions of fields in a JSON Schema, read from the docstrings below them when a schema is built."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any


class Described:
    """Mixin for Pydantic's models and dataclasses.

    Pydantic's own option, `use_attribute_docstrings`, reads the source of every class on import, which takes a good
    part of the time of a plan.
    """

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core_schema)
        described = handler.resolve_ref_schema(schema)
        if cls.__doc__:  # which older versions of Pydantic leave out for dataclasses
            described.setdefault("description", inspect.cleandoc(cls.__doc__))
        properties = described.get("properties", {})
        for one in cls.__mro__:
            for name, text in _docstrings(one):
                key = cls._written(name)
                if key in properties:
                    properties[key].setdefault("description", text)
        return schema

    @classmethod
    def _written(cls, name: str) -> str:
        """Return a field's name in JSON."""
        fields: Mapping[str, Any] = getattr(cls, "__pydantic_fields__", {})
        return (fields[name].alias if name in fields else None) or name


def _docstrings(cls: type) -> Iterator[tuple[str, str]]:
    """Yield names and docstrings of the fields that a class itself declares."""
    if not issubclass(cls, Described):
        return
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except OSError:  # only compiled files: the schema goes without descriptions
        return
    body = [part for definition in ast.parse(source).body for part in getattr(definition, "body", ())]
    for field, below in itertools.pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
