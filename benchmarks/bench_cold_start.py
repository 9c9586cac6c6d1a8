"""What is a plan worth to a company without data? Companies whose truth is known, planned as a user would.

    python benchmarks/bench_cold_start.py [--companies 100] [--seed 5000] [--processes 2] [--cache FOLDER] [--each]

Each company of `cm.simulated_company` is planned by `cm.optimize` for today's total, knowing its profile alone. Its
true curves, less true losses, judge the plan, today's mix, an even split of the total over all cells, and the best
split, which is solved on the true curves and certified. Regret is what is earned less than with the best split, in
parts of what media bring there; harm is to earn less than today by over 1 % of what media bring today. Nothing is tuned
to these companies. The exit code is 1 if a plan or a best split is not proven, or if a split earns more than the best
one's bound.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

import channelmix as cm
from result_cache import ResultCache

SPLITS = ("plan", "today", "even", "best")

HARM = 0.01
"""Loss against today, in parts of what media bring today, from which on a company counts as harmed."""

GAP = 1e-4
TOLERANCE = 1e-6

Array = NDArray[np.float64]


def judged(seed: int) -> dict[str, float]:
    """Plan one company, and let its truth judge the plan and what it is compared with.

    Returns
    -------
    dict of str to float
        What each split earns (`SPLITS`) in US dollars a month, and what media bring at today's split and the best one,
        before losses (`brought_today`, `brought_best`); what is promised of the plan and of today's mix; `bound`,
        proven for the best split; the gaps of both; and `seconds` for all of it.
    """
    began = time.perf_counter()
    company = cm.simulated_company(seed)
    profile, names = company.profile, company.curves.names
    plan = cm.optimize(profile)
    problem = cm.AllocationProblem(
        company.curves, cm.FixedBudget(profile.current_total), losses=company.losses
    )
    best = cm.solve(problem, gap=GAP)
    cm.verify(problem, best)
    planned = {f"{row.market}/{row.channel}/{row.purpose}": row.spend for row in plan.allocation}
    today = {cell.name: cell.current_spend for cell in profile.cells()}
    spends: Mapping[str, Array] = {
        "plan": np.array([planned[name] for name in names]),
        "today": np.array([today[name] for name in names]),
        "even": np.full(len(names), profile.current_total / len(names)),
        "best": best.spend.ravel(),
    }
    baseline = plan.comparisons[0]
    return {
        **{name: company.earned(spend) for name, spend in spends.items()},
        "brought_today": float(company.curves.value(spends["today"]).sum()),
        "brought_best": float(company.curves.value(spends["best"]).sum()),
        "promised": float(plan.certificate.value or 0.0),
        "promised_today": baseline.outcome.mean,
        "bound": best.upper_bound,
        "gap_of_plan": float(plan.certificate.gap or 0.0),
        "gap_of_best": best.gap,
        "seconds": time.perf_counter() - began,
    }


def measured(seeds: range, processes: int, folder: Path | None) -> Iterator[dict[str, float]]:
    """Judge companies on several cores, those that the cache does not hold."""
    cache = ResultCache(folder, "cold_start")
    known = cache.known()
    with ProcessPoolExecutor(processes) as pool:
        fresh = pool.map(judged, [seed for seed in seeds if str(seed) not in known])
        for seed in seeds:
            yield cache.result(str(seed), partial(next, fresh))


def table(found: list[dict[str, float]]) -> Iterator[str]:
    """Lines of the table, each figure with its standard error over companies."""
    column = {name: np.array([one[name] for one in found]) for name in found[0]}
    regret = {name: (column["best"] - column[name]) / column["brought_best"] for name in SPLITS}
    yield f"{'':12} {'regret':>16} {'median':>8} {'harmed':>15} {'earned over best':>18}"
    for name in SPLITS:
        harmed = column["today"] - column[name] > HARM * column["brought_today"]
        total = column[name].sum() / column["best"].sum()
        yield (
            f"{name:12} {with_error(regret[name], 1.0):>16} {np.median(regret[name]):8.3f} "
            f"{with_error(harmed.astype(float), 100.0):>13} % {total:18.2f}"
        )
    for other in ("today", "even"):
        gained = regret[other] - regret["plan"]
        better = f"in {np.mean(gained > 0.0):.0%} of companies"
        yield f"regret lower than that of {other} by {with_error(gained, 1.0)}, {better}"
    for name, promised in (("plan", "promised"), ("today", "promised_today")):
        ratio = column[promised] / column[name]
        positive = column[name] > 0.0
        total, error = ratio_of_sums(column[promised], column[name])
        yield (
            f"promised over earned, {name}: {total:.2f} (s.e. {error:.2f}) in total, "
            f"{np.median(np.where(positive, ratio, np.inf)):.2f} in the median"
        )
    yield f"{column['seconds'].mean():.2f} seconds a company"


def with_error(values: Array, scale: float) -> str:
    """A mean with its standard error."""
    digits = 3 if scale == 1.0 else 1
    error = values.std(ddof=1) / np.sqrt(len(values))
    return f"{scale * values.mean():.{digits}f} ({scale * error:.{digits}f})"


def ratio_of_sums(above: Array, below: Array) -> tuple[float, float]:
    """Ratio of two sums over companies, and its standard error."""
    ratio = above.sum() / below.sum()
    off = above - ratio * below
    return float(ratio), float(np.sqrt(len(off)) * off.std(ddof=1) / below.sum())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--companies", type=int, default=100)
    parser.add_argument(
        "--seed", type=int, default=5000, help="seed of the first company; the next follow it"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="folder that keeps results, to go on from")
    parser.add_argument("--each", action="store_true", help="print every company")
    chosen = parser.parse_args()
    seeds = range(chosen.seed, chosen.seed + chosen.companies)
    found = list(measured(seeds, chosen.processes, chosen.cache))
    if chosen.each:
        for seed, one in zip(seeds, found, strict=True):
            print(seed, " ".join(f"{name} {one[name]:,.4g}" for name in one))
    print(f"{len(found)} companies of seeds {seeds[0]} to {seeds[-1]}")
    print("\n".join(table(found)))
    proven = all(max(one["gap_of_plan"], one["gap_of_best"]) <= GAP for one in found)
    beaten = [
        (seed, name)
        for seed, one in zip(seeds, found, strict=True)
        for name in SPLITS
        if one[name] > one["bound"] + TOLERANCE * abs(one["bound"])
    ]
    if beaten or not proven:
        print(f"proven: {proven}; above the bound: {beaten}", file=sys.stderr)
    return 0 if proven and not beaten else 1


if __name__ == "__main__":
    sys.exit(main())
