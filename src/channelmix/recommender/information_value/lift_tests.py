"""What a lift test is worth before it is run, and which one to run next.

A test changes spend on one cell from x to x + c for some weeks and measures the lift with noise. Of draws d, all as
likely before, each would make a lift ``e_d = f_d(x + c) - f_d(x)``; a measured one y leaves draw d the chance
``exp(-(y - e_d)^2 / (2 se^2))``, up to a factor. What the best plan after that brings on average, over all y that the
draws may lead to, less what the best plan brings without, is the expected value of sample information.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.plan import LiftTestValue
from channelmix.recommender.information_value.knowledge import About, Knowledge

CHANGES = (-1.0, -0.5, 0.5, 1.0)
"""Changes of spend that are tried, as shares of a cell's spend in the plan."""

MORE = (0.025, 0.05, 0.1)
"""Spends that are tried on top of a cell's, as shares of all that the plan spends."""

WEEKS = (2.0, 4.0, 8.0, 12.0)
"""Lengths that are tried."""

DETECTABLE = float(ndtri(0.975) + ndtri(0.8))
"""Standard errors of the lift that is told from none with a chance of 80 %, two-sided at 5 %."""


@dataclass(frozen=True)
class LiftTestDesign:
    """A lift test to be valued.

    Parameters
    ----------
    cell : str
        The cell whose spend is changed.
    spend_change : float
        By how much, in currency per period; negative where spend is withheld.
    weeks : float
        How long.
    standard_error : float, optional
        Of the lift measured, in money per period; worked out of the weekly noise and the weeks if not given.
    """

    cell: str
    spend_change: float
    weeks: float
    standard_error: float | None = None


@dataclass(frozen=True, eq=False)
class Trials:
    """All that the worth of a test depends on beside its design.

    Parameters
    ----------
    knowledge : Knowledge
    splits_given : mapping of int to ndarray
        Splits to choose from once a cell is known, by its place.
    plan : ndarray of shape (n_cells,)
        The plan that a test departs from.
    weeks_a_period : float
    noise : mapping of str to float
        Standard deviation of a week's difference between tested and untested customers, in money, by cell.
    periods : float
        Periods that are planned with what a test tells.
    fixed_cost : float
        What a test costs beside the change of spend, in money.
    seed : int
        Of the noise drawn.
    """

    knowledge: Knowledge
    splits_given: Mapping[int, Array]
    plan: Array
    weeks_a_period: float
    noise: Mapping[str, float]
    periods: float
    fixed_cost: float
    seed: int
    _known: dict[int, About] = field(default_factory=dict, init=False, repr=False)

    def value(self, design: LiftTestDesign) -> LiftTestValue:
        """Value one test.

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
        if error is None:  # the noise of weeks adds up by squares, the lift by itself
            error = self.noise[design.cell] * self.weeks_a_period / math.sqrt(design.weeks)
        if not (math.isfinite(error) and error > 0.0):
            raise InputError(f"the standard error of a test on {design.cell} must be above 0")
        lift = self._lift(i, before, after)
        weights = posterior_weights(lift, error, self.seed)
        gain = self._about(i).gain(weights)
        problem = self.knowledge.problem
        extra = design.spend_change * (1.0 + float(problem.charges[i])) - float(lift.mean())
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
        """The best of the designs tried on each cell, but not on cells that no test could be worth running on.

        Parameters
        ----------
        certain : mapping of int to float
            Worth of knowing a cell for certain, by its place: no test is worth more.
        """
        for i in sorted(certain, key=lambda cell: -certain[cell]):
            if certain[i] * self.periods <= self.fixed_cost:
                continue
            best = max(map(self.value, self._designs(i)), key=lambda test: test.net, default=None)
            self._known.pop(i, None)
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
        if cell not in self._known:  # kept, since every design on a cell starts from the same
            self._known[cell] = self.knowledge.about([cell], self.splits_given[cell])
        return self._known[cell]

    def _lift(self, cell: int, before: float, after: float) -> Array:
        """Lift that each draw would make; shape (n_draws,)."""
        curve = self.knowledge.problem.response.cell(cell)
        spends = np.array([[before, after]])
        drawn = np.broadcast_to(curve.value(spends), (self.knowledge.problem.curves.n_draws, 2))
        return np.asarray(drawn[:, 1] - drawn[:, 0])


def posterior_weights(lift: Array, standard_error: float, seed: int) -> Array:
    """Chance of each draw given each measured lift, one measured lift a draw; shape (n_draws, n_draws).

    Parameters
    ----------
    lift : ndarray of shape (n_draws,)
        The lift that each draw would make.
    standard_error : float
        Of the measured lift.
    seed : int
        Of the noise, whose quantiles are spread evenly and dealt out at random.
    """
    n = len(lift)
    noise = ndtri((np.random.default_rng(seed).permutation(n) + 0.5) / n)
    measured = lift + standard_error * noise
    # Without overflow: distances are at most so many standard errors that the chance is 0.
    log = -0.5 * np.minimum(np.abs(measured[:, np.newaxis] - lift) / standard_error, 1e100) ** 2
    chance = np.exp(log - log.max(axis=1, keepdims=True))
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))
