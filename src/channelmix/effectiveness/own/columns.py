"""Columns of a history: their spend, the ROI expected of them, and what a fit learnt, in the profile's units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.documents import Interval
from channelmix.core.errors import InputError
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.draws import spending_cells
from channelmix.effectiveness.history import MarketingMixRegressor
from channelmix.effectiveness.history.model.families import LAGS
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.published.prior_draws import published_draws
from channelmix.effectiveness.published.response import prior_response
from channelmix.engine.response import ResponseCurves
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Column, FittedMarket, History, Unpaid, covered, table_of

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
    money : ndarray of shape (n_rows,)
        In the market's rows.
    at : ndarray of shape (n_rows,)
        Where these rows lie in time, in rows.
    periods : float
        Periods of the profile that they span.
    tested : bool
        Whether a lift test was used.
    """

    name: str
    column: str
    money: Array
    at: NDArray[np.int64]
    periods: float
    tested: bool


def column_spends(
    rows: History, timeline: Timeline, row_days: float, period_days: float
) -> Iterator[ColumnSpend]:
    """Each market's columns with spend, in the order of the estimator's curves.

    Parameters
    ----------
    rows : History
    timeline : Timeline
    row_days, period_days : float
        Length of a row, and of the profile's period.

    Raises
    ------
    InputError
        If two rows of a market have one date.
    """
    tested = {(test.market, channel) for test in rows.experiments for channel in test.channels}
    dates = np.asarray(rows.dates)
    for market, where in rows.by_market().items():
        try:
            at = timeline.positions(dates[where])
        except InputError as error:
            raise InputError(f"{'' if market is None else f'market {market}: '}{error}") from None
        for column, money in rows.spend.items():
            if money[where].any():
                yield ColumnSpend(
                    _selector(market, column),
                    column,
                    money[where],
                    at,
                    len(where) * row_days / period_days,
                    (market, column) in tested,
                )


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
            money[at[k]] = part * float(one.money.sum()) / one.periods
    outcome = brings.value(money)
    found = {}
    for column in dict.fromkeys(one.column for one in spent):
        total, brought = 0.0, np.zeros(PRIOR_DRAWS)
        for one, at in zip(spent, places, strict=True):
            if one.column == column:
                total += float(one.money.sum())
                brought += one.periods * outcome[:, list(at)].sum(axis=1)
        low, middle, high = np.quantile(brought / (total * worth), [0.05, 0.5, 0.95])
        if low > 0.0:
            reach = max(0.5 * np.log(high / low), LEAST_SPREAD * Z90)
            found[column] = (float(middle * np.exp(-reach)), float(middle * np.exp(reach)))
    return found


def columns_of(
    spent: Sequence[ColumnSpend],
    model: MarketingMixRegressor,
    table: object,
    worth: float,
    believed: Mapping[str, tuple[float, float]],
) -> tuple[Column, ...]:
    """Returns of each column; `worth` is the margin of one unit of outcome, `believed` are prior ranges of ROI."""
    roi = model.roi(table, by_market=True).to_numpy()
    marginal = model.marginal_roi(table, by_market=True).to_numpy()
    columns = []
    for one, mean, margin in zip(spent, roi, marginal, strict=True):
        least, most = _seen(one)
        before = believed.get(one.column)
        columns.append(
            Column(
                name=one.name,
                basis="experiment" if one.tested else "history",
                spend=float(one.money.sum()) / one.periods,
                least=least,
                most=most,
                roi=_range(worth * mean),
                marginal_roi=_range(worth * margin),
                believed=None if before is None else (worth * before[0], worth * before[1]),
            )
        )
    return tuple(columns)


def unpaid_of(
    rows: History, model: MarketingMixRegressor, table: object, predicted: Array, periods: float
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
    periods : float
        Periods of the profile in a row.
    """
    if not rows.unpaid:
        return None
    shares = model.shares(table, by_market=True)
    found = []
    for market, where in rows.by_market().items():
        money = rows.outcome_worth * float(np.abs(predicted[where]).sum()) / (len(where) * periods)
        for column in rows.unpaid:
            name = column if market is None else f"{market}/{column}"
            if name in shares.index:
                share = shares.loc[name].to_numpy()
                found.append(Unpaid(name=name, outcome=_range(money * share), share=_range(share)))
    return tuple(found)


def _range(row: Array) -> Interval:
    mean, low, high = row.tolist()
    return Interval(mean=mean, low=low, high=high)


def _seen(spent: ColumnSpend) -> tuple[float, float]:
    """Least and most spent per period, in any stretch as long as a period but no longer than spend acts."""
    rows_a_period = len(spent.money) / spent.periods
    every = np.zeros(int(np.ptp(spent.at)) + 1)
    every[spent.at - spent.at.min()] = spent.money
    length = min(max(round(rows_a_period), 1), LAGS, len(every))
    sums = np.convolve(every, np.ones(length), mode="valid") * (rows_a_period / length)
    return max(float(sums.min()), 0.0), float(sums.max())


def curves_of(
    spent: Sequence[ColumnSpend], curves: ResponseCurves, worth: float, order: NDArray[np.int64]
) -> ResponseCurves:
    """Curves of the rows' total as curves of one period, which spreads its money over time as the rows did.

    Parameters
    ----------
    spent : sequence of ColumnSpend
    curves : ResponseCurves
        Of the same columns, over all rows of their market.
    worth : float
        Margin of one unit of outcome.
    order : ndarray of shape (n_draws,)
        Draws in the order that is wanted.
    """
    parts = []
    for c, one in enumerate(spent):
        points, outcome = table_of(curves, c)
        money = outcome[order, :, np.newaxis] * (worth / one.periods)
        parts.append(ResponseCurves.tabulated(points / one.periods, money, names=[one.name]))
    return ResponseCurves.concat(parts)


def span_of(rows: History, residual: Array, where: Any = slice(None)) -> dict[str, Any]:
    """First and last date, number and noise of some rows, as `Fitted` and `FittedMarket` state them."""
    dates, left = np.asarray(rows.dates)[where].tolist(), residual[where]
    noise = rows.outcome_worth * float(np.nanstd(left))
    return {"first": min(dates), "last": max(dates), "rows": len(dates), "noise": noise}


def markets_of(rows: History, residual: Array) -> tuple[FittedMarket, ...] | None:
    """Describe each market's rows, where a column names markets; `residual` is that of all rows."""
    if rows.markets is None:
        return None
    return tuple(
        FittedMarket(name=str(market), **span_of(rows, residual, where))
        for market, where in rows.by_market().items()
    )
