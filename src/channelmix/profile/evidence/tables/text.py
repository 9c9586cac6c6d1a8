"""Read a table written as text: columns separated by commas, semicolons, tabs or pipes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.decode import decoded
from channelmix.profile.evidence.tables.layout import DEEPEST_HEADER, lay_out
from channelmix.profile.evidence.tables.table import Table

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}

COMMAS_IN_NUMBERS = ": put numbers with commas in quotes, or separate the columns by semicolons"


def read_text(data: bytes, source: str, names: Sequence[str], *, dated: bool = True) -> Table:
    """Read a table of text by its columns' names.

    Parameters
    ----------
    data : bytes
    source : str
        What messages call it.
    names : sequence of str
        Columns that it must have. The separator is the one by which a line holds them; a line that holds none of
        them under any separator is left to whoever looks for the columns.
    dated : bool
        Whether the first of them holds dates.

    Raises
    ------
    InputError
        If it is not such a table; the message names the line.
    """
    text, encoding = decoded(data, source)
    stated = re.match(r'"?sep=(.)"?\n', text, re.IGNORECASE)  # spreadsheets state a separator so
    separator = stated[1] if stated else separator_of(text, names)
    start = 1 if stated else 0
    try:
        grid = list(_lines(text, separator, strict=True))[start:]
    except csv.Error as error:
        raise InputError(
            f"{source}: not a table of entries separated by {_said(separator)} ({error})"
        ) from None
    if all(len(line) < 2 for _, line in grid):
        raise InputError(
            f"{source}: a table has columns separated by commas, semicolons, tabs or pipes, and rows below their names"
        )
    table = lay_out(grid, source, names, dated=dated, more=COMMAS_IN_NUMBERS if separator == "," else "")
    said = [encoding] if encoding else []
    said += [_said(separator)] if separator != "," else []
    return Table(table.columns, table.lines, (*said, *table.notes))


def separator_of(text: str, names: Sequence[str]) -> str:
    r"""Separator by which one of the first lines holds most of the names, or has most entries as often as others.

    >>> separator_of("date;orders, net of returns;sms\n2024-01-01;1;3,5", ["date", "orders, net of returns"])
    ';'
    """

    def score(separator: str) -> tuple[int, int]:
        lines = [line for _, line in islice(_lines(text, separator), DEEPEST_HEADER)]
        found = max((len(set(names) & set(map(str.strip, line))) for line in lines), default=0)
        widths = [len(line) for line in lines if len(line) > 1]
        return found, max((width * widths.count(width) for width in widths), default=0)

    return max(SEPARATORS, key=score)


def _lines(text: str, separator: str, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number in the file, the first of those that it spans, and its entries."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    number = 1
    try:
        for line in reader:
            yield number, line
            number = reader.line_num + 1
    except csv.Error:
        if strict:
            raise


def _said(separator: str) -> str:
    return SEPARATORS.get(separator, repr(separator))
