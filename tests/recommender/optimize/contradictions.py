"""What a plan's reasons claim, held against the numbers beside them: nothing here shares code with the reasons."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import CellPlan, Plan

__all__ = ["contradictions"]

ALIKE, COARSE = 2e-3, 0.03
"""Share by which returns differ by rounding, and that of cells with little money, whose returns are less exact."""

STEP = 0.01
"""Share of the plan's spend that a cell gets, or loses, to see whether a rule stops it."""

ROUNDED = 0.005
"""By how much a return of two decimals may be off."""

WITHOUT = (
    "returns less than",
    "no ",
    "off: ",
    "held by",
    "left no money by",
    "only a larger sum",
    "the money returns more where it is",
    "little to gain from more",
    "reaches nobody",
    "brings nothing",
    "opt-outs cost more",
    "does more harm",
    "would bring the ROI below",
    "the target is reached without it",
    "returns less, the worst",
    "does not raise the chance",
)
"""How reasons of cells without money begin."""

WITH = (
    "best return left",
    "returns more elsewhere",
    "held by",
    "kept by",
    "best return up to here",
    "pays up to here",
    "smaller budget",
    "the target needs no more",
    "makes room for",
    "demand met",
    "audience saturated",
    "little to gain from",
    "reaches nobody, kept by",
    "brings nothing, kept by",
    "no inbound contacts, kept by",
    "more would",
    "returns more, the worst",
    "raises the chance",
)
"""How reasons of cells with money begin."""


def contradictions(plan: Plan) -> list[str]:
    """Say which reasons the plan's numbers do not bear out."""
    rows = plan.allocation
    problem = AllocationProblem.from_dict(plan.problem)
    spend = np.array([row.spend for row in rows])
    found = []
    for i, row in enumerate(rows):
        empty = row.spend <= 1e-7 * spend.sum()
        claims = [*_returns(plan, i), *_rules(problem, spend, i, row), *_of_all(plan, row)]
        if not row.reason.startswith(WITHOUT if empty else WITH):
            claims.append(f"spend of {row.spend:g}")
        found += [f"{row.name}, period {row.period}: {row.reason}, beside {claim}" for claim in claims]
    return found


def _next(row: CellPlan) -> float:
    return math.inf if row.marginal_return is None else row.marginal_return


def _returns(plan: Plan, i: int) -> Iterator[str]:
    """Compare what a reason says of returns with the returns of the others."""
    rows, row = plan.allocation, plan.allocation[i]
    total, own = sum(one.spend for one in rows), _next(row)
    others = [one for k, one in enumerate(rows) if k != i]
    free = [one for one in others if one.spend > 1e-7 * total and "kept by" not in one.reason]
    if row.reason == "returns less than the others":
        least = min(map(_next, free), default=-math.inf)
        if own > least + ALIKE * abs(least):
            yield f"{own:.3f} against {least:.3f}"
    if row.reason == "best return left":
        rest = [one for one in others if one.reason in ("returns less than the others", "best return left")]
        best = max((_next(one) for one in rest), default=own)
        if own < best - COARSE * abs(best):
            yield f"{own:.3f} against {best:.3f}"
    if row.reason == "returns more elsewhere":
        better = [
            one for one in others if one.spend > one.current_spend and _next(one) >= own - ALIKE * abs(own)
        ]
        if not better or row.spend >= row.current_spend:
            yield f"no cell that gets more and returns {own:.3f}"
    if row.reason.startswith("held by") and plan.problem.get("risk") is None:
        least = min((_next(one) for one in free if "held by" not in one.reason), default=-math.inf)
        s_shaped = row.spend == 0.0 and row.outcome.mean == 0.0 and own < least
        # What changing costs is taken off the return beside the reason, which names the rule.
        costs = any(rule.get("switching_cost") for rule in plan.problem["constraints"])
        comparable = plan.span == 1 and not (s_shaped or costs or _shares(plan))
        if own < least - COARSE * abs(least) and comparable:
            yield f"{own:.3f} against {least:.3f}"
    if row.reason.startswith("kept by") and plan.problem.get("risk") is None and not _shares(plan):
        best = max((_next(one) for one in others), default=math.inf)
        if plan.scenario["kind"] == "fixed_budget" and own > best + COARSE * abs(best):
            yield f"{own:.3f} against {best:.3f}"


def _shares(plan: Plan) -> bool:
    """Whether rules weigh on the total, so that money does not cost alike everywhere."""
    return any(
        rule["kind"] in ("group_share", "linear_constraint", "each_period")
        for rule in plan.problem["constraints"]
    )


def _of_all(plan: Plan, row: CellPlan) -> Iterator[str]:
    """Compare what a reason says of the plan as a whole."""
    own, highest = _next(row), max(map(_next, plan.allocation))
    if row.reason == "returns less than it costs" and own >= 1.0:
        yield f"{own:.3f}"
    found = re.fullmatch(r"returns less than ([\d.]+) per (\w+)", row.reason)
    if found and (own >= float(found[1]) or found[2] != plan.currency):
        yield f"{own:.3f}"
    found = re.fullmatch(r"no (\w+) returns ([\d.]+), the best first one ([\d.]+)", row.reason)
    if found and (
        highest >= float(found[2]) or abs(highest - float(found[3])) > ROUNDED or found[1] != plan.currency
    ):
        yield f"{highest:.3f}"
    if row.reason == "pays up to here" and plan.scenario["kind"] == "fixed_budget":
        yield "a budget, which is spent whether that pays or not"
    reached = plan.totals is not None and plan.totals.outcome.mean >= plan.scenario.get("amount", 0.0)
    if row.reason == "little to gain from more" and plan.scenario["kind"] == "target_outcome" and reached:
        yield "a target that is reached"
    today = sum(one.current_spend for one in plan.allocation)
    if row.reason == "smaller budget" and (plan.totals is None or (plan.totals.budget or 0.0) >= today):
        yield f"a budget of {today:g} today"


def _rules(problem: AllocationProblem, spend: NDArray[np.float64], i: int, row: CellPlan) -> Iterator[str]:
    """Move a cell alone the way that a rule is said to stop: one of the rule's rows must break."""
    found = re.search(r"(held|kept) by (.+)", row.reason)
    if not found:
        return
    stated = [one for one in problem.rows if one.rule in (found[2], f"{found[2]} {row.name}")]
    if not any(one.coefficients[i] for one in stated):
        return  # what changing costs, or a risk, is no row
    step = STEP * max(float(spend.sum()), 1.0)
    moved = spend.copy()
    moved[i] = max(0.0, spend[i] + (step if found[1] == "held" else -max(step, STEP * spend[i])))
    extra = {one.key: one.value(moved) for one in problem.auxiliaries}
    if found[1] == "kept" and row.spend <= 0.0:
        yield "nothing to keep"
    if not any(one.violation(moved, extra) > 0.0 for one in stated):
        yield f"room for {moved[i]:g}"
