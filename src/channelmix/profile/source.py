"""Read a profile's JSON text, and find the line and column of each fault in it."""

from __future__ import annotations

import json
import math
import os
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from channelmix.core.errors import escape
from channelmix.core.files import read_at_most
from channelmix.core.json_text import DEEPEST_NESTING, too_deep, whole_number
from channelmix.profile.faults import Fault, Path, Problem, ProfileError, echo, path_text

LARGEST_FILE = 10_000_000
"""Bytes of the largest profile that is read."""
LONGEST_NUMBER = 30
"""Characters of a number in which a decimal comma is looked for."""

_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(r"[\w.+-]+|.", re.DOTALL)
_BEFORE_COMMA = re.compile(r"(-?\d+),$")

# What the standard library's parser says, and what it expected in plain words.
_SYNTAX = {
    "Expecting value": "a value",
    "Expecting property name enclosed in double quotes": "a key in double quotes",
    "Expecting ':' delimiter": 'a ":" after the key',
    "Expecting ',' delimiter": 'a "," or the end of this list or object',
    "Extra data": "nothing more after the end of the profile",
    "Unterminated string starting at": "a closing double quote",
    "Invalid control character at": r"control characters written as escapes, such as \n for a new line",
    "Illegal trailing comma before end of object": 'no "," after the last entry',
    "Illegal trailing comma before end of array": 'no "," after the last entry',
}


@dataclass(frozen=True)
class Document:
    """A JSON text and its value.

    Parameters
    ----------
    source : str
        What messages call the text.
    text : str
    value : object
        The top-level object, as Python's own types.
    """

    source: str
    text: str
    value: dict[str, Any]

    def error(self, problems: Iterable[Problem]) -> ProfileError:
        """Locate each problem and return them all as one error, in the order of their places."""
        problems = list(problems)
        spots = _spots(self.text, {problem.path for problem in problems})
        line_starts = _line_starts(self.text)
        placed = sorted(((self._offset(problem, spots), problem) for problem in problems), key=itemgetter(0))
        return ProfileError(self.source, tuple(_fault(problem, line_starts, at) for at, problem in placed))

    def _offset(self, problem: Problem, spots: dict[Path, list[tuple[int, int]]]) -> int:
        path = problem.path
        while path not in spots:  # a missing field is placed at the object that lacks it
            path = path[:-1]
        places = spots[path]
        if problem.at_key and path == problem.path:
            return places[min(1, len(places) - 1)][0]  # the second of a repeated key
        return places[-1][1]


def read_file(path: str | os.PathLike[str], limit: int = LARGEST_FILE) -> bytes:
    """Read a file, no further than one byte beyond `limit`, or raise a ProfileError that says why not."""
    try:
        return read_at_most(path, limit)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        said = getattr(error, "strerror", None) or str(error)
        raise _whole(os.fspath(path), escape(said)) from None


def read_document(data: str | bytes, source: str) -> Document:
    """Parse JSON text.

    Parameters
    ----------
    data : str or bytes
        JSON; bytes in UTF-8. A byte order mark is ignored.
    source : str
        What messages call the text.

    Raises
    ------
    ProfileError
        If it is not one JSON object, repeats keys, or holds numbers or text that JSON cannot express.
    """
    text = _decode(data, source).removeprefix("\ufeff")
    if not text.strip(" \t\r\n"):
        raise _whole(source, "an empty text", "a profile in JSON")
    if (deep := too_deep(text)) is not None:
        expected = f"at most {DEEPEST_NESTING} levels of lists and objects"
        raise _error_at(text, source, deep, f"nesting deeper than {DEEPEST_NESTING}", expected)
    repeated: list[tuple[dict[str, Any], list[str]]] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            repeated.append((found, [key for key, count in counts.items() if count > 1]))
        return found

    try:
        value = json.loads(text, parse_int=whole_number, object_pairs_hook=members)
    except json.JSONDecodeError as error:
        raise _syntax_error(text, source, error) from None
    if not isinstance(value, dict):
        raise _error_at(text, source, _skip_space(text, 0), echo(value), "an object in braces")
    document = Document(source, text, value)
    if problems := list(_problems(value, {id(found): keys for found, keys in repeated})):
        raise document.error(problems)
    return document


def _decode(data: str | bytes, source: str) -> str:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > LARGEST_FILE:
        raise _whole(source, f"more than {LARGEST_FILE} bytes", f"at most {LARGEST_FILE} bytes (10 MB)")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        raise _error_at(
            before, source, len(before), f"byte 0x{raw[error.start]:02x}", "text in UTF-8"
        ) from None


def _syntax_error(text: str, source: str, error: json.JSONDecodeError) -> ProfileError:
    token = _TOKEN.match(text, error.pos)
    whole = _BEFORE_COMMA.search(text, max(error.pos - LONGEST_NUMBER, 0), error.pos)
    if whole and token and token[0].isdecimal():
        advice = f"Write {whole[1]}.{token[0]}, not {whole[1]},{token[0]}"
        return _error_at(text, source, whole.start(), escape(advice))
    found = "the end of the text" if token is None else echo(token[0])
    message = error.msg.rstrip(": ")
    expected = _SYNTAX.get(message, f"valid JSON ({escape(message.lower())})")
    return _error_at(text, source, error.pos, found, expected)


def _problems(value: Any, repeated: Mapping[int, list[str]]) -> Iterator[Problem]:
    """List what the parser accepts and JSON does not allow; `repeated` holds keys by the id of their object."""
    stack: list[tuple[Path, Any]] = [((), value)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            for key in repeated.get(id(node), ()):
                yield Problem((*path, key), f"the key {echo(key)} again", "each key only once", at_key=True)
            for key, child in node.items():
                if _SURROGATE.search(key):
                    yield Problem((*path, key), echo(key), "a key in valid Unicode", at_key=True)
                stack.append(((*path, key), child))
        elif isinstance(node, list):
            stack.extend(((*path, i), child) for i, child in enumerate(node))
        elif isinstance(node, str) and _SURROGATE.search(node):
            yield Problem(path, echo(node), "text in valid Unicode")
        elif isinstance(node, float) and not math.isfinite(node):
            found = "NaN" if math.isnan(node) else "a number out of range"
            yield Problem(path, found, "a finite number")


def _spots(text: str, paths: Iterable[Path]) -> dict[Path, list[tuple[int, int]]]:
    """Find where the key and the value of each path start, for each time that the key occurs.

    Only what leads to a wanted path is walked through; the rest is skipped at the parser's own speed.
    """
    wanted: dict[str | int, Any] = {}
    for path in paths:
        node = wanted
        for part in path:
            node = node.setdefault(part, {})
    decoder = json.JSONDecoder(parse_int=float)
    start = _skip_space(text, 0)
    spots: dict[Path, list[tuple[int, int]]] = {(): [(start, start)]}

    def walk(at: int, node: dict[str | int, Any], path: Path) -> int:
        if not node or text[at] not in "{[":
            return decoder.raw_decode(text, at)[1]
        is_object, part = text[at] == "{", 0
        at = _skip_space(text, at + 1)
        while text[at] not in "}]":
            key: str | int = part
            key_at = at
            if is_object:
                key, at = decoder.raw_decode(text, at)
                at = _skip_space(text, _skip_space(text, at) + 1)
            if key in node:
                spots.setdefault((*path, key), []).append((key_at, at))
            at = _skip_space(text, walk(at, node.get(key, {}), (*path, key)))
            part += 1
            if text[at] == ",":
                at = _skip_space(text, at + 1)
        return at + 1

    walk(start, wanted, ())
    return spots


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _fault(problem: Problem, line_starts: list[int], at: int) -> Fault:
    line = bisect_right(line_starts, at)
    column = at - line_starts[line - 1] + 1
    return Fault(path_text(problem.path), line, column, problem.found, problem.expected, problem.hint)


def _error_at(text: str, source: str, at: int, found: str, expected: str = "") -> ProfileError:
    return ProfileError(source, (_fault(Problem((), found, expected), _line_starts(text), at),))


def _whole(source: str, found: str, expected: str = "") -> ProfileError:
    return ProfileError(source, (Fault("", None, None, found, expected),))
