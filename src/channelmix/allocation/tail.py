"""The search where the worst draws count: the mean of the worst is the least of many weighted means.

The mean of the worst share q of draws is the minimum over weights w (0 <= w <= 1 / (q D), summing to 1) of the weighted
sum. So the search keeps a pool of such weights: each makes one more sum of curves that the objective, or the rule
against losses, lies under. The linear program mixes them, which gives the tilt that the proof needs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_array, eye_array, kron

from channelmix.allocation.relaxation import Relaxation, Relaxed, concave_hull, solve_program
from channelmix.allocation.search import Search
from channelmix.standard import StandardForm

__all__ = ["TailSearch"]

Array = NDArray[np.float64]

POINTS = np.unique(
    np.concatenate([np.linspace(0.0, 1.0, 13), np.geomspace(1e-3, 0.05, 3)])
)
"""Where a box's curves are sampled, as a share of its width."""

NEAR = np.array([-0.1, -0.03, -0.01, -0.002, 0.0, 0.002, 0.01, 0.03, 0.1])
"""And around the focus."""

SEGMENTS = len(POINTS) + len(NEAR) - 1

POOL = 24
"""Weights that the linear program mixes at most; the mean of all draws is the first."""

LOOSE = 1e3
"""Stands for no limit, in standard units of outcome."""

POOL_ROUNDS = 8
"""Times a box is solved again with a further weight before its envelopes are looked at."""


class _Mixture:
    """Like `Relaxation`, for several weightings of the draws at once."""

    def __init__(self, form: StandardForm, solver: str, *, elastic: bool = False) -> None:
        assert form.risk is not None
        self._form = form
        self._solver = solver
        self._elastic = elastic
        self.solves = 0
        n, others = form.n_cells, form.n_variables - form.n_cells
        hulls = n * SEGMENTS
        self._width, self._slope = cp.Parameter(hulls + others, nonneg=True), cp.Parameter(hulls + others)
        self._filled = cp.Variable(hulls + others, nonneg=True)
        self._rise = cp.Parameter((POOL, hulls))
        self._room = cp.Parameter(POOL)
        added, sums = cp.Variable(form.n_variables), cp.Variable(POOL)
        self._above = np.flatnonzero(np.isfinite(form.high))
        self._below = np.flatnonzero(np.isfinite(form.low))
        self._room_above, self._room_below = cp.Parameter(len(self._above)), cp.Parameter(len(self._below))
        of_cell = csr_array(block_diag([kron(eye_array(n), np.ones((1, SEGMENTS))), eye_array(others)]))
        limits = [
            added == of_cell @ self._filled,
            self._filled <= self._width,
            sums == self._rise @ self._filled[:hulls],
        ]
        for state, members in form.states.items():
            del state, members  # whole numbers are tied by rows: see `TailSearch`
        self._rows: list[Any] = []
        broken: Any = 0.0
        if len(self._above):
            over = cp.Variable(len(self._above), nonneg=True) if elastic else 0.0
            broken = broken + (cp.sum(over) if elastic else 0.0)
            self._rows.append(csr_array(form.A[self._above]) @ added - over <= self._room_above)
        if len(self._below):
            under = cp.Variable(len(self._below), nonneg=True) if elastic else 0.0
            broken = broken + (cp.sum(under) if elastic else 0.0)
            left = csr_array(form.A[self._below]) @ added + form.B[self._below] * sums[0] + under
            self._rows.append(left >= self._room_below)
        objective = self._slope @ self._filled
        if form.risk.floor is not None:
            short = cp.Variable(nonneg=True) if elastic else 0.0
            broken = broken + short
            self._worst = sums + self._room - form.lost @ added + short >= 0.0
        else:
            worst = cp.Variable()
            self._worst = worst <= sums + self._room
            objective = objective + form.gain * form.risk.weight * worst
        limits.append(self._worst)
        self._problem = cp.Problem(cp.Maximize(-broken if elastic else objective), [*limits, *self._rows])

    def solve(
        self,
        points: Sequence[Array],
        heights: Sequence[Array],
        pool: Sequence[Array],
        box_low: Array,
        box_high: Array,
        unit: float = 1.0,
    ) -> Relaxed | None:
        """Solve for the height (n_pool, n_points) of each cell's concave corners at its points."""
        form, n = self._form, self._form.n_cells
        risk = form.risk
        assert risk is not None
        start = box_low.copy()
        width, rise = np.zeros((n, SEGMENTS)), np.zeros((POOL, n, SEGMENTS))
        bottom = np.zeros(POOL)
        for i, (x, y) in enumerate(zip(points, heights, strict=True)):
            start[i] = x[0]
            bottom[: len(y)] += y[:, 0]
            width[i, : len(x) - 1] = np.diff(x)
            rise[: len(y), i, : len(x) - 1] = np.diff(y, axis=1) / np.diff(x)
        slope = form.gain * (1.0 - risk.weight) * rise[0] - form.charge[:n, np.newaxis]
        room = np.full(POOL, LOOSE)
        for k, weights in enumerate(pool):
            room[k] = bottom[k] - float(weights @ form.offset)
            if risk.floor is not None:
                room[k] -= float(weights @ risk.floor) + float(form.lost @ start)
        room[0] = LOOSE  # the mean of all draws is no mean of the worst
        left = form.A @ start + form.B * bottom[0]
        widths = np.append(width.ravel(), (box_high - box_low)[n:])
        self._width.value, self._slope.value = widths / unit, np.append(slope.ravel(), -form.charge[n:])
        self._rise.value, self._room.value = rise.reshape(POOL, -1), room / unit
        self._room_above.value = (form.high - left)[self._above] / unit
        self._room_below.value = (form.low - left)[self._below] / unit
        if not solve_program(self._problem, self._solver):
            return None
        self.solves += 1
        filled = np.clip(np.asarray(self._filled.value) * unit, 0.0, widths)
        variables = start
        variables[:n] += filled[: n * SEGMENTS].reshape(width.shape).sum(axis=1)
        variables[n:] += filled[n * SEGMENTS :]
        prices = np.zeros(len(form.A))
        duals = [np.maximum(np.atleast_1d(row.dual_value), 0.0) for row in self._rows]
        if len(self._above):
            prices[self._above] += duals[0]
        if len(self._below):
            prices[self._below] -= duals[-1]
        mix = np.maximum(np.atleast_1d(self._worst.dual_value), 0.0)[: len(pool)]
        mix[0] = 0.0
        if risk.floor is None and not self._elastic:
            mix *= form.gain * risk.weight / max(float(mix.sum()), 1e-300)
        return Relaxed(variables, prices, np.asarray(mix @ np.array(pool)))


class TailSearch(Search):
    """One search over a standard form with a risk; see `Search`."""

    def _program(self) -> Any:
        draws = len(self.form.offset)
        self._pool = [np.full(draws, 1.0 / draws)]
        return _Mixture(self.form, self._solver)

    def _first_tilt(self) -> Array | None:
        assert self.form.risk is not None
        draws = len(self.form.offset)
        total = self.form.gain * self.form.risk.weight if self.form.risk.floor is None else 0.0
        return np.full(draws, total / draws)

    @property
    def _speaks_of_outcome(self) -> bool:
        assert self.form.risk is not None
        return self.form.risk.floor is not None or super()._speaks_of_outcome

    def _relax(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        relaxed = None
        for _ in range(POOL_ROUNDS):
            points = [self._points(low[i], high[i], focus[i]) for i in range(self.form.n_cells)]
            found = self.relaxation.solve(points, self._tops(points), self._pool, low, high)
            if found is None:
                return None
            relaxed, focus = found, np.clip(found.variables, low, high)
            if not self._widen_pool(self.form.from_user(self.form.to_user(focus))):
                break
        return relaxed

    def _relax_window(self, centre: Array, half: Array, low: Array, high: Array, unit: float) -> Relaxed | None:
        self._widen_pool(centre)
        points = []
        for i in range(self.form.n_cells):
            x = np.unique(np.maximum(centre[i] + half[i] * np.linspace(-1.0, 1.0, 9), 0.0))
            points.append(x if high[i] > 0.0 else np.zeros(1))
        found = self.relaxation.solve(points, self._tops(points), self._pool, low, high, unit)
        if found is not None:
            self._widen_pool(self.form.from_user(self.form.to_user(np.maximum(found.variables, 0.0))))
        return found

    def _least_broken(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        if self._elastic is None:
            self._elastic = _Mixture(self.form, self._solver, elastic=True)  # type: ignore[assignment]
        points = [self._points(low[i], high[i], focus[i]) for i in range(self.form.n_cells)]
        return self._elastic.solve(points, self._tops(points), self._pool, low, high)  # type: ignore[union-attr,arg-type]

    def _heights(
        self, low: Array, high: Array, variables: Array, relaxed: Relaxed
    ) -> tuple[Array, Array, Array]:
        form = self.form
        weights = self._weights(relaxed)
        curve, height, top = (np.empty(form.n_cells) for _ in range(3))
        for i, envelope in enumerate(self.envelopes):
            s = np.array([variables[i]])
            x, y = envelope.vertices(float(low[i]), float(high[i]), weights)
            draws = envelope.draws(s)[:, 0]
            curve[i] = float(weights @ draws) if len(draws) > 1 else float(weights.sum() * draws[0])
            height[i] = float(np.interp(s[0], x, y))
            top[i] = float(np.interp(s[0], *concave_hull(x, y)))
        return curve, height, top

    def _weights(self, relaxed: Relaxed) -> Array:
        form = self.form
        assert form.risk is not None and relaxed.tilt is not None
        mean = form.gain * (1.0 - form.risk.weight) - float(relaxed.prices @ form.B)
        return np.asarray(mean / len(relaxed.tilt) + relaxed.tilt)

    def _points(self, low: float, high: float, focus: float) -> Array:
        width = high - low
        if width <= 0.0:
            return np.array([low])
        near = np.clip(focus + width * NEAR, low, high)
        return np.unique(np.concatenate([low + width * POINTS, near]))

    def _tops(self, points: Sequence[Array]) -> list[Array]:
        """Concave corners over each cell's points, of every weighting in the pool: (n_pool, n_points) each."""
        pool = np.array(self._pool)
        tops = []
        for envelope, x in zip(self.envelopes, points, strict=True):
            draws = envelope.draws(x)
            sums = pool @ draws if len(draws) > 1 else pool.sum(axis=1)[:, np.newaxis] * draws
            tops.append(np.array([np.interp(x, *concave_hull(x, y)) for y in sums]) if len(x) > 2 else sums)
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
