"""Progress of long work, on one line of a terminal's standard error."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import click

PATIENCE = 1.0
"""Seconds after which progress is shown."""

BAR = 20
"""Characters of a progress bar."""

ERASE = "\r\x1b[K"
"""Moves a terminal's cursor to the start of the line and erases all of it, including an echoed ^C."""

SPARE = len("^C") + 1
"""Columns left free at the end of a line, so that it never wraps, not even with an echoed ^C."""

COLUMNS = 80
"""Columns of a terminal whose width is unknown."""


@contextlib.contextmanager
def progress_line(quiet: bool, what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on one line of a terminal's standard error; it is erased at the end."""
    with _line(quiet) as show:
        if show is None:
            yield None
            return

        def report(done: int, of: int) -> None:
            full = BAR * min(done, of) // max(of, 1)
            show(f"[{'#' * full}{'.' * (BAR - full)}] {done} of {of} {what}")

        yield report


@contextlib.contextmanager
def status_line(quiet: bool) -> Iterator[None]:
    """Show a status line with elapsed time, for work of unknown length."""
    from channelmix.core.progress import listening

    with _line(quiet) as show:
        began = time.monotonic()

        def listener(text: str) -> None:
            if show is not None:
                show(f"{time.monotonic() - began:.0f} s, {text}")

        with listening(None if show is None else listener):
            yield


@contextlib.contextmanager
def _line(quiet: bool) -> Iterator[Callable[[str], None] | None]:
    """Yield a function that overwrites one line of a terminal, once work has lasted; None without a terminal."""
    if quiet or sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    put = partial(click.echo, nl=False, err=True, color=True)  # NO_COLOR must not strip the erasing code
    began, shown = time.monotonic(), False

    def show(text: str) -> None:
        nonlocal shown
        if time.monotonic() - began >= PATIENCE:
            shown = True
            put(ERASE + text[: max(_columns() - SPARE, 0)])

    try:
        yield show
    finally:
        if shown:
            put(ERASE)


def _columns() -> int:
    """Return the present width of the terminal behind standard error."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or COLUMNS
    except (OSError, ValueError):
        return COLUMNS
