"""What rules cost: the same plan without one of them, and with a cell kept that it gives up."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules import EachPeriod, KeepWorking, PriceTiers, SafeImprovement
from channelmix.engine.rules.rows import Cells
from channelmix.engine.solver.solve import solve
from channelmix.plan import RulePrice

KEPT = 0.5
"""Share of today's spend at which a cell that the plan gives up would be kept."""

GIVEN_UP = 1e-6
"""Share of today's spend below which a cell counts as given up."""

ROUNDING = 1e-6
"""Share of the plan's spend up to which money that moves is rounding."""


@dataclass(frozen=True, eq=False)
class Variant:
    """The problem without a rule, or with a cell kept: what `RulePrice` says of it, and the problem itself."""

    rule: str
    change: Literal["without", "with"]
    cell: str | None
    problem: AllocationProblem


def variants(problem: AllocationProblem, spend: Array) -> Iterator[Variant]:
    """Every rule left out, every cell let go of that a `KeepWorking` keeps, every cell kept that the plan gives up.

    Price tiers, which are what the market offers and no rule, stay; of risk, only a safe improvement is a rule.

    Parameters
    ----------
    problem : AllocationProblem
    spend : ndarray of shape (n_spends,)
        The plan; over several periods a cell is kept in each of them, and given up if it gets nothing in any.
    """
    rules, names = problem.constraints, problem.rule_names[1:]
    cells = problem.curves.names
    current = problem.cells.current
    of_a_period = Cells(cells, None if current is None else current[: len(cells)])
    for k, (rule, name) in enumerate(zip(rules, names, strict=True)):
        if not isinstance(rule, PriceTiers):
            rest = [*rules[:k], *rules[k + 1 :]]
            yield Variant(name, "without", None, dataclasses.replace(problem, constraints=rest))
    if isinstance(problem.risk, SafeImprovement):
        yield Variant("safe_improvement", "without", None, dataclasses.replace(problem, risk=None))
    for k, (rule, name) in enumerate(zip(rules, names, strict=True)):
        kept_rule = rule if problem.delay is None else getattr(rule, "rule", None)
        if not isinstance(kept_rule, KeepWorking):
            continue
        kept = [cells[int(np.argmax(row.coefficients))] for row in kept_rule.rows(of_a_period)]
        for cell in kept if len(kept) > 1 else ():
            others = [_keeping(problem, other, kept_rule.floor) for other in kept if other != cell]
            free = [*rules[:k], *others, *rules[k + 1 :]]
            yield Variant(name, "without", cell, dataclasses.replace(problem, constraints=free))
    if current is None:
        return
    today, planned = problem.by_cell(current), problem.by_cell(spend)
    for i, cell in enumerate(cells):
        if today[i] > 0.0 and planned[i] <= GIVEN_UP * today[i]:
            keep = _keeping(problem, cell, KEPT)
            with_it = dataclasses.replace(problem, constraints=[*rules, keep])
            yield Variant(keep.label, "with", cell, with_it)


def _keeping(problem: AllocationProblem, cell: str, floor: float) -> KeepWorking | EachPeriod:
    keep = KeepWorking(cell, floor)
    return keep if problem.delay is None else EachPeriod(keep)


def priced(
    variant: Variant, spend: Array, value: float, upper_bound: float, *, gap: float, time_limit: float
) -> RulePrice:
    """Price a variant against the plan.

    The true difference of the two best values lies between what each is proven to have reached and cannot exceed.

    Parameters
    ----------
    variant : Variant
    spend, value, upper_bound
        The plan, its objective, and what no split within its rules is worth more than.
    gap, time_limit : float
        Of the plan made anew.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C stops the search.
    """
    starts = [dict(zip(variant.problem.cells.names, spend.tolist(), strict=True))]
    found = solve(variant.problem, gap, time_limit, starts=starts)
    if found.report.interrupted:
        raise KeyboardInterrupt
    if variant.change == "without":
        low, high = found.value - upper_bound, found.upper_bound - value
    else:
        low, high = value - found.upper_bound, upper_bound - found.value
    known = np.isfinite(found.spend).all()
    change = found.spend.ravel() - spend if known else np.zeros(1)
    moved = float(max(change[change > 0.0].sum(), -change[change < 0.0].sum()))
    return RulePrice(
        rule=variant.rule,
        change=variant.change,
        cell=variant.cell,
        low=max(low, 0.0) if math.isfinite(low) else 0.0,
        high=max(high, 0.0) if math.isfinite(high) and found.status is not Status.INFEASIBLE else None,
        status=found.status,
        moved=moved if moved > ROUNDING * float(spend.sum()) else 0.0,
    )
