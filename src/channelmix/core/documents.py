"""Base of plans and other answers: frozen data with printable text and finite numbers, in versioned JSON."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from channelmix.core.described import Described
from channelmix.core.errors import InputError, expect, named
from channelmix.core.files import read_at_most
from channelmix.core.json_text import DEEPEST_NESTING, LARGEST_INTEGER, check_json
from channelmix.core.tolerances import SAME_AMOUNT
from channelmix.core.words import PLAIN, Message, Saying, Words

LARGEST_DOCUMENT = 200_000_000
"""Largest document, in bytes of JSON: read with less than 500 MB; enough for a plan with 1,000 draws of 1,000 cells."""


def _kept(value: Any, handler: Callable[[Any], str]) -> str:
    text = handler(value)
    return value if isinstance(value, Message) else text


Said = Annotated[str, WrapValidator(_kept)]
"""A field for a sentence: Pydantic would make a message a plain string."""


class Part(Described, BaseModel):
    """A part of a document: frozen, without unknown fields, each described by the docstring below it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _sound(cls, value: Any) -> Any:
        if type(value) is float and math.isfinite(value):
            return value  # as most are
        if not _is_sound(value):
            raise PydanticCustomError("unsound", "Input should hold printable text and finite numbers only")
        return value


def _is_sound(value: Any, levels: int = DEEPEST_NESTING) -> bool:
    """Reject text that could control a terminal or break a line, numbers that JSON cannot express, endless nesting."""
    if isinstance(value, str):
        return value.isprintable()
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= LARGEST_INTEGER
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    if not isinstance(value, list | tuple):
        return True
    return levels > 0 and all(_is_sound(one, levels - 1) for one in value)


def require_order(*values: float | None) -> None:
    """Raise what a validator raises unless values do not fall, but for rounding; those that are None are left out."""
    known = [value for value in values if value is not None]
    for low, high in itertools.pairwise(known):
        if low > high and not math.isclose(low, high, rel_tol=SAME_AMOUNT):
            raise PydanticCustomError("crossed", "Input should have its figures in order, the low ones first")


class Interval(Part):
    """A mean with its 90 % interval over the draws."""

    mean: float
    """Mean over the draws."""
    low: float
    """5 % quantile."""
    high: float
    """95 % quantile."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise PydanticCustomError("crossed", "Input should have its low end below its high end")
        return self


def _messages(value: Any) -> Iterator[Message]:
    """Find the messages in a part of a document."""
    if isinstance(value, Message):
        yield value
    elif isinstance(value, Part):
        yield from _messages_among(value.__dict__.values())
    elif isinstance(value, list | tuple):
        yield from _messages_among(value)


def _messages_among(values: Iterable[Any]) -> Iterator[Message]:
    for value in values:
        if isinstance(value, Message):  # most values are numbers, and not worth another call
            yield value
        elif isinstance(value, Part | list | tuple):
            yield from _messages(value)


class _Written(dict[tuple[Any, ...], tuple[Saying, str | None]]):
    """Messages that have been written already; documents are equal whatever has been written of them."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Written)


class Document(Part):
    """An answer that is written as JSON and read back unchanged."""

    kind_of_document: ClassVar[str]
    """Name of the document in messages."""
    row_names: ClassVar[tuple[str, ...]] = ()
    """Names of a row's values, for the header of a table without rows."""

    messages: dict[str, Saying] = Field(default_factory=dict, repr=False)
    """How texts of this document are made: by the English text, its code and values, so that other languages can be
    written."""

    _said_as: _Written = PrivateAttr(default_factory=_Written)

    def gather_messages(self) -> None:
        """Note how the texts of this document are made; done when it is made."""
        for message in _messages(self):
            self.messages.setdefault(str(message), message.data)

    @model_validator(mode="after")
    def _with_messages(self) -> Self:
        self.gather_messages()
        return self

    def rows(self) -> list[dict[str, Any]]:
        """Return the document as a table, for CSV: one dictionary a row, without nesting."""
        raise NotImplementedError(f"a {self.kind_of_document} is not a table: write it with to_json")

    def to_json(self) -> str:
        """Write it as JSON; `from_json` reads it back unchanged."""
        data = self.model_dump(mode="json")
        data["messages"] = data.pop("messages")  # at the end: it is about all that stands before
        return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    def message(self, text: str) -> str:
        """Return the `Message` behind a text of this document, or the text where it is unknown or does not fit."""
        saying = self.messages.get(text)
        # What stands in the document counts, whatever is beside it.
        if saying is None or self._once(PLAIN, saying, text) != text:
            return text
        message = Message(text)
        message.code, message.values = saying["code"], saying["values"]
        return message

    def said(self, text: str, words: Words) -> str | None:
        """Return a text of this document in another language; None where it is not known how it was made."""
        return (
            self._once(words, self.messages[text], text) if isinstance(self.message(text), Message) else None
        )

    def _once(self, words: Words, saying: Saying, text: str) -> str | None:
        """Write a message, a single time for all the places where it stands."""
        key = (text, *words.manner)
        known = self._said_as.get(key)
        if known is None or known[0] is not saying:
            known = self._said_as[key] = (saying, words.said(saying))
        return known[1]

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        InputError
            If the text is not JSON, or not this kind of document; the message names the place.
        """
        expect(text, "text", str, bytes)
        return cls._read(text, "")

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read it from a file.

        Raises
        ------
        InputError
            If the file cannot be read, or does not hold this kind of document.
        """
        expect(path, "path", str, os.PathLike)
        try:
            text = read_at_most(path, cls._largest())
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
        return cls._read(text, f"{path}: ")

    @classmethod
    def _largest(cls) -> int:
        """Bytes of the largest document of this kind that is read."""
        return LARGEST_DOCUMENT

    @classmethod
    def _read(cls, text: str | bytes, source: str) -> Self:
        if len(text) > cls._largest():
            raise InputError(
                f"{source}a document has at most {cls._largest():,} bytes: make it anew on fewer draws (--draws)"
            )
        article = "an" if cls.kind_of_document[0] in "aeiou" else "a"
        not_one = f"{source}not {article} {cls.kind_of_document} of channelmix"
        try:
            data = text.encode() if isinstance(text, str) else text
            check_json(data)
            return cls.model_validate_json(data, strict=True)
        except InputError as error:
            raise InputError(f"{not_one}: {error}") from None
        except UnicodeEncodeError:
            raise InputError(f"{not_one}: the text is not valid Unicode") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            place = ".".join(map(named, first["loc"])) or "top level"
            said = (
                first["msg"].replace("Input should", "it should").replace("Field required", "it is missing")
            )
            raise InputError(f"{not_one}: {place}: {said}") from None
