"""Time, memory, document and gap of plans from a year of weeks to a year of days, and of hundreds of markets.

Every plan is made in a process of its own from the starter profile: over days with a carry-over of two days' half-life
and a season of weekdays, or with as many markets as asked for. The time is that of `channelmix.optimize` alone, by the
clock and by the processor; memory is the most that the process held; the estimate is what `optimize` makes of the
profile before it does anything.

Run ``python benchmarks/bench_sizes.py --limit 5``. On a machine that does other things at the same time, the time of
the processor tells more than that of the clock: with ``--processor`` the limit counts it, too, so that plans are those
of a machine without other work.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CASES = {
    "52 days": ("days", 52),
    "120 days": ("days", 120),
    "365 days": ("days", 365),
    "200 markets": ("markets", 200),
    "1,000 markets": ("markets", 1000),
}


def profile_of(kind: str, count: int) -> dict[str, Any]:
    """The starter profile over so many days, or in so many markets."""
    from channelmix.profile import starter_profile

    content = starter_profile()
    if kind == "days":
        content |= {
            "period": "day",
            "periods": count,
            "timing": {
                "carryover": {"all": {"kind": "geometric", "half_life": 2.0}},
                "season": {"all": [1.3 if day % 7 == 5 else 1.0 for day in range(count)]},
            },
        }
        content["scenario"]["amount"] /= 30
        content["purposes"]["service"]["inbound_contacts"] /= 30
        for channel in content["channels"].values():
            channel["current_spend"] = {name: spend / 30 for name, spend in channel["current_spend"].items()}
        return content
    content["markets"] = [{"name": f"market {k}", "customers": 5000 * (1 + k % 37) + k} for k in range(count)]
    customers = sum(market["customers"] for market in content["markets"])
    for channel in content["channels"].values():
        channel["reachable"] = min(channel["reachable"], customers)
    return content


def most_memory() -> int:
    """Most bytes that this process held; what the one that started it held, which Linux counts, too, left aside."""
    status = Path("/proc/self/status")
    if status.exists():
        most = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024 * int(most.split()[1])
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(kind: str, count: int, limit: float) -> dict[str, Any]:
    """Make one plan in this process, and measure it."""
    import channelmix as cm
    from channelmix.recommender.optimize.size import Size

    profile = cm.CompanyProfile.from_json(json.dumps(profile_of(kind, count)))
    optimize = cm.optimize
    began, busy = time.perf_counter(), time.process_time()
    plan = optimize(profile, time_limit=limit)
    seconds, processor = time.perf_counter() - began, time.process_time() - busy
    size = Size.of(profile)
    return {
        "cells": size.cells,
        "curves": size.curves,
        "draws": plan.provenance.draws,
        "status": str(plan.status),
        "gap": plan.certificate.gap,
        "seconds": seconds,
        "processor": processor,
        "document": len(plan.to_json()),
        "memory": most_memory(),
        "estimate": size.bytes,
    }


def main() -> int:
    """Measure every case in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=float, default=5.0, help="time limit in seconds")
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=CASES, help="which sizes")
    parser.add_argument("--one", nargs=2, metavar=("KIND", "COUNT"), help=argparse.SUPPRESS)
    parser.add_argument(
        "--processor", action="store_true", help="limit the processor's time, not the clock's"
    )
    asked = parser.parse_args()
    if asked.one:
        if asked.processor:
            time.perf_counter = time.process_time
        print(json.dumps(measure(asked.one[0], int(asked.one[1]), asked.limit)))
        return 0
    titles = ("plan", "curves", "draws", "gap", "s", "processor s", "memory MB", "estimate MB", "document MB")
    print("| " + " | ".join(titles) + " |")
    print("|---" * len(titles) + "|")
    for name in asked.cases:
        kind, count = CASES[name]
        command = [sys.executable, __file__, "--limit", str(asked.limit), "--one", kind, str(count)]
        command += ["--processor"] * asked.processor
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        one = json.loads(done.stdout.splitlines()[-1])
        cells = (
            name,
            f"{one['curves']:,}",
            f"{one['draws']}",
            f"{one['gap']:.1e}" + ("" if one["status"] == "optimal" else " (open)"),
            f"{one['seconds']:.1f}",
            f"{one['processor']:.1f}",
            f"{one['memory'] / 1e6:,.0f}",
            f"{one['estimate'] / 1e6:,.0f}",
            f"{one['document'] / 1e6:.1f}",
        )
        print("| " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
