"""Lift tests in the rows of a window: which rows, and the spend that each channel is compared under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array, Indices
from channelmix.core.errors import InputError, nearest_name
from channelmix.core.wording import amount, percent, stated
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.model.mix import Trial, TrialPart
from channelmix.effectiveness.history.model.shapes import lagged_rows
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.profile.evidence import LiftTest, LiftTestError, check_market, check_sign, check_size

ROUNDED = 0.005
"""Share of all that could be changed by which a rounded change may exceed it."""

LOW = 0.1
"""Part of all other stretches of a test's length that may have less spend than its rows, if these show what it left."""

HALF_A_UNIT = 0.5
"""What rounding to whole units may take from a row's spend."""

Placed = tuple[LiftTest, int, int]
"""A lift test with its first and last period in its window."""


def placed_tests(
    windows: Sequence[Window], experiments: Sequence[LiftTest], timeline: Timeline, times: NDArray[np.generic]
) -> list[list[Placed]]:
    """Lift tests of each window, with their first and last period.

    Parameters
    ----------
    windows : sequence of Window
    experiments : sequence of LiftTest
    timeline : Timeline
    times : ndarray of shape (n_rows,)
        Dates of all windows' rows.

    Raises
    ------
    LiftTestError
        If a test is of another market, names one where the rows do not or none where they do, has a sign that the model
        cannot have, or does not begin and end with rows.
    """
    names = [window.market for window in windows]
    placed: list[list[Placed]] = [[] for _ in windows]
    for test in experiments:
        check_market(test, [name for name in names if name is not None])
        check_sign(test)
        place = names.index(test.market)
        window = windows[place]
        try:
            first, last = (int(at) - window.start for at in timeline.span(test.start, test.end, times))
        except InputError as error:
            raise LiftTestError(f"{test.place}: {error}") from None
        rows = np.flatnonzero((window.periods >= first) & (window.periods <= last))
        if not len(rows):
            raise LiftTestError(f"{test.place}: no row{window.place} lies from {test.start} to {test.end}")
        if first < window.periods.min() or last > window.periods.max():
            raise LiftTestError(
                f"{test.place}: the rows{window.place} do not hold all of it: state the part of the change and of the "
                "lift that falls in them, or add the rows"
            )
        spend = window.spend[:, [_place_of(name, test, window) for name in test.channels]]
        outcome = float(np.abs(window.outcome[window.known]).sum())
        check_size(test, float(spend[window.known].sum()), outcome, change=float(spend[rows].sum()))
        order = np.argsort(window.periods)
        within = np.flatnonzero(np.isin(order, rows))
        placed[place].append((_as_rows_show(test, spend[order], within), first, last))
    return placed


def _as_rows_show(test: LiftTest, spend: Array, rows: Indices) -> LiftTest:
    """Take rows that cannot hold the usual spend, and are as low as the test would leave them, for what it left.

    Parameters
    ----------
    test : LiftTest
        Of which may not be stated what its rows hold.
    spend : ndarray of shape (n_rows, n_channels)
        On its channels, by date.
    rows : ndarray of shape (n_tested,)
        Rows of the test, which follow one another.
    """
    if test.rows is not None or not test.changes or max(test.changes) >= 0.0:
        return test
    total, length, first = spend.sum(axis=1), len(rows), int(rows[0])
    left = spend[rows].sum(axis=0)
    most = left if len(test.changes) == len(left) else left.sum(keepdims=True)
    if (-np.array(test.changes) <= (1.0 + ROUNDED) * most).all():
        return test  # the rows can hold the usual spend
    sums = np.convolve(total, np.ones(length), mode="valid")
    elsewhere = sums[np.abs(np.arange(len(sums)) - first) >= length]
    if not len(elsewhere):
        return test
    without = float(left.sum() - sum(test.changes))
    low = float(left.sum()) <= np.quantile(elsewhere, LOW)
    return replace(test, rows="with_change") if low and without <= elsewhere.max() else test


def rows_taken(stated: Sequence[LiftTest], used: Sequence[LiftTest]) -> list[Finding]:
    """Say of which tests the rows were taken for what the test left, though nothing was said of them."""
    return [
        Finding.of(
            "lift_test_left",
            Verdict.PASS,
            0.0,
            channel=test.named,
            start=test.start,
            withheld=-sum(test.changes),
        )
        for test in used
        if test not in stated
    ]


def as_trial(placed: Placed, window: Window, reference: Array, unit: float) -> Trial:
    """A lift test in the model's units.

    Parameters
    ----------
    placed : (LiftTest, int, int)
    window : Window
    reference : ndarray of shape (n_channels,)
        Unit of each channel's spend.
    unit : float
        Unit of the outcome.

    Raises
    ------
    LiftTestError
        If it is of no channel, of one without spend, or changes more than there was.
    """
    test, first, last = placed
    rows = np.flatnonzero((window.periods >= first) & (window.periods <= last))
    channels = [_place_of(name, test, window) for name in test.channels]
    parts = []
    for c, change in zip(channels, _changes(test, window, rows, channels), strict=True):
        own, others = arms(test, window.spend[rows, c], change, window.names[c])
        lagged = []
        for spend, _ in others:
            series = window.spend[:, c].copy()
            series[rows] = spend
            lagged.append(lagged_rows(window.periods, series / reference[c])[rows])
        factors = np.array([own, *(factor for _, factor in others)])
        parts.append(TrialPart(c, rows, np.stack(lagged), factors))
    return Trial(parts, test.lift / unit, test.standard_error / unit)


def arms(
    test: LiftTest, spent: Array, change: float, name: str = ""
) -> tuple[float, list[tuple[Array, float]]]:
    """Return the spends that a test compares in its rows, and how the effect of each counts in the lift.

    Where a share h of the customers is held out, the effect in a group of a share g of them is g times that of the
    spend with which everybody would be treated as this group was.

    Parameters
    ----------
    test : LiftTest
    spent : ndarray of shape (n_rows,)
        One channel's spend in the rows of the test.
    change : float
        Its change over all of them.
    name : str
        The channel, for messages.

    Returns
    -------
    own : float
        Factor of the effect of the rows' own spend.
    others : list of (ndarray of shape (n_rows,), float)
        Other spends, and their factors.

    Raises
    ------
    LiftTestError
        If a spend would be below 0 by more than rounding.
    """
    by_row = change * _shares(test, spent, change)
    _check(test, name, spent, change)
    if test.held_out is not None:
        held = test.held_out
        if change > 0.0:
            base, group = spent - by_row, 1.0 - held  # what the held out got, too; the group is all others
            more = base + by_row / group
        else:
            more, group = spent - by_row, held  # what the others got; the group is those held out
            base = more + by_row / group
        return 0.0, [
            (np.maximum(more, 0.0), np.copysign(group, change)),
            (base.clip(0.0), -np.copysign(group, change)),
        ]
    if test.rows == "with_change":
        return 1.0, [(np.maximum(spent - by_row, 0.0), -1.0)]
    return -1.0, [(np.maximum(spent + by_row, 0.0), 1.0)]


def _shares(test: LiftTest, spent: Array, change: float) -> Array:
    """Share of a channel's change in each row: in proportion to its spend; evenly where rows do not show it.

    Rows from which more was withheld than they have left may be empty because of the test.
    """
    mostly_gone = _emptied(test, change) and -change > spent.sum()
    known = spent.all() if mostly_gone else spent.any()
    return spent / spent.sum() if known else np.full(len(spent), 1.0 / len(spent))


def _emptied(test: LiftTest, change: float) -> bool:
    """Whether rows hold what a test left of all customers' spend; where some are held out, the others' stays."""
    return test.rows == "with_change" and test.held_out is None and change < 0.0


def _changes(test: LiftTest, window: Window, rows: Indices, channels: Sequence[int]) -> Sequence[float]:
    """Each channel's change; a total is divided in proportion to their spend, where rows show it, else elsewhere."""
    if not test.changes:
        all_spend: list[float] = window.spend[rows][:, channels].sum(axis=0).tolist()
        if not any(all_spend):
            raise LiftTestError(
                f"{test.place}: nothing was spent in these rows{window.place}, so nobody got more"
            )
        return all_spend
    if len(test.changes) == len(channels):
        return test.changes
    (total,) = test.changes
    inside, elsewhere = (
        window.spend[where][:, channels].sum(axis=0)
        for where in (rows, np.delete(np.arange(len(window.spend)), rows))
    )
    spent = elsewhere if (_emptied(test, total) or not inside.any()) and elsewhere.any() else inside
    if not spent.any():
        raise LiftTestError(f"{test.place}: nothing was ever spent on these channels{window.place}")
    found: list[float] = (total * spent / spent.sum()).tolist()
    return found


def _place_of(name: str | int, test: LiftTest, window: Window) -> int:
    if name not in window.names:
        raise LiftTestError(
            f"{test.place}: there is no channel {name!r}{nearest_name(str(name), window.names)}"
        )
    c = window.names.index(str(name))
    if not window.spend[:, c].any():
        raise LiftTestError(f"{test.place}: nothing was ever spent on {name} in {window.market}")
    return c


def _check(test: LiftTest, name: str, spent: Array, change: float) -> None:
    """Check that no group of customers is taken to have had less than nothing.

    Spread in proportion to spend, a change leaves something in every row if it does in all. What people state is
    rounded, and so may rows be.
    """
    total = float(spent.sum())
    size, most, whole = stated(abs(change)), total, stated(total)
    if test.held_out is not None and change < 0.0:
        most = total * test.held_out / (1.0 - test.held_out)
        said = (
            f"the held-out customers cannot have been spared {size} of {name}: with {percent(test.held_out)} held out, "
            f"at most {amount(most)} goes with the {amount(total)} in these rows"
        )
    elif test.rows == "with_change" and change > 0.0:
        said = f"its rows cannot hold {size} added to {name}, which had {whole} in all"
    elif test.rows != "with_change" and change < 0.0:
        said = (
            f"{size} of {name} cannot be withheld, only {whole} was spent in these rows; if they show what was "
            'left, state "rows": "with_change"'
        )
    else:
        return  # it only adds
    slack = ROUNDED * most
    if total > 0.0 and (spent == np.round(spent)).all():
        slack = max(slack, HALF_A_UNIT * np.count_nonzero(spent) * most / total)
    if abs(change) > most + slack:
        raise LiftTestError(f"{test.place}: {said}")
