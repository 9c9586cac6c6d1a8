"""How well the model would have foreseen the last rows, beside what the year before said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from channelmix.errors import InputError

if TYPE_CHECKING:
    from channelmix.effectiveness.history.regressor import MarketingMixRegressor

__all__ = ["backtest"]

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

FEWEST_ROWS = 26
"""Rows that a fit of a backtest must have."""


def backtest(
    model: MarketingMixRegressor,
    X: Any,
    outcome: Array,
    periods: Indices,
    year: float,
    horizon: int,
    folds: int,
) -> dict[str, list[float]]:
    """Foresee blocks of `horizon` rows from the rows before them; a number a block, the earliest first.

    `error` and `naive_error` are mean absolute errors; `covered` is the part of rows within the 90 % interval.
    """
    order = np.argsort(periods)
    first = len(order) - horizon * folds
    if horizon < 1 or folds < 1 or first < FEWEST_ROWS:
        raise InputError(
            f"a backtest of {folds} x {horizon} rows needs {FEWEST_ROWS + horizon * folds} rows, not {len(order)}"
        )
    found: dict[str, list[float]] = {"first": [], "error": [], "naive_error": [], "covered": []}
    for start in range(first, len(order), horizon):
        past, rows = order[:start], order[start : start + horizon]
        rows = rows[np.isfinite(outcome[rows])]
        if not len(rows):
            raise InputError("no outcome is known in a block of the backtest")
        fitted = clone(model).fit(_rows(X, past), outcome[past])
        low, high = fitted.predict_interval(_rows(X, rows), 0.9)
        off = fitted.predict(_rows(X, rows)) - outcome[rows]
        naive = _year_before(outcome[past], periods[past], periods[rows], round(year)) - outcome[rows]
        found["first"].append(float(order[start]))
        found["error"].append(float(np.abs(off).mean()))
        found["naive_error"].append(float(np.abs(naive).mean()))
        found["covered"].append(float(((low <= outcome[rows]) & (outcome[rows] <= high)).mean()))
    return found


def _year_before(outcome: Array, periods: Indices, wanted: Indices, year: int) -> Array:
    """The outcome a year before each wanted period, or the last known one where that is not known."""
    known = {int(p): float(y) for p, y in zip(periods, outcome, strict=True) if np.isfinite(y)}
    last = known[max(known)]
    return np.array([known.get(int(p) - year, last) for p in wanted])


def _rows(X: Any, rows: Indices) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows] if hasattr(X, "shape") else [X[i] for i in rows]
