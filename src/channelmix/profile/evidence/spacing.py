"""Check that a table's dates are of one length of row, each once, and none of another year than its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.errors import InputError

Days = NDArray[np.datetime64]

RUN = 4
"""Successive gaps of one length that make a stretch of rows of that length."""

MOST_CHANGES = 6
"""Changes from one such length to another, beyond which rows are left out here and there, as between campaigns."""

FAR = 3.0
"""Times the usual gap, and at least more than a year, beyond which a few rows lie far from all others."""

FEW = 0.05
"""Share of the rows that are few, beside any two."""

USUAL = 0.6
"""Share of the gaps that are the usual one, from which on rows have a rhythm."""

OFF = 0.2
"""Part of a row's length by which its date may be off."""

YEAR = 366


def check_dates(dates: Mapping[int, Any], place: Callable[[int], str]) -> None:
    """Check the dates of one market's rows.

    Parameters
    ----------
    dates : mapping of int to str or int
        Days such as ``2024-01-31``, or whole numbers of periods, by the position of their row.
    place : callable
        What messages call the row at a position.

    Raises
    ------
    InputError
        If a date occurs twice, or `check_spacing` says so; the message names the dates.
    """
    seen: dict[Any, int] = {}
    for i, day in dates.items():
        if day in seen:
            several = 2 * len(set(dates.values())) <= len(dates)
            more = ", or name the column of markets (--market) or of channels (--long)" if several else ""
            rows = f"{place(seen[day])} and {place(i)}"
            raise InputError(f"two rows have the same date, {day}: {rows}; join them, one row a period{more}")
        seen[day] = i
    if all(isinstance(day, str) for day in seen):
        check_spacing(np.array(list(seen), dtype="datetime64[D]"))


def check_spacing(days: Days) -> None:
    """Check that days lie as the rows of one table do.

    Parameters
    ----------
    days : ndarray of datetime64[D]

    Raises
    ------
    InputError
        If stretches of them are days, weeks or months apart, or a date seems to have another year than was meant.
    """
    days = np.unique(days)
    if len(days) < RUN:
        return
    _check_years(days)
    _check_lengths(days)
    _check_rhythm(days)


def _check_lengths(days: Days) -> None:
    """Check that no stretch of rows is of days, and another of weeks or months."""
    gaps = np.diff(days).astype(int)
    of_month = _of_month(days)
    months = (gaps >= 28) & (gaps <= 31) & (of_month[1:] == of_month[:-1])
    kinds = {"1 day": gaps == 1, "7 days": gaps == 7, "14 days": gaps == 14, "a month": months}
    stretches = {kind: _stretch(where) for kind, where in kinds.items()}
    found = [(start, end, kind) for kind, span in stretches.items() if span for start, end in [span]]
    if len(found) > 1 and not _leaves_out_rows(np.array([kinds[kind] for _, _, kind in found])):
        said = " and ".join(f"{kind} from {days[start]} to {days[end]}" for start, end, kind in sorted(found))
        raise InputError(
            f"rows are apart by {said}: add up the shorter rows, or list those that are left out, so that all are of "
            "one length"
        )


def _leaves_out_rows(kinds: NDArray[np.bool_]) -> bool:
    """Whether gaps of several lengths, (n_kinds, n_gaps), change so often that rows are of one, and some not listed."""
    of_kind = kinds.argmax(axis=0)[kinds.any(axis=0)]
    return bool(np.count_nonzero(np.diff(of_kind)) > MOST_CHANGES)


def _stretch(where: NDArray[np.bool_]) -> tuple[int, int] | None:
    """First and last row of the longest stretch of gaps of one kind; None where it is short."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts) or (ends - starts).max() < RUN:
        return None
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])


def _check_rhythm(days: Days) -> None:
    """Check that no few dates lie between those of all others, and that weeks stay weeks, months months."""
    gaps = np.diff(days).astype(int)
    step = int(np.bincount(gaps).argmax())
    if len(gaps) > RUN and set(gaps.tolist()) == {28, 35}:
        raise InputError(
            "rows lie four or five weeks apart, as the months of a retail calendar do: write them as months, such as "
            "2024-01"
        )
    if step < 2 or step > 28 or (gaps == step).mean() < USUAL:
        return
    phases = days.astype(int) % step
    usual = int(np.bincount(phases).argmax())
    away = np.minimum((phases - usual) % step, (usual - phases) % step)
    close = np.flatnonzero(gaps < (1.0 - 2.0 * OFF) * step)  # of two in one row, the one that is away
    off = np.union1d(np.flatnonzero(away > OFF * step), np.where(away[close] > 0, close, close + 1))
    if 0 < len(off) <= max(2, FEW * len(days)):
        raise InputError(
            f"{days[off[0]]} lies between the dates of all other rows, {step} days apart: correct it"
        )
    shifts = np.flatnonzero((gaps % step != 0) & (gaps != 0))
    if len(shifts) == 1 and min(shifts[0] + 1, len(days) - shifts[0] - 1) > max(2, FEW * len(days)):
        before, after = days[shifts[0]], days[shifts[0] + 1]
        between = int((after - before).astype(int))
        raise InputError(
            f"rows are {step} days apart up to {before} and from {after} on, and {between} day{'s' * (between > 1)} "
            "between: date all by the same day of a row"
        )


def _check_years(days: Days) -> None:
    """Check that no date is years from all others, and none is where another year's date is missing."""
    gaps = np.diff(days).astype(int)
    widest = int(np.argmax(gaps))
    if gaps[widest] > max(YEAR, FAR * float(np.median(gaps))):
        alone = min(widest + 1, len(days) - widest - 1)
        if alone <= max(2, FEW * len(days)):
            at, other = (widest, widest + 1) if alone == widest + 1 else (widest + 1, widest)
            years = f"{gaps[widest] / 365.25:.1f} years"
            raise InputError(
                f"{days[at]} lies {years} from the next date, {days[other]}: correct its year, or add the rows between"
            )
    of_months = len(np.unique(_of_month(days))) == 1
    places = days.astype("datetime64[M]" if of_months else days.dtype).astype(int)
    steps = np.diff(places)
    step = int(np.bincount(steps).argmax())
    regular = np.concatenate([[False], steps == step, [False]])
    for i in np.flatnonzero(~(regular[1:] | regular[:-1]))[:RUN]:
        rest = np.delete(places, i)
        holes = np.flatnonzero(np.diff(rest) != step)
        if len(holes) == 1 and rest[holes[0] + 1] - rest[holes[0]] == 2 * step:
            hole = (rest[holes[0]] + step).astype("datetime64[M]" if of_months else days.dtype)
            missing = hole.astype(days.dtype) + _of_month(days[i]) if of_months else hole
            if str(missing)[5:] == str(days[i])[5:]:
                raise InputError(f"{days[i]} is out of line, and {missing} is missing: is its year right?")


def _of_month(days: Days) -> NDArray[np.timedelta64]:
    """Days since the first of their month."""
    since: NDArray[np.timedelta64] = np.subtract(days, days.astype("datetime64[M]").astype(days.dtype))
    return since
