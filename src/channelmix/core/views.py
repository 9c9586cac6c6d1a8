"""How documents show themselves: a room above lends the views, so that no document imports what reads it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

_homes: dict[str, str] = {}


def register(**homes: str) -> None:
    """Say in which module each view is; it is imported when the view is first asked for."""
    _homes.update(homes)


def view(name: str) -> Callable[..., Any]:
    """Return the function that shows a document in this way."""
    function: Callable[..., Any] = getattr(importlib.import_module(_homes[name]), name)
    return function
