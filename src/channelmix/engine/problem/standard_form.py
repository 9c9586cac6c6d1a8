"""The standard form of a problem: canonical order, powers of two as units, and a finite box."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import (
    FEASIBILITY_TOLERANCE,
    NEGLIGIBLE_OUTCOME,
    ROW_ROUNDING,
    TARGET_TOLERANCE,
)
from channelmix.engine.problem.formulation import Formulation
from channelmix.engine.problem.matrix import row_max, scaled
from channelmix.engine.problem.variables import Variables
from channelmix.engine.response.envelopes import Envelopes
from channelmix.engine.rules.risk import tail_mean, tail_weights


@dataclass(frozen=True, eq=False)
class StandardForm(Variables):
    """``maximize gain * sum F_i(v_i) - charge @ v`` subject to ``low <= A v + B * sum F_i(v_i) <= high`` in a box.

    See `Variables` for v. Cells are ordered by their numbers, not their names, and the units of spend and outcome are
    powers of two, so that renaming, reordering or a change of currency hardly affects the search. The box is derived
    from the rows alone; an empty one (`box_low` above `box_high`) means that the rules conflict. The first rows are the
    problem's own; rows that tie variables to each other follow.
    """

    outcome_unit: float
    row_unit: Array

    @classmethod
    def of(cls, raw: Formulation) -> Self:
        """Put a formulation's variables in canonical order, with powers of two as units."""
        curves, A, auxiliaries, risk = raw.curves, raw.A, raw.auxiliaries, raw.risk
        box_low, box_high = raw.box_low, raw.box_high
        n, first = curves.n_cells, len(raw.charge) - len(auxiliaries)
        reach = np.maximum(np.maximum(box_low, box_high), 0.0)
        spend_unit = _power_of_two(float(reach[:n].max(initial=0.0)))
        at_most, half = (curves.mean_gross(part * reach[:n]) for part in (1.0, 0.5))
        outcome_unit = _power_of_two(float(at_most.sum()))
        order = np.lexsort(
            (np.arange(n), box_low[:n], reach[:n], half / outcome_unit, at_most / outcome_unit)
        )
        spends = np.empty(0, dtype=order.dtype) if raw.delay is None else n + order[order < first - n]
        places = np.concatenate([order, spends, np.arange(first, len(raw.charge))])
        unit = np.full(len(raw.charge), spend_unit)
        unit[first:] = [spend_unit if one.in_money else 1.0 for one in auxiliaries]
        # A row's unit is what it can reach, so that a limit on a small market binds under a huge budget. That of a row
        # on outcome is the outcome: charges on all the money of a distant limit would hide what is missing.
        at_all = raw.B * outcome_unit
        reached = np.where(raw.B > 0.0, at_all, row_max(A, reach))
        unbound = np.maximum(row_max(A, unit), at_all)
        size = np.array([_power_of_two(float(a or b)) for a, b in zip(reached, unbound, strict=True)])
        unit = unit[places]
        if risk is not None and risk.floor is not None:
            risk = dataclasses.replace(risk, floor=risk.floor / outcome_unit)
        if risk is not None and risk.target is not None:
            risk = dataclasses.replace(risk, target=risk.target / outcome_unit)
        return cls(
            curves=curves.take(order.tolist()).rescaled(spend_unit, outcome_unit),
            A=scaled(A[:, places], size, unit),
            B=at_all / size,
            low=raw.low / size,
            high=raw.high / size,
            gain=raw.gain,
            charge=raw.charge[places] * (unit / outcome_unit),
            charge_in_outcome=raw.charge_in_outcome[places] * (unit / outcome_unit),
            offset=raw.offset / outcome_unit,
            rates=raw.rates[order] * (spend_unit / outcome_unit),
            box_low=box_low[places] / unit,
            box_high=box_high[places] / unit,
            integer=np.append(np.zeros(first, dtype=bool), [one.integer for one in auxiliaries]).astype(bool),
            order=order,
            places=places,
            unit=unit,
            outcome_unit=outcome_unit,
            row_unit=size,
            auxiliaries=auxiliaries,
            delay=raw.delay,
            risk=risk,
        )

    @property
    def tail_weight(self) -> float:
        """Weight of the worst draws' mean in the objective."""
        return 0.0 if self.risk is None else self.risk.weight

    @property
    def floor(self) -> Array | None:
        """See `TailRisk.floor`."""
        return None if self.risk is None else self.risk.floor

    def outcome(self, variables: Array) -> float:
        """Mean outcome of all cells, in the standard unit, including that of spend before the plan."""
        return float(self.curves.mean_value(variables[: self.n_cells]).sum())

    def net(self, variables: Array) -> Array:
        """Net outcome of every draw, in the standard unit; shape (n_draws,)."""
        drawn = self.curves.total(variables[: self.n_cells])
        return np.asarray(drawn - self.offset - float(self.charge_in_outcome @ variables))

    @property
    def target(self) -> float | None:
        """See `TailRisk.target`."""
        return None if self.risk is None else self.risk.target

    @property
    def aim(self) -> float:
        """Target less rounding; 0 without a target."""
        return 0.0 if self.target is None else self.target - TARGET_TOLERANCE * abs(self.target)

    @property
    def value_unit(self) -> float:
        """Unit of the objective: that of outcome, or 1 for a probability."""
        return self.outcome_unit if self.target is None else 1.0

    def net_range(self, box_low: Array, box_high: Array) -> tuple[Array, Array]:
        """Least and most net outcome of every draw in a box; shape (n_draws,) each."""
        n, charge = self.n_cells, self.charge_in_outcome.copy()
        charge[:n] -= self.rates  # losses are bounded themselves
        charges = charge * np.stack([box_low, box_high])
        ends = [np.maximum(end[:n], 0.0) for end in (box_low, box_high)]
        if self.rates.any():
            gross = [self.curves.gross(end).sum(axis=1) for end in ends]
            least_lost, most_lost = (self.curves.lost(end).sum(axis=1) for end in ends)
            low, high = gross[0] - most_lost, gross[1] - least_lost
        else:
            low, high = (self.curves.total(end) for end in ends)
        least, most = charges.max(axis=0).sum(), charges.min(axis=0).sum()
        return low - self.offset - least, high - self.offset - most

    def value(self, variables: Array) -> float:
        """Objective at `variables`, in `value_unit`."""
        if self.target is not None:
            return float((self.net(variables) >= self.aim).mean())
        if not self.gain:
            return -float(self.charge @ variables)
        gained = self.outcome(variables) - float(self.offset.mean())
        if self.risk is not None and self.risk.weight:
            net = self.net(variables)
            gained += self.risk.weight * (tail_mean(net, self.risk.tail) - float(net.mean()))
        return self.gain * gained - float(self.charge @ variables)

    def size(self, variables: Array, value: float) -> float:
        """Denominator of the gap, in `value_unit`."""
        if self.target is not None:
            return 1.0
        return max(abs(value), self.gain * self.gross(variables), self.gain * NEGLIGIBLE_OUTCOME)

    def gross(self, variables: Array) -> float:
        """Mean outcome before charges and losses, without that of spend before the plan, in the standard unit."""
        gross = float(self.curves.mean_gross(variables[: self.n_cells]).sum())
        return gross - self._gross_before

    @cached_property
    def _gross_before(self) -> float:
        if self.delay is None:
            return 0.0
        n = self.n_cells
        return float(self.curves.mean_gross(self.delay.start[self.order] / self.unit[:n]).sum())

    @property
    def smallest(self) -> float:
        """Smallest denominator of the gap, in the user's unit: a plan that spends nothing is not judged by rounding."""
        return self.gain * NEGLIGIBLE_OUTCOME * self.value_unit

    def tail_gain(self, variables: Array) -> float:
        """Mean over the worst draws of the net outcome above the floor; infinite without a floor."""
        if self.risk is None or self.risk.floor is None:
            return math.inf
        return tail_mean(self.net(variables) - self.risk.floor, self.risk.tail)

    def excess(self, variables: Array) -> tuple[float, float]:
        """Largest violation of a row of spend, and of one of outcome or of the floor, as shares of their reach."""
        left, on_outcome = self.A @ variables, self.B != 0.0
        if on_outcome.any():
            left = left + self.B * self.outcome(variables)
        missed = np.maximum(self.low - left, left - self.high)
        of_spend = float(missed[~on_outcome].max(initial=0.0))
        return of_spend, max(float(missed[on_outcome].max(initial=0.0)), -self.tail_gain(variables))

    def violation(self, variables: Array) -> float:
        """Largest violation of a row, as a share of its reach, or of non-negativity of the cells."""
        return max(*self.excess(variables), float(np.max(-variables[: self.n_cells], initial=0.0)))

    def missed(self, variables: Array) -> float:
        """Largest violation of a row of spend as a multiple of what the checker allows; see `ROW_ROUNDING`.

        What is allowed is a share of the row's limit, in its own unit, whatever the row can reach; of a limit of 0, as
        a share of a total is written, and of an equation between variables, a share of what the row can reach.
        """
        left, of_spend = self.A @ variables, self.B == 0.0
        worst = 0.0
        for limit, past in ((self.low, self.low - left), (self.high, left - self.high)):
            given = of_spend & np.isfinite(limit)
            room = np.where(
                limit == 0.0, 1.0, np.maximum(np.abs(limit), ROW_ROUNDING / FEASIBILITY_TOLERANCE)
            )
            worst = max(worst, float((past[given] / (FEASIBILITY_TOLERANCE * room[given])).max(initial=0.0)))
        return worst

    def worst(self, variables: Array) -> Array:
        """Weights of the draws, (n_draws,), that give the mean of the worst at `variables`; they sum to 1."""
        net = self.net(variables)
        if self.risk is None:
            return np.full(len(net), 1.0 / len(net))
        return tail_weights(net if self.risk.floor is None else net - self.risk.floor, self.risk.tail)

    @property
    def n_shapes(self) -> int:
        """Number of different curves, each of which may be that of many cells in other units."""
        return len(self.curves.as_shared().shapes)

    def spread(self, shares: Array) -> list[Array]:
        """Amounts at some shares of the ranges of each cell's box; over all ranges of a curve that cells share."""
        n, block = self.n_cells, self.curves.as_shared()
        low, high = self.box_low[:n] / block.unit, np.maximum(self.box_low, self.box_high)[:n] / block.unit
        ends = [(float(low[own].min()), float(high[own].max())) for own in block.places]
        return [least + shares * (most - least) for least, most in ends]

    def envelopes(self, grids: Sequence[Array]) -> Envelopes:
        """Build each cell's upper bound on its grid, over its box.

        Parameters
        ----------
        grids : sequence of ndarray
            Amounts for each cell, or for each different curve, in its own units.
        """
        n = self.n_cells
        ends = self.box_low[:n], self.box_high[:n]
        return Envelopes(self.curves.as_shared(), grids, *ends, by_draw=self.risk is not None)


def _power_of_two(size: float) -> float:
    return 2.0 ** round(math.log2(size)) if size > 0.0 else 1.0
