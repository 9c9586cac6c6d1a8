"""What is gained by believing ranges of ROI before the rows, and what is lost where they are wrong?

    python benchmarks/bench_history_believed.py [--worlds 66] [--seed 6000] [--weeks 40 208]

Companies are those of bench_history_worlds.py, cut to their first weeks (and left out where these lack spend on a
channel). Each channel's range has its middle off from the true ROI by a factor whose logarithm has a standard deviation
of 1, and says so: it holds the truth with 90 % (a channel that brings nothing has the range of its company's mean ROI).
`ten times` has the same ranges ten times as high, as a wrong unit of the outcome makes them. Regret is that of the
split by mean curves, in parts of what media truly bring.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.mix_worlds import MixWorld, simulated_mix

import channelmix as cm
from bench_history_worlds import truly_best

Array = NDArray[np.float64]

SPREAD, TO_EDGE = 1.0, 1.645

BELIEFS = {"nothing believed": None, "ranges": 1.0, "ten times": 10.0}
"""Factors on the ranges."""


def cut(world: MixWorld, weeks: int) -> MixWorld:
    """The company's first weeks."""
    return dataclasses.replace(
        world, spend=world.spend[:weeks], other=world.other[:weeks], drift=world.drift[:weeks]
    )


def ranges(world: MixWorld, seed: int, factor: float | None) -> dict[str, tuple[float, float]]:
    if factor is None:
        return {}
    true = world.roi()
    middle = factor * np.where(true > 0.0, true, true.mean())
    middle = middle * np.exp(SPREAD * np.random.default_rng([13, seed]).standard_normal(len(true)))
    reach = np.exp(TO_EDGE * SPREAD)
    return {f"c{k}": (float(m / reach), float(m * reach)) for k, m in enumerate(middle)}


def judged(world: MixWorld, believed: dict[str, tuple[float, float]], best: float) -> list[float]:
    """Regret, error of log ROI, cover of its 90 % interval, and the probability that what is believed holds."""
    total, true = world.total, world.roi()
    X = pd.DataFrame(world.spend, columns=[f"c{k}" for k in range(len(total))])
    model = cm.MarketingMixRegressor(priors=cm.Priors(roi=believed)).fit(X, world.outcome)
    curves = model.curves(X)
    bounds = cm.SpendBounds({name: (0.0, 3.0 * s) for name, s in zip(curves.names, total, strict=True)})
    problem = cm.AllocationProblem(curves, cm.FixedBudget(float(total.sum())), [bounds])
    split = cm.solve(problem, gap=2e-3, time_limit=20.0).spend
    ones = np.ones(len(total))
    whole = world.media(ones) - world.media(0.0 * ones)
    roi = model.roi(X)
    works = true > 0.0
    holds = [1.0 - f.figure for f in model.diagnostics_ if f.check == "ROI believed before"]
    return [
        (best - world.media(split / total)) / whole,
        float(np.abs(np.log(roi["mean"].to_numpy()[works] / true[works])).mean()),
        float(((roi["low"] <= true) & (true <= roi["high"])).mean()),
        holds[0] if holds else np.nan,
    ]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=66)
    parser.add_argument("--seed", type=int, default=6000)
    parser.add_argument("--weeks", type=int, nargs="+", default=[40, 208])
    arguments = parser.parse_args()
    print(f"{'':34}{'regret':>17}{'log error':>17}{'cover':>8}{'holds':>8}")
    for weeks in arguments.weeks:
        table: list[list[list[float]]] = []
        for seed in range(arguments.seed, arguments.seed + arguments.worlds):
            world = cut(simulated_mix(seed), weeks)
            if not world.total.all():
                continue
            ones = np.ones(len(world.total))
            best = max(truly_best(world.total, world.media), world.media(ones))
            table.append([judged(world, ranges(world, seed, factor), best) for factor in BELIEFS.values()])
        found = np.array(table)
        for k, name in enumerate(BELIEFS):
            mean = found[:, k].mean(axis=0)
            change = found[:, k, :2] - found[:, 0, :2]
            error = change.std(axis=0, ddof=1) / np.sqrt(len(found))
            said = "".join(
                f"{mean[i]:8.4f} ({error[i]:.4f})" if k else f"{mean[i]:8.4f}{'':9}" for i in range(2)
            )
            print(f"{f'at most {weeks} weeks, {name}':34}{said}{mean[2]:8.3f}{mean[3]:8.3f}", flush=True)
        print(
            f"means of {len(found)} companies; in brackets the error of the paired difference to the first line"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
