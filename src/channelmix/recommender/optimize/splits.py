"""What a plan is compared with: the baseline, and other ways to split the same money."""

from __future__ import annotations

import dataclasses
import math

from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import FixedBudget, SafeImprovement
from channelmix.engine.solver.solve import project
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.comparisons import Split, equal_split, surveyed_mix

__all__ = ["splits_of"]

ROUNDING = 1e-9
"""Violation of a rule that counts as rounding, as a share of the budget."""


def splits_of(profile: CompanyProfile, problem: AllocationProblem, budget: float) -> list[Split]:
    """The baseline first, then what else the plan is compared with; `budget` is per period."""
    cells = profile.cells()
    today = {cell.name: cell.current_spend for cell in cells}
    mix, called = today, "today's spend"
    if isinstance(profile.risk, SafeImprovement) and profile.risk.current is not None:
        mix, called = (
            {**dict.fromkeys(today, 0.0), **profile.risk.current},
            "the mix stated for safe_improvement",
        )
    spent = math.fsum(mix.values())
    splits = []
    if spent > 0.0:
        scaled = {name: amount * (budget / spent) for name, amount in mix.items()}
        if math.isclose(spent, budget, rel_tol=1e-9):
            scaled, how = mix, called
        else:
            how = f"{called}, scaled by {budget / spent:.3g} to the budget"
        splits.append(_within_rules(problem, budget, Split("current mix", how, scaled)))
        if splits[0].description != "today's spend" and any(today.values()):
            splits.append(over_periods(problem, Split("today", "today's spend as it is", today)))
    if budget == 0.0 and problem.scenario.limit is None:
        nothing = Split("nothing", "no spend at all", dict.fromkeys(today, 0.0), is_baseline=True)
        return [over_periods(problem, nothing)]
    equal = equal_split(cells, budget)
    splits.append(over_periods(problem, equal) if splits else _within_rules(problem, budget, equal))
    surveyed = surveyed_mix(cells, budget)
    return splits if surveyed is None else [*splits, over_periods(problem, surveyed)]


def over_periods(problem: AllocationProblem, split: Split) -> Split:
    """Return a typical period's split as one of every period that is planned, the same in each."""
    if problem.delay is None:
        return split
    spend = {name: split.spend.get(name.rpartition("/period ")[0], 0.0) for name in problem.cells.names}
    return dataclasses.replace(split, spend=spend)


def _within_rules(problem: AllocationProblem, budget: float, split: Split) -> Split:
    """Make a split the baseline: it is moved as little as the rules ask."""
    nearest = None
    split = over_periods(problem, split)
    budget *= len(problem.cells) / problem.curves.n_cells
    spending = dataclasses.replace(problem, scenario=FixedBudget(budget))  # a target is no matter of splits
    if spending.violation([split.spend[name] for name in problem.cells.names]) > ROUNDING * budget:
        nearest = project(spending, split.spend)
    if nearest is None:
        return dataclasses.replace(split, is_baseline=True)
    how = f"{split.description}, moved as little as the rules ask"
    return dataclasses.replace(split, description=how, spend=nearest, is_baseline=True)
