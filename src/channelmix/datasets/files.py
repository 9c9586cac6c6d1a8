"""The tables that travel with the package."""

from __future__ import annotations

import csv
from importlib import resources


def read_rows(name: str) -> list[dict[str, str]]:
    """Read a table of published figures, one dictionary a row."""
    text = (resources.files("channelmix.datasets") / "published" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
