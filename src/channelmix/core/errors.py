"""Errors that callers can catch separately, checks of arguments, and the hint for a mistyped name."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from numbers import Integral, Real
from types import NoneType
from typing import Any

LARGEST_AMOUNT = 1e18
"""Largest amount or count that is accepted, so that no sum or product of a few of them overflows."""

LONGEST_LINE = 1000
"""Characters of the longest line of a message: more is somebody's text, repeated."""

LONGEST_TYPO = 60
"""Characters of the longest name for which the nearest known one is sought; comparing longer ones is slow."""


class ChannelMixError(Exception):
    """Base of every error that channelmix raises on purpose; its message is printable whatever it repeats."""

    def __str__(self) -> str:
        return plain(super().__str__())


class InputError(ChannelMixError, ValueError):
    """Invalid input; the message names the place and the remedy."""


class NoPlanError(ChannelMixError):
    """There is no feasible plan to answer the question from."""


class CertificateError(ChannelMixError):
    """A plan or solution claims more than its proof shows."""


def escape(text: str) -> str:
    r"""Escape control and other unprintable characters, so that no message can control a terminal.

    >>> escape("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def plain(message: str) -> str:
    r"""Return a message whose lines are printable and not too long.

    >>> plain("unknown: \x1b[31m\nremedy"), len(plain("x" * 5000))
    ('unknown: \\x1b[31m\nremedy', 1000)
    """
    lines = (escape(line) for line in message.split("\n"))
    return "\n".join(
        line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 3]}..." for line in lines
    )


def echo(value: Any, most: int = 60) -> str:
    """Return a value as messages repeat it: a long one is cut, one that cannot be written is described.

    >>> echo("a" * 70), echo(10**5000)
    ("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...", 'a whole number of more than 4,000 digits')
    """
    if isinstance(value, int) and abs(value) >= 10**4000:
        return "a whole number of more than 4,000 digits"
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= most else f"{text[:most]}..."


def named(key: Any, most: int = 60) -> str:
    r"""Return a key or a column as messages name it: quoted where it is not a plain name, cut where it is long.

    >>> named("sms"), named("a\n"), named(3)
    ('sms', "'a\\n'", '3')
    """
    text = str(key)
    return text if (text.isidentifier() or isinstance(key, int)) and len(text) <= most else echo(text, most)


def expect(value: object, what: str, *kinds: type, remedy: str = "") -> None:
    """Require an argument to be of one of the given types.

    Parameters
    ----------
    value : object
        The argument.
    what : str
        What messages call it.
    *kinds : type
        What it may be.
    remedy : str
        What to do instead, appended to the message.

    Raises
    ------
    InputError
        If it is of another type; the message names both.
    """
    if not isinstance(value, kinds):
        expected = " or ".join("None" if kind is NoneType else kind.__name__ for kind in kinds)
        more = f": {remedy}" if remedy else ""
        raise InputError(f"{what} must be of type {expected}, not {type(value).__name__}{more}")


def expect_positive(value: Any, what: str, *, allow_infinite: bool = False) -> None:
    """Require a positive number; infinity is allowed only with `allow_infinite`.

    >>> expect_positive("5", "gap")
    Traceback (most recent call last):
    channelmix.core.errors.InputError: gap must be a number above 0, not '5'
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not value > 0.0 or (value == math.inf and not allow_infinite):
        raise InputError(f"{what} must be a number above 0, not {echo(value)}")
    if isinstance(value, int) and value > LARGEST_AMOUNT:  # it may be beyond any float
        raise InputError(f"{what} must be at most {LARGEST_AMOUNT:g}, not {echo(value)}")


def expect_whole(value: Any, what: str, least: int = 0, most: int = 2**32 - 1) -> None:
    """Require a whole number within a range, by default that of seeds.

    >>> expect_whole(2.5, "points", 2, 9)
    Traceback (most recent call last):
    channelmix.core.errors.InputError: points must be a whole number between 2 and 9, not 2.5
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_whole or not least <= value <= most:
        raise InputError(f"{what} must be a whole number between {least} and {most}, not {echo(value)}")


def closest(name: str, known: Iterable[str]) -> str:
    """Return the known name nearest to a mistyped one, whatever its case, or an empty string.

    >>> closest("SMSS", ["sms", "social"])
    'sms'
    """
    if len(name) > LONGEST_TYPO:
        return ""
    folded = {candidate.casefold(): candidate for candidate in known if len(candidate) <= LONGEST_TYPO}
    match = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[match[0]] if match else ""


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return ``' (did you mean "x"?)'`` for the known name nearest to `name`, or an empty string.

    >>> nearest_name("smss", ["sms", "social"])
    ' (did you mean "sms"?)'
    """
    match = closest(name, known)
    return f' (did you mean "{match}"?)' if match else ""
