"""By which rule should a plan follow own history: how large a step, how careful, how far from the current mix?

    python benchmarks/bench_history_rules.py [--worlds 44] [--seed 0] [--cache FOLDER]

Companies of `tests/mix_worlds.py`, of which each is fitted twice: as it is, with the mix somebody's considered choice,
and with a mix that is far from the best. The historical total is split anew, each channel between 0 and 3 times its
spend or within a limit of change, so that the mean gain is largest while the mean over the worst `tail` of draws is no
loss; then a part of the step is taken. Regret, gain on the current mix and harm are in parts of what all channels truly
bring. Splits are searched by exchanges of money between two channels, of shrinking size, from several starts. Each
company is one line of JSON in the cache; give another folder after a change of the model.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.mix_worlds import simulated_mix

import channelmix as cm
from bench_history_worlds import truly_best
from result_cache import ResultCache

Array = NDArray[np.float64]

TAILS = (0.1, 0.2, 0.3, 0.4, 1.0)
"""Worst parts of the draws that must not lose on average; 1 is the mean of all."""

STEPS = (0.5, 1.0)
LIMITS = (0.2, 0.5, np.inf)
"""Greatest change of a channel's spend, in parts of it."""

CARELESS = {"considered": 0.0, "careless": 1.0}
"""Further spread of channels' returns, by kind of mix."""


def rules() -> list[str]:
    """Every rule by name, in the order of a company's values."""
    return [f"tail {t:g} step {s:g} limit {limit:g}" for t in TAILS for limit in LIMITS for s in STEPS]


def careful_split(gain: Callable[[Array], Array], current: Array, tail: float, limit: float) -> Array:
    """Split of the current total with the largest mean gain whose worst `tail` of draws does not lose on average.

    `gain` takes money by channel and gives the gain on the current mix by draw.
    """
    low, high = np.maximum(current * (1.0 - limit), 0.0), np.minimum(current * (1.0 + limit), 3.0 * current)

    def value(money: Array) -> float:
        gains = gain(money)
        if tail < 1.0:
            worst = np.partition(gains, int(tail * len(gains)) - 1)[: int(tail * len(gains))]
            if worst.mean() < -1e-9:
                return -np.inf
        return float(gains.mean())

    best, best_value = current, 0.0
    starts = [current]
    if tail < 1.0:  # on the way to the split by the mean
        bold = careful_split(gain, current, 1.0, limit)
        starts += [current + part * (bold - current) for part in (0.25, 0.5, 0.75, 1.0)]
    for start in starts:
        money, now = start, value(start)
        if now == -np.inf:
            continue
        step = 0.2 * current.sum()
        while step > 2e-3 * current.sum():
            moved = False
            for i in range(len(money)):
                for j in range(len(money)):
                    amount = min(step, money[i] - low[i], high[j] - money[j])
                    if i == j or amount <= 1e-9:
                        continue
                    trial = money.copy()
                    trial[i] -= amount
                    trial[j] += amount
                    if (new := value(trial)) > now + 1e-9:
                        money, now, moved = trial, new, True
            step *= 1.0 if moved else 0.5
        if now > best_value:
            best, best_value = money, now
    return best


def judged(seed: int, kind: str) -> dict[str, Any]:
    """Regret of the current mix and of each rule, in parts of what media truly bring."""
    world = simulated_mix(seed, careless=CARELESS[kind])
    total = world.total
    X = pd.DataFrame(world.spend, columns=[f"c{k}" for k in range(len(total))])
    model = cm.MarketingMixRegressor().fit(X, world.outcome)
    curves = model.curves(X)

    def brought(money: Array) -> Array:
        return np.asarray(curves.value(money).sum(axis=1))

    now = brought(total)
    ones = np.ones(len(total))
    keeps, whole = world.media(ones), world.media(ones) - world.media(0.0 * ones)
    values = []
    for tail in TAILS:
        for limit in LIMITS:
            split = careful_split(lambda money: brought(money) - now, total, tail, limit)
            values += [world.media((total + step * (split - total)) / total) for step in STEPS]
    best = max(truly_best(total, world.media), keeps, *values)
    return {
        "broken": world.broken,
        "current": (best - keeps) / whole,
        "regret": [(best - value) / whole for value in values],
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=44)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, help="folder of results that are kept")
    arguments = parser.parse_args()
    cache = ResultCache(arguments.cache, "rules")
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in CARELESS}
    for seed in range(arguments.seed, arguments.seed + arguments.worlds):
        for kind, results in found.items():
            results.append(cache.result(f"{kind} {seed}", partial(judged, seed, kind)))
    for kind, results in found.items():
        summarize(kind, results)
    return 0


def summarize(kind: str, results: list[dict[str, Any]]) -> None:
    """Print each rule's regret, gain on the current mix, and harm."""
    current = np.array([each["current"] for each in results])
    print(f"{kind}: {len(current)} companies, current mix {current.mean():.4f}")
    print(f"{'rule':32}{'regret':>9}{'gain':>9}{'error':>9}{'harm > 0.01':>13}{'worst harm':>12}")
    for name, regret in zip(rules(), np.array([each["regret"] for each in results]).T, strict=True):
        gain = current - regret
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        harmed = 100.0 * (gain < -0.01).mean()
        print(
            f"{name:32}{regret.mean():9.4f}{gain.mean():9.4f}{error:9.4f}{harmed:11.1f} %{max(-gain.min(), 0.0):12.4f}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
