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
from peers.packages import version

__all__ = ["fit_pymc", "forecast_pymc", "mean_curves", "processor_seconds"]

Array = NDArray[np.float64]

LAGS = 8
WAVES = 2
"""As in its documentation: eight weeks of carry-over, two waves of a year."""

FACTORS = np.linspace(0.0, 3.0, 61)


def processor_seconds() -> float:
    """Of this process and of its children that have ended: chains and compilers are such children."""
    return sum(os.times()[:4])


def fit_pymc(
    history: History, chains: int = 2, draws: int = 1000, seed: int = 0, as_published: bool = False
) -> Estimate:
    """Geometric adstock, logistic saturation, straight trend, yearly season, controls; as many tuning steps as draws.

    Drawn with nutpie where it is installed. The trend is a control from 0 to 1, and controls are standardized, because
    its priors take them to be of order 1. Regions have parameters of their own.

    Parameters
    ----------
    as_published : bool
        Take the settings of github.com/pymc-labs/mmm-param-recovery instead: Hill saturation with regions pooled, one
        retention for all regions, controls as they are, no trend.
    """
    rows = history.rows if as_published else _standardized(history.rows, history.controls, history.date)
    processor, clock = processor_seconds(), time.perf_counter()
    controls = [*history.controls, *([] if as_published else ["trend"])]
    model = _model(history.date, history.channels, controls, history.market, as_published)
    data = _drawn(model, rows, history.outcome, chains, draws, seed)
    clock, processor = time.perf_counter() - clock, processor_seconds() - processor
    scale = float(data.constant_data["target_scale"])
    over = [name for name in ("date", history.market) if name is not None]
    brought = _flat(data.posterior["channel_contribution"].sum(over)) * scale
    roi = brought / history.total
    curves = _curves(history, data)
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
    table = _standardized(rows, controls, date, start)
    model = _model(date, channels, [*controls, "trend"])
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


def _standardized(
    rows: pd.DataFrame, controls: Sequence[str], date: str, start: int | None = None
) -> pd.DataFrame:
    """Controls of mean 0 and deviation 1 over the first `start` rows, and a trend from 0 to 1 over their dates."""
    table = rows.copy()
    for control in controls:
        seen = rows[control][:start]
        table[control] = (rows[control] - seen.mean()) / (seen.std() or 1.0)
    period = rows[date].rank(method="dense") - 1.0
    table["trend"] = period / period[:start].max()
    return table


def _model(
    date: str,
    channels: Sequence[str],
    controls: Sequence[str],
    market: str | None = None,
    as_published: bool = False,
) -> Any:
    from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
    from pymc_marketing.mmm.multidimensional import MMM

    kinds: dict[str, Any] = {
        "adstock": GeometricAdstock(l_max=LAGS),
        "saturation": LogisticSaturation(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MMM(
            date_column=date,
            channel_columns=list(channels),
            target_column="outcome",
            control_columns=list(controls) or None,
            yearly_seasonality=WAVES,
            dims=None if market is None else (market,),
            **(_published_kinds(market) if as_published else kinds),
        )


def _published_kinds(market: str | None) -> dict[str, Any]:
    """Adstock and saturation of github.com/pymc-labs/mmm-param-recovery."""
    from pymc_extras.prior import Prior
    from pymc_marketing.mmm import GeometricAdstock, HillSaturationSigmoid
    from pymc_marketing.special_priors import LogNormalPrior

    each = ("channel",)
    if market is None:
        size = LogNormalPrior(mean=0.25, std=0.25, dims=each)
    else:
        size = LogNormalPrior(
            mean=Prior("Gamma", mu=0.25, sigma=0.10, dims=each),
            std=Prior("Exponential", scale=0.10, dims=each),
            dims=("channel", market),
            centered=False,
        )
    priors = {name: Prior("HalfNormal", sigma=1.5, dims=each) for name in ("beta", "lam")}
    return {
        "adstock": GeometricAdstock(l_max=LAGS, priors={"alpha": Prior("Beta", alpha=1, beta=3, dims=each)}),
        "saturation": HillSaturationSigmoid(priors={"sigma": size, **priors}),
    }


def _drawn(model: Any, rows: pd.DataFrame, outcome: Array, chains: int, draws: int, seed: int) -> Any:
    sampler: dict[str, Any] = {}
    if version("nutpie"):
        sampler = {"nuts_sampler": "nutpie", "target_accept": 0.9}
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
            **sampler,
        )


def _curves(history: History, data: Any) -> Array:
    """Mean curves of all regions together in units of the scaled outcome, (n_factors, n_channels)."""
    drawn = [data.posterior[name] for name in _parameters(data)]
    scale = np.asarray(data.constant_data["channel_scale"], dtype=float)
    rows, channels = history.rows, list(history.channels)
    markets = [None] if history.market is None else sorted(rows[history.market].unique())
    total = np.zeros((len(FACTORS), len(channels)))
    for market in markets:
        here = rows if market is None else rows[rows[history.market] == market].sort_values(history.date)
        own = [
            _flat(one.sel({history.market: market}) if history.market in one.dims else one) for one in drawn
        ]
        total += mean_curves(here[channels].to_numpy(dtype=float) / scale, *own)
    return total


def _parameters(data: Any) -> list[str]:
    """Retention, steepness, size and, of a sigmoid, its middle."""
    if "saturation_sigma" in data.posterior:
        return ["adstock_alpha", "saturation_beta", "saturation_sigma", "saturation_lam"]
    return ["adstock_alpha", "saturation_lam", "saturation_beta"]


def mean_curves(
    spend: Array, retention: Array, steepness: Array, size: Array, middle: Array | None = None
) -> Array:
    """Outcome over all rows at `FACTORS` times each channel's spend, mean of the draws: (n_factors, n_channels).

    `spend` has the shape (n_rows, n_channels), draws (n_draws, n_channels). Curves are logistic around 0, or around a
    `middle`, less their value at 0.
    """
    carried = geometric(spend, retention, LAGS) * (0.5 * steepness)[:, np.newaxis]
    away = np.zeros_like(steepness) if middle is None else 0.5 * steepness * middle
    half = size if middle is None else 0.5 * size
    return np.stack(
        [
            (
                half * (np.tanh(f * carried - away[:, np.newaxis]) + np.tanh(away)[:, np.newaxis]).sum(axis=1)
            ).mean(axis=0)
            for f in FACTORS
        ]
    )


def _flat(values: Any) -> Array:
    """Chains and draws in one axis, channels in the other."""
    table = np.asarray(values.transpose("chain", "draw", "channel"), dtype=float)
    return table.reshape(-1, table.shape[-1])


def _note(data: Any) -> str:
    import arviz as az

    names = _parameters(data)
    rhat = az.rhat(data, var_names=names)
    rhat = rhat.get("posterior", rhat)  # of ArviZ from 1.0 on
    worst = max(float(rhat[name].max()) for name in names)
    return f"R-hat {worst:.2f}, {int(data.sample_stats['diverging'].sum())} divergences"
