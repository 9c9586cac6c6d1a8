"""Thousands of random problems with packs, minimums, fees and shares: is every claim true?

    python benchmarks/bench_random_problems.py [--count 2000] [--seed 0] [--time-limit 20] [--jobs 2]

Curves are of mixed families, power curves with exponents from 0.02 among them, which are infinitely steep at nothing.
For each problem, the value must not lie above the bound, the checker must confirm the status, and what is called
infeasible, and only that, must be so for a mixed program written from the rules' fields alone and solved by GLPK, which
shares no code with the solver that the package asks. The exit code is 1 if one of these does not hold; problems whose
gap stays open at the time limit are counted.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parent.parent)
)  # for the tests' random problems and their oracle

from tests.random_problems import can_spend, random_problem

import channelmix as cm


def examined(seed: int, time_limit: float) -> tuple[int, str, list[str], float]:
    """Solve one problem; return its status, what is wrong with it, and the seconds that it took."""
    problem = random_problem(seed)
    began = time.perf_counter()
    try:
        solution = cm.solve(problem, time_limit=time_limit)
    except Exception as error:  # a defect is what this looks for
        return seed, "error", [repr(error)], time.perf_counter() - began
    seconds = time.perf_counter() - began
    faults = []
    try:
        cm.verify(problem, solution)
    except cm.CertificateError as error:
        faults.append(f"not verified: {error}")
    infeasible = solution.status is cm.Status.INFEASIBLE
    if infeasible == can_spend(problem):
        faults.append("called infeasible" if infeasible else "not called infeasible")
    if solution.value > solution.upper_bound:
        faults.append(f"value {solution.value!r} above its bound {solution.upper_bound!r}")
    return seed, str(solution.status), faults, seconds


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0, help="seed of the first problem")
    parser.add_argument("--time-limit", type=float, default=20.0, help="seconds for each problem")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.count)
    counts: Counter[str] = Counter()
    seconds, wrong = [], 0
    with ProcessPoolExecutor(options.jobs) as pool:
        run = partial(examined, time_limit=options.time_limit)
        for seed, status, faults, taken in pool.map(run, seeds, chunksize=10):
            counts[status] += 1
            seconds.append(taken)
            wrong += bool(faults)
            for fault in faults:
                print(f"seed {seed}, {status}: {fault}")
    print(f"{options.count} problems: " + ", ".join(f"{n} {status}" for status, n in counts.most_common()))
    print(
        f"{wrong} with a wrong claim; seconds: median {statistics.median(seconds):.3f}, longest {max(seconds):.1f}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
