"""Branch and bound on a table: one draw's curves at given amounts of spend, and what they stay below between them."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.solver.onto_rows import ROW_TOLERANCE, onto_rows
from channelmix.engine.solver.relaxation import Relaxation, concave_hull


@dataclass(frozen=True, eq=False)
class Table:
    """Curves of one draw, in standard units, each with its own amounts of spend in rising order.

    Parameters
    ----------
    spend, value : ndarray of shape (n_cells, n_points)
    inner_spend, inner_height : ndarray of shape (n_cells, n_points - 1)
        Corners of an upper bound between neighbouring points.
    """

    spend: Array
    value: Array
    inner_spend: Array
    inner_height: Array


@dataclass(eq=False)
class Found:
    """The best variables known of a draw, their worth, what nothing is worth more than, and where to look closer.

    Numbers are in standard units; `looked` has the variables at which the search was last undecided.
    """

    variables: Array
    looked: Array
    value: float = -np.inf
    bound: float = np.inf


class TableSearch:
    """One search of a draw: the box is split at points of the table until bound and value are near enough.

    Parameters
    ----------
    form : StandardForm
        Without whole numbers and without rows that ask for outcome.
    program : Relaxation
        Of the form.
    table : Table
    outcome : callable
        What the draw's own curves bring at variables of shape (n_variables,).
    """

    def __init__(
        self, form: StandardForm, program: Relaxation, table: Table, outcome: Callable[[Array], float]
    ) -> None:
        self._form, self._program, self._table, self._outcome = form, program, table, outcome
        self._hulls: dict[tuple[int, float, float], tuple[Array, Array]] = {}

    def improve(self, found: Found, enough: Callable[[Found], bool], nodes: int) -> None:
        """Raise the value and lower the bound in `found` until that is enough, or as many boxes were looked at."""
        form, ticket = self._form, itertools.count()
        heap: list[tuple[float, int, Array, Array, Array]] = []
        settled = -np.inf  # the largest bound of boxes that cannot be split further

        def look(low: Array, high: Array, parent: float) -> None:
            nonlocal settled
            relaxed = self._program.solve(self._corners(low, high), low, high, found.looked)
            if relaxed is None:  # to drop the box would need a proof: the parent's bound stays
                settled = max(settled, parent)
                return
            variables = np.clip(relaxed.variables, low, high)
            self._offer(variables, found)
            bound = min(parent, self._bound(relaxed.prices, low, high))
            heapq.heappush(heap, (-bound, next(ticket), low, high, variables))

        look(form.box_low, form.box_high, np.inf)
        for _ in range(nodes):
            found.bound = min(found.bound, max(settled, -heap[0][0] if heap else -np.inf))
            if not heap or enough(found):
                break
            bound, _, low, high, variables = heapq.heappop(heap)
            found.looked = variables
            halves = self._halves(low, high, variables)
            if halves is None:
                settled = max(settled, -bound)
                continue
            for half in halves:
                look(*half, -bound)
        found.bound = min(found.bound, max(settled, -heap[0][0] if heap else -np.inf))

    def _offer(self, variables: Array, found: Found) -> None:
        form = self._form
        complete = form.from_user(form.to_user(variables))
        if form.violation(complete) > ROW_TOLERANCE or self._value(complete) <= found.value:
            return
        exact = onto_rows(form, complete)
        if exact is not None and self._value(exact) > found.value:
            found.variables, found.value = exact, self._value(exact)

    def _value(self, variables: Array) -> float:
        return self._form.gain * self._outcome(variables) - float(self._form.charge @ variables)

    def _corners(self, low: Array, high: Array) -> list[tuple[Array, Array]]:
        return [self._hull(i, float(low[i]), float(high[i])) for i in range(self._form.n_cells)]

    def _hull(self, cell: int, low: float, high: float) -> tuple[Array, Array]:
        key = (cell, low, high)
        if key not in self._hulls:
            spend = self._table.spend[cell]
            first, last = np.searchsorted(spend, low), np.searchsorted(spend, high, side="right")
            self._hulls[key] = concave_hull(spend[first:last], self._table.value[cell, first:last])
        return self._hulls[key]

    def _bound(self, prices: Array, low: Array, high: Array) -> float:
        """Weak duality, as in `channelmix.engine.proof.duality`: given prices, every variable's best is found alone."""
        form, table, n = self._form, self._table, self._form.n_cells
        priced = prices != 0.0
        side = np.where(prices > 0.0, form.high, form.low)
        slope = prices @ form.A + form.charge
        rest = float(np.maximum(-slope[n:] * low[n:], -slope[n:] * high[n:]).sum())
        bottom, top, price = low[:n, np.newaxis], high[:n, np.newaxis], slope[:n, np.newaxis]
        inside = (table.spend >= bottom) & (table.spend <= top)
        at = np.where(inside, form.gain * table.value - price * table.spend, -np.inf).max(axis=1)
        between = form.gain * table.inner_height - price * table.inner_spend
        between = np.where(inside[:, 1:] & inside[:, :-1], between, -np.inf).max(axis=1)
        return float(prices[priced] @ side[priced]) + rest + float(np.maximum(at, between).sum())

    def _halves(self, low: Array, high: Array, variables: Array) -> list[tuple[Array, Array]] | None:
        """Split a box at the table's point nearest to where a hull lies highest above its curve."""
        n = self._form.n_cells
        excess = np.full(n, -np.inf)
        at = np.empty(n)
        for i in range(n):
            spend, s = self._table.spend[i], float(variables[i])
            inside = spend[(spend > low[i]) & (spend < high[i])]
            if len(inside):
                at[i] = inside[np.argmin(np.abs(inside - s))]
                x, y = self._hull(i, float(low[i]), float(high[i]))
                excess[i] = np.interp(s, x, y) - np.interp(s, spend, self._table.value[i])
        cell = int(np.argmax(excess))
        if excess[cell] <= 0.0:
            return None
        below, above = high.copy(), low.copy()
        below[cell] = above[cell] = at[cell]
        return [(low, below), (above, high)]
