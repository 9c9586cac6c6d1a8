"""JSON of others, read strictly: no key twice, no nesting without end, no number that a computer cannot hold.

Parsers accept all three, each in its own way: of a key that stands twice, one counts the first and another the last.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

from channelmix.core.errors import InputError
from channelmix.core.sizes import MOST_OBJECTS, MOST_VALUES, within

DEEPEST_NESTING = 100
"""Levels of lists and objects within each other."""

LARGEST_INTEGER = 2**63 - 1
"""Largest whole number of a document, either way: numbers beyond are written with an exponent."""

CHUNK = 2**20
"""Bytes that are looked at in one go."""

LONGEST_ECHO = 40
"""Characters of a text that a message repeats."""

# Possessive quantifiers (*+): an unterminated string must not be tried again from each of its characters.
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)


def too_deep(text: str) -> int | None:
    """Return where a text nests deeper than `DEEPEST_NESTING`; None if nowhere."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        first = text[match.start()]  # not all of it: a string may be the larger part of a document
        if first in "[{":
            depth += 1
            if depth > DEEPEST_NESTING:
                return match.start()
        elif first in "]}":
            depth -= 1
    return None


def whole_number(text: str) -> int | float:
    """Read a whole number; thousands of digits become infinite instead of an error of Python's."""
    value = float(text)
    return int(text) if math.isfinite(value) else value


def read_json(data: str | bytes) -> Any:
    """Read JSON strictly; bytes are UTF-8, with or without a byte order mark.

    Raises
    ------
    InputError
        If it is no valid JSON, a key stands twice in an object, it nests deeper than `DEEPEST_NESTING`, or a number is
        not finite or a whole one beyond `LARGEST_INTEGER`, or it holds more values than
        `channelmix.core.sizes` allows.
    """
    try:
        text = data.decode() if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise InputError("not text in UTF-8") from None
    return _read(text.removeprefix("\ufeff"), _members)


def check_json(data: bytes) -> None:
    """Check JSON like `read_json` and keep nothing of it: what a large one holds takes as much memory again.

    Raises
    ------
    InputError
        As `read_json`.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), CHUNK):
            decoder.decode(data[start : start + CHUNK], final=start + CHUNK >= len(data))
    except UnicodeDecodeError:
        raise InputError("not text in UTF-8") from None
    bare = data.removeprefix(codecs.BOM_UTF8)
    if not data.isascii() and b"\\u" in data:  # one key may be written in two ways
        _read(bare.decode(), _keys_once)
        return
    # One character a byte: nothing that JSON is made of lies beyond the first 128, and a text with one emoji would take
    # four bytes for each of all its characters.
    _read(bare.decode("latin-1"), _keys_once if data.isascii() else _raw_keys_once)


def _read(text: str, members: Callable[[list[tuple[str, Any]]], Any]) -> Any:
    within(MOST_OBJECTS, text.count("{"), "objects in JSON")
    within(MOST_VALUES, text.count(",") + text.count("["), "values in JSON")
    if too_deep(text) is not None:
        raise InputError(f"nested deeper than {DEEPEST_NESTING} levels of lists and objects")
    try:
        return json.loads(
            text, parse_int=_integer, parse_float=_float, parse_constant=_refuse, object_pairs_hook=members
        )
    except json.JSONDecodeError as error:
        raise InputError(f"not valid JSON ({error})") from None


def _integer(text: str) -> int:
    number = whole_number(text)
    if abs(number) > LARGEST_INTEGER:
        raise InputError(f"a whole number of {len(text.lstrip('-')):,} digits, beyond {LARGEST_INTEGER}")
    return int(number)


def _float(text: str) -> float:
    number = float(text)
    return (
        number
        if math.isfinite(number)
        else _refuse(f"{text[:LONGEST_ECHO]}, beyond any number of a computer,")
    )


def _refuse(constant: str) -> NoReturn:
    raise InputError(f"{constant} where a finite number should be")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _keys_once(pairs)
    return dict(pairs)


def _keys_once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise InputError(f"the key {twice[:LONGEST_ECHO]!a} stands twice in one object")


def _raw_keys_once(pairs: list[tuple[str, Any]]) -> None:
    """See `_keys_once`, of keys whose characters are bytes."""
    if len({key for key, _ in pairs}) < len(pairs):
        _keys_once([(key.encode("latin-1").decode(), None) for key, _ in pairs])
