"""The optimizer over time, under risk and under business rules: times and proven gaps, in one table.

    python benchmarks/bench_scenarios.py [--quick] [--only time,tail,rules,frontier,safe]

Each line is a class of random problems, drawn from a seed: how long it took to close the gap, in seconds by the clock
and of this process alone, and what gap was left where a limit of time struck. On a busy machine the process's own
seconds are the ones to compare. Every solution is verified, outside the time that is counted. The last lines tell how
much better a plan looks on the draws that it was made for than on fresh ones. Progress goes to standard error.

Targets, by the clock: over time a gap of 1e-3 within 10 seconds in the median, and of 3 % after 30 in every case; under
risk within 10 seconds and under rules within 20, in every case. The exit code is 1 if one is missed or a proof is
rejected.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

import channelmix as cm
from channelmix.engine.rules import MeanCVaR, SafeImprovement
from channelmix.engine.rules.risk import tail_mean
from channelmix.engine.solver.frontier import budget_frontier
from peers.problems import draw_posterior

GAP = 1e-3
PERIODS, CHANNELS = 26, 4
FRESH = 20_000
"""Draws that a plan has not seen, for the last table."""

MOST_DRAWS = 4000
"""Most draws that a plan is made with there."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """One solution: seconds by the clock and of this process, its gap, and whether its proof was accepted."""

    wall: float
    cpu: float
    gap: float
    verified: bool

    @property
    def closed(self) -> bool:
        """Whether the gap asked for was proven."""
        return self.gap <= GAP


def timed(problem: cm.AllocationProblem, limit: float) -> Run:
    """Solve, and verify outside the time that counts."""
    _ = problem.standard  # built once for all that is asked of a problem; cheap beside any search
    wall, cpu = time.perf_counter(), time.process_time()
    solution = cm.solve(problem, gap=GAP, time_limit=limit)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Run(wall, cpu, solution.gap, accepted(problem, solution))


def accepted(problem: cm.AllocationProblem, solution: cm.Solution) -> bool:
    """Whether the checker confirms a solution."""
    try:
        cm.verify(problem, solution)
    except cm.CertificateError as refused:
        print(f"a certificate is false: {refused}", file=sys.stderr)
        return False
    return True


def over_time(seed: int, *, season: bool, draws: int) -> cm.AllocationProblem:
    """Four S-shaped channels over 26 weeks, with geometric carry-over.

    Slopes lie between 1 and 3, retention between 0.2 and 0.7 over 8 weeks. The budget is 0.1 to 0.6 of the
    half-saturation summed over channels and weeks. The season is a sine of 10 to 40 % over the weeks.
    """
    rng = np.random.default_rng([6, seed])
    scale = np.exp(0.5 * rng.normal(size=CHANNELS))
    half_saturation = np.exp(0.5 * rng.normal(size=CHANNELS))
    slope = rng.uniform(1.0, 3.0, CHANNELS)
    weights = [rates ** np.arange(8) for rates in rng.uniform(0.2, 0.7, CHANNELS)]
    budget = float(rng.uniform(0.1, 0.6) * half_saturation.sum() * PERIODS)
    swing, shift = rng.uniform(0.1, 0.4), rng.uniform(0.0, 2.0 * np.pi)
    weeks = 1.0 + swing * np.sin(2.0 * np.pi * np.arange(PERIODS) / PERIODS + shift)
    spread = np.exp(0.2 * rng.normal(size=(2, draws, CHANNELS))) if draws > 1 else np.ones((2, 1, CHANNELS))
    carryover = cm.Carryover(
        np.array([w / w.sum() for w in weights]), PERIODS, season=weeks if season else None
    )
    curves = cm.ResponseCurves.hill(scale * spread[0], half_saturation * spread[1], slope)
    return cm.AllocationProblem(curves, cm.FixedBudget(budget), carryover=carryover)


def under_risk(seed: int) -> cm.AllocationProblem:
    """Twelve S-shaped cells with 200 draws, judged half by their mean and half by their worst tenth."""
    posterior = draw_posterior(seed, 12, 200)
    curves = cm.ResponseCurves.hill(posterior.scale, posterior.half_saturation, posterior.slope)
    return cm.AllocationProblem(curves, cm.FixedBudget(posterior.budget), risk=MeanCVaR(0.5, 0.1))


def under_rules(seed: int) -> cm.AllocationProblem:
    """A hundred S-shaped cells under one budget, 20 linear rules and 10 minimums where there is any spend."""
    rng = np.random.default_rng([8, seed])
    n = 100
    half_saturation = 1e5 * np.exp(0.5 * rng.normal(size=n))
    curves = cm.ResponseCurves.hill(
        1e6 * np.exp(0.5 * rng.normal(size=n)), half_saturation, rng.uniform(1.0, 3.0, n)
    )
    budget = float(rng.uniform(0.1, 0.6) * half_saturation.sum())
    even = half_saturation / half_saturation.sum() * budget
    rules: list[Any] = []
    for k in range(20):
        chosen = rng.choice(n, 10, replace=False)
        weights = rng.uniform(0.5, 1.5, 10)
        left = float(weights @ even[chosen])
        low, high = (None, 1.2 * left) if k % 2 else (0.8 * left, None)
        names = {curves.names[i]: float(w) for i, w in zip(chosen, weights, strict=True)}
        rules.append(cm.LinearConstraint(names, low, high, name=f"rule {k + 1}"))
    for i in rng.choice(n, 10, replace=False):
        rules.append(cm.MinimumIfActive(curves.names[i], float(rng.uniform(0.2, 1.0) * half_saturation[i])))
    return cm.AllocationProblem(curves, cm.FixedBudget(budget), rules)


def at_many_budgets(seed: int) -> Iterator[Run]:
    """Eleven budgets, 0.5 to 1.5 times the posterior's, for 12 cells with 512 draws: one run a point."""
    posterior = draw_posterior(seed, 12, 512)
    problem = posterior.allocation()
    amounts = [posterior.budget * share for share in np.linspace(0.5, 1.5, 11)]
    wall, cpu = time.perf_counter(), time.process_time()
    for point in budget_frontier(cm.solve, problem, amounts, gap=GAP):
        yield Run(time.perf_counter() - wall, time.process_time() - cpu, point.gap, point.gap < np.inf)
        wall, cpu = time.perf_counter(), time.process_time()


def optimism(seed: int, draws: int) -> tuple[float, float]:
    """Mean of the worst tenth of improvements on the draws planned with, and on fresh ones.

    Six cells; the mix to improve on is a considered one, the best for one draw of its own, so that safety
    binds. Its outcome is the unit. The same problems are met whatever the number of draws.
    """
    posterior = draw_posterior(seed, 6, 1 + FRESH + MOST_DRAWS)
    names = [f"cell{i}" for i in range(6)]

    def curves(part: slice) -> cm.ResponseCurves:
        return cm.ResponseCurves.hill(
            posterior.scale[part], posterior.half_saturation[part], posterior.slope[part], names=names
        )

    budget = cm.FixedBudget(posterior.budget)
    mix = cm.solve(cm.AllocationProblem(curves(slice(1)), budget), gap=GAP).spend
    fresh, seen = curves(slice(1, 1 + FRESH)), curves(slice(1 + FRESH, 1 + FRESH + draws))
    risk = SafeImprovement(dict(zip(names, mix.tolist(), strict=True)), 0.1)
    spend = cm.solve(cm.AllocationProblem(seen, budget, risk=risk), gap=GAP, time_limit=30.0).spend
    today = float(fresh.mean_value(mix).sum())
    gains = [(c.value(spend) - c.value(mix)).sum(axis=1) for c in (seen, fresh)]
    return tail_mean(gains[0], 0.1) / today, tail_mean(gains[1], 0.1) / today


HEADER = (
    f"{'':<44}{'':>5}{'closed,':>9}{'median seconds':>18}{'longest':>10}{'gap left, %':>14}\n"
    f"{'problems':<44}{'runs':>5}{'1e-3':>9}{'clock':>9}{'process':>9}{'clock':>10}{'worst':>14}"
)


def row(name: str, runs: list[Run]) -> str:
    """One line of the table."""
    wall, cpu = ([getattr(run, key) for run in runs] for key in ("wall", "cpu"))
    return (
        f"{name:<44}{len(runs):>5}{sum(run.closed for run in runs):>9}{statistics.median(wall):>9.2f}"
        f"{statistics.median(cpu):>9.2f}{max(wall):>10.2f}{100 * max(run.gap for run in runs):>14.3f}"
    )


def collect(name: str, runs: Iterable[Run]) -> list[Run]:
    """Print a class's line, with progress on standard error."""
    done = []
    for run in runs:
        done.append(run)
        print(f"{name}: {run.wall:.2f} s, {run.cpu:.2f} s of process, gap {run.gap:.1e}", file=sys.stderr)
    print(row(name, done), flush=True)
    return done


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few problems of each class")
    parser.add_argument("--only", default="time,tail,rules,frontier,safe", help="which parts, comma between")
    parser.add_argument("--seeds", type=int, default=None, help="problems of each class over time")
    options = parser.parse_args()
    parts = options.only.split(",")
    count = options.seeds or (1 if options.quick else 6)
    few = 2 if options.quick else 7
    cm.solve(under_risk(0), gap=0.5)  # what is imported lazily is imported
    runs: list[Run] = []
    kept: list[bool] = []
    if set(parts) - {"safe"}:
        print(HEADER)
    if "time" in parts:
        mine: list[Run] = []
        for draws in (1, 20):
            for season in (False, True):
                name = f"4 channels x 26 weeks, {draws} draw{'s' * (draws > 1)}{', season' * season}"
                mine += collect(
                    name, (timed(over_time(s, season=season, draws=draws), 30.0) for s in range(count))
                )
        kept += [statistics.median(run.wall for run in mine) < 10.0, max(run.gap for run in mine) <= 0.03]
        runs += mine
    singles: dict[str, tuple[str, Callable[[int], cm.AllocationProblem], float]] = {
        "tail": ("mean-CVaR, 12 cells x 200 draws", under_risk, 10.0),
        "rules": ("100 cells, 20 linear rules, 10 minimums", under_rules, 20.0),
    }
    for part, (name, draw, seconds) in singles.items():
        if part in parts:
            mine = collect(name, (timed(draw(s), 3.0 * seconds) for s in range(few)))
            kept.append(all(run.closed and run.wall < seconds for run in mine))
            runs += mine
    if "frontier" in parts:
        points = (run for seed in range(1 if options.quick else 3) for run in at_many_budgets(seed))
        mine = collect("one of 11 budgets, 12 cells x 512 draws", points)
        runs += mine
    if "safe" in parts:
        problems = 3 if options.quick else 20
        print(f"\nSafeImprovement, 6 cells, {problems} problems: mean of the worst tenth of improvements on")
        print("a considered mix, as a percentage of that mix's outcome")
        print(
            f"{'draws planned with':<24}{'on them':>10}{f'on {FRESH:,} fresh':>18}{'optimism':>10}{'largest':>10}"
        )
        for draws in (256, 1000, MOST_DRAWS):
            pairs = []
            for seed in range(problems):
                pairs.append(optimism(seed, draws))
                print(f"safe, {draws} draws, seed {seed}: {pairs[-1]}", file=sys.stderr)
            on, off = np.array(pairs).T
            columns = (on.mean(), off.mean(), (on - off).mean(), (on - off).max())
            print(
                f"{draws:<24,}"
                + "".join(f"{100 * c:>{w}.2f}" for c, w in zip(columns, (10, 18, 10, 10), strict=True))
            )
    kept.append(all(run.verified for run in runs))
    print("every target is met" if all(kept) else "MISSED: a target, see above")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
