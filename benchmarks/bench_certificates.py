"""Are certificates true? Random problems are solved, checked, and attacked by independent searches.

Every problem has 4 to 20 cells with Hill curves (slope 0.6 to 4), one budget and random bounds; half of them have a
share for every market as well. A claim fails, and the exit code is 1, if

- a gap is not closed, or `channelmix.verify` does not confirm the solution;
- dynamic programming on a grid (in two levels where markets have shares), local search from many starts or 10,000
  random feasible points find a plan above the proven bound, or above the plan by more than the gap;
- the same problem in another currency and unit of outcome, with its cells renamed and reordered, has another value
  (beyond the gap) or other shares of the budget (beyond 1e-3, unless two basins tie within the gap).

Time is printed as information. Run ``python benchmarks/bench_certificates.py --quick`` for a tenth of it.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' oracles

from tests import oracles

import channelmix as cm

GAP = 1e-4
SHARE_TOLERANCE = 1e-3
ROUNDING = 1e-9
"""Relative slack of a comparison with an independent search: its points obey the rules up to rounding."""

STARTS = 6
POINTS = 10_000


@dataclass
class Tally:
    """What was found on one class of problems."""

    name: str
    problems: int = 0
    optimal: int = 0
    verified: int = 0
    worst_gap: float = 0.0
    beaten: dict[str, int] = field(default_factory=lambda: {"grid": 0, "local": 0, "random": 0})
    value_change: float = 0.0
    share_change: float = 0.0
    ties: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether any claim fails."""
        return (
            min(self.optimal, self.verified) < self.problems
            or self.worst_gap > GAP
            or any(self.beaten.values())
            or self.value_change > GAP
            or self.share_change > SHARE_TOLERANCE
        )

    def row(self) -> str:
        """One line of the table."""
        return (
            f"{self.name:<22}{self.problems:>9}{self.optimal:>9}{self.verified:>10}{self.worst_gap:>10.1e}"
            f"{self.beaten['grid']:>6}{self.beaten['local']:>7}{self.beaten['random']:>8}"
            f"{self.value_change:>12.1e}{self.share_change:>12.1e}{self.ties:>6}"
            f"{np.median(self.seconds):>9.2f}{max(self.seconds):>8.2f}"
        )


HEADER = (
    f"{'':<22}{'':>9}{'':>9}{'':>10}{'':>10}{'beaten by':>21}{'retold: change of':>24}{'':>6}{'seconds':>17}\n"
    f"{'class':<22}{'problems':>9}{'optimal':>9}{'verified':>10}{'max gap':>10}{'grid':>6}{'local':>7}{'random':>8}"
    f"{'value':>12}{'shares':>12}{'ties':>6}{'median':>9}{'max':>8}"
)


def attack(made: oracles.RandomProblem, rng: np.random.Generator) -> dict[str, float]:
    """Best value that each independent search finds."""
    problem = made.problem
    points = oracles.feasible_points(problem, POINTS, rng)
    worth = np.concatenate([oracles.values(problem, part) for part in np.array_split(points, 20)])
    starts = points[np.argsort(-worth)[: STARTS // 2]]
    starts = np.concatenate([starts, points[rng.integers(POINTS, size=STARTS - len(starts))]])
    if made.groups:
        grid = oracles.grouped_best_on_grid(problem, made.budget, made.low, made.high, made.groups)
    else:
        grid = oracles.best_on_grid(problem, made.budget, made.low, made.high)
    return {"grid": grid, "local": oracles.best_local(problem, starts)[0], "random": float(worth.max())}


def examine(tally: Tally, made: oracles.RandomProblem, rng: np.random.Generator) -> None:
    """Solve one problem, check every claim, and note what is found."""
    problem = made.problem
    began = time.perf_counter()
    solution = cm.solve(problem, gap=GAP)
    tally.seconds.append(time.perf_counter() - began)
    tally.problems += 1
    tally.optimal += solution.status is cm.Status.OPTIMAL
    try:
        tally.verified += cm.verify(problem, solution).status is cm.Status.OPTIMAL
    except cm.CertificateError as error:
        print(f"{tally.name}, problem {tally.problems}: {error}", file=sys.stderr)
    tally.worst_gap = max(tally.worst_gap, solution.gap)
    scale = max(abs(solution.value), problem.gross(solution.spend))
    limit = min(solution.upper_bound, solution.value + GAP * scale) + ROUNDING * scale
    for name, value in attack(made, rng).items():
        tally.beaten[name] += value > limit

    currency, outcome = (10.0 ** float(k) for k in rng.integers(-6, 7, size=2))
    order = rng.permutation(problem.curves.n_cells).tolist()
    other = cm.solve(oracles.retold(made, currency, outcome, order), gap=GAP)
    tally.value_change = max(tally.value_change, abs(other.value / outcome - solution.value) / scale)
    spend = np.empty(len(order))
    spend[order] = other.spend / currency
    change = float(np.abs(spend - solution.spend).max()) / made.budget
    if change > SHARE_TOLERANCE and oracles.has_rival(made, solution.spend, spend):
        tally.ties += 1
    else:
        tally.share_change = max(tally.share_change, change)


def run(problems: int = 200, seed: int = 0) -> list[Tally]:
    """Examine `problems` problems of one draw a cell, and a quarter as many of 200 draws."""
    classes = [
        ("bounds", problems - problems // 2, 1, False),
        ("bounds and shares", problems // 2, 1, True),
        ("bounds, 200 draws", problems // 4 - problems // 8, 200, False),
        ("and shares, 200 draws", problems // 8, 200, True),
    ]
    tallies = []
    for kind, (name, count, draws, shares) in enumerate(classes):
        tally = Tally(name)
        for k in range(count):
            rng = np.random.default_rng([seed, kind, k])
            examine(tally, oracles.hill_problem(rng, int(rng.integers(4, 21)), draws, shares=shares), rng)
        tallies.append(tally)
    return tallies


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 if a claim fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--problems", type=int, default=200, help="problems of one draw a cell (at least 8)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random problems")
    parser.add_argument("--quick", action="store_true", help="a tenth of the problems")
    options = parser.parse_args(arguments)
    if options.problems < 8:
        parser.error("--problems must be at least 8")
    tallies = run(max(8, options.problems // 10) if options.quick else options.problems, options.seed)
    print(HEADER)
    for tally in tallies:
        print(tally.row())
    failed = [tally.name for tally in tallies if tally.failed]
    print(f"FAILED: {', '.join(failed)}" if failed else "every claim holds")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
