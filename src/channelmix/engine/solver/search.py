"""Branch and bound on sums of S-shaped curves: relax, bound, refine, branch.

Each box of spend has a concave overestimate of every cell's curve (the hull of its envelope). A program over it finds
spend and prices; the true curves at that spend give a lower bound, weak duality at those prices gives an
upper bound. Where the envelope is loose it is refined; where the hull is loose the box is split (Udell & Boyd
2013, "Maximizing a sum of sigmoids").
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.progress import report_progress
from channelmix.core.sizes import MOST_TILTS, most_grid_outcomes, most_leaves
from channelmix.core.tolerances import ROW_TOLERANCE
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.proof.duality import Leaf, dual_bound, excludes
from channelmix.engine.proof.solution import Proof
from channelmix.engine.solver.branching import choose_branch
from channelmix.engine.solver.onto_rows import onto_rows
from channelmix.engine.solver.polish import prices_that_hold, without_idle_money
from channelmix.engine.solver.relaxation import Program, Relaxation, Relaxed
from channelmix.engine.solver.split_tree import Node, Split, proof_of

FIRST_GRID = np.unique(np.concatenate([np.linspace(0.0, 1.0, 17), np.geomspace(1e-4, 0.5, 12)]))
"""First grid of an envelope as a share of its range: even, and finer towards 0 where curves are steepest."""

REFINE_ROUNDS = 25
"""Most relaxations of a box, each on finer envelopes, before it is split anyway."""


class Search(ABC):
    """One search over a standard form.

    Parameters
    ----------
    form : StandardForm
        With a box that is not empty.
    gap : float
        Gap to close.
    starts : iterable of ndarray of shape (n_variables,)
        Points to begin from, in standard units; those that break a row are ignored.
    deadline : float
        Value of `time.perf_counter` at which to stop.
    """

    relaxation: Program
    """What boxes are relaxed by."""

    def __init__(
        self, form: StandardForm, gap: float, starts: Iterable[Array], deadline: float, solver: str = "HIGHS"
    ) -> None:
        self.form = form
        self.gap = gap
        began = time.perf_counter()
        self.envelopes = form.envelopes(self._first_grids(form))
        # The checker builds the envelopes again.
        self.deadline = deadline - (time.perf_counter() - began)
        self._solver = solver
        self.relaxation = self._program()
        even = np.full(len(form.offset), 1.0 / len(form.offset))
        self._pool = [] if form.risk is None else [even]
        """Where draws are weighed: weightings for the linear program to mix, the mean first."""
        weights = None
        if form.risk is not None:
            weights = even * (form.gain * form.tail_weight if form.floor is None else 0.0)
        middle = 0.5 * (form.box_low + form.box_high)
        self.root = Node(form.box_low, form.box_high, np.zeros(form.A.shape[0]), weights, middle)
        self.best: Array | None = None
        self.best_value = -math.inf
        self._size = 0.0
        self._others = -math.inf
        self.shadow = np.zeros(form.A.shape[0])
        self.nodes = 1
        self.interrupted = False
        self._begun = False
        for start in starts:
            self.offer(start)

    def _first_grids(self, form: StandardForm) -> list[Array]:
        """Where the bound of each different curve is exact at first."""
        return form.spread(FIRST_GRID)

    def run(self) -> None:
        """Search until the gap is closed, the deadline passes or Ctrl-C is pressed; the state stays usable in any case.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C is pressed before any feasible spend is known.
        """
        try:
            self._run()
        except KeyboardInterrupt:
            if self.best is None:  # nothing to return
                raise
            self.interrupted = True
        try:
            self._finish()
        except KeyboardInterrupt:
            self.interrupted = True

    def _finish(self) -> None:
        """Improve on what the search leaves that no bound asks for: here, the money that nothing is gained by."""
        if self.best is None or self.form.delay is not None:
            return
        least = without_idle_money(self.form, self.best)
        exact = None if least is self.best else onto_rows(self.form, least)
        if exact is not None:
            self.shadow = prices_that_hold(self.form, exact, self.shadow)
            self.best, self.best_value = exact, self.form.value(exact)

    def _run(self) -> None:
        ticket = itertools.count()
        heap: list[tuple[float, int, Node]] = []

        def push(node: Node) -> None:
            if not (node.infeasible or node.stuck):
                heapq.heappush(heap, (-node.bound, next(ticket), node))

        push(self.root)
        while heap and -heap[0][0] > self._target() and not self._late():
            node = heapq.heappop(heap)[2]
            self._others = -heap[0][0] if heap else -math.inf
            self._process_node(node)
            for leaf in (node.split.below, node.split.above) if node.split else (node,):
                push(leaf)

    def _report(self, bound: float) -> None:
        if self.best is None:
            report_progress("Searching: no split found yet")
        elif math.isfinite(bound) and self._size > 0.0:
            gap = float(f"{100.0 * (bound - self.best_value) / self._size:.2g}")
            report_progress(f"Searching: gap {gap:,g} %, target {100.0 * self.gap:g} %")
        else:
            report_progress("Searching: no bound yet")

    @property
    def spend(self) -> Array | None:
        """Best spend found, in the user's order and unit, (n_spends,); None if no feasible spend is known."""
        return None if self.best is None else self.form.to_user(self.best)

    def upper_bound(self) -> float:
        """Largest leaf bound on the envelopes as they now stand; -inf if every leaf is infeasible."""
        leaves = [leaf for leaf in self.root.leaves() if not leaf.infeasible]
        return max((dual_bound(self.form, self.envelopes, leaf) for leaf in leaves), default=-math.inf)

    def proof(self) -> Proof:
        """The tree, the prices and the grids."""
        return proof_of(self.root, self.envelopes.grids)

    def _late(self) -> bool:
        """Whether to stop; one relaxation is always solved, so that even the tightest limit gets an answer."""
        return self._begun and (time.perf_counter() >= self.deadline or self._is_full())

    def _is_full(self) -> bool:
        """Whether the proof is about as large as the checker accepts."""
        form, leaves, draws = self.form, 1 + self.nodes // 2, len(self.form.offset)
        points = sum(len(grid) for grid in self.envelopes.grids)
        weighed = form.risk is not None
        return (
            leaves >= most_leaves(form.n_variables)
            or (weighed and leaves * draws >= MOST_TILTS)
            or points * draws >= 0.9 * most_grid_outcomes(draws * form.n_cells, kept=weighed)
        )

    @property
    def _until(self) -> float:
        """When a program must give up; the first one may take its time where no other answer is known."""
        return self.deadline if self._begun or self.best is not None else math.inf

    def _target(self) -> float:
        """Bound at which a box is done; a tenth of the gap is reserved for rounding."""
        return self.best_value + 0.9 * self.gap * self._size

    def offer(self, variables: Array) -> bool:
        """Take the spend in `variables`, corrected to obey the rows, as the incumbent if it is worth more.

        Returns whether it obeys the rows.
        """
        form = self.form
        spend = form.to_user(np.clip(variables, form.box_low, form.box_high))
        # Auxiliary variables follow from spend, whatever values the linear program gave them.
        complete = form.from_user(spend)
        if form.violation(complete) > ROW_TOLERANCE:
            return False
        if form.value(complete) <= self.best_value:
            return True
        exact = onto_rows(form, complete)
        if exact is None:
            return False
        value = form.value(exact)
        if value > self.best_value:
            self.best, self.best_value, self._size = exact, value, form.size(exact, value)
        return True

    def _process_node(self, node: Node) -> None:
        """Relax a box until it is within the gap, infeasible or split."""
        focus = np.clip(node.focus, node.low, node.high)
        node.bound = min(node.bound, dual_bound(self.form, self.envelopes, node))
        for _ in range(REFINE_ROUNDS):
            if node.bound <= self._target() or self._late():
                return
            self._report(max(node.bound, self._others))
            relaxed = self._relax(node.low, node.high, focus)
            self._begun = True
            if relaxed is None:
                if not self._late():  # a program that ran out of time proves nothing
                    self._prove_infeasible(node)
                return
            focus = np.clip(self.form.in_falling_order(relaxed.variables), node.low, node.high)
            bound = dual_bound(self.form, self.envelopes, relaxed)
            if bound < node.bound:
                node.bound, node.prices, node.draw_weights = bound, relaxed.prices, relaxed.draw_weights
            node.focus = focus
            self._find_incumbent(node, relaxed)
            if node.bound <= self._target() or self._late():
                return
            curve, height, top = self._heights(focus, relaxed)
            if not self._tighten(focus, curve, height, top):
                break
        self._branch(node, focus, top - curve)

    @abstractmethod
    def _program(self) -> Program:
        """Build what boxes are relaxed by."""

    @abstractmethod
    def _relax(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        """Solve the relaxation of a box."""

    @abstractmethod
    def _find_incumbent(self, node: Node, relaxed: Relaxed) -> None:
        """Offer spend near a relaxation's."""

    @cached_property
    def _elastic_program(self) -> Relaxation:
        """The linear program that minimizes the violation of the rows."""
        return Relaxation(self.form, self._solver, elastic=True)

    def _weights(self, leaf: Leaf) -> Array | None:  # noqa: ARG002
        """Weights of the draws in the bound of a leaf; None for their mean."""
        return None

    def _heights(self, variables: Array, relaxed: Relaxed) -> tuple[Array, Array, Array]:
        """Curve, envelope and hull of each cell at `variables`, with the draw weights of a relaxation."""
        n, weights = self.form.n_cells, self._weights(relaxed)
        height, top = self.envelopes.heights(variables[:n], weights), np.empty(n)
        for i, (envelope, spend) in enumerate(zip(self.envelopes, variables[:n], strict=True)):
            ends = float(relaxed.low[i]), float(relaxed.high[i])
            top[i] = np.interp(spend, *envelope.hull(*ends, weights))
        if weights is None:
            return self.form.curves.mean_value(variables[:n]), height, top
        return weights @ self.form.curves.value(variables[:n]), height, top

    def _hulls_of(self, low: Array, high: Array) -> list[tuple[Array, Array]]:
        ends = zip(self.envelopes, low.tolist(), high.tolist(), strict=False)
        return [envelope.hull(*between) for envelope, *between in ends]

    def _keep_ends(self, low: Array, high: Array) -> None:
        """Make the envelopes exact at the ends of a box."""
        self.envelopes.keep_ends(low, high)

    def _tighten(
        self, spend: Array, curve: Array, height: Array, top: Array, least: float | None = None
    ) -> bool:
        """Refine the envelopes at `spend` if they, rather than the hulls, are loose there.

        A total slack up to `least` (by default, a part of the gap) does not matter.
        """
        loose, bent = height - curve, top - height
        least = 0.05 * self.gap * self._size if least is None else least
        if loose.sum() <= max(0.25 * bent.sum(), least):
            return False
        cells = np.flatnonzero(loose > 0.1 * loose.max())
        around = []
        for i in cells.tolist():
            s, grid = float(spend[i]), self.envelopes[i].grid
            k = int(np.clip(np.searchsorted(grid, s), 1, len(grid) - 1))
            around.append([s, 0.5 * (grid[k - 1] + s), 0.5 * (s + grid[k])])
        return self.envelopes.refine(cells, np.array(around))

    def _branch(self, node: Node, spend: Array, excess: Array) -> None:
        """Split a box where the relaxation is least accurate, or give it up as too small to be split."""
        form = self.form
        chosen = choose_branch(form, node.low, node.high, spend, excess)
        if chosen is None:
            node.stuck = True
            return
        variable, at = chosen
        below, above = form.halves(node.low, node.high, variable, at)
        first, second = form.implied(node.low, below, variable), form.implied(above, node.high, variable)
        for low, high in (first, second):
            self._keep_ends(low, high)
        if not form.integer[variable]:
            twins = np.flatnonzero(form.twins[: form.n_cells] == form.twins[variable])
            self.envelopes.refine(twins, np.full((len(twins), 1), at))
        parts = [dataclasses.replace(node, low=low, high=high) for low, high in (first, second)]
        for part in parts:
            if (part.low > part.high).any():  # a part whose ends cross is empty
                part.infeasible, part.bound = True, -math.inf
        node.split = Split(variable, at, *parts)
        self.nodes += 2

    def _prove_infeasible(self, node: Node) -> None:
        """Mark a box as infeasible, with prices that prove it; a box at the edge of feasibility is split."""
        middle = focus = 0.5 * (node.low + node.high)
        excess = np.zeros(self.form.n_cells)
        for _ in range(REFINE_ROUNDS):
            elastic = self._relax_elastic(node.low, node.high, focus)
            if elastic is None:
                if self._late():
                    return
                break
            if excludes(self.form, self.envelopes, elastic):
                node.infeasible, node.prices, node.bound = True, elastic.prices, -math.inf
                if self.form.floor is not None:  # otherwise draw weights have no part in feasibility
                    node.draw_weights = elastic.draw_weights
                return
            focus = np.clip(elastic.variables, node.low, node.high)
            if self.offer(focus) or not self._rows_on_outcome:
                break
            curve, height, top = self._heights(focus, elastic)
            excess = top - curve
            if not self._tighten(focus, curve, height, top, least=0.0):
                break
        self._branch(node, focus if excess.any() else middle, excess)

    def _relax_elastic(self, low: Array, high: Array, focus: Array) -> Relaxed | None:
        """Minimize the violation of the rows in a box."""
        return self._elastic_program.solve(self._hulls_of(low, high), low, high, focus, deadline=self._until)

    @property
    def _rows_on_outcome(self) -> bool:
        """Whether a row constrains outcome, so that a relaxation's spend may break it."""
        return bool(self.form.B.any())
