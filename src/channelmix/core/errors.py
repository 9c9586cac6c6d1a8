"""The errors a caller may want to tell apart, and the hint for a mistyped name."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from numbers import Integral, Real
from types import NoneType
from typing import Any


class ChannelMixError(Exception):
    """Base of every error that channelmix raises on purpose."""


class InputError(ChannelMixError, ValueError):
    """What the user wrote cannot be used; the message names the place and the remedy."""


class NoPlanError(ChannelMixError):
    """No plan exists that what is asked for could be worked out from."""


class CertificateError(ChannelMixError):
    """A plan or solution claims what its proof does not show."""


def expect(value: object, what: str, *kinds: type, remedy: str = "") -> None:
    """Refuse an argument of another type than those asked for.

    Parameters
    ----------
    value : object
        The argument.
    what : str
        What messages call it.
    *kinds : type
        What it may be.
    remedy : str
        What to do, if the message has more to say.

    Raises
    ------
    InputError
        If it is none of them; the message says what was expected and what came.
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
    known = isinstance(value, Real) and not isinstance(value, bool)
    if not known or not value > 0.0 or (value == math.inf and not allow_infinite):
        raise InputError(f"{what} must be a number above 0, not {value!r}")


def expect_whole(value: Any, what: str, least: int = 0, most: int = 2**32 - 1) -> None:
    """Refuse an argument that is no whole number in a range; by default, in that of seeds.

    >>> expect_whole(2.5, "points", 2, 9)
    Traceback (most recent call last):
    channelmix.core.errors.InputError: points must be a whole number between 2 and 9, not 2.5
    """
    known = isinstance(value, Integral) and not isinstance(value, bool)
    if not known or not least <= value <= most:
        raise InputError(f"{what} must be a whole number between {least} and {most}, not {value!r}")


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return ``' (did you mean "x"?)'`` for the known name nearest to `name`, or an empty string.

    >>> nearest_name("smss", ["sms", "social"])
    ' (did you mean "sms"?)'
    """
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f' (did you mean "{match[0]}"?)' if match else ""
