"""Ways to state a figure in a profile."""

from __future__ import annotations

from typing import Any


def certain(value: float, **more: Any) -> dict[str, Any]:
    """State a figure without any uncertainty, so that a test can compute by hand what follows from it."""
    return {"value": value, "low": value, "high": value, **more}
