"""Read a column of dates: all of one kind, and asked about where day and month could be either."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from channelmix.core.errors import InputError
from channelmix.profile.evidence.dates import check_counted, days_of_numbers
from channelmix.profile.evidence.tables.date_forms import (
    ORDERS,
    Days,
    day_by_format,
    days_of,
    first_of,
    shape_of,
    short_of,
    without_clock,
)
from channelmix.profile.evidence.tables.statement import StatementError
from channelmix.profile.evidence.tables.swapped_days import swapped_days
from channelmix.profile.evidence.tables.table import is_blank

Place = Callable[[int], str]
"""What messages call the row at a position."""

LATE = "22:00:00"
"""Time of day from which a midnight of another zone may be meant."""

LONGEST_MONTH = 31
"""Days of a month, beyond which a number beside its name is a year."""

MONTH_NAMES = " (names of months are read in English, French and German; write months such as 2024-01)"
"""What is said of a name that is not read."""

_WORD, _NAMED = re.compile(r"[^\W\d_]{3,}"), re.compile(r"%[bB]")
"""What may be a name of a month, and what stands for one in a format."""

_YEAR, _WITHIN_YEAR = re.compile(r"%[YyGcx]"), re.compile(r"%[bBdmjUVW]")
"""What stands for a year in a format, and for a part of it."""

_PLAIN = re.compile(r"\d{4}-\d{2}(?:-\d{2}(?:[T ]00:00(?::00(?:\.0+)?)?)?)?")
"""Dates of which nothing need be said."""


def read_dates(
    column: Sequence[Any], name: str, place: Place, date_format: str | None = None
) -> tuple[tuple[str, ...] | tuple[int, ...], tuple[str, ...]]:
    """Read dates as days such as ``2024-01-31``, or whole numbers of periods as such.

    Parameters
    ----------
    column : sequence
        Texts, dates or numbers.
    name : str
        What messages call the column.
    place : callable
        What messages call the row at a position.
    date_format : str, optional
        Order of day, month and year where it could be another: dmy, mdy or ymd; or a format such as ``%d/%m/%Y``.

    Returns
    -------
    tuple of str or of int
        The dates.
    tuple of str
        How they were read, where they are not ISO dates.

    Raises
    ------
    InputError
        If an entry is no date, or what it means is not certain.
    """
    texts = ["" if is_blank(value) else str(value).strip() for value in column]
    whole = [re.sub(r"\.0+$", "", text) for text in texts]
    if (
        whole
        and "%" not in (date_format or "")
        and all(re.fullmatch(r"[+-]?\d{1,9}", text) for text in whole)
    ):
        numbers = [int(text) for text in whole]
        try:
            counted = days_of_numbers(numbers)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
        if counted is None:
            check_counted(name, numbers)
            return tuple(numbers), ()
        days = tuple(str(day) for day in counted)
        return days, (f"{whole[0]} as {days[0]}",)
    return _written(texts, name, place, date_format)


def _written(
    texts: list[str], name: str, place: Place, date_format: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    plain = all(map(_PLAIN.fullmatch, texts))
    by_format = "%" in (date_format or "")
    form = date_format if by_format and not plain else None
    stated = None if by_format else date_format
    if stated is not None and stated not in ORDERS:
        raise StatementError(
            f"date_format must be dmy, mdy, ymd or a format such as %d/%m/%Y, not {stated!r}",
            ("date_format",),
        )
    if form is not None and _WITHIN_YEAR.search(form) and not _YEAR.search(form):
        raise StatementError(
            f"date_format {form} has no year, such as %Y: write dates with their year", ("date_format",)
        )
    known = {text: _parts(text, form) for text in set(texts)}
    parts = [known[text] for text in texts]
    for i, (_, days, _) in enumerate(parts):
        if not days:
            if form is None and (short := short_of(texts[i])):
                _check_names(texts, parts, name, place)
                raise StatementError(_day_or_year(texts[i], short, name, place(i)), ("date_format",))
            said = _not_a_date(texts[i], name, place(i), form)
            raise StatementError(said, ("date",) if form is None else ("date_format",))
    clocks = [clock for _, _, clock in parts]
    notes = _checked_clocks(clocks, name, place)
    shapes = {text: "" if form else shape_of(without_clock(first_of(text)[0])[0]) for text in known}
    if other := next((i for i, text in enumerate(texts) if shapes[text] != shapes[texts[0]]), 0):
        raise InputError(_several_ways(texts, name, place, (other, 0)))
    order = _order([days for _, days, _ in parts], texts, name, place, stated)
    found = [days[order] for _, days, _ in parts]
    if date_format is None:
        _check_swapped(found, texts, name, place, "ymd" if plain else order)
    ranges = any(last is not None for last, _, _ in parts)
    _check_ranges([last for last, _, _ in parts], found, order, form, name, place)
    if form is not None:
        return _iso(found), (f"dates as {form}", *notes)
    triple = re.match(r"\d{1,2}([-/. ])\d{1,2}\1(?:\d{4}|\d{2})(?!\d)", texts[0])
    if triple:
        notes = (ORDERS[order].format(triple[1]), *notes)
    elif not notes and not plain and not ranges:
        notes = (f"{texts[0]} as {found[0]}",)
    return _iso(found), (*notes, *(["date ranges by their first day"] if ranges else []))


def is_date(text: str) -> bool:
    """Whether a text is a date in any form but a whole number."""
    return bool(_parts(text, None)[1])


def _parts(text: str, form: str | None) -> tuple[str | None, Days, tuple[str, str]]:
    """Last date of a range as text, the days that the first can mean, and its time of day with its zone."""
    if form is not None:
        return None, day_by_format(text, form), ("", "")
    first, last = first_of(text)
    day, clock, zone = without_clock(first)
    return last, days_of(day), (clock, zone)


def _not_a_date(text: str, name: str, where: str, form: str | None) -> str:
    named = MONTH_NAMES if re.search(r"\d", text) and _WORD.search(text) else ""
    if form is not None:
        more = named if _NAMED.search(form) else ""
        return f"{name} must hold dates written as {form}, and {where} has {text[:40] or 'nothing'!r}{more}"
    more = named
    if re.fullmatch(r"(?:1[3-9]|[2-4]\d|5[0-3])[-/.]\d{4}", text):
        more = " (is its number a week? Write such as 2024-W05)"
    elif re.fullmatch(r"\d{4}", text):
        more = ": remove the row if it adds up a year"
    elif not text:
        more = ": fill it, or remove the row if it holds totals or units"
    return (
        f"{name} must hold dates such as 2024-01-31, 2024-01, 2024-W05 or 20240131, or whole numbers of periods; "
        f"{where} has {text[:40] or 'nothing'!r}{more}"
    )


def _check_names(
    texts: list[str], parts: list[tuple[str | None, Days, tuple[str, str]]], name: str, place: Place
) -> None:
    """Check that no row beside months with a number is no date in any format that could be advised."""
    for i, (text, (_, days, _)) in enumerate(zip(texts, parts, strict=True)):
        if not days and not short_of(text):
            raise StatementError(_not_a_date(text, name, place(i), None), ("date",))


def _check_swapped(found: list[date], texts: list[str], name: str, place: Place, order: str) -> None:
    """Ask about dates of which day and month seem to be swapped where they can be."""
    swapped = swapped_days(found)
    if not len(swapped):
        return
    i, count = int(swapped[0]), len(swapped)
    day = found[i]
    raise StatementError(
        f"{name}: day and month seem to be swapped in {count} date{'s' * (count > 1)}, as spreadsheets do with days up "
        f"to 12: {texts[i]!r} in {place(i)} reads {day}, and rows lie evenly apart if it is {day.year}-{day.day:02d}-"
        f"{day.month:02d}: correct them, or state --date-format {order} (date_format in Python and in a profile) if "
        "they are right",
        ("date_format",),
    )


def _day_or_year(text: str, short: tuple[str, str, str, bool], name: str, where: str) -> str:
    """Ask about a month's name with a number of two digits."""
    month, between, number, first = short
    year = next(iter(days_of(f"1 {month} {number}").values()))
    meant = f"{year:%B %Y}" + (f" or {int(number)} {year:%B}" if 1 <= int(number) <= LONGEST_MONTH else "")
    as_year, as_day = (f"%{part}{between}%b" if first else f"%b{between}%{part}" for part in ("y", "d"))
    forms = [f"--date-format {shlex.quote(form)}" for form in (as_year, f"{as_day}{between}%Y")]
    return (
        f"{name}: {text!r} in {where} is {meant}: state {forms[0]} if its number is a year; if it is a day, write the "
        f"year, too, and state {forms[1]} (date_format in Python and in a profile)"
    )


def _order(days: list[Days], texts: list[str], name: str, place: Place, stated: str | None) -> str:
    """The one order by which all are dates."""
    possible = [order for order in ORDERS if all(order in each for each in days)]
    if stated is not None:
        if stated not in possible:
            i = next(i for i, each in enumerate(days) if stated not in each)
            raise StatementError(
                f"{name}: {place(i)} has {texts[i]!r}, which is no date by the stated order {stated}",
                ("date_format",),
            )
        return stated
    if not possible:
        raise InputError(_several_ways(texts, name, place, _at_odds(days)))
    for i, each in enumerate(days):
        if len({each[order] for order in possible}) > 1:
            meant = " or ".join(f"{each[order]} ({order})" for order in possible)
            options = " or ".join(f"--date-format {order}" for order in possible)
            raise InputError(
                f"{name}: {texts[i]!r} in {place(i)} is {meant}, and no row tells which: state {options} "
                "(date_format in Python and in a profile)"
            )
    return possible[0]


def _several_ways(texts: list[str], name: str, place: Place, rows: tuple[int, int]) -> str:
    i, j = rows
    return (
        f"{name} has dates written in several ways: {place(i)} has {texts[i]!r} and {place(j)} {texts[j]!r}; "
        "write all of them in one way, such as 2024-01-31"
    )


def _at_odds(days: list[Days]) -> tuple[int, int]:
    """Two rows that are no dates by one order."""
    common, i = set(ORDERS), -1
    while common:
        i += 1
        common &= days[i].keys()
    return next((j for j in range(i) if not days[j].keys() & days[i].keys()), 0), i


def _checked_clocks(clocks: list[tuple[str, str]], name: str, place: Place) -> tuple[str, ...]:
    """Check that times of day say nothing: midnight in any zone, or the same hour in all rows and no zone."""
    odd = [i for i, (clock, _) in enumerate(clocks) if clock not in ("", "00:00:00")]
    if not odd:
        return ()
    clock, zone = clocks[odd[0]]
    if zone or clock >= LATE or len(set(clocks)) > 1:
        raise InputError(
            f"{name}: {place(odd[0])} has the time {clock}{zone and ' ' + zone}, by which its day is not certain or "
            "shorter than a row: add up rows by day and write days alone, such as 2024-01-31"
        )
    return (f"time of day {clock[:5]} left out",)


def _check_ranges(
    lasts: list[str | None], firsts: list[date], order: str, form: str | None, name: str, place: Place
) -> None:
    """Check that ranges end after they begin, and do not overlap."""
    if all(last is None for last in lasts):
        return
    spans = set()
    for i, (last, first) in enumerate(zip(lasts, firsts, strict=True)):
        ends = _parts(last, form)[1] if last is not None else {}
        if order not in ends or ends[order] < first:
            raise InputError(
                f"{name}: {place(i)} must hold a first and a last day, such as 2024-01-01 - 2024-01-07"
            )
        spans.add((first, ends[order]))
    for (_, end), (start, last_day) in pairwise(sorted(spans)):
        if start < end:
            raise InputError(f"{name}: {start} - {last_day} begins before the range that ends on {end}")


def _iso(days: list[date]) -> tuple[str, ...]:
    return tuple(day.isoformat() for day in days)
