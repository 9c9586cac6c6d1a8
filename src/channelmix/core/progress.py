"""Progress of long work, reported to a listener if there is one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("listener", default=None)


def report_progress(text: str) -> None:
    """Report progress in a few words; without a listener, do nothing."""
    listener = _listener.get()
    if listener is not None:
        listener(text)


@contextlib.contextmanager
def listening(listener: Callable[[str], None] | None) -> Iterator[None]:
    """Pass the progress of work done inside this context, in this thread, to `listener`; None passes nothing on.

    >>> reports: list[str] = []
    >>> with listening(reports.append):
    ...     report_progress("half done")
    >>> report_progress("nobody listens to this")
    >>> reports
    ['half done']
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
