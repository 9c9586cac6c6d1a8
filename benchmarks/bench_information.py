"""How long the best splits of single draws take, and how near their bounds are.

    python benchmarks/bench_information.py [EXAMPLE ...]

Seconds are of processor time. Plans of several periods are looked at in a typical one, as `information_value` does, and
a risk is left aside.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

import channelmix as cm
from channelmix.engine.solver.by_draw import best_by_draw
from channelmix.recommender.optimize.company_problem import drawn, problem_and_splits

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

DRAWS = 256


def measured(file: Path) -> str:
    """One example's figures in a line."""
    profile = cm.CompanyProfile.from_file(file).model_copy(update={"timing": None})
    problem, _ = problem_and_splits(profile, drawn(profile, DRAWS, 0))
    problem = dataclasses.replace(problem, risk=None)
    best = cm.solve(problem)
    began = time.process_time()
    try:
        found = best_by_draw(problem, time_limit=600.0)
    except cm.InputError as error:
        return f"not asked for: {error}"
    seconds = time.process_time() - began
    gap = ((found.upper_bound - found.value) / found.value).mean()
    low, high = found.value.mean() - best.upper_bound, found.upper_bound.mean() - best.value
    return (
        f"{problem.curves.n_cells} cells, {seconds:.1f} s for {DRAWS} draws, mean gap {gap:.1e}, "
        f"EVPI {low:,.0f} to {high:,.0f} of {best.value:,.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("examples", nargs="*", help="names of examples; all of them by default")
    names = parser.parse_args().examples or sorted(file.stem for file in EXAMPLES.glob("*.json"))
    for name in names:
        print(f"{name}: {measured(EXAMPLES / f'{name}.json')}", flush=True)


if __name__ == "__main__":
    main()
