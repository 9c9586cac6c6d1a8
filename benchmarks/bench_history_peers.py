"""The marketing-mix estimator beside those of PyMC-Marketing and Meridian: same histories, same run.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/bench_history_peers.py [--data ../shared/data]
        [--only NAME ...] [--worlds 6] [--seed 2000]

Every estimator that is installed is given the same rows, of which the truth is known: published data, then companies of
our own simulator, each of which breaks one assumption. Regret is what the best split of the historical total, each
channel within 0 to 3 times its spend, would have brought more than the split by the estimator's mean curves, in parts
of what all channels truly bring; it needs true curves, which not every history has.

Without these two variables small matrix products wait for threads wherever other work keeps the processor's cores busy.
The extra `peers` installs PyMC-Marketing. Meridian is found where it is installed, in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.mix_worlds import simulated_mix

import channelmix as cm
from bench_history import datasets, true_curves
from bench_history_worlds import truly_best
from peers.histories import Estimate, History, logistic_media, simulated_history
from peers.mmm_meridian import fit_meridian
from peers.mmm_pymc import fit_pymc, processor_seconds
from peers.packages import version

Array = NDArray[np.float64]

COLUMNS = ("processor", "clock", "log error", "cover", "regret")
"""Seconds of the fit twice, mean absolute error of log ROI, part of true ROI inside 90 % intervals."""

CONTROLS = {
    "graphsim_clean_world": ("seasonality",),
    "graphsim_brazil_chocolate": ("pop_index", "usp_index", "vamp_index"),
}


def fit_ours(history: History) -> Estimate:
    """`MarketingMixRegressor` as it is."""
    processor, clock = processor_seconds(), time.perf_counter()
    model = cm.MarketingMixRegressor(date=history.date, controls=list(history.controls)).fit(
        history.rows, history.outcome
    )
    clock, processor = time.perf_counter() - clock, processor_seconds() - processor
    roi = model.roi(history.rows)
    mean, low, high = (roi[name].to_numpy(dtype=float) for name in ("mean", "low", "high"))
    return Estimate(
        mean,
        low,
        high,
        model.curves(history.rows),
        processor,
        clock,
        f"{model.effective_draws_:.0f} effective draws of {model.draws}",
    )


def installed() -> dict[str, Callable[[History], Estimate]]:
    """Ours, and what else can run here."""
    estimators: dict[str, Callable[[History], Estimate]] = {f"channelmix {cm.__version__}": fit_ours}
    for package, label, fit in (
        ("pymc-marketing", "PyMC-Marketing", fit_pymc),
        ("google-meridian", "Meridian", fit_meridian),
    ):
        if found := version(package):
            estimators[f"{label} {found}"] = fit
        else:
            print(f"{label} is not installed: skipped", file=sys.stderr)
    return estimators


def published(data: Path) -> Iterator[History]:
    """Histories of `data` with known truth."""
    for name, X, y, known_roi, other in datasets(data):
        rows = X.assign(**{other["date"]: pd.to_datetime(X[other["date"]])})
        media: Callable[[Array], float] | None = None
        if (data / "mmm_framework_worlds" / f"{name}.csv").exists():
            media = _sum_of(true_curves(data, name))
        if name == "pymc_mmm_example":
            truth = json.loads((data / name / "truth.json").read_text())
            known = [np.array(list(truth[key].values())) for key in ("alpha", "lam", "beta_y_units")]
            media = logistic_media(X[["x1", "x2"]].to_numpy(), known[0], known[1], known[2], lags=8)
        yield History(
            name, rows, y.to_numpy(), other["date"], tuple(other["controls"]), np.array(known_roi), media
        )
    for name, controls in CONTROLS.items():
        table = pd.read_csv(data / name / "panel_observed.csv", parse_dates=["period"])
        truth = json.loads((data / name / "truth_totals.json").read_text())["channels"]
        roi = np.array([channel["approx_revenue_ROI_at_mean_price"] for channel in truth.values()])
        rows = table[["period", *truth, *controls]]
        yield History(name, rows, table["revenue"].to_numpy(), "period", controls, roi)


def _sum_of(curves: list[Callable[[float], Array]]) -> Callable[[Array], float]:
    return lambda factors: float(sum(curve(f) for curve, f in zip(curves, factors, strict=True)))


def brought(history: History, estimate: Estimate) -> float:
    """What the split by the estimate's mean curves truly brings; needs `history.media`."""
    assert history.media is not None
    total = history.total
    bounds = cm.SpendBounds(
        {name: (0.0, 3.0 * spent) for name, spent in zip(history.channels, total, strict=True)}
    )
    problem = cm.AllocationProblem(estimate.curves, cm.FixedBudget(float(total.sum())), [bounds])
    return history.media(cm.solve(problem, gap=1e-3, time_limit=60.0).spend / total)


def judged(history: History, estimates: list[Estimate]) -> tuple[Array, float]:
    """One row of `COLUMNS` per estimate, and the regret of the current mix (NaN where the truth does not say)."""
    works = history.roi > 0.0
    rows = []
    for estimate in estimates:
        error = np.abs(np.log(estimate.mean[works] / history.roi[works])).mean()
        cover = ((estimate.low <= history.roi) & (history.roi <= estimate.high)).mean()
        rows.append([estimate.processor, estimate.clock, error, cover, np.nan])
    table = np.array(rows)
    if history.media is None:
        return table, float("nan")
    ones = np.ones(len(history.roi))
    now, whole = history.media(ones), history.media(ones) - history.media(0.0 * ones)
    values = np.array([brought(history, estimate) for estimate in estimates])
    best = max(truly_best(history.total, history.media), now, *values)
    table[:, -1] = (best - values) / whole
    return table, (best - now) / whole


def compared(histories: Iterator[History], heading: str) -> None:
    """Print a row for every history and estimator, then means and paired differences."""
    estimators = installed()
    width = max(map(len, estimators)) + 2
    print(f"{heading}\n{'':32}{'':{width}}" + "".join(f"{head:>11}" for head in COLUMNS), flush=True)
    tables, current = [], []
    for history, table, now, notes in _until_interrupted(histories, estimators):
        tables.append(table)
        current.append(now)
        size = f"{len(history.rows)} x {len(history.channels)}"
        kept = f", current mix {now:.3f}" if np.isfinite(now) else ""
        labels = [history.name, f"  {size}{kept}"]
        for k, (name, note) in enumerate(zip(estimators, notes, strict=True)):
            label = labels[k] if k < len(labels) else ""
            print(f"{label:32}{name:{width}}{_cells(table[k])}  {note}", flush=True)
    if tables:
        _summary(list(estimators), np.array(tables), np.array(current), width)


def _until_interrupted(
    histories: Iterator[History], estimators: dict[str, Callable[[History], Estimate]]
) -> Iterator[tuple[History, Array, float, list[str]]]:
    """What is judged of each history; Ctrl-C ends it, so that what was measured until then is summed up."""
    try:
        for history in histories:
            estimates = [fit(history) for fit in estimators.values()]
            table, now = judged(history, estimates)
            yield history, table, now, [estimate.note for estimate in estimates]
    except KeyboardInterrupt:
        print("interrupted: means are of what was measured until now", flush=True)


def _cells(row: Array) -> str:
    return "".join(f"{value:11.3f}" if np.isfinite(value) else f"{'-':>11}" for value in row)


def _summary(names: list[str], tables: Array, current: Array, width: int) -> None:
    """Tables of shape (n_histories, n_estimators, n_columns)."""
    graded = np.isfinite(current)
    regret = f"; regret over {graded.sum()}, current mix {current[graded].mean():.3f}" if graded.any() else ""
    print(f"means of {len(tables)} histories{regret}")
    for k, name in enumerate(names):
        means = [column[np.isfinite(column)].mean() if np.isfinite(column).any() else np.nan
                 for column in tables[:, k].T]  # fmt: skip
        print(f"{'':32}{name:{width}}{_cells(np.array(means))}")
    for k, name in enumerate(names[1:], start=1):
        ratios = np.exp(np.log(tables[:, k, :2] / tables[:, 0, :2]).mean(axis=0))
        parts = [
            f"{ratios[0]:.1f} times our processor seconds and {ratios[1]:.1f} times our clock's (geometric means)"
        ]
        for column in (2, 3, 4):
            gained = tables[:, k, column] - tables[:, 0, column]
            gained = gained[np.isfinite(gained)]
            if len(gained) > 1:
                error = gained.std(ddof=1) / np.sqrt(len(gained))
                parts.append(f"{COLUMNS[column]} {gained.mean():+.3f} (standard error {error:.3f})")
        print(f"{name} less ours, paired: {'; '.join(parts)}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--only", nargs="*", help="names of published histories")
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=2000)
    arguments = parser.parse_args()
    if arguments.data.exists():
        chosen = (h for h in published(arguments.data) if arguments.only is None or h.name in arguments.only)
        compared(chosen, "published histories")
    else:
        print(f"no data with known truth at {arguments.data}")
    worlds = (simulated_mix(seed) for seed in range(arguments.seed, arguments.seed + arguments.worlds))
    named = (simulated_history(w, f"{arguments.seed + k} {w.broken}") for k, w in enumerate(worlds))
    if arguments.worlds:
        compared(named, "companies of our simulator")
    return 0


if __name__ == "__main__":
    sys.exit(main())
