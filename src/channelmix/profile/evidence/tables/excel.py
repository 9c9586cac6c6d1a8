"""Read a table from an Excel workbook (.xlsx) of limited size, without formulas, macros or entities."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any
from xml.parsers import expat

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.amounts import Share
from channelmix.profile.evidence.tables.layout import DEEPEST_HEADER, lay_out
from channelmix.profile.evidence.tables.table import LARGEST_TABLE, Table, is_blank

LARGEST_UNPACKED = 4 * LARGEST_TABLE
"""Bytes of all that a workbook holds, unpacked."""

MOST_PARTS = 2_000
"""Files that a workbook is packed of."""

WIDEST = 2_000
"""Columns of the widest sheet."""

_CHUNK = 65_536


def is_workbook(data: bytes) -> bool:
    """Whether bytes are those of a packed file, as workbooks are."""
    return data.startswith(b"PK\x03\x04")


def read_workbook(data: bytes, source: str, names: Sequence[str], *, dated: bool = True) -> Table:
    """Read the one sheet of a workbook that has the named columns.

    Parameters
    ----------
    data : bytes
    source : str
        What messages call it.
    names : sequence of str
        Columns that it must have.
    dated : bool
        Whether the first of them holds dates.

    Raises
    ------
    InputError
        If it is no such workbook, too large, holds XML entities, or it is not certain which sheet is meant.
    """
    _check_package(data, source)
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            f"{source}: reading .xlsx needs openpyxl: pip install 'channelmix[excel]', or save the sheet as CSV"
        ) from None
    try:
        with _without_warnings():
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheets = {
                sheet.title: list(_rows(sheet)) for sheet in book.worksheets if sheet.title.isprintable()
            }
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    except Exception as error:  # a broken workbook fails in as many ways as its parts can be broken
        raise InputError(f"{source}: the workbook cannot be read ({type(error).__name__})") from None
    filled = {title: rows for title, rows in sheets.items() if rows}
    title = _sheet(filled, names, source)
    table = lay_out(filled[title], source, names, dated=dated)
    read = set(table.lines)
    _check_formulas(data, title, {number: line for number, line in filled[title] if number in read}, source)
    notes = [f'sheet "{title}"'] if len(filled) > 1 else []
    return Table(table.columns, table.lines, (*notes, *table.notes))


def _check_package(data: bytes, source: str) -> None:
    """Check the size of what is packed, and that no part of it declares a document type: entities need one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            if "xl/workbook.xml" not in package.namelist():
                raise InputError(
                    f"{source}: this is a packed file, but no Excel workbook: save the table as .xlsx or CSV"
                )
            unpacked = sum(part.file_size for part in parts)
            if unpacked > LARGEST_UNPACKED or len(parts) > MOST_PARTS:
                raise InputError(
                    f"{source}: the workbook holds more than {LARGEST_UNPACKED:,} bytes or {MOST_PARTS:,} parts: save "
                    "the one sheet with the table as CSV"
                )
            for part in parts:
                _check_part(package, part, source)
    except InputError:
        raise
    except Exception as error:  # what is packed fails in as many ways as it can be broken
        said = str(error) or type(error).__name__
        raise InputError(f"{source}: the workbook cannot be unpacked ({said})") from None


def _check_part(package: zipfile.ZipFile, part: zipfile.ZipInfo, source: str) -> None:
    """Read a part as far as its first element, whatever it is called: a document type stands before it."""
    begun = False

    def begin(*_: Any) -> None:
        nonlocal begun
        begun = True

    def refuse(*_: Any) -> None:
        raise InputError(
            f"{source}: {part.filename} declares a document type, as no spreadsheet program writes it"
        )

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        with package.open(part) as stream:
            while not begun and (chunk := stream.read(_CHUNK)):
                parser.Parse(chunk, False)
    except expat.ExpatError as error:
        if part.filename.endswith((".xml", ".rels")):  # others are pictures and the like
            raise InputError(f"{source}: {part.filename} is not valid XML ({error})") from None


def _rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """Yield rows with entries and their numbers, all as long as the longest."""
    found = []
    width = 0
    sheet.reset_dimensions()  # some programs state wrong ones
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if len(cells) > WIDEST:
            raise InputError(f"sheet {sheet.title} has more than {WIDEST:,} columns")
        entries = [_entry(cell) for cell in cells]
        while entries and is_blank(entries[-1]):
            entries.pop()
        if entries:
            found.append((number, entries))
            width = max(width, len(entries))
    for number, entries in found:
        yield number, entries + [None] * (width - len(entries))


def _entry(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, float | int) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return Share(value)
    return value


def _sheet(sheets: dict[str, list[tuple[int, list[Any]]]], names: Sequence[str], source: str) -> str:
    """Name of the one sheet that has the columns, or of the only one."""
    if not sheets:
        raise InputError(f"{source}: the workbook has no rows")
    wanted = set(names)
    holding = [
        title
        for title, rows in sheets.items()
        if any(wanted <= {str(entry).strip() for entry in line} for _, line in islice(rows, DEEPEST_HEADER))
    ]
    if len(holding) == 1:
        return holding[0]
    if len(sheets) == 1:
        return next(iter(sheets))
    columns = " and ".join(names)
    found = f"sheets {', '.join(holding)} have" if holding else f"none of the sheets {', '.join(sheets)} has"
    raise InputError(f"{source}: {found} columns {columns}: leave one sheet with them")


def _check_formulas(data: bytes, title: str, rows: dict[int, list[Any]], source: str) -> None:
    """Check that no blank entry is a formula whose value was never computed."""
    if not any(is_blank(entry) for line in rows.values() for entry in line):
        return
    import openpyxl

    with _without_warnings():
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        sheet = book[title]
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            for cell, entry in zip(cells, rows.get(number, ()), strict=False):
                if is_blank(entry) and cell.data_type == "f" and cell.value is not None:
                    raise InputError(
                        f"{source}: {cell.coordinate} is a formula without a value: open the workbook, let it compute, "
                        "and save it"
                    )


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep openpyxl's remarks on styles and validations to itself: none is about a value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
