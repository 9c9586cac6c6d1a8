"""Is the marketing-mix estimator calibrated, are its decisions good, and how long does it take?

    python benchmarks/bench_history.py [--runs 300] [--data ../shared/data]

Calibration: companies drawn from the model's own prior, families and tails of the noise included, in every second one
with something believed of the ROI of two channels; ranks of the truth among the draws must be uniform, and 90 %
intervals of log ROI must cover 85 to 95 %. Data with known truth: error of log ROI, coverage of ROI intervals,
processor seconds of a fit; on the three worlds with true curves also the regret of splitting the historical total anew.
What peers reached there is quoted from an earlier run of theirs, not repeated here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.stats import kstest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated mixes

from tests.simulated_mixes import ranks, simulated

import channelmix as cm
from channelmix.effectiveness.history.model.baseline import Baseline
from channelmix.effectiveness.history.model.heavy_tails import TAILS, tails_of
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.model.roi_beliefs import Believed
from channelmix.effectiveness.history.model.shapes import lagged
from channelmix.effectiveness.history.model.trend import Trend
from channelmix.effectiveness.history.sampling.sampler import sample
from channelmix.effectiveness.own.overlay import TAIL

Array = NDArray[np.float64]

PEERS = {
    "clean": (0.031, 0.003, 0.004),
    "saturation_misspec": (0.091, 0.122, 0.105),
    "multicollinearity": (0.011, 0.041, 0.002),
}
"""Quoted regret of PyMC-Marketing (trend and season given), of Meridian, and of keeping the current mix."""

PAPILON = ("paid_search", "paid_social", "online_video", "display")


def company(seed: int, weeks: int, channels: int) -> Mix:
    """Spend in weekly noise or in flights; the outcome is still to be drawn."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(2.0, 1.0, (weeks, channels)) * (
        rng.random((weeks, channels)) < rng.choice([0.3, 1.0], channels)
    )
    spend *= np.exp(rng.normal(0.0, 0.7, channels))
    reference = np.array([column[column > 0.0].mean() for column in spend.T])
    trend = Trend(weeks - 1, 52.18, np.zeros(0), np.zeros(0))
    periods = np.arange(weeks)
    baseline = Baseline(trend.fixed(periods, np.zeros((weeks, 0))), trend.walk(periods), np.ones(weeks))
    total = 4.0 * weeks * spend.sum(axis=0) / spend.sum()  # an outcome of four standard deviations a week
    return Mix(
        [lagged(s) for s in (spend / reference).T],
        total,
        np.zeros(weeks),
        baseline,
        Priors(),
        np.zeros(channels),
    )


def calibration(runs: int, weeks: int, channels: int, draws: int) -> bool:
    every, inside, effective = [], [], []
    tails = np.array([TAILS[seed % len(TAILS)] for seed in range(runs)])
    # Of two channels something is believed, of one near its prior and of the other off from it.
    believed = Believed(Priors(), channels, np.array([0, 1]), np.log([0.2, 0.6]), np.array([0.7, 1.2]))
    for seed in range(runs):
        rng = np.random.default_rng([7, seed])
        mix = company(seed, weeks, channels)
        if seed % 8 >= 4:  # every second company of each tail
            mix = replace(mix, believed=believed)
        mix, truth = simulated(mix, rng, float(tails[seed]))
        mix = replace(mix, baseline=replace(mix.baseline, weight=tails_of(mix).precision))
        drawn, report = sample(mix, draws, rng)
        every.append(ranks(truth, drawn))
        low, high = np.quantile(drawn.log_roi, [0.05, 0.95], axis=0)
        inside.append((low < truth.log_roi) & (truth.log_roi < high))
        effective.append(report.effective)
    table = np.array(every)
    groups = {"log ROI": table[:, : 2 * channels], "shapes": table[:, 2 * channels :]}
    smallest = {
        name: min(kstest(column, "uniform").pvalue for column in part.T) for name, part in groups.items()
    }
    covered = float(np.mean(inside))
    by_tail = ", ".join(f"{np.mean(np.array(inside)[tails == tail]):.0%} at {tail:g}" for tail in TAILS)
    few = 100.0 * np.mean(np.array(effective) < 0.1 * draws)
    print(
        f"calibration: {runs} companies of {weeks} weeks x {channels} channels, {draws} draws; smallest p-value of "
        f"uniform ranks, {2 * channels} of log ROI and log margin {smallest['log ROI']:.3f}, {5 * channels} of shapes "
        f"{smallest['shapes']:.3f}; 90 % intervals of log ROI cover {100 * covered:.1f} % ({by_tail} degrees of "
        f"freedom of the noise); median effective draws "
        f"{np.median(effective):.0f}, below a tenth in {few:.1f} % of runs",
        flush=True,
    )
    enough = all(p > 0.01 / part.shape[1] for p, part in zip(smallest.values(), groups.values(), strict=True))
    return enough and 0.85 <= covered <= 0.95


def datasets(data: Path) -> Iterator[tuple[str, Any, Any, list[float], dict[str, Any]]]:
    """Name, X, y, true ROI and the estimator's parameters."""
    truth = json.loads((data / "mmm_framework_worlds" / "truth.json").read_text())
    for world in PEERS:
        table = pd.read_csv(data / "mmm_framework_worlds" / f"{world}.csv")
        roas = list(truth[world]["true_roas"].values())
        yield (
            world,
            table.drop(columns="y"),
            table["y"],
            roas,
            {"controls": ["control__Price"], "date": "week"},
        )
    table = pd.read_csv(data / "pymc_mmm_example" / "mmm_example.csv")
    events = ["event_1", "event_2"]
    X = table[["date_week", "x1", "x2", *events]]
    roas = list(json.loads((data / "pymc_mmm_example" / "truth.json").read_text())["roas"].values())
    yield "pymc_mmm_example", X, table["y"], roas, {"controls": events, "date": "date_week"}
    truth = json.loads((data / "papilon_synthetic" / "truth.json").read_text())
    for seed, entry in truth.items():
        table = pd.read_csv(data / "papilon_synthetic" / f"papilon_{seed}.csv")
        roas = [entry["summary"][name]["roas"] for name in PAPILON]
        other = {"controls": ["price_index", "promo"], "date": "date"}
        yield f"papilon_{seed}", table.drop(columns="sales"), table["sales"], roas, other
    truth = json.loads((data / "meridian_rerun_seeds" / "truth.json").read_text())
    for seed in truth:
        table = pd.read_csv(data / "meridian_rerun_seeds" / f"national_{seed}.csv")
        media = [f"Channel{k}_spend" for k in range(4)]
        controls = ["competitor_activity_score_control", "sentiment_score_control"]
        y = table["conversions"] * table["revenue_per_conversion"]
        other = {"controls": controls, "date": "time"}
        yield (
            f"meridian_{seed}",
            table[["time", *media, *controls]],
            y,
            truth[seed]["ground_truth_roi"],
            other,
        )


def regret(curves: cm.ResponseCurves, total: Array, true: list[Any]) -> tuple[float, float]:
    """Regret of splitting the total by the mean curves, and by `SafeImprovement` of the current mix."""
    bounds = cm.SpendBounds(
        {name: (0.0, 3.0 * spent) for name, spent in zip(curves.names, total, strict=True)}
    )
    factors = np.linspace(0.0, 3.0, 61)
    exact = cm.ResponseCurves.tabulated(
        np.outer(factors, total),
        np.stack([curve(factors) for curve in true], axis=1),
        names=list(curves.names),
    )

    def value(curve: cm.ResponseCurves, risk: Any = None) -> float:
        problem = cm.AllocationProblem(curve, cm.FixedBudget(float(total.sum())), [bounds], risk=risk)
        found = cm.solve(problem, gap=1e-3, time_limit=60.0)
        return float(sum(t(s / whole) for t, s, whole in zip(true, found.spend, total, strict=True)))

    best, whole = value(exact), float(sum(t(1.0) for t in true))
    safe = cm.SafeImprovement(dict(zip(curves.names, total.tolist(), strict=True)), TAIL)
    return (best - value(curves)) / whole, (best - value(curves, safe)) / whole


def true_curves(data: Path, world: str) -> list[Any]:
    """Outcome over the window against the factor on a channel's spend."""
    truth = json.loads((data / "mmm_framework_worlds" / "truth.json").read_text())[world]
    curves = []
    for table in truth["total_mu_when_one_channel_spend_is_scaled_by"].values():
        factors = np.array([float(f) for f in table])
        outcome = np.array(list(table.values()))
        curves.append(PchipInterpolator(factors, outcome - outcome[0]))
    return curves


def on_data(data: Path) -> None:
    print(
        f"{'data':20} {'|error| of log ROI':>18} {'90 % cover':>10} {'draws worth':>11} {'seconds':>8}  "
        "regret: mean curves, safe; quoted: PyMC-Marketing, Meridian, current mix"
    )
    errors, covers = [], []
    for name, X, y, true, parameters in datasets(data):
        began = time.process_time()
        model = cm.MarketingMixRegressor(**parameters).fit(X, y)
        seconds = time.process_time() - began
        roi = model.roi(X)
        errors.append(np.abs(np.log(roi["mean"].to_numpy() / np.array(true))).mean())
        covers.append(((roi["low"] < true) & (true < roi["high"])).mean())
        line = f"{name:20} {errors[-1]:18.3f} {100 * covers[-1]:8.0f} % {model.effective_draws_:11.0f} {seconds:8.1f}"
        if name in PEERS:
            plain, safe = regret(
                model.curves(X), X[list(model.channels_)].sum().to_numpy(), true_curves(data, name)
            )
            line += f"  {plain:.3f} {safe:.3f}; {' '.join(f'{value:.3f}' for value in PEERS[name])}"
        print(line, flush=True)
    print(f"mean {np.mean(errors):.3f}, covered {100 * np.mean(covers):.0f} %")
    confounded(data)


def confounded(data: Path) -> None:
    """History that misleads, without and with a lift test of each channel, simulated from the published ROAS."""
    table = pd.read_csv(data / "pymc_mmm_roas_confounded" / "input.csv")
    X, true, rng = table.drop(columns="y"), {"x1": 93.39, "x2": 171.41}, np.random.default_rng(0)
    tests = []
    for name, roas in true.items():
        effect = roas * X[name].sum()  # all spend of the window is withheld in a like company
        lift = -effect + 0.1 * effect * rng.standard_normal()
        first, last = X["date"].iloc[[0, -1]]
        tests.append(cm.LiftTest(name, first, last, -float(X[name].sum()), float(lift), float(0.1 * effect)))
    for label, experiments in (("history alone", []), ("with two lift tests", tests)):
        roi = cm.MarketingMixRegressor(date="date").fit(X, table["y"], experiments=experiments).roi(X)
        shown = [
            f"{n} {roi['mean'][n]:.0f} [{roi['low'][n]:.0f}, {roi['high'][n]:.0f}], true {true[n]}"
            for n in true
        ]
        print(f"pymc_mmm_roas_confounded, {label}: {'; '.join(shown)}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    arguments = parser.parse_args()
    if arguments.data.exists():
        on_data(arguments.data)
    else:
        print(f"no data with known truth at {arguments.data}")
    return 0 if calibration(arguments.runs, 78, 3, 400) else 1


if __name__ == "__main__":
    sys.exit(main())
