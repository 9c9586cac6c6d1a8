"""The search for the best chance of reaching an outcome.

Whether a draw reaches the target T is a step of its outcome Y. In a box of spend Y lies above some L, and the step lies
under ``min(1, (Y - L) / (T - L))``, which is concave in Y. The linear program maximizes the mean of these; its prices
weigh the draws, and `StandardForm.dual_bound` makes a proof of them. The bound is loose where many draws lie between L
and T: it closes with few cells, and else leaves an honest gap.
"""

from __future__ import annotations

import dataclasses
from functools import cache, cached_property

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.proof.duality import chance_weights
from channelmix.engine.solver.branching import held, roundings
from channelmix.engine.solver.linear_program import LinearProgram
from channelmix.engine.solver.relaxation import SEGMENTS, Relaxation, Relaxed, concave_hull
from channelmix.engine.solver.search import Search

POINTS = np.linspace(0.0, 1.0, 17)
"""Where a box's curves are sampled, as a share of its width."""

STEPS = 0.3 * 0.5 ** np.arange(10)
"""Steps of the local search, as a share of the box, from the largest on."""


class ChanceSearch(Search):
    """One search over a standard form whose value is a chance; see `Search`."""

    @cached_property
    def _plain(self) -> StandardForm:
        """The rows alone: no draw counts for them."""
        return dataclasses.replace(self.form, risk=None)

    def _program(self, *, elastic: bool = False, pieces: int = SEGMENTS) -> Relaxation:
        return Relaxation(self._plain, self._solver, elastic=elastic, pieces=pieces)

    def _first_tilt(self) -> Array | None:
        return np.zeros(len(self.form.offset))

    def _relax(self, low: Array, high: Array, focus: Array) -> Relaxed | None:  # noqa: ARG002  the whole box counts
        form, n, m = self.form, self.form.n_cells, len(self.form.A)
        least, most = form.net_range(low, high)
        target = form.aim
        open_ = np.flatnonzero((least < target) & (most >= target))
        pieces, others = len(POINTS) - 1, form.n_variables - n
        start, width = low.copy(), np.maximum(high - low, 0.0)
        rise = np.zeros((len(open_), n, pieces))
        for i, envelope in enumerate(self.envelopes):
            if width[i] > 0.0:
                draws = np.broadcast_to(
                    envelope.draws(low[i] + width[i] * POINTS), (len(form.offset), len(POINTS))
                )
                rise[:, i] = np.diff(_concave(draws[open_]), axis=1) / (width[i] / pieces)
        owner = np.concatenate([np.repeat(np.arange(n), pieces), np.arange(n, form.n_variables)])
        filled, reached = len(owner), len(open_)
        k, column = np.nonzero(form.A[:, owner])
        # One row a draw: what it reaches of the way from its least to the target stays within its outcome.
        way = target - least[open_]
        outcome = rise.reshape(reached, -1) if reached else np.zeros((0, n * pieces))
        slopes = np.hstack([outcome, np.zeros((reached, others))]) - form.charge_in_outcome[owner]
        rows = np.concatenate([k, m + np.repeat(np.arange(reached), filled), m + np.arange(reached)])
        columns = np.concatenate([column, np.tile(np.arange(filled), reached), filled + np.arange(reached)])
        entries = np.concatenate(
            [form.A[k, owner[column]], (slopes / way[:, np.newaxis]).ravel(), -np.ones(reached)]
        )
        program = LinearProgram(rows, columns, (m + reached, filled + reached), self._solver)
        cost = np.concatenate([np.zeros(filled), np.full(reached, 1.0 / len(form.offset))])
        left = form.A @ start
        # At the box's lower end a draw has its outcome there less all that charges may take: its least.
        spare = (
            form.charge_in_outcome @ start
            - form.charge_in_outcome @ np.where(form.charge_in_outcome > 0.0, high, low)
        ) / way
        found = program.solve(
            cost,
            entries,
            np.zeros(filled + reached),
            np.concatenate([np.repeat(width[:n] / pieces, pieces), width[n:], np.ones(reached)]),
            np.concatenate([form.low - left, spare if reached else np.empty(0)]),
            np.concatenate([form.high - left, np.full(reached, np.inf)]),
            self.deadline,
        )
        if found is None:
            return None
        self.relaxation.solves += 1
        x, prices = found
        variables = start
        variables[:n] += x[: n * pieces].reshape(n, pieces).sum(axis=1)
        variables[n:] += x[n * pieces : filled]
        side = np.where(prices[:m] > 0.0, form.high, form.low)
        draw_weights = np.zeros(len(form.offset))
        draw_weights[open_] = np.clip(-prices[m:] * len(form.offset), 0.0, 1.0)
        return Relaxed(variables, np.where(np.isfinite(side), prices[:m], 0.0), draw_weights)

    def _heights(
        self, low: Array, high: Array, variables: Array, relaxed: Relaxed
    ) -> tuple[Array, Array, Array]:
        form = self.form
        weights = chance_weights(
            form,
            low,
            high,
            np.zeros(len(form.offset)) if relaxed.draw_weights is None else relaxed.draw_weights,
        )
        curve, height, top = (np.empty(form.n_cells) for _ in range(3))
        for i, envelope in enumerate(self.envelopes):
            x, y = envelope.vertices(float(low[i]), float(high[i]), weights)
            draws = envelope.draws(np.array([variables[i]]))[:, 0]
            curve[i] = float(weights @ draws) if len(draws) > 1 else float(weights.sum() * draws[0])
            height[i] = float(np.interp(variables[i], x, y))
            top[i] = float(np.interp(variables[i], *concave_hull(x, y)))
        # Where the curves are followed well, what is left open is how far each draw may move within the box.
        return curve, height, top + 1e-9 * (high - low)[: form.n_cells]

    def _try(self, node: object, relaxed: Relaxed) -> None:
        if self.form.integer.any():
            for rounded in roundings(self.form, relaxed.variables):
                low, high = held(self.form, self.root.low, self.root.high, rounded)
                if (low <= high).all():
                    self.offer(np.clip(relaxed.variables, low, high))
            return
        if self.offer(relaxed.variables) and node is self.root:
            self._climb()

    def _climb(self) -> None:
        """Move money between pairs of spends as long as more draws reach the target."""
        spends = np.arange(self.form.n_variables)[self.form.spends]
        for step in STEPS:
            moved = True
            while moved and not self._late():
                moved = False
                for giver in spends:
                    for taker in spends:
                        if giver == taker or self.best is None:
                            continue
                        trial, before = self.best.copy(), self.best_value
                        amount = min(step * self.form.span[giver], trial[giver])
                        trial[giver] -= amount
                        trial[taker] += amount
                        self.offer(trial)
                        moved |= self.best_value > before

    def _polish(self, centre: Array, low: Array, high: Array) -> None:  # noqa: ARG002
        """Do nothing: a chance is flat almost everywhere, and rows have no price in it."""
        self._polished = self.best_value


@cache
def _chords() -> list[Array]:
    """For each point, the weights of every chord above it: (n_points, n_chords)."""
    count, chords = len(POINTS), []
    for j in range(count):
        weights = [np.eye(count)[j]]
        for a in range(j):
            for b in range(j + 1, count):
                row = np.zeros(count)
                row[a], row[b] = (b - j) / (b - a), (j - a) / (b - a)
                weights.append(row)
        chords.append(np.array(weights).T)
    return chords


def _concave(heights: Array) -> Array:
    """Least concave majorant on an even grid, of each row of shape (n_rows, n_points)."""
    return np.stack([(heights @ chords).max(axis=1) for chords in _chords()], axis=1)
