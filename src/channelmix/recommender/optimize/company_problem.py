"""From a profile and draws of its cells to its allocation problem."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from channelmix.effectiveness import (
    CellDraws,
    PriorResponse,
    carryover_of,
    observed_ranges,
    prior_response,
    published_draws,
    response,
    risk_of,
    with_figures,
    with_own,
)
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import EachPeriod, FixedBudget, SafeImprovement, TargetOutcome
from channelmix.engine.solver.solve import solve
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.comparisons import Split, splits_of

NEARLY_ALL, REACH_GAP = 0.999, 1e-3
"""Share of what a channel can ever bring that is as good as all, and the gap to which it is told what is in reach."""


def drawn(profile: CompanyProfile, n_draws: int, seed: int, *, fresh: bool = False) -> CellDraws:
    """Draw the effectiveness of a profile's cells from published evidence, and from its own where it has any.

    `fresh` draws are to judge a plan on: those of its own history are others than it was made on.
    """
    published = published_draws(profile.cells(), n_draws, seed)
    return with_own(published, profile, fresh=fresh)


def response_of(profile: CompanyProfile, draws: CellDraws) -> PriorResponse:
    """Turn draws of a profile's cells into curves and losses."""
    return response(draws, profile.period_days, profile.usd_rate or 1.0)


def problem_of(
    profile: CompanyProfile, draws: CellDraws, rules: Sequence[Any] | None = None
) -> AllocationProblem:
    """State a profile's problem on given draws of its cells, whose spend today is the problem's, without its risk.

    `rules` take the place of the profile's rules with figures worked out of these draws.
    """
    brings = response_of(profile, draws)
    rules = _rules(profile, draws, brings) if rules is None else rules
    scenario = profile.scenario if profile.scenario is not None else FixedBudget(profile.budget)
    own = {} if draws.own is None else draws.own.cells
    carryover = carryover_of(profile, {i: one.column.months_ahead for i, one in own.items()})
    if carryover is not None:
        scenario = _over_all(scenario, profile.periods)
    return AllocationProblem(
        brings.curves.shared(),  # markets differ in their size alone, as a rule
        scenario,
        _over_time(rules) if carryover is not None else rules,
        carryover=carryover,
        losses=None if brings.losses is None else brings.losses.shared(),
        current={cell.name: cell.current_spend for cell in draws.cells},
    )


def _rules(profile: CompanyProfile, draws: CellDraws, brings: PriorResponse) -> list[Any]:
    """The profile's rules with their figures, which are those of published evidence whatever history says."""
    days, rate = profile.period_days, profile.usd_rate or 1.0
    published = brings if draws.own is None else prior_response(draws, days, rate)
    return with_figures(profile.rules, draws, published, days, rate) + observed_ranges(profile, draws)


def _over_time(rules: Sequence[Any]) -> list[Any]:
    """Rules of a plan over several periods: those within a period hold in each."""
    return [EachPeriod(rule) if rule.within_period else rule for rule in rules]


def _over_all(scenario: Any, periods: int) -> Any:
    """Return a scenario whose amounts, stated per period, are those of all periods together."""
    amounts = {name: getattr(scenario, name, None) for name in ("amount", "max_amount")}
    return dataclasses.replace(
        scenario, **{name: periods * value for name, value in amounts.items() if value is not None}
    )


def problem_and_splits(
    profile: CompanyProfile, draws: CellDraws, seconds: float = 60.0
) -> tuple[AllocationProblem, list[Split]]:
    """State a profile's problem with its risk, and what its plan is compared with, the baseline first.

    A safe improvement is one on the baseline. `seconds` are the most that telling whether a target is within reach may
    take.
    """
    problem = problem_of(profile, draws)
    splits = splits_of(profile, problem, profile.budget)
    risk = risk_of(profile)
    if isinstance(risk, SafeImprovement):
        risk = dataclasses.replace(risk, current=dict(splits[0].spend))
    return _within_reach(problem.but(risk=risk), seconds), splits


def _within_reach(problem: AllocationProblem, seconds: float) -> AllocationProblem:
    """Limit the money of a target that lies beyond what channels bring at nearly all that they can: then it says so."""
    target = problem.scenario
    if not isinstance(target, TargetOutcome) or target.max_amount is not None:
        return problem
    spends = 2.0 ** np.arange(-64.0, 128.0)
    # Over time as much as is enough in a typical period is enough in each, at the highest price.
    curves = problem.response if problem.carryover is None else problem.curves
    brought = np.array([curves.mean_value(np.full(curves.n_cells, spend)) for spend in spends])
    enough = spends[np.argmax(brought >= NEARLY_ALL * brought[-1], axis=0)]
    most = _rounded_up(float(enough[brought[-1] > 0.0].sum()))
    if problem.carryover is not None:
        most *= float(problem.carryover.over(curves.n_cells).cost.sum(axis=0).max())
    spending = dataclasses.replace(problem, scenario=FixedBudget(most), risk=None)
    if solve(spending, REACH_GAP, seconds).value >= target.amount:
        return problem
    return dataclasses.replace(problem, scenario=dataclasses.replace(target, max_amount=most))


def _rounded_up(amount: float) -> float:
    """Return an amount of two digits that is no less: one that is our own is stated as roughly as it is meant."""
    unit = 10.0 ** (math.floor(math.log10(amount)) - 1) if amount > 0.0 else 1.0
    return unit * math.ceil(amount / unit)


def on_curves_of(problem: AllocationProblem, brings: PriorResponse) -> AllocationProblem:
    """Return the same problem, with its own rules, on other curves and losses of its cells."""
    losses = None if brings.losses is None else brings.losses.shared()
    return problem.but(curves=brings.curves.shared(), losses=losses)


def with_curves_of(
    profile: CompanyProfile, problem: AllocationProblem, draws: CellDraws
) -> AllocationProblem:
    """Return the same problem on other draws, its rules with the figures that belong to these."""
    brings = response_of(profile, draws)
    other = on_curves_of(problem, brings)
    rules = _rules(profile, draws, brings)
    rules = rules if problem.carryover is None else _over_time(rules)
    same = tuple(rules) == problem.constraints
    return other if same else dataclasses.replace(other, constraints=rules)
