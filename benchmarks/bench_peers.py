"""Our optimizer beside those of Meridian, PyMC-Marketing and Robyn, on the same problems in the same run.

    python benchmarks/bench_peers.py [--seeds 200] [--runs 9] [--package-seeds 50] [--only Meridian Robyn]

First table: time on 12 S-shaped cells with 1,000 draws, as information. Then six Hill channels and one budget, concave
and S-shaped, responses adding up to 1 and to 1e6: shortfall is what a split misses of the exact best, found by dynamic
programming. The exit code is 1 if a certificate of ours is missing, above the gap or contradicted.

The peers' algorithms are written anew in ``benchmarks/peers``; with the extra `peers`, PyMC-Marketing and NLopt
themselves run as well. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' oracle

from tests.oracles.one_budget import best_split

import channelmix as cm
from peers.algorithms import Answer, augmented_lagrangian, greedy, slsqp, slsqp_from_many
from peers.packages import PyMCMarketing, nlopt_auglag, version
from peers.problems import HillProblem, draw_posterior, draw_problem

GAP = 1e-4
ROUNDING = 1e-9
"""Relative slack where two computations of one value are compared."""

CURRENCY = 1000.0
"""Units of the other currency, one of today's each, in which problems are told again."""

MOVED = 1e-3
"""Share of the budget from which on money counts as left unspent, or a split as moved."""

ANY_SPLIT = (0.0, 6.0)
"""Bounds as multiples of the equal split of six channels that exclude nothing."""

Array = NDArray[np.float64]
Optimizer = Callable[[HillProblem], Answer]

SLSQP = "PyMC-Marketing: SLSQP"

ALGORITHMS: dict[str, Optimizer] = {
    "Meridian: greedy, within 30 % *": greedy,
    "Meridian: greedy, any split": lambda problem: greedy(problem, (1.0, 5.0)),
    SLSQP: slsqp,
    "  in shares, best of 20 starts": slsqp_from_many,
    "Robyn: AUGLAG, 0.5 to 2 times *": augmented_lagrangian,
    "Robyn: AUGLAG, any split": lambda problem: augmented_lagrangian(problem, ANY_SPLIT),
}


def installed() -> dict[str, Optimizer]:
    """The peers' own packages that are installed."""
    packages: dict[str, Optimizer] = {}
    if found := version("pymc-marketing"):
        packages[f"PyMC-Marketing {found} itself"] = lambda problem: PyMCMarketing(problem).optimize_budget()
    else:
        print("PyMC-Marketing is not installed: skipped (install the extra `peers`)", file=sys.stderr)
    if found := version("nlopt"):
        packages[f"NLopt {found} as Robyn, any split"] = lambda problem: nlopt_auglag(problem, ANY_SPLIT)
    else:
        print("NLopt is not installed: skipped (install the extra `peers`)", file=sys.stderr)
    return packages


@dataclass
class Tally:
    """What one optimizer did on one class of problems."""

    name: str
    shortfall: list[float] = field(default_factory=list)
    shares: list[Array] = field(default_factory=list)
    unspent: int = 0
    stayed: int = 0
    moved: int = 0
    retold: int = 0
    failed: int = 0

    def add(self, problem: HillProblem, best: float, answer: Answer, retold: Answer | None) -> None:
        """Note an answer, and the answer to the same problem in another currency."""
        spend = within_budget(answer.spend, problem.budget)
        self.shortfall.append(1.0 - problem.value(spend) / best)
        self.shares.append(spend / problem.budget)
        self.unspent += bool(spend.sum() < (1.0 - MOVED) * problem.budget)
        self.stayed += bool(np.abs(answer.spend - answer.start).max() < 1e-6 * problem.budget)
        self.failed += answer.failed
        if retold is not None:
            self.retold += 1
            other = within_budget(retold.spend, CURRENCY * problem.budget) / CURRENCY
            self.moved += bool(np.abs(other - spend).max() > MOVED * problem.budget)

    def row(self) -> str:
        """One line of the table."""
        moved = str(self.moved) if self.retold else "-"
        return (
            f"{self.name:<36}{percent(float(np.mean(self.shortfall)))}{percent(max(self.shortfall))}"
            f"{self.unspent:>9}{self.stayed:>9}{moved:>12}{self.failed:>7}"
        )


HEADER = (
    f"{'':<36}{'shortfall, %':>18}{'leaves':>9}{'stays':>9}{'moves with':>12}\n"
    f"{'optimizer':<36}{'mean':>9}{'worst':>9}{'money':>9}{'at start':>9}{'currency':>12}{'fails':>7}"
)


def percent(share: float) -> str:
    """A share in per cent, without a sign where it rounds to 0."""
    return f"{round(100 * share, 4) + 0.0:>9.4f}"


def within_budget(spend: Array, budget: float) -> Array:
    """Spend without negative amounts, scaled down where rounding took it above the budget."""
    spend = np.maximum(spend, 0.0)
    return spend * min(1.0, budget / float(spend.sum() or budget))


@dataclass
class Certificates:
    """What was found of our certificates over all problems."""

    problems: int = 0
    held: int = 0
    worst_gap: float = 0.0

    def solve(self, problem: HillProblem, best: float, error: float) -> Answer:
        """Our answer; its certificate is verified and held against the best split, known up to `error`."""
        allocation = problem.allocation()
        solution = cm.solve(allocation, gap=GAP)
        try:
            confirmed = cm.verify(allocation, solution).status is cm.Status.OPTIMAL
        except cm.CertificateError as refused:
            print(f"a certificate is false: {refused}", file=sys.stderr)
            confirmed = False
        slack = ROUNDING * best
        true = solution.upper_bound >= best - slack and solution.value <= best + error + slack
        close = solution.gap <= GAP and solution.value >= best * (1.0 - GAP) - slack
        self.problems += 1
        self.held += confirmed and true and close
        self.worst_gap = max(self.worst_gap, solution.gap)
        return Answer(solution.spend, problem.equal_split)


def compare(seeds: int, package_seeds: int, only: list[str]) -> bool:
    """Print what each optimizer misses; return whether every certificate of ours holds."""
    packages, algorithms = (
        {name: one for name, one in every.items() if any(part in name for part in only)}
        for every in (installed(), ALGORITHMS)
    )
    certificates, worst_error = Certificates(), 0.0
    for s_shaped in (False, True):
        problems = [draw_problem(seed, s_shaped) for seed in range(seeds)]
        exact = [best_split(p.scale, p.half_saturation, p.slope, p.budget)[1:] for p in problems]
        worst_error = max([worst_error, *(error / value for value, error in exact)])
        for outcome in (1.0, 1e6):
            title = f"{'S-shaped' if s_shaped else 'Concave'}, responses {outcome:g}, {seeds} problems"
            tallies = {name: Tally(name) for name in ("channelmix", *algorithms, *packages)}
            for seed, (drawn, (value, error)) in enumerate(zip(problems, exact, strict=True)):
                if seed % 20 == 0:
                    print(f"{title}: {seed} done", file=sys.stderr)
                problem, best = drawn.rescaled(outcome=outcome), value * outcome
                other = problem.rescaled(currency=CURRENCY)
                answer = certificates.solve(problem, best, error * outcome)
                retold = cm.solve(other.allocation(), gap=GAP).spend
                tallies["channelmix"].add(problem, best, answer, Answer(retold, other.equal_split))
                for name, optimizer in algorithms.items():
                    tallies[name].add(problem, best, optimizer(problem), optimizer(other))
                for name, optimizer in packages.items() if seed < package_seeds else ():
                    tallies[name].add(problem, best, optimizer(problem), None)
            print(f"\n{title}\n{HEADER}")
            for tally in tallies.values():
                print(tally.row())
            for name in packages:
                if name.startswith("PyMC") and SLSQP in tallies:
                    pairs = zip(tallies[SLSQP].shares, tallies[name].shares, strict=False)
                    apart = max(float(np.abs(one - two).max()) for one, two in pairs)
                    print(f"PyMC-Marketing's own splits: at most {apart:.0e} of the budget apart")
    print(
        "\n* within the limits that the peer sets by default around today's mix, here the equal split"
        f"\nThe packages themselves were given the first {min(seeds, package_seeds)} problems of each class."
        f"\nchannelmix: {certificates.held} of {certificates.problems} certified and confirmed, largest gap"
        f" {certificates.worst_gap:.1e}"
        f"\nThe exact best is known to a relative error of {worst_error:.1e}."
    )
    return certificates.held == certificates.problems


def time_them(runs: int) -> None:
    """Print median seconds of interleaved runs on other posteriors."""
    cm.solve(draw_problem(0, s_shaped=True).allocation(), gap=GAP)  # what is imported lazily is imported
    peer = version("pymc-marketing") is not None
    mine: list[float] = []
    theirs: list[float] = []
    minimizing: list[float] = []
    behind: list[float] = []
    for run in range(runs + 1):
        print(f"timing: {run} of {runs + 1}", file=sys.stderr)
        posterior = draw_posterior(run)
        problem = posterior.allocation()
        began = time.perf_counter()
        solution = cm.solve(problem, gap=GAP)
        mine.append(time.perf_counter() - began)
        if peer:
            model = PyMCMarketing(posterior)
            began = time.perf_counter()
            answer = model.optimize_budget()
            theirs.append(time.perf_counter() - began)
            minimizing.append(model.seconds_to_minimize())
            spend = within_budget(answer.spend, posterior.budget)
            behind.append(1.0 - problem.value(spend) / solution.value)
    print("12 S-shaped cells with 1,000 draws, responses 1e6: seconds, and how many times ours")
    median = statistics.median(mine[1:])
    print(f"{'channelmix, gap 1e-4':<50}{median:>8.3f}   (from {min(mine[1:]):.3f} to {max(mine[1:]):.3f})")
    if not peer:
        return
    rows = (
        ("optimize_budget, first call: compiles all", theirs[0]),
        ("optimize_budget, later calls: compile the model", statistics.median(theirs[1:])),
        ("its minimization alone, compiled before", statistics.median(minimizing[1:])),
    )
    for name, seconds in rows:
        print(f"{name:<50}{seconds:>8.3f}{seconds / median:>8.1f}")
    print(
        f"its answers miss {100 * np.mean(behind):.2f} % of ours on average, {100 * max(behind):.2f} % at worst"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200, help="problems of each class")
    parser.add_argument("--runs", type=int, default=9, help="counted runs of each timing, after a first one")
    parser.add_argument(
        "--package-seeds",
        type=int,
        default=50,
        help="problems of each class that the packages are given: PyMC-Marketing compiles a model for each",
    )
    parser.add_argument("--only", nargs="+", default=[""], help="parts of names of optimizers")
    options = parser.parse_args()
    time_them(options.runs)  # first, so that a peer's first call is its first in this process
    held = compare(options.seeds, options.package_seeds, options.only)
    print("every certificate holds" if held else "FAILED: a certificate is missing or contradicted")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
