"""What a plan is compared with: the baseline, and other ways to split the same money."""

from __future__ import annotations

import dataclasses
import math

from channelmix.allocation import project
from channelmix.analysis.comparisons import Split, equal_split, surveyed_mix
from channelmix.problem import AllocationProblem
from channelmix.profile import CompanyProfile
from channelmix.rules import FixedBudget, SafeImprovement

__all__ = ["splits_of"]

ROUNDING = 1e-9
"""Violation of a rule that counts as rounding, as a share of the budget."""


def splits_of(profile: CompanyProfile, problem: AllocationProblem, budget: float) -> list[Split]:
    """The baseline first, then what else the plan is compared with."""
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
            splits.append(Split("today", "today's spend as it is", today))
    if budget == 0.0 and problem.scenario.limit is None:
        return [Split("nothing", "no spend at all", dict.fromkeys(today, 0.0), is_baseline=True)]
    equal = equal_split(cells, budget)
    splits.append(equal if splits else _within_rules(problem, budget, equal))
    surveyed = surveyed_mix(cells, budget)
    return splits if surveyed is None else [*splits, surveyed]


def _within_rules(problem: AllocationProblem, budget: float, split: Split) -> Split:
    """Make a split the baseline: it is moved as little as the rules ask."""
    nearest = None
    spending = dataclasses.replace(problem, scenario=FixedBudget(budget))  # a target is no matter of splits
    if spending.violation([split.spend[name] for name in problem.curves.names]) > ROUNDING * budget:
        nearest = project(spending, split.spend)
    if nearest is None:
        return dataclasses.replace(split, is_baseline=True)
    how = f"{split.description}, moved as little as the rules ask"
    return dataclasses.replace(split, description=how, spend=nearest, is_baseline=True)
