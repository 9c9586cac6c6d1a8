"""Meridian's estimator for one market, where Meridian is installed, with its default priors."""

from __future__ import annotations

import time
import warnings

import numpy as np

from peers.histories import Estimate, History, MeanCurves, tabulated
from peers.mmm_pymc import FACTORS, processor_seconds

__all__ = ["fit_meridian"]

KNOT_WEEKS = 13
"""Its level is constant over one market by default; a knot a quarter gives it trend and season."""


def fit_meridian(history: History, chains: int = 2, draws: int = 1000, seed: int = 0) -> Estimate:
    """Geometric adstock of eight weeks, Hill saturation, knots, controls; 500 steps of adaptation and of burn-in.

    The outcome counts as revenue, so that its prior of ROI (median 1.2) is in the units of the history.
    """
    from meridian.analysis.analyzer import Analyzer
    from meridian.data.data_frame_input_data_builder import DataFrameInputDataBuilder
    from meridian.model.model import Meridian
    from meridian.model.spec import ModelSpec

    rows, channels = history.rows.copy(), list(history.channels)
    rows["outcome"] = history.outcome
    rows["time"] = rows[history.date].dt.strftime("%Y-%m-%d")
    processor, clock = processor_seconds(), time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder = DataFrameInputDataBuilder(kpi_type="revenue").with_kpi(rows, kpi_col="outcome")
        builder = builder.with_media(rows, channels, channels, channels)
        if history.controls:
            builder = builder.with_controls(rows, list(history.controls))
        model = Meridian(builder.build(), ModelSpec(knots=round(len(rows) / KNOT_WEEKS)))
        model.sample_posterior(chains, n_adapt=500, n_burnin=500, n_keep=draws, seed=seed)
    clock, processor = time.perf_counter() - clock, processor_seconds() - processor
    analyzer = Analyzer(model)
    roi = np.asarray(analyzer.roi(), dtype=float).reshape(-1, len(channels))
    found = analyzer.response_curves(spend_multipliers=FACTORS.tolist())["incremental_outcome"]
    curves = found.sel(metric="mean", channel=channels).transpose("spend_multiplier", "channel")
    low, high = np.quantile(roi, [0.05, 0.95], axis=0)
    return Estimate(
        roi.mean(axis=0),
        low,
        high,
        tabulated(history, MeanCurves(FACTORS, np.asarray(curves, dtype=float))),
        processor,
        clock,
        f"{chains} chains",
    )
