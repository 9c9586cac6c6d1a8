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
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Proof, SearchReport, Solution, Status
from channelmix.engine.proof.verify import Certificate, verify
from channelmix.engine.rules import Row
from channelmix.engine.rules.auxiliary import OnOff
from channelmix.engine.rules.rows import Side
from channelmix.plan.parts import Limit, Totals, limit_of
from channelmix.plan.plan import Plan
from channelmix.plan.word_of_mouth import heard_of_service, span_of, talks_elsewhere

NO_SPEND = (Status.INFEASIBLE, Status.UNBOUNDED)
"""Statuses of a plan without an allocation."""

RELATIVE_TOLERANCE = 1e-9
"""Difference allowed between a number of the plan and the recomputed one, as a share of the largest number of its
kind: rounding, on another machine too."""

FEASIBLE = 1e-6
"""Violation below which a split counts as obeying the rules, as a share of its total."""

PRICE_TOLERANCE = 1e-3
"""By how much a cell's marginal return may differ from what its rules charge it, as a share of the largest of these."""

PRICE_STEP = 1e-6
"""Part of total spend that a price is blind to: it is found on steps of this size. Returns below this share of the
average return are as good as none."""


def verify_plan(plan: Plan) -> Certificate:
    """Recompute a plan's certificate, allocation, totals and prices from its problem and proof, without any solver.

    Taken as given: the problem itself (curves, rules, spend today), and what is said of it in words or for the reader's
    convenience: names, currency, period and number of periods, evidence, assumptions, reasons, remarks, warnings, and
    where the plan comes from. Of the comparisons, which rest on draws that do not travel in the plan, only their rules
    and sums are checked; of word of mouth, its sums and what it makes of service, but not what advocacy adds, nor the
    answer if ten are told; of conflicting rules, only that the rules exist and that no split obeys all rules together,
    not by how much they must give way.

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
    if plan.scenario != plan.problem.get("scenario"):
        raise CertificateError("the plan's scenario is not the scenario of its problem")
    if plan.provenance.draws != problem.curves.n_draws:
        raise CertificateError(
            f"the plan claims {plan.provenance.draws} draws, its problem has {problem.curves.n_draws}"
        )
    solution = _claimed(problem, plan)
    certificate = verify(problem, solution)
    if plan.status in NO_SPEND:
        return certificate
    claims, spend = plan.certificate, solution.spend.ravel()
    if plan.status is Status.NOT_CERTIFIED and certificate.gap <= claims.requested_gap:
        raise CertificateError("called not certified, and yet its gap is the one that was asked for")
    scale = max(float(spend.sum()), certificate.max_violation, problem.gross(spend))
    _same("max_violation", claims.max_violation, certificate.max_violation, scale)
    _check_outcomes(problem, plan, spend)
    _check_totals(problem, plan, spend)
    _check_prices(problem, plan, spend)
    _check_comparisons(problem, plan)
    _check_word_of_mouth(problem, plan, spend)
    _check_survey(plan)
    return certificate


def _limits_of(row: Row) -> list[dict[str, Any]]:
    """What a figure may be about that names a row: the row, or one of its limits."""
    ends: list[Side] = []
    if math.isfinite(row.low):
        ends.append("low")
    if math.isfinite(row.high):
        ends.append("high")
    return [limit_of(row), *(limit_of(row, side) for side in ends)]


def _claimed(problem: AllocationProblem, plan: Plan) -> Solution:
    claims = plan.certificate
    limits = {row.label: _limits_of(row) for row in problem.rows}
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
            _same(f"spend on {what}", row.spend, float(spent[i]), float(spend.sum()))
            _same_interval(f"outcome of {what}", row.outcome, outcomes[i], scale)
            slope = float(slopes[i]) if math.isfinite(slopes[i]) else None
            _same(f"marginal return of {what}", row.marginal_return, slope, steepness)
            _same(f"charge of {what}", row.charge, float(cost[i]), charged)
            now = float(today[i])
            _same(f"current spend on {what}", row.current_spend, now, now)


def _check_totals(problem: AllocationProblem, plan: Plan, spend: Array) -> None:
    totals = plan.totals
    if totals is None:
        raise CertificateError("the plan lacks its totals")
    by_period, current = problem.outcomes(spend), _current(problem)
    draws = by_period.sum(axis=1)
    outcome, total, today = interval(draws), float(spend.sum()), float(current.sum())
    _same_interval("total outcome", totals.outcome, outcome, float(draws.max(initial=0.0)))
    charge, money = float(problem.charged(spend).sum()), problem.money(spend)
    _same("total charge", totals.charge, charge, charge)
    _same("fees", totals.fees, money - total, money)
    scale = max(outcome.mean, charge, money)
    _same("profit", totals.profit, outcome.mean - charge - money, scale)
    _same("return on spend", totals.roi, roi(outcome.mean - charge, money), scale / money if money else 1.0)
    later = float(by_period[:, len(spend) :].sum(axis=1).mean())
    _same("outcome after the last period", totals.after, later, scale)
    if plan.span != span_of(problem) or totals.periods < plan.span:
        raise CertificateError("the plan's periods are not the problem's")
    _check_sums(totals, total, outcome.mean, totals.periods / plan.span)
    _same("budget", totals.budget, problem.scenario.limit, problem.scenario.limit or 0.0)
    _same("current spend", totals.current_spend, today, today)
    _same("moved spend", totals.moved, moved_spend(spend, current), total)
    prices = {price.constraint: price.price for price in plan.shadow_prices}
    if totals.next_unit != prices.get(problem.scenario.limit_label):
        raise CertificateError("the worth of one more unit is not the shadow price of the budget")


def _check_sums(totals: Totals, spend: float, outcome: float, times: float) -> None:
    _same("total spend", totals.spend, spend, spend)
    _same("horizon spend", totals.horizon_spend, spend * times, spend * times)
    over_all = outcome * times
    _same("horizon outcome", totals.horizon_outcome, over_all, over_all)


def _check_prices(problem: AllocationProblem, plan: Plan, spend: Array) -> None:
    prices = {price.constraint: price.price for price in plan.shadow_prices}
    if len(prices) < len(plan.shadow_prices):
        raise CertificateError("a rule has two shadow prices")
    if prices and not prices_hold(problem, spend, prices):
        raise CertificateError("the shadow prices are not what the rules and the marginal returns show")


def _check_comparisons(problem: AllocationProblem, plan: Plan) -> None:
    if sum(comparison.is_baseline for comparison in plan.comparisons) > 1:
        raise CertificateError("the plan has two baselines")
    sums = []
    for comparison in plan.comparisons:
        what = f"the comparison with the {comparison.name}"
        if tuple(comparison.spend) != problem.cells.names:
            raise CertificateError(f"{what} is not about the problem's cells")
        spend = np.array(list(comparison.spend.values()))
        if (spend < 0.0).any() or comparison.feasible != obeys(problem, spend):
            raise CertificateError(f"{what} is not right about whether that split obeys the rules")
        money = problem.money(spend)
        _same(f"money in {what}", comparison.money, money, money)
        if not 0.0 <= comparison.chance <= 1.0 or comparison.tail_loss < 0.0:
            raise CertificateError(f"{what} has a probability outside [0, 1] or a negative loss")
        sums.append(comparison.outcome.mean + comparison.gain.mean)
    for comparison, outcome in zip(plan.comparisons, sums, strict=True):
        what = f"the plan's outcome in the comparison with the {comparison.name}"
        means = (abs(c.outcome.mean) for c in (plan.comparisons[0], comparison))
        _same(what, outcome, sums[0], max(abs(sums[0]), *means))


def _check_word_of_mouth(problem: AllocationProblem, plan: Plan, spend: Array) -> None:
    told, value = plan.word_of_mouth, problem.net(spend)
    outcome, praise, criticism = heard_of_service(problem, spend)
    if told is None:
        if criticism > 0.0:
            raise CertificateError("called silent on word of mouth, and yet it counts in the curves")
        return
    scale = max(abs(value), praise, criticism)
    if not talks_elsewhere(problem, spend):
        _same("outcome of word of mouth", told.outcome, outcome, scale)
        _same("praise", told.praise, praise, scale)
        _same("criticism", told.criticism, criticism, scale)
    elif min(told.praise - praise, told.criticism - criticism) < -RELATIVE_TOLERANCE * scale:
        raise CertificateError("praise and criticism are less than what service alone makes of them")
    _same("balance of word of mouth", told.balance, told.praise - told.criticism, scale)
    _same("share of word of mouth", told.share, told.outcome / value if value else 0.0, 1.0)


def _check_survey(plan: Plan) -> None:
    """Recompute the company's own shares; what the survey says of others is taken as given."""
    for row in plan.survey:
        inside = [cell for cell in plan.cells if row.purpose in ("all", cell.purpose)]
        own = [cell for cell in inside if cell.channel == row.channel]
        what = f"the share of {row.channel} ({row.purpose}) beside the survey"
        for claimed, key in ((row.share_now, "current_spend"), (row.share_planned, "spend")):
            whole = sum(getattr(cell, key) for cell in inside)
            part = sum(getattr(cell, key) for cell in own)
            _same(what, claimed, part / whole if whole > 0.0 else 0.0, 1.0)
        if row.used_now != any(cell.current_spend > 0.0 for cell in own):
            raise CertificateError(f"{what} is not right about whether it is used today")


def _same_interval(what: str, claimed: Interval, computed: Interval, scale: float) -> None:
    for key in ("mean", "low", "high"):
        _same(f"{what} ({key})", getattr(claimed, key), getattr(computed, key), scale)


def _same(what: str, claimed: float | None, computed: float | None, scale: float) -> None:
    if claimed is None or computed is None:
        if claimed is not computed:
            raise CertificateError(f"{what} claimed {claimed!r}, recomputed {computed!r}")
    elif not abs(claimed - computed) <= RELATIVE_TOLERANCE * abs(scale):
        raise CertificateError(f"{what} claimed {claimed!r}, recomputed {computed!r}")
