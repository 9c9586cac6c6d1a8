"""How long the HTML report takes and how large it is.

    python benchmarks/bench_report.py [--runs 5]

Bounds: under 3 seconds and 6 MB, for the example and for three markets x five channels x three purposes, as one
typical period and as 13 periods. Medians count.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

import channelmix as cm
from channelmix.plan import Plan, interval
from channelmix.profile import starter_profile

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "maison_verte.json"

PERIODS = 13

SECONDS, BYTES = 3.0, 6_000_000


def many_cells() -> Plan:
    """Three markets, five channels and three purposes."""
    content = starter_profile()
    content["markets"] = [{"name": name, "customers": 200_000.0} for name in ("FR", "DE", "UK")]
    content["channels"]["kiosk"] = {"like": "im", "reachable": 10_000.0}
    return cm.optimize(cm.CompanyProfile.model_validate(content))


def over_time(plan: Plan) -> Plan:
    """The same spend in each of several periods, with a carry-over."""
    one = cm.AllocationProblem.from_dict(plan.problem)
    carryover = cm.Carryover([0.5, 0.3, 0.2], PERIODS)
    problem = cm.AllocationProblem(one.curves, one.scenario, carryover=carryover, current=one.current)
    n = len(plan.allocation)
    outcomes = problem.outcomes(np.tile([row.spend for row in plan.allocation], PERIODS))
    rows = [
        row.model_dump(mode="json")
        | {"period": t + 1, "outcome": interval(outcomes[:, t * n + i]).model_dump(mode="json")}
        for t in range(PERIODS)
        for i, row in enumerate(plan.allocation)
    ]
    parts = {"allocation": rows, "problem": json.loads(json.dumps(problem.to_dict()))}
    return Plan.from_json(json.dumps(json.loads(plan.to_json()) | parts))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each report, after one that warms up")
    runs = parser.parse_args().runs
    many = many_cells()
    plans = {
        "example": cm.optimize(cm.CompanyProfile.from_file(EXAMPLE)),
        f"{len(many.allocation)} cells": many,
        f"{len(many.allocation)} cells x {PERIODS} periods": over_time(many),
    }
    held = True
    print(f"{'plan':22} {'seconds':>8} {'bytes':>9}")
    for name, plan in plans.items():
        times = []
        for _ in range(runs + 1):
            began = time.perf_counter()
            size = len(plan.to_html().encode())
            times.append(time.perf_counter() - began)
        seconds = statistics.median(times[1:])
        held &= seconds < SECONDS and size < BYTES
        print(f"{name:22} {seconds:8.2f} {size:9,}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
