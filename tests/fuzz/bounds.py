"""What must come of any input: an answer or one of the documented errors, soon, in little memory, in plain words."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeVar

from channelmix.core.errors import ChannelMixError

__all__ = ["MOST_BYTES", "MOST_SECONDS", "TookTooLongError", "answer_or_error", "check_words", "in_bounds"]

MOST_SECONDS = 20.0
"""Of a processor."""

MOST_BYTES = 1_500_000_000
"""Growth of memory."""

LONGEST_MESSAGE, LONGEST_LINE = 20_000, 2000

_Answer = TypeVar("_Answer")


class TookTooLongError(BaseException):
    """Work does not end; no code that takes errors for bad input is to take this for one."""


@contextmanager
def in_bounds() -> Iterator[None]:
    """Hold what is done to its time and its growth of memory."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLongError(f"more than {MOST_SECONDS:g} s")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ends = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + 2 * MOST_BYTES, ends[1]))
    handler = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, handler)
        resource.setrlimit(resource.RLIMIT_AS, ends)
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    assert grown < MOST_BYTES, f"memory has grown by {grown:,} bytes"


def _address_space() -> int:
    """Bytes that the process has set aside, whether it uses them or not."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def answer_or_error(work: Callable[[], _Answer], place: str = "") -> _Answer | None:
    """Do it, or be refused with an error of channelmix in fit words; any other error is a defect.

    Parameters
    ----------
    work : callable
    place : str
        What the message has to begin with, such as the name of a file.

    Returns
    -------
    object
        The answer; None if it was refused.
    """
    try:
        return work()
    except ChannelMixError as error:
        check_words(str(error), place)
        return None


def check_words(message: str, place: str = "") -> None:
    """Check that a message names the place, is short, and can neither drive a terminal nor show a traceback."""
    assert message.startswith(place), message
    assert len(message) > len(place)
    assert len(message) < LONGEST_MESSAGE, message
    assert max(map(len, message.split("\n"))) < LONGEST_LINE, message
    assert all(line.isprintable() for line in message.split("\n")), message
    assert "Traceback" not in message
