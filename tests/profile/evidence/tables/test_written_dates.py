from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.statement import StatementError
from channelmix.profile.evidence.tables.written_dates import is_date, read_dates


def read(column: Sequence[Any], date_format: str | None = None) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    return read_dates(column, "date", lambda i: f"row {i + 1}", date_format)


WEEKS = ("2023-01-02", "2023-01-16")
MONTHS = ("2023-01-01", "2023-02-01")


@pytest.mark.parametrize(
    ("column", "dates", "notes"),
    [
        (["2023-01-02", "2023-01-16"], WEEKS, ()),
        (["2023-01-02 00:00:00", "2023-01-16"], WEEKS, ()),
        (["2023-01", "2023-02"], MONTHS, ()),
        (["2023/1/2", "2023/1/16"], WEEKS, ("2023/1/2 as 2023-01-02",)),
        (["2.1.2023", "16.1.2023"], WEEKS, ("day.month.year",)),
        (["02/01/2023", "16/01/2023"], WEEKS, ("day/month/year",)),
        (["1/2/2023", "1/16/2023"], WEEKS, ("month/day/year",)),
        (["1/2/23", "1/16/23"], WEEKS, ("month/day/year",)),
        (["1/2/2023 12:00 AM", "1/16/2023 12:00 AM"], WEEKS, ("month/day/year",)),
        (["01/01/2023"], ("2023-01-01",), ("day/month/year",)),
        (["2 Jan 2023", "16 January 2023"], WEEKS, ("2 Jan 2023 as 2023-01-02",)),
        (["02-Jan-23", "16-Jan-23"], WEEKS, ("02-Jan-23 as 2023-01-02",)),
        (["Jan 2nd, 2023", "Jan 16th, 2023"], WEEKS, ("Jan 2nd, 2023 as 2023-01-02",)),
        (["Mon 2. Januar 2023", "Mo. 16. Januar 2023"], WEEKS, ("Mon 2. Januar 2023 as 2023-01-02",)),
        (["janv. 2023", "févr. 2023"], MONTHS, ("janv. 2023 as 2023-01-01",)),
        (["01/2023", "02/2023"], MONTHS, ("01/2023 as 2023-01-01",)),
        (["2023-Q1", "2023-Q2"], ("2023-01-01", "2023-04-01"), ("2023-Q1 as 2023-01-01",)),
        (["2023-W01", "2023-W03"], WEEKS, ("2023-W01 as 2023-01-02",)),
        (["KW 1/2023", "KW 3/2023"], WEEKS, ("KW 1/2023 as 2023-01-02",)),
        (["Mon 02.01.2023", "Mon 16.01.2023"], WEEKS, ("Mon 02.01.2023 as 2023-01-02",)),
        (["Mo., 2023-01-02", "Mo., 2023-01-16"], WEEKS, ("Mo., 2023-01-02 as 2023-01-02",)),
        (["CW 1 2023", "CW 3 2023"], WEEKS, ("CW 1 2023 as 2023-01-02",)),
        (["Semaine 1 2023", "Semaine 3 2023"], WEEKS, ("Semaine 1 2023 as 2023-01-02",)),
        (["T1/2023", "T2/2023"], ("2023-01-01", "2023-04-01"), ("T1/2023 as 2023-01-01",)),
        (
            ["1. Quartal 2023", "2. Quartal 2023"],
            ("2023-01-01", "2023-04-01"),
            ("1. Quartal 2023 as 2023-01-01",),
        ),
        (["1er trimestre 2023", "2e trimestre 2023"], ("2023-01-01", "2023-04-01"), None),
        (["44928", "44942"], WEEKS, ("44928 as 2023-01-02",)),
        ([44928.0, 44942.0], WEEKS, ("44928 as 2023-01-02",)),
        (["202301", "202302"], MONTHS, ("202301 as 2023-01-01",)),
        (["20230102", "20230116"], WEEKS, ("20230102 as 2023-01-02",)),
        (["2023-01-02 08:00", "2023-01-16 08:00"], WEEKS, ("time of day 08:00 left out",)),
        (["2023-01-02T00:00:00Z"] * 1, WEEKS[:1], ("2023-01-02T00:00:00Z as 2023-01-02",)),
        (["2023-01-02 - 2023-01-15", "2023-01-16 - 2023-01-29"], WEEKS, ("date ranges by their first day",)),
        (["2023-01-02/2023-01-16", "2023-01-16/2023-01-30"], WEEKS, ("date ranges by their first day",)),
        (
            ["02.01.2023 \u2013 15.01.2023", "16.01.2023 \u2013 29.01.2023"],
            WEEKS,
            ("day.month.year", "date ranges by their first day"),
        ),
        ([datetime(2023, 1, 2), date(2023, 1, 16)], WEEKS, ()),
        (
            [datetime(2023, 1, 2, tzinfo=UTC)],
            WEEKS[:1],
            ("2023-01-02 00:00:00+00:00 as 2023-01-02",),
        ),
        (["1", "2"], (1, 2), ()),
    ],
)
def test_dates_are_read_in_every_certain_form(
    column: list[Any], dates: tuple[Any, ...], notes: tuple[str, ...] | None
) -> None:
    found, said = read(column)
    assert found == dates
    assert notes is None or said == notes


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (
            ["01/01/2024", "03/04/2024"],
            r"'03/04/2024' in row 2 is 2024-04-03 \(dmy\) or 2024-03-04 \(mdy\), .*--date-format dmy",
        ),
        (["03.04.2024"], "--date-format dmy or --date-format mdy"),
        (["Mon 03.04.2024"], "--date-format dmy or --date-format mdy"),
        (["12/2023", "13/2023"], r"row 2 has '13/2023' \(is its number a week\? Write such as 2024-W05\)"),
        (["2024-01-01", "2024"], "row 2 has '2024': remove the row if it adds up a year"),
        (["2024-01-01", "T5 2024"], "row 2 has 'T5 2024'"),
        (["16.1.23"], r"2023-01-16 \(dmy\) or 2016-01-23 \(ymd\)"),
        (["13/01/2024", "01/14/2024"], "several ways: row 1 has '13/01/2024' and row 2 '01/14/2024'"),
        (["03/04/2024", "13/01/2024", "01/14/2024"], "row 2 has '13/01/2024' and row 3 '01/14/2024'"),
        # A spreadsheet of another country turns 03/04 into a date and leaves 13/04 as text.
        (["2024-03-04", "13/04/2024"], "several ways: row 2 has '13/04/2024' and row 1 '2024-03-04'"),
        (["2024-01-08", "2024-01"], "several ways"),
        (
            ["Jan-23"],
            r"^date: 'Jan-23' in row 1 is January 2023 or 23 January: state --date-format %b-%y if its number ",
        ),
        (
            ["Jan-23"],
            r"if it is a day, write the year, too, and state --date-format %b-%d-%Y \(date_format in Python",
        ),
        (
            ["23-mai", "24-mai"],
            r"is May 2023 or 23 May: state --date-format %y-%b if .* state --date-format %d-%b-%Y ",
        ),
        (["févr.-45"], r"'févr.-45' in row 1 is February 2045: state --date-format %b-%y"),
        (["2024-01-01", "Jan 24"], r"'Jan 24' in row 2 is .* state --date-format '%b %y' if "),
        (["2024-13"], "row 1 has '2024-13'"),
        (["2024-W54"], "row 1 has '2024-W54'"),
        (["30/02/2024"], "row 1 has '30/02/2024'"),
        (["week 3"], "date must hold dates such as .*row 1 has 'week 3'"),
        (["2024-01-01", None], "row 2 has 'nothing'"),
        (["202413", "202414"], "neither a date nor a number of periods"),
        (["1012024", "8012024"], "neither a date nor a number of periods"),
        (["1672617600"], "row 1 has '1672617600'"),
        (
            ["2023-01-01T23:00:00Z", "2023-01-08T23:00:00Z"],
            "row 1 has the time 23:00:00 Z, .*write days alone",
        ),
        (["2023-01-01 23:00", "2023-01-08 23:00"], "the time 23:00:00"),
        (["2023-01-01 08:00", "2023-01-01 09:00"], "add up rows by day"),
        (["2024-01-08 - 2024-01-01"], "row 1 must hold a first and a last day"),
        (["2024-01-01 - 2024-01-08", "2024-01-09"], "row 2 must hold a first and a last day"),
        (
            ["2024-01-01 - 2024-01-08", "2024-01-07 - 2024-01-14"],
            "begins before the range that ends on 2024-01-08",
        ),
    ],
)
def test_what_is_not_certain_is_asked(column: list[Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(column)


@pytest.mark.parametrize(
    ("column", "stated", "dates", "note"),
    [
        (["03/04/2024"], "dmy", ("2024-04-03",), "day/month/year"),
        (["03/04/2024"], "mdy", ("2024-03-04",), "month/day/year"),
        (["03.04.24"], "ymd", ("2003-04-24",), "year.month.day"),
        (["03/04/2024"], "%d/%m/%Y", ("2024-04-03",), "dates as %d/%m/%Y"),
        (["20240403"], "%Y%d%m", ("2024-03-04",), "dates as %Y%d%m"),
        (["Jan-23", "Feb-23"], "%b-%y", MONTHS, "dates as %b-%y"),
        (["janv.-23", "févr.-23"], "%b-%y", MONTHS, "dates as %b-%y"),
        (["23 Januar", "23 Februar"], "%y %B", MONTHS, "dates as %y %B"),
        (["Jan-02-2023", "Jan-16-2023"], "%b-%d-%Y", WEEKS, "dates as %b-%d-%Y"),
    ],
)
def test_a_statement_settles_it(column: list[str], stated: str, dates: tuple[str, ...], note: str) -> None:
    assert read(column, stated) == (dates, (note,))


def test_a_statement_leaves_certain_dates_as_they_are() -> None:
    for stated in ("dmy", "%d/%m/%Y"):
        assert read(["2024-03-04"], stated) == (("2024-03-04",), ())
    assert read(["1", "2"], "dmy") == ((1, 2), ())


@pytest.mark.parametrize(
    ("column", "stated", "said"),
    [
        (["01/14/2024"], "dmy", "row 1 has '01/14/2024', which is no date by the stated order dmy"),
        (["2024-01-01", "14/01/2024"], "%d/%m/%Y", "written as %d/%m/%Y, and row 1 has '2024-01-01'"),
        (["03/04/2024"], "dym", "date_format must be dmy, mdy, ymd or a format"),
        (["03/04/2024"], "%Q", "written as %Q"),
        (["Jan-23"], "%b-%d", "date_format %b-%d has no year, such as %Y: write dates with their year"),
    ],
)
def test_a_wrong_statement_is_named(column: list[str], stated: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(column, stated)


def test_a_date_is_told_from_words() -> None:
    assert is_date("March 2024")
    assert not is_date("Source: CRM")


def swapped(day: date) -> date:
    return date(day.year, day.day, day.month) if day.day <= 12 else day


ROWS = {
    "weeks": [date(2023, 1, 2) + timedelta(7 * i) for i in range(80)],
    "days": [date(2023, 1, 1) + timedelta(i) for i in range(400)],
    "months": [date(2021 + i // 12, 1 + i % 12, 1) for i in range(36)],
}


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d/%m/%Y"])
def test_days_and_months_that_a_spreadsheet_swapped_are_asked_about(rows: str, form: str) -> None:
    if rows == "months" and form != "%Y-%m-%d":
        return  # no day above 12 tells the order, which is asked about anyway
    texts = [swapped(day).strftime(form) for day in ROWS[rows]]
    order = "ymd" if form == "%Y-%m-%d" else "dmy"
    first = next(day for day in ROWS[rows] if swapped(day) != day)
    asked = rf"seem to be swapped in \d+ dates.* reads {swapped(first)}, .* if it is {first}: .*--date-format {order}"
    with pytest.raises(StatementError, match=asked):
        read_dates(texts, "date", lambda i: f"row {i}")
    found, _ = read_dates(texts, "date", lambda i: f"row {i}", order)
    assert found == tuple(swapped(day).isoformat() for day in ROWS[rows])
    right = [day.strftime(form) for day in ROWS[rows]]
    assert read_dates(right, "date", lambda i: f"row {i}")[0] == tuple(d.isoformat() for d in ROWS[rows])


def test_days_swapped_in_the_later_half_of_a_table_alone_are_asked_about() -> None:
    days = ROWS["weeks"]
    texts = [str(day if i < 40 else swapped(day)) for i, day in enumerate(days)]
    with pytest.raises(StatementError, match="seem to be swapped"):
        read_dates(texts, "date", lambda i: f"row {i}")


def test_rows_in_no_order_or_with_gaps_are_not_taken_for_swapped() -> None:
    rng = np.random.default_rng(0)
    for days in ROWS.values():
        mixed = [str(days[i]) for i in rng.permutation(len(days))]
        assert read_dates(mixed, "date", lambda i: f"row {i}")[0] == tuple(mixed)
        some = [str(days[i]) for i in np.flatnonzero(rng.random(len(days)) < 0.6)]
        assert read_dates(some, "date", lambda i: f"row {i}")[0] == tuple(some)


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["ene-23", "feb-23"], None),
        (["feb-23", "mar-23", "abr-23"], None),
        (["feb-23", "abr-23"], "%b-%y"),
        (["gen 2023", "feb 2023"], None),
    ],
)
def test_no_format_is_advised_for_names_of_months_that_it_does_not_read(
    texts: list[str], form: str | None
) -> None:
    with pytest.raises(
        StatementError, match="names of months are read in English, French and German"
    ) as error:
        read_dates(texts, "month", lambda i: f"row {i}", form)
    assert "--date-format" not in str(error.value)
