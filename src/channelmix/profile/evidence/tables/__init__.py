"""Tables as companies have them: text in its many ways to write columns, dates and numbers, workbooks, frames."""

from __future__ import annotations

from collections.abc import Sequence

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.excel import is_workbook, read_workbook
from channelmix.profile.evidence.tables.table import LARGEST_TABLE as LARGEST_TABLE
from channelmix.profile.evidence.tables.table import Table as Table
from channelmix.profile.evidence.tables.text import read_text


def read_table(
    data: bytes, source: str, names: Sequence[str] = ("date", "outcome"), *, dated: bool = True
) -> Table:
    """Read a table with a line of column names, from text or an Excel workbook.

    Parameters
    ----------
    data : bytes
        Text whose columns are separated by commas, semicolons, tabs or pipes; or a workbook (.xlsx).
    source : str
        What messages call it.
    names : sequence of str
        Columns that it must have, by which its line of names is found.
    dated : bool
        Whether the first of them holds dates, so that rows of totals are known.

    Raises
    ------
    InputError
        If it is not such a table, or it cannot be read in one way only; the message names the line.
    """
    if len(data) > LARGEST_TABLE:
        raise InputError(f"{source}: a table has at most {LARGEST_TABLE:,} bytes")
    read = read_workbook if is_workbook(data) else read_text
    return read(data, source, names, dated=dated)
