"""Hold a plan against the profile that it says it was made for: the same draws give the same curves and comparisons."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from channelmix._version import __version__
from channelmix.core.arrays import Array
from channelmix.core.errors import CertificateError, expect
from channelmix.core.tolerances import SAME_AMOUNT
from channelmix.effectiveness import CellDraws
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.response import ResponseCurves
from channelmix.plan import NO_SPEND, Plan, claimed, span_of
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.company_problem import (
    drawn,
    on_curves_of,
    problem_and_splits,
    response_of,
    with_curves_of,
)
from channelmix.recommender.optimize.comparisons import compare
from channelmix.recommender.optimize.document import assumed_by
from channelmix.recommender.optimize.optimize import FRESH_SEED, TEN
from channelmix.recommender.optimize.remarks import counts_word_of_mouth
from channelmix.recommender.optimize.size import FRESH_DRAWS
from channelmix.recommender.optimize.word_of_mouth import word_of_mouth

MOST_SECONDS = 60.0
"""Seconds for planning anew if ten are told."""

SAME_NUMBER = 1e-6
"""Relative difference of numbers that is rounding, of solvers on other machines too."""


def verify_profile(plan: Plan, profile: CompanyProfile) -> None:
    """Check that a plan's problem, comparisons and assumptions are those of a profile, at the plan's draws and seed.

    `channelmix.plan.verify_plan` checks all that follows from the problem. Still taken as given are reasons, remarks
    and warnings, and of the answer if ten are told, all but its objective and what following the plan would lose.

    Parameters
    ----------
    plan : Plan
    profile : CompanyProfile
        As the plan was made for, its scenario included.

    Raises
    ------
    CertificateError
        If the plan is of another profile, or a number is not what the profile leads to; the message names it.

    Examples
    --------
    >>> import channelmix as cm
    >>> from channelmix.profile import starter_profile
    >>> profile = cm.CompanyProfile.model_validate(starter_profile())
    >>> verify_profile(cm.optimize(profile), profile)
    """
    expect(plan, "plan", Plan)
    expect(profile, "profile", CompanyProfile, remedy="read one with CompanyProfile.from_file")
    made = plan.provenance
    if made.profile_sha256 != profile.sha256:
        why = "it is not of this company"
        if made.company_sha256 == profile.company_sha256:
            why = "it is of this company, but for another scenario: state the plan's in the profile"
        raise CertificateError(f"the plan was made for another profile (sha256 {made.profile_sha256}): {why}")
    draws = drawn(profile, made.draws, made.seed)
    problem, splits = problem_and_splits(profile, draws)
    money = max(problem.scenario.limit or 0.0, profile.current_total)
    _require_same(plan, _problem(plan), _problem_of(problem), "the problem", money)
    given = {
        "name": plan.name,
        "currency": plan.currency,
        "period": plan.period,
        "company_sha256": made.company_sha256,
        "fresh_draws": made.fresh_draws,
        "assumptions": _figures(plan.assumptions),
    }
    stated = {
        "name": profile.name,
        "currency": profile.currency,
        "period": profile.period_text,
        "company_sha256": profile.company_sha256,
        "fresh_draws": FRESH_DRAWS,
        "assumptions": _figures(assumed_by(profile, draws)),
    }
    _require_same(plan, given, stated, "the plan")
    if plan.status in NO_SPEND:
        return
    again = response_of(profile, drawn(profile, FRESH_DRAWS, (made.seed + FRESH_SEED) % 2**32, fresh=True))
    spend = np.array([row.spend for row in plan.allocation])
    found = compare(problem, on_curves_of(problem, again), spend, splits)
    largest = max(abs(one.outcome.mean) + abs(one.gain.mean) for one in found)
    _require_same(plan, _data(plan.comparisons), _data(found), "comparisons", largest)
    evidence = [*draws.evidence] * span_of(problem)
    _require_same(plan, [row.evidence for row in plan.allocation], evidence, "evidence")
    _check_told(plan, profile, draws, problem)


def _check_told(plan: Plan, profile: CompanyProfile, draws: CellDraws, problem: AllocationProblem) -> None:
    """Compare word of mouth; the answer if ten are told is planned anew, and compared within both gaps."""
    said = plan.word_of_mouth
    if (said is not None) != counts_word_of_mouth(profile):
        _refuse(plan, "whether word of mouth counts")
    if said is None:
        return
    found = word_of_mouth(
        profile,
        problem,
        claimed(problem, plan),
        response_of(profile, draws),
        silent=with_curves_of(profile, problem, draws.silent),
        told_ten=lambda: with_curves_of(profile, problem, draws.telling(TEN)),
        time_limit=MOST_SECONDS,
    )
    stated, again = (one.model_dump(mode="json", exclude={"if_ten"}) for one in (said, found))
    largest = max(abs(found.outcome), found.praise, found.criticism)
    _require_same(plan, stated, again, "word_of_mouth", largest)
    if said.if_ten is not None and found.if_ten is not None:
        room = (said.if_ten.gap + found.if_ten.gap) * max(abs(said.if_ten.value), abs(found.if_ten.value))
        for name in ("value", "regret"):
            if abs(getattr(said.if_ten, name) - getattr(found.if_ten, name)) > room:
                _refuse(plan, f"word_of_mouth: if_ten: {name}")


def _figures(found: Any) -> list[dict[str, Any]]:
    """The assumptions as data, without their notes."""
    return [one.model_dump(mode="json", exclude={"note"}) for one in found]


def _data(found: Any) -> Any:
    return [one.model_dump(mode="json") for one in found]


def _problem(plan: Plan) -> dict[str, Any]:
    return _problem_of(AllocationProblem.from_dict(plan.problem))


def _problem_of(problem: AllocationProblem) -> dict[str, Any]:
    """A problem as data, its curves' numbers as arrays."""
    data: dict[str, Any] = json.loads(json.dumps({**problem.to_dict(), "curves": None}))
    return {**data, "curves": list(_blocks(problem.curves))}


def _blocks(curves: ResponseCurves) -> Iterator[Any]:
    """Curves as names, families and arrays of each cell, however they are joined in blocks."""
    for i, name in enumerate(curves.names):
        cell = curves.cell(i)
        yield {"name": name, "family": cell.kind, **cell.parameters}


def _require_same(plan: Plan, stated: Any, found: Any, what: str, scale: float = 0.0) -> None:
    place = _difference(stated, found, what, SAME_AMOUNT * scale)
    if place is not None:
        _refuse(plan, place)


def _refuse(plan: Plan, place: str) -> NoReturn:
    made = plan.provenance.version
    other = f"; it was made by version {made}, and this is {__version__}: verify it with that one"
    raise CertificateError(
        f"{place} of the plan is not what the profile leads to{other if made != __version__ else ''}"
    )


def _difference(stated: Any, found: Any, place: str, least: float) -> str | None:
    """Return the first place where data differ by more than rounding, or `least`; None if they do not."""
    if isinstance(stated, np.ndarray):
        return None if _alike(stated, found) else place
    if isinstance(stated, Mapping) and isinstance(found, Mapping):
        if list(stated) != list(found):
            return place
        pairs = ((f"{place}: {key}", stated[key], found[key]) for key in stated)
    elif isinstance(stated, list | tuple) and isinstance(found, list | tuple):
        if len(stated) != len(found):
            return place
        pairs = (
            (f"{place} {i + 1}", one, other) for i, (one, other) in enumerate(zip(stated, found, strict=True))
        )
    elif isinstance(stated, float | int) and isinstance(found, float | int):
        return None if math.isclose(stated, found, rel_tol=SAME_NUMBER, abs_tol=least) else place
    else:
        return None if stated == found else place
    differences = (_difference(one, other, name, least) for name, one, other in pairs)
    return next((where for where in differences if where is not None), None)


def _alike(stated: Array, found: Array) -> bool:
    return stated.shape == found.shape and bool(np.allclose(stated, found, rtol=SAME_NUMBER, atol=0.0))
