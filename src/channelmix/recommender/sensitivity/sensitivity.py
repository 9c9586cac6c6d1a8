"""From a proven plan to its sensitivity: every input moved alone, down and up, the rest as it was."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from channelmix.core.errors import CertificateError, InputError, NoPlanError, expect
from channelmix.effectiveness import CellDraws, Figure, shifted, shifted_value
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules import FixedBudget
from channelmix.plan import NO_SPEND, InputEffect, Plan, Sensitivity
from channelmix.profile import CompanyProfile
from channelmix.profile.beliefs import beliefs, with_belief_moved
from channelmix.profile.faults import path_text
from channelmix.recommender.optimize.assumptions import figure_name
from channelmix.recommender.optimize.company_problem import drawn, problem_and_splits, problem_of
from channelmix.recommender.optimize.optimize import optimize
from channelmix.recommender.sensitivity.reference import Reference

FIELD_FACTOR = 1.25
"""By which a number of the profile is moved, since the profile does not say how sure it is of it."""

SAME = 1e-6
"""Difference of a plan's value and the value recomputed from the profile that is rounding, as a share of it."""


@dataclass(frozen=True)
class _Input:
    """A figure or a field: how it is described, and its low and high value with the problem that each makes."""

    name: str
    kind: Literal["figure", "profile"]
    factor: float
    assumed: float
    sides: tuple[tuple[float, Callable[[], AllocationProblem]], ...]
    unit: str = ""
    basis: str = ""
    facts: tuple[str, ...] = ()


def sensitivity(
    profile: CompanyProfile,
    plan: Plan | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Sensitivity:
    """Move every input of a plan alone, down and up, and see what becomes of its gain and its spend.

    Inputs are the published and judged figures in use, each moved by its own uncertainty factor, and the numbers that
    the profile states of the world, each moved by 1.25. For each value the plan as it is is compared with the baseline,
    and a new plan is made and proven unless slopes show that none is better by more than the gap. All of it is on the
    draws that the plan was made on, so that differences come from the input alone; spend today, and so the baseline,
    stays as it is, and so do the figures that rules about contacts and service were given. A plan over several periods
    is looked at over all of them, and its season, carry-over and prices over time are inputs like others.

    Parameters
    ----------
    profile : CompanyProfile
        The company.
    plan : Plan, optional
        Its plan, proven; made with the defaults of `optimize` if it is not given.
    progress : callable, optional
        Called with the number of inputs done and of all inputs, before each.

    Returns
    -------
    Sensitivity
        All inputs, the most influential first.

    Raises
    ------
    InputError
        If the plan is of another profile or of another version, or its scenario is no fixed budget.
    CertificateError
        If the plan is not proven to its gap.
    NoPlanError
        If no split obeys all rules, or spend pays without limit.

    Examples
    --------
    >>> import channelmix as cm
    >>> from channelmix.profile import starter_profile
    >>> content = starter_profile() | {"rules": []}
    >>> content["channels"] = {"sms": content["channels"]["sms"]}
    >>> found = cm.sensitivity(cm.CompanyProfile.model_validate(content))
    >>> found.inputs[0].name, found.inputs[0].kind
    ('conversion rate of sms promotion', 'figure')
    """
    expect(profile, "profile", CompanyProfile)
    plan = optimize(profile) if plan is None else plan
    expect(plan, "plan", Plan)
    draws, reference = _reference(profile, plan)
    inputs = [*_figures(profile, draws, reference.problem), *_fields(profile, draws, reference.problem)]
    effects = []
    for done, moved in enumerate(inputs):
        if progress is not None:
            progress(done, len(inputs))
        effects.append(_effect(moved, reference))
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
        profile_sha256=plan.provenance.profile_sha256,
        seed=plan.provenance.seed,
        draws=plan.provenance.draws,
    )


def _reference(profile: CompanyProfile, plan: Plan) -> tuple[CellDraws, Reference]:
    """Rebuild what the plan was made on, and check that it is the same."""
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
    if not math.isclose(problem.value(spend), plan.certificate.value or 0.0, rel_tol=SAME):
        raise InputError("the plan's value is not what this version makes of the profile: plan again")
    return draws, Reference(problem, spend, baseline, base.name, plan.certificate.requested_gap)


def _figures(profile: CompanyProfile, draws: CellDraws, made: AllocationProblem) -> Iterator[_Input]:
    """Every figure in use that is not taken as certain."""
    for figure in draws.figures:
        factor = figure.range.uncertainty_factor
        if factor > 1.0:
            yield _Input(
                name=figure_name(figure),
                kind="figure",
                factor=factor,
                assumed=figure.range.typical,
                sides=tuple(
                    (shifted_value(figure, by), partial(_with_figure, profile, draws, made, figure, by))
                    for by in (1.0 / factor, factor)
                ),
                unit=figure.range.unit,
                basis=figure.range.basis,
                facts=figure.range.fact_ids,
            )


def _with_figure(
    profile: CompanyProfile, draws: CellDraws, made: AllocationProblem, figure: Figure, by: float
) -> AllocationProblem:
    return _under_the_rules_of(made, profile, shifted(draws, figure, by))


def _under_the_rules_of(
    made: AllocationProblem, profile: CompanyProfile, draws: CellDraws
) -> AllocationProblem:
    """State the problem on other draws with the plan's own rules, with their figures, and its risk."""
    problem = problem_of(profile, draws, ())
    return dataclasses.replace(problem, constraints=made.constraints, risk=made.risk)


def _fields(profile: CompanyProfile, draws: CellDraws, made: AllocationProblem) -> Iterator[_Input]:
    """Every number that the profile states of the world, unless its limits leave it no room."""
    for path, number in beliefs(profile):
        sides = [with_belief_moved(profile, path, by) for by in (1.0 / FIELD_FACTOR, FIELD_FACTOR)]
        if any(value != number for value, _ in sides):
            yield _Input(
                name=path_text(path),
                kind="profile",
                factor=FIELD_FACTOR,
                assumed=number,
                sides=tuple((value, partial(_with_field, moved, draws, made)) for value, moved in sides),
            )


def _with_field(moved: CompanyProfile, draws: CellDraws, made: AllocationProblem) -> AllocationProblem:
    # Today's spend is known: it is not split anew where a market is larger than thought.
    cells = tuple(
        dataclasses.replace(cell, current_spend=before.current_spend)
        for cell, before in zip(moved.cells(), draws.cells, strict=True)
    )
    return _under_the_rules_of(made, moved, dataclasses.replace(draws, cells=cells))


def _effect(moved: _Input, reference: Reference) -> InputEffect:
    low, high = (reference.beside(problem(), value) for value, problem in moved.sides)
    return InputEffect(
        name=moved.name,
        kind=moved.kind,
        factor=moved.factor,
        assumed=moved.assumed,
        unit=moved.unit,
        basis=moved.basis,
        facts=list(moved.facts),
        low=low,
        high=high,
        influence=max(max(abs(side.kept_gain - reference.gain), side.regret) for side in (low, high)),
    )
