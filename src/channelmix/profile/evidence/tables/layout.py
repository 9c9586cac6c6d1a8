"""Find the table in a grid of entries: its names, its rows, and what stands around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.table import Table, is_blank, shown
from channelmix.profile.evidence.tables.written_dates import is_date

Grid = Sequence[tuple[int, Sequence[Any]]]
"""Lines of a table, each with its number in the file and its entries."""

DEEPEST_HEADER = 50
"""Lines in which the names of columns are looked for."""

TITLE = 2
"""Most entries of a line that is a title, or a statement such as ``Account: Lyon``."""

# fmt: off
TOTALS = frozenset((
    "total", "totals", "totales", "totale", "totaal", "totaux", "subtotal", "sum", "sums", "summe", "somme", "suma",
    "gesamt", "gesamtsumme", "insgesamt", "zwischensumme", "average", "mean", "durchschnitt", "mittelwert", "moyenne",
))
# fmt: on
"""Words by which a row that has no date says that it adds up others, or averages them."""


def lay_out(grid: Grid, source: str, names: Sequence[str], *, dated: bool = True, more: str = "") -> Table:
    """Read a grid with a line of names above its rows.

    Parameters
    ----------
    grid : sequence of (int, sequence)
        Lines with their numbers; entries beyond a line's end are blank.
    source : str
        What messages call it.
    names : sequence of str
        Columns that it must have, of which the first holds dates if `dated`: the first line with most of them is the
        line of names.
    dated : bool
        Whether rows of totals and notes below the table are known by what stands for their date.
    more : str
        What else to say of rows with more entries than there are names.

    Raises
    ------
    InputError
        If it is not such a table; the message names the line.
    """
    lines = [(number, [_stripped(entry) for entry in line]) for number, line in grid]
    lines = [(number, line) for number, line in lines if not all(map(is_blank, line))]
    top = _line_of_names(lines, names)
    header = _header(lines[top][1]) if lines else []
    for j, name in enumerate(header):
        if not name.isprintable():
            raise InputError(f"{source}: every column needs a printable name, not {name!r}")
        if name and name in header[:j]:
            first = header.index(name) + 1
            raise InputError(
                f"{source}: columns {first} and {j + 1} are both named {name!r}: every column needs a name of its own"
            )
    rows: Grid = lines[top + 1 :]
    if not rows:
        raise InputError(f"{source}: a table needs a line of column names and rows below it")
    for number, line in lines[:top]:
        if is_blank(line[0]) or sum(not is_blank(entry) for entry in line) > min(TITLE, len(header) - 1):
            raise InputError(
                f"{source}: line {number} stands above the names of the columns and is no title: remove it"
            )
    notes = [_counted(top, "line", "above the names left out")] if top else []
    if dated and names[0] in header:
        rows, left_out = _without_totals(rows, header, header.index(names[0]), source)
        notes += left_out
        if not rows:
            raise InputError(f"{source}: a table needs rows below its names")
    full = [(number, _of_width(line, header, f"{source}: line {number}", more)) for number, line in rows]
    columns = {j: [line[j] for _, line in full] for j in range(len(header))}
    for j, name in enumerate(header):
        unnamed = is_blank(name)
        if (unnamed or name == "Unnamed: 0") and j == 0 and _counts(columns[j]):
            notes.append("column of row numbers left out")
            del columns[j]
        elif unnamed and all(map(is_blank, columns[j])):
            del columns[j]
        elif unnamed:
            i = next(i for i, entry in enumerate(columns[j]) if not is_blank(entry))
            raise InputError(
                f"{source}: column {j + 1} has no name, and line {full[i][0]} has {shown(columns[j][i])} in it: name it"
            )
    named = {header[j]: column for j, column in columns.items()}
    return Table(named, [number for number, _ in full], tuple(notes))


def _stripped(entry: Any) -> Any:
    return entry.strip() if isinstance(entry, str) else entry


def _header(line: Sequence[Any]) -> list[str]:
    names = ["" if is_blank(entry) else _one_line(str(entry)) for entry in line]
    while names and not names[-1]:
        names.pop()
    return names


def _one_line(name: str) -> str:
    """A name with single spaces for breaks and hard spaces, and its accents composed."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def _line_of_names(lines: Sequence[tuple[int, Sequence[Any]]], names: Sequence[str]) -> int:
    """Place of the first line with most of the names, if only in another case, or of the first with two entries."""
    best, found = 0, (0, 0, 0)
    folded = {name.casefold() for name in names}
    for i, (_, line) in enumerate(lines[:DEEPEST_HEADER]):
        header = _header(line)
        alike = len(folded & {name.casefold() for name in header})
        entries = sum(map(bool, header))
        score = (len(set(names) & set(header)), alike, entries if alike else int(entries > 1))
        if score > found:
            best, found = i, score
    return best


def _without_totals(
    rows: Sequence[tuple[int, Sequence[Any]]], header: Sequence[str], date: int, source: str
) -> tuple[list[tuple[int, Sequence[Any]]], list[str]]:
    """Rows without those of totals, and without notes in the last lines."""
    kept, totals, notes = [], [], 0
    for number, line in rows:
        entry = line[date] if date < len(line) else None
        if isinstance(entry, str) and entry == header[date]:
            raise InputError(
                f"{source}: line {number} has the names of the columns again: join the tables, with their names once"
            )
        if isinstance(entry, str) and TOTALS & set(re.split(r"[^a-z]+", entry.casefold())):
            totals.append(number)
        else:
            kept.append((number, line))
    while kept and _is_note(kept[-1][1]):
        kept.pop()
        notes += 1
    said = []
    if totals:
        where = ", ".join(map(str, totals[:3])) + (", ..." if len(totals) > 3 else "")
        said.append(f"{_counted(len(totals), 'row')} of totals left out (line {where})")
    if notes:
        said.append(_counted(notes, "line", "below the table left out"))
    return kept, said


def _is_note(line: Sequence[Any]) -> bool:
    """Whether a line is a remark: nothing but words that are no date, in its first entry."""
    first, *others = line
    words = isinstance(first, str) and re.search(r"[^\W\d_]{2}", first) and not is_date(first)
    return bool(words) and all(map(is_blank, others))


def _of_width(line: Sequence[Any], header: Sequence[str], place: str, more: str) -> list[Any]:
    """Entries of a line, one a column: blank ones may be missing or left over where no column has a name."""
    width = len(header)
    if any(not is_blank(entry) for entry in line[width:]):
        raise InputError(f"{place} has {len(line)} entries, not {width}{more}")
    missing = header[len(line) :]
    if any(missing):
        raise InputError(
            f"{place} has {len(line)} entries, not {width}: {missing[0] or 'its end'} is missing"
        )
    return [*line[:width], *[None] * len(missing)]


def _counts(column: Sequence[Any]) -> bool:
    """Whether a column counts its rows, from 0 or 1."""
    texts = [str(entry).strip() for entry in column]
    return any(texts == [str(i) for i in range(start, start + len(texts))] for start in (0, 1))


def _counted(number: int, what: str, more: str = "") -> str:
    """Such as ``2 lines above the names left out``."""
    return f"{number} {what}{'s' * (number > 1)} {more}".strip()
