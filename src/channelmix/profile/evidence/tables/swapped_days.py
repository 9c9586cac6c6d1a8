"""Dates of which a spreadsheet swapped day and month where it could: by what the other reading makes of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

FEWEST = 8
"""Dates from which on a series shows whether it is regular."""

FEW = 2
"""Fewest odd steps that are no chance."""

LEFT = 0.1
"""Part of the odd steps that the other reading may leave."""


def swapped_days(days: Sequence[date]) -> NDArray[np.int64]:
    """Find dates whose other reading, day for month, makes rows regular that are not.

    All of them are read the other way that can be; or, of weeks, those that are not of the weekday of dates which have
    one reading alone.

    Parameters
    ----------
    days : sequence of date
        By row; a day of several rows counts where it comes first.

    Returns
    -------
    ndarray of shape (n_found,)
        Rows of the first of each date that is found; none where rows are regular as they are, or no other way.

    >>> weeks = [date(2023, 1, 2), date(2023, 9, 1), date(2023, 1, 16), date(2023, 1, 23), date(2023, 1, 30)]
    >>> swapped_days([*weeks, date(2023, 6, 2), date(2023, 2, 13), date(2023, 2, 20)]).tolist()
    [1, 5]
    """
    first = list({day: row for row, day in reversed(list(enumerate(days)))}.values())[::-1]
    own = [days[row] for row in first]
    other = [_other(day) for day in own]
    if len(own) < FEWEST or own == other:
        return np.array([], dtype=np.int64)
    certain = [day.weekday() for day, swapped in zip(own, other, strict=True) if day == swapped]
    usual = int(np.bincount(certain).argmax()) if certain else -1
    of_weeks = [
        swapped if day.weekday() != usual == swapped.weekday() else day
        for day, swapped in zip(own, other, strict=True)
    ]
    stated = _odd_steps(own)
    for read in (other, of_weeks):
        if len(set(read)) < len(read):
            continue  # two rows of one date are no better
        for before, after in zip(stated, _odd_steps(read), strict=True):
            if before >= FEW and after <= LEFT * before:
                return np.array([row for row, day, new in zip(first, own, read, strict=True) if day != new])
    return np.array([], dtype=np.int64)


def _other(day: date) -> date:
    """The date with day and month swapped; itself where that is none."""
    return date(day.year, day.day, day.month) if day.day <= 12 else day


def _odd_steps(days: Sequence[date]) -> tuple[int, int]:
    """Steps from row to row that are not the usual one: in the order of the table, and by date."""
    if len({day.day for day in days}) == 1:
        at = np.array([12 * day.year + day.month for day in days])
    else:
        at = np.array([day.toordinal() for day in days])
    counts = []
    for steps in (np.diff(at), np.diff(np.sort(at))):
        _, times = np.unique(steps, return_counts=True)
        counts.append(len(steps) - int(times.max()))
    return counts[0], counts[1]
