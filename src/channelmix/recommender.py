"""From a company profile to a proven plan: the thin composition of all rooms."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix import analysis
from channelmix._version import __version__
from channelmix.allocation import solve
from channelmix.certification import verify
from channelmix.certification.checker import Certificate as Checked
from channelmix.effectiveness import (
    CellDraws,
    PriorResponse,
    PublishedPrior,
    observed_ranges,
    prior_response,
    response,
    risk_of,
    with_figures,
    with_own,
)
from channelmix.errors import CertificateError, InputError
from channelmix.plan import (
    NO_SPEND,
    Assumption,
    CellPlan,
    Certificate,
    Comparison,
    Mend,
    Plan,
    Provenance,
    ShadowPrice,
    Totals,
    WordOfMouth,
    interval,
    moved_spend,
    prices_hold,
    roi,
)
from channelmix.plan.wording import percent
from channelmix.problem import AllocationProblem
from channelmix.profile import CompanyProfile
from channelmix.rules import FixedBudget, MeanRisk, Pacing, SafeImprovement, TargetOutcome, rule_to_dict
from channelmix.rules.base import number
from channelmix.solution import Solution, Status

__all__ = ["optimize", "problem_of"]

Array = NDArray[np.float64]

NO_PRICES = "Shadow prices are not stated: the plan's marginal returns do not confirm them."

GAP, TAIL_GAP = 1e-4, 5e-3
"""Gap to close by default, and where the worst draws count."""

DRAWS, TAIL_DRAWS, LEAST_TAIL_DRAWS = 512, 1024, 1000
"""Draws to plan on: by default, by default where the worst draws count, and the least there."""

NEARLY_ALL, REACH_GAP = 0.999, 1e-3
"""Share of what a channel can ever bring that is as good as all, and the gap to which it is told what is in reach."""

LEAST_SECONDS = 1.0
"""Time that the answer with ten people told gets, however much the plan itself took of its limit."""

FRESH_DRAWS = 1024
"""Draws that comparisons are computed on: tail measures need at least 1,000."""

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
) -> Plan:
    """Plan a company's channel mix, and prove it.

    Parameters
    ----------
    profile : CompanyProfile
        The company.
    gap : float, optional
        Relative gap to close between the plan's value and the proven upper bound: 1e-4 if not given, 5e-3 where the
        worst draws count, whose proof takes longer.
    seed : int
        Seed of the draws of effectiveness.
    time_limit : float
        Seconds after which the best plan so far is returned with its honest gap.
    n_draws : int, optional
        Draws of effectiveness to plan on: 512 if not given, 1,024 where the worst draws count.

    Returns
    -------
    Plan
        With status ``infeasible`` and the names of the rules in conflict where no split obeys them all, or
        ``unbounded`` with the name of the cell that pays without end.

    Raises
    ------
    InputError
        If an option is out of range, or a rule asks for what no spend reaches.
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
    gap = _default_gap(profile) if gap is None else gap
    began = time.perf_counter()
    _check_options(gap, seed, time_limit, n_draws)
    seed = int(seed)
    draws = drawn(profile, _n_draws(profile, n_draws), seed)
    problem, splits = problem_and_splits(profile, draws)
    solution = solve(problem, gap, time_limit, starts=[split.spend for split in splits])
    if solution.status is Status.NOT_CERTIFIED and not np.isfinite(solution.spend).all():
        raise CertificateError(
            f"no split that obeys the rules was found within {time_limit:g} seconds; allow more time"
        )
    checked = verify(problem, solution)
    comparisons: list[Comparison] = []
    told = None
    if solution.status not in NO_SPEND:
        again = response_of(profile, drawn(profile, FRESH_DRAWS, (seed + FRESH_SEED) % 2**32, fresh=True))
        fresh = dataclasses.replace(problem, curves=again.curves, charge=again.charges or None)
        comparisons = analysis.compare(problem, fresh, solution.spend, splits)
        if "word of mouth" not in analysis.not_counted(profile):
            told = analysis.word_of_mouth(
                profile,
                problem,
                solution,
                response_of(profile, draws),
                silent=_with_curves_of(profile, problem, draws.silent()),
                ten=_with_curves_of(profile, problem, draws.telling(TEN)),
                time_limit=max(began + time_limit - time.perf_counter(), LEAST_SECONDS),
            )
    return _plan(profile, draws, problem, solution, checked, comparisons, told, seed)


def drawn(profile: CompanyProfile, n_draws: int, seed: int, *, fresh: bool = False) -> CellDraws:
    """Draw the effectiveness of a profile's cells from published evidence, and from its own where it has any.

    `fresh` draws are to judge a plan on: those of its own history are others than it was made on.
    """
    published = PublishedPrior(n_draws=n_draws, seed=seed).fit().draws(profile.cells())
    return with_own(published, profile, fresh=fresh)


def _counts_tail(profile: CompanyProfile) -> bool:
    return not isinstance(risk_of(profile), MeanRisk | None)


def _default_gap(profile: CompanyProfile) -> float:
    return TAIL_GAP if _counts_tail(profile) else GAP


def _n_draws(profile: CompanyProfile, wanted: int | None) -> int:
    """How many draws to plan on."""
    if not _counts_tail(profile):
        return DRAWS if wanted is None else wanted
    if wanted is not None and wanted < LEAST_TAIL_DRAWS:
        raise InputError(
            f"a risk of the worst draws needs at least {LEAST_TAIL_DRAWS:,} of them, not {wanted}"
        )
    return TAIL_DRAWS if wanted is None else wanted


def _check_options(gap: float, seed: int, time_limit: float, n_draws: int | None) -> None:
    number(gap, "gap")
    if gap == 0.0 or not time_limit > 0.0:
        raise InputError("gap and time_limit must be above 0")
    for name, value, low in (("seed", seed, 0), ("n_draws", 1 if n_draws is None else n_draws, 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value < 2**32:
            raise InputError(f"{name} must be a whole number between {low} and {2**32 - 1}, not {value!r}")


def response_of(profile: CompanyProfile, draws: CellDraws) -> PriorResponse:
    """Turn draws of a profile's cells into curves and charges."""
    return response(draws, profile.period_days, profile.usd_rate or 1.0)


def problem_of(
    profile: CompanyProfile, draws: CellDraws, rules: Sequence[Any] | None = None
) -> AllocationProblem:
    """State a profile's problem on given draws of its cells, whose spend today is the problem's, without its risk.

    `rules` take the place of the profile's rules with figures worked out of these draws.
    """
    brings = response_of(profile, draws)
    if rules is None:
        # What a spend buys in contacts, rules take from published figures, whatever history says that it brings.
        days, rate = profile.period_days, profile.usd_rate or 1.0
        published = brings if draws.own is None else prior_response(draws, days, rate)
        rules = with_figures(profile.rules, draws, published, days, rate) + observed_ranges(profile, draws)
    return AllocationProblem(
        brings.curves,
        profile.scenario if profile.scenario is not None else FixedBudget(profile.budget),
        rules,
        charge=brings.charges or None,
        current={cell.name: cell.current_spend for cell in draws.cells},
    )


def problem_and_splits(
    profile: CompanyProfile, draws: CellDraws
) -> tuple[AllocationProblem, list[analysis.Split]]:
    """State a profile's problem with its risk, and what its plan is compared with, the baseline first.

    A safe improvement is one on the baseline.
    """
    problem = problem_of(profile, draws)
    splits = analysis.splits_of(profile, problem, profile.budget)
    risk = risk_of(profile)
    if isinstance(risk, SafeImprovement):
        risk = dataclasses.replace(risk, current=dict(splits[0].spend))
    return _within_reach(dataclasses.replace(problem, risk=risk)), splits


def _within_reach(problem: AllocationProblem) -> AllocationProblem:
    """Limit the money of a target that lies beyond what channels bring at nearly all that they can: then it says so."""
    target = problem.scenario
    if not isinstance(target, TargetOutcome) or target.max_amount is not None:
        return problem
    spends = 2.0 ** np.arange(-64.0, 128.0)
    brought = np.array([problem.response.mean_value(np.full(len(problem.cells), spend)) for spend in spends])
    enough = spends[np.argmax(brought >= NEARLY_ALL * brought[-1], axis=0)]
    most = float(enough[brought[-1] > 0.0].sum())
    spending = dataclasses.replace(problem, scenario=FixedBudget(most), risk=None)
    if solve(spending, REACH_GAP).value >= target.amount:
        return problem
    return dataclasses.replace(problem, scenario=dataclasses.replace(target, max_amount=most))


def _with_curves_of(
    profile: CompanyProfile, problem: AllocationProblem, draws: CellDraws
) -> AllocationProblem:
    """Return the same problem on other draws, its rules with the figures that belong to these."""
    other = problem_of(profile, draws)
    return dataclasses.replace(
        problem, curves=other.curves, charge=other.charge, constraints=other.constraints
    )


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
    feasible = solution.status not in NO_SPEND
    # A search that ran out of time may leave prices of a point it has since left, and where the worst draws count no
    # single weighting of them need explain the plan: what marginal returns do not confirm is not stated.
    priced = {row.label for row in problem.rows if row.coefficients.any() or row.outcome}
    prices = {label: price for label, price in solution.shadow_prices.items() if label in priced}
    held = feasible and prices_hold(problem, solution.spend, prices)
    prices = prices if held else {}
    return Plan(
        status=solution.status,
        name=profile.name,
        currency=profile.currency,
        period=profile.period_text,
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
        assumptions=analysis.assumptions(draws.figures, _said_by_history(profile, draws)),
        remarks=analysis.remarks(
            profile,
            *analysis.history_remarks(profile, draws),
            *_taken(profile, problem),
            *([] if held or not feasible else [NO_PRICES]),
        ),
        shadow_prices=[ShadowPrice(constraint=name, price=price) for name, price in prices.items()],
        conflicts=list(solution.conflicts),
        mends=[Mend(rule=rule, amount=amount) for rule, amount in solution.mend.items()],
        warnings=[
            *analysis.history_warnings(draws),
            *(analysis.warnings(problem, solution, profile.currency) if feasible else []),
        ],
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


def _said_by_history(profile: CompanyProfile, draws: CellDraws) -> list[Assumption]:
    if draws.own is None:
        return []
    published = response_of(profile, dataclasses.replace(draws, own=None))
    return analysis.history_assumptions(profile, draws, response_of(profile, draws), published)


def _taken(profile: CompanyProfile, problem: AllocationProblem) -> Iterator[str]:
    """What the plan takes for given where the profile leaves it open, beside figures."""
    today = f"today's spend, {profile.budget:,.0f} {profile.currency}"
    if profile.scenario is None:
        yield f"The profile states no scenario: the budget is {today}."
    elif profile.scenario.limit is None:
        if problem.scenario.limit is not None:
            yield (
                "The scenario sets no limit, and the target is far: no more is looked at than max_amount, with which "
                f"every channel brings {percent(NEARLY_ALL)} of what it ever can."
            )
        yield f"The scenario sets no limit: the splits that the plan is compared with spend {today}."
    elif not isinstance(profile.scenario, FixedBudget):
        yield "The splits that the plan is compared with spend the whole max_amount."
    if isinstance(problem.risk, SafeImprovement):
        yield (
            f"A safe improvement: over the worst {percent(problem.risk.tail)} of the draws planned on, the plan brings "
            "no less than the baseline on average; the loss over the worst tenth of fresh draws is in the comparison."
        )
    elif problem.tail is not None:
        yield f"The worst draws count, not the mean alone: {json.dumps(rule_to_dict(problem.risk))}."
    if any(isinstance(rule, Pacing) for rule in problem.constraints):
        yield "Pacing holds by itself: one typical period is planned, and repeated."


def _allocation(draws: CellDraws, problem: AllocationProblem, solution: Solution) -> list[CellPlan]:
    outcome, charged = problem.outcomes(solution.spend), problem.charged(solution.spend)
    marginal = problem.marginal(solution.spend)
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
            charge=float(charged[i]),
            marginal_return=float(marginal[i]) if math.isfinite(marginal[i]) else None,
            evidence=draws.evidence[i],
            reason=why[i],
        )
        for i, cell in enumerate(draws.cells)
    ]


def _totals(
    profile: CompanyProfile, problem: AllocationProblem, spend: Array, prices: Mapping[str, float]
) -> Totals:
    outcome = interval(problem.outcomes(spend).sum(axis=1))
    charge, money = float(problem.charged(spend).sum()), problem.money(spend)
    current = np.array([cell.current_spend for cell in profile.cells()])
    total = float(spend.sum())
    return Totals(
        budget=None if problem.scenario.limit is None else float(problem.scenario.limit),
        spend=total,
        fees=money - total,
        current_spend=float(current.sum()),
        moved=moved_spend(spend, current),
        outcome=outcome,
        charge=charge,
        profit=outcome.mean - charge - money,
        roi=roi(outcome.mean - charge, money),
        periods=profile.periods,
        horizon_spend=total * profile.periods,
        horizon_outcome=outcome.mean * profile.periods,
        next_unit=prices.get(problem.scenario.limit_label),
    )
