"""Timeline: dates, numbers or a DataFrame's index as whole periods from the first row fitted."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Indices
from channelmix.core.errors import InputError
from channelmix.profile.evidence.dates import days_of_numbers
from channelmix.profile.evidence.spacing import check_spacing
from channelmix.profile.evidence.tables.written_dates import read_dates
from channelmix.profile.fields.fields import DAYS_A_YEAR

NO_DATES = "dates must be numbers, dates, or text such as 2024-01-31"

WEEKS = 52.18
"""Weeks in a year, which rows without dates are taken for."""

WEEK = 7.0
"""Days of a row, of which the gaps in a table of campaigns may be multiples."""

FEW = 4
"""Rows in the shortest gap of such a table."""

OFF = 0.2
"""Largest deviation of a row from a whole period, in periods."""

LONGEST = 100_000
"""Periods between the first and last row, beyond which the dates must be wrong."""


@dataclass(frozen=True)
class Timeline:
    """Periods of equal length: `origin` and `step` in `unit`, which is day, month or number."""

    unit: str
    origin: float
    step: float

    @classmethod
    def of(cls, times: Any) -> Self:
        """Find origin and step (as a rule the shortest time from row to row) of the rows that are fitted.

        Parameters
        ----------
        times : array_like of shape (n_rows,)

        Raises
        ------
        InputError
            If a time cannot be read.
        """
        unit, values = _read(times)
        values = np.unique(values)
        if unit == "day":
            days = values.astype("datetime64[D]")
            check_spacing(days)
            months = days.astype("datetime64[M]")
            gaps = np.diff(months.astype(np.int64))
            first = (days - months.astype("datetime64[D]")).astype(int)
            last = ((months + 1).astype("datetime64[D]") - days).astype(int)
            if len(gaps) and gaps.min() > 0 and (np.ptp(first) == 0 or np.ptp(last) == 0):
                return cls("month", float(months.astype(np.int64).min()), float(np.gcd.reduce(gaps)))
        numbers = values.astype(float)
        return cls(unit, float(numbers[0]), _step(np.diff(numbers), WEEK if unit == "day" else 1.0))

    def positions(self, times: Any) -> Indices:
        """Whole periods since the origin, one a row.

        Raises
        ------
        InputError
            If a time cannot be read, is of another kind, lies between two periods, or occurs twice.
        """
        unit, values = _read(times)
        if unit == "day" and self.unit == "month":
            numbers = values.astype("datetime64[M]").astype(float)
        elif unit == self.unit:
            numbers = values.astype(float)
        else:
            raise InputError("the rows' dates are of another kind than in the fit: use the same kind")
        exact = (numbers - self.origin) / self.step
        found = np.rint(exact)
        if (np.abs(found) > LONGEST).any():
            raise InputError(f"rows lie more than {LONGEST} periods apart: check the dates")
        off = np.flatnonzero(np.abs(exact - found) > OFF)
        if len(off):
            raise InputError(f"{values[off[0]]} does not lie a whole number of periods after the first row")
        order = np.argsort(found, kind="stable")
        again = order[1:][np.diff(found[order]) == 0.0]
        if len(again):
            raise InputError(f"two rows have the same date, {values[again[0]]}: join them, one row a period")
        return found.astype(np.int64)

    def labels(self, times: Any) -> tuple[str, ...]:
        """Dates as messages write them: 2024-01-31, or the number of a row.

        Raises
        ------
        InputError
            If a time cannot be read.
        """
        unit, values = _read(times)
        return tuple(f"{value:.12g}" if unit == "number" else str(value) for value in values)

    def span(self, start: Any, end: Any, times: Any) -> tuple[int, int]:
        """First and last period from a day to another one, both included; only whole periods can be told apart.

        Days are those of rows, or the first and the last day that a row is of: from its own date to the day before the
        next one or, where rows are dated by their ends, from the day after the one before.

        Parameters
        ----------
        start, end : date or number
        times : array_like of shape (n_rows,)
            Dates of the rows that are there.

        Raises
        ------
        InputError
            If a period would be cut in two; the message names whole ones.
        """
        (unit, first), (other, last) = ((kind, values[0]) for kind, values in map(_read, ([start], [end])))
        if {unit, other} != {"day"} or self.unit == "number":
            return int(self.positions([start])[0]), int(self.positions([end])[0])
        if last < first:
            raise InputError("it ends before it starts")
        rows = {str(day) for day in _read(times)[1].astype("datetime64[D]")}
        opens, closes = (self._opens(day, rows) for day in (first, last))
        follows, precedes = self._opens(first - 1, rows), self._opens(last + 1, rows)
        if opens is None and follows is not None and closes is not None:  # rows are dated by their ends
            return follows + 1, closes
        if opens is None or (closes is None and precedes is None):
            before, after = (self._nearest(day) for day in (first, last))
            off = first if opens is None else last
            raise InputError(
                f"{off} lies within the row of {self._nearest(off)}, and rows cannot be divided: state the change and "
                f"the lift of whole rows, such as those from {before} to {after}"
            )
        return opens, closes if closes is not None else int(precedes or 0) - 1

    def _opens(self, day: Any, rows: Container[str]) -> int | None:
        """The period that a day is the date of; None where it is of none."""
        if self.unit == "month":
            whole = day.astype("datetime64[M]").astype("datetime64[D]") == day
            exact = (float(day.astype("datetime64[M]").astype(float)) - self.origin) / self.step
        else:
            exact = (float(day.astype(float)) - self.origin) / self.step
            whole = True
        found = round(exact)
        near = abs(exact - found) <= (OFF if str(day) in rows else 1e-9)
        return found if near and (whole or str(day) in rows) else None

    def _nearest(self, day: Any) -> str:
        """Date of the period that a day lies in."""
        if self.unit == "month":
            month = float(day.astype("datetime64[M]").astype(float))
            return str(np.datetime64(int(self.origin + (month - self.origin) // self.step * self.step), "M"))
        days = float(day.astype(float))
        return str(np.datetime64(int(self.origin + (days - self.origin) // self.step * self.step), "D"))

    @property
    def year(self) -> float:
        """Periods in a year; numbered rows are taken for weeks."""
        return {"day": DAYS_A_YEAR, "month": 12.0, "number": WEEKS * self.step}[self.unit] / self.step


def _step(gaps: NDArray[np.float64], week: float) -> float:
    """Time from row to row: what all gaps are multiples of, where it is a week or the shortest gap.

    A table of the weeks with campaigns alone has gaps of two weeks and of three. Where gaps have less in common some
    date is wrong, and it is the most frequent gap.
    """
    if not len(gaps):
        return 1.0
    common = float(np.gcd.reduce(gaps.astype(np.int64))) if (gaps == np.rint(gaps)).all() else 0.0
    if common >= gaps.min() or (common >= week and gaps.min() <= FEW * week):
        return common
    parts = gaps / gaps.min()
    if (np.abs(parts - np.rint(parts)) <= OFF).all():
        return float(gaps.min())
    each, number = np.unique(gaps, return_counts=True)
    return float(each[number.argmax()])


def _read(times: Any) -> tuple[str, NDArray[Any]]:
    """Kind of time and its values, as dates by day or as numbers."""
    values = np.asarray(times)
    if values.dtype.kind in "iuf":
        if not np.isfinite(values).all():
            raise InputError("a row has no date: fill it")
        whole = (values == np.rint(values)).all()
        days = days_of_numbers([int(value) for value in values]) if whole else None
        return ("number", values) if days is None else ("day", days)
    if values.dtype.kind in "OU" and all(isinstance(time, str) for time in values.tolist()):
        return _read_texts(values.tolist())
    try:
        days = (
            values.astype("datetime64[D]")
            if values.dtype.kind == "M"
            else np.array([np.datetime64(time, "D") for time in values.tolist()], dtype="datetime64[D]")
        )
    except (TypeError, ValueError):
        raise InputError(NO_DATES) from None
    if np.isnat(days).any():
        raise InputError("a row has no date: fill it")
    return "day", days


def _read_texts(texts: list[str]) -> tuple[str, NDArray[Any]]:
    """Dates or numbers written as text."""
    if not all(map(str.strip, texts)):
        raise InputError("a row has no date: fill it")
    try:
        found, _ = read_dates(texts, "dates", lambda i: f"row {i}")
    except InputError as error:
        raise InputError(f"{NO_DATES} ({error})") from None
    if isinstance(found[0], int):
        return "number", np.array(found)
    return "day", np.array(found, dtype="datetime64[D]")
