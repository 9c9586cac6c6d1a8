"""Explain a plan: the reasons of each cell, how wrong its curve may be, and what each rule costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import CertificateError, InputError, NoPlanError, expect, expect_positive
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import NO_SPEND, Explanation, Plan, RulePrice, fits
from channelmix.profile import CompanyProfile
from channelmix.recommender.explain.break_even import (
    FACTORS,
    MATERIAL,
    TIMED_GAP,
    TOLERANCE,
    TURN,
    BreakEvenPair,
    BreakEvens,
)
from channelmix.recommender.explain.cells import FAR, explain_cells
from channelmix.recommender.explain.rule_prices import Variant, price_of, variants
from channelmix.recommender.optimize.optimize import optimize
from channelmix.recommender.optimize.size import MAX_MEMORY
from channelmix.recommender.optimize.time_left import Clock

TAKEN = frozenset(
    f"remark.{name}"
    for name in (
        *("sector", "country", "audience_unused", "audience_nowhere"),
        *("one_way_service", "one_way_advocacy", "overlap"),
    )
)
"""Remarks of a plan that its explanation repeats: what is not told apart, rests on one way or is taken for given."""

RULES_PART = 0.5
"""Part of the time that rules get where break-even factors take long, too."""

LEAST_SECONDS = 1.0
"""Time that solving one variant gets, however little is left."""


def explain(
    asked: CompanyProfile | Plan,
    *,
    gap: float | None = None,
    time_limit: float = 300.0,
    max_memory: float = MAX_MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> Explanation:
    """Explain a plan: why each cell gets what it gets, what would change that, and what each rule costs.

    Each rule is priced by solving without it, and each cell that a `KeepWorking` keeps by solving without keeping it; a
    cell that the plan drops, by solving with half of its spend today. Break-even factors are found by solving with one
    cell's curve multiplied. A plan over several periods is explained over all of them: spend on a cell is the sum over
    the periods, and a rule is left out of every period.

    Parameters
    ----------
    asked : CompanyProfile or Plan
        A plan is explained from the data it holds; for a profile, a plan is made first.
    gap : float, optional
        Relative gap for plans without a rule or with a cell; the plan's own by default.
    time_limit : float
        Seconds of the whole call, of which the plan for a profile gets a third at most. A variant that runs out of time
        has a wider interval; those not begun by then are left out and counted in the remarks. Over several periods,
        rules get half of what is left, and break-even factors are found for as many cells as the rest suffices for.
    max_memory : float
        Memory that the plan for a profile may take, in GB; see `optimize`.
    progress : callable, optional
        Called with the number of steps done and the number of all steps.

    Returns
    -------
    Explanation
        After Ctrl-C with what was found before, and `complete` false.

    Raises
    ------
    InputError
        If the plan is damaged, or that for a profile too large.
    NoPlanError
        If no split obeys all rules, or the most profitable spend has no limit.

    Examples
    --------
    >>> import channelmix as cm
    >>> from channelmix.profile import starter_profile
    >>> content = starter_profile() | {"rules": []}
    >>> content["channels"] = {name: content["channels"][name] for name in ("sms", "im")}
    >>> found = cm.explain(cm.CompanyProfile.model_validate(content))
    >>> found.cells[0].cell, found.complete
    ('FR/sms/promotion', True)
    """
    expect(asked, "what is asked about", CompanyProfile, Plan)
    expect_positive(time_limit, "time_limit", allow_infinite=True)
    if gap is not None:
        expect_positive(gap, "gap")
    clock = Clock(time_limit)
    plan = (
        optimize(asked, time_limit=clock.planning, max_memory=max_memory)
        if isinstance(asked, CompanyProfile)
        else asked
    )
    problem, spend, value, bound = _contents(plan)
    gap = plan.certificate.requested_gap if gap is None else gap
    to_price = list(variants(problem, spend))
    why_not = _why_no_break_evens(problem)
    steps = len(to_price) + (1 if problem.delay is None else problem.curves.n_cells)
    rules: list[RulePrice] = []
    found: dict[int, BreakEvenPair] = {}
    complete = True

    def report() -> None:
        if progress is not None:
            progress(len(rules) + len(found), steps)

    try:
        report()
        for_rules = clock.left if problem.delay is None else RULES_PART * clock.left
        for price in _prices(to_price, spend, value, bound, gap, for_rules):
            rules.append(price)
            report()
        break_evens = BreakEvens(problem, spend, time.perf_counter() + clock.left)
        for cell, pair in () if why_not else break_evens.find():
            found[cell] = pair
            if problem.delay is not None:
                report()
    except KeyboardInterrupt:
        complete = False
    return Explanation(
        name=plan.name,
        currency=plan.currency,
        period=plan.period,
        span=plan.span,
        scenario=problem.scenario.kind,
        next_unit=plan.totals.next_unit if plan.totals else None,
        cells=explain_cells(plan, problem, spend, found),
        rules=sorted(rules, key=lambda rule: (rule.cell is not None, -rule.low)),
        factor_low=FACTORS[0],
        factor_high=FACTORS[1],
        tolerance=TOLERANCE,
        remarks=[
            *_remarks(
                problem,
                why_not,
                unpriced=len(to_price) - len(rules) if complete else 0,
                without_break_evens=problem.curves.n_cells - len(found),
            ),
            *_of_plan(plan),
        ],
        profile_sha256=plan.provenance.profile_sha256,
        complete=complete,
    )


def _contents(plan: Plan) -> tuple[AllocationProblem, Array, float, float]:
    """Return the plan's problem, its spend, its value and the bound on it."""
    if plan.status in NO_SPEND:
        raise NoPlanError(f"there is no plan to explain: {plan.status}: {', '.join(plan.conflicts)}")
    problem = AllocationProblem.from_dict(plan.problem)
    if not fits(plan, problem):
        raise InputError("the allocation's cells are not the problem's cells")
    value, bound = plan.certificate.value, plan.certificate.upper_bound
    if value is None or bound is None:
        raise CertificateError("the plan's certificate lacks a number")
    return problem, np.array([row.spend for row in plan.allocation]), value, bound


def _prices(
    to_price: list[Variant], spend: Array, value: float, bound: float, gap: float, time_limit: float
) -> Iterator[RulePrice]:
    """Price one variant after the other for as long as there is time; the first one in any case."""
    deadline = time.perf_counter() + time_limit
    for done, variant in enumerate(to_price):
        left = deadline - time.perf_counter()
        if done and left < 0.0:
            return
        share = max(left / (len(to_price) - done), LEAST_SECONDS)
        yield price_of(variant, spend, value, bound, gap=gap, time_limit=share)


def _why_no_break_evens(problem: AllocationProblem) -> Message | None:
    """Say why break-even factors cannot be found for this problem; None if they can."""
    if problem.tail is not None or any(row.outcome for row in problem.rows):
        return say("remark.no_factors_risk")
    if problem.scenario.limit is None or problem.scenario.limit == 0.0:
        return say("remark.no_factors_limit")
    return None


def _remarks(
    problem: AllocationProblem, why_not: Message | None, *, unpriced: int, without_break_evens: int
) -> Iterator[Message]:
    yield say("remark.rule_prices")
    yield why_not or say("remark.material", share=MATERIAL, turn=TURN, good=TOLERANCE)
    yield say("remark.beyond", far=FAR)
    if unpriced:
        yield say("remark.prices_left", rules=unpriced)
    if problem.delay is not None and why_not is None:
        yield say("remark.factors_periods", gap=TIMED_GAP)
        if without_break_evens:
            yield say("remark.factors_left", cells=without_break_evens)


def _of_plan(plan: Plan) -> Iterator[Message]:
    """What the plan takes for given whatever its cells."""
    for remark in map(plan.message, plan.remarks):
        if isinstance(remark, Message) and remark.code in TAKEN:
            yield remark
