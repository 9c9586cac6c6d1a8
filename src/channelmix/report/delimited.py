"""The allocation as CSV."""

from __future__ import annotations

import csv
import io

from channelmix.plan import Plan, allocation_rows

__all__ = ["to_csv"]

FORMULA_STARTS = ("=", "+", "-", "@")
"""A spreadsheet would run text that begins so; an apostrophe keeps it text."""

COLUMNS = [
    "market",
    "channel",
    "purpose",
    "period",
    "spend",
    "current_spend",
    "outcome_mean",
    "outcome_low",
    "outcome_high",
    "charge",
    "marginal_return",
    "evidence",
    "reason",
]


def to_csv(plan: Plan) -> str:
    """Write one line a cell with a header; amounts in the plan's currency per period."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in allocation_rows(plan):
        writer.writerow({key: _text(value) for key, value in row.items()})
    return buffer.getvalue()


def _text(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
