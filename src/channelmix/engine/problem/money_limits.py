"""The most money that can make sense where a scenario sets no limit: what curves can bring bounds what pays.

For any rate q, ``F_i(x) <= K_i(q) + q x`` with K_i the outcome where the slope has fallen to q for good (the limit of
a curve that saturates). So if a unit of money must bring r, with q a part f of what it and its charges cost, a profit
``sum F_i - charges - r * money`` of at least v needs ``money <= (sum K_i(q) - v) / (r (1 - f))``. A minimum ROI r is
such a profit of 0. A target costs no more than any spend that reaches it.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import LARGEST_AMOUNT, InputError
from channelmix.core.tolerances import NEARLY_SATURATED, SATURATED_SPEND
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import FlexibleBudget, TargetOutcome

DOUBLINGS = 2.0 ** np.arange(-200.0, 201.0)
"""Spend at which the slope of a curve that does not saturate is evaluated."""

PARTS = 1.0 - 2.0 ** -np.arange(1.0, 21.0)
"""Parts f of a rate that are tried; the best bound counts."""

BEYOND = 1e6
"""Multiple of the largest amount in any rule up to which spend is considered where rules conflict."""


class UnboundedError(InputError):
    """Ever more spend on a cell keeps paying off."""

    def __init__(self, cell: str) -> None:
        super().__init__(
            f"the plan has no limit: ever more spend on {cell} keeps paying off; state a max_amount"
        )
        self.cell = cell


def is_limited(problem: AllocationProblem) -> bool:
    """Whether scenario and rules bound the spend on every cell."""
    # A limit of all money limits each cell: rules need not be looked at, of which there may be thousands.
    return problem.scenario.limit is not None or bool(np.isfinite(_most_spend(problem)).all())


def limited(problem: AllocationProblem, amount: float) -> AllocationProblem:
    """Return the same problem with a limit of money.

    Raises
    ------
    InputError
        If the limit is beyond all amounts that are planned with.
    """
    if amount > LARGEST_AMOUNT:
        raise InputError(
            f"up to {amount:.0e} of money might pay, more than is planned with: state a max_amount"
        )
    return dataclasses.replace(
        problem, scenario=dataclasses.replace(problem.scenario, max_amount=float(amount))
    )


def limit_for(problem: AllocationProblem, value: float) -> float:
    """Return a limit of money that no spend worth at least `value` (-inf: no feasible spend) exceeds.

    Raises
    ------
    UnboundedError
        If there is none.
    """
    scenario = problem.scenario
    if isinstance(scenario, TargetOutcome):
        return -value
    aims = [(float(scenario.price), value)]
    if isinstance(scenario, FlexibleBudget) and scenario.min_roi is not None:
        aims.append((scenario.min_roi, 0.0))
    limits = [_limit(problem, rate, least) for rate, least in aims if rate > 0.0 and least > -math.inf]
    reached = [limit for limit in limits if isinstance(limit, float)]
    if not reached:
        raise UnboundedError(next((cell for cell in limits if isinstance(cell, str)), problem.cells.names[0]))
    return min(reached)


def conflict_limit(problem: AllocationProblem) -> float:
    """Return the limit of money within which rules are shown to conflict."""
    try:
        return (
            largest_limit(problem)
            if isinstance(problem.scenario, TargetOutcome)
            else limit_for(problem, -math.inf)
        )
    except UnboundedError:
        return largest_limit(problem)


def largest_limit(problem: AllocationProblem) -> float:
    """Return a limit of money that is out of proportion to every amount in the problem."""
    reach = _reach(problem) if isinstance(problem.scenario, TargetOutcome) else 0.0
    return BEYOND * (max(largest_amount(problem), reach) or 1.0)


def most_money(problem: AllocationProblem) -> float:
    """Return the most money that scenario and rules allow, or `largest_limit` where they set no limit."""
    most = float(_most_spend(problem).sum())
    if not math.isfinite(most):
        return largest_limit(problem)
    return most if problem.scenario.limit is None else min(most, problem.scenario.limit)


def largest_amount(problem: AllocationProblem) -> float:
    """Return the largest amount of money in any rule or in the mix to improve on; 0 if there is none."""
    amounts = [] if problem.baseline is None else [float(problem.baseline.sum())]
    for row in problem.rows:
        weight = row.coefficients.largest
        if weight > 0.0:
            sides = [abs(side) for side in (row.low, row.high) if math.isfinite(side)]
            amounts += [side / weight for side in (*sides, *map(abs, row.extra.values()))]
    return max(amounts, default=0.0)


def _most_spend(problem: AllocationProblem) -> Array:
    """Bound spend from the rules alone; shape (n_spends,)."""
    return np.asarray(np.maximum(problem.row_box[1], 0.0))


def _limit(problem: AllocationProblem, rate: float, least: float) -> float | str:
    """Most money at which profit is at least `least` at this price of money, or the cell that pays without limit."""
    n = problem.curves.n_cells
    bound = _most_spend(problem)
    before, acting = np.zeros(n), bound
    cost = np.ones((1, n))
    if problem.delay is not None:
        start = problem.delay.start.reshape(-1, n)
        before = start.sum(axis=0)
        W, open_ = problem.delay.matrix, ~np.isfinite(bound)
        cost = 1.0 / W.sum(axis=0).reshape(-1, n)
        acting = np.where((W > 0.0) @ open_, math.inf, W @ np.where(open_, 0.0, bound))
        acting = acting + start.ravel()
    charges = problem.charges.reshape(cost.shape)
    # What one unit of acting spend costs at least, for each part of the rate; shape (parts, n_cells).
    rates = ((charges + PARTS[:, np.newaxis, np.newaxis] * rate) * cost).min(axis=1)
    total = rates @ before - problem.carried_over_outcome - least
    at_most = problem.response.mean_value(np.minimum(acting, SATURATED_SPEND))
    for i, name in enumerate(problem.response.names):
        most = _most(problem, i, float(acting[i]), float(at_most[i]), rates[:, i % n])
        if not np.isfinite(most).any():
            return name
        total = total + most
    return float(np.min(total / (rate * (1.0 - PARTS))))


def _most(problem: AllocationProblem, cell: int, high: float, outcome: float, rates: Array) -> Array:
    """Upper bound of ``max F(x) - rate * x`` up to `high` for each rate; infinite where there is none.

    `outcome` is F there, or where it is saturated.
    """
    if math.isfinite(high):
        return np.full(len(rates), outcome)
    curve = problem.response.cell(cell)
    if curve.saturates():
        return np.full(len(rates), outcome)
    # Curves without limit are concave: their slope falls all the way.
    slope = curve.derivative(DOUBLINGS[np.newaxis]).mean(axis=0)
    first = np.searchsorted(-slope, -rates)
    value = np.append(curve.value(DOUBLINGS[np.newaxis]).mean(axis=0), np.inf)
    return np.asarray(value[first])


def _reach(problem: AllocationProblem) -> float:
    """Spend that reaches a target when put on every cell, as near as curves that saturate allow."""
    curves, wanted = problem.response, problem.scenario.amount + problem.carried_over_outcome
    block, total = curves.as_shared(), np.zeros(len(DOUBLINGS))
    for shape, own in zip(block.shapes, block.places, strict=True):
        units, place = np.unique(block.unit[own], return_inverse=True)
        for unit, factor in zip(units, np.bincount(place, block.factor[own]), strict=True):
            total += factor * shape.value(DOUBLINGS[np.newaxis] / unit).mean(axis=0)
    enough = np.flatnonzero(total >= min(wanted, (1.0 - NEARLY_SATURATED) * float(np.max(total))))
    return float(DOUBLINGS[enough[0]] * curves.n_cells) if enough[0] > 0 else 0.0
