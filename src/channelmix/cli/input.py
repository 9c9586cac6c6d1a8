"""How commands read profiles and plans: once, and no more than they hold, from files or from standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click


def read_profile(path: str, *, read_files: bool = True) -> Any:
    """Read a profile from a file, or from standard input for ``-``, with or without the files that it names."""
    from channelmix.profile.source import LARGEST_FILE, read_file

    data = read_input(LARGEST_FILE) if path == "-" else read_file(path)
    return _profile(data, path, read_files=read_files)


def _profile(data: bytes, path: str, *, read_files: bool = True) -> Any:
    from channelmix.profile import CompanyProfile

    named = "standard input" if path == "-" else path
    folder = None if path == "-" else Path(path).parent
    profile = CompanyProfile.from_json(data, source=named, folder=folder, read_files=read_files)
    say_how_read(profile.own)
    return profile


def _is_plan(data: bytes) -> bool:
    """Whether a text is a plan's, sound or not: a profile has no such keys but as names, which `read_json` tells."""
    from channelmix.core.errors import InputError
    from channelmix.core.json_text import read_json

    keys = ("certificate", "proof")
    if not all(f'"{key}"'.encode() in data for key in keys):
        return False
    try:
        content = read_json(data)
    except InputError:
        return True
    return isinstance(content, dict) and all(key in content for key in keys)


def say_how_read(own: Any) -> None:
    """Say on standard error how a history was read, where it is not a plain table."""
    if read_as := getattr(own, "read_as", ()):
        click.echo(f"{own.source} read as: {', '.join(read_as)}", err=True)


def read_plan(path: str) -> Any:
    """Read a plan from a file, or from standard input for ``-``."""
    from channelmix.core.documents import LARGEST_DOCUMENT
    from channelmix.plan import Plan

    return Plan.from_json(read_input(LARGEST_DOCUMENT)) if path == "-" else Plan.from_file(path)


def read_plan_or_profile(path: str) -> Any:
    """Read a plan, or a profile, whichever a file or standard input holds: a pipe can be read only once."""
    from channelmix.core.documents import LARGEST_DOCUMENT
    from channelmix.plan import Plan
    from channelmix.profile.source import LARGEST_FILE, read_file

    data = read_input(LARGEST_DOCUMENT) if path == "-" else read_file(path, LARGEST_DOCUMENT)
    if len(data) > LARGEST_FILE or _is_plan(data):
        return Plan.from_json(data)
    return _profile(data, path)


def planned(given: Any, **options: Any) -> Any:
    """Return a plan as it is, or make one for a profile."""
    import channelmix as cm

    return given if isinstance(given, cm.Plan) else cm.optimize(given, **options)


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
