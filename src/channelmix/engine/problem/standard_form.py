"""The standard form of a problem: canonical order, powers of two as units, and a finite box."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.tolerances import (
    CONFLICT_TOLERANCE,
    CRUMB,
    CRUMB_OF_LARGEST,
    FEASIBILITY_TOLERANCE,
    NEGLIGIBLE_OUTCOME,
    ROW_ROUNDING,
    TARGET_TOLERANCE,
)
from channelmix.engine.problem.bounds import tighten
from channelmix.engine.problem.formulation import Formulation, kept_out
from channelmix.engine.problem.matrix import entries, row_max, scaled
from channelmix.engine.response.envelopes import Envelopes
from channelmix.engine.rules.risk import tail_mean, tail_weights

MOST_IMPLIED = 50
"""Most variables whose change is propagated at one split: more would only shrink the box further."""


@dataclass(frozen=True, eq=False)
class StandardForm(Formulation):
    """``maximize gain * sum F_i(v_i) - charge @ v`` subject to ``low <= A v + B * sum F_i(v_i) <= high`` in a box.

    The variables v are the adstocked spends (the first `n_cells`, in canonical order), then, with a carry-over, the
    spends themselves, then the rules' auxiliary variables; `integer` marks whole-numbered ones. Cells are ordered
    by their numbers, not their names, and the units of spend and outcome are powers of two, so that renaming,
    reordering or a change of currency hardly affects the search. `order[k]` is the user's index of cell k. The box is
    derived from the rows alone; an empty one (`box_low` above `box_high`) means that the rules conflict. The first rows
    are the problem's own; rows that tie variables to each other follow.
    """

    integer: NDArray[np.bool_]
    order: NDArray[np.intp]
    places: NDArray[np.intp]
    """Index of each variable in the user's order: adstocked spends, spends, auxiliary variables."""
    unit: Array
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
        at_most, half = (curves.gross(part * reach[:n]).mean(axis=0) for part in (1.0, 0.5))
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
    def n_cells(self) -> int:
        """Number of cells, that is, of variables with a curve."""
        return len(self.order)

    @property
    def n_variables(self) -> int:
        """Number of all variables."""
        return len(self.charge)

    @property
    def tail_weight(self) -> float:
        """Weight of the worst draws' mean in the objective."""
        return 0.0 if self.risk is None else self.risk.weight

    @property
    def floor(self) -> Array | None:
        """See `TailRisk.floor`."""
        return None if self.risk is None else self.risk.floor

    @property
    def spends(self) -> slice:
        """The variables that are spend."""
        end = self.n_variables - len(self.auxiliaries)
        return slice(0 if self.delay is None else self.n_cells, end)

    @property
    def span(self) -> Array:
        """Range of each variable in the box."""
        return self.box_high - self.box_low

    @property
    def empty_box(self) -> bool:
        """Whether rules conflict already in their bounds on single variables."""
        return bool((self.box_low > self.box_high).any())

    @cached_property
    def crumbs(self) -> Array:
        """Amount of each variable that is rounding, of its own range or of the largest amount; shape (n_variables,).

        Where a curve is infinitely steep at 0, even the rounding of a sum would bring something.
        """
        largest = float(self.box_high[: self.n_cells].max(initial=0.0))
        return np.maximum(CRUMB * self.box_high, CRUMB_OF_LARGEST * largest)

    @cached_property
    def twins(self) -> NDArray[np.intp]:
        """Group of each variable: neighbouring cells with equal numbers throughout share one; shape (n_variables,)."""
        numbers = np.stack([self.box_low, self.box_high, self.charge])[:, : self.n_cells]
        same = np.zeros(self.n_variables, dtype=bool)
        same[1 : self.n_cells] = (numbers[:, 1:] == numbers[:, :-1]).all(axis=0)
        for j in np.flatnonzero(same).tolist():
            same[j] = self._interchangeable(j - 1, j)
        return np.cumsum(~same) - 1

    @cached_property
    def columns(self) -> Any:
        """The rows' matrix by columns: a SciPy ``csc_array``."""
        by_column = self.A.tocsc()
        by_column.sort_indices()
        return by_column

    @cached_property
    def transposed(self) -> tuple[Any, Any]:
        """The rows' matrix and that of its sizes, a row a variable: what multiplies prices, of many leaves in turn."""
        by_variable = self.A.T.tocsr()
        return by_variable, abs(by_variable)

    def column(self, variable: int) -> tuple[NDArray[np.intp], Array]:
        """The rows that a variable stands in, and its weights there."""
        own = slice(self.columns.indptr[variable], self.columns.indptr[variable + 1])
        return self.columns.indices[own], self.columns.data[own]

    def _interchangeable(self, i: int, j: int) -> bool:
        if not all(np.array_equal(a, b) for a, b in zip(self.column(i), self.column(j), strict=True)):
            return False
        same = all(concerned[i] == concerned[j] for concerned in self._concerned)
        return same and self.curves.alike(i, j)

    @cached_property
    def _concerned(self) -> list[NDArray[np.bool_]]:
        """Which variables each auxiliary variable depends on, whether by a row or not."""
        first = self.n_variables - len(self.auxiliaries)
        return [np.isin(np.arange(self.n_variables), self.members(i)) for i in range(first, self.n_variables)]

    def members(self, variable: int) -> NDArray[np.intp]:
        """The spend variables that an auxiliary variable depends on."""
        one = self.auxiliaries[variable - (self.n_variables - len(self.auxiliaries))]
        shift = 0 if self.delay is None else self.n_cells
        return self._place_of[shift + np.flatnonzero(one.cells)]

    @cached_property
    def _place_of(self) -> NDArray[np.intp]:
        """Where each adstocked spend, spend and auxiliary variable stands, in the user's order."""
        return np.argsort(self.places)

    @cached_property
    def states(self) -> dict[int, NDArray[np.intp]]:
        """On/off variables that no row ties to spend, each with the variables that are 0 when it is off."""
        first = self.n_variables - len(self.auxiliaries)
        return {first + i: self.members(first + i) for i in kept_out(self.auxiliaries)}

    @cached_property
    def _switched(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The variables that states switch, and the state of each."""
        none = np.empty(0, dtype=np.intp)
        members = [none, *self.states.values()]
        states = [np.full(len(own), state, dtype=np.intp) for state, own in self.states.items()]
        return np.concatenate(members), np.concatenate([none, *states])

    @cached_property
    def _delayed(self) -> NDArray[np.bool_]:
        """The variables that are spend with a carry-over."""
        spends = np.zeros(self.n_variables, dtype=bool)
        spends[self.spends] = self.delay is not None
        return spends

    def halves(self, box_low: Array, box_high: Array, variable: int, at: float) -> tuple[Array, Array]:
        """Split a box at `at` of one variable: the upper ends of the first half, the lower ends of the second.

        A whole-numbered variable is at most the whole number below `at` in the first half, and above it in the second.
        Twins may be taken in falling order of spend, since exchanging them changes nothing. So where a cell gets at
        most `at`, its later twins do too, and where it gets at least `at`, so do its earlier ones.
        """
        if self.integer[variable]:
            below, above = box_high.copy(), box_low.copy()
            below[variable], above[variable] = math.floor(at), math.floor(at) + 1.0
            return below, above
        twin = self.twins == self.twins[variable]
        place = np.arange(self.n_variables)
        return (
            np.where(twin & (place >= variable), np.minimum(box_high, at), box_high),
            np.where(twin & (place <= variable), np.maximum(box_low, at), box_low),
        )

    def implied(self, box_low: Array, box_high: Array, variable: int) -> tuple[Array, Array]:
        """Shrink a box by what a change of one variable implies through the whole numbers.

        A cell that is off spends nothing, a cell that spends is on, and rows propagate the change of a whole number, of
        a variable that has become fixed, and of a spend that has become 0, so that it does not act later either.
        A box whose ends cross by more than rounding is empty.
        """
        ends = box_low, box_high
        box_low, box_high = box_low.copy(), box_high.copy()
        linear = self.B == 0.0
        waiting = [variable]
        for _ in range(MOST_IMPLIED):
            if not waiting or (box_low > box_high + CONFLICT_TOLERANCE).any():
                break
            changed = waiting.pop()
            before = box_low.copy(), box_high.copy()
            if changed in self.states and box_high[changed] <= 0.0:
                box_high[self.states[changed]] = 0.0
            if self.integer[changed] or self._delayed[changed] or changed != variable:
                for k in self.column(changed)[0].tolist():
                    if linear[k]:
                        used, weights = entries(self.A, k)
                        tighten(used, weights, self.high[k], box_low, box_high)
                        tighten(used, -weights, -self.low[k], box_low, box_high)
            members, state = self._switched
            on = state[box_low[members] > 0.0]
            box_low[on] = np.maximum(box_low[on], 1.0)
            box_low[self.integer] = np.ceil(box_low[self.integer] - CONFLICT_TOLERANCE)
            box_high[self.integer] = np.floor(box_high[self.integer] + CONFLICT_TOLERANCE)
            moved = self.integer & ((box_low != before[0]) | (box_high != before[1]))
            moved |= self._delayed & (box_high <= 0.0) & (before[1] > 0.0)
            moved |= (box_high - box_low <= self.crumbs) & (before[1] - before[0] > self.crumbs)
            waiting += [int(i) for i in np.flatnonzero(moved) if i != changed]
        touching = (box_low > box_high) & (box_low <= box_high + CONFLICT_TOLERANCE)
        point = np.clip(box_low, *ends)
        return np.where(touching, point, box_low), np.where(touching, point, box_high)

    def in_falling_order(self, variables: Array) -> Array:
        """Exchange the spend of twins so that it is non-increasing from each to the next."""
        return variables[np.lexsort((-variables, self.twins))]

    def to_user(self, variables: Array) -> Array:
        """Spend in the user's order and unit; shape (n_spends,)."""
        everything = np.empty(self.n_variables)
        everything[self.places] = variables * self.unit
        spends = everything[: self.n_variables - len(self.auxiliaries)]
        return spends if self.delay is None else spends[self.n_cells :]

    def from_user(self, spend: Any) -> Array:
        """All variables, in canonical order and unit, implied by a spend in the user's order and unit."""
        array = np.asarray(spend, dtype=float).ravel()
        acting = np.empty(0) if self.delay is None else self.delay.acting(array)
        everything = np.concatenate([acting, array, [one.value(array) for one in self.auxiliaries]])
        return everything[self.places] / self.unit

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
        gross = float(self.curves.gross(variables[: self.n_cells]).mean(axis=0).sum())
        return gross - self._gross_before

    @cached_property
    def _gross_before(self) -> float:
        if self.delay is None:
            return 0.0
        n = self.n_cells
        return float(self.curves.gross(self.delay.start[self.order] / self.unit[:n]).mean(axis=0).sum())

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
