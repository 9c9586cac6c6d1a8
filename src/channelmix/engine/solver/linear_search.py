"""The search whose boxes are relaxed by linear programs, and whose spend is polished beyond the gap."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.response.envelope import concave_hull
from channelmix.engine.solver.branching import held, roundings
from channelmix.engine.solver.polish import POLISH_POINTS, polished, window_points
from channelmix.engine.solver.relaxation import SEGMENTS, Relaxation, Relaxed
from channelmix.engine.solver.search import Search
from channelmix.engine.solver.split_tree import Node

POLISH_TIME = 0.25
"""Share of the remaining time that a polish may take: the bound needs the rest."""


class LinearSearch(Search):
    """One search over a standard form of any kind; see `Search`."""

    polishes: ClassVar[bool] = True
    """Whether spend is improved beyond the gap, and rows are priced."""

    relaxation: Relaxation
    _polished = -math.inf
    """Value of the best spend when it was polished last."""
    _cut_short = False
    """Whether that polish ran out of time."""

    def _program(self, *, elastic: bool = False, pieces: int = SEGMENTS) -> Relaxation:
        return Relaxation(self.form, self._solver, elastic=elastic, pieces=pieces)

    @cached_property
    def _window_program(self) -> Relaxation:
        """The linear program of a polish's window, which needs few pieces."""
        return self._program(pieces=len(POLISH_POINTS) - 1)

    @cached_property
    def _elastic_program(self) -> Relaxation:
        return self._program(elastic=True)

    def _relax(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        return self.relaxation.solve(self._hulls_of(low, high), low, high, focus, deadline=self._until)

    def _relax_window(
        self, centre: Array, half: Array, low: Array, high: Array, unit: float
    ) -> Relaxed | None:
        """Solve on the curves' own values around a centre, within a box for what is not a cell."""
        points = window_points(self.form, centre, half, high)
        return self._window_program.solve(
            self._tops(points), low, high, centre, unit, self._pool, self._until
        )

    def _tops(self, points: Sequence[Array]) -> list[tuple[Array, Array]]:
        """Concave hull of each cell's own values at some spends, weighed by every weighting in the pool."""
        return [
            concave_hull(x, envelope.value(x)) for envelope, x in zip(self.envelopes, points, strict=True)
        ]

    def _find_incumbent(self, node: Node, relaxed: Relaxed) -> None:
        """Offer spend near a relaxation's: as it is, or with whole numbers, and polished at the root."""
        first = node is self.root
        if self.form.integer.any():
            for rounded in roundings(self.form, relaxed.variables):
                low, high = held(self.form, node.low, node.high, rounded)
                if (low <= high).all():
                    self._keep_ends(low, high)
                    inside = self._relax(low, high, relaxed.variables)
                    if inside is not None:
                        self._improve(np.clip(inside.variables, low, high), low, high, polish=first)
            return
        feasible = self.offer(relaxed.variables)
        if first and (self.best_value > self._polished or not feasible):
            self._improve(relaxed.variables, self.form.box_low, self.form.box_high, polish=True)
        elif not feasible and self._rows_on_outcome:
            self._improve(relaxed.variables, node.low, node.high, polish=False)

    def _improve(self, variables: Array, low: Array, high: Array, *, polish: bool) -> None:
        """Offer spend whose whole numbers are fixed by a box, and polish it within that box."""
        cleaned = np.clip(variables, low, high)
        before = self.best_value
        feasible = self.offer(cleaned)
        if feasible and self.best is not None and self.best_value > before:
            cleaned = self.best
        if not feasible or self.best_value > before or polish:
            self._polish(cleaned, low, high)

    def _finish(self) -> None:
        if self.best is not None and (self.best_value > self._polished or self._cut_short):
            self._polish(self.best, self.form.box_low, self.form.box_high)
        super()._finish()

    def _polish(self, centre: Array, low: Array, high: Array) -> None:
        """Improve spend within its basin, and price the rows there; see `polished`."""
        if not self.polishes:
            return
        now = time.perf_counter()
        until = min(self.deadline, now + POLISH_TIME * max(self.deadline - now, 0.0))
        found = polished(self.form, centre, low, high, self._relax_window, self.offer, until)
        if found is not None and found.value >= self.best_value:
            self.shadow, self._polished = found.prices, self.best_value
            self._cut_short = not found.complete
