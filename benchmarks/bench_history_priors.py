"""Which prior of a channel's elasticity serves companies of several kinds?

    python benchmarks/bench_history_priors.py [--worlds 16] [--seed 100] [--elasticity 0.6:0.8 0.6:1.0]

Each prior, a median and a spread of log odds, fits the same companies: of `tests/recovery_worlds.py` (Hill curves in
one or two regions, a mix that is far from the best), and of `tests/mix_worlds.py` with a considered and a careless mix,
without those whose channels act on each other. Printed are errors of the log of ROI, of the next unit's return and of
what channels would bring beyond today's spend up to three times it, cover of 90 % intervals, and regret of the split by
mean curves, in parts of what all media bring: each less that by the first prior, with its standard error. Splits are
found by dynamic programming over curves. Each fit is one line of JSON in the cache; give another folder after a change.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.mix_worlds import BROKEN, MixWorld, simulated_mix
from tests.recovery_worlds import RecoveryWorld, recovery_world

import channelmix as cm
from channelmix.effectiveness.history import Priors
from result_cache import ResultCache

Array = NDArray[np.float64]

KINDS = ("recovery", "considered", "careless")

DRAWS, UNITS = 600, 240
"""Draws of a fit, and parts that a split divides the total into."""

FACTORS = np.linspace(0.0, 3.0, 61)
TODAY = 20
"""Place of a factor of 1."""

COLUMNS = ("error", "cover", "margin's error", "margin's cover", "beyond", "regret")


def company(kind: str, seed: int) -> tuple[MixWorld | RecoveryWorld, pd.DataFrame, Array, dict[str, Any]]:
    """A company, its table and outcome, and how the estimator reads them."""
    if kind != "recovery":
        world = simulated_mix(seed, careless=float(kind == "careless"))
        names = [f"x{c}" for c in range(world.spend.shape[1])]
        return world, pd.DataFrame(world.spend, columns=names), world.outcome, {}
    one = recovery_world(seed)
    regions, weeks, channels = one.spend.shape
    table = pd.DataFrame(one.spend.reshape(-1, channels), columns=[f"x{c}" for c in range(channels)])
    table["week"] = np.tile(np.arange(weeks), regions)
    table[["c0", "c1"]] = one.controls.reshape(-1, 2)
    table["region"] = np.repeat([f"r{r}" for r in range(regions)], weeks)
    roles: dict[str, Any] = {"controls": ["c0", "c1"], "date": "week"}
    if regions > 1:
        roles["market"] = "region"
    else:
        table = table.drop(columns="region")
    return one, table, one.outcome.reshape(-1), roles


def best_split(values: Array, total: Array) -> Array:
    """Split of the total that brings most by curves at `FACTORS` times each channel's spend.

    `values` has the shape (n_factors, n_channels).
    """
    unit = total.sum() / UNITS
    best, ways = np.full(UNITS + 1, -np.inf), []
    best[0] = 0.0
    for spent, value in zip(total, values.T, strict=True):
        steps = np.arange(min(UNITS, int(3.0 * spent / unit)) + 1)
        worth = np.interp(steps * unit / spent, FACTORS, value)
        reached = np.full((UNITS + 1, len(steps)), -np.inf)
        for step in steps:
            reached[step:, step] = best[: UNITS + 1 - step] + worth[step]
        ways.append(reached.argmax(axis=1))
        best = reached.max(axis=1)
    left, split = np.flatnonzero(np.isfinite(best))[-1], np.zeros(len(total))
    for c in reversed(range(len(total))):
        step = ways[c][left]
        split[c] = step * unit
        left = left - step
    return split


def judged(kind: str, seed: int, elasticity: float, spread: float) -> list[float]:
    """`COLUMNS` of one company by one prior."""
    world, table, outcome, roles = company(kind, seed)
    total, each = world.total, np.eye(len(world.total))
    ones, nothing = np.ones(len(total)), world.media(0.0 * world.total)
    markets = world.spend.shape[0] if isinstance(world, RecoveryWorld) else 1
    priors = Priors.usual(markets, elasticity=elasticity, elasticity_spread=spread)
    model = cm.MarketingMixRegressor(
        channels=[f"x{c}" for c in range(len(total))], priors=priors, draws=DRAWS, **roles
    ).fit(table, outcome)
    true = np.array([[world.media(f * one) - nothing for one in each] for f in FACTORS])
    roi, margin = model.roi(table), model.marginal_roi(table)
    next_unit = np.array([world.media(ones + 0.01 * one) - world.media(ones - 0.01 * one) for one in each])
    next_unit /= 0.02 * total
    curves = model.curves(table)
    channel = [int(name.split("/")[-1][1:]) for name in curves.names]
    spent = [
        table.loc[table["region"] == name.split("/")[0], name.split("/")[1]].sum()
        if "/" in name
        else table[name].sum()
        for name in curves.names
    ]
    found = np.zeros(true.shape)
    for row, factor in zip(found, FACTORS, strict=True):
        np.add.at(row, channel, curves.mean_value(factor * np.array(spent)))
    works = true[TODAY] > 0.0
    brought = [world.media(best_split(values, total) / total) for values in (found, true)]
    now = world.media(ones)

    def error(estimate: Array, truth: Array) -> float:
        return float(np.abs(np.log(np.maximum(estimate, 1e-9)[works] / truth[works])).mean())

    def cover(intervals: pd.DataFrame, truth: Array) -> float:
        return float(((intervals["low"] <= truth) & (truth <= intervals["high"])).mean())

    exact = true[TODAY] / total
    return [
        error(roi["mean"].to_numpy(), exact),
        cover(roi, exact),
        error(margin["mean"].to_numpy(), next_unit),
        cover(margin, next_unit),
        error(found[-1] - found[TODAY], true[-1] - true[TODAY]),
        (max(brought[1], now, brought[0]) - brought[0]) / (now - nothing),
    ]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=16)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument(
        "--elasticity", nargs="+", default=["0.6:0.8", "0.6:1.0", "0.6:1.2"], metavar="MEDIAN:SPREAD"
    )
    parser.add_argument("--cache", type=Path, help="folder of results that are kept")
    arguments = parser.parse_args()
    cache = ResultCache(arguments.cache, "priors")
    for kind in KINDS:
        tables: dict[str, list[list[float]]] = {prior: [] for prior in arguments.elasticity}
        for seed in range(arguments.seed, arguments.seed + arguments.worlds):
            if kind != "recovery" and BROKEN[seed % len(BROKEN)] == "synergy":
                continue
            for prior, rows in tables.items():
                median, spread = (float(part) for part in prior.split(":"))
                rows.append(
                    cache.result(f"{kind} {seed} {prior}", partial(judged, kind, seed, median, spread))
                )
        summarize(kind, {prior: np.array(rows) for prior, rows in tables.items()})
    return 0


def summarize(kind: str, tables: dict[str, Array]) -> None:
    """Print means by prior, and what they differ from the first one's by."""
    first = next(iter(tables.values()))
    print(f"{kind}: {len(first)} companies\n{'prior':12}" + "".join(f"{head:>26}" for head in COLUMNS))
    for prior, table in tables.items():
        off = table - first
        error = off.std(axis=0, ddof=1) / np.sqrt(len(off))
        cells = (
            f"{mean:.4f} {by:+.4f} ({spread:.4f})"
            for mean, by, spread in zip(table.mean(axis=0), off.mean(axis=0), error, strict=True)
        )
        print(f"{prior:12}" + "".join(f"{cell:>26}" for cell in cells), flush=True)


if __name__ == "__main__":
    sys.exit(main())
