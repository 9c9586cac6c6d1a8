"""When a period's money is spent: the rows of recent periods in which a column had spend.

A row belongs to the calendar month of its middle where the plan's period is a month, else to one of the periods that
are counted back from the last row. Symbols: K, rows a period; n, rows of a block of periods.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.core.tolerances import SAME_AMOUNT
from channelmix.effectiveness.history.model.families import LAGS
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.profile.fields.fields import DAYS_A_YEAR

MONTH = DAYS_A_YEAR / 12.0
"""Mean length of a month, in days."""

MONTHS = 12
"""Months in a year."""

NEARLY, GAP = 0.75, 0.5
"""Parts of a period: money that is spent within the first belongs to one burst; as long without any as the second
divides two."""


@dataclass(frozen=True)
class Block:
    """Rows from `start` to before `stop` that make `periods` of the plan; `goes_on` after their end, or stops there."""

    start: int
    stop: int
    periods: float
    goes_on: bool


@dataclass(frozen=True, eq=False)
class Timing:
    """How a period's money is spread over rows, as recent periods with spend have it.

    Parameters
    ----------
    acting : ndarray of shape (n_acting, LAGS)
        Money that acts 0, 1, 2, ... rows after it was spent, in each row in which any does, where every period spends
        one unit.
    periods : float
        Periods that these rows belong to.
    first, last : int
        The first and the last of the rows whose timing it is.
    stretch : int
        Rows over which a period's money is seen: those of a period, or fewer where spend has gone on for less.
    part : float
        Part of a period that they are: 1 for a burst.
    """

    acting: Array
    periods: float
    first: int
    last: int
    stretch: int
    part: float


def is_month(period_days: float) -> bool:
    """Whether a period of this length is a month."""
    return abs(period_days - MONTH) <= SAME_AMOUNT * MONTH


def labels_of(timeline: Timeline, first: int, rows: int, row_days: float, period_days: float) -> Indices:
    """Number the plan's period of each row, from the one before the first to the one after the last; (rows + 2,)."""
    position = np.arange(first - 1, first + rows + 1)
    per_period = period_days / row_days
    if per_period <= 1.0 + SAME_AMOUNT:
        return position
    if is_month(period_days) and timeline.unit == "day":
        middle = np.floor(timeline.origin + timeline.step * (position + 0.5)).astype("datetime64[D]")
        return np.asarray(middle.astype("datetime64[M]").astype(np.int64))
    back = first + rows - 0.5 - position
    return np.asarray(-np.floor(back / per_period).astype(np.int64))


def periods_with_spend(
    spend: Array, labels: Indices, per_period: float, recent: float = np.inf
) -> list[Block]:
    """Divide the rows with spend into blocks of periods that follow one another.

    A period counts where it is whole: not where it holds only the beginning or the end of a time with spend, or of the
    table. Where no period is whole, money came in bursts: each burst is a period of its own.

    Parameters
    ----------
    spend : ndarray of shape (n_rows,)
        Not 0 throughout.
    labels : ndarray of shape (n_rows + 2,)
        See `labels_of`.
    per_period : float
        Rows a period, K.
    recent : float
        Rows back from the last one that count as recent; where they have no spend, the last period with any counts.
    """
    whole = _whole_periods(spend, labels, per_period)
    bursts = _bursts(spend, per_period, steady=bool(whole))
    since = len(spend) - recent - 0.5 * per_period  # a period counts that lies mostly within
    found = [block for block in whole if block.start >= since]
    found = found or [block for block in bursts if block.start >= since]
    return _joined(found or [(whole or bursts)[-1]])


def _whole_periods(spend: Array, labels: Indices, per_period: float) -> list[Block]:
    """Periods with spend that are neither cut by the table nor hold a start or an end of spending.

    One goes on that has spend before or after it, or is the last.
    """
    own = labels[1:-1]
    starts = np.flatnonzero(np.diff(own, prepend=own[0] - 1))
    stops = np.append(starts[1:], len(own))
    with_spend = [bool(spend[i:j].any()) for i, j in zip(starts, stops, strict=True)]
    before, after = [False, *with_spend[:-1]], [*with_spend[1:], False]
    found = []
    for i, j, spent, came, comes in zip(starts, stops, with_spend, before, after, strict=True):
        begins, ends = not came and spend[i] == 0.0, not comes and spend[j - 1] == 0.0
        cut = labels[i] == labels[i + 1] or labels[j] == labels[j + 1]
        if spent and not (begins or ends or cut):
            goes_on = came or comes or int(j) == len(own)
            found.append(Block(int(i), int(j), (j - i) / per_period, goes_on))
    return found


def _bursts(spend: Array, per_period: float, *, steady: bool) -> list[Block]:
    """Rows with spend, divided by time without any: a burst is no longer than a period, or has no long gap in it.

    Spend at the end of the table goes on where it is `steady` at other times, or no burst before was as long.
    """
    groups: list[list[int]] = []
    for row in np.flatnonzero(spend).tolist():
        if groups and (
            row - groups[-1][0] < NEARLY * per_period or row - groups[-1][-1] - 1 < GAP * per_period
        ):
            groups[-1].append(row)
        else:
            groups.append([row])
    found, longest = [], 0
    for group in groups:
        start, stop = group[0], group[-1] + 1
        goes_on = stop == len(spend) and (steady or stop - start > longest)
        periods = (stop - start) / per_period
        found.append(Block(start, stop, periods if goes_on else max(periods, 1.0), goes_on))
        longest = max(longest, stop - start)
    return found


def _joined(blocks: Sequence[Block]) -> list[Block]:
    """Join periods that follow one another and go on, each with its own rows: see `_split`."""
    found: list[Block] = []
    for block in blocks:
        if found and found[-1].goes_on and block.goes_on and found[-1].stop == block.start:
            last = found.pop()
            block = Block(last.start, block.stop, last.periods + block.periods, goes_on=True)
        found.append(block)
    return found


def timing_of(
    spend: Array, paid: Array, labels: Indices, per_period: float, recent: float = np.inf
) -> Timing:
    """Spread a unit a period over the rows of recent periods as they did.

    Periods that follow one another are taken to go on for ever: what they carry over acts in them. What a burst carries
    over counts to its end.

    Parameters
    ----------
    spend : ndarray of shape (n_rows,)
        What acts, in money at its mean cost: the volume bought.
    paid : ndarray of shape (n_rows,)
        Money paid for it.
    labels, per_period, recent
        See `periods_with_spend`.
    """
    blocks = periods_with_spend(spend, labels, per_period, recent)
    chosen = np.concatenate([np.arange(block.start, block.stop) for block in blocks])
    money = float(paid[chosen].sum())
    bought = float(spend[chosen].sum()) / money if money > 0.0 else 1.0
    acting = []
    for block in blocks:
        rows = spend[block.start : block.stop]
        unit = _spread(rows, labels[block.start + 1 :], per_period) if block.goes_on else rows
        unit = unit * (block.periods / unit.sum())
        acting.append(bought * _acting(unit, around=block.goes_on))
    stretch = min(max(round(per_period), 1), max(block.stop - block.start for block in blocks))
    goes_on = any(block.goes_on for block in blocks)
    return Timing(
        np.concatenate(acting),
        sum(block.periods for block in blocks),
        blocks[0].start,
        blocks[-1].stop - 1,
        stretch if goes_on else max(round(per_period), 1),
        stretch / per_period if goes_on else 1.0,
    )


def months_ahead(spend: Array, labels: Indices, per_period: float) -> list[Array | None]:
    """Timing of the same month a year ago, for each of the twelve months that follow the rows.

    Returns
    -------
    list of ndarray of shape (n_acting, LAGS) or None
        What acts, as in `Timing.acting`, where each of its rows has its part of a period's unit and the month repeats;
        None for a month that was not whole, or had no spend.
    """
    found = {
        int(labels[block.start + 1]): spend[block.start : block.stop]
        for block in _whole_periods(spend, labels, per_period)
    }
    ago = [found.get(int(labels[-1]) - MONTHS + t) for t in range(MONTHS)]
    return [
        None if rows is None else _acting(rows * (len(rows) / per_period / rows.sum()), around=True)
        for rows in ago
    ]


def active_average(spend: Array, paid: Array, labels: Indices, per_period: float) -> tuple[float, float]:
    """Money a period over all periods with spend, and the number of such periods that all of the money makes.

    Where spend went on at an end of the table, the part of a period that it cuts counts, too: of a column that never
    paused this is the mean of all time. Months that hold only the beginning or the end of a time with spend are not
    whole: what was spent in them counts in the number, in parts of a period.
    """
    blocks = _to_the_ends(periods_with_spend(spend, labels, per_period), spend, labels, per_period)
    periods = sum(block.periods for block in blocks)
    mean = sum(float(paid[block.start : block.stop].sum()) for block in blocks) / periods
    return mean, float(paid.sum()) / mean


def _to_the_ends(blocks: list[Block], spend: Array, labels: Indices, per_period: float) -> list[Block]:
    """Add to the first and the last block the part of a period that the table cuts, where spend went on in it."""
    own, found = labels[1:-1], list(blocks)
    first, last = found[0], found[-1]
    if first.goes_on and first.start > 0 and spend[0] > 0.0 and own[0] == own[first.start - 1]:
        found[0] = Block(0, first.stop, first.periods + first.start / per_period, goes_on=True)
        last = found[-1]
    after = len(own) - last.stop
    if last.goes_on and after > 0 and spend[-1] > 0.0 and own[-1] == own[last.stop]:
        found[-1] = Block(last.start, len(own), last.periods + after / per_period, goes_on=True)
    return found


def _spread(spend: Array, labels: Indices, per_period: float) -> Array:
    """Let every period of a block spend in proportion to its rows, spread over them as they spent."""
    own = labels[: len(spend)]
    unit = np.zeros(len(spend))
    for _, group in itertools.groupby(range(len(spend)), key=lambda i: int(own[i])):
        rows = list(group)
        total = float(spend[rows].sum())
        if total > 0.0:
            unit[rows] = spend[rows] / total * (len(rows) / per_period)
    return unit


def _acting(unit: Array, *, around: bool) -> Array:
    """What acts 0, 1, 2, ... rows later in each row, (n_acting, LAGS): rows repeat, or are followed by none."""
    if not around:
        unit = np.concatenate([unit, np.zeros(LAGS - 1)])
    rows = np.arange(len(unit))[:, np.newaxis] - np.arange(LAGS)
    return np.asarray(unit[rows % len(unit)])


def seen(paid: Array, timing: Timing) -> tuple[float, float]:
    """Least and most money a period by this timing that was ever spent, in any stretch of rows.

    Parameters
    ----------
    paid : ndarray of shape (n_rows,)
    timing : Timing
    """
    length = min(timing.stretch, len(paid))
    sums = np.convolve(paid, np.ones(length), mode="valid") / (timing.part * length / timing.stretch)
    return max(float(sums.min()), 0.0), float(sums.max())
