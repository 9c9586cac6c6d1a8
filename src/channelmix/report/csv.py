"""Plans and sensitivities as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from channelmix.plan import (
    Difference,
    Explanation,
    Frontier,
    InformationValue,
    Plan,
    Sensitivity,
    allocation_rows,
    difference_rows,
    explanation_rows,
    frontier_rows,
    information_rows,
    sensitivity_rows,
)

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


SENSITIVITY_COLUMNS = [
    "rank",
    "input",
    "kind",
    "factor",
    "unit",
    "assumed",
    "side",
    "value",
    "kept_gain",
    "best_gain",
    "regret",
    "moved",
    "cell",
    "planned_spend",
    "spend",
]


def to_csv(plan: Plan) -> str:
    """Write one line a cell with a header; amounts in the plan's currency per period."""
    return _written(allocation_rows(plan), COLUMNS)


def sensitivity_to_csv(sensitivity: Sensitivity) -> str:
    """Write one line an input, side and cell with a header; amounts in currency per period."""
    return _written(sensitivity_rows(sensitivity), SENSITIVITY_COLUMNS)


def frontier_to_csv(frontier: Frontier) -> str:
    """Write one line a point with a header, spend by cell at the end; amounts in currency per period."""
    return _all_columns(frontier_rows(frontier))


def explanation_to_csv(explanation: Explanation) -> str:
    """Write one line a cell with a header; amounts in currency per period."""
    return _all_columns(explanation_rows(explanation))


def information_to_csv(found: InformationValue) -> str:
    """Write one line a cell with a header; amounts in currency per period."""
    return _all_columns(information_rows(found))


def difference_to_csv(difference: Difference) -> str:
    """Write one line a cell with a header; amounts in currency per period."""
    return _all_columns(difference_rows(difference))


def _all_columns(rows: list[dict[str, Any]]) -> str:
    return _written(rows, list(dict.fromkeys(key for row in rows for key in row)))


def _written(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _text(value) for key, value in row.items()})
    return buffer.getvalue()


def _text(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
