"""Check what stands beside a plan's split: comparisons, word of mouth and the survey."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import CertificateError
from channelmix.core.words import say
from channelmix.datasets import SERVICE_USE, USE, use_standard_error
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import SafeImprovement
from channelmix.plan.parts import Comparison
from channelmix.plan.plan import Plan
from channelmix.plan.same import RELATIVE_TOLERANCE, same
from channelmix.plan.word_of_mouth import heard_of_service, talks_elsewhere

IN_TAIL = 0.05
"""Share of the draws beyond each end of an interval."""

COARSE = 0.02
"""By how much shares of a thousand draws may differ from it."""

ALIKE = 0.01
"""Share of today's spend by which a mix that is called today's may differ: amounts that look alike are not scaled."""


def check_comparisons(
    problem: AllocationProblem, plan: Plan, obeys: Callable[[AllocationProblem, Array], bool]
) -> None:
    """Check that all other splits are there, the baseline first, and agree with the problem and with each other."""
    _check_splits(problem, plan)
    sums = []
    for comparison in plan.comparisons:
        what = f"the comparison with the {comparison.name}"
        other = np.array(list(comparison.spend.values()))
        if (other < 0.0).any() or comparison.feasible != obeys(problem, other):
            raise CertificateError(f"{what} is not right about whether that split obeys the rules")
        money = problem.money(other)
        same(f"money in {what}", comparison.money, money, money)
        _check_errors(comparison, what)
        _check_chances(comparison, what)
        sums.append(comparison.outcome.mean + comparison.gain.mean)
    for comparison, outcome in zip(plan.comparisons, sums, strict=True):
        what = f"the plan's outcome in the comparison with the {comparison.name}"
        means = (abs(c.outcome.mean) for c in (plan.comparisons[0], comparison))
        same(what, outcome, sums[0], max(abs(sums[0]), *means))


def _expected_splits(problem: AllocationProblem, plan: Plan, *, has_mix: bool) -> list[str]:
    """Names of the splits that a plan is compared with, where there is a current mix to be compared with or none."""
    splits = [say("split.current")] if has_mix else []
    if has_mix and plan.comparisons[0].description != say("how.today") and _today(problem).any():
        splits.append(say("split.today"))
    splits.append(say("split.equal"))
    if any(cell.channel in (SERVICE_USE if cell.purpose == "service" else USE) for cell in plan.cells):
        splits.append(say("split.surveyed"))
    return [str(name) for name in splits]


def _check_splits(problem: AllocationProblem, plan: Plan) -> None:
    """Check that no split is left out or made up, and that the first, and no other, is the baseline."""
    names = [str(comparison.name) for comparison in plan.comparisons]
    spends = bool(_today(problem).any())
    # A safe improvement may state another mix than today's: whether it does is not in the problem.
    mixes = [True, False] if isinstance(problem.risk, SafeImprovement) else [spends]
    expected = [_expected_splits(problem, plan, has_mix=mix) for mix in mixes if names]
    nothing = [] if spends else [[str(say("split.nothing"))]]
    if names not in [*expected, *nothing]:
        listed = ", ".join(names) or "nothing"
        raise CertificateError(f"comparisons are missing, or others than those of a plan: {listed}")
    if [comparison.is_baseline for comparison in plan.comparisons] != [True] + [False] * (len(names) - 1):
        raise CertificateError("the first of the comparisons, and no other, is the baseline")
    for comparison in plan.comparisons:
        if tuple(comparison.spend) != problem.cells.names:
            raise CertificateError(
                f"the comparison with the {comparison.name} is not about the problem's cells"
            )
        amounts, today = np.array(list(comparison.spend.values())), _today(problem)
        is_today = str(say("how.today" if comparison.name != say("split.today") else "how.unscaled"))
        if comparison.description == is_today and np.abs(amounts - today).sum() > ALIKE * today.sum():
            raise CertificateError(f"the split called {comparison.description} is not today's spend")


def _today(problem: AllocationProblem) -> Array:
    return np.zeros(len(problem.cells)) if problem.cells.current is None else problem.cells.current


def _check_errors(comparison: Comparison, what: str) -> None:
    """Check the survey's sampling errors, which stand beside the surveyed mix alone."""
    expected = None
    if comparison.name == say("split.surveyed"):
        expected = {channel: use_standard_error(share) for channel, share in USE.items()}
        expected |= {f"{name}/service": use_standard_error(share) for name, share in SERVICE_USE.items()}
    found = comparison.standard_error
    if (found is None) != (expected is None) or (expected and list(found or {}) != list(expected)):
        raise CertificateError(f"{what} has not the sampling errors of the survey")
    for name, error in (expected or {}).items():
        same(f"sampling error of {name} in {what}", (found or {})[name], error, 1.0)


def _check_chances(comparison: Comparison, what: str) -> None:
    """Check that chance, interval and loss can be of the same draws, which do not travel in the plan."""
    gain, chance, loss = comparison.gain, comparison.chance, comparison.tail_loss
    least, most = 0.0, 1.0
    if gain.low > 0.0:
        least = 1.0 - IN_TAIL - COARSE
    elif gain.high > 0.0:
        least = IN_TAIL - COARSE
    if gain.high < 0.0:
        most = IN_TAIL + COARSE
    elif gain.low < 0.0:
        most = 1.0 - IN_TAIL + COARSE
    if not least <= chance <= most:
        raise CertificateError(
            f"{what} claims a chance of {chance!r} for a gain from {gain.low!r} to {gain.high!r}"
        )
    # The worst tenth is no better than the mean of all draws; its worse half lies below the interval.
    at_least = max(0.0, -gain.mean)
    if chance <= 1.0 - 2.0 * IN_TAIL:
        at_least = max(at_least, -0.5 * (1.0 - COARSE) * gain.low)
    if loss < at_least * (1.0 - RELATIVE_TOLERANCE) or (loss > 0.0 and chance == 1.0):
        raise CertificateError(
            f"{what} claims a loss of {loss!r} over the worst draws, which its gain does not allow"
        )


def check_word_of_mouth(problem: AllocationProblem, plan: Plan, spend: Array) -> None:
    """Recompute what service makes of word of mouth; what advocacy adds does not travel in the plan."""
    told, value = plan.word_of_mouth, problem.net(spend)
    outcome, praise, criticism = heard_of_service(problem, spend)
    if told is None:
        if criticism > 0.0:
            raise CertificateError("called silent on word of mouth, and yet it counts in the curves")
        return
    scale = max(abs(value), praise, criticism)
    if not talks_elsewhere(problem, spend):
        same("outcome of word of mouth", told.outcome, outcome, scale)
        same("praise", told.praise, praise, scale)
        same("criticism", told.criticism, criticism, scale)
    elif min(told.praise - praise, told.criticism - criticism) < -RELATIVE_TOLERANCE * scale:
        raise CertificateError("praise and criticism are less than what service alone makes of them")
    same("balance of word of mouth", told.balance, told.praise - told.criticism, scale)
    same("share of word of mouth", told.share, told.outcome / value if value else 0.0, 1.0)


def check_survey(plan: Plan) -> None:
    """Recompute how the company and the surveyed ones use each surveyed channel."""
    expected = [(channel, purpose) for purpose, use in _SURVEYED.items() for channel in use]
    if [(row.channel, row.purpose) for row in plan.survey] != expected:
        raise CertificateError("the rows beside the survey are not those of its channels")
    for row in plan.survey:
        inside = [cell for cell in plan.cells if row.purpose in ("all", cell.purpose)]
        own = [cell for cell in inside if cell.channel == row.channel]
        what = f"the share of {row.channel} ({row.purpose}) beside the survey"
        for claimed, key in ((row.share_now, "current_spend"), (row.share_planned, "spend")):
            whole = sum(getattr(cell, key) for cell in inside)
            part = sum(getattr(cell, key) for cell in own)
            same(what, claimed, part / whole if whole > 0.0 else 0.0, 1.0)
        if row.used_now != any(cell.current_spend > 0.0 for cell in own):
            raise CertificateError(f"{what} is not right about whether it is used today")
        companies = _SURVEYED[row.purpose][row.channel]
        same(f"{what}: companies", row.companies, companies, 1.0)
        same(f"{what}: standard error", row.standard_error, use_standard_error(companies), 1.0)


_SURVEYED = {"all": USE, "service": SERVICE_USE}
