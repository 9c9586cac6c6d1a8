"""How long the HTML report takes and how large it is.

    python benchmarks/bench_report.py [--runs 5]

Bounds: under 3 seconds and 6 MB, for the example, with reasons and tests beside it and without, and for three markets x
five channels x three purposes, as one typical period and as 13 weeks planned one by one. Medians count.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import channelmix as cm
from channelmix.profile import CompanyProfile, starter_profile

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "maison_verte.json"

PERIODS = 13

TIMING = {
    "season": {"promotion": [1.0] * (PERIODS - 3) + [1.5, 2.0, 2.0]},
    "carryover": {"promotion": {"kind": "geometric", "half_life": 1.0}},
}

SECONDS, BYTES = 3.0, 6_000_000


def many_cells(**parts: Any) -> CompanyProfile:
    """Three markets, five channels and three purposes."""
    content = starter_profile() | parts
    content["markets"] = [{"name": name, "customers": 200_000.0} for name in ("FR", "DE", "UK")]
    content["channels"]["kiosk"] = {"like": "im", "reachable": 10_000.0}
    return CompanyProfile.model_validate(content)


def pages() -> Iterator[tuple[str, Callable[[], str]]]:
    """Each page's name, and what makes it."""
    company = CompanyProfile.from_file(EXAMPLE)
    example = cm.optimize(company)
    yield "example", example.to_html
    reasons, tests = cm.explain(example), cm.information_value(company, n_draws=64)
    yield "example, reasons, tests", partial(example.to_html, explanation=reasons, tests=tests)
    many = cm.optimize(many_cells())
    yield f"{len(many.allocation)} cells", many.to_html
    weeks = many_cells(period="week", periods=PERIODS, timing=TIMING)
    over_time = cm.optimize(weeks, n_draws=64, gap=0.05, time_limit=300.0)
    yield f"{len(over_time.sums)} cells x {PERIODS} weeks", over_time.to_html


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each report, after one that warms up")
    runs = parser.parse_args().runs
    held = True
    print(f"{'page':24} {'seconds':>8} {'bytes':>9}")
    for name, make in pages():
        times = []
        for _ in range(runs + 1):
            began = time.perf_counter()
            size = len(make().encode())
            times.append(time.perf_counter() - began)
        seconds = statistics.median(times[1:])
        held &= seconds < SECONDS and size < BYTES
        print(f"{name:24} {seconds:8.2f} {size:9,}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
