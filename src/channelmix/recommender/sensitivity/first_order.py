"""A bound on what another split could gain, from slopes alone: quick where solving would be slow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.problem import AllocationProblem

STEPS_UP = (1.0 / 64.0, 1.0 / 16.0, 1.0 / 4.0, 1.0)
"""Steps of spend upwards, as shares of the budget: an S-shaped curve may start flat and become steep."""

STEPS_DOWN = (0.5, 1.0)
"""Steps of spend downwards, as shares of the cell's spend: one along a flat part may cost little."""


def most_to_gain(problem: AllocationProblem, spend: Array) -> float:
    """Bound the gain of any other split that obeys the rules.

    Every cell is assumed to keep its slope however far its spend moves: upwards the largest, downwards the smallest of
    its slope here and of the chords over a few steps. The optimum of this linear program bounds the gain where mean
    curves are concave. Where they are S-shaped it may fall short, as a curve may rise more steeply between the steps.

    Parameters
    ----------
    problem : AllocationProblem
    spend : ndarray of shape (n_spends,)
        A split that obeys the rules. Over several periods, slopes are those of the adstocked spend, and a unit of spend
        has the sum of the slopes in the periods in which it acts.

    Returns
    -------
    float
        Outcome in the problem's units, at least 0; infinite where there are on/off states or the worst draws count.
    """
    budget = float(problem.scenario.amount)
    if budget <= 0.0:
        return 0.0
    if problem.auxiliaries or problem.tail is not None:  # neither has slopes
        return math.inf
    at = problem.acting(spend)
    here = problem.response.mean_value(at)
    slope = problem.response.derivative(at).mean(axis=0)
    rising, falling = slope.copy(), slope.copy()
    for share in STEPS_UP:
        step = share * budget
        rising = np.maximum(rising, (problem.response.mean_value(at + step) - here) / step)
    used = at > 0.0
    for share in STEPS_DOWN:
        back = np.where(used, share * at, 1.0)
        lost = here - problem.response.mean_value(np.where(used, at - back, 0.0))
        falling = np.where(used, np.minimum(falling, lost / back), falling)
    if not np.isfinite(rising).all():
        return math.inf
    if problem.delay is not None:
        rising, falling = rising @ problem.delay.matrix, falling @ problem.delay.matrix
    return budget * _best_move(problem, spend / budget, rising - problem.charges, falling - problem.charges)


def _best_move(problem: AllocationProblem, spend: Array, rising: Array, falling: Array) -> float:
    """Gain of the best move per unit of budget, with one price for increases and another for decreases."""
    # Imported late: plans do without it.
    from scipy.optimize import linprog

    rows, room = [], []
    for row in problem.rows:
        at = float(row.coefficients @ spend)
        for sign, limit in ((1.0, row.high), (-1.0, row.low)):
            if math.isfinite(limit):
                rows.append(sign * row.coefficients)
                room.append(max(sign * (limit / problem.scenario.amount - at), 0.0))
    unit = float(np.abs([rising, falling]).max()) or 1.0
    matrix = np.array(rows)
    found: Any = linprog(
        np.concatenate([-rising, falling]) / unit,
        A_ub=np.hstack([matrix, -matrix]),
        b_ub=room,
        bounds=[*((0.0, 1.0) for _ in spend), *((0.0, s) for s in spend)],
    )
    # Not moving is feasible: the solver fails only where magnitudes are too far apart for it.
    return -unit * float(found.fun) if found.success else math.inf
