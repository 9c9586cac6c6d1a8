"""What a lift test is worth before it is run, and which one to run next.

A test changes spend on one cell from x to x + c for some weeks and measures the lift with noise. Each draw d, all
equally likely a priori, predicts a lift ``e_d = f_d(x + c) - f_d(x)``. Given a measured lift y, the posterior weight of
draw d is proportional to ``exp(-(y - e_d)^2 / (2 se^2))``. The expected value of sample information is what the best
plan given y brings, averaged over the y that the draws predict, less what the best plan without the test brings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.plan import LiftTestValue
from channelmix.recommender.information_value.knowledge import About, Knowledge

CHANGES = (-1.0, -0.5, 0.5, 1.0)
"""Changes of spend to try, as shares of a cell's spend in the plan."""

MORE = (0.025, 0.05, 0.1)
"""Further increases of spend to try, as shares of the plan's total spend."""

WEEKS = (2.0, 4.0, 8.0, 12.0)
"""Lengths to try."""

DETECTABLE = float(ndtri(0.975) + ndtri(0.8))
"""Smallest lift detected with a power of 80 % in a two-sided test at a level of 5 %, in standard errors."""


@dataclass(frozen=True)
class LiftTestDesign:
    """A lift test whose value is wanted.

    Parameters
    ----------
    cell : str
        The cell whose spend is changed.
    spend_change : float
        Change of spend in currency per period; negative where spend is withheld.
    weeks : float
        Length of the test.
    standard_error : float, optional
        Standard error of the measured lift, in money per period; by default from the weekly noise and the length.
    """

    cell: str
    spend_change: float
    weeks: float
    standard_error: float | None = None


@dataclass(frozen=True, eq=False)
class Trials:
    """What the value of a test depends on apart from its design.

    Parameters
    ----------
    knowledge : Knowledge
    splits_given : mapping of int to ndarray
        Splits to choose from once a cell is known, by the cell's index.
    plan : ndarray of shape (n_cells,)
        The plan whose spend a test changes.
    weeks_a_period : float
        Number of weeks in a period.
    noise : mapping of str to float
        Standard deviation of a week's difference between tested and untested customers, in money, by cell.
    periods : float
        Number of periods planned with a test's result.
    fixed_cost : float
        Cost of a test on top of the change of spend, in money.
    seed : int
        Seed of the measurement noise.
    """

    knowledge: Knowledge
    splits_given: Mapping[int, Array]
    plan: Array
    weeks_a_period: float
    noise: Mapping[str, float]
    periods: float
    fixed_cost: float
    seed: int

    def value(self, design: LiftTestDesign, about: About | None = None) -> LiftTestValue:
        """Value one test; `about` is what there is to learn about its cell, if that is computed already.

        Raises
        ------
        InputError
            If the cell is unknown, or a number is out of range.
        """
        names = self.knowledge.problem.curves.names
        if design.cell not in names:
            raise InputError(f"a test on an unknown cell: {design.cell}")
        i = names.index(design.cell)
        before = float(self.plan[i])
        after = before + design.spend_change
        if not (math.isfinite(after) and after >= 0.0 and after != before):
            raise InputError(
                f"a test on {design.cell} must change its spend, {before:,.6g}, to another amount of at least 0"
            )
        if not (math.isfinite(design.weeks) and design.weeks > 0.0):
            raise InputError(f"a test on {design.cell} must last some weeks")
        error = design.standard_error
        if error is None:  # variances add up over weeks, and so does the lift
            error = self.noise[design.cell] * self.weeks_a_period / math.sqrt(design.weeks)
        if not (math.isfinite(error) and error > 0.0):
            raise InputError(f"the standard error of a test on {design.cell} must be above 0")
        lift = self._lift(i, before, after)
        weights = posterior_weights(lift, error, self.seed)
        gain = (about or self._about(i)).gain(weights)
        problem = self.knowledge.problem
        extra = design.spend_change * (1.0 + float(problem.charges[i])) - float(lift.mean())
        if problem.lossy is not None:
            lost = problem.lossy.cell(i).value(np.array([[before, after]])).mean(axis=0)
            extra += float(lost[1] - lost[0])
        cost = max(extra, 0.0) * design.weeks / self.weeks_a_period + self.fixed_cost
        return LiftTestValue(
            cell=design.cell,
            spend=before,
            spend_change=design.spend_change,
            weeks=design.weeks,
            standard_error=error,
            expected_lift=float(lift.mean()),
            detectable_lift=DETECTABLE * error,
            value=gain.value,
            value_standard_error=gain.standard_error,
            cost=cost,
            net=gain.value * self.periods - cost,
        )

    def best(self, certain: Mapping[int, float]) -> Iterator[LiftTestValue]:
        """Yield the best design on each cell where a test can be worth its cost.

        Parameters
        ----------
        certain : mapping of int to float
            Value of knowing a cell for certain, by the cell's index: no test is worth more.
        """
        for i in sorted(certain, key=lambda cell: -certain[cell]):
            if certain[i] * self.periods <= self.fixed_cost:
                continue
            about = self._about(i)
            tests = [self.value(design, about) for design in self._designs(i)]
            best = max(tests, key=lambda test: test.net, default=None)
            if best is not None and best.value > 0.0:
                yield best

    def _designs(self, cell: int) -> Iterator[LiftTestDesign]:
        spend, name = float(self.plan[cell]), self.knowledge.problem.curves.names[cell]
        total = float(self.plan.sum())
        for change in [*(share * spend for share in CHANGES), *(share * total for share in MORE)]:
            lifted = self._lift(cell, spend, spend + change) if change else np.zeros(1)
            if np.ptp(lifted) > 0.0:
                yield from (LiftTestDesign(name, change, weeks) for weeks in WEEKS)

    def _about(self, cell: int) -> About:
        return self.knowledge.about([cell], self.splits_given[cell])

    def _lift(self, cell: int, before: float, after: float) -> Array:
        """Lift that each draw predicts; shape (n_draws,)."""
        curve = self.knowledge.problem.response.cell(cell)
        spends = np.array([[before, after]])
        drawn = np.broadcast_to(curve.value(spends), (self.knowledge.problem.curves.n_draws, 2))
        return np.asarray(drawn[:, 1] - drawn[:, 0])


def posterior_weights(lift: Array, standard_error: float, seed: int) -> Array:
    """Posterior weights of the draws given a measured lift, one row per measured lift; shape (n_draws, n_draws).

    Each draw is the truth once, and gives one measured lift.

    Parameters
    ----------
    lift : ndarray of shape (n_draws,)
        The lift that each draw predicts.
    standard_error : float
        Standard error of the measured lift.
    seed : int
        Seed of the noise: evenly spaced quantiles in random order.
    """
    n = len(lift)
    noise = ndtri((np.random.default_rng(seed).permutation(n) + 0.5) / n)
    measured = lift + standard_error * noise
    # Distances are capped where the weight is 0 anyway, so that their squares do not overflow.
    log = -0.5 * np.minimum(np.abs(measured[:, np.newaxis] - lift) / standard_error, 1e100) ** 2
    chance = np.exp(log - log.max(axis=1, keepdims=True))
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))
