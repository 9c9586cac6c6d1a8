"""Whether what a page is made of belongs together: the plan, its problem, and what was found beside it."""

from __future__ import annotations

from types import NoneType

from channelmix.core.errors import InputError, expect
from channelmix.core.words import over
from channelmix.plan import Explanation, Frontier, InformationValue, Plan, fits, span_of
from channelmix.report.content import Content

DIGITS = 12
"""Digits of a digest that a message shows."""


def check(content: Content) -> None:
    """Refuse what does not belong to the plan.

    Raises
    ------
    InputError
        If the allocation is not the problem's, or the frontier, explanation or value of information is of another
        company, profile or plan.
    """
    plan = content.plan
    for what, beside, kind in (
        ("frontier", content.frontier, Frontier),
        ("explanation", content.explanation, Explanation),
        ("tests", content.tests, InformationValue),
    ):
        expect(beside, what, kind, NoneType)
    empty = not plan.allocation and not plan.sums and plan.span == span_of(content.problem)
    if not (empty or fits(plan, content.problem)):
        raise InputError("the allocation's cells are not the problem's cells")
    if content.frontier is not None:
        check_frontier(plan, content.frontier)
    for beside in (content.explanation, content.tests):
        if beside is not None:
            _check_profile(plan, beside)
    if content.explanation is not None:
        explained = [(cell.cell, cell.spend) for cell in content.explanation.cells]
        if explained != [(cell.name, cell.spend) for cell in plan.cells]:
            raise InputError("the explanation is of another plan for the same profile: explain this one")


def check_frontier(plan: Plan, frontier: Frontier) -> None:
    """Refuse a frontier of another company, over other periods, or of a profile that differs in more than its scenario.

    Documents made before digests were kept are told apart by name, currency and periods alone.
    """
    if (frontier.name, frontier.currency) != (plan.name, plan.currency):
        raise InputError(
            f'the frontier is of "{frontier.name}" in {frontier.currency}, the plan of "{plan.name}" in {plan.currency}'
        )
    if (frontier.period, frontier.span) != (plan.period, plan.span):
        raise InputError(
            f"the frontier's amounts are {over(frontier.period, frontier.span)}, the plan's "
            f"{over(plan.period, plan.span)}"
        )
    of, own = frontier.company_sha256, plan.provenance.company_sha256
    if of and own and of != own:
        raise InputError(
            f"the frontier's profile has the digest {of[:DIGITS]} without its scenario, the plan's {own[:DIGITS]}: "
            "they differ in more than what is asked for"
        )


def _check_profile(plan: Plan, beside: Explanation | InformationValue) -> None:
    of, own = beside.profile_sha256, plan.provenance.profile_sha256
    if of != own:
        whose = f"of a profile with the digest {of[:DIGITS]}" if of else "of no profile"
        raise InputError(
            f"the {beside.kind_of_document} is {whose}, the plan of {own[:DIGITS]}: they do not belong together"
        )
