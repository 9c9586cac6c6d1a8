from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelmix.core.errors import InputError
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.profile.evidence import History
from channelmix.profile.evidence.dates import SPREADSHEET, day_of, days_of_numbers

CASES = Path(__file__).parents[4] / "shared" / "cases" / "dates"


def history(dates: list[object]) -> History:
    table: dict[str, list[object]] = {"date": dates, "orders": [10.0] * len(dates), "sms": [5.0] * len(dates)}
    return History.of(table, source="rows", outcome="orders", outcome_worth=18.0)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["2024-01-31", "2024-02-01 00:00:00"], ("2024-01-31", "2024-02-01")),
        (["2024-01", "2024-02"], ("2024-01-01", "2024-02-01")),
        (["2024-W01", "2024W02"], ("2024-01-01", "2024-01-08")),
        (["202401", "202402"], ("2024-01-01", "2024-02-01")),
        ([20240131, 20240207], ("2024-01-31", "2024-02-07")),
        ([44928, 44935], ("2023-01-02", "2023-01-09")),
        ([2022, 2023], ("2022-01-01", "2023-01-01")),
        ([1, 2], (1, 2)),
        ([0, 1], (0, 1)),
        ([9998, 9999], (9998, 9999)),
    ],
)
def test_dates_are_read_however_tables_write_them(written: list[object], read: tuple[object, ...]) -> None:
    assert history(written).dates == read


@pytest.mark.parametrize("numbers", [[202412, 202413], [12024, 12025], [1704067200, 1704672000]])
def test_numbers_that_are_neither_dates_nor_periods_are_refused(numbers: list[object]) -> None:
    with pytest.raises(InputError, match=r"date(:| must hold dates such as)"):
        history(numbers)
    with pytest.raises(InputError, match="neither a date nor a number of periods"):
        Timeline.of(numbers)


MONTHS = [100 * year + month for year in (22, 23, 24) for month in range(1, 13)]

WEEKS = [100 * year + week for year in (23, 24) for week in range(1, 53)]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (MONTHS, "2201 to 2412 look like months .* write months such as 2022-01"),
        (MONTHS[11:13], "2212 to 2301 look like months .* such as 2022-12"),
        (MONTHS[2::3], "2203 to 2412 look like months .* such as 2022-03"),
        (list(map(str, MONTHS)), "2201 to 2412 look like months"),
        ([*range(1901, 1913), *range(2001, 2013)], "1901 to 2012 look like months .* such as 2019-01"),
        (WEEKS, "2301 to 2452 look like weeks .* such as 2023-W01"),
    ],
)
def test_months_and_weeks_of_short_years_are_never_counted(numbers: list[object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        history(numbers)
    with pytest.raises(InputError, match=said):
        Timeline.of(numbers)


@pytest.mark.parametrize(
    "numbers", [range(2150, 2260), range(2201, 2213), range(1, 200), range(195, 320), [101, 201, 301]]
)
def test_numbers_that_go_on_through_a_hundred_count_periods(numbers: list[object]) -> None:
    assert history(list(numbers)).dates == tuple(numbers)


@pytest.mark.parametrize(
    "name", ["month", "Monat", "MOIS", "mes", "month_no", "Mois n\u00b0", "sales months"]
)
def test_numbers_in_a_column_of_months_are_asked_about(name: str) -> None:
    def read(dates: list[object]) -> History:
        table: dict[str, list[object]] = {name: dates, "orders": [10.0] * 24, "sms": [5.0] * 24}
        return History.of(table, source="rows", date=name, outcome="orders", outcome_worth=18.0)

    with pytest.raises(InputError, match="numbers such as 1 count weeks here: write months as 2024-01"):
        read(list(range(1, 25)))
    assert read([f"{2022 + k // 12}-{k % 12 + 1:02d}" for k in range(24)]).dates[-1] == "2023-12-01"


@pytest.mark.parametrize("name", ["week", "times", "period", "t"])
def test_numbers_in_other_columns_count_weeks(name: str) -> None:
    table: dict[str, list[object]] = {name: [1, 2, 3], "orders": [10.0] * 3, "sms": [5.0] * 3}
    assert History.of(table, source="rows", date=name, outcome="orders", outcome_worth=18.0).dates == (
        1,
        2,
        3,
    )


@pytest.mark.parametrize("wrong", ["31.13.2024", "2024-13", "2024-W54", "2024-02-30", "week 3", ""])
def test_other_dates_are_refused_by_row(wrong: str) -> None:
    with pytest.raises(InputError, match=r"date must hold dates such as .* row 2 has"):
        history(["2024-01-08", wrong])


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_spreadsheets_count_is_its_day(day: date) -> None:
    count = (np.datetime64(day) - SPREADSHEET).astype(int)
    found = days_of_numbers([int(count)])
    assert found is not None
    assert str(found[0]) == day.isoformat() == day_of(day.isoformat())


def test_the_regressors_rows_are_read_alike() -> None:
    serial, iso = np.arange(44928, 44984, 7), np.arange("2023-01-02", "2023-02-27", 7, dtype="datetime64[D]")
    for times in (
        serial,
        serial.astype(float),
        iso,
        iso.astype(str),
        [f"2023-W{week:02d}" for week in range(1, 9)],
    ):
        timeline = Timeline.of(times)
        assert (timeline.unit, timeline.step) == ("day", 7.0)
        assert timeline.positions(times).tolist() == list(range(8))
    for months in (
        [202401, 202402, 202403],
        ["202401", "202402", "202403"],
        ["Jan 2024", "Feb 2024", "Mar 2024"],
    ):
        assert Timeline.of(months).unit == "month"
    with pytest.raises(InputError, match=r"text such as 2024-01-31 \(.* is 2024-01-02 \(dmy\) or 2024-02-01"):
        Timeline.of(["02/01/2024", "09/01/2024"])
    assert Timeline.of([1, 2, 3]).unit == "number"


@pytest.mark.skipif(not CASES.exists(), reason="the collection of cases is not beside this clone")
def test_the_same_rows_in_two_ways() -> None:
    def rows(name: str) -> History:
        with (CASES / name).open(encoding="utf-8-sig") as stream:
            lines = list(csv.DictReader(stream))
        table = {key: [line[key] for line in lines] for key in lines[0]}
        return History.of(table, source=name, outcome="orders", outcome_worth=18.0)

    assert rows("excel.csv").dates == rows("iso.csv").dates
    assert rows("week_excel.csv").dates[:2] == ("2023-01-02", "2023-01-09")
    assert rows("month_yyyymm.csv").dates[:2] == ("2022-01-01", "2022-02-01")
