"""What a fitted marketing-mix model says of rows: predictions, contributions, returns, curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted, validate_data

from channelmix.core.arrays import Array
from channelmix.effectiveness.history.markets import (
    Market,
    Part,
    edges,
    joined,
    returns,
    shares,
    spent_on,
    totals_of,
)
from channelmix.effectiveness.history.rows.table import Columns, Rows, in_pandas, index_of
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.engine.response import ResponseCurves

LARGEST_FACTOR, POINTS = 3.0, 25
"""Curves are tabulated from no spend to three times the historical one."""


class Readings:
    """Base of `MarketingMixRegressor`: what can be read off it once it is fitted."""

    date: str | int | None
    random_state: int
    channels_: tuple[str, ...]
    _columns: Columns
    _timeline: Timeline
    _markets: Mapping[str | None, Market]

    def predict(self, X: Any) -> Array:
        """Mean outcome of each row, (n_rows,).

        New rows in fitted periods replace the fitted ones; rows after the fitted ones include their carry-over.
        """
        return joined(self._parts(X), Part.mean)

    def predict_interval(self, X: Any, level: float = 0.9) -> tuple[Array, Array]:
        """Interval that a new outcome lies in with probability `level`: low and high, (n_rows,) each."""
        rng, both = np.random.default_rng(self.random_state), edges(level)
        low, high = joined(self._parts(X), lambda part: np.quantile(part.predictive(rng), both, axis=0).T).T
        return low, high

    def contributions(self, X: Any) -> pd.DataFrame:
        """Mean outcome that each channel brings in each row; a column a channel, those without a bill last."""
        means = joined(self._parts(X), Part.contributions)
        return pd.DataFrame(means, columns=list(self._columns.names), index=index_of(X))

    def decomposition(self, X: Any) -> pd.DataFrame:
        """Mean outcome of each row by cause: level, season, controls, channels; they add up to `predict`.

        By `model_error`, a part of what goes with a channel's spend is not its effect; it belongs to the level.
        """
        divisions = self._parts(X)
        season, controls = joined(divisions, Part.linear_groups).T
        parts = {"season": season, "controls": controls}
        for name, column in self.contributions(X).items():
            parts[f"{name} (channel)" if name in parts else str(name)] = column.to_numpy()
        parts = {"level": self.predict(X) - np.sum(list(parts.values()), axis=0), **parts}
        return pd.DataFrame(parts, index=index_of(X))

    def shares(self, X: Any, level: float = 0.9, by_market: bool = False) -> pd.DataFrame:
        """Share of the outcome of X's rows that a channel brings, without the carry-over of earlier rows.

        A row a channel, unpaid ones last, columns mean, low and high. The whole is the sum of the rows' mean outcomes,
        each taken as above 0. With `by_market`, each market and channel that was there is a row, such as ``FR/posts``.
        """
        found = shares(self._parts(X), self._columns.names, level, by_market)
        return pd.DataFrame.from_dict(found, orient="index", columns=["mean", "low", "high"])

    def roi(self, X: Any, level: float = 0.9, by_market: bool = False) -> pd.DataFrame:
        """Outcome per unit of spend over X's rows: a row a channel, columns mean, low and high.

        Markets are summed, or with `by_market` each market and channel with spend there is a row, such as ``FR/sms``.

        Raises
        ------
        InputError
            If nothing is spent on a channel in X.
        """
        return self._summary(X, level, by_market, 0.0, 1.0)

    def marginal_roi(self, X: Any, level: float = 0.9, by_market: bool = False) -> pd.DataFrame:
        """Outcome of one more unit of spend, spread as in X; rows and columns as those of `roi`."""
        return self._summary(X, level, by_market, 0.99, 1.01)

    def curves(self, X: Any) -> ResponseCurves:
        """Outcome over all of X's rows against a channel's spend over them, which keeps its timing.

        Tabulated from no spend to three times X's; constant beyond. Outcome after the last row does not count. With
        markets, a curve for each market and channel with spend there, such as ``FR/sms``.

        Raises
        ------
        InputError
            If nothing is spent on a channel in X.
        """
        parts = self._parts(X)
        totals_of(parts, self.channels_)
        factors = np.linspace(0.0, LARGEST_FACTOR, POINTS)
        names, totals, outcomes = [], [], []
        for name, part, c, total in spent_on(parts, self.channels_):
            names.append(name)
            totals.append(total)
            outcomes.append(part.scaled(c, factors))
        outcome = np.maximum.accumulate(np.stack(outcomes, axis=2), axis=1)  # rounding may lower a flat end
        return ResponseCurves.tabulated(np.outer(factors, totals), outcome, names=names)

    def timed_outcome(
        self, channel: str | int, acting: Array, spends: Array, market: str | None = None
    ) -> Array:
        """Outcome that money on a channel brings with a timing of its own, however it was spent in the rows.

        Parameters
        ----------
        channel : str or int
            As in `channels_`.
        acting : ndarray of shape (n_rows, LAGS)
            Money that acts 0, 1, 2, ... rows after it was spent, in each row, where one unit is spent.
        spends : ndarray of shape (n_spends,)
            Units that are spent.
        market : str, optional
            Market, where rows are of several.

        Returns
        -------
        ndarray of shape (n_draws, n_spends)
            Summed over the rows of `acting`.
        """
        check_is_fitted(self)
        posterior = self._markets[market].posterior
        return posterior.timed(self.channels_.index(channel), acting, spends)

    def families(self) -> pd.DataFrame:
        """Posterior probability of each family of carry-over and saturation, and of no effect: a row a channel."""
        check_is_fitted(self)
        kinds = next(iter(self._markets.values())).posterior.family_chances()
        return pd.DataFrame(kinds, index=list(self._columns.names))

    def _parts(self, X: Any) -> list[Part]:
        """New rows by market."""
        check_is_fitted(self)
        X = in_pandas(X)
        if hasattr(X, "columns") or self.date is not None:
            validate_data(self, X, reset=False, skip_check_array=True)
        else:
            X = validate_data(self, X, reset=False, dtype=float)
        return Part.read(Rows.read(X, self._columns), self._columns.names, self._timeline, self._markets)

    def _summary(self, X: Any, level: float, by_market: bool, low: float, high: float) -> pd.DataFrame:
        found = returns(self._parts(X), self.channels_, level, by_market, low, high)
        return pd.DataFrame.from_dict(found, orient="index", columns=["mean", "low", "high"])
