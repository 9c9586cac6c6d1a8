"""Meridian's estimator, where Meridian is installed, with its default priors or as in the public benchmark."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from peers.histories import Estimate, History, MeanCurves, tabulated
from peers.mmm_pymc import FACTORS, processor_seconds

__all__ = ["fit_meridian"]


def fit_meridian(
    history: History,
    chains: int = 2,
    draws: int = 500,
    seed: int = 0,
    as_published: bool = False,
) -> Estimate:
    """Geometric adstock of eight weeks, Hill saturation, knots, controls; 500 steps of adaptation and of burn-in.

    The outcome counts as revenue, so that its prior of ROI (median 1.2) is in the units of the history.

    Parameters
    ----------
    as_published : bool
        Take the settings of github.com/pymc-labs/mmm-param-recovery instead: priors of coefficients instead of ROI,
        retention of Beta(1, 3), knots chosen by Meridian, noise of every region's own.
    """
    from meridian.model.model import Meridian

    rows, channels = history.rows.copy(), list(history.channels)
    rows["outcome"] = history.outcome
    rows["time"] = rows[history.date].dt.strftime("%Y-%m-%d")
    weeks = rows["time"].nunique()
    processor, clock = processor_seconds(), time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec = _published_spec() if as_published else _spec(round(weeks / history.knot_weeks))
        model = Meridian(_data(history, rows), spec)
        model.sample_posterior(chains, n_adapt=500, n_burnin=500, n_keep=draws, seed=seed)
        clock, processor = time.perf_counter() - clock, processor_seconds() - processor
        return _estimate(history, model, channels, processor, clock)


def _data(history: History, rows: Any) -> Any:
    from meridian.data.data_frame_input_data_builder import DataFrameInputDataBuilder

    channels = list(history.channels)
    if history.market is not None:
        rows["geo"] = rows[history.market]
        rows["population"] = 1.0 if history.heads is None else rows["geo"].map(history.heads)
    builder = DataFrameInputDataBuilder(kpi_type="revenue").with_kpi(rows, kpi_col="outcome")
    builder = builder.with_media(rows, channels, channels, channels)
    if history.controls:
        builder = builder.with_controls(rows, list(history.controls))
    return builder.build() if history.market is None else builder.with_population(rows).build()


def _spec(knots: int) -> Any:
    from meridian.model.spec import ModelSpec

    return ModelSpec(knots=knots)


def _published_spec() -> Any:
    import tensorflow_probability.substrates.jax as tfp
    from meridian import constants
    from meridian.model.prior_distribution import PriorDistribution
    from meridian.model.spec import ModelSpec

    return ModelSpec(
        prior=PriorDistribution(alpha_m=tfp.distributions.Beta(1.0, 3.0, name=constants.ALPHA_M)),
        media_prior_type="coefficient",
        unique_sigma_for_each_geo=True,
        enable_aks=True,
    )


def _estimate(history: History, model: Any, channels: list[str], processor: float, clock: float) -> Estimate:
    from meridian.analysis.analyzer import Analyzer

    analyzer = Analyzer(model)
    roi = np.asarray(analyzer.roi(), dtype=float).reshape(-1, len(channels))
    found = analyzer.response_curves(spend_multipliers=FACTORS.tolist())["incremental_outcome"]
    curves = found.sel(metric="mean", channel=channels).transpose("spend_multiplier", "channel")
    low, high = np.quantile(roi, [0.05, 0.95], axis=0)
    rhat = analyzer.get_rhat()
    worst = max(float(np.nanmax(np.asarray(rhat[name]))) for name in ("roi_m", "beta_m", "alpha_m", "ec_m"))
    apart = int(np.asarray(model.inference_data.sample_stats["diverging"]).sum())
    return Estimate(
        roi.mean(axis=0),
        low,
        high,
        tabulated(history, MeanCurves(FACTORS, np.asarray(curves, dtype=float))),
        processor,
        clock,
        f"R-hat {worst:.2f}, {apart} divergences",
    )
