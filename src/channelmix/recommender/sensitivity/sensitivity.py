"""How sensitive a proven plan is to its inputs, each moved alone, down and up."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from channelmix.core.errors import CertificateError, InputError, NoPlanError, expect, expect_positive
from channelmix.core.tolerances import SPEND_MOVED
from channelmix.core.words import say
from channelmix.effectiveness import CellDraws, published_draws, shifted, shifted_value, stated_interval
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules import FixedBudget
from channelmix.plan import NO_SPEND, InputEffect, Plan, Sensitivity
from channelmix.plan.split_names import split_name
from channelmix.profile import CompanyProfile
from channelmix.profile.beliefs import beliefs, with_belief_moved, with_overlap
from channelmix.profile.faults import path_text
from channelmix.recommender.optimize.assumptions import ends_of, figure_name, ways_of
from channelmix.recommender.optimize.company_problem import drawn, problem_and_splits, problem_of
from channelmix.recommender.optimize.optimize import optimize
from channelmix.recommender.optimize.size import MAX_MEMORY
from channelmix.recommender.optimize.time_left import Clock
from channelmix.recommender.sensitivity.reference import Reference

MOST_SECONDS = 60.0
"""Most seconds for each plan made anew."""

FIELD_FACTOR = 1.25
"""Factor by which a number of the profile is moved that has no range."""


@dataclass(frozen=True)
class _Side:
    """One value of an input, with the profile that states it and how to draw the cells with it."""

    value: float
    profile: CompanyProfile
    draw: Callable[[], CellDraws]


@dataclass(frozen=True)
class _Input:
    """An input, as `InputEffect` describes it, with its low and its high side."""

    description: dict[str, Any]
    sides: list[_Side]


def sensitivity(
    profile: CompanyProfile,
    plan: Plan | None = None,
    *,
    time_limit: float = 300.0,
    max_memory: float = MAX_MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> Sensitivity:
    """Move every input of a plan alone, down and up, and report how its gain and its spend respond.

    Inputs are the published and judged figures in use, each moved by its own uncertainty factor, and the numbers that
    the profile states about the world, each moved to the ends of its range, stated or assumed; those without one by
    1.25. For each value the plan is compared with the baseline, and a new plan is made and proven; it counts only if it
    is better by more than the gap. Everything is computed on the
    draws that the plan was made on, so that differences come from the input alone. Spend today stays the same, and so
    do the baseline and the figures in rules about contacts and service. Over several periods gains and spend are sums
    over all of them, and season, carry-over and prices over time are inputs too.

    Parameters
    ----------
    profile : CompanyProfile
        The company.
    plan : Plan, optional
        Its proven plan; made with the defaults of `optimize` if not given.
    time_limit : float
        Seconds of the whole call, of which a plan that is not given gets a third at most. Inputs not begun by then are
        left out and counted.
    max_memory : float
        Memory that a plan which is not given may take, in GB; see `optimize`.
    progress : callable, optional
        Called before each input, with the number of inputs done and the number of all inputs.

    Returns
    -------
    Sensitivity
        All inputs that there was time for, the most influential first.

    Raises
    ------
    InputError
        If the plan belongs to another profile or version, its scenario is not a fixed budget, or it is too large.
    CertificateError
        If the plan is not proven to its gap.
    NoPlanError
        If no split obeys all rules, or the most profitable spend has no limit.

    Examples
    --------
    >>> import channelmix as cm
    >>> from channelmix.profile import starter_profile
    >>> content = starter_profile() | {"rules": []}
    >>> content["channels"] = {"sms": content["channels"]["sms"]}
    >>> found = cm.sensitivity(cm.CompanyProfile.model_validate(content))
    >>> found.inputs[0].name, found.inputs[0].kind
    ('saturation frequency of sms promotion', 'figure')
    """
    expect(profile, "profile", CompanyProfile)
    expect_positive(time_limit, "time_limit", allow_infinite=True)
    clock = Clock(time_limit)
    plan = optimize(profile, time_limit=clock.planning, max_memory=max_memory) if plan is None else plan
    expect(plan, "plan", Plan)
    draws, reference = _reference(profile, plan)
    seed = plan.provenance.seed
    inputs = [*_figures(profile, draws), *_fields(profile, draws, seed), *_overlap(profile, draws, seed)]
    effects = []
    for done, moved in enumerate(inputs):
        if done and clock.over:
            break
        if progress is not None:
            progress(done, len(inputs))
        effects.append(_effect(moved, reference, min(MOST_SECONDS, clock.left)))
    return Sensitivity(
        name=plan.name,
        currency=plan.currency,
        period=plan.period,
        span=plan.span,
        budget=float(reference.problem.scenario.amount),
        baseline=reference.name,
        gain=reference.gain,
        field_factor=FIELD_FACTOR,
        spend={row.name: row.spend for row in plan.cells},
        current_spend={row.name: row.current_spend for row in plan.cells},
        requested_gap=reference.gap,
        inputs=sorted(effects, key=lambda effect: -effect.influence),
        left_out=len(inputs) - len(effects),
        profile_sha256=plan.provenance.profile_sha256,
        seed=plan.provenance.seed,
        draws=plan.provenance.draws,
    )


def _reference(profile: CompanyProfile, plan: Plan) -> tuple[CellDraws, Reference]:
    """Rebuild the draws and the problem that the plan was made on, and check that its value is the same."""
    if plan.provenance.profile_sha256 != profile.sha256:
        raise InputError("the plan is not of this profile: plan again")
    if plan.status in NO_SPEND:
        raise NoPlanError(f"sensitivity starts from a plan, and there is none: it is {plan.status}")
    if plan.status is not Status.OPTIMAL:
        raise CertificateError(
            "sensitivity starts from a proven plan, and this one is not: its gap is not closed"
        )
    made = plan.provenance
    draws = drawn(profile, made.draws, made.seed)
    problem, _ = problem_and_splits(profile, draws)
    if not isinstance(problem.scenario, FixedBudget):
        raise InputError(
            f"sensitivity holds plans of one budget against each other, not of {problem.scenario.kind}: state a budget"
        )
    base = next(comparison for comparison in plan.comparisons if comparison.is_baseline)
    spend = np.array([row.spend for row in plan.allocation])
    baseline = np.array([base.spend[name] for name in problem.cells.names])
    if not math.isclose(problem.value(spend), plan.certificate.value or 0.0, rel_tol=SPEND_MOVED):
        raise InputError("the plan's value is not what this version makes of the profile: plan again")
    return draws, Reference(problem, spend, baseline, split_name(plan, base), plan.certificate.requested_gap)


def _figures(profile: CompanyProfile, draws: CellDraws) -> Iterator[_Input]:
    """Every figure in use that is uncertain."""
    for figure in draws.figures:
        factor = figure.range.uncertainty_factor
        if factor > 1.0:
            description = {
                "name": figure_name(figure),
                "kind": "figure",
                "factor": factor,
                "assumed": shifted_value(figure, 1.0),
                "unit": figure.range.unit,
                "basis": figure.range.basis,
                "facts": list(figure.range.fact_ids),
                "ways": ways_of(figure),
            }
            yield _Input(
                description,
                [
                    _Side(shifted_value(figure, by), profile, partial(shifted, draws, figure, by))
                    for by in ends_of(figure)
                ],
            )


def _fields(profile: CompanyProfile, draws: CellDraws, seed: int) -> Iterator[_Input]:
    """Every number that the profile states of the world, unless its limits leave no room to move it."""
    for path, number in beliefs(profile):
        if float(number) == 0.0:
            continue  # it has no size to move it by
        low, high = stated_interval(profile, path, number) or (number / FIELD_FACTOR, number * FIELD_FACTOR)
        sides = [with_belief_moved(profile, path, end / number) for end in (low, high)]
        if any(value != number for value, _ in sides):
            description = {
                "name": path_text(path),
                "kind": "profile",
                "factor": math.sqrt(high / low) if low > 0.0 else FIELD_FACTOR,
                "assumed": float(number),
                "unit": "",
                "basis": "",
                "facts": [],
            }
            yield _Input(
                description,
                [_Side(value, moved, partial(_of_cells, moved, draws, seed)) for value, moved in sides],
            )


def _overlap(profile: CompanyProfile, draws: CellDraws, seed: int) -> Iterator[_Input]:
    """Whether channels reach the same customers, where the profile does not say: none of them, or all."""
    shares = [share for cell in draws.cells for share in cell.others]
    if profile.overlap is None and shares:
        sides = [(overlap, with_overlap(profile, overlap)) for overlap in (0.0, 1.0)]
        description: dict[str, Any] = {
            "name": say("overlap.input"),
            "kind": "profile",
            "factor": None,
            "assumed": float(np.mean(shares)),
            "unit": say("overlap.unit"),
            "basis": say("overlap.independent"),
            "facts": [],
        }
        yield _Input(
            description,
            [_Side(value, moved, partial(_of_cells, moved, draws, seed)) for value, moved in sides],
        )


def _of_cells(moved: CompanyProfile, draws: CellDraws, seed: int) -> CellDraws:
    """Return the same draws for a moved profile's cells, whose spend today is known and stays.

    What is published of promotion is believed in the light of what the profile states: of its orders a click, say.
    """
    cells = tuple(
        dataclasses.replace(cell, current_spend=before.current_spend)
        for cell, before in zip(moved.cells(), draws.cells, strict=True)
    )
    published = published_draws(cells, draws.n_draws, seed, ranked_as=draws.cells)
    return dataclasses.replace(draws, cells=cells, quantities=published.quantities, scores=published.scores)


def _effect(moved: _Input, reference: Reference, seconds: float) -> InputEffect:
    low, high = (reference.at(_problem(reference.problem, side), side.value, seconds) for side in moved.sides)
    influence = max(max(abs(side.kept_gain - reference.gain), side.regret) for side in (low, high))
    return InputEffect(**moved.description, low=low, high=high, influence=influence)


def _problem(original: AllocationProblem, side: _Side) -> AllocationProblem:
    """State the problem with an input moved, under the plan's own rules, with their figures, and its risk."""
    problem = problem_of(side.profile, side.draw(), ())
    return dataclasses.replace(problem, constraints=original.constraints, risk=original.risk)
