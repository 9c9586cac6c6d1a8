from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from channelmix.core.errors import InputError
from channelmix.profile.evidence import History
from channelmix.profile.evidence.tables import Table, excel, read_table

openpyxl = pytest.importorskip("openpyxl")

HEADER = ["date", "outcome", "sms"]
ROWS: list[list[Any]] = [[datetime(2024, 1, 1), 5, 1.5], [datetime(2024, 1, 8), 6, 2.5]]


def workbook(*sheets: tuple[str, list[list[Any]]], change: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    if change is not None:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def packed(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one of its parts changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return stream.getvalue()


PLAIN = workbook(("Data", [HEADER, *ROWS]))


def squeezed(data: bytes, first: bytes) -> bytes:
    """The workbook with another first byte of what its first part is squeezed into."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        part = package.infolist()[0]
    at = part.header_offset + 30 + len(part.filename.encode())
    return data[:at] + first + data[at + 1 :]


def read(data: bytes) -> Table:
    return read_table(data, "h.xlsx")


def history(data: bytes, **options: Any) -> History:
    return History.of(read(data), source="h.xlsx", outcome_worth=1.0, **options)


def test_a_sheet_is_read_as_its_rows_are_shown() -> None:
    rows = history(PLAIN)
    assert rows.dates == ("2024-01-01", "2024-01-08")
    assert rows.spend["sms"].tolist() == [1.5, 2.5]
    assert rows.read_as == ()
    assert rows.place(1) == "row 2 (line 3)"


def test_what_stands_around_the_table_is_left_out() -> None:
    total = [["Total", "=SUM(B4:B5)", 4.0]]
    data = workbook(("Notes", [["bought by the agency"]]), ("Data", [["Report"], [], HEADER, *ROWS, *total]))
    rows = history(data)
    assert rows.spend["sms"].tolist() == [1.5, 2.5]
    assert rows.place(0) == "row 1 (line 4)"
    assert rows.read_as == (
        'sheet "Data"',
        "1 line above the names left out",
        "1 row of totals left out (line 6)",
    )


def test_texts_and_counts_of_days_are_read_as_in_a_file() -> None:
    rows = history(workbook(("Data", [HEADER, ["44928", "5", "1.234,50"], ["44935", "6", "945,18"]])))
    assert rows.dates == ("2023-01-02", "2023-01-09")
    assert rows.spend["sms"].tolist() == [1234.5, 945.18]


def test_a_column_shown_in_percent_is_no_spend() -> None:
    def percent(book: Any) -> None:
        for cell in book["Data"]["C"][1:]:
            cell.number_format = "0.0%"

    data = workbook(("Data", [[*HEADER, "im"], *[[*row, 7] for row in ROWS]]), change=percent)
    assert history(data, controls=["sms"]).controls["sms"].tolist() == [1.5, 2.5]
    with pytest.raises(InputError, match="sms holds shares"):
        history(data)


def test_a_formula_without_a_value_is_asked_for() -> None:
    data = workbook(("Data", [HEADER, [ROWS[0][0], "=2+3", 1.5], ROWS[1]]))
    with pytest.raises(InputError, match=r"h\.xlsx: B2 is a formula without a value: open the workbook"):
        read(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (workbook(("Data", [])), "the workbook has no rows"),
        (
            workbook(("A", [HEADER, *ROWS]), ("B", [HEADER, *ROWS])),
            "sheets A, B have columns date and outcome: leave one",
        ),
        (
            workbook(("A", [["x", "y"]]), ("B", [["z"]])),
            "none of the sheets A, B has columns date and outcome",
        ),
        (workbook(("Data", [HEADER])), "rows below it"),
        (PLAIN[:200], "cannot be unpacked"),
        (squeezed(PLAIN, b"\x00"), "cannot be unpacked"),
        (squeezed(PLAIN, b"\x07"), "cannot be unpacked"),
        (packed(PLAIN, "xl/worksheets/sheet1.xml", lambda part: part[:-40]), "cannot be read"),
        (packed(PLAIN, "xl/worksheets/sheet1.xml", lambda _: b"<a><b"), "cannot be read"),
        (packed(PLAIN, "xl/workbook.xml", lambda _: b"no XML"), "xl/workbook.xml is not valid XML"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "docProps/core.xml"])
def test_no_entity_is_declared_in_any_part(part: str, encoding: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'

    def declare(content: bytes) -> bytes:
        text = content.decode().split("?>")[-1]
        return f'<?xml version="1.0" encoding="{encoding}"?>{bomb}{text}'.encode(encoding)

    with pytest.raises(InputError, match=f"{part} declares a document type"):
        read(packed(PLAIN, part, declare))


def test_a_part_of_another_name_is_looked_at_too() -> None:
    stream = io.BytesIO(PLAIN)
    with zipfile.ZipFile(stream, "a") as package:
        package.writestr("xl/media/picture.png", b"\x89PNG\r\n\x1a\n" + bytes(50))
    assert len(read(stream.getvalue())["date"]) == 2
    with zipfile.ZipFile(stream, "a") as package:
        package.writestr("xl/media/sheet.bin", '<!DOCTYPE x [<!ENTITY a "a">]><x>&a;</x>')
    with pytest.raises(InputError, match=r"sheet\.bin declares a document type"):
        read(stream.getvalue())


def test_remarks_of_the_library_that_reads_it_are_not_shown() -> None:
    """A workbook without styles, as other programs write it."""

    def bare(part: bytes) -> bytes:
        return re.sub(rb"<cellStyles.*?</cellStyles>|<cellStyleXfs.*?</cellStyleXfs>", b"", part)

    assert history(packed(PLAIN, "xl/styles.xml", bare)).spend["sms"].tolist() == [1.5, 2.5]


def test_a_packed_file_of_another_kind_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(
        InputError, match=r"a packed file, but no Excel workbook: save the table as .xlsx or CSV"
    ):
        read(stream.getvalue())


def test_size_counts_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    swollen = packed(PLAIN, "xl/worksheets/sheet1.xml", lambda part: part + b" " * 200_000)
    assert len(swollen) < 10_000
    assert len(read(swollen)["date"]) == 2
    monkeypatch.setattr(excel, "LARGEST_UNPACKED", 100_000)
    with pytest.raises(InputError, match="holds more than 100,000 bytes"):
        read(swollen)
    monkeypatch.setattr(excel, "LARGEST_UNPACKED", 10_000_000)
    monkeypatch.setattr(excel, "WIDEST", 2)
    with pytest.raises(InputError, match="sheet Data has more than 2 columns"):
        read(PLAIN)


def test_without_openpyxl_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"pip install 'channelmix\[excel\]', or save the sheet as CSV"):
        read(PLAIN)
