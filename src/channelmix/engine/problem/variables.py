"""The variables of a standard form: which are whole numbers, which are alike, and what a split of their box implies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.tolerances import CONFLICT_TOLERANCE, CRUMB, CRUMB_OF_LARGEST
from channelmix.engine.problem.bounds import tighten
from channelmix.engine.problem.formulation import Formulation, kept_out
from channelmix.engine.problem.matrix import entries

MOST_IMPLIED = 50
"""Most variables whose change is propagated at one split: more would only shrink the box further."""

MOST_ROUNDS = 4
"""Most rounds in which what fixed whole numbers imply is passed on."""


@dataclass(frozen=True, eq=False)
class Variables(Formulation):
    """The variables v in canonical order and unit, the rows that tie them together, and the boxes they lie in.

    The variables are the adstocked spends (the first `n_cells`), then, with a carry-over, the spends themselves, then
    the rules' auxiliary variables; `integer` marks whole-numbered ones. `order[k]` is the user's index of cell k.
    """

    integer: NDArray[np.bool_]
    order: NDArray[np.intp]
    places: NDArray[np.intp]
    """Index of each variable in the user's order: adstocked spends, spends, auxiliary variables."""
    unit: Array

    @property
    def n_cells(self) -> int:
        """Number of cells, that is, of variables with a curve."""
        return len(self.order)

    @property
    def n_variables(self) -> int:
        """Number of all variables."""
        return len(self.charge)

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
        return self.A.tocsc()

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
        return _closed(box_low, box_high, ends)

    def with_whole(self, box_low: Array, box_high: Array) -> tuple[Array, Array]:
        """Shrink a box whose whole numbers are all fixed to what they imply.

        Unlike `implied`, each row is looked at once a round, however many of its variables have changed: with thousands
        of whole numbers nothing else ends. A box whose ends cross by more than rounding is empty.
        """
        ends = box_low, box_high
        box_low, box_high = box_low.copy(), box_high.copy()
        members, state = self._switched
        off = members[box_high[state] <= 0.0]
        moved = self.integer.copy()
        for _ in range(MOST_ROUNDS):
            wide = box_high - box_low > self.crumbs
            box_high[off] = np.minimum(box_high[off], 0.0)
            moved |= wide & (box_high - box_low <= self.crumbs)
            rows = np.unique(self.columns[:, np.flatnonzero(moved)].indices)
            if not len(rows) or (box_low > box_high + CONFLICT_TOLERANCE).any():
                break
            wide = box_high - box_low > self.crumbs
            for k in rows[self.B[rows] == 0.0].tolist():
                used, weights = entries(self.A, k)
                tighten(used, weights, self.high[k], box_low, box_high)
                tighten(used, -weights, -self.low[k], box_low, box_high)
            moved = wide & (box_high - box_low <= self.crumbs)
        return _closed(box_low, box_high, ends)

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


def _closed(box_low: Array, box_high: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
    """Close a box whose ends cross by rounding, at a point within the ends that it had."""
    touching = (box_low > box_high) & (box_low <= box_high + CONFLICT_TOLERANCE)
    point = np.clip(box_low, *ends)
    return np.where(touching, point, box_low), np.where(touching, point, box_high)
