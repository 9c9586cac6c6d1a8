"""How does the marketing-mix estimator fare on companies that break its assumptions?

    python benchmarks/bench_history_worlds.py [--worlds 66] [--seed 1000] [--tails 0.3] [--no-model-error]

Each world breaks one assumption, in turn. Its historical total is split anew, each channel between 0 and 3 times its
spend, by the posterior's mean curves and, for every tail, by `SafeImprovement` of the current mix; regret is what the
best split would have brought more, in parts of what all channels truly bring. What is learnt from such worlds (the size
of the model error, what is pooled, the tail of a plan) comes from seeds below 1,000; this reports on seeds from 1,000
on. Means so far are shown now and then, so that a run can be cut.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.mix_worlds import BROKEN, MixWorld, simulated_mix

import channelmix as cm
from channelmix.effectiveness.own.overlay import TAIL

Array = NDArray[np.float64]

EVERY = 20
"""Companies after which means so far are shown."""


def columns(tails: list[float]) -> list[str]:
    """Heads of the table's columns."""
    splits = ["mean curves", *(f"safe {tail:g}" for tail in tails)]
    harms = ["harm, mean", *(f"harm, {tail:g}" for tail in tails)]
    return ["current", *splits, *harms, "cover ROI", "cover margin", "log error", "seconds", "unsolved"]


def truly_best(total: Array, media: Callable[[Array], float]) -> float:
    """Most that any split of the total brings, each channel within 0 to 3 times its spend.

    Hill climbing with exchanges of shrinking size, from several starts; `media` takes factors on `total`.
    """
    rng, best = np.random.default_rng(0), -np.inf
    channels = len(total)
    for start in range(6):
        money = total.copy() if start == 0 else total.sum() * rng.dirichlet(np.ones(channels))
        money = np.minimum(money, 3.0 * total)
        if money.sum() < 0.999 * total.sum():
            continue
        value = media(money / total)
        step = 0.2 * total.sum()
        while step > 1e-3 * total.sum():
            moved = False
            for i in range(channels):
                for j in range(channels):
                    amount = min(step, money[i], 3.0 * total[j] - money[j])
                    if i == j or amount <= 0.0:
                        continue
                    trial = money.copy()
                    trial[i] -= amount
                    trial[j] += amount
                    if (new := media(trial / total)) > value + 1e-9:
                        money, value, moved = trial, new, True
            step *= 1.0 if moved else 0.5
        best = max(best, value)
    return best


def judged(world: MixWorld, tails: list[float], model_error: bool) -> list[float]:
    """The world's row of the table, in the order of `columns`."""
    total = world.total
    X = pd.DataFrame(world.spend, columns=[f"c{k}" for k in range(len(total))])
    began = time.process_time()
    model = cm.MarketingMixRegressor(model_error=model_error).fit(X, world.outcome)
    seconds = time.process_time() - began
    curves = model.curves(X)
    bounds = cm.SpendBounds(
        {name: (0.0, 3.0 * spent) for name, spent in zip(curves.names, total, strict=True)}
    )
    ones = np.ones(len(total))
    now, whole = world.media(ones), world.media(ones) - world.media(0.0 * ones)
    current = dict(zip(curves.names, total.tolist(), strict=True))
    values, missed = [now], 0
    for risk in (None, *(cm.SafeImprovement(current, tail) for tail in tails)):
        problem = cm.AllocationProblem(curves, cm.FixedBudget(float(total.sum())), [bounds], risk=risk)
        found = cm.solve(problem, gap=2e-3, time_limit=20.0).spend
        unsolved = not np.isfinite(found).all()  # no split within the limit: the current mix is kept
        missed += unsolved
        values.append(now if unsolved else world.media(found / total))
    best = max(truly_best(total, world.media), *values)
    roi, margin = model.roi(X), model.marginal_roi(X)
    true = world.roi()
    works = true > 0.0
    return [
        *((best - value) / whole for value in values),
        *(float((now - value) / whole > 0.01) for value in values[1:]),
        _covered(roi, true),
        _covered(margin, world.marginal_roi()),
        float(np.abs(np.log(roi["mean"].to_numpy()[works] / true[works])).mean()),
        seconds,
        float(missed),
    ]


def _covered(intervals: pd.DataFrame, true: Array) -> float:
    return float(((intervals["low"] <= true) & (true <= intervals["high"])).mean())


def summary(table: Array, kind: NDArray[np.str_], heads: list[str], every_kind: bool) -> None:
    """Print means, their standard errors, and the splits' gains on the current mix."""
    print(f"means of {len(table)}")
    for name in BROKEN if every_kind else ():
        if (kind == name).any():
            print(_line(name, table[kind == name].mean(axis=0)))
    print(_line("all", table.mean(axis=0)))
    error = table.std(axis=0, ddof=1) / np.sqrt(len(table))
    print(_line("standard error", error))
    for k, name in enumerate(heads):
        if name == "mean curves" or name.startswith("safe"):
            gained = table[:, 0] - table[:, k]
            spread = gained.std(ddof=1) / np.sqrt(len(table))
            print(
                f"{name}, paired: regret lower than that of the current mix by {gained.mean():.4f} +- {spread:.4f}"
            )
    sys.stdout.flush()


def _line(name: str, values: Array | list[float]) -> str:
    return f"{name:26}" + "".join(f"{value:13.4f}" for value in values)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=66)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--tails", type=float, nargs="+", default=[TAIL])
    parser.add_argument("--no-model-error", action="store_true")
    arguments = parser.parse_args()
    if arguments.worlds < 2:
        parser.error("at least two companies are needed")
    heads = columns(arguments.tails)
    print(f"{'company':26}" + "".join(f"{head:>13}" for head in heads), flush=True)
    rows, kinds = [], []
    for seed in range(arguments.seed, arguments.seed + arguments.worlds):
        world = simulated_mix(seed)
        rows.append(judged(world, arguments.tails, not arguments.no_model_error))
        kinds.append(world.broken)
        print(_line(f"{seed} {world.broken}", rows[-1]), flush=True)
        if len(rows) % EVERY == 0 and len(rows) < arguments.worlds:
            summary(np.array(rows), np.array(kinds), heads, every_kind=False)
    summary(np.array(rows), np.array(kinds), heads, every_kind=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
