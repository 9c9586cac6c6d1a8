"""Tables shipped with the package."""

from __future__ import annotations

import csv
from importlib import resources


def read_rows(name: str) -> list[dict[str, str]]:
    """Read a table, one dictionary per row."""
    text = (resources.files("channelmix.datasets") / "published" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
