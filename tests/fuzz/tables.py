"""Tables of a history as companies have them, altered: texts in any dialect, workbooks, frames."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from tests.fuzz.hostile import NUMBERS, TEXTS

__all__ = ["FEW_ROWS", "frames", "grids", "statements", "table_texts", "workbooks"]

Grid = list[list[Any]]

FEW_ROWS = 12

DATES = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d.%m.%Y",
    "%Y%m%d",
    "%d %b %Y",
    "%G-W%V",
    "%Y-%m",
    "%Y-%m-%dT%H:%M:%SZ",
)

ENTRIES = (
    *(
        "",
        "-",
        "n/a",
        "#REF!",
        "NaN",
        "inf",
        "1,234.50",
        "1.234,50",
        "1 234",
        "1\u202f234",
        "12,5",
        "(300)",
        "-5",
        "\u22125",
    ),
    *(
        "300 €",
        "$300",
        "EUR 300",
        "£1",
        "3k",
        "1e3",
        "1e308",
        "1e-320",
        "0x1F",
        "50%",
        "٣",
        "\uff11\uff12",
        "1/2",
        "TRUE",
        "Total",
    ),
    *(
        "29/02/2023",
        "2024-13-01",
        "13/13/2024",
        "1900-01-00",
        "45292",
        "9999-12-31",
        "10000-01-01",
        "0",
        "99999999999",
    ),
    *(
        "2024-W54",
        "W05 2024",
        "Q1 2024",
        "01/02/03",
        "2024-01-01 24:00",
        "24:00",
        "2024-01-01T00:00:00+14:00",
        "=A1",
    ),
)

NAMES = (
    "date",
    "week",
    "outcome",
    "orders",
    "sms",
    "social",
    "im",
    "app",
    "market",
    "channel",
    "spend",
    "FR/sms",
    "promo",
)

ENCODINGS = ("utf-8-sig", "utf-16", "cp1252", "utf-32", "shift_jis")

MOST_CHANGES = 4


@cache
def _rows(n: int, step: int, form: str) -> Grid:
    start = date(2023, 1, 2)
    days = [(start + timedelta(days=step * i)).strftime(form) for i in range(n)]
    head = ["date", "outcome", "sms", "social", "promo"]
    return [head, *([day, 900 + 7 * i % 50, 100.5 + i, 40 * (i % 3), i % 2] for i, day in enumerate(days))]


@st.composite
def grids(draw: DrawFn) -> Grid:
    """Rows with their header, altered."""
    n = draw(st.sampled_from([2, FEW_ROWS, FEW_ROWS, FEW_ROWS, 60]))
    made = _rows(
        n, draw(st.sampled_from([7] * 6 + [1, 30])), DATES[max(draw(st.integers(-5, len(DATES) - 1)), 0)]
    )
    grid = [list(row) for row in made]
    for _ in range(draw(st.integers(0, MOST_CHANGES))):
        draw(st.sampled_from(CHANGES))(draw, grid)
    return grid


def _entry(draw: DrawFn) -> Any:
    return draw(
        st.one_of(
            st.sampled_from(ENTRIES),
            st.sampled_from(ENTRIES),
            st.sampled_from(TEXTS),
            st.sampled_from(NUMBERS),
            st.sampled_from(NAMES),
            st.floats(),
            st.text(max_size=5),
        )
    )


def _replace(draw: DrawFn, grid: Grid) -> None:
    row = _one(draw, grid)
    if row:
        row[draw(st.integers(0, len(row) - 1))] = _entry(draw)


def _replace_column(draw: DrawFn, grid: Grid) -> None:
    """In every row, as a whole column is written otherwise."""
    k, entry = draw(st.integers(0, 4)), _entry(draw)
    for row in grid[1:]:
        if k < len(row):
            row[k] = entry


def _rewrite_column(draw: DrawFn, grid: Grid) -> None:
    k, form = (
        draw(st.integers(0, 4)),
        draw(st.sampled_from(["{} €", "{},00", "$ {}", "{}%", "'{}", "{}k", "-{}"])),
    )
    for row in grid[1:]:
        if k < len(row):
            row[k] = form.format(row[k])


def _rename(draw: DrawFn, grid: Grid) -> None:
    if grid and grid[0]:
        name = draw(st.one_of(st.sampled_from(NAMES), st.sampled_from(TEXTS)))
        grid[0][draw(st.integers(0, len(grid[0]) - 1))] = name


def _delete(draw: DrawFn, grid: Grid) -> None:
    if len(grid) > 1:
        del grid[draw(st.integers(0, len(grid) - 1))]


def _shorten(draw: DrawFn, grid: Grid) -> None:
    row = _one(draw, grid)
    del row[draw(st.integers(0, len(row))) :]


def _repeat(draw: DrawFn, grid: Grid) -> None:
    """A row again, at its place or at the end; or all of them."""
    many = draw(st.sampled_from([1, 1, 40]))
    row = _one(draw, grid)
    grid.extend([list(row) for _ in range(many)])


def _widen(draw: DrawFn, grid: Grid) -> None:
    """A column again, or many."""
    k, many = draw(st.integers(0, 4)), draw(st.sampled_from([1, 1, 60]))
    for row in grid:
        if k < len(row):
            row.extend([row[k]] * many)


def _swap(draw: DrawFn, grid: Grid) -> None:
    i, j = (draw(st.integers(0, len(grid) - 1)) for _ in range(2))
    grid[i], grid[j] = grid[j], grid[i]


def _turn(_draw: DrawFn, grid: Grid) -> None:
    """Rows as columns."""
    width = max(map(len, grid))
    grid[:] = [[row[k] if k < len(row) else "" for row in grid] for k in range(width)] or [[]]


def _above(draw: DrawFn, grid: Grid) -> None:
    """Lines above the header, or a total below."""
    line = [_entry(draw) for _ in range(draw(st.integers(0, 5)))]
    grid.insert(0, line) if draw(st.booleans()) else grid.append(["Total", *line])


def _one(draw: DrawFn, grid: Grid) -> list[Any]:
    return grid[draw(st.integers(0, len(grid) - 1))]


CHANGES = (
    *(_replace, _replace, _replace_column, _rewrite_column, _rename, _delete, _shorten),
    *(_repeat, _widen, _swap, _turn, _above),
)


@st.composite
def table_texts(draw: DrawFn, made: st.SearchStrategy[Grid]) -> bytes:
    """A table as text, for the most part well written."""
    shown = io.StringIO()
    separator = draw(st.sampled_from([",", ",", ",", ";", ";", "\t", "|", ":"]))
    quoted = draw(st.integers(0, 2)) == 2
    writer = csv.writer(
        shown,
        delimiter=separator,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
        lineterminator=draw(st.sampled_from(["\n", "\r\n", "\r"])),
    )
    writer.writerows(draw(made))
    text = shown.getvalue()
    encoding = "utf-8" if draw(st.integers(0, 3)) else draw(st.sampled_from(ENCODINGS))
    data = text.encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace")
    kind = draw(st.integers(0, 12))
    if kind == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.sampled_from([b'"', b"\x00", b"\xff", b"\n", b";", b""])) + data[at + 1 :]
    elif kind == 1:
        data = (
            draw(st.sampled_from([b"sep=;\n", b"\n\n\n", b"# notes\n", b"PK\x03\x04", b"PAR1", b"%PDF"]))
            + data
        )
    return data


@st.composite
def workbooks(draw: DrawFn) -> bytes:
    """A workbook with a sheet or two, and now and then with a part that is broken."""
    import openpyxl
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook()
    for k in range(draw(st.sampled_from([1, 1, 2]))):
        sheet = book.active if k == 0 else book.create_sheet()
        dated = draw(st.booleans())
        for i, row in enumerate(draw(grids())):
            for j, value in enumerate(row[:80]):
                if isinstance(value, str):
                    value = ILLEGAL_CHARACTERS_RE.sub("?", value).encode("utf-8", "replace").decode()[:300]
                elif isinstance(value, float) and not math.isfinite(value):
                    value = str(value)
                elif isinstance(value, int) and abs(value) > 10**15:
                    value = float(value)
                if dated and i and not j:
                    value = datetime(2023, 1, 2) + timedelta(days=7 * i)
                sheet.cell(i + 1, j + 1, value)
    packed = io.BytesIO()
    book.save(packed)
    data = packed.getvalue()
    kind = draw(st.integers(0, 5))
    if kind == 0:
        at = _at(draw, data)
        return data[:at] + draw(st.binary(min_size=1, max_size=3)) + data[at + 1 :]
    return _with_broken_part(draw, data) if kind <= 2 else data


def _at(draw: DrawFn, data: bytes) -> int:
    """A place in bytes, as a share of them: they are packed with the time of day, and their number may differ."""
    return len(data) * draw(st.integers(0, 9999)) // 10_000


def _with_broken_part(draw: DrawFn, data: bytes) -> bytes:
    """Another text in a part, or none of it: parts name each other, and hold numbers that count."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        broken = draw(st.sampled_from(old.namelist()))
        for name in old.namelist():
            part = old.read(name)
            if name == broken:
                at = _at(draw, part)
                piece = draw(
                    st.sampled_from(
                        [b"", b"9", b"-1", b"<", b'"', b"e", b"1e400", b"<!DOCTYPE a>", b"A1048577"]
                    )
                )
                part = part[:at] + piece + part[at + draw(st.integers(0, 5)) :]
            if name != broken or draw(st.integers(0, 4)):
                new.writestr(name, part)
    return packed.getvalue()


@st.composite
def frames(draw: DrawFn) -> Any:
    """A table of pandas, polars or Arrow."""
    import pandas as pd
    import polars as pl
    import pyarrow as pa  # type: ignore[import-untyped]

    grid = draw(grids())
    width = max(map(len, grid))
    names = [str(grid[0][k]) if k < len(grid[0]) else f"c{k}" for k in range(min(width, 12))]
    columns = [[row[k] if k < len(row) else None for row in grid[1:]] for k in range(len(names))]
    kind = draw(st.sampled_from(["pandas", "pandas, as it is", "polars", "arrow", "index"]))
    if kind == "pandas, as it is":
        return pd.DataFrame(dict(enumerate(columns))).set_axis(names, axis=1)
    unique = {
        name.encode("utf-8", "replace").decode(): [_of_one_kind(v) for v in column]
        for name, column in zip(names, columns, strict=True)
    }
    if kind == "polars":
        return pl.DataFrame(unique, strict=False)
    if kind == "arrow":
        return pa.table({name: pa.array([str(v) for v in column]) for name, column in unique.items()})
    frame = pd.DataFrame(unique)
    if kind == "index" and len(frame.columns):
        days = pd.date_range(
            "2023-01-02", periods=len(frame), freq="7D", tz=draw(st.sampled_from([None, "UTC"]))
        )
        frame = frame.set_index(days)
    return frame


def _of_one_kind(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return float(value) if isinstance(value, int) else value


@st.composite
def statements(draw: DrawFn) -> dict[str, Any]:
    """What is stated of a table, for the most part in keeping with it."""
    names = st.one_of(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(TEXTS))
    lists = st.lists(names, max_size=2)
    amounts = st.one_of(
        st.floats(0.01, 1000.0), st.sampled_from([n for n in NUMBERS if not isinstance(n, str)])
    )
    found: dict[str, Any] = {"outcome_worth": 22.0, "controls": ["promo"]}
    more = {
        "outcome_worth": amounts,
        "outcome": names,
        "date": names,
        "controls": lists,
        "unpaid": lists,
        "ignore": lists,
        "market": names,
        "cost_per_unit": st.dictionaries(names, st.one_of(amounts, names), max_size=2),
        "timing_days": amounts,
        "decimal": st.sampled_from([".", ",", ";", ""]),
        "date_format": st.sampled_from(
            ["dmy", "mdy", "ymd", "%d/%m/%Y", "%Q", "%", "", "%d" * 500, "%Y-%m-%d"]
        ),
        "long": st.dictionaries(
            st.sampled_from(["channel", "spend", "x"]), st.one_of(st.none(), names), max_size=2
        ),
        "published": st.booleans(),
    }
    for name in draw(st.lists(st.sampled_from(sorted(more)), max_size=2)) if draw(st.booleans()) else ():
        found[name] = draw(more[name])
    return found
