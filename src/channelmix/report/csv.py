"""Documents as CSV."""

from __future__ import annotations

import csv
import io

from channelmix.core.documents import Document

FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet would run text that begins so, in full width too; an apostrophe keeps it text."""


def to_csv(document: Document) -> str:
    """Write one line for each of the document's rows, with a header."""
    rows = document.rows()
    buffer = io.StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row)) or list(document.row_names)
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _text(value) for key, value in row.items()})
    return buffer.getvalue()


def _text(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
