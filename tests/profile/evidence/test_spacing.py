from __future__ import annotations

import numpy as np
import pytest

from channelmix.core.errors import InputError
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.profile.evidence.spacing import check_dates, check_spacing


def days(first: str, n: int, step: int = 7) -> list[str]:
    return [str(np.datetime64(first) + step * i) for i in range(n)]


def months(first: str, n: int) -> list[str]:
    return [f"{np.datetime64(first, 'M') + i}-01" for i in range(n)]


def check(dates: list[str]) -> None:
    check_spacing(np.array(dates, dtype="datetime64[D]"))


@pytest.mark.parametrize(
    "dates",
    [
        days("2023-01-02", 60),
        days("2023-01-02", 60)[::-1],
        days("2023-01-02", 200, 1),
        [day for day in days("2023-01-02", 200, 1) if np.is_busday(day)],
        months("2022-01", 36),
        days("2022-12-31", 3, 365),
        # Only weeks with campaigns are listed.
        [day for i, day in enumerate(days("2022-01-03", 150)) if i % 13 in (0, 1, 2, 7)],
        [day for i, day in enumerate(days("2022-01-03", 150)) if i % 52 == 20],
        # So many that four in a row are two weeks apart, here and there.
        [day for i, day in enumerate(days("2022-01-03", 150)) if i % 17 in (0, 1, 2, 3, 4, 6, 8, 10, 12, 15)],
        # A pause of a year and a half between two campaigns of equal length.
        days("2021-01-04", 20) + days("2022-11-07", 20),
        days("2023-01-02", 2),
        # A week that is dated by its first working day.
        [day.replace("2023-04-10", "2023-04-11") for day in days("2023-01-02", 60)],
        # Weeks end with their year, as some calendars have them.
        [*days("2023-01-02", 52), *days("2024-01-01", 8)],
    ],
)
def test_regular_rows_and_rows_with_gaps_are_taken(dates: list[str]) -> None:
    check(dates)


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (
            days("2023-01-02", 40) + days("2023-10-10", 20, 1),
            "7 days from 2023-01-02 to 2023-10-02 and 1 day from 2023-10-10 to 2023-10-29: add up the shorter rows",
        ),
        (
            months("2021-01", 12) + days("2022-01-03", 40),
            "a month from 2021-01-01 to 2021-12-01 and 7 days from 2022",
        ),
        (
            # Weeks of which two are missing, then fortnights.
            [day for i, day in enumerate(days("2022-01-03", 40)) if i not in (7, 20)]
            + days("2022-10-10", 20, 14),
            "and 14 days from 2022-10-10 to 2023-07-03: add up the shorter rows, or list those that are left out",
        ),
        ([*days("2023-01-02", 60), "2032-07-31"], "2032-07-31 lies 8.4 years from the next date, 2024-02-19"),
        (
            ["1923-01-09", *days("2023-01-02", 60)],
            "1923-01-09 lies 100.0 years from the next date, 2023-01-02",
        ),
        (
            [day.replace("2023-07-31", "2023-12-31") for day in days("2023-01-02", 60)],
            "2023-12-31 lies between the dates of all other rows, 7 days apart: correct it",
        ),
        (
            days("2023-01-02", 30) + days("2023-07-30", 30),
            "7 days apart up to 2023-07-24 and from 2023-07-30 on, and 6 days between: date all by the same day",
        ),
        (
            days("2023-01-02", 10, 14) + days("2023-05-22", 40),
            "14 days from 2023-01-02 to 2023-05-22 and 7 days from 2023-05-22",
        ),
        (
            [
                str(np.datetime64("2022-01-03") + 7 * sum((4, 4, 5)[k % 3] for k in range(i)))
                for i in range(24)
            ],
            "four or five weeks apart, as the months of a retail calendar do: write them as months",
        ),
        # On the grid, but of another year than the one that is missing there.
        (
            [day.replace("2023-07-05", "2024-07-05") for day in days("2023-01-02", 365, 1)],
            "2024-07-05 is out of line, and 2023-07-05 is missing: is its year right",
        ),
        (
            [month.replace("2023-07-01", "2022-07-01") for month in months("2023-01", 24)],
            "2022-07-01 is out of line, and 2023-07-01 is missing",
        ),
    ],
)
def test_dates_that_do_not_belong_together_are_named(dates: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        check(dates)
    with pytest.raises(InputError, match=said):
        Timeline.of(np.array(dates))


def test_a_date_that_occurs_twice_is_named_with_its_rows() -> None:
    dates = days("2023-01-02", 6)
    with pytest.raises(
        InputError, match=r"same date, 2023-01-09: row 1 and row 9; join them, one row a period$"
    ):
        check_dates(dict(enumerate(dates)) | {9: "2023-01-09"}, lambda i: f"row {i}")
    with pytest.raises(
        InputError, match=r"name the column of markets \(--market\) or of channels \(--long\)"
    ):
        check_dates(dict(enumerate(dates + dates)), lambda i: f"row {i}")
    with pytest.raises(InputError, match="same date, 3"):
        check_dates({0: 3, 1: 3}, lambda i: f"row {i}")
    check_dates(dict(enumerate(dates)), lambda i: f"row {i}")
