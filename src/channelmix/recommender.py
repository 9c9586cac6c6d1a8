"""From a company profile to a proven plan: the thin composition of all rooms."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from channelmix import analysis
from channelmix._version import __version__
from channelmix.allocation import project, solve
from channelmix.certification import verify
from channelmix.certification.checker import Certificate as Checked
from channelmix.effectiveness import CellDraws, PriorResponse, PublishedPrior, prior_response
from channelmix.errors import CertificateError, InputError
from channelmix.plan import (
    CellPlan,
    Certificate,
    Comparison,
    Plan,
    Provenance,
    ShadowPrice,
    Totals,
    WordOfMouth,
    interval,
    moved_spend,
    prices_hold,
)
from channelmix.problem import AllocationProblem
from channelmix.profile import CompanyProfile
from channelmix.rules import FixedBudget, rule_to_dict
from channelmix.rules.base import number
from channelmix.solution import Solution, Status

__all__ = ["optimize", "problem_of"]

ROUNDING = 1e-9
"""Violation of a rule that counts as rounding, as a share of the budget."""

Array = NDArray[np.float64]

NO_PRICES = "Shadow prices are not stated: the plan's marginal returns do not confirm them."

FRESH_DRAWS = 1024
"""Draws that comparisons are computed on: tail measures need at least 1,000."""

FRESH_SEED = 1_000_003
"""Added to the seed for the fresh draws, so that the plan is not judged on the draws that shaped it."""


TEN = 10.0
"""People whom an unsatisfied customer tells in the answer that the plan is held against."""


def optimize(
    profile: CompanyProfile, *, gap: float = 1e-4, seed: int = 0, time_limit: float = 60.0, n_draws: int = 512
) -> Plan:
    """Plan a company's channel mix, and prove it.

    Parameters
    ----------
    profile : CompanyProfile
        The company.
    gap : float
        Relative gap to close between the plan's value and the proven upper bound.
    seed : int
        Seed of the draws of effectiveness.
    time_limit : float
        Seconds after which the best plan so far is returned with its honest gap.
    n_draws : int
        Draws of effectiveness to plan on.

    Returns
    -------
    Plan
        With status ``infeasible`` and the names of the rules in conflict where no split obeys them all.

    Raises
    ------
    InputError
        If an option is out of range.
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
    if not isinstance(profile, CompanyProfile):
        raise InputError("profile must be a CompanyProfile: read one with CompanyProfile.from_file")
    _check_options(gap, seed, time_limit, n_draws)
    seed = int(seed)
    draws = PublishedPrior(n_draws=n_draws, seed=seed).fit().draws(profile.cells())
    problem = problem_of(profile, draws)
    budget = float(problem.scenario.amount)
    splits = _splits(profile, problem, budget)
    solution = solve(problem, gap, time_limit, starts=[split.spend for split in splits])
    if solution.status is Status.NOT_CERTIFIED and not np.isfinite(solution.spend).all():
        raise CertificateError(
            f"no split that obeys the rules was found within {time_limit:g} seconds; allow more time"
        )
    checked = verify(problem, solution)
    comparisons: list[Comparison] = []
    told = None
    if solution.status is not Status.INFEASIBLE:
        again = (
            PublishedPrior(n_draws=FRESH_DRAWS, seed=(seed + FRESH_SEED) % 2**32).fit().draws(profile.cells())
        )
        fresh = problem_of(profile, again)
        comparisons = analysis.compare(problem, fresh, solution.spend, splits)
        if "word of mouth" not in analysis.not_counted(profile):
            told = analysis.word_of_mouth(
                profile,
                problem,
                solution,
                response_of(profile, draws),
                silent=problem_of(profile, draws.silent()),
                ten=problem_of(profile, draws.telling(TEN)),
                time_limit=time_limit,
            )
    return _plan(profile, draws, problem, solution, checked, comparisons, told, seed)


def _check_options(gap: float, seed: int, time_limit: float, n_draws: int) -> None:
    number(gap, "gap")
    if gap == 0.0 or not time_limit > 0.0:
        raise InputError("gap and time_limit must be above 0")
    for name, value, low in (("seed", seed, 0), ("n_draws", n_draws, 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value < 2**32:
            raise InputError(f"{name} must be a whole number between {low} and {2**32 - 1}, not {value!r}")


def response_of(profile: CompanyProfile, draws: CellDraws) -> PriorResponse:
    """Turn draws of a profile's cells into curves and charges."""
    return prior_response(draws, profile.period_days, profile.usd_rate or 1.0)


def problem_of(profile: CompanyProfile, draws: CellDraws) -> AllocationProblem:
    """State a profile's problem on given draws of its cells, whose spend today is the problem's."""
    response = response_of(profile, draws)
    return AllocationProblem(
        response.curves,
        profile.scenario if profile.scenario is not None else FixedBudget(profile.budget),
        profile.rules,
        charge=response.charges or None,
        current={cell.name: cell.current_spend for cell in draws.cells},
    )


def _splits(profile: CompanyProfile, problem: AllocationProblem, budget: float) -> list[analysis.Split]:
    """The baseline first, then what else the plan is compared with."""
    cells = profile.cells()
    today = {cell.name: cell.current_spend for cell in cells}
    spent = math.fsum(today.values())
    splits = []
    if spent > 0.0:
        scaled = {name: amount * (budget / spent) for name, amount in today.items()}
        if math.isclose(spent, budget, rel_tol=1e-9):
            scaled, how = today, "today's spend"
        else:
            how = f"today's spend, scaled by {budget / spent:.3g} to the budget"
        splits.append(_within_rules(problem, budget, analysis.Split("current mix", how, scaled)))
        if splits[0].description != "today's spend":
            splits.append(analysis.Split("today", "today's spend as it is", today))
    equal = analysis.equal_split(cells, budget)
    splits.append(equal if splits else _within_rules(problem, budget, equal))
    surveyed = analysis.surveyed_mix(cells, budget)
    return splits if surveyed is None else [*splits, surveyed]


def _within_rules(problem: AllocationProblem, budget: float, split: analysis.Split) -> analysis.Split:
    """Make a split the baseline: it is moved as little as the rules ask."""
    nearest = None
    if problem.violation([split.spend[name] for name in problem.curves.names]) > ROUNDING * budget:
        nearest = project(problem, split.spend)
    if nearest is None:
        return dataclasses.replace(split, is_baseline=True)
    how = f"{split.description}, moved as little as the rules ask"
    return dataclasses.replace(split, description=how, spend=nearest, is_baseline=True)


def _plan(
    profile: CompanyProfile,
    draws: CellDraws,
    problem: AllocationProblem,
    solution: Solution,
    checked: Checked,
    comparisons: Sequence[Comparison],
    told: WordOfMouth | None,
    seed: int,
) -> Plan:
    feasible = solution.status is not Status.INFEASIBLE
    budget = float(problem.scenario.amount)
    # A search that ran out of time may leave prices of a point it has since left: these are not stated.
    held = feasible and prices_hold(problem, solution.spend, solution.shadow_prices)
    prices = solution.shadow_prices if held else {}
    return Plan(
        status=solution.status,
        name=profile.name,
        currency=profile.currency,
        period=profile.period if isinstance(profile.period, str) else f"{profile.period:g} days",
        scenario=rule_to_dict(problem.scenario),
        certificate=Certificate(
            value=checked.value if feasible else None,
            upper_bound=checked.upper_bound if feasible else None,
            gap=checked.gap if feasible else None,
            max_violation=checked.max_violation if feasible else None,
            requested_gap=solution.requested_gap,
        ),
        allocation=_allocation(draws, problem, solution) if feasible else [],
        totals=_totals(profile, problem, solution.spend, prices) if feasible else None,
        comparisons=list(comparisons),
        word_of_mouth=told,
        not_counted=analysis.not_counted(profile),
        survey=analysis.beside_the_survey(draws.cells, solution.spend) if feasible else [],
        assumptions=analysis.assumptions(draws.figures),
        remarks=analysis.remarks(
            profile, *_defaults_taken(profile), *([] if held or not feasible else [NO_PRICES])
        ),
        shadow_prices=[ShadowPrice(constraint=name, price=price) for name, price in prices.items()],
        conflicts=list(solution.conflicts),
        warnings=analysis.warnings(problem, solution, profile.currency, budget) if feasible else [],
        problem=json.loads(json.dumps(problem.to_dict())),  # the very data that a reader of the JSON gets
        proof=solution.proof.to_dict(),
        provenance=Provenance(
            profile_sha256=profile.sha256,
            version=__version__,
            seed=seed,
            draws=draws.n_draws,
            fresh_draws=FRESH_DRAWS,
        ),
    )


def _defaults_taken(profile: CompanyProfile) -> list[str]:
    """What the profile leaves open beside figures."""
    if profile.scenario is not None:
        return []
    return [
        f"The profile states no scenario: the budget is today's spend, {profile.budget:,.0f} {profile.currency}."
    ]


def _allocation(draws: CellDraws, problem: AllocationProblem, solution: Solution) -> list[CellPlan]:
    outcome = problem.curves.value(solution.spend)
    marginal = problem.curves.derivative(solution.spend).mean(axis=0) - problem.charges
    why = analysis.reasons(problem, solution, draws.cells)
    return [
        CellPlan(
            market=cell.market,
            channel=cell.channel,
            purpose=cell.purpose,
            period=1,
            spend=float(solution.spend[i]),
            current_spend=cell.current_spend,
            outcome=interval(outcome[:, i]),
            charge=float(problem.charges[i] * solution.spend[i]),
            marginal_return=float(marginal[i]) if math.isfinite(marginal[i]) else None,
            evidence=draws.evidence[i],
            reason=why[i],
        )
        for i, cell in enumerate(draws.cells)
    ]


def _totals(
    profile: CompanyProfile, problem: AllocationProblem, spend: Array, prices: Mapping[str, float]
) -> Totals:
    outcome = interval(problem.curves.value(spend).sum(axis=1))
    current = np.array([cell.current_spend for cell in profile.cells()])
    total = float(spend.sum())
    return Totals(
        budget=float(problem.scenario.amount),
        spend=total,
        current_spend=float(current.sum()),
        moved=moved_spend(spend, current),
        outcome=outcome,
        charge=float(problem.charges @ spend),
        periods=profile.periods,
        horizon_spend=total * profile.periods,
        horizon_outcome=outcome.mean * profile.periods,
        next_unit=prices.get(problem.scenario.label),
    )
