"""Where a table begins and ends in a text, and by what its columns are separated."""

from __future__ import annotations

import pytest

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables import LARGEST_TABLE, Table, read_table

ROWS = (("date", "outcome", "sms"), ("2024-01-01", "5", "1.5"), ("2024-01-08", "6", "2.5"))
PLAIN = {"date": ["2024-01-01", "2024-01-08"], "outcome": ["5", "6"], "sms": ["1.5", "2.5"]}


def written(separator: str = ",", *, above: str = "", below: str = "", end: str = "\n") -> bytes:
    return (above + end.join(separator.join(row) for row in ROWS) + end + below).encode()


def read(data: bytes, *names: str) -> Table:
    return read_table(data, "h.csv", names or ("date", "outcome"))


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (written(), ()),
        (written(";"), ("semicolons",)),
        (written("\t"), ("tabs",)),
        (written("|"), ("pipes",)),
        (written(end="\r"), ()),
        (written(";", above="sep=;\n"), ("semicolons",)),
        (written(above="Media report 2024\n\n"), ("1 line above the names left out",)),
        (
            written(above="# exported, 2024-02-01\nAccount:,Lyon\n"),
            ("2 lines above the names left out",),
        ),
        (written(below="Total,11,4\n"), ("1 row of totals left out (line 4)",)),
        (
            written(below="Grand Total:,11,4\nAverage,5,2\n\nSource: CRM\n"),
            ("2 rows of totals left out (line 4, 5)", "1 line below the table left out"),
        ),
        (written(end=",\n"), ()),
        (written(end=" , ,\n"), ()),
        (written().replace(b"sms\n", b"sms,\n"), ()),
        (written().replace(b"date", b" date ").replace(b"1.5", b' "1.5" '.strip()), ()),
    ],
)
def test_a_table_is_found_in_its_text(data: bytes, notes: tuple[str, ...]) -> None:
    table = read(data)
    assert dict(table) == PLAIN
    assert table.notes == notes


def test_names_are_of_one_line() -> None:
    data = 'date,outcome,"social\n spend","sms\u00a0spend"\n2024-01-01,1,2,3\n'.encode()
    assert list(read(data)) == ["date", "outcome", "social spend", "sms spend"]


def test_the_line_of_names_is_the_one_with_most_of_them() -> None:
    data = b"date,2024-02-01\n\ndate,orders,sms\n2024-01-01,1,2\n"
    for names in (("date", "orders"), ("date", "ordes"), ("DATE", "ordes")):
        assert list(read(data, *names)) == ["date", "orders", "sms"]


def test_rows_are_found_by_their_line() -> None:
    data = b'"a report\nof two lines"\n\ndate,outcome,sms\n\n2024-01-01,5,1.5\n2024-01-08,6,2.5\n'
    table = read(data)
    assert dict(table) == PLAIN
    assert [table.place(i) for i in range(2)] == ["row 1 (line 6)", "row 2 (line 7)"]


@pytest.mark.parametrize("first", ["0", "1"])
def test_a_column_that_counts_the_rows_is_left_out(first: str) -> None:
    for name in ("", "Unnamed: 0"):
        lines = [",".join(row) for row in ROWS]
        numbers = [str(int(first) + i) for i in range(2)]
        data = "\n".join(f"{start},{line}" for start, line in zip([name, *numbers], lines, strict=True))
        table = read(data.encode())
        assert dict(table) == PLAIN
        assert table.notes == ("column of row numbers left out",)


def test_the_separator_is_the_one_by_which_the_names_are_there() -> None:
    data = b"date;outcome, net of returns;sms\n2024-01-01;5;1,5\n2024-01-08;6;2,5\n"
    table = read(data, "date", "outcome, net of returns")
    assert list(table) == ["date", "outcome, net of returns", "sms"]
    assert table["sms"] == ["1,5", "2,5"]
    # With a wrong name, whoever looks for it sees what there is.
    assert list(read(data, "week", "outcme")) == list(table)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "a table has columns"),
        (b"date,outcome,sms\n", "a line of column names and rows below it"),
        (b"date,outcome,sms\nTotal,1,2\n", "needs rows below its names"),
        (
            written().replace(b"1.5", b"3,964.03"),
            "line 2 has 4 entries, not 3: put numbers with commas in quotes",
        ),
        (written(";").replace(b"1.5", b"1;5"), "line 2 has 4 entries, not 3$"),
        (written().replace(b",1.5", b""), "line 2 has 2 entries, not 3: sms is missing"),
        (written(above=",pieces,EUR\n"), "line 1 stands above the names of the columns and is no title"),
        (written(above="2023-12-18,4,1\n"), "line 1 stands above the names"),
        (written(below="date,outcome,sms\n2024-01-15,1,1\n"), "line 4 has the names of the columns again"),
        (written().replace(b"date", b""), "column 1 has no name, and line 2 has '2024-01-01' in it: name it"),
        (written(end=",\n").replace(b"2.5,", b"2.5,x"), "column 4 has no name|line 3 has 4 entries"),
        (written().replace(b"sms", b"outcome"), "columns 2 and 3 are both named 'outcome'"),
        (written().replace(b"sms", b"s\x1bms"), "every column needs a printable name"),
        (written().replace(b"1.5", b'"1.5'), "entries separated by commas"),
        (b'"date,outcome,sms"\n"2024-01-01,5,1"\n', "columns separated by commas, semicolons, tabs or pipes"),
        (b"x" * (LARGEST_TABLE + 1), "at most 50,000,000 bytes"),
    ],
)
def test_what_is_not_certain_is_asked_by_line(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(data)


def test_a_last_row_with_a_date_and_nothing_else_is_no_remark() -> None:
    table = read(written(below="March 2024,,\n"))
    assert table["date"] == ["2024-01-01", "2024-01-08", "March 2024"]
