"""Are draws of several markets calibrated, how long does a fit of 20 take, and is it nearer the truth than 20 alone?

    python benchmarks/bench_history_markets.py [--runs 200] [--data ../shared/data]

Calibration: companies of four markets of unequal length drawn from the model's own prior, families included; ranks of
the truth among the draws must be uniform, and 90 % intervals of log ROI must cover 85 to 95 %. Size: 20 markets of 156
weeks and 4 channels, processor seconds and memory. Published truth: two companies of 20 regions of
`meridian_rerun_seeds`, each region fitted with the others, and alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kstest
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated mixes

from tests.simulated_mixes import ranks, simulated_markets

import channelmix as cm
from bench_history import company
from channelmix.effectiveness.history.sampling.pooled_sampler import sample_markets

Array = NDArray[np.float64]

WEEKS = (78, 60, 40, 26)
"""Rows of each market in the calibration."""


def calibration(runs: int, channels: int, draws: int) -> bool:
    every, inside, effective = [], [], []
    for seed in range(runs):
        rng = np.random.default_rng([11, seed])
        empty = [company(1000 * seed + m, weeks, channels) for m, weeks in enumerate(WEEKS)]
        mixes, truths = simulated_markets(empty, rng)
        found, report = sample_markets(mixes, draws, rng)
        own = [ranks(truth, drawn)[: 2 * channels] for truth, drawn in zip(truths, found, strict=True)]
        every.append(np.concatenate([*own, ranks(truths[0], found[0])[2 * channels :]]))
        low, high = np.quantile([drawn.log_roi for drawn in found], [0.05, 0.95], axis=1)
        true = np.array([truth.log_roi for truth in truths])
        inside.append((low < true) & (true < high))
        effective.append(report.effective)
    table, sizes = np.array(every), 2 * channels * len(WEEKS)
    parts = {"log ROI and log margin": table[:, :sizes], "shapes": table[:, sizes:]}
    smallest = {
        name: min(kstest(column, "uniform").pvalue for column in part.T) for name, part in parts.items()
    }
    covered = float(np.mean(inside))
    said = ", ".join(f"{smallest[name]:.4f} of {part.shape[1]} ({name})" for name, part in parts.items())
    print(
        f"calibration: {runs} companies of {len(WEEKS)} markets of {WEEKS} weeks x {channels} channels, {draws} draws; "
        f"smallest p-values of uniform ranks {said}; 90 % intervals of log ROI cover {100 * covered:.1f} % (by market "
        f"{', '.join(f'{100 * c:.0f}' for c in np.mean(inside, axis=(0, 2)))}); median effective draws "
        f"{np.median(effective):.0f}",
        flush=True,
    )
    enough = all(smallest[name] > 0.01 / part.shape[1] for name, part in parts.items())
    return enough and 0.85 <= covered <= 0.95


def size(markets: int, weeks: int, channels: int, draws: int) -> None:
    rng = np.random.default_rng(5)
    mixes, _ = simulated_markets([company(k, weeks, channels) for k in range(markets)], rng)
    began = time.process_time()
    _, report = sample_markets(mixes, draws, rng)
    seconds = time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000.0
    print(
        f"{markets} markets x {weeks} weeks x {channels} channels, {draws} draws: {seconds:.1f} processor seconds, "
        f"at most {memory:.0f} MB; {report.effective:.0f} effective draws",
        flush=True,
    )


def on_data(data: Path) -> None:
    """Regions whose own ROI is not published: the company's is."""
    truth = json.loads((data / "meridian_rerun_seeds" / "truth.json").read_text())
    for seed, entry in truth.items():
        table = pd.read_csv(data / "meridian_rerun_seeds" / f"geo_{seed}.csv")
        media = [f"Channel{k}_spend" for k in range(4)]
        controls = ["competitor_activity_score_control", "sentiment_score_control"]
        y = table["conversions"] * table["revenue_per_conversion"]
        X = table[["geo", "time", *media, *controls]]
        fits: dict[str, Any] = {
            "markets": (cm.MarketingMixRegressor(controls=controls, date="time", market="geo"), X, y)
        }
        whole = (
            X.drop(columns="geo")
            .groupby("time", as_index=False)
            .agg({**dict.fromkeys(media, "sum"), **dict.fromkeys(controls, "mean")})
        )
        total = y.groupby(table["time"]).sum().loc[whole["time"]].to_numpy()
        fits["their sum"] = (cm.MarketingMixRegressor(controls=controls, date="time"), whole, total)
        for name, (model, rows, outcome) in fits.items():
            began = time.process_time()
            roi = model.fit(rows, outcome).roi(rows)
            true = np.array(entry["ground_truth_roi"])
            off = np.abs(np.log(roi["mean"].to_numpy() / true)).mean()
            inside = ((roi["low"] < true) & (true < roi["high"])).mean()
            width = np.log(roi["high"] / roi["low"]).mean()
            print(
                f"meridian_{seed}, {name}: error of log ROI {off:.3f}, 90 % intervals cover {100 * inside:.0f} % with "
                f"a mean width of log ROI of {width:.2f}; {time.process_time() - began:.1f} processor seconds",
                flush=True,
            )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    arguments = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        size(20, 156, 4, 1000)
        good = calibration(arguments.runs, 2, 400)
    if arguments.data.exists():
        on_data(arguments.data)
    else:
        print(f"no data with known truth at {arguments.data}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
