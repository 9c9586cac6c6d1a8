"""The search where the worst draws count: the mean of the worst is the minimum of many weighted means.

The mean of the worst share q of draws is the minimum over weights w (0 <= w <= 1 / (q D), summing to 1) of the weighted
sum. So the search keeps a pool of such weights: each makes one more sum of curves that the objective, or the rule
against losses, lies under. The linear program mixes them, which gives the draw weights that the proof needs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import SAME_AMOUNT
from channelmix.engine.proof.duality import Leaf, dual_bound, excludes
from channelmix.engine.response.envelope import concave_hull, weighted_sum
from channelmix.engine.solver.linear_search import LinearSearch
from channelmix.engine.solver.relaxation import Relaxation, Relaxed

POINTS = np.unique(np.concatenate([np.linspace(0.0, 1.0, 13), np.geomspace(1e-3, 0.05, 3)]))
"""Where a box's curves are sampled, as a share of its width."""

NEAR = np.array([-0.1, -0.03, -0.01, -0.002, 0.0, 0.002, 0.01, 0.03, 0.1])
"""And around the focus."""

ATTAINED = 8
"""And most amounts a cell at which bounds were attained, the latest."""

SEGMENTS = len(POINTS) + len(NEAR) + ATTAINED
"""One fewer than the samples, which are these and the baseline."""

POOL = 24
"""Most weightings that the linear program mixes; the first is the mean of all draws."""

SAMPLE_ROUNDS = 8
"""Most programs for a box, each with the draws and the amounts that the one before it missed."""

SETTLED, SETTLE_ROUNDS = 0.05, 20
"""Part of the gap that all envelopes together may lie above the curves where a bound is attained; rounds a cell."""


class TailSearch(LinearSearch):
    """One search over a standard form with a risk; see `Search`."""

    @cached_property
    def _attained(self) -> list[deque[float]]:
        """Amounts on each cell at which bounds were attained, away from the samples."""
        return [deque(maxlen=ATTAINED) for _ in range(self.form.n_cells)]

    @cached_property
    def _known(self) -> list[float | None]:
        """Spend on each cell in the baseline, in standard units; None without one."""
        risk = self.form.risk
        if risk is None or risk.baseline is None:
            return [None] * self.form.n_cells
        return [float(spend) for spend in self.form.from_user(risk.baseline)[: self.form.n_cells]]

    def _program(self, *, elastic: bool = False, pieces: int = SEGMENTS) -> Relaxation:
        return Relaxation(self.form, self._solver, elastic=elastic, pieces=pieces, pool=POOL)

    @property
    def _rows_on_outcome(self) -> bool:
        return self.form.floor is not None or super()._rows_on_outcome

    def _relax(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        return self._sampled(self.relaxation, low, high, focus, elastic=False)

    def _relax_elastic(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        return self._sampled(self._elastic_program, low, high, focus, elastic=True)

    def _sampled(
        self, program: Relaxation, low: Array, high: Array, focus: Array, *, elastic: bool
    ) -> Relaxed | None:
        """Solve a box, again as long as its answer shows draws or amounts that the program is yet to see."""
        for _ in range(SAMPLE_ROUNDS):
            points = [self._points(i, low[i], high[i], focus[i]) for i in range(self.form.n_cells)]
            relaxed = program.solve(
                self._tops(points), low, high, focus, pool=self._pool, deadline=self._until
            )
            if relaxed is None:
                break
            focus = np.clip(relaxed.variables, low, high)
            fresh = self._widen_pool(self.form.from_user(self.form.to_user(focus)))
            unseen = self._settle(relaxed, points, elastic=elastic)
            if not (fresh or unseen) or self._done(relaxed, elastic=elastic):
                break
        return relaxed

    def _done(self, relaxed: Relaxed, *, elastic: bool) -> bool:
        """Whether a relaxation's prices prove that its box holds nothing better, or nothing at all."""
        if elastic:
            return excludes(self.form, self.envelopes, relaxed)
        return dual_bound(self.form, self.envelopes, relaxed) <= self._target()

    def _relax_window(
        self, centre: Array, half: Array, low: Array, high: Array, unit: float
    ) -> Relaxed | None:
        self._widen_pool(centre)
        found = super()._relax_window(centre, half, low, high, unit)
        if found is not None:
            self._widen_pool(self.form.from_user(self.form.to_user(np.maximum(found.variables, 0.0))))
        return found

    def _settle(self, relaxed: Relaxed, points: Sequence[Array], *, elastic: bool) -> bool:
        """Refine the envelopes where the bound at these prices is attained, perhaps far from the relaxation's spend.

        The linear program does not see where the envelopes lie above the curves, and of the curves only its samples
        `points`. Return whether the bound is attained at amounts worth more than any sample: the next program has them.
        """
        form, gain = self.form, 0.0 if elastic else self.form.gain
        weights = self._weights_at(relaxed, gain)
        slope = relaxed.prices @ form.A + (0.0 if elastic else form.charge)
        if form.floor is not None and relaxed.draw_weights is not None:
            slope = slope + float(relaxed.draw_weights.sum()) * form.charge_in_outcome
        enough = SETTLED * self.gap * self._size / form.n_cells
        unseen = False
        for i, envelope in enumerate(self.envelopes):
            for _ in range(SETTLE_ROUNDS):
                x, y = envelope.vertices(float(relaxed.low[i]), float(relaxed.high[i]), weights)
                place = int(np.argmax(y - slope[i] * x))
                spend, curve = float(x[place]), envelope.value(x[[place]], weights)[0]
                if y[place] - curve <= enough or not envelope.refine(x[[place]]):
                    break
            seen = (envelope.value(points[i], weights) - slope[i] * points[i]).max()
            if curve - slope[i] * spend > seen + enough:
                self._attained[i].append(spend)
                unseen = True
        return unseen

    def _weights(self, leaf: Leaf) -> Array:
        return self._weights_at(leaf, self.form.gain)

    def _weights_at(self, priced: Leaf, gain: float) -> Array:
        mean = gain * (1.0 - self.form.tail_weight) - float(priced.prices @ self.form.B)
        weights = np.full(len(self.form.offset), mean / len(self.form.offset))
        return weights if priced.draw_weights is None else weights + priced.draw_weights

    def _points(self, cell: int, low: float, high: float, focus: float) -> Array:
        """Where a cell's curves are sampled in a box: all over it, around the focus, and at some amounts that matter.

        Between samples the program's curves lie too low. The baseline obeys the rule against losses with nothing to
        spare: away from the samples it would seem to break the rule, and where little else obeys it, the program would
        have no answer and no prices.
        """
        width = high - low
        if width <= 0.0:
            return np.array([low])
        samples = np.append(low + width * POINTS, np.clip(focus + width * NEAR, low, high))
        known = self._known[cell]
        for amount in (*([] if known is None else [known]), *self._attained[cell]):
            if low < amount < high and np.abs(samples - amount).min() > SAME_AMOUNT * width:
                samples = np.append(samples, amount)
        return np.unique(samples)

    def _tops(self, points: Sequence[Array]) -> list[tuple[Array, Array]]:
        tops = []
        for envelope, x in zip(self.envelopes, points, strict=True):
            draws = envelope.draws(x)
            sums = [weighted_sum(weights, draws) for weights in self._pool]
            tops.append((x, np.array([np.interp(x, *concave_hull(x, y)) for y in sums])))
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
