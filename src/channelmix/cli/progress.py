"""How far long work is, on one line of a terminal's standard error."""

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
"""What sends a terminal back to the begin of its line and blanks all of it, an echoed ^C too."""

SPARE = len("^C") + 1
"""Columns at the end of a line that stay free, so that it never wraps, and never by an echo either."""

COLUMNS = 80
"""Columns of a terminal that does not tell."""


@contextlib.contextmanager
def progress_line(quiet: bool, what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on a terminal's standard error, on one line that is gone in the end."""
    with _line(quiet) as show:
        if show is None:
            yield None
            return

        def tell(done: int, of: int) -> None:
            full = BAR * min(done, of) // max(of, 1)
            show(f"[{'#' * full}{'.' * (BAR - full)}] {done} of {of} {what}")

        yield tell


@contextlib.contextmanager
def status_line(quiet: bool) -> Iterator[None]:
    """Show on such a line what work tells of itself whose length nobody knows, and for how long it has gone on."""
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
    """Give what writes over one line of a terminal's standard error, once work has lasted; None where there is none."""
    if quiet or sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    put = partial(click.echo, nl=False, err=True, color=True)  # without colour, too, a line must be erased
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
    """How wide the terminal behind standard error is; it may have changed."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or COLUMNS
    except (OSError, ValueError):
        return COLUMNS
