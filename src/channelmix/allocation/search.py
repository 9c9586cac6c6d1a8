"""Branch and bound on sums of S-shaped curves: price, bound, refine, split.

Each box of spend has a concave over-estimate of every cell (the hull of its envelope). A linear program finds
spend and prices; the true curves at that spend give a lower bound, weak duality at those prices gives an
upper bound. Where the envelope is loose it is refined, where the hull is loose the box is split (Udell & Boyd
2013, "Maximizing a sum of sigmoids").
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from channelmix.allocation.relaxation import Elastic, Relaxation, concave_hull
from channelmix.solution import Proof
from channelmix.standard import StandardForm

__all__ = ["Search"]

Array = NDArray[np.float64]

FIRST_GRID = np.unique(np.concatenate([np.linspace(0.0, 1.0, 17), np.geomspace(1e-4, 0.5, 12)]))
"""First grid of an envelope as a share of its range: even, and finer towards 0 where curves are steepest."""

REFINE_ROUNDS = 25
"""Times a box may be priced again on a finer envelope before it is split all the same."""

SLIVER = 1e-9
"""A box is not split closer than this to its ends, as a share of the cell's range."""

ROW_TOLERANCE = 1e-7
"""Violation that a candidate may have, as a share of a row's reach: the linear programming solver's own."""

POLISH_POINTS = np.linspace(-1.0, 1.0, 17)
POLISH_FIRST, POLISH_LAST = 0.05, 1e-7
"""First and last half-width of the polish's window, as a share of each cell's range."""

POLISH_ROUNDS = 30
"""Windows from which on each is smaller than the last, however far the best spend still creeps."""


@dataclass(frozen=True, eq=False)
class _Split:
    """Where a box is split, and its parts: set at once, so that an interrupt never leaves half of it."""

    cell: int
    at: float
    below: _Node
    above: _Node


@dataclass(eq=False)
class _Node:
    """A box of spend: a leaf until it is split."""

    low: Array
    high: Array
    prices: Array
    bound: float = math.inf
    infeasible: bool = False
    stuck: bool = False
    split: _Split | None = None


class Search:
    """One search over a standard form.

    Parameters
    ----------
    form : StandardForm
        With a box that is not empty.
    gap : float
        Gap to close.
    starts : iterable of ndarray of shape (n_cells,)
        Spend to begin from, in standard units; what breaks a row is passed over.
    deadline : float
        Value of `time.perf_counter` at which to stop.
    """

    def __init__(
        self, form: StandardForm, gap: float, starts: Iterable[Array], deadline: float, solver: str = "HIGHS"
    ) -> None:
        self.form = form
        self.gap = gap
        self.deadline = deadline
        span = form.span
        self.envelopes = form.envelopes(
            [low + FIRST_GRID * w for low, w in zip(form.box_low, span, strict=True)]
        )
        self.relaxation = Relaxation(form, solver)
        self._elastic: Elastic | None = None
        self._solver = solver
        self._hulls: dict[tuple[int, float, float], tuple[Array, Array]] = {}
        self.root = _Node(form.box_low, form.box_high, np.zeros(len(form.A)))
        self.best: Array | None = None
        self.best_value = -math.inf
        self.shadow = np.zeros(len(form.A))
        self.nodes = 1
        self._polished = -math.inf
        self._begun = False
        for start in starts:
            self._offer(np.clip(start, form.box_low, form.box_high))

    def run(self) -> None:
        """Search until the gap is closed, the deadline passes or Ctrl-C; the state stays usable in every
        case.

        Raises
        ------
        KeyboardInterrupt
            If it strikes before any spend that obeys the rules is known.
        """
        try:
            self._run()
        except KeyboardInterrupt:
            if self.best is None:  # nothing to return
                raise
        with contextlib.suppress(KeyboardInterrupt):
            if self.best is not None and self.best_value > self._polished:
                self._polish()

    def _run(self) -> None:
        ticket = itertools.count()
        heap: list[tuple[float, int, _Node]] = []

        def push(node: _Node) -> None:
            if not (node.infeasible or node.stuck):
                heapq.heappush(heap, (-node.bound, next(ticket), node))

        push(self.root)
        while heap and -heap[0][0] > self._target() and not self._late():
            node = heapq.heappop(heap)[2]
            self._work(node)
            for leaf in (node.split.below, node.split.above) if node.split else (node,):
                push(leaf)

    def upper_bound(self) -> float:
        """Largest leaf bound on the envelopes as they now stand; -inf if every leaf is infeasible."""
        for leaf in self.leaves():
            if not leaf.infeasible:
                leaf.bound = self.form.dual_bound(self.envelopes, leaf.low, leaf.high, leaf.prices)
        return max((leaf.bound for leaf in self.leaves() if not leaf.infeasible), default=-math.inf)

    def leaves(self) -> list[_Node]:
        """All leaves, in preorder."""
        return [node for node in self._preorder() if node.split is None]

    def proof(self) -> Proof:
        """The tree, the prices and the grids."""
        nodes = self._preorder()
        leaves = [node for node in nodes if node.split is None]
        return Proof(
            cell=np.array([-1 if node.split is None else node.split.cell for node in nodes], dtype=np.int64),
            threshold=np.array([0.0 if node.split is None else node.split.at for node in nodes]),
            prices=np.array([leaf.prices for leaf in leaves]).reshape(len(leaves), len(self.form.A)),
            infeasible=np.array([leaf.infeasible for leaf in leaves], dtype=bool),
            grids=tuple(envelope.grid for envelope in self.envelopes),
        )

    def _preorder(self) -> list[_Node]:
        stack, nodes = [self.root], []
        while stack:
            node = stack.pop()
            nodes.append(node)
            if node.split:
                stack += [node.split.above, node.split.below]
        return nodes

    def _late(self) -> bool:
        """Whether to stop; one relaxation is always solved, so that the tightest limit gets an answer too."""
        return self._begun and time.perf_counter() >= self.deadline

    def _scale(self) -> float:
        """The denominator of the gap at the best spend."""
        if self.best is None:
            return 0.0
        return max(abs(self.best_value), self.best_value + float(self.form.charge @ self.best))

    def _target(self) -> float:
        """Bound at which a box is done; a tenth of the gap is kept back for rounding."""
        return self.best_value + 0.9 * self.gap * self._scale()

    def _offer(self, spend: Array) -> None:
        """Take `spend` as the best so far if it obeys the rows and is worth more."""
        if self.form.violation(spend) > ROW_TOLERANCE:
            return
        value = self.form.value(spend)
        if value > self.best_value:
            self.best, self.best_value = spend, value

    def _hull(self, cell: int, low: float, high: float) -> tuple[Array, Array]:
        key = (cell, low, high)
        if key not in self._hulls:
            self._hulls[key] = concave_hull(*self.envelopes[cell].vertices(low, high))
        return self._hulls[key]

    def _refine(self, cell: int, spend: Sequence[float]) -> bool:
        fresh = self.envelopes[cell].refine(np.asarray(spend))
        if fresh:
            self._hulls = {key: hull for key, hull in self._hulls.items() if key[0] != cell}
        return fresh

    def _work(self, node: _Node) -> None:
        """Price a box until it is done, infeasible or split."""
        focus = 0.5 * (node.low + node.high)
        inherited = self.form.dual_bound(self.envelopes, node.low, node.high, node.prices)
        node.bound = min(node.bound, inherited)
        for _ in range(REFINE_ROUNDS):
            if node.bound <= self._target() or self._late():
                return
            hulls = [self._hull(i, a, b) for i, (a, b) in enumerate(zip(node.low, node.high, strict=True))]
            relaxed = self.relaxation.solve(hulls, focus)
            self._begun = True
            if relaxed is None:
                self._give_up(node)
                return
            focus = np.clip(relaxed.spend, node.low, node.high)
            bound = self.form.dual_bound(self.envelopes, node.low, node.high, relaxed.prices)
            if bound < node.bound:
                node.bound, node.prices = bound, relaxed.prices
            self._offer(focus)
            if node is self.root and self.best_value > self._polished:
                self._polish()
            if node.bound <= self._target():
                return
            if not self._tighten(focus, hulls):
                break
        self._split(node, focus, hulls)

    def _tighten(self, spend: Array, hulls: Sequence[tuple[Array, Array]]) -> bool:
        """Refine the envelopes at `spend` if they, and not the hulls, are what is loose there."""
        mean = self.form.curves.mean_value(spend)
        height = np.array([e.height(s) for e, s in zip(self.envelopes, spend.tolist(), strict=True)])
        top = np.array([np.interp(s, x, y) for s, (x, y) in zip(spend, hulls, strict=True)])
        loose, bent = height - mean, top - height
        if loose.sum() < max(0.25 * bent.sum(), 0.05 * self.gap * self._scale()):
            return False
        fresh = False
        for i in np.flatnonzero(loose > 0.1 * loose.max()):
            s, grid = float(spend[i]), self.envelopes[i].grid
            k = int(np.clip(np.searchsorted(grid, s), 1, len(grid) - 1))
            fresh |= self._refine(int(i), [s, 0.5 * (grid[k - 1] + s), 0.5 * (s + grid[k])])
        return fresh

    def _split(self, node: _Node, spend: Array, hulls: Sequence[tuple[Array, Array]]) -> None:
        """Split the box at `spend` of the cell whose hull lies highest above its curve."""
        spend = np.clip(self.form.in_falling_order(spend), node.low, node.high)
        top = np.array([np.interp(s, x, y) for s, (x, y) in zip(spend, hulls, strict=True)])
        room = np.minimum(spend - node.low, node.high - spend) > SLIVER * self.form.span
        excess = np.where(room, top - self.form.curves.mean_value(spend), -math.inf)
        cell = int(np.argmax(excess))
        at = float(spend[cell])
        if not room[cell]:
            # Every cell lies at an end of its box, where the hull is exact: halve the widest box to move on.
            width = (node.high - node.low) / np.where(self.form.span > 0.0, self.form.span, 1.0)
            cell = int(np.argmax(width))
            at = 0.5 * float(node.low[cell] + node.high[cell])
            if width[cell] <= SLIVER:
                node.stuck = True
                return
        for twin in np.flatnonzero(self.form.twins == self.form.twins[cell]):
            self._refine(int(twin), [at])
        below, above = self.form.halves(node.low, node.high, cell, at)
        node.split = _Split(
            cell,
            at,
            _Node(node.low, below, node.prices, node.bound),
            _Node(above, node.high, node.prices, node.bound),
        )
        self.nodes += 2

    def _give_up(self, node: _Node) -> None:
        """Mark a box as infeasible, with prices that prove it; a box at the edge of feasibility is halved."""
        if self._elastic is None:
            self._elastic = Elastic(self.form, self._solver)
        _, elastic = self._elastic.solve(node.low, node.high, np.ones(len(self.form.A)))
        if self.form.excludes(node.low, node.high, elastic.prices):
            node.infeasible, node.prices, node.bound = True, elastic.prices, -math.inf
            return
        self._offer(np.clip(elastic.spend, node.low, node.high))
        flat = [(np.array([a, b]), np.zeros(2)) for a, b in zip(node.low, node.high, strict=True)]
        self._split(node, 0.5 * (node.low + node.high), flat)

    def _polish(self) -> None:
        """Improve the best spend within its basin: the same linear program on ever smaller windows around it.

        Each window holds the curve's own values, so a bend of any kind is seen; its prices at the last window
        are the marginal worth of the rows.
        """
        form = self.form
        scale = np.where(form.span > 0.0, form.span, form.span.max(initial=0.0))
        half, rounds = POLISH_FIRST if scale.any() else 0.0, 0
        while half > POLISH_LAST and self.best is not None and time.perf_counter() < self.deadline:
            best = self.best
            windows = []
            for i, envelope in enumerate(self.envelopes):
                # Not cut to the box: a bound on one cell must be felt, and priced, as the row that states it.
                x = np.unique(np.maximum(best[i] + half * scale[i] * POLISH_POINTS, 0.0))
                windows.append(concave_hull(x, envelope.value(x)))
            relaxed = self.relaxation.solve(windows, best, unit=half)
            if relaxed is None:
                break
            self.shadow = relaxed.prices
            self._offer(np.clip(relaxed.spend, form.box_low, form.box_high))
            moved = float((np.abs(self.best - best) / scale).max(initial=0.0))
            rounds += 1
            if moved < 0.5 * half or rounds > POLISH_ROUNDS:
                half *= 0.125
        self._polished = self.best_value
