"""AllocationProblem: curves, scenario, constraints and charges, in the user's units and a standard form."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import FEASIBILITY_TOLERANCE, SPEND_ROUNDING, TARGET_TOLERANCE
from channelmix.engine.problem.formulation import TailRisk, formulate
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.problem.statement import Statement
from channelmix.engine.response.discounted import Discounted
from channelmix.engine.rules import ReachTarget
from channelmix.engine.rules.auxiliary import Change
from channelmix.engine.rules.risk import tail_mean, tail_weights

KINK = 1e-3
"""Share of a slope by which it changes at a point of a tabulated curve, and not by rounding."""


@dataclass(frozen=True, eq=False)
class AllocationProblem(Statement):
    """Optimize a scenario's objective subject to its limits and the constraints.

    The objective is ``gain * net outcome - price * money`` with the scenario's `gain` and `price`: net outcome is the
    mean outcome of all cells less charges, money is spend with activation fees.

    Parameters
    ----------
    curves : ResponseCurves
        Response of every cell; amounts everywhere below are in the curves' own unit of spend.
    scenario : FixedBudget, TargetOutcome, FlexibleBudget or MaxProfit
        What to optimize.
    constraints : sequence of constraints
        Business rules.
    risk : MeanRisk, MeanCVaR, WorstCase, SafeImprovement or ReachTarget, optional
        How the draws count: by their mean if not given. `SafeImprovement` adds a rule against losses.
    carryover : Carryover, optional
        Plans several periods instead of a typical one. Amounts of the scenario and the constraints are then over all
        periods together; a cell of one period is selected with ``period 3`` as a further part of its name.
    charge : mapping of selector to float, optional
        Cost per unit of spend that comes on top of spend itself (fatigue, for instance), in outcome per unit
        of spend. Charges of overlapping selectors add up.
    losses : ResponseCurves, optional
        What spend on each cell costs besides itself where that does not rise in proportion, such as customers who opt
        out and can be lost only once: curves of the same cells and draws, of a finite slope and not S-shaped. They
        count as charges do, draw by draw.
    current : mapping of selector to float, optional
        Spend today on each cell by name, per period; cells not named have none. `KeepWorking` and `ChangeLimit` need
        it.

    Raises
    ------
    InputError
        If a name is unknown or a number is out of range.

    Examples
    --------
    >>> import channelmix as cm
    >>> curves = cm.ResponseCurves.power([1.0, 2.0], [0.5, 0.5], names=["sms", "app"])
    >>> cm.AllocationProblem(curves, cm.FixedBudget(10.0)).value([2.0, 8.0])
    7.07...
    """

    def acting(self, spend: Any) -> Array:
        """Adstocked spend, which is spend itself without a carry-over; shape (response.n_cells,)."""
        array = np.asarray(spend, dtype=float).ravel()
        return array if self.delay is None else self.delay.acting(array)

    @cached_property
    def carried_over_outcome(self) -> float:
        """Mean outcome of spend before the plan, which does not count for the plan."""
        if self.delay is None:
            return 0.0
        return float(self.response.mean_value(self.delay.start).sum())

    def gross(self, spend: Any) -> float:
        """Mean outcome of all cells at `spend`, of the problem's shape, before charges."""
        return float(self.response.mean_value(self.acting(spend)).sum()) - self.carried_over_outcome

    def net(self, spend: Any) -> float:
        """Mean outcome of all cells at `spend` less charges."""
        return self.gross(spend) - self.charge_of(spend) - float(self._mean_lost(spend).sum())

    def money(self, spend: Any) -> float:
        """Money that `spend` takes: its sum and the fees that it incurs."""
        array = np.asarray(spend, dtype=float).ravel()
        return float(array.sum()) + sum(one.fee * one.value(array) for one in self.auxiliaries if one.fee)

    def net_draws(self, spend: Any) -> Array:
        """Outcome of all cells at `spend` less charges, of every draw; shape (n_draws,)."""
        net = self.response.total(self.acting(spend)) - self._drawn_before - self.charge_of(spend)
        if self.lossy is None:
            return np.asarray(net)
        before = 0.0 if self.delay is None else self.lossy.total(self.delay.start)
        return np.asarray(net - (self.lossy.total(self.acting(spend)) - before))

    @cached_property
    def _drawn_before(self) -> Array:
        """Outcome of spend before the plan, of every draw; shape (n_draws,)."""
        if self.delay is None or not self.delay.start.any():
            return np.zeros(self.response.n_draws)
        return self.response.total(self.delay.start)

    def charge_of(self, spend: Any) -> float:
        """Charges of spend and of the rules' auxiliary variables, in outcome, without losses."""
        array = np.asarray(spend, dtype=float).ravel()
        extra = sum(one.charge * one.value(array) for one in self.auxiliaries if one.charge)
        return float(self.charges @ array) + extra

    def lost(self, spend: Any) -> Array:
        """Losses of every draw and curve of `response` at `spend`, beside earlier spend's; (n_draws or 1, n_curves)."""
        if self.lossy is None:
            return np.zeros((1, self.response.n_cells))
        drawn = self.lossy.value(self.acting(spend))
        return drawn if self.delay is None else drawn - self.lossy.value(self.delay.start)

    def _mean_lost(self, spend: Any) -> Array:
        """Mean losses of every curve of `response` at `spend`, beside earlier spend's; shape (n_curves,)."""
        if self.lossy is None:
            return np.zeros(self.response.n_cells)
        mean = self.lossy.mean_value(self.acting(spend))
        return mean if self.delay is None else mean - self.lossy.mean_value(self.delay.start)

    def outcomes(self, spend: Any) -> Array:
        """Outcome of every draw and curve of `response` at `spend`, before charges; shape (n_draws, n_curves)."""
        drawn = self.response.value(self.acting(spend))
        if self.delay is None or not self.delay.start.any():
            return drawn
        return drawn - self.response.value(self.delay.start)

    def mean_outcomes(self, spend: Any) -> Array:
        """Mean outcome of every curve of `response` at `spend`, before charges; shape (n_curves,)."""
        mean = self.response.mean_value(self.acting(spend))
        if self.delay is None or not self.delay.start.any():
            return mean
        return mean - self.response.mean_value(self.delay.start)

    def total_outcome(self, spend: Any) -> Array:
        """Outcome of every draw over all curves at `spend`, before charges; shape (n_draws,)."""
        return self.response.total(self.acting(spend)) - self._drawn_before

    def alone(self, amount: float) -> Array:
        """Mean outcome less losses of each cell at an amount in one period, at its prices; shape (n_cells,)."""
        each = np.full(self.curves.n_cells, float(amount))
        at_once = self.delay is None
        brings = (self.response if at_once else self.curves).mean_value(each)
        losses = self.lossy if at_once else self.losses
        return brings if losses is None else brings - losses.mean_value(each)

    def by_cell(self, values: Any) -> Array:
        """Sum flattened values of periods and cells, (..., periods * n_cells), over periods; shape (..., n_cells)."""
        array = np.asarray(values, dtype=float)
        if self.delay is None:
            return array
        return np.asarray(array.reshape(*array.shape[:-1], -1, self.curves.n_cells).sum(axis=-2))

    def each_period(self, values: Any) -> Array:
        """Repeat values of the cells, (n_cells,), for every planned period; shape (n_spends,)."""
        return np.tile(values, len(self.cells) // self.curves.n_cells)

    def charged(self, spend: Any) -> Array:
        """Charges of each cell, those of changes and mean losses included; shape (n_curves,), with all periods'."""
        array = np.asarray(spend, dtype=float).ravel()
        charged = self.charges * array
        for one in self.auxiliaries:
            if one.charge:
                charged = charged + np.where(one.cells, one.charge * one.value(array), 0.0)
        lost = self._mean_lost(spend)
        lost[: len(array)] += charged
        return np.asarray(lost)

    def charge_slopes(self, spend: Any) -> Array:
        """Charges and mean losses of the next unit of spend on each cell, without those of changes; (n_spends,)."""
        if self.lossy is None:
            return self.charges
        slope = self.lossy.slope(self.acting(spend))
        return np.asarray(self.charges + (slope if self.delay is None else self.delay.credited(slope)))

    def marginal(self, spend: Any, weights: Array | None = None) -> Array:
        """Net outcome of the next unit of spend on each cell, to the right; shape (n_spends,).

        `weights`, of shape (n_draws,), weigh the draws; without them their mean counts. An optimal plan is often at a
        point of a tabulated curve, up to rounding: there the slope beyond the point counts.
        """
        array = np.asarray(spend, dtype=float).ravel()
        slope, beyond = (self._slopes(at, weights) for at in (array, array * (1.0 + SPEND_ROUNDING)))
        with np.errstate(invalid="ignore"):
            slope = np.where(np.abs(beyond - slope) > KINK * np.abs(slope), beyond, slope)
        if self.delay is not None:
            slope = self.delay.credited(slope)
        for one in self.auxiliaries:
            if isinstance(one, Change) and one.charge:
                up = array[one.cells] >= one.current
                slope[one.cells] -= np.where(up, one.charge, -one.charge)
        return np.asarray(slope - self.charges)

    def _slopes(self, spend: Array, weights: Array | None) -> Array:
        """Slope of each curve of `response` less that of its losses, a mean over draws; shape (n_curves,)."""
        acting = self.acting(spend)
        slopes = self.response.slope(acting, weights)
        return slopes if self.lossy is None else slopes - self.lossy.slope(acting, weights)

    def draw_weights(self, spend: Any) -> Array | None:
        """Weights of the draws in the objective, given the worst draws at `spend`; None where their mean counts."""
        if self.tail is None or not self.tail[0]:
            return None
        worst = tail_weights(self.net_draws(spend), self.tail[1])
        return np.asarray((1.0 - self.tail[0]) / len(worst) + self.tail[0] * worst)

    def at_first_price(self, spend: Any) -> Array:
        """Spend on each cell that would buy the same without price tiers; shape (n_cells,), for one period."""
        bought = np.array(spend, dtype=float)
        for i in range(self.curves.n_cells):
            curve = self.response.cell(i)
            while isinstance(curve, Discounted):
                bought[i] = curve.buys(bought[i : i + 1])[0]
                curve = curve.inner
        return bought

    def in_periods(self, spend: Any) -> tuple[Array, Array]:
        """Adstocked spend in each period at the first price, and the factor on its outcome; (horizon, n_cells) each."""
        if self.delay is None:
            bought = self.at_first_price(spend)[np.newaxis]
            return bought, np.ones_like(bought)
        return self.acting(spend).reshape(-1, self.curves.n_cells), self.delay.factors

    def chance(self, spend: Any) -> float:
        """Share of draws in which net outcome reaches the target of a `ReachTarget`."""
        target = self.risk.outcome
        return float((self.net_draws(spend) >= target - TARGET_TOLERANCE * abs(target)).mean())

    def value(self, spend: Any) -> float:
        """Objective at `spend`, of the problem's shape; a chance with a `ReachTarget`."""
        if isinstance(self.risk, ReachTarget):
            return self.chance(spend)
        gained = self.scenario.gain * self.net(spend) if self.scenario.gain else 0.0
        if self.tail is not None and self.tail[0] and self.scenario.gain:
            net = self.net_draws(spend)
            gained += self.scenario.gain * self.tail[0] * (tail_mean(net, self.tail[1]) - float(net.mean()))
        return float(gained - (self.scenario.price * self.money(spend) if self.scenario.price else 0.0))

    def size(self, spend: Any) -> float:
        """Denominator of the gap: the larger of the objective's size and gross outcome (if that counts)."""
        if isinstance(self.risk, ReachTarget):
            return 1.0
        return max(abs(self.value(spend)), float(self.scenario.gain) * self.gross(spend))

    def gap_scale(self, spend: Any, *, limited: bool) -> float:
        """Denominator of the gap at `spend`: its size, but at least what is rounding of all that cells could bring.

        Where the scenario sets no limit of money (`limited` is false), what cells could bring says little, and is used
        for a plan that spends nothing only.
        """
        size = self.size(spend)
        return size if size > 0.0 and not limited else max(size, self.standard.smallest)

    def violation(self, spend: Any) -> float:
        """Largest violation of any rule at `spend`, in units of spend (of outcome for a target); 0 if all hold."""
        largest = self.broken(spend)
        if self.baseline is not None and self.tail is not None:
            gain = self.net_draws(spend) - self.net_draws(self.baseline)
            largest = max(largest, -tail_mean(gain, self.tail[1]))
        return largest

    def broken(self, spend: Any, *, outcomes: bool = True) -> float:
        """Like `violation`, of the rows alone, or (`outcomes` is false) of the rows that do not constrain outcome."""
        array = np.asarray(spend, dtype=float).ravel()
        extra = {one.key: one.value(array) for one in self.auxiliaries}
        outcome = self.net(spend) if any(row.outcome for row in self.rows) else 0.0
        places, weights, low, high = self.row_bounds  # as a rule nearly all of the rows
        left = weights * array[places]
        past = np.maximum(low - left, left - high) / np.abs(weights)
        largest = max(float(np.max(-array, initial=0.0)), float(past.max(initial=0.0)))
        for row in self.rows:
            if row.is_bound or (row.outcome and not outcomes):
                continue
            # Divided by its largest weight, a row's violation is an amount of spend.
            weight = row.coefficients.largest or row.outcome or 1.0
            largest = max(largest, row.violation(array, extra, outcome) / weight)
        return largest

    def improving_on(self, baseline: Any) -> Self:
        """Return the same problem with another mix to improve on, of the problem's shape."""
        mix = dict(zip(self.cells.names, np.ravel(baseline).tolist(), strict=True))
        return self.but(risk=dataclasses.replace(self.risk, current=mix))

    def of_draws(self, index: Sequence[int]) -> Self:
        """Return the same problem on some of the draws."""
        losses = None if self.losses is None else self.losses.of_draws(index)
        return self.but(curves=self.curves.of_draws(index), losses=losses)

    @property
    def on_average(self) -> Self:
        """The same problem with the mean of the draws as its objective; a `SafeImprovement` stays as a rule."""
        return self if self.baseline is not None else self.but(risk=None)

    @property
    def needs_baseline(self) -> bool:
        """Whether the mix to improve on breaks a rule, so that a nearby one must take its place."""
        if self.baseline is None:
            return False
        return self.broken(self.baseline, outcomes=False) > FEASIBILITY_TOLERANCE * float(self.baseline.sum())

    @cached_property
    def standard(self) -> StandardForm:
        """The same problem in canonical order and in units that are powers of two."""
        risk = None
        if isinstance(self.risk, ReachTarget):
            risk = TailRisk(0.0, 1.0, target=float(self.risk.outcome))
        if self.tail is not None:
            floor = None if self.baseline is None else self.net_draws(self.baseline)
            risk = TailRisk(*self.tail, floor, baseline=self.baseline)
        return StandardForm.of(formulate(self, risk))
