"""Dates as tables write them: ISO days, months, weeks, years, digits alone, or days counted by a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from channelmix.core.errors import InputError

WEEK = re.compile(r"(\d{4})-?W(\d{2})")
DAY = re.compile(r"(\d{4}-\d{2}(?:-\d{2})?)(?:[T ]00:00:00(?:\.0+)?)?")
"""A day, or a month; a time of day, as tables of dates bring it along, says nothing of a period."""

SPREADSHEET = np.datetime64("1899-12-30")
"""Day 0 of spreadsheets, by which they count from March 1900 on."""

FIRST, LAST = np.datetime64("2000-01-01"), np.datetime64("2099-12-31")
"""Days between which a count of a spreadsheet is taken for one."""

MOST_PERIODS = 9_999
"""Largest whole number that is taken for a period's; larger ones are dates in some form, or wrong."""

MONTHS_OF, WEEKS_OF = 12, 53
"""Most that the last two digits of numbers such as 2301 are where they are a month's, and where they are a week's."""

NAMED_MONTHS = re.compile(r"(?<![^\W\d_])(?:months?|monate?|mois|mes|meses)(?![^\W\d_])", re.IGNORECASE)
"""A name of a column that says that it holds months."""

YEARS = range(1900, 2101)
"""Numbers that are taken for years, alone or before a month and a day."""


def day_of(text: str) -> str:
    """Return a date as an ISO day, a month or a week by its first; empty where the text is none.

    >>> day_of("2024-02-29"), day_of("2024-02"), day_of("2024-W05"), day_of("29.2.2024")
    ('2024-02-29', '2024-02-01', '2024-01-29', '')
    """
    week, day = WEEK.fullmatch(text), DAY.fullmatch(text)
    try:
        if week:
            return date.fromisocalendar(int(week[1]), int(week[2]), 1).isoformat()
        return str(np.datetime64(day[1]).astype("datetime64[D]")) if day else ""
    except ValueError:
        return ""


def days_of_numbers(numbers: Sequence[int]) -> NDArray[np.datetime64] | None:
    """Return the days that whole numbers stand for; None where they count periods.

    All of them are years, 202401, 20240131 or a spreadsheet's count of days, or none is taken for a date.

    Raises
    ------
    InputError
        If they are no dates, and too large to count periods or as those of months such as 2401.

    >>> days_of_numbers([202401, 202402])
    array(['2024-01-01', '2024-02-01'], dtype='datetime64[D]')
    >>> days_of_numbers([44928, 44935])
    array(['2023-01-02', '2023-01-09'], dtype='datetime64[D]')
    >>> days_of_numbers([1, 2, 3])
    """
    _check_short_years(numbers)
    written = {4: "{}-01-01", 6: "{}-{}-01", 8: "{}-{}-{}"}.get(len(str(numbers[0])) if len(numbers) else 0)
    if written is not None:
        texts = [str(number) for number in numbers]
        days = [day_of(written.format(text[:4], text[4:6], text[6:])) for text in texts]
        if (
            all(days)
            and len({len(text) for text in texts}) == 1
            and all(int(text[:4]) in YEARS for text in texts)
        ):
            return np.array(days, dtype="datetime64[D]")
    counted = np.asarray(numbers)
    if len(counted) and counted.min() > 0 and counted.max() < 100_000:
        days_counted = SPREADSHEET + counted.astype("timedelta64[D]")
        if (days_counted >= FIRST).all() and (days_counted <= LAST).all():
            return np.asarray(days_counted)
    largest = max(map(abs, numbers), default=0)
    if largest > MOST_PERIODS:
        raise InputError(
            f"{largest} is neither a date nor a number of periods: write dates such as 2024-01-31, 2024-01 or 2024-W05"
        )
    return None


def _check_short_years(numbers: Sequence[int]) -> None:
    """Check that numbers of four digits are not two of a year and two of its month or week.

    What counts goes on from 2312 to 2313 and to 2399, months and weeks to 2401. Nor do years jump from 1912 to 2001.
    """
    parts = sorted(divmod(number, 100) for number in numbers)
    years = {year for year, _ in parts}
    within = [part for _, part in parts]
    if len(years) < 2 or min(years) < 10 or max(years) > 99 or min(within) < 1 or max(within) > WEEKS_OF:
        return
    kind, sign = ("months", "") if max(within) <= MONTHS_OF else ("weeks", "W")
    example = f"20{parts[0][0]}-{sign}{parts[0][1]:02d}"
    raise InputError(
        f"{min(numbers)} to {max(numbers)} look like {kind} of years of two digits, and are no dates here: "
        f"write {kind} such as {example}"
    )


def check_counted(name: str, numbers: Sequence[int]) -> None:
    """Check that the name of a column whose numbers count periods does not say that these are months.

    Parameters
    ----------
    name : str
    numbers : sequence of int

    Raises
    ------
    InputError

    >>> check_counted("week", [1, 2, 3])
    >>> check_counted("Monat", [1, 2, 3])
    Traceback (most recent call last):
    channelmix.core.errors.InputError: Monat: numbers such as 1 count weeks here: write months as 2024-01
    """
    if NAMED_MONTHS.search(name):
        raise InputError(f"{name}: numbers such as {numbers[0]} count weeks here: write months as 2024-01")
