"""Where long work tells how far it is; nobody hears it unless somebody listens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

__all__ = ["heard_by", "tell"]

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("listener", default=None)


def tell(text: str) -> None:
    """Tell a listener, if there is one, in a few words how far the work is."""
    listener = _listener.get()
    if listener is not None:
        listener(text)


@contextlib.contextmanager
def heard_by(listener: Callable[[str], None] | None) -> Iterator[None]:
    """Let `listener` hear what is told by work done meanwhile in this thread; None hears nothing.

    >>> said: list[str] = []
    >>> with heard_by(said.append):
    ...     tell("half done")
    >>> tell("nobody hears this")
    >>> said
    ['half done']
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
