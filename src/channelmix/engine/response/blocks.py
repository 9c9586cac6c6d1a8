"""Curves of many cells side by side: blocks of one family each, or one block of shapes that cells share."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from channelmix.core.arrays import Array, Mask
from channelmix.engine.response.discounted import Discounted
from channelmix.engine.response.families import Family
from channelmix.engine.response.joining import joined
from channelmix.engine.response.less_losses import LessLosses, less_shared
from channelmix.engine.response.shared import Shared, shared

RECENT = 16
"""Results that are kept of what was asked last."""


class Blocks:
    """What curves of consecutive cells answer together, a block for each run of one family.

    Parameters
    ----------
    blocks : tuple of Family
    """

    def __init__(self, blocks: tuple[Family, ...]) -> None:
        self.blocks = blocks

    @cached_property
    def n_draws(self) -> int:
        """Number of joint draws."""
        return max(block.shape[0] for block in self.blocks)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self._starts[-1]

    def value(self, spend: Array) -> Array:
        """Outcome of each draw and cell at `spend` of shape (n_cells,); shape (n_draws, n_cells)."""
        return self._spread(spend, lambda block, part: block.value(part))

    def gross(self, spend: Array) -> Array:
        """Outcome of each draw and cell before what is lost; shape (n_draws, n_cells)."""
        return self._spread(spend, lambda block, part: block.gross(part))

    def lost(self, spend: Array) -> Array:
        """What each draw and cell loses; shape (n_draws, n_cells)."""
        return self._spread(spend, lambda block, part: block.lost(part))

    def derivative(self, spend: Array) -> Array:
        """Marginal return of each draw and cell; shape (n_draws, n_cells)."""
        return self._spread(spend, lambda block, part: block.derivative(part))

    def inflection(self) -> Array:
        """Spend up to which each draw is convex; shape (n_draws, n_cells)."""
        return np.concatenate([self._full(block.inflection()) for block in self.blocks], axis=1)

    def mean_value(self, spend: Array) -> Array:
        """Mean outcome over draws of each cell; shape (n_cells,)."""
        return np.asarray(self.value(spend).mean(axis=0))

    def mean_gross(self, spend: Array) -> Array:
        """Mean outcome over draws of each cell before what is lost; shape (n_cells,)."""
        return np.asarray(self.gross(spend).mean(axis=0))

    def total(self, spend: Array) -> Array:
        """Outcome of each draw over all cells together; shape (n_draws,)."""
        return np.asarray(self.value(spend).sum(axis=1))

    def slope(self, spend: Array, weights: Array | None) -> Array:
        """Marginal return of each cell, its draws weighed by `weights`, or evenly; shape (n_cells,)."""
        drawn = self.derivative(spend)
        return np.asarray(drawn.mean(axis=0) if weights is None else weights @ drawn)

    def cell(self, index: int) -> Family:
        """Curves of one cell."""
        if not 0 <= index < self.n_cells:
            raise IndexError(f"no cell {index} among {self.n_cells}")
        place = bisect.bisect_right(self._starts, index) - 1
        block = self.blocks[place]
        one = block if block.shape[1] == 1 else block.take([index - self._starts[place]])
        return one.alone if isinstance(one, Shared) else one

    def alike(self, i: int, j: int) -> bool:
        """Whether two cells have the very same curves."""
        one, other = self.cell(i), self.cell(j)
        return one.kinds == other.kinds and all(
            np.array_equal(a, other.parameters[name]) for name, a in one.parameters.items()
        )

    def shared(self) -> tuple[Family, ...]:
        """Blocks of the same curves, each shape kept once where cells share any."""
        found = shared([self.cell(i) for i in range(self.n_cells)])
        return self.blocks if len(found.shapes) == self.n_cells else (found,)

    @cached_property
    def as_shared(self) -> Shared:
        """All curves as one block of shapes, whether any is shared or not."""
        every = tuple(self.cell(i) for i in range(self.n_cells))
        return Shared(every, np.arange(self.n_cells), np.ones(self.n_cells), np.ones(self.n_cells))

    def take(self, indices: Sequence[int]) -> tuple[Family, ...]:
        """Blocks of the cells at `indices`, in that order."""
        return tuple(joined([self.cell(i) for i in indices]))

    def less(self, losses: tuple[Family, ...]) -> tuple[tuple[Family, ...], Array]:
        """Blocks of the curves less `losses` of the same cells, and the rates by which they are too high."""
        others, blocks, rates = blocks_of(losses), [], np.zeros(self.n_cells)
        for i in range(self.n_cells):
            block, lost = self.cell(i), others.cell(i)
            rate = lost.steepest().max(axis=0)
            rates[i] = rate[0]
            blocks.append(LessLosses(block, lost, rate) if rates[i] > 0.0 else block)
        return Blocks(tuple(joined(blocks))).shared(), rates

    def discounted(self, chosen: Mask, tiers: Sequence[tuple[float, float]]) -> tuple[Family, ...]:
        """Blocks of the same curves with cheaper contacts on the `chosen` cells; see `Discounted`."""
        blocks = [
            Discounted.of(self.cell(i), tiers) if cheaper else self.cell(i)
            for i, cheaper in enumerate(chosen.tolist())
        ]
        return tuple(joined(blocks))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *itertools.accumulate(block.shape[1] for block in self.blocks)]

    def _full(self, array: Array) -> Array:
        return array if len(array) == self.n_draws else np.broadcast_to(array, (self.n_draws, array.shape[1]))

    def _spread(self, spend: Array, evaluate: Callable[[Family, Array], Array]) -> Array:
        parts = [
            self._full(evaluate(block, spend[np.newaxis, start : start + block.shape[1]]))
            for start, block in zip(self._starts, self.blocks, strict=False)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


class SharedBlock(Blocks):
    """What one block of shared shapes answers without a number for each draw and cell; see `Blocks`."""

    def __init__(self, block: Shared) -> None:
        super().__init__((block,))
        self.block = block
        self._recent: dict[tuple[str, bytes], Array] = {}
        """What was worked out last: a plan's own spend is asked about again and again."""

    def mean_value(self, spend: Array) -> Array:
        """See `Blocks.mean_value`."""
        return self._once("mean", spend, lambda: self.block.mean_value(spend))

    def mean_gross(self, spend: Array) -> Array:
        """See `Blocks.mean_gross`."""
        return self._once("gross", spend, lambda: self.block.mean_gross(spend))

    def total(self, spend: Array) -> Array:
        """See `Blocks.total`."""
        return self._once("total", spend, lambda: self.block.total(spend))

    def slope(self, spend: Array, weights: Array | None) -> Array:
        """See `Blocks.slope`."""
        if weights is not None:
            return self.block.weighed_slope(spend, weights)
        even = np.full(self.n_draws, 1.0 / self.n_draws)
        return self._once("slope", spend, lambda: self.block.weighed_slope(spend, even))

    def alike(self, i: int, j: int) -> bool:
        """See `Blocks.alike`."""
        parts = self.block.of, self.block.unit, self.block.factor
        return all(bool(part[i] == part[j]) for part in parts)

    def shared(self) -> tuple[Family, ...]:
        """See `Blocks.shared`."""
        return self.blocks

    @cached_property
    def as_shared(self) -> Shared:
        """See `Blocks.as_shared`."""
        return self.block

    def take(self, indices: Sequence[int]) -> tuple[Family, ...]:
        """See `Blocks.take`."""
        return (self.block.take(np.asarray(indices, dtype=np.intp)),)

    def less(self, losses: tuple[Family, ...]) -> tuple[tuple[Family, ...], Array]:
        """See `Blocks.less`: a shape at a time."""
        if not self.block.factor.all():
            return super().less(losses)
        net, rates = less_shared(self.block, blocks_of(losses).as_shared)
        return (net,), rates

    def _once(self, what: str, spend: Array, work: Callable[[], Array]) -> Array:
        key = what, spend.tobytes()
        if key not in self._recent:
            while len(self._recent) >= RECENT:
                del self._recent[next(iter(self._recent))]
            self._recent[key] = work()
        return self._recent[key].copy()


def blocks_of(blocks: tuple[Family, ...]) -> Blocks:
    """Return what answers for some blocks."""
    if len(blocks) == 1 and isinstance(blocks[0], Shared):
        return SharedBlock(blocks[0])
    return Blocks(blocks)
