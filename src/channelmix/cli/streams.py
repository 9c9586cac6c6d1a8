"""Standard output is for results: whatever else is printed while a command runs goes to standard error.

Dependencies print as they please, and a solver's banner in front of a document would break its JSON. So a command runs
with standard output redirected, for Python and native libraries alike, and writes only its result to the real one.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from typing import IO, Any

STANDARD_OUTPUT = 1
"""File descriptor that native libraries print to."""

_kept: list[IO[str] | None] = []
"""The real standard output of each command that is running."""


def result_stream() -> IO[str] | None:
    """Return the standard output that results are written to; None if it is closed."""
    return _kept[-1] if _kept else sys.stdout


class _Closed(io.TextIOBase):
    """A standard output that is closed: what is written to it is not lost in silence."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EBADF, "it is closed")


@contextlib.contextmanager
def with_standard_streams() -> Iterator[None]:
    """Let a closed standard output say so when it is written to, and no file take its place."""
    if sys.stdout is not None:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != STANDARD_OUTPUT:
        os.dup2(nowhere, STANDARD_OUTPUT)
    with contextlib.redirect_stdout(_Closed()):
        yield


def discard_output() -> None:
    """Let what is still buffered for standard output go nowhere, lest it fail again when Python exits."""
    if _is_standard(sys.stdout):
        os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_OUTPUT)


def apart_from_results(command: Callable[..., Any]) -> Callable[..., Any]:
    """Make a command's function print to standard error, except for what it writes to `result_stream`."""

    @wraps(command)
    def apart(*arguments: Any, **options: Any) -> Any:
        with _real_output() as results, contextlib.redirect_stdout(sys.stderr):
            _kept.append(results)
            try:
                return command(*arguments, **options)
            finally:
                _kept.pop()

    return apart


@contextlib.contextmanager
def _real_output() -> Iterator[IO[str] | None]:
    """Yield the real standard output, moved away from the descriptor that native libraries print to."""
    shown = sys.stdout
    if not _is_standard(shown):
        yield shown
        return
    shown.flush()
    moved = os.dup(STANDARD_OUTPUT)
    elsewhere = (
        os.dup(sys.stderr.fileno()) if _has_descriptor(sys.stderr) else os.open(os.devnull, os.O_WRONLY)
    )
    os.dup2(elsewhere, STANDARD_OUTPUT)
    os.close(elsewhere)
    # A name that the terminal cannot show must not stop a command.
    results = open(moved, "w", encoding=shown.encoding, errors="replace", newline="")  # noqa: SIM115  closed below
    try:
        yield results
    finally:
        # What native libraries have buffered must not reach the real output later.
        with contextlib.suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).fflush(None)
        os.dup2(moved, STANDARD_OUTPUT)
        with contextlib.suppress(OSError):
            results.close()


def _is_standard(stream: Any) -> bool:
    return _has_descriptor(stream) and stream.fileno() == STANDARD_OUTPUT


def _has_descriptor(stream: Any) -> bool:
    try:
        return isinstance(stream, io.TextIOWrapper) and stream.fileno() >= 0
    except (OSError, ValueError):
        return False
