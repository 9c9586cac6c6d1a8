"""The search for the best chance of reaching an outcome.

Whether a draw reaches the target T is a step function of its outcome Y. In a box of spend Y is at least some L, and
the step lies below ``min(1, (Y - L) / (T - L))``, which is concave in Y. The linear program maximizes the mean of
these; its prices weigh the draws, and `dual_bound` turns them into a proof. The bound is loose where many draws lie
between L and T: the gap closes with few cells, and otherwise stays open and honest.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
from scipy.sparse import block_array

from channelmix.core.arrays import Array
from channelmix.engine.proof.duality import Leaf, chance_weights
from channelmix.engine.solver.linear_program import LinearProgram
from channelmix.engine.solver.linear_search import LinearSearch
from channelmix.engine.solver.relaxation import SEGMENTS, Relaxation, Relaxed, prices_at_limits

POINTS = np.linspace(0.0, 1.0, 17)
"""Where a box's curves are sampled, as a share of its width."""

STEPS = 0.3 * 0.5 ** np.arange(10)
"""Steps of the local search, as a share of the box, from the largest on."""


class ChanceSearch(LinearSearch):
    """One search over a standard form whose value is a chance; see `Search`."""

    def _program(self, *, elastic: bool = False, pieces: int = SEGMENTS) -> Relaxation:
        rows_alone = dataclasses.replace(self.form, risk=None)
        return Relaxation(rows_alone, self._solver, elastic=elastic, pieces=pieces)

    def _relax(self, low: Array, high: Array, focus: Array) -> Relaxed | None:  # noqa: ARG002  the whole box counts
        form, n, m = self.form, self.form.n_cells, self.form.A.shape[0]
        least, most = form.net_range(low, high)
        target = form.aim
        open_ = np.flatnonzero((least < target) & (most >= target))
        pieces, reached = len(POINTS) - 1, len(open_)
        start, width = low.copy(), np.maximum(high - low, 0.0)
        rise = np.zeros((reached, form.n_variables - n + n * pieces))
        for i, envelope in enumerate(self.envelopes):
            if width[i] > 0.0:
                draws = envelope.draws(low[i] + width[i] * POINTS)
                draws = np.broadcast_to(draws, (len(form.offset), len(POINTS)))[open_]
                rise[:, i * pieces : (i + 1) * pieces] = np.diff(_concave(draws)) / (width[i] / pieces)
        owner = np.concatenate([np.repeat(np.arange(n), pieces), np.arange(n, form.n_variables)])
        # One row a draw: what it reaches of the way from its least to the target stays within its outcome.
        way = target - least[open_]
        slopes = (rise - form.charge_in_outcome[owner]) / way[:, np.newaxis]
        taken = (
            form.net(start)[open_] - least[open_]
        )  # what charges and losses may take of the box's lower end
        left = form.A @ start
        found = LinearProgram(self._solver).solve(
            np.append(np.zeros(len(owner)), np.full(reached, 1.0 / len(form.offset))),
            block_array([[form.columns[:, owner], None], [slopes, -np.eye(reached)]]),
            np.zeros(len(owner) + reached),
            np.concatenate([np.repeat(width[:n] / pieces, pieces), width[n:], np.ones(reached)]),
            np.append(form.low - left, -taken / way),
            np.append(form.high - left, np.full(reached, np.inf)),
            self.deadline,
        )
        if found is None:
            return None
        self.relaxation.solves += 1
        x, prices = found
        variables = start
        variables[:n] += x[: n * pieces].reshape(n, pieces).sum(axis=1)
        variables[n:] += x[n * pieces : len(owner)]
        draw_weights = np.zeros(len(form.offset))
        draw_weights[open_] = np.clip(-prices[m:] * len(form.offset), 0.0, 1.0)
        return Relaxed(low, high, prices_at_limits(form, prices[:m]), draw_weights, variables)

    def _weights(self, leaf: Leaf) -> Array | None:
        return chance_weights(self.form, leaf)

    def _heights(self, variables: Array, relaxed: Relaxed) -> tuple[Array, Array, Array]:
        curve, height, top = super()._heights(variables, relaxed)
        # Where the curves are followed closely, what remains open is how far each draw may move within the box.
        return curve, height, top + 1e-9 * (relaxed.high - relaxed.low)[: self.form.n_cells]

    def _polish(self, centre: Array, low: Array, high: Array) -> None:  # noqa: ARG002
        """Move money between pairs of spends as long as more draws reach the target.

        A chance is flat almost everywhere, so that rows have no price in it.
        """
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
        self._polished = self.best_value


def _concave(heights: Array) -> Array:
    """Least concave majorant on an even grid, of each row of shape (n_rows, n_points)."""
    top = heights.copy()
    for first, last in itertools.combinations(range(len(POINTS)), 2):
        along = np.arange(1, last - first) / (last - first)
        chord = heights[:, [first]] + (heights[:, [last]] - heights[:, [first]]) * along
        np.maximum(top[:, first + 1 : last], chord, out=top[:, first + 1 : last])
    return top
