"""Histories with known truth that every estimator is given, and what an estimator answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tests.mix_worlds import MixWorld
from tests.recovery_worlds import RecoveryWorld

import channelmix as cm

__all__ = [
    "Estimate",
    "History",
    "MeanCurves",
    "few_regions_history",
    "logistic_media",
    "simulated_history",
    "tabulated",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class History:
    """Rows of spend and outcome whose truth is known.

    Parameters
    ----------
    name : str
    rows : DataFrame
        Column `date` of type datetime, spend by channel in currency, controls.
    outcome : ndarray of shape (n_rows,)
    date : str
    controls : tuple of str
    roi : ndarray of shape (n_channels,)
        True return of a unit of spend; 0 where a channel has no effect.
    media : callable, optional
        True outcome over all rows, up to a constant, where each channel's spend is scaled by its factor. Not known for
        every history.
    market : str, optional
        Column that names each row's region; the ROI is that of all regions together.
    heads : Series, optional
        Population by region; without it every region counts alike.
    knot_weeks : int
        Weeks between knots of the level, for estimators that have such. A knot a quarter gives one market its season.
    """

    name: str
    rows: pd.DataFrame
    outcome: Array
    date: str
    controls: tuple[str, ...]
    roi: Array
    media: Callable[[Array], float] | None = None
    market: str | None = None
    heads: pd.Series | None = None
    knot_weeks: int = 13

    @property
    def channels(self) -> tuple[str, ...]:
        """Columns with spend."""
        other = {self.date, self.market, *self.controls}
        return tuple(str(c) for c in self.rows.columns if c not in other)

    @property
    def total(self) -> Array:
        """Spend over all rows, (n_channels,)."""
        return np.asarray(self.rows[list(self.channels)].sum(), dtype=float)


@dataclass(frozen=True, eq=False)
class Estimate:
    """What an estimator says of a history.

    Parameters
    ----------
    mean, low, high : ndarray of shape (n_channels,)
        Mean and central 90 % interval of ROI.
    curves : ResponseCurves
        Outcome over all rows against each channel's total spend; of several regions, each at the same factor.
    processor, clock : float
        Seconds of the fit; the processor's count all processes and threads.
    note : str
        What the estimator says of its own draws.
    """

    mean: Array
    low: Array
    high: Array
    curves: cm.ResponseCurves
    processor: float
    clock: float
    note: str


@dataclass(frozen=True, eq=False)
class MeanCurves:
    """Mean outcome over all rows at factors on a channel's spend: (n_factors,) and (n_factors, n_channels)."""

    factors: Array
    outcome: Array


def tabulated(history: History, curves: MeanCurves) -> cm.ResponseCurves:
    """Curves against total spend, for the optimizer."""
    return cm.ResponseCurves.tabulated(
        np.outer(curves.factors, history.total), curves.outcome, names=list(history.channels)
    )


def simulated_history(world: MixWorld, name: str) -> History:
    """A company of our own simulator, with dates."""
    weeks, channels = world.spend.shape
    rows = pd.DataFrame(world.spend, columns=[f"c{k}" for k in range(channels)])
    rows.insert(0, "date", pd.date_range("2021-01-04", periods=weeks, freq="W-MON"))
    return History(name, rows, world.outcome, "date", (), world.roi(), world.media)


def few_regions_history(world: RecoveryWorld, name: str) -> History:
    """A company of one or two regions of the kind of the public benchmark of recovery, with dates."""
    regions, weeks, channels = world.spend.shape
    dates = pd.date_range("2021-01-04", periods=weeks, freq="W-MON")
    rows = pd.DataFrame(world.spend.reshape(-1, channels), columns=[f"x{k}" for k in range(channels)])
    controls = tuple(f"c{k}" for k in range(world.controls.shape[2]))
    rows[list(controls)] = world.controls.reshape(-1, len(controls))
    rows.insert(0, "date", np.tile(dates.to_numpy(), regions))
    market = None
    if regions > 1:
        market = "geo"
        rows.insert(1, market, np.repeat([f"g{r}" for r in range(regions)], weeks))
    outcome, roi = world.outcome.reshape(-1), world.roi()
    return History(name, rows, outcome, "date", controls, roi, world.media, market, knot_weeks=26)


def logistic_media(
    spend: Array, retention: Array, steepness: Array, size: Array, lags: int
) -> Callable[[Array], float]:
    """Outcome over all rows of logistic curves of geometric adstock whose `lags` weights sum to 1.

    `spend` has the shape (n_rows, n_channels), all else (n_channels,); a curve is `size` times
    ``(1 - exp(-u)) / (1 + exp(-u))`` with u = `steepness` times adstock.
    """
    carried = geometric(spend, retention[np.newaxis], lags)[0]

    def media(factors: Array) -> float:
        return float((size * np.tanh(0.5 * steepness * factors * carried)).sum())

    return media


def geometric(spend: Array, retention: Array, lags: int) -> Array:
    """Adstock of (n_rows, n_channels) by retention of (n_draws, n_channels): (n_draws, n_rows, n_channels)."""
    weights = retention[:, np.newaxis] ** np.arange(lags)[:, np.newaxis]
    weights /= weights.sum(axis=1, keepdims=True)
    carried = np.zeros((len(retention), *spend.shape))
    for lag in range(min(lags, len(spend))):
        carried[:, lag:] += weights[:, lag, np.newaxis] * spend[: len(spend) - lag]
    return carried
