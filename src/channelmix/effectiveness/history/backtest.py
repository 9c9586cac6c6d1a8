"""Backtest: forecast the last blocks of rows from the rows before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import clone

from channelmix.core.arrays import Array, Indices
from channelmix.core.errors import InputError
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.rows.windows import FEWEST_ROWS

COVERED, HARDLY_COVERED = 0.75, 0.5
"""Shares of rows within their 90 % intervals below which a backtest needs review, and fails. Of 26 independent rows of
a correct model, fewer than the first share are within theirs once in eighty times."""

FAR_WORSE = 1.5
"""Ratio of the error to that of the seasonal-naive forecast above which a backtest fails."""

FEWEST_PERIODS = 26
"""Periods that a fit of a backtest must have."""


def backtest(
    model: Any,
    X: Any,
    outcome: Array,
    markets: Sequence[tuple[str | None, Indices, Indices]],
    year: float,
    horizon: int,
    folds: int,
) -> dict[str, list[float]]:
    """Forecast blocks of `horizon` rows from the rows before them, with clones of a `MarketingMixRegressor`.

    Returns one number a block, the earliest first: the mean absolute errors `error` and `naive_error`, and the share
    `covered` of rows within their 90 % intervals. All markets are cut at the same periods.
    """
    times, group = np.empty(len(outcome), dtype=np.int64), np.empty(len(outcome), dtype=np.int64)
    for m, (_, where, periods) in enumerate(markets):
        times[where], group[where] = periods, m
    every = np.unique(times)
    first = len(every) - horizon * folds
    if horizon < 1 or folds < 1 or first < FEWEST_PERIODS:
        raise InputError(
            f"a backtest of {folds} x {horizon} rows needs {FEWEST_PERIODS + horizon * folds} rows, not {len(every)}"
        )
    found: dict[str, list[float]] = {"first": [], "error": [], "naive_error": [], "covered": []}
    order = np.argsort(times, kind="stable")
    for start in range(first, len(every), horizon):
        end = every[start + horizon] if start + horizon < len(every) else every[-1] + 1
        past, rows = (
            order[times[order] < every[start]],
            order[(times[order] >= every[start]) & (times[order] < end)],
        )
        number = np.bincount(group[past[np.isfinite(outcome[past])]], minlength=len(markets))
        past, block = past[number[group[past]] >= FEWEST_ROWS], rows[number[group[rows]] >= FEWEST_ROWS]
        rows = block[np.isfinite(outcome[block])]
        if not len(rows):
            raise InputError("no outcome is known in a block of the backtest")
        try:
            fitted = clone(model).fit(_rows(X, past), outcome[past])
        except InputError as error:
            raise InputError(f"the rows before a block of the backtest cannot be fitted: {error}") from None
        low, high = fitted.predict_interval(_rows(X, rows), 0.9)
        off = fitted.predict(_rows(X, rows)) - outcome[rows]
        naive = np.empty(len(rows))
        for m in np.unique(group[rows]):
            mine, before = group[rows] == m, past[group[past] == m]
            naive[mine] = _year_before(outcome[before], times[before], times[rows[mine]], round(year))
        naive -= outcome[rows]
        found["first"].append(float(block[0]))
        found["error"].append(float(np.abs(off).mean()))
        found["naive_error"].append(float(np.abs(naive).mean()))
        found["covered"].append(float(((low <= outcome[rows]) & (outcome[rows] <= high)).mean()))
    return found


def backtest_finding(found: Any, horizon: int) -> Finding:
    """Grade a table of `backtest`: do forecasts beat the outcome of a year before, and do their intervals cover?"""
    error, naive, covered = (float(np.mean(found[name])) for name in ("error", "naive_error", "covered"))
    worse = error / naive if naive > 0.0 else np.inf
    if worse <= 1.0 and covered >= COVERED:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.FAIL if worse > FAR_WORSE or covered < HARDLY_COVERED else Verdict.REVIEW
    blocks = len(found["error"])
    return Finding.of(
        "backtest", verdict, worse, worse=worse, blocks=blocks, horizon=horizon, covered=covered
    )


def _year_before(outcome: Array, periods: Indices, wanted: Indices, year: int) -> Array:
    """The outcome a year before each wanted period, or the last known one where that is not known."""
    known = {int(p): float(y) for p, y in zip(periods, outcome, strict=True) if np.isfinite(y)}
    last = known[max(known)]
    return np.array([known.get(int(p) - year, last) for p in wanted])


def _rows(X: Any, rows: Indices) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows] if hasattr(X, "shape") else [X[i] for i in rows]
