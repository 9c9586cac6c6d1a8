"""Re-prove a plan from what travels in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.documents import Interval
from channelmix.core.errors import CertificateError
from channelmix.core.tolerances import EPSILON, FEASIBILITY_TOLERANCE
from channelmix.core.words import say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Proof, SearchReport, Solution, Status
from channelmix.engine.proof.verify import Certificate, verify
from channelmix.engine.rules import Row
from channelmix.engine.rules.auxiliary import OnOff
from channelmix.engine.rules.rows import Side
from channelmix.plan.missed import missed_limits
from channelmix.plan.parts import Limit, Totals, limit_of
from channelmix.plan.plan import Plan
from channelmix.plan.same import same, same_interval
from channelmix.plan.standing import is_wide, standing_of
from channelmix.plan.verify_beside import check_comparisons, check_survey, check_word_of_mouth
from channelmix.plan.word_of_mouth import span_of

NO_SPEND = (Status.INFEASIBLE, Status.UNBOUNDED)
"""Statuses of a plan without an allocation."""

FEASIBLE = 1e-6
"""Violation below which a split counts as obeying the rules, as a share of its total."""

PRICE_TOLERANCE = 1e-3
"""By how much a cell's marginal return may differ from what its rules charge it, as a share of the largest of these."""

EXACT = 8.0 * EPSILON
"""Rounding of a sum, as a share of the sum of its terms' sizes."""

PRICE_STEP = 1e-6
"""Part of total spend that a price is blind to: it is found on steps of this size. Returns below this share of the
average return are as good as none."""


def verify_plan(plan: Plan) -> Certificate:
    """Recompute a plan's certificate, allocation, totals and prices from its problem and proof, without any solver.

    Recomputed: the status and how it is called, the certificate and limits that are missed, every number of the
    allocation, sums and totals, shadow prices (that none is left out, too), which other splits the plan is compared
    with, which is the baseline and whether each obeys the rules, their money and sums, what service makes of word of
    mouth, and the company's and the surveyed companies' use of channels.

    Taken as given:

    - the problem itself (curves, rules, spend today): `channelmix verify --profile` holds it against the profile;
    - names, currency, period and number of periods, kinds of evidence, where the plan comes from, and assumptions: by
      the profile, too;
    - intervals, chances and losses of comparisons, whose draws do not travel in the plan, beyond that they fit each
      other: by the profile, too;
    - of word of mouth, how many people are told and what advocacy adds: by the profile, too; and the answer if ten are
      told;
    - words: reasons, remarks, warnings, descriptions, notes, what is not counted, and what own history has seen;
    - the gap that was asked for: above 1 % the gap that is proven stands beside the status;
    - of conflicting rules, which of them conflict and by how much they must give way: that the rules exist, and that
      no split obeys all of them together, is recomputed.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    Certificate

    Raises
    ------
    CertificateError
        If a number is not what the problem and the proof show; the message names it.
    InputError
        If the problem inside the plan is damaged.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # absurd amounts: what overflows equals no claim
        return _verified(plan)


def interval(draws: Array) -> Interval:
    """Mean and 90 % interval of draws of shape (n_draws,)."""
    low, high = np.quantile(draws, [0.05, 0.95])
    return Interval(mean=float(draws.mean()), low=float(low), high=float(high))


def intervals(draws: Array) -> list[Interval]:
    """Mean and 90 % interval of each column of draws of shape (n_draws, n_columns)."""
    low, high = np.quantile(draws, [0.05, 0.95], axis=0).tolist()
    ends = zip(draws.mean(axis=0).tolist(), low, high, strict=True)
    return [Interval(mean=mean, low=least, high=most) for mean, least, most in ends]


def moved_spend(spend: Array, current: Array) -> float:
    """Part of the spend that is not where it would be in the current mix scaled to the same total."""
    today = float(current.sum())
    scaled = current * (float(spend.sum()) / today) if today > 0.0 else np.zeros_like(current)
    return float(np.maximum(spend - scaled, 0.0).sum())


def roi(net: float, money: float) -> float | None:
    """Outcome less charges per unit of money; None where nothing is spent."""
    return net / money if money > 0.0 else None


def obeys(problem: AllocationProblem, spend: Array) -> bool:
    """Whether a split obeys every rule, rounding apart."""
    return problem.violation(spend) <= FEASIBLE * float(spend.sum())


def prices_hold(problem: AllocationProblem, spend: Array, prices: Mapping[str, float]) -> bool:
    """Whether shadow prices are what the plan's marginal returns make of them.

    Only a rule at its limit has a price. What the rules and the scenario charge a cell is what its marginal return is
    worth within `PRICE_STEP` of its spend, or more where the cell has no money: a unit of outcome is worth its weight
    in the objective, and what rows that ask for outcome would pay for it. Where the worst draws count, the return is
    that of the draws which are the worst at the plan. Whole numbers stay as they are: a cell that is off is not asked.
    """
    limits = {row.label: row for row in problem.rows}
    charged: Array = np.full(len(spend), float(problem.scenario.price))
    asked = 0.0
    for label, price in prices.items():
        row = limits.get(label)
        if (
            row is None
            or not (row.coefficients.any() or row.outcome)
            or not _at_limit(problem, row, spend, price)
        ):
            return False
        charged[row.coefficients.places] += price * row.coefficients.values
        asked -= price * row.outcome
    total, gain = float(spend.sum()), float(problem.scenario.gain)
    around = [np.maximum(spend + side * PRICE_STEP * total, 0.0) for side in (-1.0, 0.0, 1.0)]
    weights = problem.draw_weights(spend)
    slopes = [np.zeros(len(spend)) for _ in around]
    for weight, of_draws in ((gain, weights), (asked, None)):
        if weight:
            slopes = [
                s + weight * problem.marginal(at, of_draws) for s, at in zip(slopes, around, strict=True)
            ]
    low, high = np.min(slopes, axis=0), np.max(slopes, axis=0)
    finite = high[np.isfinite(high)]
    largest = max(float(np.abs(charged).max()), float(np.abs(finite).max(initial=0.0)))
    average = (gain + abs(asked)) * problem.gross(spend) / total if total > 0.0 else 0.0
    room = PRICE_TOLERANCE * largest + PRICE_STEP * average
    empty, off = spend <= PRICE_STEP * total, _switched_off(problem, spend)
    return bool((off | (charged >= low - room) & (empty | (charged <= high + room))).all())


def _at_limit(problem: AllocationProblem, row: Row, spend: Array, price: float) -> bool:
    """Whether a row is at the limit that a price of this sign speaks of."""
    limit = row.high if price > 0.0 else row.low
    values = {one.key: one.value(spend) for one in problem.auxiliaries if one.key in row.extra}
    extra = [weight * values[key] for key, weight in row.extra.items()]
    asked = row.outcome * problem.net(spend) if row.outcome else 0.0
    left = np.array([*(row.coefficients.values * spend[row.coefficients.places]), *extra, asked])
    return bool(abs(left.sum() - limit) <= PRICE_TOLERANCE * max(float(np.abs(left).sum()), abs(limit)))


def _switched_off(problem: AllocationProblem, spend: Array) -> NDArray[np.bool_]:
    """Mark the cells that an on/off state keeps without money."""
    off = np.zeros(len(spend), dtype=bool)
    for one in problem.auxiliaries:
        if isinstance(one, OnOff) and one.value(spend) == 0.0:
            off |= one.cells
    return off


def _verified(plan: Plan) -> Certificate:
    problem = AllocationProblem.from_dict(plan.problem)
    _check_standing(plan)
    if plan.scenario != plan.problem.get("scenario"):
        raise CertificateError("the plan's scenario is not the scenario of its problem")
    if plan.provenance.draws != problem.curves.n_draws:
        raise CertificateError(
            f"the plan claims {plan.provenance.draws} draws, its problem has {problem.curves.n_draws}"
        )
    if plan.span != span_of(problem):
        raise CertificateError("the plan's periods are not the problem's")
    solution = claimed(problem, plan)
    certificate = verify(problem, solution)
    if plan.status in NO_SPEND:
        return certificate
    claims, spend = plan.certificate, solution.spend.ravel()
    if plan.status is Status.NOT_CERTIFIED and certificate.gap <= claims.requested_gap:
        raise CertificateError("called not certified, and yet its gap is the one that was asked for")
    _check_missed(problem, plan, spend)
    scale = max(float(spend.sum()), certificate.max_violation, problem.gross(spend))
    same("max_violation", claims.max_violation, certificate.max_violation, scale)
    _check_outcomes(problem, plan, spend)
    _check_totals(problem, plan, spend)
    _check_prices(problem, plan, spend)
    check_comparisons(problem, plan, obeys)
    check_word_of_mouth(problem, plan, spend)
    check_survey(plan)
    return certificate


def _check_standing(plan: Plan) -> None:
    gap = plan.certificate.gap
    if plan.standing != standing_of(plan.status, gap) and (plan.standing or is_wide(gap)):
        raise CertificateError(f'called "{plan.standing}" with a gap of {gap!r} and the status {plan.status}')


def _check_missed(problem: AllocationProblem, plan: Plan, spend: Array) -> None:
    found = {one.rule: one for one in missed_limits(problem, spend)}
    stated = {one.rule: one for one in plan.certificate.missed}
    for rule, one in found.items():
        # What is at the edge of being stated may be on its other side on another machine.
        edge = 2.0 * FEASIBILITY_TOLERANCE * abs(one.limit) + EXACT * one.terms
        if rule not in stated and one.by > edge:
            raise CertificateError(
                f"{rule} is missed by {one.by!r} in its own unit, which the plan does not state"
            )
    for rule, one in stated.items():
        if rule not in found:
            raise CertificateError(f"{rule} is said to be missed, and is not")
        same(f"by how much {rule} is missed", one.by, found[rule].by, found[rule].terms)
        same(f"the terms of {rule}", one.terms, found[rule].terms, found[rule].terms)
        same(f"the limit of {rule}", one.limit, found[rule].limit, abs(found[rule].limit))


def _limits_of(row: Row) -> list[dict[str, Any]]:
    """What a figure may be about that names a row: the row, or one of its limits."""
    ends: list[Side] = []
    if math.isfinite(row.low):
        ends.append("low")
    if math.isfinite(row.high):
        ends.append("high")
    return [limit_of(row), *(limit_of(row, side) for side in ends)]


def claimed(problem: AllocationProblem, plan: Plan) -> Solution:
    """Return a plan's claims as a solution of its problem; raise a CertificateError if they contradict each other."""
    claims = plan.certificate
    limits = {row.label: _limits_of(row) for row in problem.rows}
    rules = {row.label: row.rule for row in problem.rows}
    for price in plan.shadow_prices:
        if price.kind and price.rule != rules.get(price.constraint, price.rule):
            raise CertificateError(f"{price.constraint} is described as a limit of another rule than it is")
    if any(mend.rule not in limits or mend.amount <= 0.0 for mend in plan.mends):
        raise CertificateError("a relaxation names an unknown rule or a non-positive amount")
    for name, limit in [(p.constraint, p) for p in plan.shadow_prices] + [(m.rule, m) for m in plan.mends]:
        if (
            limit.kind
            and name in limits
            and limit.model_dump(include=set(Limit.model_fields)) not in limits[name]
        ):
            raise CertificateError(f"{name} is described as another limit than it is")
    if plan.mends and plan.status is not Status.INFEASIBLE:
        raise CertificateError(f"called {plan.status}, and yet it says how rules would have to give way")
    if plan.status in NO_SPEND:
        numbers = claims.value, claims.upper_bound, claims.gap, claims.max_violation, plan.totals
        if (
            any(number is not None for number in numbers)
            or plan.allocation
            or plan.comparisons
            or plan.survey
            or plan.word_of_mouth
        ):
            raise CertificateError(f"called {plan.status}, and yet it holds an allocation or its numbers")
        if plan.shadow_prices:
            raise CertificateError(f"called {plan.status}, and yet it holds shadow prices")
        spend = np.full(len(problem.cells), math.nan)
        value, gap = math.nan, math.nan
        bound = -math.inf if plan.status is Status.INFEASIBLE else math.inf
    else:
        if plan.conflicts:
            raise CertificateError(f"called {plan.status}, and yet it names conflicting rules")
        if claims.value is None or claims.upper_bound is None or claims.gap is None:
            raise CertificateError("the certificate lacks a number")
        spend = _spend(problem, plan)
        value, bound, gap = claims.value, claims.upper_bound, claims.gap
    return Solution(
        status=plan.status,
        spend=spend.reshape(problem.shape),
        value=value,
        upper_bound=bound,
        gap=gap,
        requested_gap=claims.requested_gap,
        shadow_prices={},
        conflicts=tuple(plan.conflicts),
        proof=Proof.from_dict(plan.proof),
        report=SearchReport(0, 0, 0.0, ""),
    )


def _spend(problem: AllocationProblem, plan: Plan) -> Array:
    expected = [(name, 1 + t) for t in range(span_of(problem)) for name in problem.curves.names]
    if [(row.name, row.period) for row in plan.allocation] != expected:
        raise CertificateError("the allocation's cells and periods are not the problem's")
    summed = [(name, 0) for name in problem.curves.names] if problem.delay else []
    if [(row.name, row.period) for row in plan.sums] != summed:
        raise CertificateError("the rows over all periods are not the problem's cells")
    return np.array([row.spend for row in plan.allocation])


def _current(problem: AllocationProblem) -> Array:
    return np.zeros(len(problem.cells)) if problem.cells.current is None else problem.cells.current


def _check_outcomes(problem: AllocationProblem, plan: Plan, spend: Array) -> None:
    draws, current = problem.outcomes(spend), _current(problem)
    scale = float(draws.sum(axis=1).max(initial=0.0))
    marginal, charges = problem.marginal(spend), problem.charged(spend)
    # On a saturated plan every marginal return is rounding: the average return tells how large one might be.
    steepness = max(
        float(np.abs(marginal[np.isfinite(marginal)]).max(initial=0.0)),
        scale / float(spend.sum()) if spend.any() else 0.0,
    )
    charged = float(charges.max(initial=0.0))
    highest = marginal.reshape(span_of(problem), -1).max(axis=0)
    summed = (problem.by_cell(values) for values in (spend, draws, highest, charges, current))
    for rows, (spent, brings, slopes, cost, today) in (
        (plan.allocation, (spend, draws, marginal, charges, current)),
        (plan.sums, summed),
    ):
        outcomes = intervals(brings[:, : len(rows)])
        for i, row in enumerate(rows):
            what = row.name if row.period else f"{row.name} over all periods"
            same(f"spend on {what}", row.spend, float(spent[i]), float(spend.sum()))
            same_interval(f"outcome of {what}", row.outcome, outcomes[i], scale)
            slope = float(slopes[i]) if math.isfinite(slopes[i]) else None
            same(f"marginal return of {what}", row.marginal_return, slope, steepness)
            same(f"charge of {what}", row.charge, float(cost[i]), charged)
            now = float(today[i])
            same(f"current spend on {what}", row.current_spend, now, now)


def _check_totals(problem: AllocationProblem, plan: Plan, spend: Array) -> None:
    totals = plan.totals
    if totals is None:
        raise CertificateError("the plan lacks its totals")
    by_period, current = problem.outcomes(spend), _current(problem)
    draws = by_period.sum(axis=1)
    outcome, total, today = interval(draws), float(spend.sum()), float(current.sum())
    same_interval("total outcome", totals.outcome, outcome, float(draws.max(initial=0.0)))
    charge, money = float(problem.charged(spend).sum()), problem.money(spend)
    same("total charge", totals.charge, charge, charge)
    same("fees", totals.fees, money - total, money)
    scale = max(outcome.mean, charge, money)
    same("profit", totals.profit, outcome.mean - charge - money, scale)
    same("return on spend", totals.roi, roi(outcome.mean - charge, money), scale / money if money else 1.0)
    later = float(by_period[:, len(spend) :].sum(axis=1).mean())
    same("outcome after the last period", totals.after, later, scale)
    if totals.periods < plan.span:
        raise CertificateError("the plan covers more periods than its horizon")
    _check_sums(totals, total, outcome.mean, totals.periods / plan.span)
    same("budget", totals.budget, problem.scenario.limit, problem.scenario.limit or 0.0)
    same("current spend", totals.current_spend, today, today)
    same("moved spend", totals.moved, moved_spend(spend, current), total)
    prices = {price.constraint: price.price for price in plan.shadow_prices}
    if totals.next_unit != prices.get(problem.scenario.limit_label):
        raise CertificateError("the worth of one more unit is not the shadow price of the budget")


def _check_sums(totals: Totals, spend: float, outcome: float, times: float) -> None:
    same("total spend", totals.spend, spend, spend)
    same("horizon spend", totals.horizon_spend, spend * times, spend * times)
    over_all = outcome * times
    same("horizon outcome", totals.horizon_outcome, over_all, over_all)


def _check_prices(problem: AllocationProblem, plan: Plan, spend: Array) -> None:
    prices = {price.constraint: price.price for price in plan.shadow_prices}
    if len(prices) < len(plan.shadow_prices):
        raise CertificateError("a rule has two shadow prices")
    if prices_hold(problem, spend, prices):
        return
    if prices:
        raise CertificateError("the shadow prices are not what the rules and the marginal returns show")
    if say("remark.no_prices") not in plan.remarks:
        raise CertificateError("rules bind, and yet the plan neither prices them nor says that it does not")
