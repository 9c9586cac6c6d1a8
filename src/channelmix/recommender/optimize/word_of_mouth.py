"""What word of mouth makes of a plan, and whether the number of people told decides anything."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from channelmix.effectiveness import PriorResponse
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution
from channelmix.engine.rules import FixedBudget
from channelmix.engine.solver.large_search import LARGE_OVER_TIME
from channelmix.engine.solver.solve import solve
from channelmix.plan import IfTen, WordOfMouth, span_of
from channelmix.profile import CompanyProfile
from channelmix.recommender.resolve import by_name, moved_money


def word_of_mouth(
    profile: CompanyProfile,
    problem: AllocationProblem,
    solution: Solution,
    response: PriorResponse,
    *,
    silent: AllocationProblem,
    told_ten: Callable[[], AllocationProblem],
    time_limit: float,
) -> WordOfMouth:
    """Weigh word of mouth at the plan's spend, and plan again as if unsatisfied customers told ten people.

    Parameters
    ----------
    profile : CompanyProfile
        Says whom customers tell.
    problem, solution
        What was solved, and the answer.
    response : PriorResponse
        What the problem's curves were made with.
    silent : AllocationProblem
        The same problem on the same draws, if nobody told anybody.
    told_ten : callable
        Builds the same, if unsatisfied customers told ten people.
    time_limit : float
        Seconds for planning again; where planning took longer, that is left out.
    """
    spend, value = solution.spend.ravel(), problem.net(solution.spend)
    acting, factors = problem.in_periods(spend)
    heard = [
        [float(factor @ worth) for worth in response.heard_by_cell(one)]
        for one, factor in zip(acting[: span_of(problem)], factors, strict=False)
    ]
    praise, criticism = np.sum(heard, axis=0).tolist()
    again = None
    # Where the worst draws count, to plan again takes as long as the plan.
    if problem.tail is None and (len(spend) < LARGE_OVER_TIME or time_limit >= solution.report.seconds):
        ten = told_ten()
        if not isinstance(ten.scenario, FixedBudget):  # what the same money would best be spent on
            ten = dataclasses.replace(ten, scenario=FixedBudget(problem.money(spend)))
        again = solve(ten, solution.requested_gap, time_limit, starts=[by_name(problem, spend)])
    return WordOfMouth(
        told_if_satisfied=profile.word_of_mouth.told_if_satisfied,
        told_if_not=profile.word_of_mouth.told_if_not,
        outcome=value - silent.net(spend),
        share=_share(value, silent.net(spend)),
        praise=praise,
        criticism=criticism,
        balance=praise - criticism,
        # The plan may break a rule then, and no other split be found in time.
        if_ten=None
        if again is None or not np.isfinite(again.spend).all()
        else _if_ten(spend, again, ten, silent),
    )


def _if_ten(
    spend: NDArray[np.float64], again: Solution, ten: AllocationProblem, silent: AllocationProblem
) -> IfTen:
    kept = ten.value(spend)
    return IfTen(
        value=again.value,
        gap=again.gap,
        share=_share(ten.net(again.spend), silent.net(again.spend)),
        moved=moved_money(again.spend.ravel() - spend),
        regret=max(0.0, again.value - kept),
        regret_high=max(0.0, again.upper_bound - kept),
    )


def _share(value: float, without: float) -> float:
    """Part of a value that is not there without word of mouth."""
    return (value - without) / value if value else 0.0
