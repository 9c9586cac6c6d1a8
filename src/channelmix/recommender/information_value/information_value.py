"""From a profile or a problem to the value of information: what certainty and tests are worth, and what doubt costs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
from channelmix.core.wording import amount, percent, short
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules.rows import number
from channelmix.engine.solver.by_draw import best_by_draw
from channelmix.engine.solver.solve import solve
from channelmix.plan import CautiousPlan, InformationOf, InformationValue, LiftTestValue
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Fitted
from channelmix.recommender.information_value.knowledge import Knowledge
from channelmix.recommender.information_value.lift_tests import LiftTestDesign, Trials
from channelmix.recommender.information_value.robustness import cautious_plans, regret, spread
from channelmix.recommender.optimize.company_problem import drawn, problem_and_splits
from channelmix.recommender.optimize.optimize import GAP, TAIL_DRAWS, TAIL_GAP

DRAWS = 256
"""Draws of a profile that are looked at one by one."""

NOISE = 0.25
"""Standard deviation of a week's noise by default, as a share of what all channels of the market bring in a week."""

DAYS_A_YEAR, DAYS_A_WEEK = 365.25, 7.0

STEPS = 4
"""Parts that progress tells of beside single draws."""


@dataclass(frozen=True)
class _Asked:
    """A problem on the draws to look at, on those to judge worst draws by, and what names and times belong to it."""

    problem: AllocationProblem
    wide: Callable[[], AllocationProblem]
    baseline: dict[str, float] | None
    period_days: float
    seed: int
    name: str = ""
    currency: str = ""
    period: str = ""
    sha256: str = ""
    periods: int = 1
    """Periods that the profile plans one by one, of which the problem is a typical one."""
    left: Mapping[str, float] = field(default_factory=dict)
    """What the fit of own history leaves of a week's outcome in each market it is of, a standard deviation in money."""


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
    progress: Callable[[int, int], None] | None = None,
) -> InformationValue:
    """Find what it is worth to know more before money is split, and which lift test to run next.

    Every draw gets its own best split with its own proven bound. The value of certainty is the mean of what these
    bring less what the best plan brings; knowing a cell, or a channel, leaves the others at their mean given what is
    known, which a regression over the draws tells. A lift test leaves draws likelier or less likely by what it would
    measure. All values are those of a company that counts the mean; the plan whose regret is told is the one of the
    profile, with its risk. Where a profile plans several periods, a typical one of them is looked at, without season
    and carry-over, and the document says so.

    Parameters
    ----------
    asked : CompanyProfile or AllocationProblem
        With a scenario that maximizes and limits money, and without a rule about outcome.
    tests : sequence of LiftTestDesign, optional
        Tests to value; without them, a range of tests on every cell that may be worth one.
    noise : float, optional
        Standard deviation of one week's difference between tested and untested customers, in money. Without it, what
        the fit of the profile's own history leaves unexplained in a week, of the cell's market where it has rows by
        market; without a history of the market, a judged quarter of what all its channels bring in a week.
    test_cost : float
        What a test costs beside the change of spend, in money.
    test_periods : float, optional
        Periods that are planned with what a test tells; a year's without it.
    caution : bool
        Whether to plan for the worst draws too, and say what that costs: it takes a minute or so.
    period_days : float
        Length of a bare problem's period; a profile has its own.
    seed, n_draws : int
        Of a profile's draws.
    time_limit : float
        Seconds for the draws' best splits, and again for cautious plans; what is out of time keeps its honest bound.
    progress : callable, optional
        Called with the number of steps done and of all steps.

    Returns
    -------
    InformationValue
        After Ctrl-C with what was found before, and `complete` false.

    Raises
    ------
    InputError
        If a number is out of range, or the problem is of another kind.
    NoPlanError
        If no split obeys all rules.
    CertificateError
        If none was found in time.
    KeyboardInterrupt
        If Ctrl-C strikes before the first draws are done.

    Examples
    --------
    >>> import channelmix as cm
    >>> curves = cm.ResponseCurves.power([[2.0, 1.0], [1.0, 2.0]], 0.5, names=["sms", "app"])
    >>> found = cm.information_value(cm.AllocationProblem(curves, cm.FixedBudget(10.0)))
    >>> round(found.outcome, 2), round(found.total.value, 2)
    (6.71, 0.36)
    """
    expect(asked, "what is asked about", CompanyProfile, AllocationProblem)
    expect(tests, "tests", Sequence)
    for design in tests:
        expect(design, "a test", LiftTestDesign)
    for what, value in (("noise", noise), ("test_periods", test_periods), ("period_days", period_days)):
        if value is not None:
            expect_positive(value, what)
    number(test_cost, "test_cost")
    expect_positive(time_limit, "time_limit", allow_infinite=True)
    expect_whole(seed, "seed")
    expect_whole(n_draws, "n_draws", 1)
    case = _case(asked, seed, n_draws, period_days)
    problem = dataclasses.replace(case.problem, risk=None)
    steps = problem.curves.n_draws + STEPS

    def tell(done: int) -> None:
        if progress is not None:
            progress(done, steps)

    tell(0)
    best = solve(problem, GAP)
    if best.status is Status.INFEASIBLE:
        rules = f" together: {', '.join(best.conflicts)}" if best.conflicts else ""
        raise NoPlanError(f"no split of the budget obeys {'these' if rules else 'all'} rules{rules}")
    if not np.isfinite(best.spend).all():
        raise CertificateError("no split that obeys all rules was found")
    plan = best.spend
    if case.problem.risk is not None:
        chosen = solve(case.problem, TAIL_GAP, starts=[_named(problem, best.spend)])
        plan = chosen.spend if np.isfinite(chosen.spend).all() else plan
    optima = best_by_draw(problem, time_limit=time_limit, progress=lambda done, _: tell(done))
    complete = not optima.interrupted
    done = len(optima.value)
    if not complete:  # Ctrl-C: what is known is the value of these draws
        problem = dataclasses.replace(problem, curves=problem.curves.of_draws(range(done)))
    known = Knowledge(problem, np.vstack([best.spend, plan, optima.spend]))
    plain = float(known.worth.mean(axis=0).max())
    own = optima.value - known.worth[:, int(np.argmax(known.worth.mean(axis=0)))]
    value = max(0.0, float(optima.value.mean()) - plain)
    total = InformationOf(
        name="all",
        cells=list(problem.curves.names),
        value=value,
        standard_error=float(own.std() / math.sqrt(done)) if value else 0.0,
    )
    cells: list[InformationOf] = []
    channels: list[InformationOf] = []
    valued: list[LiftTestValue] = []
    cautious: list[CautiousPlan] = []
    periods = DAYS_A_YEAR / case.period_days if test_periods is None else test_periods
    noises = _noise(problem, plan, noise, case.left, DAYS_A_WEEK / case.period_days)
    if complete:
        try:
            # Many small products are slower on several threads.
            with threadpool_limits(1, user_api="blas"):
                tell(problem.curves.n_draws)
                groups = _groups(problem.curves.names)
                given = known.splits_given(list(groups.values()))
                tell(problem.curves.n_draws + 1)
                for (name, places), splits in zip(groups.items(), given, strict=True):
                    gain = known.about(places, splits).gain()
                    (cells if len(places) == 1 and name in problem.curves.names else channels).append(
                        InformationOf(
                            name=name,
                            cells=[problem.curves.names[i] for i in places],
                            value=gain.value,
                            standard_error=gain.standard_error,
                        )
                    )
                tell(problem.curves.n_draws + 2)
                trials = Trials(
                    knowledge=known,
                    splits_given={
                        places[0]: splits
                        for (name, places), splits in zip(groups.items(), given, strict=True)
                        if name in problem.curves.names
                    },
                    plan=plan,
                    weeks_a_period=case.period_days / DAYS_A_WEEK,
                    noise=noises,
                    periods=periods,
                    fixed_cost=test_cost,
                    seed=case.seed,
                )
                certain = {
                    problem.curves.names.index(one.name): one.value for one in cells if one.value > 0.0
                }
                valued = [trials.value(design) for design in tests] if tests else list(trials.best(certain))
            tell(problem.curves.n_draws + 3)
            if caution:
                cautious = cautious_plans(case.wide(), case.baseline, gap=TAIL_GAP, time_limit=time_limit)
        except KeyboardInterrupt:
            complete = False
    valued.sort(key=lambda test: -test.net)
    return InformationValue(
        name=case.name,
        currency=case.currency,
        period=case.period,
        typical_of=case.periods,
        outcome=plain,
        total=total,
        total_low=max(0.0, float(optima.value.mean()) - max(best.upper_bound, plain))
        if done == len(own)
        else 0.0,
        total_high=max(0.0, float(optima.upper_bound.mean()) - plain),
        channels=sorted(channels, key=lambda one: -one.value),
        cells=sorted(cells, key=lambda one: -one.value),
        tests=valued,
        next_test=valued[0] if valued and valued[0].net > 0.0 else None,
        test_periods=periods,
        spread=spread(problem.curves.names, plan, optima),
        regret=regret(known.worth[:, 1], optima),
        cautious=cautious,
        remarks=[*_typical(case), *_remarks(_whence(noise, case.left, noises), noises, periods, test_cost)],
        profile_sha256=case.sha256,
        draws=done,
        seed=case.seed,
        complete=complete,
    )


def _case(asked: CompanyProfile | AllocationProblem, seed: int, n_draws: int, period_days: float) -> _Asked:
    if not isinstance(asked, CompanyProfile):
        _check(asked)
        current = asked.cells.current if asked.delay is None else None
        baseline = None if current is None else dict(zip(asked.curves.names, current.tolist(), strict=True))
        return _Asked(asked, lambda: asked, baseline, period_days, seed)
    periods = 1 if asked.timing is None else asked.periods
    typical = asked.model_copy(update={"timing": None})
    draws = drawn(typical, n_draws, seed)
    problem, splits = problem_and_splits(typical, draws)
    _check(problem)
    fitted = None if draws.own is None else draws.own.evidence.fitted
    return _Asked(
        problem,
        lambda: problem_and_splits(typical, drawn(typical, max(TAIL_DRAWS, n_draws), seed))[0],
        dict(splits[0].spend),
        asked.period_days,
        seed,
        asked.name,
        asked.currency,
        asked.period_text,
        asked.sha256,
        periods,
        {} if fitted is None else _left(fitted, [market.name for market in asked.markets]),
    )


def _left(fitted: Fitted, markets: Sequence[str]) -> dict[str, float]:
    """Noise of a week by market: that of the market's own rows, or of all rows where these are of no named market."""
    each = (
        dict.fromkeys(markets, fitted.noise)
        if fitted.markets is None
        else {market.name: market.noise for market in fitted.markets}
    )
    a_week = math.sqrt(DAYS_A_WEEK / fitted.row_days)  # the noise of rows adds up by squares
    return {market: noise * a_week for market, noise in each.items() if noise > 0.0}


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


def _typical(case: _Asked) -> Iterator[str]:
    if case.periods > 1:
        yield (
            f"The profile plans {case.periods} periods; all of this is about a typical one of them, with an even share "
            "of the money, without season, carry-over or prices over time."
        )


def _groups(names: Sequence[str]) -> dict[str, list[int]]:
    """Each cell by itself, and each channel of several cells."""
    groups = {name: [i] for i, name in enumerate(names)}
    channels: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        parts = name.split("/")
        if len(parts) == 3:
            channels.setdefault(parts[1], []).append(i)
    return groups | {name: places for name, places in channels.items() if len(places) > 1}


def _noise(
    problem: AllocationProblem, plan: Array, stated: float | None, left: Mapping[str, float], weeks: float
) -> dict[str, float]:
    """Noise of a week by cell; `left` is what is known of it by market, `weeks` a week as a share of the period."""
    if stated is not None:
        return dict.fromkeys(problem.curves.names, stated)
    brought = problem.outcomes(plan).mean(axis=0)
    markets = [name.split("/")[0] if name.count("/") == 2 else "" for name in problem.curves.names]
    totals: dict[str, float] = {}
    for market, outcome in zip(markets, brought.tolist(), strict=True):
        totals[market] = totals.get(market, 0.0) + outcome
    whole = float(brought.sum()) or 1.0
    return {
        name: left.get(market) or NOISE * (totals[market] or whole) * weeks
        for name, market in zip(problem.curves.names, markets, strict=True)
    }


def _whence(stated: float | None, left: Mapping[str, float], noises: Mapping[str, float]) -> str:
    """Where the noise of a week comes from, behind the sentence that states it."""
    if stated is not None:
        return "."
    judged = f"a judged {percent(NOISE)} of what all channels of the market bring in a week"
    if not left:
        return f": {judged}; state your own."
    fit = "what the fit of own history leaves unexplained in a week"
    if all(name.split("/")[0] in left for name in noises):
        return f": {fit}; state your own."
    return f": {fit}, or in a market without history {judged}; state your own."


def _remarks(whence: str, noises: Mapping[str, float], periods: float, cost: float) -> list[str]:
    least, most = short(min(noises.values())), short(max(noises.values()))
    weekly = least if least == most else f"{least} to {most}, by market"
    return [
        "A value is what the best plan gains on average by being made with the information, for a company that counts "
        "the mean.",
        "Given some cells, the others count by their mean given these, by a regression over the draws: what is learnt "
        "of them is what draws have in common.",
        f"A week of a test is taken to be off by {weekly} (one standard deviation){whence}",
        f"What a test tells is taken to serve {periods:.3g} periods; beside its change of spend it costs "
        f"{amount(cost)}. Rules are not asked whether they allow it for its weeks.",
    ]


def _named(problem: AllocationProblem, spend: Array) -> dict[str, float]:
    return dict(zip(problem.curves.names, spend.tolist(), strict=True))
