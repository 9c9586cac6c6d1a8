"""How a plan moves with the number of draws it is made on.

    python benchmarks/bench_draws.py [--seeds 8] [--reference 16384]

For each number of draws the example is planned with several seeds. Each plan is judged on one large reference set of
other draws: how far its shares are from the reference plan's, and how much it loses to it. Times are information only.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import channelmix as cm
from channelmix.effectiveness import prior_response
from channelmix.effectiveness.published.prior import PublishedPrior

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "maison_verte.json"


def problem(profile: cm.CompanyProfile, n_draws: int, seed: int) -> cm.AllocationProblem:
    """The example's allocation problem on these draws."""
    draws = PublishedPrior(n_draws=n_draws, seed=seed).fit().draws(profile.cells())
    response = prior_response(draws, profile.period_days, profile.usd_rate or 1.0)
    current = {cell.name: cell.current_spend for cell in profile.cells()}
    return cm.AllocationProblem(
        response.curves,
        cm.FixedBudget(profile.budget),
        profile.rules,
        losses=response.losses,
        current=current,
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--reference", type=int, default=16384, help="draws of the reference")
    options = parser.parse_args()
    profile = cm.CompanyProfile.from_file(EXAMPLE)
    reference = problem(profile, options.reference, seed=987_654)
    best = cm.solve(reference, gap=1e-6)
    print(f"reference: {options.reference} draws, value {best.value:,.0f}, gap {best.gap:.1e}")
    print(f"{'draws':>6} {'largest share off':>18} {'mean loss':>10} {'worst loss':>11} {'seconds':>8}")
    for n_draws in (32, 64, 128, 256, 512, 1024, 4096):
        off, loss, began = [], [], time.perf_counter()
        for seed in range(options.seeds):
            solution = cm.solve(problem(profile, n_draws, seed))
            off.append(float(np.abs(solution.spend - best.spend).max()) / profile.budget)
            loss.append((best.value - reference.value(solution.spend)) / best.value)
        each = (time.perf_counter() - began) / options.seeds
        shown = f"{100 * np.mean(off):.1f} to {100 * max(off):.1f} %"
        print(
            f"{n_draws:>6} {shown:>18} {100 * np.mean(loss):>8.3f} % {100 * max(loss):>9.3f} % {each:>8.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
