"""The marketing-mix estimator beside those of PyMC-Marketing and Meridian: same histories, same run.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/bench_history_peers.py [--data ../shared/data]
        [--only NAME ...] [--regions] [--worlds 6] [--seed 2000] [--seeds 0] [--peers pymc meridian] [--cache FOLDER]

Every estimator is given the same rows, of which the truth is known: published data, then companies of our own
simulator, each of which breaks one assumption; with --regions companies of 20 regions instead of published data. Regret
is what the best split of the historical total, each channel within 0 to 3 times its spend, would have brought more than
the split by the estimator's mean curves, in parts of what all channels truly bring; it needs true curves, which not
every history has.

A peer that is installed is measured where it has no stored result, ours just before it for the ratio of times. Stored
results are shown in any case; another folder of them (--stored) measures anew. Results of ours are kept by seed in the
cache: give another folder after a change.

Without these two variables small matrix products wait for threads wherever other work keeps the processor's cores busy.
PyMC-Marketing 1.3 needs Python 3.12, and it and Meridian an environment each: `peers/results/README.md`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.mix_worlds import simulated_mix
from tests.region_worlds import KINDS as REGION_KINDS
from tests.region_worlds import region_world

import channelmix as cm
from bench_history import datasets, true_curves
from bench_history_regions import table_of
from bench_history_worlds import truly_best
from peers.estimators import KINDS
from peers.histories import Estimate, History, logistic_media, simulated_history
from peers.measured import STORED, Comparison, Result, paired

Array = NDArray[np.float64]

COLUMNS = ("seconds", "clock", "error", "cover", "regret")
"""Processor's and clock's of the fit, mean absolute error of log ROI, part of true ROI inside 90 % intervals."""

CONTROLS = {
    "graphsim_clean_world": ("seasonality",),
    "graphsim_brazil_chocolate": ("pop_index", "usp_index", "vamp_index"),
}


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


def regional(data: Path, kind: str, seeds: range) -> Iterator[History]:
    """Two published companies of 20 regions, and some of our simulator."""
    folder = data / "meridian_rerun_seeds"
    truth = json.loads((folder / "truth.json").read_text()) if folder.exists() else {}
    for seed, entry in truth.items():
        table = pd.read_csv(folder / f"geo_{seed}.csv", parse_dates=["time"])
        media = [f"Channel{k}_spend" for k in range(4)]
        controls = ("competitor_activity_score_control", "sentiment_score_control")
        yield History(
            f"meridian_{seed} by region",
            table[["geo", "time", *media, *controls]],
            (table["conversions"] * table["revenue_per_conversion"]).to_numpy(),
            "time",
            controls,
            np.array(entry["ground_truth_roi"]),
            market="geo",
            heads=table.groupby("geo")["population"].first(),
            knot_weeks=26,
        )
    for number in seeds:
        world = region_world(number, kind)
        X, y = table_of(world)
        rows = X.assign(week=pd.Timestamp("2021-01-04") + pd.to_timedelta(7 * X["week"], unit="D"))
        yield History(
            f"{kind} regions {number}",
            rows,
            y.to_numpy(),
            "week",
            tuple(name for name in rows if name.startswith("z")),
            world.roi,
            market="region",
            heads=pd.Series(world.heads, index=[f"r{k}" for k in range(len(world.heads))]),
            knot_weeks=26,
        )


def best_split(history: History, estimate: Estimate) -> Array:
    """Factors on the spend of the split that the estimate's mean curves ask for."""
    total = history.total
    bounds = cm.SpendBounds(
        {name: (0.0, 3.0 * spent) for name, spent in zip(history.channels, total, strict=True)}
    )
    problem = cm.AllocationProblem(estimate.curves, cm.FixedBudget(float(total.sum())), [bounds])
    return np.asarray(cm.solve(problem, gap=1e-3, time_limit=60.0).spend / total)


def truth_of(history: History) -> float:
    """Most that any split of the total truly brings."""
    assert history.media is not None
    return truly_best(history.total, history.media)


def compared(histories: Iterator[History], heading: str, comparison: Comparison, seeds: list[int]) -> None:
    """Print a row for every history and estimator, then means and paired differences."""
    print(f"{heading}\n{'':66}" + "".join(f"{head:>11}" for head in COLUMNS), flush=True)
    ours: dict[str, Result] = {}
    peers: dict[str, dict[str, Result]] = {}
    try:
        for history in histories:
            found = _of_seeds([comparison.ours(history, seed) for seed in seeds]) if seeds else None
            theirs = dict(comparison.peers(history))
            shape = f"{len(history.rows)} x {len(history.channels)}"
            rows = ([(f"channelmix {cm.__version__}", found)] if found else []) + list(theirs.items())
            labels = itertools.chain((history.name, f"  {shape}"), itertools.repeat(""))
            for (name, result), label in zip(rows, labels, strict=False):
                print(f"{label:30}{name:36}{_cells(result)}  {result['note']}", flush=True)
            if found:
                ours[history.name] = found
            for label, result in theirs.items():
                peers.setdefault(label, {})[history.name] = result
    except KeyboardInterrupt:
        print("interrupted: means are of what was measured until now", flush=True)
    _summary(ours, peers)


def _of_seeds(results: list[Result]) -> Result:
    """Means over seeds of the sampler."""
    if len(results) == 1:
        return results[0]
    mean: Result = {
        key: None if results[0][key] is None else float(np.mean([one[key] for one in results]))
        for key in (*COLUMNS, "keep")
    }
    return mean | {"note": "errors " + ", ".join(f"{one['error']:.3f}" for one in results)}


def _cells(result: Result) -> str:
    return "".join(
        f"{'-':>11}" if result[column] is None else f"{result[column]:11.3f}" for column in COLUMNS
    )


def _summary(ours: dict[str, Result], peers: dict[str, dict[str, Result]]) -> None:
    """Means, and each peer beside ours on the histories that both have."""
    for name, results in {f"channelmix {cm.__version__}": ours, **peers}.items():
        if results:
            print(f"{f'mean of {len(results)}':30}{name:36}{_cells(_mean(list(results.values())))}")
    for name, results in peers.items():
        ratios = [
            np.exp(np.mean([np.log(one[key] / one["ours"][key]) for one in results.values()]))
            for key in ("seconds", "clock")
        ]
        print(
            f"{name}: {ratios[0]:.1f} times our processor seconds and {ratios[1]:.1f} times our clock's in its run "
            "(geometric means)"
        )
        for line in paired(results, ours):
            print(line, flush=True)


def _mean(results: list[Result]) -> Result:
    return {
        column: float(np.mean(values))
        if (values := [r[column] for r in results if r[column] is not None])
        else None
        for column in (*COLUMNS, "keep")
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--only", nargs="*", help="names of published histories")
    parser.add_argument(
        "--regions", action="store_true", help="companies of regions instead of those of one market"
    )
    parser.add_argument("--region-kind", choices=REGION_KINDS, default="regional")
    parser.add_argument("--worlds", type=int, default=6, help="simulated companies")
    parser.add_argument("--seed", type=int, default=2000, help="of the first simulated company")
    parser.add_argument(
        "--seeds", type=int, nargs="*", default=[0], help="of our sampler; none leaves ours out"
    )
    parser.add_argument("--peers", nargs="*", choices=list(KINDS), default=["pymc", "meridian"])
    parser.add_argument("--stored", type=Path, default=STORED, help="folder of the peers' results")
    parser.add_argument("--cache", type=Path, help="folder of results of ours that are kept")
    arguments = parser.parse_args()
    comparison = Comparison(
        "histories", arguments.peers, best_split, truth_of, arguments.stored, arguments.cache
    )
    numbers = range(arguments.seed, arguments.seed + arguments.worlds)
    if arguments.regions:
        found = regional(arguments.data, arguments.region_kind, numbers)
        chosen = (h for h in found if arguments.only is None or h.name in arguments.only)
        compared(chosen, "companies of regions", comparison, arguments.seeds)
        return 0
    if not arguments.data.exists():
        print(f"no data with known truth at {arguments.data}")
    elif arguments.only != []:
        chosen = (h for h in published(arguments.data) if arguments.only is None or h.name in arguments.only)
        compared(chosen, "published histories", comparison, arguments.seeds)
    if arguments.worlds:
        worlds = ((number, simulated_mix(number)) for number in numbers)
        named = (simulated_history(world, f"{number} {world.broken}") for number, world in worlds)
        compared(named, "companies of our simulator", comparison, arguments.seeds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
