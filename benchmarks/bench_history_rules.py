"""By which rule should a plan follow own history: how large a step, how careful, how far from the current mix?

    python benchmarks/bench_history_rules.py [--worlds 44] [--seed 0] [--cache FOLDER]

Companies of `tests/mix_worlds.py`, of which each is fitted twice: as it is, with the mix somebody's considered choice,
and with a mix that is far from the best. The historical total is split anew, each channel between 0 and 3 times its
spend or within a limit of change, so that the mean gain is largest while the mean over the worst `tail` of draws is no
loss; then a part of the step is taken. Regret, gain on the current mix and harm are in parts of what all channels truly
bring. Splits are searched by exchanges of money of shrinking size, from several starts. Each
company is one line of JSON in the cache; give another folder after a change of the model.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
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

DRAWS = 600

CARELESS = {"considered": 0.0, "careless": 1.0}
"""Further spread of channels' returns, by kind of mix."""


def rules() -> list[str]:
    """Every rule by name, in the order of a company's values."""
    return [f"tail {t:g} step {s:g} limit {limit:g}" for t in TAILS for limit in LIMITS for s in STEPS]


@dataclass(frozen=True, eq=False)
class Gains:
    """Gain of splits on the current one by draw: curves at equal distances up to three times each channel's spend.

    `points` (n_points, n_channels) is money, `outcome` (n_points, n_draws, n_channels) what it brings.
    """

    points: Array
    outcome: Array
    current: Array

    def of(self, money: Array) -> Array:
        """Gains of several splits, (n_splits, n_channels) -> (n_splits, n_draws)."""
        total = np.zeros((len(money), self.outcome.shape[1]))
        for c, column in enumerate(self.points.T):
            place = np.clip(money[:, c] / column[1], 0.0, len(column) - 1.0)
            left = np.minimum(place.astype(int), len(column) - 2)
            part = (place - left)[:, np.newaxis]
            total += (1.0 - part) * self.outcome[left, :, c] + part * self.outcome[left + 1, :, c]
        return total

    def values(self, money: Array, tail: float) -> Array:
        """Mean gain of several splits, minus infinity where the worst `tail` of draws loses on average."""
        gains = self.of(money) - self.of(self.current[np.newaxis])
        mean = gains.mean(axis=1)
        if tail < 1.0:
            number = int(tail * gains.shape[1])
            worst = np.partition(gains, number - 1, axis=1)[:, :number].mean(axis=1)
            mean[worst < -1e-9] = -np.inf
        return np.asarray(mean)


def careful_split(gains: Gains, tail: float, limit: float) -> Array:
    """Split of the current total with the largest mean gain whose worst `tail` of draws does not lose on average."""
    current, rng = gains.current, np.random.default_rng(0)
    low, high = np.maximum(current * (1.0 - limit), 0.0), np.minimum(current * (1.0 + limit), 3.0 * current)
    best, best_value = current, 0.0
    starts = [current]
    if tail < 1.0:  # on the way to the split by the mean
        bold = careful_split(gains, 1.0, limit)
        starts += [current + part * (bold - current) for part in (0.3, 0.6, 1.0)]
    for start in starts:
        money, now = start, float(gains.values(start[np.newaxis], tail)[0])
        if now == -np.inf:
            continue
        step = 0.2 * current.sum()
        while step > 3e-3 * current.sum():
            trials = money + step * _directions(len(money), rng)
            trials = np.clip(trials, low, high)
            for _ in range(3):  # what the bounds cut goes where there is room
                left = current.sum() - trials.sum(axis=1, keepdims=True)
                room = np.where(left > 0.0, high - trials, trials - low)
                trials = np.clip(
                    trials + left * room / np.maximum(room.sum(axis=1, keepdims=True), 1e-12), low, high
                )
            trials = trials[np.abs(trials.sum(axis=1) - current.sum()) < 1e-6 * current.sum()]
            found = gains.values(trials, tail) if len(trials) else np.array([-np.inf])
            if found.max() > now + 1e-9:
                money, now = trials[found.argmax()], float(found.max())
            else:
                step *= 0.5
        if now > best_value:
            best, best_value = money, now
    return best


def _directions(n: int, rng: np.random.Generator) -> Array:
    """Every exchange between two channels, and as many random ones among all."""
    pairs = np.array([np.eye(n)[j] - np.eye(n)[i] for i in range(n) for j in range(n) if i != j])
    mixed = rng.standard_normal((len(pairs), n))
    mixed -= mixed.mean(axis=1, keepdims=True)
    return np.concatenate([pairs, mixed / np.abs(mixed).max(axis=1, keepdims=True)])


def judged(seed: int, kind: str) -> dict[str, Any]:
    """Regret of the current mix and of each rule, in parts of what media truly bring."""
    world = simulated_mix(seed, careless=CARELESS[kind])
    total = world.total
    X = pd.DataFrame(world.spend, columns=[f"c{k}" for k in range(len(total))])
    model = cm.MarketingMixRegressor(draws=DRAWS).fit(X, world.outcome)
    curves = model.curves(X)
    points = np.outer(np.linspace(0.0, 3.0, 31), total)
    gains = Gains(points, np.stack([curves.value(money) for money in points]), total)
    ones = np.ones(len(total))
    keeps, whole = world.media(ones), world.media(ones) - world.media(0.0 * ones)
    values = []
    for tail in TAILS:
        for limit in LIMITS:
            split = careful_split(gains, tail, limit)
            values += [world.media((total + step * (split - total)) / total) for step in STEPS]
    best = max(truly_best(total, world.media), keeps, *values)
    roi, true = model.roi(X), world.roi()
    works = true > 0.0
    return {
        "broken": world.broken,
        "error": float(np.abs(np.log(roi["mean"].to_numpy()[works] / true[works])).mean()),
        "cover": float(((roi["low"] <= true) & (true <= roi["high"])).mean()),
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
    error, cover = (np.mean([each[key] for each in results]) for key in ("error", "cover"))
    print(
        f"{kind}: {len(current)} companies, current mix {current.mean():.4f}; error of log ROI {error:.3f}, 90 % "
        f"intervals cover {100.0 * cover:.0f} %"
    )
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
