"""Are returns and splits near the truth on the public benchmark by which two peers are compared (`param_recovery`)?

    python benchmarks/bench_history_recovery.py [--data ../shared/data] [--only small growing] [--seeds 0]
        [--cache FOLDER]

Companies of 1, 2, 8 and 50 regions with published curves of each channel. Error is that of log ROAS, regret what the
best split of the historical total among channels would have brought more, in parts of what media bring, each channel
between 0 and 3 times its spend. Each fit is one line of JSON in the cache; give another folder after a change.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

import channelmix as cm
from bench_history_worlds import truly_best
from result_cache import ResultCache

Array = NDArray[np.float64]

FACTORS = np.linspace(0.0, 3.0, 61)


def fitted(path: Path, seed: int, time_limit: float | None) -> dict[str, Any]:
    """What is found of a company: error, cover, regret, time and memory."""
    table = pd.read_csv(path, parse_dates=["date"])
    truth = json.loads(path.with_suffix("").with_suffix(".truth.json").read_text())["total"]
    channels = [name for name in table if name.startswith("x")]
    controls = [name for name in table if name[0] == "c" and name[1:].isdigit()]
    several = table["geo"].nunique() > 1
    X = table[["date", *(["geo"] if several else []), *channels, *controls]]
    model = cm.MarketingMixRegressor(
        channels=channels,
        controls=controls,
        date="date",
        market="geo" if several else None,
        random_state=seed,
        time_limit=time_limit,
    )
    began, clock = time.process_time(), time.perf_counter()
    model.fit(X, table["y"])
    seconds, clock = time.process_time() - began, time.perf_counter() - clock
    roi = model.roi(X)
    true = np.array([truth[name]["true_roas"] for name in roi.index])
    total = np.array([truth[name]["spend"] for name in roi.index])
    scaled = [truth[name]["contribution_when_spend_is_scaled_by"] for name in roi.index]
    found = np.zeros((len(FACTORS), len(total)))
    curves = model.curves(X)
    channel = [list(roi.index).index(name.split("/")[-1]) for name in curves.names]
    now = [spent_on(X, name) for name in curves.names]
    for row, factor in zip(found, FACTORS, strict=True):  # all markets of a channel together
        np.add.at(row, channel, curves.mean_value(factor * np.array(now)))
    each = np.arange(len(total))

    def brought(money: Array, points: list[Array], values: list[Array]) -> float:
        return float(sum(np.interp(money[c], points[c], values[c]) for c in each))

    points = [np.array([float(key) for key in entry]) for entry in scaled]
    values = [np.array(list(entry.values())) for entry in scaled]
    whole = float(sum(np.interp(1.0, p, v) for p, v in zip(points, values, strict=True)))

    def true_media(factors: Array) -> float:
        return brought(factors, points, values)

    def estimated(factors: Array) -> float:
        return brought(factors, [FACTORS] * len(each), list(found.T))

    best, split = truly_best(total, true_media), best_split(total, estimated)
    inside = (roi["low"] < true) & (true < roi["high"])
    return {
        "off": np.log(roi["mean"] / true).tolist(),
        "cover": float(inside.mean()),
        "regret": (best - true_media(split / total)) / whole,
        "keep": (best - true_media(np.ones(len(total)))) / whole,
        "seconds": seconds,
        "clock": clock,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000.0,
        "effective": model.effective_draws_,
        "failed": [f.check for f in model.diagnostics_ if f.verdict == "FAIL"],
    }


def spent_on(X: pd.DataFrame, curve: str) -> float:
    """What the rows spend on a curve's channel, in its market if it names one."""
    *market, channel = curve.split("/")
    rows = X[X["geo"] == market[0]] if market else X
    return float(rows[channel].sum())


def best_split(total: Array, media: Any) -> Array:
    """Split that brings most by some curves, found as `truly_best` finds it."""
    best: list[tuple[float, Array]] = []

    def noted(factors: Array) -> float:
        value = media(factors)
        if not best or value > best[0][0]:
            best[:] = [(value, factors * total)]
        return float(value)

    truly_best(total, noted)
    return best[0][1]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--only", nargs="+", default=["small", "growing", "medium"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--time-limit", type=float)
    parser.add_argument("--cache", type=Path, help="folder of results that are kept")
    arguments = parser.parse_args()
    folder = arguments.data / "param_recovery"
    if not folder.exists():
        print(f"no companies at {folder}")
        return 0
    cache = ResultCache(arguments.cache, "recovery")
    results = []
    for path in sorted(folder.glob("*.csv")):
        if path.name.split("_")[0] not in arguments.only:
            continue
        for seed in arguments.seeds:
            key = f"{path.stem} {seed} {arguments.time_limit}"
            one = cache.result(key, partial(fitted, path, seed, arguments.time_limit))
            results.append(one)
            print(
                f"{path.stem}, seed {seed}: error {np.abs(one['off']).mean():.3f}, cover {100 * one['cover']:.0f} %, "
                f"regret {one['regret']:.4f} (keeping the mix {one['keep']:.3f}), {one['seconds']:.1f} processor "
                f"seconds, {one['clock']:.1f} by the clock, {one['megabytes']:.0f} MB so far, "
                f"{one['effective']:.0f} effective draws; FAIL: {', '.join(one['failed']) or 'none'}",
                flush=True,
            )
    error, cover, regret = (
        np.mean([np.abs(one["off"]).mean() for one in results]),
        np.mean([one["cover"] for one in results]),
        np.mean([one["regret"] for one in results]),
    )
    print(f"mean of {len(results)}: error {error:.3f}, cover {100 * cover:.0f} %, regret {regret:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
