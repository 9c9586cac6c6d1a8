"""From a plan to its explanation: reasons of each cell, how wrong its curve may be, and what each rule costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from channelmix.core.errors import CertificateError, InputError, NoPlanError, expect, expect_positive
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import NO_SPEND, BreakEven, Explanation, Plan, RulePrice, fits
from channelmix.profile import CompanyProfile
from channelmix.recommender.explain.break_even import (
    FACTORS,
    MATERIAL,
    TIMED_GAP,
    TOLERANCE,
    TURN,
    BreakEvens,
)
from channelmix.recommender.explain.cells import FAR, explained
from channelmix.recommender.explain.rule_prices import priced, variants
from channelmix.recommender.optimize.optimize import optimize


def explain(
    asked: CompanyProfile | Plan,
    *,
    gap: float | None = None,
    time_limit: float = 300.0,
    progress: Callable[[int, int], None] | None = None,
) -> Explanation:
    """Explain a plan: why each cell gets what it gets, what would change that, and what each rule costs.

    Rules are priced by planning anew without each of them, and without keeping each cell that a `KeepWorking` keeps;
    a cell that the plan gives up, by planning anew with half of its spend today. Break-even factors are found by
    planning anew with one cell's curve multiplied. A plan over several periods is explained over all of them: a cell
    gets what it gets in every period, and a rule that holds in each is left out of all.

    Parameters
    ----------
    asked : CompanyProfile or Plan
        A plan is explained from what travels in it; for a profile, one is made first.
    gap : float, optional
        Gap of plans made anew: the plan's own if not given.
    time_limit : float
        Seconds for pricing rules; a plan made anew that is out of time leaves a wider interval, and what is not begun
        by then is left out, which remarks say. Where several periods are planned, the same again for break-even
        factors, of as many cells as they last for.
    progress : callable, optional
        Called with the number of plans made anew, and of all of them.

    Returns
    -------
    Explanation
        After Ctrl-C with what was found before, and `complete` false.

    Raises
    ------
    InputError
        If the plan is damaged.
    NoPlanError
        If no split obeys all rules, or spend pays without limit.

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
    plan = optimize(asked) if isinstance(asked, CompanyProfile) else asked
    if plan.status in NO_SPEND:
        raise NoPlanError(f"there is no plan to explain: {plan.status}: {', '.join(plan.conflicts)}")
    problem = AllocationProblem.from_dict(plan.problem)
    if not fits(plan, problem):
        raise InputError("the allocation's cells are not the problem's cells")
    spend = np.array([row.spend for row in plan.allocation])
    value, bound = plan.certificate.value, plan.certificate.upper_bound
    if value is None or bound is None:
        raise CertificateError("the plan's certificate lacks a number")
    gap = plan.certificate.requested_gap if gap is None else gap
    asked_for = list(variants(problem, spend))
    why_not = _why_no_break_evens(problem)
    rules: list[RulePrice] = []
    found: dict[int, tuple[BreakEven | None, BreakEven | None]] = {}
    complete = True
    steps = len(asked_for) + (1 if problem.delay is None else problem.curves.n_cells)
    deadline = time.perf_counter() + time_limit
    try:
        for done, variant in enumerate(asked_for):
            if done and time.perf_counter() > deadline:
                break
            if progress is not None:
                progress(done, steps)
            share = max((deadline - time.perf_counter()) / (len(asked_for) - done), 1.0)
            rules.append(priced(variant, spend, value, bound, gap=gap, time_limit=share))
        if progress is not None:
            progress(len(asked_for), steps)
        asked_of = BreakEvens(problem, spend, time.perf_counter() + time_limit)
        for cell, low, high in () if why_not else asked_of.find():
            found[cell] = low, high
            if progress is not None and problem.delay is not None:
                progress(len(asked_for) + len(found), steps)
    except KeyboardInterrupt:
        complete = False
    return Explanation(
        name=plan.name,
        currency=plan.currency,
        period=plan.period,
        span=plan.span,
        scenario=problem.scenario.kind,
        next_unit=plan.totals.next_unit if plan.totals else None,
        cells=explained(plan, problem, spend, found, FACTORS),
        rules=sorted(rules, key=lambda rule: (rule.cell is not None, -rule.low)),
        factor_low=FACTORS[0],
        factor_high=FACTORS[1],
        tolerance=TOLERANCE,
        remarks=list(
            _remarks(
                problem,
                why_not,
                complete * (len(asked_for) - len(rules)),
                problem.curves.n_cells - len(found),
            )
        ),
        profile_sha256=plan.provenance.profile_sha256,
        complete=complete,
    )


def _why_no_break_evens(problem: AllocationProblem) -> Message | None:
    """Why break-even factors cannot be found for this problem; None if they can."""
    if problem.tail is not None or any(row.outcome for row in problem.rows):
        return say("remark.no_factors_risk")
    if problem.scenario.limit is None or problem.scenario.limit == 0.0:
        return say("remark.no_factors_limit")
    return None


def _remarks(
    problem: AllocationProblem, why_not: Message | None, unpriced: int, left: int
) -> Iterator[Message]:
    yield say("remark.rule_prices")
    yield why_not or say("remark.material", share=MATERIAL, turn=TURN, good=TOLERANCE)
    yield say("remark.beyond", far=FAR)
    if unpriced:
        yield say("remark.prices_left", rules=unpriced)
    if problem.delay is not None and why_not is None:
        yield say("remark.factors_periods", gap=TIMED_GAP)
        if left:
            yield say("remark.factors_left", cells=left)
