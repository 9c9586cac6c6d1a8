"""How commands read profiles and plans: from files, or from standard input."""

from __future__ import annotations

import json
import sys
from typing import Any

import click


def read_profile(path: str, *, read_files: bool = True) -> Any:
    """Read a profile from a file, or from standard input for ``-``, with or without the files that it names."""
    from channelmix.profile import CompanyProfile
    from channelmix.profile.source import LARGEST_FILE

    if path == "-":
        profile = CompanyProfile.from_json(
            read_input(LARGEST_FILE), source="standard input", read_files=read_files
        )
    else:
        profile = CompanyProfile.from_file(path, read_files=read_files)
    say_how_read(profile.own)
    return profile


def say_how_read(own: Any) -> None:
    """Say on standard error how a history was read, where it is not a plain table."""
    if read_as := getattr(own, "read_as", ()):
        click.echo(f"{own.source} read as: {', '.join(read_as)}", err=True)


def read_plan(path: str) -> Any:
    """Read a plan from a file, or from standard input for ``-``."""
    from channelmix.core.documents import LARGEST_DOCUMENT
    from channelmix.plan import Plan

    return Plan.from_json(read_input(LARGEST_DOCUMENT)) if path == "-" else Plan.from_file(path)


def read_or_make_plan(path: str, **options: Any) -> Any:
    """Read a plan, or make one for the profile that the file holds."""
    import channelmix as cm

    return read_plan(path) if is_plan(path) else cm.optimize(read_profile(path), **options)


def read_input(limit: int) -> bytes:
    """Read standard input, of at most `limit` bytes.

    Raises
    ------
    InputError
        If it is closed, or longer.
    """
    from channelmix.core.errors import InputError

    if sys.stdin is None:
        raise InputError("standard input is closed")
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise InputError(f"standard input has more than {limit} bytes")
    return data


def is_plan(path: str) -> bool:
    """Return whether a file holds a plan; whatever else is in it is left to its reader."""
    if path == "-":
        return False
    try:
        with open(path, encoding="utf-8") as stream:
            content: Any = json.load(stream)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "proof" in content and "certificate" in content
