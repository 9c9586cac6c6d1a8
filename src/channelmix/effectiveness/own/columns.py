"""Columns of a history: their spend, the ROI expected of them, and what a fit learnt, in the profile's units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.documents import Interval
from channelmix.core.errors import InputError
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.draws import spending_cells
from channelmix.effectiveness.history import MarketingMixRegressor
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.spend_slips import Slip
from channelmix.effectiveness.own.timing import (
    Timing,
    active_average,
    is_month,
    labels_of,
    months_ahead,
    seen,
    timing_of,
)
from channelmix.effectiveness.published.prior_draws import published_draws
from channelmix.effectiveness.published.response import prior_response
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Column, FittedMarket, History, Unpaid, covered
from channelmix.profile.fields.fields import DAYS_A_WEEK, DAYS_A_YEAR

PRIOR_DRAWS = 1024
"""Draws of published figures: a range of them is stable to a percent or so."""

LEAST_SPREAD = 0.7
"""Least standard deviation of the log of a believed ROI, a factor of three either way: published figures are of other
companies, and what a company states of itself has not been measured."""


@dataclass(frozen=True, eq=False)
class ColumnSpend:
    """Spend of one market on one column of a history.

    Parameters
    ----------
    name : str
        Selector of the profile's cells that it was spent on.
    column : str
        Column of the history, in which several markets may have spent.
    market : str or None
    money : ndarray of shape (n_rows,)
        From the market's first row to its last, 0 where a row is missing, and what is usual where a slip is.
    periods : float
        Periods of the profile from the first row to the last.
    active_spend, active_periods : float
        Money a period over the periods with spend, and the number of such periods that all of the money makes.
    timing : Timing
        When a period's money is spent.
    months : sequence of (ndarray or None)
        When it was spent in each of the months that follow the rows, a year before: see `months_ahead`. Empty where
        periods are no months, or rows as long.
    dates : tuple
        First and last date of the rows whose timing that is.
    least, most : float
        See `seen`.
    tested : bool
        Whether a lift test was used.
    last : str or int
        Date of the last row with spend.
    """

    name: str
    column: str
    market: str | None
    money: Array
    periods: float
    active_spend: float
    active_periods: float
    timing: Timing
    months: Sequence[Array | None]
    dates: tuple[Any, Any]
    least: float
    most: float
    tested: bool
    last: Any


def column_spends(
    rows: History, period_days: float, timing_days: float, slips: Sequence[Slip] = ()
) -> list[ColumnSpend]:
    """Each market's columns with spend, in the order of the estimator's curves.

    Parameters
    ----------
    rows : History
    period_days : float
        Length of the profile's period.
    timing_days : float
        Days back from the last row of which the timing counts.
    slips : sequence of Slip
        Spend that looks wrong: what is usual takes its place in averages, timing and range.

    Raises
    ------
    InputError
        If two rows of a market have one date.
    """
    dates = np.asarray(rows.dates)
    timeline = Timeline.of(dates)
    row_days = row_days_of(timeline)
    tested = {(test.market, channel) for test in rows.experiments for channel in test.channels}
    per_period, recent = period_days / row_days, timing_days / row_days
    by_months = is_month(period_days) and timeline.unit == "day"
    found = []
    for market, where in rows.by_market().items():
        try:
            at = timeline.positions(dates[where])
        except InputError as error:
            raise InputError(f"{'' if market is None else f'market {market}: '}{error}") from None
        first, n = int(at.min()), int(np.ptp(at)) + 1
        labels = labels_of(timeline, first, n, row_days, period_days)
        for column, money in rows.spend.items():
            if not money[where].any():
                continue
            paid, bought = np.zeros(n), np.zeros(n)
            paid[at - first] = money[where]
            volume = rows.volume.get(column, money)[where]
            bought[at - first] = volume if volume.any() else money[where]  # the fit refuses money for nothing
            usual = _without(slips, market, column, paid)
            bought *= np.divide(usual, paid, out=np.ones(n), where=paid > 0.0) * (usual.sum() / bought.sum())
            timing = timing_of(bought, usual, labels, per_period, recent)
            active = active_average(bought, usual, labels, per_period)
            within = dates[where][(at - first >= timing.first) & (at - first <= timing.last)].tolist()
            found.append(
                ColumnSpend(
                    _selector(market, column),
                    column,
                    market,
                    usual,
                    n / per_period,
                    *active,
                    timing,
                    months_ahead(bought, labels, per_period) if by_months else (),
                    (min(within), max(within)),
                    *seen(usual, timing),
                    (market, column) in tested,
                    dates[where][at - first == np.flatnonzero(paid)[-1]].tolist()[0],
                )
            )
    return found


def _without(slips: Sequence[Slip], market: str | None, column: str, paid: Array) -> Array:
    """Spend of a column, with what is usual in the rows that look wrong."""
    usual = paid.copy()
    for slip in slips:
        if slip.channel == column and slip.market == market:
            usual[slip.period] = min(usual[slip.period], slip.usual)
    return usual


def row_days_of(timeline: Timeline) -> float:
    """Length of a row, in days."""
    return DAYS_A_YEAR / timeline.year


def _selector(market: str | None, column: str) -> str:
    if market is None:
        return column
    return market if column == "all" else f"{market}/{column}"


def believed_roi(
    profile: CompanyProfile, spent: Sequence[ColumnSpend], worth: float
) -> dict[str, tuple[float, float]]:
    """Ranges that hold the ROI of a history's columns with 90 %, by published figures.

    Parameters
    ----------
    profile : CompanyProfile
    spent : sequence of ColumnSpend
        Spend of each market on each column: the ROI is that of this spend, divided among a column's cells as today's.
    worth : float
        Margin of one unit of outcome.

    Returns
    -------
    dict of str to (float, float)
        In outcome per unit of spend, by column; columns that bring nothing by published figures are left out.
    """
    cells = profile.cells()
    draws = published_draws(cells, PRIOR_DRAWS)
    brings = prior_response(draws, profile.period_days, profile.usd_rate or 1.0).curves
    places = covered([one.name for one in spent], [cell.name for cell in cells])
    money = np.zeros(len(cells))
    for one, at in zip(spent, places, strict=True):
        within, parts = spending_cells([cells[i].current_spend for i in at])
        for k, part in zip(within, parts, strict=True):
            money[at[k]] = part * one.active_spend
    outcome = brings.value(money)
    found = {}
    for column in dict.fromkeys(one.column for one in spent):
        total, brought = 0.0, np.zeros(PRIOR_DRAWS)
        for one, at in zip(spent, places, strict=True):
            if one.column == column:
                total += one.active_periods * one.active_spend
                brought += one.active_periods * outcome[:, list(at)].sum(axis=1)
        low, middle, high = np.quantile(brought / (total * worth), [0.05, 0.5, 0.95])
        if low > 0.0:
            reach = max(0.5 * np.log(high / low), LEAST_SPREAD * Z90)
            found[column] = (float(middle * np.exp(-reach)), float(middle * np.exp(reach)))
    return found


def columns_of(
    spent: Sequence[ColumnSpend],
    returns: Sequence[Mapping[str, Any]],
    worth: float,
    believed: Mapping[str, tuple[float, float]],
    row_days: float,
) -> tuple[Column, ...]:
    """Describe each column.

    Parameters
    ----------
    spent : sequence of ColumnSpend
    returns : sequence of mapping
        Fields of each column's returns.
    worth : float
        Margin of one unit of outcome.
    believed : mapping of str to (float, float)
        Prior ranges of ROI.
    row_days : float
        Length of a row.
    """
    columns = []
    for one, found in zip(spent, returns, strict=True):
        before = believed.get(one.column)
        columns.append(
            Column(
                name=one.name,
                basis="experiment" if one.tested else "history",
                spend=float(one.money.sum()) / one.periods,
                active_spend=one.active_spend,
                active_periods=one.active_periods,
                since_periods=one.periods * (1.0 - np.flatnonzero(one.money)[0] / len(one.money)),
                spent_days=_spent_days(one.money, row_days),
                last_spend=one.last,
                idle_days=row_days * (len(one.money) - 1 - int(np.flatnonzero(one.money)[-1])),
                timing=one.dates,
                least=one.least,
                most=one.most,
                **found,
                believed=None if before is None else (worth * before[0], worth * before[1]),
            )
        )
    return tuple(columns)


def _spent_days(money: Array, row_days: float) -> float:
    """Days of the rows with spend; where rows are shorter than a week, of the weeks with any."""
    if row_days < DAYS_A_WEEK:
        week = np.arange(len(money)) * row_days // DAYS_A_WEEK
        return DAYS_A_WEEK * len(np.unique(week[money > 0.0]))
    return row_days * int(np.count_nonzero(money))


def unpaid_of(
    rows: History, model: MarketingMixRegressor, table: object, predicted: Array, period_days: float
) -> tuple[Unpaid, ...] | None:
    """What media without a bill bring; None without any.

    Parameters
    ----------
    rows : History
    model : MarketingMixRegressor
    table : DataFrame
        The rows, as fitted.
    predicted : ndarray of shape (n_rows,)
        Mean outcome of each row.
    period_days : float
        Length of the profile's period. All time from the first row to the last counts, as it does for spend.
    """
    if not rows.unpaid:
        return None
    shares = model.shares(table, by_market=True)
    dates = np.asarray(rows.dates)
    timeline = Timeline.of(dates)
    found = []
    for market, where in rows.by_market().items():
        days = row_days_of(timeline) * (int(np.ptp(timeline.positions(dates[where]))) + 1)
        money = rows.outcome_worth * float(np.abs(predicted[where]).sum()) * (period_days / days)
        for column in rows.unpaid:
            name = column if market is None else f"{market}/{column}"
            if name in shares.index:
                share = shares.loc[name].to_numpy()
                found.append(Unpaid(name=name, outcome=_range(money * share), share=_range(share)))
    return tuple(found)


def _range(row: Array) -> Interval:
    mean, low, high = row.tolist()
    return Interval(mean=mean, low=low, high=high)


def span_of(rows: History, residual: Array, where: Any = slice(None)) -> dict[str, Any]:
    """First and last date, number and noise of some rows, as `Fitted` and `FittedMarket` state them."""
    every = np.asarray(rows.dates)
    dates, left = every[where].tolist(), residual[where]
    noise = rows.outcome_worth * float(np.nanstd(left))
    missing = int(np.ptp(Timeline.of(every).positions(sorted(set(dates))))) + 1 - len(set(dates))
    return {
        "first": min(dates),
        "last": max(dates),
        "rows": len(dates),
        "unlisted": missing or None,
        "noise": noise,
    }


def markets_of(rows: History, residual: Array) -> tuple[FittedMarket, ...] | None:
    """Describe each market's rows, where a column names markets; `residual` is that of all rows."""
    if rows.markets is None:
        return None
    return tuple(
        FittedMarket(name=str(market), **span_of(rows, residual, where))
        for market, where in rows.by_market().items()
    )
