"""Are returns of a company of 20 regions, whose weeks have shocks in common, near the truth, and do intervals hold it?

    python benchmarks/bench_history_regions.py [--worlds 10] [--seed 100] [--kinds regional national] [--cache FOLDER]

Companies of `tests/region_worlds.py`. Each is one line of JSON in the cache, keyed by what was fitted: a run that was
interrupted goes on where it stopped. The cache does not know of code: give another folder after a change.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.region_worlds import KINDS, RegionWorld, region_world

import channelmix as cm
from result_cache import ResultCache


def table_of(world: RegionWorld) -> tuple[pd.DataFrame, pd.Series]:
    """Rows of a company, one a region and week, and its outcome."""
    regions, weeks, channels = world.spend.shape
    place, week = np.divmod(np.arange(regions * weeks), weeks)
    table = pd.DataFrame({"region": [f"r{k}" for k in place], "week": week})
    for c in range(channels):
        table[f"c{c}"] = world.spend[..., c].ravel()
    for c in range(world.controls.shape[2]):
        table[f"z{c}"] = world.controls[..., c].ravel()
    return table, pd.Series(world.outcome.ravel())


def fitted(seed: int, kind: str, draws: int) -> dict[str, Any]:
    """What is found of one company."""
    world = region_world(seed, kind)
    X, y = table_of(world)
    controls = [name for name in X if name.startswith("z")]
    began, clock = time.process_time(), time.perf_counter()
    model = cm.MarketingMixRegressor(controls=controls, date="week", market="region", draws=draws).fit(X, y)
    seconds, clock = time.process_time() - began, time.perf_counter() - clock
    roi = model.roi(X)
    return {
        "off": np.log(roi["mean"] / world.roi).tolist(),
        "low": np.log(roi["low"] / world.roi).tolist(),
        "high": np.log(roi["high"] / world.roi).tolist(),
        "seconds": seconds,
        "clock": clock,
        "effective": model.effective_draws_,
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=10, help="of each kind")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--cache", type=Path, help="folder of results that are kept")
    arguments = parser.parse_args()
    cache = ResultCache(arguments.cache, "regions")
    every = []
    for kind in arguments.kinds:
        found = []
        for seed in range(arguments.seed, arguments.seed + arguments.worlds):
            key = f"{kind} {seed} {arguments.draws}"
            found.append(cache.result(key, partial(fitted, seed, kind, arguments.draws)))
        every += found
        summarize(kind, found)
    summarize("all", every)
    return 0


def summarize(name: str, found: list[dict[str, Any]]) -> None:
    """Print error, cover and time over some companies."""
    off, low, high = (np.array([each[key] for each in found]) for key in ("off", "low", "high"))
    inside = (low < 0.0) & (high > 0.0)
    error = np.abs(off).mean(axis=1)
    standard_error = error.std(ddof=1) / np.sqrt(len(error)) if len(error) > 1 else np.nan
    seconds, clock = (np.mean([each[key] for each in found]) for key in ("seconds", "clock"))
    print(
        f"{name}: {len(found)} companies; error of log ROI {error.mean():.3f} ({standard_error:.3f}), mean "
        f"{off.mean():+.3f}; 90 % intervals cover {100 * inside.mean():.0f} % (by channel "
        f"{', '.join(f'{100 * c:.0f}' for c in inside.mean(axis=0))}), width {(high - low).mean():.2f}; "
        f"{seconds:.1f} processor seconds, {clock:.1f} by the clock; effective draws "
        f"{np.median([each['effective'] for each in found]):.0f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
