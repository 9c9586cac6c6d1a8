"""A thousand random companies: is every plan made, proven and quick, and which ones look odd?

    python benchmarks/bench_random_profiles.py [--count 1000] [--seed 0] [--show 20] [--document FILE]

Each profile is planned as `channelmix optimize` does it, and its plan is written, read back and verified. The exit
code is 1 if one raises an error, is neither optimal nor infeasible, is not verified or names a conflict that is not
minimal, or if the median time of `optimize` reaches a second. The first plan fits the regressions and counts as well.

Odd is what a manager would frown at. Each sign beyond its limit scores 1, and up to 1 more at ten times its limit; the
oddest plans are listed with what explains them. docs/explanation/oddities.md says what was found behind them, and
`--document docs/explanation/oddities.md` brings its counts up to date.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' random profiles and oracles

from tests.oracles import is_minimal_conflict
from tests.random_profiles import random_content

import channelmix as cm
from channelmix.plan import CellPlan, Comparison, Plan, verify_plan

MEDIAN_SECONDS = 1.0

SIGNS: Mapping[str, tuple[float, str]] = {
    "cell": (0.95, "share of the budget on one cell"),
    "gain": (3.0, "gain over the size of the baseline's outcome"),
    "unspent": (0.5, "share of the budget left over"),
    "return": (30.0, "outcome over spend"),
    "loss": (30.0, "spend over outcome"),
    "next": (30.0, "outcome of one more unit on the best cell that gets money"),
    "width": (100.0, "high over low end of the outcome's interval"),
    "fresh": (2.0, "outcome on the plan's draws over that on fresh ones, or the reverse"),
}
"""Limit of each sign of oddity, and what it measures. Outcomes are less charges, all but the interval of "width"."""


COUNTS = re.compile(r"(?<=```text\n)cell  [\s\S]*?(?=\n```)")
"""The block of counts in a document."""


@dataclass(frozen=True)
class Finding:
    """What became of one profile."""

    seed: int
    seconds: float
    status: str = ""
    fault: str = ""
    signs: Mapping[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """Oddity: 0 where no sign is beyond its limit."""
        beyond = [value / SIGNS[name][0] for name, value in self.signs.items()]
        return float(sum(1.0 + np.log10(min(ratio, 10.0)) for ratio in beyond if ratio >= 1.0))


def examine(seed: int) -> Finding:
    """Plan one random company, check every claim, and measure the signs of oddity."""
    profile = cm.CompanyProfile.model_validate(random_content(seed))
    began = time.perf_counter()
    try:
        plan = cm.optimize(profile)
        seconds = time.perf_counter() - began
        verify_plan(Plan.from_json(plan.to_json()))
    except Exception as error:  # whatever it is, it is to be told with its seed
        return Finding(seed, time.perf_counter() - began, fault=f"{type(error).__name__}: {error}")
    if plan.status is cm.Status.INFEASIBLE:
        minimal = is_minimal_conflict(cm.AllocationProblem.from_dict(plan.problem), plan.conflicts)
        return Finding(seed, seconds, plan.status, "" if minimal else f"not minimal: {plan.conflicts}")
    if plan.status is not cm.Status.OPTIMAL:
        return Finding(seed, seconds, plan.status, f"{plan.status}, gap {plan.certificate.gap:.1e}")
    return Finding(seed, seconds, plan.status, signs=signs_of(plan))


def signs_of(plan: Plan) -> dict[str, float]:
    """Signs of oddity of a feasible plan; infinite where something is earned from nothing."""
    assert plan.totals is not None
    totals, base = plan.totals, baseline_of(plan)
    value, fresh = plan.certificate.value or 0.0, base.outcome.mean + base.gain.mean
    budget = totals.budget or 0.0
    paid = [row.marginal_return for row in plan.allocation if row.spend > 1e-6 * budget]
    return {
        "cell": ratio(max(row.spend for row in plan.allocation), budget),
        "gain": ratio(base.gain.mean, abs(base.outcome.mean)),
        "unspent": ratio(budget - totals.spend, budget),
        "return": ratio(value, totals.spend),
        "loss": ratio(totals.spend, value),
        "next": max((m for m in paid if m is not None), default=0.0),
        "width": ratio(totals.outcome.high, totals.outcome.low),
        "fresh": max(ratio(value, fresh), ratio(fresh, value)) if value * fresh >= 0.0 else np.inf,
    }


def ratio(above: float, below: float) -> float:
    """A quotient; 0 of nothing, infinite where only the denominator is nothing."""
    return 0.0 if above <= 0.0 else float("inf") if below <= 0.0 else above / below


def baseline_of(plan: Plan) -> Comparison:
    """The comparison that the plan is judged by."""
    return next(comparison for comparison in plan.comparisons if comparison.is_baseline)


def row(finding: Finding) -> str:
    """Lines of the table on one plan, made again: the signs, then what explains them."""
    content = random_content(finding.seed)
    plan = cm.optimize(cm.CompanyProfile.model_validate(content))
    assert plan.totals is not None
    marks = [f"{name} {value:.3g}" for name, value in finding.signs.items() if value >= SIGNS[name][0]]
    totals, base = plan.totals, baseline_of(plan)
    return (
        f"{finding.seed:>6} {finding.score:>6.1f}  {', '.join(marks)}\n"
        f"{'':>15}{content['sector']}, {content['country']}, {content['period']}; "
        f"{cells_alive(plan)} of {len(plan.allocation)} cells can bring anything, {len(content['rules'])} rules; "
        f"{plan.currency} {short(totals.current_spend)} today, {short(totals.budget or 0.0)} to spend, "
        f"{short(totals.spend)} spent\n"
        f"{'':>15}plan {interval(totals.outcome)}; {base.name} {interval(base.outcome)}; {cells(plan)}"
    )


def cells_alive(plan: Plan) -> int:
    """Cells that ten budgets would bring anything on."""
    assert plan.totals is not None
    curves = cm.ResponseCurves.from_dict(plan.problem["curves"])
    return int(
        np.count_nonzero(curves.mean_value(np.full(curves.n_cells, 10.0 * (plan.totals.budget or 0.0))))
    )


def cells(plan: Plan) -> str:
    """The two cells with the most money, now and planned."""
    assert plan.totals is not None

    def told(cell: CellPlan) -> str:
        marginal = "?" if cell.marginal_return is None else f"{cell.marginal_return:.2g}"
        return (
            f"{cell.name} {short(cell.current_spend)} to {short(cell.spend)} "
            f"brings {short(cell.outcome.mean)}, next {marginal}"
        )

    return "; ".join(told(c) for c in sorted(plan.allocation, key=lambda c: -c.spend)[:2])


def interval(of: cm.plan.Interval) -> str:
    """Mean and ends in three digits."""
    return f"{short(of.mean)} ({short(of.low)} to {short(of.high)})"


def short(amount: float) -> str:
    """Three digits."""
    return f"{amount:,.0f}" if 100.0 <= abs(amount) < 1e6 else f"{amount:.3g}"


def counts(findings: Sequence[Finding]) -> list[str]:
    """Lines of the counts: plans beyond each limit, what became of all profiles, and how long it took."""
    lines = []
    for name, (limit, meaning) in SIGNS.items():
        count = sum(f.signs.get(name, 0.0) >= limit for f in findings)
        lines.append(f"{name:<8} {count:>5} plans: {meaning}, at least {limit:g}")
    optimal, infeasible = (
        sum(f.status == status and not f.fault for f in findings)
        for status in (cm.Status.OPTIMAL, cm.Status.INFEASIBLE)
    )
    faults, odd = sum(bool(f.fault) for f in findings), sum(f.score > 0.0 for f in findings)
    lines.append(
        f"{len(findings)} profiles: {optimal} optimal, {infeasible} infeasible with a minimal conflict named, "
        f"{faults} faults, {odd} odd"
    )
    seconds = np.quantile([finding.seconds for finding in findings], [0.5, 0.9, 1.0])
    lines.append(
        f"optimize: {seconds[0]:.2f} s in the median, {seconds[1]:.2f} s for 90 %, {seconds[2]:.2f} s at worst"
    )
    return lines


def with_counts(document: str, lines: Sequence[str]) -> str:
    """Put counts into a document, in place of its one block of text that holds some."""
    found = COUNTS.findall(document)
    if len(found) != 1:
        raise ValueError(f"the document has {len(found)} blocks of counts, where there is one")
    return document.replace(found[0], "\n".join(lines))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000, help="profiles")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first; the others follow")
    parser.add_argument("--show", type=int, default=20, help="odd plans to list")
    parser.add_argument("--document", type=Path, help="file whose counts are written anew")
    options = parser.parse_args()
    findings = [examine(seed) for seed in range(options.seed, options.seed + options.count)]
    odd = sorted((f for f in findings if f.score > 0.0), key=lambda f: -f.score)
    print(f"{'seed':>6} {'oddity':>6}  signs beyond their limits")
    for finding in odd[: options.show]:
        print(row(finding))
    print()
    faults = [finding for finding in findings if finding.fault]
    for finding in faults:
        print(f"FAULT    seed {finding.seed}: {finding.fault}")
    print("\n".join(counts(findings)))
    if options.document:
        options.document.write_text(
            with_counts(options.document.read_text("utf-8"), counts(findings)), "utf-8"
        )
    seconds = float(np.median([finding.seconds for finding in findings]))
    return 1 if faults or seconds >= MEDIAN_SECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
