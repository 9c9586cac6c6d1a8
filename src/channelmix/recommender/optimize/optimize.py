"""From a company profile to a proven plan: the thin composition of all rooms."""

from __future__ import annotations

import time

import numpy as np

from channelmix.core.errors import CertificateError, InputError, expect, expect_positive, expect_whole
from channelmix.core.wording import counted
from channelmix.effectiveness import risk_of
from channelmix.engine.proof.solution import Status
from channelmix.engine.proof.verify import verify
from channelmix.engine.rules import MeanRisk
from channelmix.engine.solver.solve import solve_and_verify
from channelmix.plan import NO_SPEND, Comparison, Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.company_problem import (
    drawn,
    on_curves_of,
    problem_and_splits,
    response_of,
    with_curves_of,
)
from channelmix.recommender.optimize.comparisons import compare
from channelmix.recommender.optimize.conflicts import conflict_sums
from channelmix.recommender.optimize.document import plan_of
from channelmix.recommender.optimize.remarks import counts_word_of_mouth
from channelmix.recommender.optimize.size import FRESH_DRAWS, MAX_MEMORY, check_size
from channelmix.recommender.optimize.time_left import REACH, time_for_search
from channelmix.recommender.optimize.word_of_mouth import word_of_mouth

GAP, TAIL_GAP = 1e-4, 5e-3
"""Gap to close by default, and where the worst draws count or several periods are planned."""

LEAST_TAIL_DRAWS = 1000
"""Fewest draws to plan on where the worst of them count."""

LEAST_SECONDS = 1.0
"""Time that the answer with ten people told gets, however much the plan itself took of its limit."""

FRESH_SEED = 1_000_003
"""Added to the seed for the fresh draws, so that the plan is not judged on the draws that shaped it."""

TEN = 10.0
"""People whom an unsatisfied customer tells in the answer that the plan is held against."""


def optimize(
    profile: CompanyProfile,
    *,
    gap: float | None = None,
    seed: int = 0,
    time_limit: float = 60.0,
    n_draws: int | None = None,
    max_memory: float = MAX_MEMORY,
) -> Plan:
    """Plan a company's channel mix, and prove it.

    Parameters
    ----------
    profile : CompanyProfile
        The company.
    gap : float, optional
        Relative gap to close between the plan's value and the proven upper bound: 1e-4 if not given, 5e-3 where the
        worst draws count or several periods are planned, whose proof takes longer.
    seed : int
        Seed of the draws of effectiveness.
    time_limit : float
        Seconds after which the best plan so far is returned with its honest gap: of the whole call, in which the search
        gets what comparisons and checks leave.
    n_draws : int, optional
        Draws of effectiveness to plan on: 512 if not given, fewer for thousands of cells and periods, and 1,024 where
        the worst draws count.
    max_memory : float
        Memory that the plan may take, in GB. What is estimated to take more is refused before anything of it is made.

    Returns
    -------
    Plan
        With status ``infeasible`` and the names of the rules in conflict where no split obeys them all, or
        ``unbounded`` with the name of the cell that pays without end.

    Raises
    ------
    InputError
        If an option is out of range, the plan is too large, or a rule asks for what no spend reaches.
    CertificateError
        If no split that obeys the rules was found within the time limit, though none was proven not to exist.

    Examples
    --------
    >>> import channelmix as cm
    >>> from channelmix.profile import starter_profile
    >>> plan = cm.optimize(cm.CompanyProfile.model_validate(starter_profile()))
    >>> str(plan.status)
    'optimal'
    """
    expect(profile, "profile", CompanyProfile, remedy="read one with CompanyProfile.from_file")
    gap = _default_gap(profile) if gap is None else gap
    began = time.perf_counter()
    _check_options(gap, seed, time_limit, n_draws)
    seed = int(seed)
    draws = drawn(profile, _n_draws(profile, n_draws, max_memory, time_limit), seed)
    problem, splits = problem_and_splits(profile, draws, REACH * time_limit)
    left = time_for_search(problem, len(splits), time_limit, building=time.perf_counter() - began)
    solution, checked = solve_and_verify(problem, gap, left, starts=[split.spend for split in splits])
    if solution.status is Status.NOT_CERTIFIED and not np.isfinite(solution.spend).all():
        why = conflict_sums(problem, problem.rule_names, profile.currency)
        raise CertificateError(
            f"no split that obeys the rules was found within {counted(time_limit, 'second')}"
            + (f". {' '.join(why)}" if why else "; allow more time")
        )
    checked = checked or verify(problem, solution)  # which says why it rejects the solution
    comparisons: list[Comparison] = []
    told = None
    if solution.status not in NO_SPEND:
        again = response_of(profile, drawn(profile, FRESH_DRAWS, (seed + FRESH_SEED) % 2**32, fresh=True))
        comparisons = compare(problem, on_curves_of(problem, again), solution.spend.ravel(), splits)
        if counts_word_of_mouth(profile):
            told = word_of_mouth(
                profile,
                problem,
                solution,
                response_of(profile, draws),
                silent=with_curves_of(profile, problem, draws.silent),
                told_ten=lambda: with_curves_of(profile, problem, draws.telling(TEN)),
                time_limit=max(began + time_limit - time.perf_counter(), LEAST_SECONDS),
            )
    return plan_of(profile, draws, problem, solution, checked, comparisons, told, seed)


def _counts_tail(profile: CompanyProfile) -> bool:
    return not isinstance(risk_of(profile), MeanRisk | None)


def _default_gap(profile: CompanyProfile) -> float:
    return TAIL_GAP if _counts_tail(profile) or profile.timing is not None else GAP


def _n_draws(profile: CompanyProfile, wanted: int | None, max_memory: float, time_limit: float) -> int:
    """How many draws to plan on; an InputError where all that they make would exceed the memory or the time allowed."""
    if _counts_tail(profile) and wanted is not None and wanted < LEAST_TAIL_DRAWS:
        raise InputError(
            f"a risk of the worst draws needs at least {LEAST_TAIL_DRAWS:,} of them, not {wanted}"
        )
    return check_size(profile, wanted, max_memory, time_limit).draws


def _check_options(gap: float, seed: int, time_limit: float, n_draws: int | None) -> None:
    expect_positive(gap, "gap")
    expect_positive(time_limit, "time_limit", allow_infinite=True)
    expect_whole(seed, "seed")
    if n_draws is not None:
        expect_whole(n_draws, "n_draws", 1)
