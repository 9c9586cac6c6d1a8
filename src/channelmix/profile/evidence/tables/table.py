"""A table as it was read: its columns by name, the places of its rows, and how it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channelmix.core.errors import InputError, nearest_name

LARGEST_TABLE = 50_000_000
"""Bytes of the largest table that is read; of a workbook, also of all that is packed in it."""


@dataclass(frozen=True)
class Table(Mapping[str, Sequence[Any]]):
    """Columns by name; entries are texts as they were written, or values where a file or a frame has them.

    Parameters
    ----------
    columns : mapping of str to sequence
        Columns of equal length.
    lines : sequence of int
        Line of a text, or row of a sheet, that each row stands in; empty where rows are only counted.
    notes : tuple of str
        What was done to read it, where it is not a plain table.
    """

    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int] = ()
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Sequence[Any]:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def place(self, i: int) -> str:
        """Where the row at position `i` is found.

        >>> Table({"sms": ["1", "2"]}, lines=(3, 4)).place(1), Table({"sms": [1, 2]}).place(1)
        ('row 2 (line 4)', 'row 2')
        """
        return f"row {i + 1} (line {self.lines[i]})" if self.lines else f"row {i + 1}"

    @classmethod
    def of(cls, table: Mapping[str, Sequence[Any]], source: str) -> Table:
        """Take columns as a table; one that was read keeps its places and notes.

        Raises
        ------
        InputError
            If a name is not printable text, the columns differ in length, or there are no rows.
        """
        found = table if isinstance(table, Table) else cls(dict(table))
        for name in (*found, source):
            if not isinstance(name, str) or not name.isprintable():
                raise InputError(f"{source!r}: {name!r} is not a name in printable characters")
        lengths = {name: len(column) for name, column in found.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise InputError(f"{source}: columns must be of equal length, not {shown}")
        if not any(lengths.values()):
            raise InputError(f"{source}: a table needs rows")
        return found


def is_blank(value: Any) -> bool:
    """Whether an entry holds nothing: no value, NaN or NaT, or blank text."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # pandas.NA has no truth value
        return True


def shown(value: Any) -> str:
    """An entry as messages quote it, cut where it is long."""
    return "nothing" if is_blank(value) else repr(value)[:40]


def no_column(name: str, table: Mapping[str, Any]) -> str:
    """Say that a column is missing, and which name is nearest or which there are."""
    near = nearest_name(name, table) or f"; the columns are {', '.join(map(str, table))[:200]}"
    return f"there is no column {name}{near}"
