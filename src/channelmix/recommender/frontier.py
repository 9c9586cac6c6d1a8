"""The frontier of a profile or a problem: a proven plan for each of many budgets, or weights of the worst draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import NoneType

import numpy as np

from channelmix.core.errors import InputError, expect, expect_positive, expect_whole
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import FixedBudget, MeanRisk
from channelmix.engine.rules.rows import number
from channelmix.engine.solver.frontier import FrontierPoint, budget_frontier, risk_frontier
from channelmix.engine.solver.solve import solve
from channelmix.plan import Frontier, FrontierPlan, span_of
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.company_problem import drawn, problem_and_splits
from channelmix.recommender.optimize.optimize import GAP, TAIL_GAP
from channelmix.recommender.optimize.size import MAX_MEMORY, TAIL_DRAWS, check_size
from channelmix.recommender.optimize.time_left import Clock
from channelmix.recommender.resolve import by_name

LOW, HIGH = 0.5, 2.0
"""Default for the first and the last budget, as multiples of today's."""

TAIL = 0.1
"""Share of draws that count as the worst."""

MOST_POINTS = 1000


def frontier(
    asked: CompanyProfile | AllocationProblem,
    amounts: Sequence[float] | None = None,
    *,
    points: int = 11,
    risk: bool = False,
    gap: float | None = None,
    time_limit: float = 300.0,
    seed: int = 0,
    n_draws: int = TAIL_DRAWS,
    max_memory: float = MAX_MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> Frontier:
    """Find the best plan for each of many budgets, or for each of many weights of the worst draws.

    Parameters
    ----------
    asked : CompanyProfile or AllocationProblem
        Its rules hold at every point. If a profile's scenario is not a fixed budget, its limit or else today's spend
        serves as one; a problem needs a `FixedBudget`.
    amounts : sequence of float, optional
        Budgets, or with `risk` weights between 0 and 1, in the order wanted. A profile's budgets are per period. By
        default `points` of them, evenly spaced from half to twice the budget, or from 0 to 1.
    points : int
        Number of points if `amounts` are not given.
    risk : bool
        Vary the weight of the worst tenth of draws against the mean, at one budget, instead of the budget.
    gap : float, optional
        Relative gap to close at every point: 1e-4 by default, 5e-3 where the worst draws count or several periods are
        planned.
    time_limit : float
        Seconds of the whole call; a point that runs out of time states its honest gap.
    seed, n_draws : int
        Seed and number of a profile's draws.
    max_memory : float
        Memory that a profile's plans may take, in GB; see `optimize`.
    progress : callable, optional
        Called before each point, with the number of points done and the number of all points.

    Returns
    -------
    Frontier
        After Ctrl-C with the points found before, and `complete` false.

    Raises
    ------
    InputError
        If a number is out of range, a profile's plans are too large, or the problem has no fixed budget.
    KeyboardInterrupt
        If Ctrl-C came before the first point was found.

    Examples
    --------
    >>> import channelmix as cm
    >>> curves = cm.ResponseCurves.power([1.0, 2.0], 0.5, names=["sms", "app"])
    >>> found = cm.frontier(cm.AllocationProblem(curves, cm.FixedBudget(5.0)), [5.0, 20.0])
    >>> [round(point.outcome, 2) for point in found.points]
    [5.0, 10.0]
    """
    expect(asked, "what is asked about", CompanyProfile, AllocationProblem)
    expect(amounts, "amounts", Iterable, NoneType)
    expect_whole(seed, "seed")
    expect_whole(n_draws, "n_draws", 1)
    expect_positive(time_limit, "time_limit", allow_infinite=True)
    if gap is not None:
        expect_positive(gap, "gap")
    clock = Clock(time_limit)
    if isinstance(asked, CompanyProfile):
        check_size(asked, n_draws, max_memory, time_limit)
        profile, cells = asked, drawn(asked, n_draws, seed)
        problem = problem_and_splits(profile.with_budget(profile.budget), cells)[0]
    else:
        profile, problem = None, asked
    if not isinstance(problem.scenario, FixedBudget):
        raise InputError(f"a frontier needs a fixed_budget, not a {problem.scenario.kind}")
    span = span_of(problem)
    wanted = _amounts(problem, amounts, points, risk)
    if profile is not None and amounts is not None and not risk:
        wanted = [span * amount for amount in wanted]  # a profile's amounts are per period
    counts_tail = risk or (problem.risk is not None and not isinstance(problem.risk, MeanRisk))
    gap = (TAIL_GAP if counts_tail or span > 1 else GAP) if gap is None else gap
    if risk:
        found = risk_frontier(solve, problem, wanted, tail=TAIL, gap=gap, time_limit=clock.left)
    elif profile is not None and problem.baseline is not None:
        # The baseline to improve on is scaled with the budget, so that every point has its own problem.
        found = (
            point
            for done, amount in enumerate(wanted)
            for point in budget_frontier(
                solve,
                problem_and_splits(profile.with_budget(amount / span), cells)[0],
                [amount],
                gap=gap,
                time_limit=clock.left / (len(wanted) - done),
            )
        )
    else:
        found = budget_frontier(solve, problem, wanted, gap=gap, time_limit=clock.left)
    plans, complete = _collected(found, len(wanted), problem, progress)
    return Frontier(
        along="risk" if risk else "budget",
        name=profile.name if profile else "",
        currency=profile.currency if profile else "",
        period=profile.period_text if profile else "",
        span=span,
        company_sha256=profile.company_sha256 if profile else "",
        tail=problem.tail[1] if problem.tail is not None and not risk else TAIL,
        points=plans,
        complete=complete,
    )


def _amounts(
    problem: AllocationProblem, amounts: Sequence[float] | None, points: int, risk: bool
) -> list[float]:
    if amounts is None:
        expect_whole(points, "points", 2, MOST_POINTS)
        budget = float(problem.scenario.amount)
        ends = (0.0, 1.0) if risk else (LOW * budget, HIGH * budget)
        return [float(amount) for amount in np.linspace(*ends, points)]
    wanted = list(amounts)
    if not wanted:
        raise InputError("amounts must hold at least one amount")
    for amount in wanted:
        number(amount, "an amount")
    return [float(amount) for amount in wanted]


def _collected(
    found: Iterator[FrontierPoint],
    count: int,
    problem: AllocationProblem,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[FrontierPlan], bool]:
    """Collect the points; also return whether all were found before Ctrl-C."""
    plans: list[FrontierPlan] = []
    try:
        if progress is not None:
            progress(0, count)
        for point in found:
            plans.append(_plan(point, problem))
            if progress is not None and len(plans) < count:
                progress(len(plans), count)
    except KeyboardInterrupt:
        if not plans:
            raise
    return plans, len(plans) == count


def _plan(point: FrontierPoint, problem: AllocationProblem) -> FrontierPlan:
    data = point.to_dict()
    return FrontierPlan(
        budget=point.amount,
        weight=point.weight,
        status=point.status,
        tail_outcome=data["tail"],
        spend=None if data["spend"] is None else by_name(problem, point.spend),
        **{key: data[key] for key in ("money", "outcome", "value", "upper_bound", "gap", "marginal")},
    )
