"""How the time limit of a plan is shared among its phases."""

from __future__ import annotations

import time

import numpy as np

from channelmix.engine.problem.problem import AllocationProblem
from channelmix.recommender.optimize.size import FRESH_DRAWS

REACH = 0.1
"""Part of the time limit that may go into telling whether a target is within reach."""

LEAST_PART = 0.2
"""Part of the time limit that the search gets however long all else takes."""

ROOM_SECONDS, ROOM = 1.2, 0.12
"""Seconds, or part of the limit if that is more, by which all that follows the search may exceed it."""

AGAIN = 0.8
"""Time that fresh draws and curves without word of mouth take, as a multiple of the time of the problem itself."""

EVALUATIONS, SECONDS_A_CELL = 12, 1.2e-4
"""Evaluations of all curves that reasons and figures of a plan take, and what else takes a cell and period."""


PLANNING, MOST_PLANNING = 1.0 / 3.0, 60.0
"""Part of the limit of a question about a plan that making the plan may take, and most seconds of it."""


class Clock:
    """The time of one call, from when this is made.

    Parameters
    ----------
    limit : float
        Seconds of the whole call.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._began = time.perf_counter()

    @property
    def over(self) -> bool:
        """Whether the limit is reached."""
        return time.perf_counter() >= self._began + self.limit

    @property
    def left(self) -> float:
        """Seconds that are left, and at least a part of the limit: what was asked is not to go without an answer."""
        return max(self._began + self.limit - time.perf_counter(), LEAST_PART * self.limit)

    @property
    def planning(self) -> float:
        """Seconds that the plan gets which the question is about."""
        return min(MOST_PLANNING, PLANNING * self.limit)


def time_for_search(problem: AllocationProblem, splits: int, time_limit: float, *, building: float) -> float:
    """Return the seconds that the search gets: what building the problem and all that follows leave of the limit.

    Parameters
    ----------
    problem : AllocationProblem
    splits : int
        Splits that the plan will be compared with.
    time_limit : float
        Seconds of the whole call.
    building : float
        Seconds that draws and problem took.
    """
    began = time.perf_counter()
    later = _seconds_after(problem, building, splits)
    spent = building + time.perf_counter() - began
    room = max(ROOM_SECONDS, ROOM * time_limit) if _ends_in_time(problem) else 0.0
    left = time_limit + room - spent - later
    return max(min(left, time_limit), LEAST_PART * time_limit)


def _ends_in_time(problem: AllocationProblem) -> bool:
    """Whether a search ends about when it is told to: linear programs, and several searches in turn, end later."""
    return problem.tail is None and not problem.auxiliaries and not any(row.outcome for row in problem.rows)


def _seconds_after(problem: AllocationProblem, building: float, splits: int) -> float:
    """Estimate the time that comes after the search and cannot be cut: comparisons, reasons, and the plan itself.

    It is told from the time that the problem took to build.
    """
    # At today's spend: near 0 some curves take twice as long.
    today = problem.cells.current
    spend = problem.acting(np.zeros(problem.shape) if today is None else today)
    began = time.perf_counter()
    problem.response.total(spend)
    once = time.perf_counter() - began
    more = FRESH_DRAWS / problem.curves.n_draws
    return AGAIN * building + ((splits + 1) * more + EVALUATIONS) * once + SECONDS_A_CELL * len(problem.cells)
