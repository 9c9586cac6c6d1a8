"""How much money can make sense where a scenario sets no limit: what curves can bring bounds what pays.

For any rate r, ``F_i(s) - r s <= K_i(r)`` with K_i the outcome where the slope has fallen to r for good (the limit of
a curve that saturates). So a profit ``sum F_i - m * money`` of at least v needs ``money <= 2 (sum K_i(m / 2) - v) / m``,
and a minimum ROI r needs ``money <= 2 sum K_i(r / 2) / r``. A target costs no more than any spend that reaches it.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from channelmix.errors import InputError
from channelmix.problem import AllocationProblem
from channelmix.propagation import propagate
from channelmix.response import ResponseCurves
from channelmix.rules import FlexibleBudget, TargetOutcome

__all__ = ["UnboundedError", "is_limited", "largest_limit", "limit_for", "limited"]

Array = NDArray[np.float64]

FAR = 1e100
"""Spend at which a saturating curve is at its limit."""

MOST_DOUBLINGS = 300

BEYOND = 1e6
"""Multiple of the largest amount in any rule beyond which nothing is looked for where rules conflict."""


class UnboundedError(InputError):
    """Ever more spend on one cell pays ever more."""

    def __init__(self, cell: str) -> None:
        super().__init__(
            f"the plan has no limit: {cell} pays however much is spent on it; state a max_amount"
        )
        self.cell = cell


def is_limited(problem: AllocationProblem) -> bool:
    """Whether scenario and rules leave every cell a finite most spend."""
    rows = [row for row in problem.rows if not row.outcome]
    n = len(problem.cells)
    if not rows:
        return False
    A = np.array([row.coefficients for row in rows])
    # An auxiliary variable has no upper bound here, except that fees and states are never negative.
    loose = [any(weight < 0.0 for weight in row.extra.values()) for row in rows]
    high = np.array([math.inf if free else row.high for row, free in zip(rows, loose, strict=True)])
    box_low, box_high = np.zeros(n), np.full(n, np.inf)
    propagate(A, np.full(len(rows), -math.inf), high, box_low, box_high)
    return bool(np.isfinite(box_high).all())


def limited(problem: AllocationProblem, amount: float) -> AllocationProblem:
    """Return the same problem with a limit of money."""
    return dataclasses.replace(
        problem, scenario=dataclasses.replace(problem.scenario, max_amount=float(amount))
    )


def limit_for(problem: AllocationProblem, value: float) -> float:
    """Return a limit of money that no spend worth at least `value` exceeds.

    Raises
    ------
    UnboundedError
        If there is none.
    """
    scenario = problem.scenario
    if isinstance(scenario, TargetOutcome):
        return -value
    curves = problem.response
    if isinstance(scenario, FlexibleBudget) and scenario.min_roi is not None:
        rate = scenario.min_roi
        return 2.0 * _most(curves, 0.5 * rate) / rate
    rate = float(scenario.price)
    return 2.0 * (_most(curves, 0.5 * rate) - value) / rate


def largest_limit(problem: AllocationProblem) -> float:
    """Return the limit within which rules are shown to conflict."""
    amounts = [abs(a) for row in problem.rows for a in (row.low, row.high) if math.isfinite(a)]
    return BEYOND * max([1.0, *amounts])


def _most(curves: ResponseCurves, rate: float) -> float:
    """Sum over cells of ``max_s F_i(s) - rate * s``, or more."""
    total = 0.0
    for i, name in enumerate(curves.names):
        curve = curves.cell(i)
        if curve.saturates():
            total += float(curve.value(np.full((1, 1), FAR)).mean())
            continue
        spend = max(1.0, float(np.max(curve.inflection())))
        for _ in range(MOST_DOUBLINGS):
            at = np.full((1, 1), spend)
            if float(curve.derivative(at).mean()) <= rate:
                total += float(curve.value(at).mean())
                break
            spend *= 2.0
        else:
            raise UnboundedError(name)
    return total
