"""How long whole commands take, as ratios to a bare import measured in the same run.

    python benchmarks/bench_startup.py [--runs 9]

Bounds: `optimize` on the example takes less than ``import cvxpy, sklearn.linear_model``; `--help` and `--version` under
4 times ``import click``. Commands take turns, so that a slow moment of the machine hits all of them; medians count.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "maison_verte.json"

COMMANDS = {
    "import cvxpy, sklearn.linear_model": ["-c", "import cvxpy, sklearn.linear_model"],
    "import click": ["-c", "import click"],
    "channelmix optimize": ["-m", "channelmix", "optimize", str(EXAMPLE)],
    "channelmix --help": ["-m", "channelmix", "--help"],
    "channelmix --version": ["-m", "channelmix", "--version"],
}

BOUNDS = [
    ("channelmix optimize", "import cvxpy, sklearn.linear_model", 1.0),
    ("channelmix --help", "import click", 4.0),
    ("channelmix --version", "import click", 4.0),
]


def seconds(arguments: list[str]) -> float:
    """Wall time of one process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--runs", type=int, default=9, help="counted runs of each command, after one that warms up"
    )
    runs = parser.parse_args().runs
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for run in range(runs + 1):
        for name, arguments in COMMANDS.items():
            taken = seconds(arguments)
            if run:
                times[name].append(taken)
    median = {name: statistics.median(values) for name, values in times.items()}
    print(f"{'command':22} {'against':36} {'ratio':>6} {'bound':>6}   median seconds")
    held = True
    for name, base, bound in BOUNDS:
        ratio = median[name] / median[base]
        held &= ratio < bound
        print(f"{name:22} {base:36} {ratio:6.2f} {bound:6.1f}   {median[name]:.2f} / {median[base]:.2f}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
