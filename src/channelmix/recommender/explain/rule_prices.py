"""What rules cost: the objective without a rule, or with a dropped cell kept, against the plan's."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import SPEND_MOVED
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules import EachPeriod, KeepWorking, PriceTiers, SafeImprovement
from channelmix.engine.rules.rows import Cells
from channelmix.plan import RulePrice
from channelmix.recommender.resolve import moved_money, resolve

KEPT = 0.5
"""Share of today's spend at which a cell that the plan drops would be kept."""

DROPPED = 1e-6
"""Share of today's spend below which a cell counts as dropped."""


@dataclass(frozen=True, eq=False)
class Variant:
    """The problem without a rule, or with a cell kept, and what `RulePrice` says of it."""

    rule: str
    change: Literal["without", "with"]
    cell: str | None
    problem: AllocationProblem


def variants(problem: AllocationProblem, spend: Array) -> Iterator[Variant]:
    """Leave out each rule, release each cell that a `KeepWorking` keeps, and keep each cell that the plan drops.

    Price tiers always stay, since they are an offer of the market and not a rule of the company. Among attitudes to
    risk, only a safe improvement counts as a rule.

    Parameters
    ----------
    problem : AllocationProblem
    spend : ndarray of shape (n_spends,)
        The plan. Over several periods a cell is kept in each of them, and counts as dropped if it gets nothing in any.
    """
    rules, cells, current = list(problem.constraints), problem.curves.names, problem.cells.current
    named = list(enumerate(zip(rules, problem.rule_names[1:], strict=True)))

    def replacing(k: int, *others: object) -> AllocationProblem:
        return dataclasses.replace(problem, constraints=[*rules[:k], *others, *rules[k + 1 :]])

    for k, (rule, name) in named:
        if not isinstance(rule, PriceTiers):
            yield Variant(name, "without", None, replacing(k))
    if isinstance(problem.risk, SafeImprovement):
        yield Variant("safe_improvement", "without", None, problem.but(risk=None))
    one_period = Cells(cells, None if current is None else current[: len(cells)])
    for k, (rule, name) in named:
        keeping = rule if problem.delay is None else getattr(rule, "rule", None)
        if not isinstance(keeping, KeepWorking):
            continue
        kept = [cells[int(np.argmax(row.coefficients))] for row in keeping.rows(one_period)]
        for cell in kept if len(kept) > 1 else ():
            others = [_keep(problem, other, keeping.floor) for other in kept if other != cell]
            yield Variant(name, "without", cell, replacing(k, *others))
    if current is None:
        return
    for cell, today, planned in zip(cells, problem.by_cell(current), problem.by_cell(spend), strict=True):
        if today > 0.0 and planned <= DROPPED * today:
            keep = _keep(problem, cell, KEPT)
            yield Variant(keep.label, "with", cell, replacing(len(rules), keep))


def _keep(problem: AllocationProblem, cell: str, floor: float) -> KeepWorking | EachPeriod:
    keep = KeepWorking(cell, floor)
    return keep if problem.delay is None else EachPeriod(keep)


def price_of(
    variant: Variant, spend: Array, value: float, upper_bound: float, *, gap: float, time_limit: float
) -> RulePrice:
    """Price a variant against the plan.

    Each of the two optimal values lies between the value reached and its upper bound, so the price is an interval.

    Parameters
    ----------
    variant : Variant
    spend : ndarray of shape (n_spends,)
        The plan.
    value, upper_bound : float
        The plan's objective, and the proven bound on that of any split within the rules.
    gap, time_limit : float
        For solving the variant.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C ended the search.
    """
    found = resolve(variant.problem, spend, gap, time_limit)
    if variant.change == "without":
        low, high = found.value - upper_bound, found.upper_bound - value
    else:
        low, high = value - found.upper_bound, upper_bound - found.value
    moved = moved_money(found.spend.ravel() - spend) if np.isfinite(found.spend).all() else 0.0
    return RulePrice(
        rule=variant.rule,
        change=variant.change,
        cell=variant.cell,
        low=max(low, 0.0) if math.isfinite(low) else 0.0,
        high=max(high, 0.0) if math.isfinite(high) and found.status is not Status.INFEASIBLE else None,
        status=found.status,
        moved=moved if moved > SPEND_MOVED * float(spend.sum()) else 0.0,
    )
