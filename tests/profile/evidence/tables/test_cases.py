"""Some 50 ways to write one table: each is read as the plain one, or asked about with its remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from channelmix.core.errors import InputError
from channelmix.effectiveness.own.rows import read_history
from channelmix.profile.evidence import History

CASES = Path(__file__).parents[5] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the collection of cases is not beside this clone")

LONG = {"channel": "channel", "spend": "spend"}

AS_PLAIN: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "allzero": ({}, ()),
    "comment": ({}, ("1 line above the names left out",)),
    "const": ({}, ()),
    "copy": ({}, ()),
    "cr_only": ({}, ()),
    "crlf": ({}, ()),
    "currency": ({}, ("amounts with €",)),
    "currency2": ({}, ("amounts with EUR",)),
    "dmy": ({}, ("day/month/year",)),
    "dmydot": ({}, ("day.month.year",)),
    "dt": ({}, ()),
    "dt8": ({}, ("time of day 08:00 left out",)),
    "dtz": ({}, ("2023-01-02T00:00:00Z as 2023-01-02",)),
    "extra_idx": ({}, ("column of row numbers left out",)),
    "header_case": ({"date": "Date", "outcome": "Orders"}, ()),
    "header_space": ({"date": "Week starting", "outcome": "Orders"}, ()),
    "latin1": ({"outcome": "commandes reçues"}, ("Windows-1252",)),
    "long": ({"long": LONG}, ("long form",)),
    "mdy": ({}, ("month/day/year",)),
    "nbsp": ({}, ("decimal point", "thousands with spaces")),
    "pipe": ({}, ("pipes",)),
    "range": ({}, ("date ranges by their first day",)),
    "semi_comma_header": (
        {"outcome": "orders, net of returns"},
        ("semicolons", "decimal comma", "thousands with points"),
    ),
    "semicolon": ({}, ("semicolons", "decimal comma", "thousands with points")),
    "semicolon_dot": ({}, ("semicolons",)),
    "tab": ({}, ("tabs",)),
    "thousands": ({}, ("decimal point", "thousands with commas")),
    "titleline": ({}, ("1 line above the names left out",)),
    "total": ({}, ("1 row of totals left out (line 62)",)),
    "trailing_comma": ({}, ()),
    "utf16": ({}, ("UTF-16", "tabs")),
}
"""Tables that hold what the plain one does: what is stated of them, and how they say they were read."""

ASKED = {
    "blankspend": r"sms must be a number, and row 11 \(line 12\) has nothing: fill it, with 0 where nothing was spent",
    "dotthousands": r"social: '3.964' in row 1 \(line 2\) is 3.964 or 3,964, .* --decimal \. or --decimal ,",
    "dup": r"two rows have the same date, 2023-07-24: row 30 \(line 31\) and row 31 \(line 32\)",
    "header_case": r'no column date|no column orders \(did you mean "Orders"\?\)',
    "header_space": r'no column orders \(did you mean "Orders"\?\)',
    "latin1": "no column orders; the columns are date, commandes reçues, social, sms",
    "long": "--long channel=spend",
    "mixedfreq": "7 days from 2023-01-02 to 2023-10-09 and 1 day from 2023-10-09 to 2023-10-28: add up",
    "paren": r"sms has spend -120.5 below 0 in row 11 \(line 12\): take a refund off",
    "pct": r"sms holds shares, '12%' in row 1 \(line 2\): write amounts, or give the column another role",
    "refund": r"sms has spend -120.5 below 0 in row 11 \(line 12\): take a refund off",
    "semi_comma_header": "no column orders; the columns are date, orders, net of returns, social, sms",
    "thousands_unq": "line 2 has 5 entries, not 4: put numbers with commas in quotes, or separate .* semicolons",
    "wrongyear": "2032-07-31 lies 8.4 years from the next date, 2024-02-19: correct its year",
}
"""Tables of which it is not certain what they hold, and what is asked."""


def read(name: str, **options: Any) -> History:
    stated: dict[str, Any] = {"outcome": "orders", "outcome_worth": 18.0}
    return read_history(CASES / "tables" / f"{name}.csv", **stated | options)


@pytest.fixture(scope="module")
def plain() -> History:
    return read("bom")


def assert_same(rows: History, plain: History, but: dict[str, dict[int, float]] | None = None) -> None:
    """Same dates and numbers, but for some rows of some columns."""
    assert rows.dates == plain.dates
    columns = {"orders": (rows.outcome, plain.outcome)} | {
        name: (column, expected)
        for (name, expected), column in zip(plain.spend.items(), rows.spend.values(), strict=False)
    }
    for name, (column, expected) in columns.items():
        changed = expected.copy()
        for i, value in (but or {}).get(name, {}).items():
            changed[i] = value
        np.testing.assert_array_equal(column, changed)


@pytest.mark.parametrize("name", AS_PLAIN)
def test_the_same_table_in_another_way_is_the_same(name: str, plain: History) -> None:
    options, notes = AS_PLAIN[name]
    rows = read(name, **options)
    assert_same(rows, plain)
    assert rows.read_as == notes


@pytest.mark.parametrize("name", ASKED)
def test_what_is_not_certain_is_asked(name: str) -> None:
    with pytest.raises(InputError, match=ASKED[name]):
        read(name)


def test_what_a_row_leaves_open_is_read_so(plain: History) -> None:
    assert_same(read("blankorders"), plain, {"orders": {10: np.nan}})
    assert_same(read("na"), plain, {"orders": {10: np.nan}})
    assert read("na").read_as == ("NA as unknown",)
    assert_same(read("dash"), plain, {"sms": {10: 0.0}})
    assert read("dash").read_as == ('"-" as 0',)
    assert_same(read("partial"), plain, {"orders": {59: 377.0}, "social": {59: 1407.88}, "sms": {59: 325.99}})


def test_rounded_powers_of_ten_are_read_as_they_are(plain: History) -> None:
    rows = read("sci")
    np.testing.assert_allclose(rows.spend["social"], plain.spend["social"], rtol=0.005)
    assert rows.read_as == ("powers of ten such as 1E+03",)


def test_other_rows_of_the_same_table(plain: History) -> None:
    assert read("unsorted").dates == plain.dates[::-1]
    assert set(read("missing").dates) < set(plain.dates)
    assert read("few").dates == plain.dates[:6]
    assert read("one").dates == plain.dates[:1]
    assert read("friday").dates[0] == "2023-01-06"


def test_stated_decimal_signs_settle_what_was_asked(plain: History) -> None:
    np.testing.assert_allclose(
        read("dotthousands", decimal=",").spend["social"], plain.spend["social"], atol=0.5
    )
    np.testing.assert_allclose(
        1000.0 * read("dotthousands", decimal=".").spend["social"], plain.spend["social"], atol=0.5
    )


def test_every_table_of_the_collection_is_known() -> None:
    read_so = {
        "bom",
        "blankorders",
        "na",
        "dash",
        "partial",
        "sci",
        "unsorted",
        "missing",
        "few",
        "one",
        "friday",
    }
    found = {path.stem for path in (CASES / "tables").glob("*.csv")}
    assert found <= {*AS_PLAIN, *ASKED, *read_so}


def test_numbers_of_days_and_months_are_dates() -> None:
    folder = CASES / "dates"
    rows = {
        path.stem: read_history(path, outcome="orders", outcome_worth=18.0) for path in folder.glob("*.csv")
    }
    assert rows["excel"].dates == rows["iso"].dates
    assert rows["excel"].read_as == ("44928 as 2023-01-02",)
    assert rows["week_excel"].dates[:2] == ("2023-01-02", "2023-01-09")
    assert rows["month_yyyymm"].read_as == ("202201 as 2022-01-01",)
    assert rows["month_yyyymm_12"].dates[-1] == "2024-12-01"
