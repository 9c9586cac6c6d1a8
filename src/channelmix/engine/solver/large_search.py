"""The search of a problem with very many cells, whose relaxations are solved by Newton's method."""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.solver.relaxation import Relaxed
from channelmix.engine.solver.search import Search
from channelmix.engine.solver.smooth_program import SmoothProgram
from channelmix.engine.solver.split_tree import Node

LARGE, LARGE_OVER_TIME = 100, 400
"""Cells, and cells of all periods, from which on linear programs take longer than Newton's method."""

APART = 3e-3
"""Share of an amount within which two are one to an envelope: it lies above the curve by about the square of this."""

PART = 0.05
"""Part of the gap that Newton's steps leave to gain."""

BENDS = np.geomspace(1e-3, 1e3, 49)
"""Where bounds are exact at first, besides, in a curve's own unit: what may be spent may be a million times that."""

OFF = 0.1
"""Part of the gap, shared by all cells, by which a majorant may lie above a curve that is as good as on it."""

SETTLED, SETTLE_ROUNDS, CLOSE = 0.02, 20, 1e-4
"""Part of the gap by which a round of refining must lower a bound, most rounds, and the least relative distance of
amounts in them."""


def is_large(form: StandardForm) -> bool:
    """Whether Newton's method replaces linear programs: no whole numbers, no worst draws, no outcome asked for."""
    free = not (form.integer.any() or form.B.any())
    least = LARGE if form.delay is None else LARGE_OVER_TIME
    return form.n_cells >= least and free and form.risk is None and bool(form.gain)


class LargeSearch(Search):
    """One search over a standard form with very many cells; see `Search`."""

    relaxation: SmoothProgram

    def _program(self) -> SmoothProgram:
        return SmoothProgram(self.form)

    def _first_grids(self, form: StandardForm) -> list[Array]:
        grids = super()._first_grids(form)
        for k, shape in enumerate(form.curves.as_shared().shapes):
            own = shape.units()
            if own is not None:
                inside = (own[0] * BENDS > grids[k][0]) & (own[0] * BENDS < grids[k][-1])
                grids[k] = np.append(grids[k], own[0] * BENDS[inside])
        return grids

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do: the gap is closed, or time is up, or no spend obeys the rules."""
        return (
            self.root.infeasible or self.upper_bound() <= self._target() or self._late() or self.interrupted
        )

    def _relax(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        known = self.best if self.best is not None and _inside(self.best, low, high) else focus
        enough = PART * self.gap * self._size
        found = self.relaxation.solve(low, high, known, enough, self.deadline)
        if found is not None:
            self.envelopes.add(np.clip(found.variables, low, high)[: self.form.n_cells], APART)
            self._settle(found)
        return found

    def _settle(self, relaxed: Relaxed) -> None:
        """Refine the envelopes where the bound at these prices is attained, which the tables do not see."""
        form, n = self.form, self.form.n_cells
        price = (relaxed.prices @ form.A + form.charge)[:n]
        low, high = relaxed.low[:n], np.maximum(relaxed.low, relaxed.high)[:n]
        before = np.inf
        for _ in range(SETTLE_ROUNDS):
            most, spend = self.envelopes.attained(form.gain, price, low, high, None)
            if before - most.sum() <= SETTLED * self.gap * self._size or self._late():
                break
            before = most.sum()
            self.envelopes.add(spend, CLOSE)

    def _find_incumbent(self, node: Node, relaxed: Relaxed) -> None:
        before = self.best_value
        self.offer(relaxed.variables)
        if node.bound > self._target() and self.form.delay is None:
            self._round(node, relaxed.variables)
        if node is self.root and self.best_value > before:
            self.shadow = relaxed.prices

    def _round(self, node: Node, variables: Array) -> None:
        """Offer spend that takes each cell off the straight pieces of its majorant, to one of their ends.

        There the curve lies below. Along such a piece a unit of money brings the same everywhere, so that it does not
        matter which cells get the larger end: in turn, as often as keeps the total.
        """
        form, n = self.form, self.form.n_cells
        first, last, above = self.relaxation.chords(variables)
        on = np.flatnonzero(above > OFF * self.gap * self._size / n)
        if not len(on):
            return
        low, high = node.low.copy(), node.high.copy()
        left_over = 0.0
        for i in on.tolist():
            left_over += float(variables[i] - first[i])
            if left_over >= 0.5 * (last[i] - first[i]) and last[i] <= high[i]:
                low[i] = max(low[i], last[i])
                left_over -= float(last[i] - first[i])
            elif first[i] >= low[i]:
                high[i] = min(high[i], first[i])
        enough = PART * self.gap * self._size
        found = self.relaxation.solve(low, high, np.clip(variables, low, high), enough, self.deadline)
        if found is not None:
            self.offer(np.clip(found.variables, form.box_low, form.box_high))

    def _branch(self, node: Node, spend: Array, excess: Array) -> None:
        """Split a box over time; in one period linear programs find better spend for curves that are S-shaped."""
        if self.form.delay is None:
            node.stuck = True
        else:
            super()._branch(node, spend, excess)


def _inside(variables: Array, low: Array, high: Array) -> bool:
    return bool((variables >= low).all() and (variables <= high).all())
