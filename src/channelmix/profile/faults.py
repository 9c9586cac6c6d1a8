"""Faults of a profile: what is wrong, where it is, and what was expected there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channelmix.core.errors import InputError, escape

Path = tuple[str | int, ...]

ECHO_LENGTH = 60
"""Characters of the user's own text that a message repeats."""
LISTED_FAULTS = 50
"""Faults that a message lists before it only counts the rest."""


@dataclass(frozen=True)
class Problem:
    """A fault that is not yet located in the text.

    Parameters
    ----------
    path : tuple of str or int
        Keys and list positions that lead to the value, from the top (or from the model that raised it).
    found, expected : str
        What is there and what should be; if `expected` is empty, `found` is the whole message.
    hint : str
        The known name nearest to a mistyped one, or empty.
    at_key : bool
        Whether the key is at fault rather than its value.
    """

    path: Path
    found: str
    expected: str
    hint: str = ""
    at_key: bool = False

    def __str__(self) -> str:
        where = path_text(self.path)
        return _sentence(where, self.found, self.expected, self.hint)


class ProblemsError(ValueError):
    """Several problems at once, in the only form that may leave a Pydantic validator."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "; ".join(map(str, self.problems))


@dataclass(frozen=True)
class Fault:
    """One fault of a profile and its place.

    Parameters
    ----------
    path : str
        Where in the profile, such as ``channels.sms.reachable`` or ``rules[1].high``; empty for the whole profile.
    line, column : int or None
        Place in the text, counted from 1 in characters: of the value, or of the key where the key is at fault. A
        missing field is placed at the object that lacks it. None where there is no text.
    found, expected : str
        What is there and what should be; if `expected` is empty, `found` is the whole message.
    hint : str
        The known name nearest to a mistyped one, or empty.
    """

    path: str
    line: int | None
    column: int | None
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}, column {self.column}"
        where = ", ".join(part for part in (place, self.path) if part)
        return _sentence(where, self.found, self.expected, self.hint)


class ProfileError(InputError):
    """A profile cannot be used; the message lists every fault with its place and what was expected there.

    Parameters
    ----------
    source : str
        The file's name, or another name for where the text came from.
    faults : tuple of Fault
        All faults, in the order of their places.
    """

    def __init__(self, source: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(source, faults)
        self.source = source
        self.faults = faults

    def __str__(self) -> str:
        source, count = escape(self.source), len(self.faults)
        if count == 1 and self.faults[0].line is None and not self.faults[0].path:
            return f"{source}: {self.faults[0]}"
        lines = [f"{source}: {count} fault{'' if count == 1 else 's'}"]
        lines += [f"  {fault}" for fault in self.faults[:LISTED_FAULTS]]
        if count > LISTED_FAULTS:
            lines.append(f"  and {count - LISTED_FAULTS} more")
        return "\n".join(lines)


def echo(value: Any) -> str:
    """Quote a value of the user's in a message: short, as JSON writes it, without control characters.

    >>> echo("smss"), echo(None), echo(-3), echo({"a": 1})
    ('"smss"', 'null', '-3', 'an object')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        quoted = escape(value[: ECHO_LENGTH + 1].replace("\\", "\\\\").replace('"', '\\"'))
        return f'"{_cut(quoted)}"'
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return _cut(escape(repr(value).removesuffix(".0")))


def path_text(path: Path) -> str:
    """Write a path as messages show it.

    >>> path_text(("rules", 1, "high")), path_text(("channels", "my shop"))
    ('rules[1].high', 'channels["my shop"]')
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("_", "").replace("-", "").replace("$", "").isalnum():
            text += ("." if text else "") + _cut(part)
        else:
            text += f"[{echo(part)}]"
    return text


def _cut(text: str) -> str:
    return text if len(text) <= ECHO_LENGTH else text[: ECHO_LENGTH - 3] + "..."


def _sentence(where: str, found: str, expected: str, hint: str) -> str:
    message = f"found {found}, expected {expected}" if expected else found
    return f"{where}{': ' if where else ''}{message}" + (f' (did you mean "{hint}"?)' if hint else "")
