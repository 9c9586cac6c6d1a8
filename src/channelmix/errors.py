"""The errors a caller may want to tell apart, and the hint for a mistyped name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["CertificateError", "ChannelMixError", "InputError", "NoPlanError", "nearest_name"]


class ChannelMixError(Exception):
    """Base of every error that channelmix raises on purpose."""


class InputError(ChannelMixError, ValueError):
    """What the user wrote cannot be used; the message names the place and the remedy."""


class NoPlanError(ChannelMixError):
    """No plan exists that what is asked for could be worked out from."""


class CertificateError(ChannelMixError):
    """A plan or solution claims what its proof does not show."""


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return ``' (did you mean "x"?)'`` for the known name nearest to `name`, or an empty string.

    >>> nearest_name("smss", ["sms", "social"])
    ' (did you mean "sms"?)'
    """
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f' (did you mean "{match[0]}"?)' if match else ""
