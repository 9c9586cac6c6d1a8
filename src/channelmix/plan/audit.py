"""Re-prove a plan from what travels in it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from channelmix.certification import Certificate, verify
from channelmix.errors import CertificateError
from channelmix.plan.model import CellPlan, Interval, Plan
from channelmix.problem import AllocationProblem
from channelmix.solution import Proof, SearchReport, Solution, Status

__all__ = ["interval", "verify_plan"]

Array = NDArray[np.float64]

RELATIVE_TOLERANCE = 1e-9
"""Difference allowed between a number of the plan and the recomputed one: rounding, on another machine too."""


def verify_plan(plan: Plan) -> Certificate:
    """Recompute a plan's certificate, allocation and totals from its problem and proof, without any solver.

    Comparisons rest on draws that do not travel in the plan; they, reasons and warnings are not part of the claim.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    Certificate

    Raises
    ------
    CertificateError
        If a number is not what the problem and the proof show; the message names it.
    InputError
        If the problem inside the plan is damaged.
    """
    problem = AllocationProblem.from_dict(plan.problem)
    if plan.scenario != plan.problem.get("scenario"):
        raise CertificateError("the plan's scenario is not the scenario of its problem")
    claims = plan.certificate
    proof = Proof.from_dict(plan.proof)
    if plan.status is Status.INFEASIBLE:
        spend = np.full(problem.curves.n_cells, math.nan)
        value, bound, gap = math.nan, -math.inf, math.nan
    else:
        spend = _spend(problem, plan)
        if claims.value is None or claims.upper_bound is None or claims.gap is None:
            raise CertificateError("the certificate lacks a number")
        value, bound, gap = claims.value, claims.upper_bound, claims.gap
    solution = Solution(
        status=plan.status,
        spend=spend,
        value=value,
        upper_bound=bound,
        gap=gap,
        requested_gap=claims.requested_gap,
        shadow_prices={},
        conflicts=tuple(plan.conflicts),
        proof=proof,
        report=SearchReport(0, 0, 0.0, ""),
    )
    certificate = verify(problem, solution)
    if plan.status is Status.INFEASIBLE:
        if plan.allocation:
            raise CertificateError("an infeasible plan holds an allocation")
        return certificate
    if claims.max_violation is None or certificate.max_violation > claims.max_violation + RELATIVE_TOLERANCE:
        raise CertificateError(
            f"max_violation claimed {claims.max_violation!r}, recomputed {certificate.max_violation!r}"
        )
    _check_outcomes(problem, plan, spend)
    return certificate


def interval(draws: Array) -> Interval:
    """Mean and 90 % interval of draws of shape (n_draws,)."""
    low, high = np.quantile(draws, [0.05, 0.95])
    return Interval(mean=float(draws.mean()), low=float(low), high=float(high))


def _spend(problem: AllocationProblem, plan: Plan) -> Array:
    rows = {row.name: row for row in plan.allocation}
    if tuple(rows) != problem.curves.names or len(rows) != len(plan.allocation):
        raise CertificateError("the allocation's cells are not the problem's cells")
    return np.array([row.spend for row in plan.allocation])


def _check_outcomes(problem: AllocationProblem, plan: Plan, spend: Array) -> None:
    draws = problem.curves.value(spend)
    marginal = problem.curves.derivative(spend).mean(axis=0) - problem.charges
    scale = float(draws.sum(axis=1).max(initial=0.0))
    for i, row in enumerate(plan.allocation):
        _check_row(row, interval(draws[:, i]), float(marginal[i]), scale)
        today = float(problem.cells.current[i]) if problem.cells.current is not None else 0.0
        _same(f"current spend on {row.name}", row.current_spend, today, max(today, 1.0))
    if plan.totals is None:
        raise CertificateError("the plan lacks its totals")
    total = interval(draws.sum(axis=1))
    for key in ("mean", "low", "high"):
        _same(f"total outcome ({key})", getattr(plan.totals.outcome, key), getattr(total, key), scale)
    _same("total spend", plan.totals.spend, float(spend.sum()), float(spend.sum()))
    _same(
        "horizon spend",
        plan.totals.horizon_spend,
        float(spend.sum()) * plan.totals.periods,
        plan.totals.spend,
    )
    _same("horizon outcome", plan.totals.horizon_outcome, total.mean * plan.totals.periods, scale)


def _check_row(row: CellPlan, outcome: Interval, marginal: float, scale: float) -> None:
    for key in ("mean", "low", "high"):
        _same(f"outcome ({key}) of {row.name}", getattr(row.outcome, key), getattr(outcome, key), scale)
    if row.marginal_return is not None or math.isfinite(marginal):
        claimed = math.nan if row.marginal_return is None else row.marginal_return
        _same(f"marginal return of {row.name}", claimed, marginal, max(1.0, abs(marginal)))


def _same(what: str, claimed: float, computed: float, scale: float) -> None:
    if not abs(claimed - computed) <= RELATIVE_TOLERANCE * max(abs(scale), 1.0):
        raise CertificateError(f"{what} claimed {claimed!r}, recomputed {computed!r}")
