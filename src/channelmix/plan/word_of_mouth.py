"""What service makes of word of mouth at a spend, told from the curves that travel in a plan."""

from __future__ import annotations

from channelmix.core.arrays import Array
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.response import Service


def span_of(problem: AllocationProblem) -> int:
    """Number of periods that a problem's amounts are for."""
    return 1 if problem.delay is None else problem.delay.periods


def heard_of_service(problem: AllocationProblem, spend: Array) -> tuple[float, float, float]:
    """Mean outcome, praise and criticism that service makes, over all periods.

    Outcome is beside what comes of earlier spend anyway, and counts what comes after the last period; praise and
    criticism are what people hear in the periods planned.

    Returns
    -------
    outcome, praise, criticism : float
        In money.
    """
    acting, factors = problem.in_periods(spend)
    idle = None if problem.delay is None else problem.delay.start.reshape(acting.shape)
    outcome = praise = criticism = 0.0
    for i in range(problem.curves.n_cells):
        curve = problem.curves.cell(i)
        if not isinstance(curve, Service):
            continue
        for t in range(len(acting)):
            at, factor = acting[t, i : i + 1], float(factors[t, i])
            before = 0.0 if idle is None else float(curve.word_of_mouth(idle[t, i : i + 1]).mean())
            outcome += factor * (float(curve.word_of_mouth(at).mean()) - before)
            if t < span_of(problem):
                praise += factor * float(curve.praise_won(at).mean())
                criticism += factor * float(curve.criticism_left(at).mean())
    return outcome, praise, criticism


def talks_elsewhere(problem: AllocationProblem, spend: Array) -> bool:
    """Whether advocacy acts: what customers tell of it does not travel in the plan."""
    acting = problem.in_periods(spend)[0]
    return any(
        name.endswith("/advocacy") and acting[:, i].any() for i, name in enumerate(problem.curves.names)
    )
