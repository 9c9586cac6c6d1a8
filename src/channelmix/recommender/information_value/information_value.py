"""The value of information for a profile or a problem: what certainty and tests are worth, and what caution costs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from channelmix.core.arrays import Array
from channelmix.core.errors import (
    CertificateError,
    InputError,
    NoPlanError,
    expect,
    expect_positive,
    expect_whole,
)
from channelmix.core.wording import short
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution, Status
from channelmix.engine.rules.rows import number
from channelmix.engine.solver.by_draw import best_by_draw
from channelmix.engine.solver.solve import solve
from channelmix.plan import CautiousPlan, InformationOf, InformationValue, LiftTestValue
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Fitted
from channelmix.profile.fields.fields import DAYS_A_WEEK, DAYS_A_YEAR
from channelmix.recommender.information_value.knowledge import Gain, Knowledge
from channelmix.recommender.information_value.lift_tests import LiftTestDesign, Trials
from channelmix.recommender.information_value.robustness import cautious_plans, regret, spread
from channelmix.recommender.optimize.company_problem import drawn, problem_and_splits
from channelmix.recommender.optimize.optimize import GAP, TAIL_GAP
from channelmix.recommender.optimize.size import MAX_MEMORY, TAIL_DRAWS, check_size
from channelmix.recommender.optimize.time_left import Clock
from channelmix.recommender.resolve import by_name

DRAWS = 256
"""Default number of draws of a profile, each of which is solved alone."""

NOISE = 0.25
"""Judged standard deviation of a week's noise, as a share of what all channels of the market bring in a week."""

STEPS = 3
"""Steps of progress that follow those of the draws."""


@dataclass(frozen=True)
class _Case:
    """The problem to study, and what else depends on whether it comes from a profile."""

    problem: AllocationProblem
    for_tails: Callable[[], AllocationProblem]
    """Returns the problem with as many draws as tail measures need."""
    baseline: Mapping[str, float] | None
    period_days: float
    heading: dict[str, Any]
    """What the document says of the company."""
    market_noise: Mapping[str, float] = field(default_factory=dict)
    """Standard deviation of a week's outcome that the fit of own history leaves unexplained, in money, by market."""


def information_value(
    asked: CompanyProfile | AllocationProblem,
    *,
    tests: Sequence[LiftTestDesign] = (),
    noise: float | None = None,
    test_cost: float = 0.0,
    test_periods: float | None = None,
    caution: bool = False,
    period_days: float = DAYS_A_YEAR / 12.0,
    seed: int = 0,
    n_draws: int = DRAWS,
    time_limit: float = 300.0,
    max_memory: float = MAX_MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> InformationValue:
    """Find what more knowledge would be worth before money is split, and which lift test to run next.

    Every draw gets its own best split with its own proven bound. Certainty is worth what these splits bring on average,
    less what the best single plan brings. If only a cell or a channel is known, the others count by their mean given
    what is known, estimated by a regression over the draws. A lift test makes draws more or less likely, depending on
    what it measures. All values are those for a company that maximizes the mean; regret is that of the profile's own
    plan, with its risk. Where a profile plans several periods, a typical one of them is studied, without season and
    carry-over, and the document says so.

    Parameters
    ----------
    asked : CompanyProfile or AllocationProblem
        With a scenario that maximizes and limits money, and without a rule that asks for outcome.
    tests : sequence of LiftTestDesign, optional
        Tests to value; by default a range of designs on every cell where a test may be worth its cost.
    noise : float, optional
        Standard deviation of one week's difference between tested and untested customers, in money. By default what the
        fit of the profile's own history leaves unexplained in a week, in the cell's market if its rows are by market;
        without a history of the market, a judged quarter of what all its channels bring in a week.
    test_cost : float
        Fixed cost of a test, on top of the change of spend, in money.
    test_periods : float, optional
        Number of periods planned with a test's result; a year of them by default.
    caution : bool
        Whether to plan for the worst draws too and report what that costs; this takes about a minute.
    period_days : float
        Length of a bare problem's period; a profile has its own.
    seed, n_draws : int
        Seed and number of a profile's draws.
    time_limit : float
        Seconds of the whole call: the best splits of the draws get what is left once the plan is made, and cautious
        plans what these leave, each at least a fifth of it. A search out of time states its honest bound.
    max_memory : float
        Memory that a profile's plan may take, in GB; see `optimize`.
    progress : callable, optional
        Called with the number of steps done and the number of all steps.

    Returns
    -------
    InformationValue
        After Ctrl-C with what was found before, and `complete` false.

    Raises
    ------
    InputError
        If a number is out of range, a profile's plan is too large, or the problem is of another kind.
    NoPlanError
        If no split obeys all rules.
    CertificateError
        If none was found in time.
    KeyboardInterrupt
        If Ctrl-C came before the first draws were done.

    Examples
    --------
    >>> import channelmix as cm
    >>> curves = cm.ResponseCurves.power([[2.0, 1.0], [1.0, 2.0]], 0.5, names=["sms", "app"])
    >>> found = cm.information_value(cm.AllocationProblem(curves, cm.FixedBudget(10.0)))
    >>> round(found.outcome, 2), round(found.total.value, 2)
    (6.71, 0.36)
    """
    expect(asked, "what is asked about", CompanyProfile, AllocationProblem)
    _check_tests(tests)
    _check_numbers(noise=noise, test_periods=test_periods, period_days=period_days)
    number(test_cost, "test_cost")
    expect_positive(time_limit, "time_limit", allow_infinite=True)
    expect_whole(seed, "seed")
    expect_whole(n_draws, "n_draws", 1)
    clock = Clock(time_limit)
    if isinstance(asked, CompanyProfile):
        check_size(asked.model_copy(update={"timing": None}), n_draws, max_memory, time_limit)
    case = _case(asked, seed, n_draws, period_days)
    problem = dataclasses.replace(case.problem, risk=None)
    n = problem.curves.n_draws

    def report(done: int) -> None:
        if progress is not None:
            progress(done, n + STEPS)

    report(0)
    best, plan = _best_and_plan(problem, case.problem, clock.planning)
    optima = best_by_draw(problem, time_limit=clock.left, progress=lambda done, _: report(done))
    complete = not optima.interrupted
    if not complete:  # what can be said is about these draws alone
        problem = problem.of_draws(range(len(optima.value)))
    names = problem.curves.names
    known = Knowledge(problem, np.vstack([best.spend, plan, optima.spend]))
    outcome = float(known.worth.mean(axis=0).max())
    periods = DAYS_A_YEAR / case.period_days if test_periods is None else test_periods
    noises = _noise(problem, plan, noise, case.market_noise, DAYS_A_WEEK / case.period_days)
    values: list[InformationOf] = []
    valued: list[LiftTestValue] = []
    cautious: list[CautiousPlan] = []
    if complete:
        try:
            # Many small products are slower on several threads.
            with threadpool_limits(1, user_api="blas"):
                report(n)
                values, splits = _values(known)
                report(n + 1)
                weeks = case.period_days / DAYS_A_WEEK
                trials = Trials(known, splits, plan, weeks, noises, periods, test_cost, seed)
                certain = {names.index(one.name): one.value for one in values if one.name in names}
                valued = [trials.value(design) for design in tests] if tests else list(trials.best(certain))
            report(n + 2)
            if caution:
                cautious = cautious_plans(
                    case.for_tails(), case.baseline, gap=TAIL_GAP, time_limit=clock.left
                )
        except KeyboardInterrupt:
            complete = False
    values.sort(key=lambda one: -one.value)
    valued.sort(key=lambda test: -test.net)
    proven = float(optima.value.mean()) - max(best.upper_bound, outcome)
    return InformationValue(
        **case.heading,
        outcome=outcome,
        total=_total(known, optima.value),
        total_low=0.0 if optima.interrupted else max(0.0, proven),  # the plan's bound is that of all draws
        total_high=max(0.0, float(optima.upper_bound.mean()) - outcome),
        channels=[one for one in values if one.name not in names],
        cells=[one for one in values if one.name in names],
        tests=valued,
        next_test=valued[0] if valued and valued[0].net > 0.0 else None,
        test_periods=periods,
        spread=spread(names, plan, optima),
        regret=regret(known.worth[:, 1], optima),
        cautious=cautious,
        remarks=[
            *_typical(case.heading["typical_of"]),
            *_remarks(noise, case.market_noise, noises, periods, test_cost),
        ],
        draws=len(optima.value),
        seed=seed,
        complete=complete,
    )


def _check_tests(tests: Sequence[LiftTestDesign]) -> None:
    expect(tests, "tests", Sequence)
    for design in tests:
        expect(design, "a test", LiftTestDesign)


def _check_numbers(**numbers: float | None) -> None:
    for what, value in numbers.items():
        if value is not None:
            expect_positive(value, what)


def _case(asked: CompanyProfile | AllocationProblem, seed: int, n_draws: int, period_days: float) -> _Case:
    if isinstance(asked, CompanyProfile):
        return _case_of_company(asked, seed, n_draws)
    _check(asked)
    current = asked.cells.current
    heading = {"name": "", "currency": "", "period": "", "typical_of": 1, "profile_sha256": ""}
    baseline = None if current is None else by_name(asked, current)
    return _Case(asked, lambda: asked, baseline, period_days, heading)


def _case_of_company(profile: CompanyProfile, seed: int, n_draws: int) -> _Case:
    typical = profile.model_copy(update={"timing": None})
    draws = drawn(typical, n_draws, seed)
    problem, splits = problem_and_splits(typical, draws)
    _check(problem)
    return _Case(
        problem,
        lambda: problem_and_splits(typical, drawn(typical, max(TAIL_DRAWS, n_draws), seed))[0],
        splits[0].spend,
        profile.period_days,
        {
            "name": profile.name,
            "currency": profile.currency,
            "period": profile.period_text,
            "typical_of": 1 if profile.timing is None else profile.periods,
            "profile_sha256": profile.sha256,
        },
        {} if draws.own is None else _market_noise(draws.own.evidence.fitted, profile),
    )


def _best_and_plan(
    problem: AllocationProblem, with_risk: AllocationProblem, seconds: float
) -> tuple[Solution, Array]:
    """Return the best solution for the mean, and the plan with the risk that was asked for."""
    best = solve(problem, GAP, seconds)
    if best.status is Status.INFEASIBLE:
        rules = f" together: {', '.join(best.conflicts)}" if best.conflicts else ""
        raise NoPlanError(f"no split of the budget obeys {'these' if rules else 'all'} rules{rules}")
    if not np.isfinite(best.spend).all():
        raise CertificateError("no split that obeys all rules was found")
    if with_risk.risk is None:
        return best, best.spend
    plan = solve(with_risk, TAIL_GAP, seconds, starts=[by_name(problem, best.spend)]).spend
    return best, plan if np.isfinite(plan).all() else best.spend


def _total(known: Knowledge, best: Array) -> InformationOf:
    """Value all cells known for certain; `best` is the objective of each draw's best split, shape (n_draws,)."""
    means = known.worth.mean(axis=0)
    value = float(best.mean()) - float(means.max())
    gains = best - known.worth[:, int(np.argmax(means))]
    gain = Gain(value, float(gains.std() / math.sqrt(len(gains)))) if value > 0.0 else Gain(0.0, 0.0)
    names = known.problem.curves.names
    return _information("all", names, gain)


def _values(known: Knowledge) -> tuple[list[InformationOf], dict[int, Array]]:
    """Value each cell and each channel; also return the best splits given each cell, by its index."""
    names = known.problem.curves.names
    groups = _groups(names)
    splits = dict(zip(groups, known.splits_given(list(groups.values())), strict=True))
    values = [
        _information(name, [names[i] for i in places], known.about(places, splits[name]).gain())
        for name, places in groups.items()
    ]
    return values, {i: splits[name] for i, name in enumerate(names)}


def _information(name: str, cells: Sequence[str], gain: Gain) -> InformationOf:
    return InformationOf(name=name, cells=list(cells), value=gain.value, standard_error=gain.standard_error)


def _market_noise(fitted: Fitted, profile: CompanyProfile) -> dict[str, float]:
    """A week's noise by market: from the market's own rows, or from all rows where they name no market."""
    if fitted.markets is None:
        noises = {market.name: fitted.noise for market in profile.markets}
    else:
        noises = {market.name: market.noise for market in fitted.markets}
    a_week = math.sqrt(DAYS_A_WEEK / fitted.row_days)  # variances of rows add up
    return {market: noise * a_week for market, noise in noises.items() if noise > 0.0}


def _check(problem: AllocationProblem) -> None:
    if problem.delay is not None:
        raise InputError(
            "the value of information is found for one period, not for a problem over several: leave out its carry-over"
        )
    if any(row.outcome for row in problem.rows):
        raise InputError(
            "the value of information is found where outcome or profit is maximized, not where a rule asks for an "
            "outcome: state a budget"
        )
    if problem.scenario.limit is None:
        raise InputError("the value of information needs a limit of money: state a budget or a max_amount")


def _typical(periods: int) -> Iterator[Message]:
    if periods > 1:
        yield say("remark.one_period", count=periods)


def _groups(names: Sequence[str]) -> dict[str, list[int]]:
    """Indices of each cell alone, and of each channel with several cells."""
    channels: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        if name.count("/") == 2:
            channels.setdefault(name.split("/")[1], []).append(i)
    shared = {name: places for name, places in channels.items() if len(places) > 1 and name not in names}
    return {name: [i] for i, name in enumerate(names)} | shared


def _noise(
    problem: AllocationProblem, plan: Array, stated: float | None, known: Mapping[str, float], weeks: float
) -> dict[str, float]:
    """A week's noise by cell: stated, known by market, or judged; `weeks` is a week as a share of the period."""
    if stated is not None:
        return dict.fromkeys(problem.curves.names, stated)
    brought = problem.outcomes(plan).mean(axis=0)
    markets = [name.split("/")[0] if name.count("/") == 2 else "" for name in problem.curves.names]
    totals: dict[str, float] = {}
    for market, outcome in zip(markets, brought.tolist(), strict=True):
        totals[market] = totals.get(market, 0.0) + outcome
    whole = float(brought.sum()) or 1.0
    return {
        name: known.get(market) or NOISE * (totals[market] or whole) * weeks
        for name, market in zip(problem.curves.names, markets, strict=True)
    }


def _remarks(
    stated: float | None, known: Mapping[str, float], noises: Mapping[str, float], periods: float, cost: float
) -> list[Message]:
    """State what the values rest on; `known` is a week's noise by market, where a fit tells it."""
    least, most = min(noises.values()), max(noises.values())
    weekly = say("noise.one" if short(least) == short(most) else "noise.by_market", low=least, high=most)
    noise = "remark.noise_mixed"
    if stated is not None:
        noise = "remark.noise"
    elif not known:
        noise = "remark.noise_judged"
    elif all(name.split("/")[0] in known for name in noises):
        noise = "remark.noise_fit"
    return [
        say("remark.value"),
        say("remark.regression"),
        say(noise, weekly=weekly, share=NOISE),
        say("remark.test_serves", periods=periods, cost=cost),
    ]
