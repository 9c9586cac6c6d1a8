"""A plan's document, filled in from a solution and what was worked out beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channelmix._version import __version__
from channelmix.core.arrays import Array
from channelmix.core.words import Message, over, say
from channelmix.effectiveness import CellDraws, prior_response
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution
from channelmix.engine.proof.verify import Certificate as Checked
from channelmix.engine.rules import FixedBudget, Pacing, Phasing, SafeImprovement, rule_to_dict
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
    intervals,
    limit_of,
    missed_limits,
    moved_spend,
    prices_hold,
    roi,
    span_of,
    standing_of,
)
from channelmix.profile import CompanyProfile
from channelmix.profile.notes import many_contacts
from channelmix.profile.other_periods import budget_question
from channelmix.recommender.optimize.assumptions import (
    assumptions,
    history_assumptions,
    history_remarks,
    stated_assumptions,
)
from channelmix.recommender.optimize.company_problem import NEARLY_ALL, response_of
from channelmix.recommender.optimize.conflicts import conflict_sums
from channelmix.recommender.optimize.grounds import audience_assumptions, grounds_remarks
from channelmix.recommender.optimize.history_warnings import history_warnings
from channelmix.recommender.optimize.reasons import reasons, said_of_all_periods
from channelmix.recommender.optimize.remarks import not_counted, remarks
from channelmix.recommender.optimize.size import FRESH_DRAWS
from channelmix.recommender.optimize.survey import beside_the_survey
from channelmix.recommender.optimize.warnings import warnings


def plan_of(
    profile: CompanyProfile,
    draws: CellDraws,
    problem: AllocationProblem,
    solution: Solution,
    checked: Checked,
    comparisons: Sequence[Comparison],
    told: WordOfMouth | None,
    seed: int,
) -> Plan:
    """Fill in the plan of a profile: its solution, what the checker recomputed, and what it was compared with."""
    feasible = solution.status not in NO_SPEND
    limits = {row.label: row for row in problem.rows}
    # A search that ran out of time may leave prices of a point it has since left, and where the worst draws count no
    # single weighting of them need explain the plan: what marginal returns do not confirm is not stated.
    priced = {label for label, row in limits.items() if row.coefficients.any() or row.outcome}
    prices = {label: price for label, price in solution.shadow_prices.items() if label in priced}
    unconfirmed = feasible and not prices_hold(problem, solution.spend.ravel(), prices)
    prices = {} if unconfirmed or not feasible else prices
    found: dict[str, Any] = {"allocation": [], "totals": None, "survey": []}
    assumed = assumed_by(profile, draws)
    spend = solution.spend.reshape(-1, len(draws.cells)) if feasible else None
    question = budget_question(profile)
    warned = [
        *conflict_sums(problem, solution.conflicts, profile.currency),
        *([] if question is None else [question]),
        *many_contacts(profile),
        *history_warnings(draws, spend),
    ]
    claims: dict[str, Any] = {"value": None, "upper_bound": None, "gap": None, "max_violation": None}
    if feasible:
        rows, sums = _allocation(draws, problem, solution, profile.currency, profile.period_text)
        survey = beside_the_survey(draws.cells, problem.by_cell(solution.spend.ravel()))
        totals = _totals(profile, problem, solution, prices)
        found = {"allocation": rows, "sums": sums, "totals": totals, "survey": survey}
        warned += warnings(problem, solution, profile.currency)
        claims = {name: getattr(checked, name) for name in claims}
        claims["missed"] = missed_limits(problem, solution.spend.ravel())
    return Plan(
        status=solution.status,
        standing=standing_of(solution.status, claims["gap"]),
        name=profile.name,
        currency=profile.currency,
        period=profile.period_text,
        scenario=rule_to_dict(problem.scenario),
        certificate=Certificate(requested_gap=solution.requested_gap, **claims),
        span=span_of(problem),
        comparisons=list(comparisons),
        word_of_mouth=told,
        not_counted=not_counted(profile),
        assumptions=assumed,
        remarks=[
            *grounds_remarks(draws, assumed),
            *remarks(profile),
            *history_remarks(profile, draws),
            *_taken(profile, problem, draws.own is not None),
            *([say("remark.no_prices")] if unconfirmed else []),
        ],
        shadow_prices=[
            ShadowPrice(constraint=name, price=price, rule=limits[name].rule, **limit_of(limits[name]))
            for name, price in prices.items()
        ],
        conflicts=list(solution.conflicts),
        mends=[
            Mend(rule=name, amount=amount, **limit_of(limits[name], solution.mend_sides.get(name)))
            for name, amount in solution.mend.items()
        ],
        warnings=warned,
        problem=json.loads(json.dumps(problem.to_dict())),  # the very data that a reader of the JSON gets
        proof=solution.proof.to_dict(),
        provenance=Provenance(
            profile_sha256=profile.sha256,
            company_sha256=profile.company_sha256,
            version=__version__,
            seed=seed,
            draws=draws.n_draws,
            fresh_draws=FRESH_DRAWS,
        ),
        **found,
    )


def assumed_by(profile: CompanyProfile, draws: CellDraws) -> list[Assumption]:
    """Figures that a plan rests on: those of history, the published ones, and those that the company states."""
    return [
        *assumptions(draws.figures, _said_by_history(profile, draws)),
        *audience_assumptions(draws),
        *stated_assumptions(profile, draws),
    ]


def _said_by_history(profile: CompanyProfile, draws: CellDraws) -> list[Assumption]:
    if draws.own is None:
        return []
    published = prior_response(draws, profile.period_days, profile.usd_rate or 1.0)
    return history_assumptions(profile, draws, response_of(profile, draws), published)


def _taken(profile: CompanyProfile, problem: AllocationProblem, own: bool) -> Iterator[Message]:
    """What the plan takes for given where the profile leaves it open, beside figures."""
    today = {"amount": profile.budget, "currency": profile.currency}
    if profile.scenario is None:
        yield say("remark.no_scenario", **today)
    elif profile.scenario.limit is None:
        if problem.scenario.limit is not None:
            yield say("remark.far_target", share=NEARLY_ALL)
        yield say("remark.no_limit", **today)
    elif not isinstance(profile.scenario, FixedBudget):
        yield say("remark.whole_max")
    if isinstance(problem.risk, SafeImprovement):
        yield say("remark.safe", tail=problem.risk.tail)
    elif problem.tail is not None:
        yield say("remark.risk", risk=json.dumps(rule_to_dict(problem.risk)))
    if problem.delay is not None:
        yield say("remark.periods", count=problem.delay.periods)
        if own and profile.timing is not None and profile.timing.carryover:
            yield say("remark.carryover_own")
    elif any(isinstance(rule, Pacing | Phasing) for rule in problem.constraints):
        yield say("remark.typical")


def _allocation(
    draws: CellDraws, problem: AllocationProblem, solution: Solution, currency: str, period: str
) -> tuple[list[CellPlan], list[CellPlan]]:
    """One row a cell and period, and one a cell over all periods where several are planned."""
    spend, n = solution.spend.ravel(), problem.curves.n_cells
    outcome, charged, marginal = problem.outcomes(spend), problem.charged(spend), problem.marginal(spend)
    today = problem.each_period([cell.current_spend for cell in draws.cells])
    why = reasons(problem, solution, draws.cells, currency, {} if draws.own is None else draws.own.seen())
    rows = _rows(draws, why, spend, today, outcome, charged, marginal)
    if problem.delay is None:
        return rows, []
    spent, now, brings, cost = (problem.by_cell(values) for values in (spend, today, outcome, charged))
    slopes = marginal.reshape(-1, n).max(axis=0)
    said = [
        say("reason.each_period", reason=one, per=over(period))
        if one.code.startswith("reason.never_")
        else one
        for one in said_of_all_periods(why, spend, marginal, n)  # its amounts are sums over all periods
    ]
    return rows, [
        row.model_copy(update={"period": 0}) for row in _rows(draws, said, spent, now, brings, cost, slopes)
    ]


def _rows(
    draws: CellDraws,
    why: list[Message],
    spend: Array,
    today: Array,
    outcome: Array,
    charge: Array,
    slopes: Array,
) -> list[CellPlan]:
    """One row a cell, of each period in turn; arrays have shape (n_spends,), outcome (n_draws, at least n_spends)."""
    n = len(draws.cells)
    seen = {} if draws.own is None else draws.own.seen()
    days = {} if draws.own is None else draws.own.spent_days()
    outcomes = intervals(outcome[:, : len(spend)])
    return [
        CellPlan(
            market=draws.cells[k % n].market,
            channel=draws.cells[k % n].channel,
            purpose=draws.cells[k % n].purpose,
            period=1 + k // n,
            spend=float(spend[k]),
            current_spend=float(today[k]),
            outcome=outcomes[k],
            charge=float(charge[k]),
            marginal_return=float(slopes[k]) if math.isfinite(slopes[k]) else None,
            evidence=draws.evidence[k % n],
            reason=reason,
            most_spent=seen[k % n][1] if k % n in seen else None,
            spent_days=days.get(k % n),
        )
        for k, reason in enumerate(why)
    ]


def _totals(
    profile: CompanyProfile, problem: AllocationProblem, solution: Solution, prices: Mapping[str, float]
) -> Totals:
    spend, span = solution.spend.ravel(), span_of(problem)
    outcome = interval(problem.total_outcome(spend))
    charge, money = float(problem.charged(spend).sum()), problem.money(spend)
    current = problem.each_period([cell.current_spend for cell in profile.cells()])
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
        horizon_spend=total * profile.periods / span,
        after=float(problem.mean_outcomes(spend)[len(spend) :].sum()),
        horizon_outcome=outcome.mean * profile.periods / span,
        next_unit=prices.get(problem.scenario.limit_label),
    )
