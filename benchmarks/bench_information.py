"""How long the best splits of single draws take, and how near their bounds are (bench_information.py)."""

from __future__ import annotations

import time
from pathlib import Path

import channelmix as cm
from channelmix.allocation.by_draw import best_by_draw
from channelmix.stating import drawn, problem_and_splits

EXAMPLES = Path(__file__).parents[1] / "examples"


def main() -> None:
    for file in sorted(EXAMPLES.glob("*.json")):
        profile = cm.CompanyProfile.from_file(file)
        problem, _ = problem_and_splits(profile, drawn(profile, 256, 0))
        if problem.risk is not None:  # draws are then no plans of their own
            continue
        best = cm.solve(problem)
        began = time.process_time()
        found = best_by_draw(problem, cm.solve, time_limit=600.0)
        seconds = time.process_time() - began
        gap = ((found.upper_bound - found.value) / found.value).mean()
        low, high = found.value.mean() - best.upper_bound, found.upper_bound.mean() - best.value
        print(
            f"{file.stem}: {problem.curves.n_cells} cells, {seconds:.1f} s of one core for 256 draws, "
            f"mean gap {gap:.1e}, EVPI {low:,.0f} to {high:,.0f} of {best.value:,.0f}"
        )


if __name__ == "__main__":
    main()
