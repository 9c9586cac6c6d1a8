"""PyMC-Marketing's estimator (extra `peers`), with its documentation's model and its default priors."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peers.histories import Estimate, History, MeanCurves, geometric, tabulated

__all__ = ["fit_pymc", "forecast_pymc", "mean_curves", "processor_seconds"]

Array = NDArray[np.float64]

LAGS = 8
WAVES = 2
"""As in its documentation: eight weeks of carry-over, two waves of a year."""

FACTORS = np.linspace(0.0, 3.0, 25)


def processor_seconds() -> float:
    """Of this process and of its children that have ended: chains and compilers are such children."""
    return sum(os.times()[:4])


def fit_pymc(history: History, chains: int = 2, draws: int = 1000, seed: int = 0) -> Estimate:
    """Geometric adstock, logistic saturation, straight trend, yearly season, controls; as many tuning steps as draws.

    Two chains of 1,000 draws are its default on a machine with few cores. The trend is a control from 0 to 1, and
    controls are standardized, because its priors take them to be of order 1.
    """
    rows = _standardized(history.rows, history.controls)
    processor, clock = processor_seconds(), time.perf_counter()
    model = _model(history.date, history.channels, history.controls)
    data = _drawn(model, rows, history.outcome, chains, draws, seed)
    clock, processor = time.perf_counter() - clock, processor_seconds() - processor
    scale = float(data.constant_data["target_scale"])
    drawn = {name: _flat(data.posterior[f"{name}"]) for name in PARAMETERS}
    brought = _flat(data.posterior["channel_contribution"].sum("date")) * scale
    roi = brought / history.total
    spend = history.rows[list(history.channels)].to_numpy(dtype=float)
    curves = mean_curves(spend / spend.max(axis=0), *drawn.values())
    low, high = np.quantile(roi, [0.05, 0.95], axis=0)
    return Estimate(
        roi.mean(axis=0),
        low,
        high,
        tabulated(history, MeanCurves(FACTORS, curves * scale)),
        processor,
        clock,
        _note(data),
    )


def forecast_pymc(
    rows: pd.DataFrame,
    outcome: Array,
    date: str,
    channels: Sequence[str],
    controls: Sequence[str],
    chains: int = 2,
    draws: int = 1000,
    seed: int = 0,
) -> Array:
    """Draws of the outcome in the rows that follow those with an outcome: (n_draws, n_later); the same model.

    `rows` are all rows, `outcome` that of the first ones. What was spent in the last of these acts in the later ones.
    """
    start = len(outcome)
    table = _standardized(rows, controls, start)
    model = _model(date, channels, controls)
    data = _drawn(model, table[:start], outcome, chains, draws, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.sample_posterior_predictive(
            table[start:],
            include_last_observations=True,
            extend_idata=False,
            random_seed=seed,
            progressbar=False,
        )["y"]
    scale = float(data.constant_data["target_scale"])
    return np.asarray(found.transpose("sample", "date"), dtype=float) * scale


def _standardized(rows: pd.DataFrame, controls: Sequence[str], start: int | None = None) -> pd.DataFrame:
    """Controls of mean 0 and deviation 1 over the first `start` rows, and a trend from 0 to 1 over them."""
    table = rows.copy()
    for control in controls:
        seen = rows[control][:start]
        table[control] = (rows[control] - seen.mean()) / (seen.std() or 1.0)
    table["trend"] = np.arange(len(rows)) / (len(rows[:start]) - 1.0)
    return table


def _model(date: str, channels: Sequence[str], controls: Sequence[str]) -> Any:
    from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
    from pymc_marketing.mmm.multidimensional import MMM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MMM(
            date_column=date,
            channel_columns=list(channels),
            target_column="outcome",
            control_columns=[*controls, "trend"],
            adstock=GeometricAdstock(l_max=LAGS),
            saturation=LogisticSaturation(),
            yearly_seasonality=WAVES,
        )


def _drawn(model: Any, rows: pd.DataFrame, outcome: Array, chains: int, draws: int, seed: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(
            rows,
            pd.Series(outcome, index=rows.index, name="outcome"),
            chains=chains,
            draws=draws,
            tune=draws,
            random_seed=seed,
            progressbar=False,
        )


PARAMETERS = ("adstock_alpha", "saturation_lam", "saturation_beta")


def mean_curves(spend: Array, retention: Array, steepness: Array, size: Array) -> Array:
    """Outcome over all rows at `FACTORS` times each channel's spend, mean of the draws: (n_factors, n_channels).

    `spend` has the shape (n_rows, n_channels), draws (n_draws, n_channels).
    """
    carried = geometric(spend, retention, LAGS) * (0.5 * steepness)[:, np.newaxis]
    return np.stack([(size * np.tanh(f * carried).sum(axis=1)).mean(axis=0) for f in FACTORS])


def _flat(values: Any) -> Array:
    """Chains and draws in one axis, channels in the other."""
    table = np.asarray(values.transpose("chain", "draw", "channel"), dtype=float)
    return table.reshape(-1, table.shape[-1])


def _note(data: Any) -> str:
    import arviz as az

    rhat = az.rhat(data, var_names=list(PARAMETERS))
    worst = max(float(rhat[name].max()) for name in PARAMETERS)
    return f"R-hat {worst:.2f}, {int(data.sample_stats['diverging'].sum())} divergences"
