"""The search where the worst draws count: the mean of the worst is the least of many weighted means.

The mean of the worst share q of draws is the minimum over weights w (0 <= w <= 1 / (q D), summing to 1) of the weighted
sum. So the search keeps a pool of such weights: each makes one more sum of curves that the objective, or the rule
against losses, lies under. The linear program mixes them, which gives the draw weights that the proof needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.solver.polish import POLISH_POINTS
from channelmix.engine.solver.relaxation import Relaxation, Relaxed, concave_hull
from channelmix.engine.solver.search import Search

POINTS = np.unique(np.concatenate([np.linspace(0.0, 1.0, 13), np.geomspace(1e-3, 0.05, 3)]))
"""Where a box's curves are sampled, as a share of its width."""

NEAR = np.array([-0.1, -0.03, -0.01, -0.002, 0.0, 0.002, 0.01, 0.03, 0.1])
"""And around the focus."""

SEGMENTS = len(POINTS) + len(NEAR) - 1

POOL = 24
"""Weights that the linear program mixes at most; the mean of all draws is the first."""

POOL_ROUNDS = 8
"""Times a box is solved again with a further weight before its envelopes are looked at."""

SETTLED, SETTLE_ROUNDS = 0.05, 20
"""Part of the gap that all envelopes together may lie above the curves where a bound is taken on; tries a cell."""


class TailSearch(Search):
    """One search over a standard form with a risk; see `Search`."""

    @cached_property
    def _pool(self) -> list[Array]:
        """Weightings of the draws: the mean first, then those of the worst draws met so far."""
        draws = len(self.form.offset)
        return [np.full(draws, 1.0 / draws)]

    def _program(self, *, elastic: bool = False, pieces: int = SEGMENTS) -> Relaxation:
        return Relaxation(self.form, self._solver, elastic=elastic, pieces=pieces, pool=POOL)

    def _first_tilt(self) -> Array | None:
        draws = len(self.form.offset)
        total = self.form.gain * self.form.tail_weight if self.form.floor is None else 0.0
        return np.full(draws, total / draws)

    @property
    def _speaks_of_outcome(self) -> bool:
        return self.form.floor is not None or super()._speaks_of_outcome

    def _relax(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        relaxed = self._with_pool(self.relaxation, low, high, focus)
        if relaxed is not None:
            self._settle(low, high, relaxed, self.form.gain)
        return relaxed

    def _with_pool(self, program: Relaxation, low: Array, high: Array, focus: Array) -> Relaxed | None:
        """Solve a box, again as long as the draws that are the worst at its answer are new to the pool."""
        relaxed = None
        for _ in range(POOL_ROUNDS):
            points = [self._points(low[i], high[i], focus[i]) for i in range(self.form.n_cells)]
            found = program.solve(self._tops(points), low, high, focus, pool=self._pool)
            if found is None:
                return None
            relaxed, focus = found, np.clip(found.variables, low, high)
            if not self._widen_pool(self.form.from_user(self.form.to_user(focus))):
                break
        return relaxed

    def _relax_window(
        self, centre: Array, half: Array, low: Array, high: Array, unit: float
    ) -> Relaxed | None:
        self._widen_pool(centre)
        points = []
        for i in range(self.form.n_cells):
            x = np.unique(np.maximum(centre[i] + half[i] * POLISH_POINTS, 0.0))
            points.append(x if high[i] > 0.0 else np.zeros(1))
        found = self.small.solve(self._tops(points), low, high, centre, unit, pool=self._pool)
        if found is not None:
            self._widen_pool(self.form.from_user(self.form.to_user(np.maximum(found.variables, 0.0))))
        return found

    def _least_broken(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        relaxed = self._with_pool(self.elastic, low, high, focus)
        if relaxed is not None:
            self._settle(low, high, relaxed, 0.0)
        return relaxed

    def _settle(self, low: Array, high: Array, relaxed: Relaxed, gain: float) -> None:
        """Refine the envelopes where the bound at these prices is taken on, which may be far from the answer.

        The linear program has the curves' own values, so it does not see where the envelopes lie above them.
        """
        form, weights = self.form, self._weights(relaxed, gain)
        slope = relaxed.prices @ form.A + (form.charge if gain else 0.0)
        if form.floor is not None and relaxed.draw_weights is not None:
            slope = slope + float(relaxed.draw_weights.sum()) * form.charge_in_outcome
        enough = SETTLED * self.gap * self._size / form.n_cells
        for i, envelope in enumerate(self.envelopes):
            for _ in range(SETTLE_ROUNDS):
                x, y = envelope.vertices(float(low[i]), float(high[i]), weights)
                place = int(np.argmax(y - slope[i] * x))
                if y[place] - self._curve(i, x[place], weights) <= enough or not self._refine(i, [x[place]]):
                    break

    def _curve(self, cell: int, spend: float, weights: Array) -> float:
        """One cell's curve at one amount, the draws weighed."""
        draws = self.envelopes[cell].draws(np.array([spend]))[:, 0]
        return float(weights @ draws) if len(draws) > 1 else float(weights.sum() * draws[0])

    def _heights(
        self, low: Array, high: Array, variables: Array, relaxed: Relaxed
    ) -> tuple[Array, Array, Array]:
        form = self.form
        weights = self._weights(relaxed, form.gain)
        curve, height, top = (np.empty(form.n_cells) for _ in range(3))
        for i, envelope in enumerate(self.envelopes):
            s = np.array([variables[i]])
            x, y = envelope.vertices(float(low[i]), float(high[i]), weights)
            curve[i] = self._curve(i, float(s[0]), weights)
            height[i] = float(np.interp(s[0], x, y))
            top[i] = float(np.interp(s[0], *concave_hull(x, y)))
        return curve, height, top

    def _weights(self, relaxed: Relaxed, gain: float) -> Array:
        form = self.form
        mean = gain * (1.0 - form.tail_weight) - float(relaxed.prices @ form.B)
        draw_weights = np.zeros(len(form.offset)) if relaxed.draw_weights is None else relaxed.draw_weights
        return np.asarray(mean / len(draw_weights) + draw_weights)

    def _points(self, low: float, high: float, focus: float) -> Array:
        width = high - low
        if width <= 0.0:
            return np.array([low])
        near = np.clip(focus + width * NEAR, low, high)
        return np.unique(np.concatenate([low + width * POINTS, near]))

    def _tops(self, points: Sequence[Array]) -> list[tuple[Array, Array]]:
        """Each cell's points, and concave heights over them of every weighting in the pool: (n_pool, n_points)."""
        pool = np.array(self._pool)
        tops = []
        for envelope, x in zip(self.envelopes, points, strict=True):
            draws = envelope.draws(x)
            sums = pool @ draws if len(draws) > 1 else pool.sum(axis=1)[:, np.newaxis] * draws
            hulls = [np.interp(x, *concave_hull(x, y)) for y in sums] if len(x) > 2 else sums
            tops.append((x, np.array(hulls)))
        return tops

    def _widen_pool(self, variables: Array) -> bool:
        """Add the weights of the worst draws at `variables`; return whether they are new."""
        worst = self.form.worst(variables)
        if any(np.array_equal(worst, old) for old in self._pool[1:]):
            return False
        if len(self._pool) == POOL:
            del self._pool[1]  # the oldest
        self._pool.append(worst)
        return True
