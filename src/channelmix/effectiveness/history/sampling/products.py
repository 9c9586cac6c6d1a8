"""Inner products of some markets' outcome and channels, of which their likelihood is made given the shapes.

Where r is an outcome less channels' series times their sizes, a baseline's likelihood is a function of r' K^-1 r by
wander, and thus a quadratic form of the sizes: they can be moved without touching the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.baseline import WANDER
from channelmix.effectiveness.history.model.mix import Mix, Trial, TrialPart, ceiling_of
from channelmix.effectiveness.history.model.shapes import elasticity


class Pairs:
    """Where the product of each pair stands, a pair once; 0 is the outcome, then come the channels."""

    def __init__(self, channels: int) -> None:
        self.left, self.right = np.triu_indices(channels + 1)
        self.twice = np.where(self.left == self.right, 1.0, 2.0)
        self.place = np.zeros((channels + 1, channels + 1), dtype=np.int64)
        self.place[self.left, self.right] = self.place[self.right, self.left] = np.arange(len(self.left))

    def quadratic(self, products: Array, sizes: Array) -> Array:
        """Quadratic forms of the outcome less channels times sizes.

        Shapes (n_draws, n_wander, n_markets, n_pairs) and (n_draws, n_markets, n_channels) give (n_draws, n_wander,
        n_markets).
        """
        factor = np.concatenate([np.ones((*sizes.shape[:2], 1)), -sizes], axis=2)
        pairs = factor[:, :, self.left] * (factor[:, :, self.right] * self.twice)
        return np.asarray(np.einsum("dwmk,dmk->dwm", products, pairs))


@dataclass(frozen=True, eq=False)
class Changed:
    """What one channel's new shapes make of some draws.

    `series` (n_markets, n_draws, n_rows) and `along` (n_markets, n_draws, n_directions) of the channel; `line`
    (n_draws, n_wander, n_markets, 1 + n_channels), its products; `lifts` (n_draws, n_parts), of the channel's in tests.
    """

    series: Array
    along: Array
    line: Array
    lifts: Array


class Products:
    """Some markets' series by draw, padded to as many rows for each.

    `series` (n_markets, n_draws, n_channels, n_rows) are channels' at a margin of 1, weighted; `along` (n_markets,
    n_draws, n_channels, n_directions), how far they lie along the directions of the market's linear part.

    Parameters
    ----------
    mixes : sequence of Mix
        One a market.
    size : int
        Number of draws.
    """

    def __init__(self, mixes: Sequence[Mix], size: int) -> None:
        most, channels = max(len(mix.outcome) for mix in mixes), mixes[0].n_channels
        self.parts: list[tuple[int, TrialPart]] = [
            (m, part) for m, mix in enumerate(mixes) for part in mix.parts
        ]
        # As if the markets' rows were one's: reached parts do not ask for a baseline.
        self._mix = replace(
            mixes[0],
            lagged=[np.concatenate([_padded(mix.lagged[c], most) for mix in mixes]) for c in range(channels)],
            outcome=np.zeros(most * len(mixes)),
            tests=[Trial([replace(part, rows=part.rows + m * most) for m, part in self.parts], 0.0, 1.0)],
        )
        self._total = np.array([mix.total for mix in mixes])
        self._root = np.stack([_padded(mix.baseline.root, most) for mix in mixes])
        self._outcome = self._root * np.stack([_padded(mix.outcome, most) for mix in mixes])
        widest = max(mix.baseline.directions.shape[1] for mix in mixes)
        self._directions = np.stack([_padded(mix.baseline.directions, most, widest) for mix in mixes])
        self._absorbed = np.stack([_padded(mix.baseline.absorbed, widest) for mix in mixes])
        self._outcome_along = np.matmul(self._outcome[:, np.newaxis], self._directions)
        self.series = np.zeros((len(mixes), size, channels, most))
        self.along = np.zeros((len(mixes), size, channels, widest))

    def __len__(self) -> int:
        return len(self._root)

    def outcome(self) -> Array:
        """Of the outcome with itself, (n_wander, n_markets)."""
        taken = np.matmul(self._outcome_along**2, self._absorbed)[:, 0]
        return np.asarray(((self._outcome**2).sum(axis=1)[:, np.newaxis] - taken).T)

    def changed(self, draws: slice, c: int, shape: Array, family: Indices) -> Changed:
        """What new shapes of one channel, (n_draws, NUMBERS), make of consecutive draws."""
        reached = self._mix.reached(c, shape, family)
        by_market = reached[:, : self._root.size].reshape(len(shape), *self._root.shape)
        whole = by_market.sum(axis=2) * elasticity(shape, self._mix.priors)[:, np.newaxis]
        ceiling = ceiling_of(self._total[:, c], whole, family[:, np.newaxis])
        series = np.swapaxes(by_market, 0, 1) * ceiling.T[:, :, np.newaxis]
        series *= self._root[:, np.newaxis]
        along = np.matmul(series, self._directions)
        plain = np.matmul(self.series[:, draws], series[..., np.newaxis])[..., 0]
        plain[:, :, c] = np.einsum("mdt,mdt->md", series, series)
        both = self.along[:, draws] * along[:, :, np.newaxis]
        both[:, :, c] = along**2
        taken = np.matmul(both.reshape(len(both), -1, both.shape[-1]), self._absorbed)
        line = np.empty((len(shape), len(WANDER), len(self), plain.shape[2] + 1))
        line[..., 1:] = np.transpose(plain[..., np.newaxis] - taken.reshape(*plain.shape, -1), (1, 3, 0, 2))
        taken = np.matmul(along * self._outcome_along, self._absorbed)
        line[..., 0] = np.transpose(np.matmul(series, self._outcome[:, :, np.newaxis]) - taken, (1, 2, 0))
        mine = [(k, m) for k, (m, part) in enumerate(self.parts) if part.channel == c]
        lifts = [reached[:, self._root.size + k] * ceiling[:, m] for k, m in mine]
        return Changed(series, along, line, np.array(lifts).reshape(-1, len(shape)).T)

    def put(self, rows: Indices, taken: Indices, c: int, changed: Changed) -> None:
        """Let `rows` have what was found in the places `taken`."""
        self.series[:, rows, c], self.along[:, rows, c] = changed.series[:, taken], changed.along[:, taken]

    def choose(self, chosen: Indices) -> None:
        """Keep these draws."""
        self.series, self.along = self.series[:, chosen], self.along[:, chosen]


def _padded(values: Array, *shape: int) -> Array:
    """Zeros of this shape, further axes as they are, which begin with the values."""
    full = np.zeros((*shape, *values.shape[len(shape) :]))
    full[tuple(slice(n) for n in values.shape[: len(shape)])] = values
    return full
