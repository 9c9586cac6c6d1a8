"""Views of documents, registered by a room above, so that no document imports what displays it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

_homes: dict[str, str] = {}


def register(**homes: str) -> None:
    """Register the module of each view; it is imported when the view is first used."""
    _homes.update(homes)


def view(name: str) -> Callable[..., Any]:
    """Return the function registered for a view."""
    function: Callable[..., Any] = getattr(importlib.import_module(_homes[name]), name)
    return function
