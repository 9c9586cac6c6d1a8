"""Inner products of some markets' outcome and channels, of which their likelihood is made given the shapes.

Where r is an outcome less channels' series times their sizes, a baseline's likelihood is a function of r' K^-1 r by
wander, and thus a quadratic form of the sizes: they can be moved without touching the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.baseline import NOISE_SCALE, WANDER
from channelmix.effectiveness.history.model.mix import Mix, Trial, TrialPart, ceiling_of
from channelmix.effectiveness.history.model.shapes import elasticity

STEPS = 3
"""Newton steps from the common size to a market's likely one."""

TINY = 1e-300
"""Stands for a sum of weights of 0, of a market without known outcomes."""


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
class Form:
    """A quadratic form of a market's rows as a function of the sizes of one channel's series, all else given.

    Parameters
    ----------
    rest : ndarray of shape (n_draws, n_wander, n_markets)
        The form without these series.
    slope : ndarray of shape (n_draws, n_wander, n_markets, n_changed)
        Products of each series with what the others leave.
    square : ndarray of shape (n_draws, n_wander, n_markets, n_changed, n_changed)
        Products of the series with each other.
    """

    rest: Array
    slope: Array
    square: Array

    @classmethod
    def without(cls, quadratic: Array, line: Array, sizes: Array, columns: Indices) -> Self:
        """Take some series out of a form; `line` are all their products, `sizes` those of all series."""
        slope, square = cls.slopes(line, sizes, columns), line[..., columns + 1]
        mine = sizes[:, np.newaxis][..., columns]
        rest = quadratic + 2.0 * (mine * slope).sum(axis=3) - _squared(square, mine)
        return cls(rest, slope, square)

    @staticmethod
    def slopes(line: Array, sizes: Array, columns: Indices) -> Array:
        """Products of each series with what all others leave at these sizes."""
        others = sizes.copy()
        others[:, :, columns] = 0.0
        return np.asarray(line[..., 0] - np.einsum("dwmkc,dmc->dwmk", line[..., 1:], others))

    def value(self, sizes: Array) -> Array:
        """The form where the series have these sizes, (n_draws, n_markets, n_changed)."""
        mine = sizes[:, np.newaxis]
        return np.asarray(self.rest - 2.0 * (mine * self.slope).sum(axis=3) + _squared(self.square, mine))

    def of_first(self, sizes: Array) -> tuple[Array, Array, Array]:
        """Rest, slope and square for the first series alone, where the others have these sizes."""
        fixed = sizes[:, np.newaxis, :, 1:]
        rest = self.rest - 2.0 * (fixed * self.slope[..., 1:]).sum(axis=3)
        rest = rest + _squared(self.square[..., 1:, 1:], fixed)
        slope = self.slope[..., 0] - (fixed * self.square[..., 0, 1:]).sum(axis=3)
        return rest, slope, self.square[..., 0, 0]

    def likely_sizes(
        self, sizes: Array, log_margin: Array, spread: Array, baselines: tuple[Array, Array], power: Array
    ) -> tuple[Array, Array]:
        """Normal approximation of a channel's log margins given all else: mean and width, (n_draws, n_markets).

        Parameters
        ----------
        sizes : ndarray of shape (n_draws, n_markets, n_changed)
            Of the form's series.
        log_margin, spread : ndarray of shape (n_draws,) and (n_draws, 1)
            The common size, and how markets differ from it.
        baselines : tuple of ndarray
            Log determinants by wander, (n_wander, n_markets), and shapes of the noise, (n_markets,).
        power : ndarray of shape (n_markets,)
            Of each market's likelihood.
        """
        rest, slope, squared = self.of_first(sizes)
        log_dets, shapes = baselines
        middle = np.repeat(log_margin[:, np.newaxis], slope.shape[2], axis=1)
        for _ in range(STEPS):
            size = np.exp(middle)[:, np.newaxis]
            left = NOISE_SCALE + 0.5 * np.maximum(rest - (2.0 * slope - squared * size) * size, 0.0)
            logs = -0.5 * log_dets - shapes * np.log(left)
            chance = np.exp(logs - logs.max(axis=1, keepdims=True))
            worth = chance / left
            worth *= (power * shapes / chance.sum(axis=1))[:, np.newaxis]
            size = size[:, 0]
            bent = (worth * squared).sum(axis=1) * size**2
            pull = (worth * slope).sum(axis=1) * size - bent
            pull -= (middle - log_margin[:, np.newaxis]) / spread**2
            curvature = bent + spread**-2.0
            middle = middle + np.clip(pull / curvature, -1.0, 1.0)
        return middle, curvature**-0.5


def _squared(square: Array, sizes: Array) -> Array:
    """Quadratic forms of few sizes, (..., k, k) and (..., k) -> (...)."""
    return np.asarray(((square * sizes[..., np.newaxis]).sum(axis=-2) * sizes).sum(axis=-1))


@dataclass(frozen=True, eq=False)
class Changed:
    """What one channel's new shapes make of some draws.

    `columns` are the places of the series that change: the channel's own and, where weeks have shocks in common, that
    of all markets together. `series` (n_markets, n_draws, n_changed, n_rows) and `along` (n_markets, n_draws,
    n_changed, n_directions) are theirs; `line` (n_draws, n_wander, n_markets, n_changed, 1 + n_columns), their
    products.
    """

    columns: Indices
    series: Array
    along: Array
    line: Array


class Products:
    """Some markets' series by draw, laid out over as many periods for each.

    `series` (n_markets, n_draws, n_columns, n_periods) are weighted, without what the fixed part explains, at a margin
    of 1: of each channel, and where weeks have shocks in common, then what is taken off for each channel in all markets
    together. `along` (n_markets, n_draws, n_columns, n_directions) is how far they lie along the walk's directions.

    Parameters
    ----------
    mixes : sequence of Mix
        One a market.
    size : int
        Number of draws.
    places : sequence of ndarray of shape (n_rows,), optional
        Where each market's rows lie among the periods; by default rows from the first period on.
    taken : ndarray of shape (n_periods,), optional
        Part of the weighted sum over all markets that is taken off in each period.
    """

    def __init__(
        self,
        mixes: Sequence[Mix],
        size: int,
        places: Sequence[Indices] | None = None,
        taken: Array | None = None,
    ) -> None:
        places = [np.arange(len(mix.outcome)) for mix in mixes] if places is None else places
        most = max(int(place.max()) + 1 for place in places) if taken is None else len(taken)
        channels = mixes[0].n_channels
        self._taken = taken
        self.parts: list[tuple[int, TrialPart]] = [
            (m, part) for m, mix in enumerate(mixes) for part in mix.parts
        ]
        both = list(zip(mixes, places, strict=True))
        # As if the markets' rows were one's: reached parts do not ask for a baseline.
        self._mix = replace(
            mixes[0],
            lagged=[
                np.concatenate([_placed(mix.lagged[c], place, most) for mix, place in both])
                for c in range(channels)
            ],
            outcome=np.zeros(most * len(mixes)),
            tests=[
                Trial(
                    [replace(part, rows=places[m][part.rows] + m * most) for m, part in self.parts], 0.0, 1.0
                )
            ],
        )
        self._mixes = mixes
        self._total = np.array([mix.total for mix in mixes])
        self._root = np.stack([_placed(mix.baseline.root, place, most) for mix, place in both])
        self._weight = self._root**2
        self._share = self._weight / np.maximum(self._weight.sum(axis=1, keepdims=True), TINY)
        self._outcome = self._root * np.stack([_placed(mix.outcome, place, most) for mix, place in both])
        lines = [mix.baseline for mix in mixes]
        self._fixed = _stacked([line.fixed_directions for line in lines], places, most)
        self._walk = _stacked([line.walk_directions for line in lines], places, most)
        widest = self._walk.shape[2]
        self._absorbed = np.stack(
            [_placed(line.absorbed, np.arange(line.walk.shape[1]), widest) for line in lines]
        )
        self._outcome = self._without_fixed(self._outcome[:, np.newaxis])[:, 0]
        self._outcome_along = np.matmul(self._outcome[:, np.newaxis], self._walk)
        columns = channels if taken is None else 2 * channels
        self.series = np.zeros((len(mixes), size, columns, most))
        self.along = np.zeros((len(mixes), size, columns, widest))

    def __len__(self) -> int:
        return len(self._root)

    def outcome(self) -> Array:
        """Of the outcome with itself, (n_wander, n_markets)."""
        taken = np.matmul(self._outcome_along**2, self._absorbed)[:, 0]
        return np.asarray(((self._outcome**2).sum(axis=1)[:, np.newaxis] - taken).T)

    def unweighted(self, c: int, shape: Array, family: Indices) -> tuple[Array, Array]:
        """Series of new shapes of one channel, (n_markets, n_draws, n_periods), and its lifts, (n_draws, n_parts)."""
        reached = self._mix.reached(c, shape, family)
        by_market = reached[:, : self._root.size].reshape(len(shape), *self._root.shape)
        later = np.stack([mix.reached_later(c, shape, family) for mix in self._mixes], axis=1)
        whole = (by_market.sum(axis=2) + later) * elasticity(shape, self._mix.priors)[:, np.newaxis]
        ceiling = ceiling_of(self._total[:, c], whole, family[:, np.newaxis])
        series = np.swapaxes(by_market, 0, 1) * ceiling.T[:, :, np.newaxis]
        mine = [(k, m) for k, (m, part) in enumerate(self.parts) if part.channel == c]
        lifts = [reached[:, self._root.size + k] * ceiling[:, m] for k, m in mine]
        return series, np.array(lifts).reshape(-1, len(shape)).T

    def together(self, series: Array) -> Array:
        """Weighted sum over these markets of a channel's series less their means, (n_draws, n_periods)."""
        means = np.matmul(series, self._share[:, :, np.newaxis])
        return np.asarray(((series - means) * self._weight[:, np.newaxis]).sum(axis=0))

    def changed(self, draws: slice, c: int, series: Array, together: Array | None = None) -> Changed:
        """What new series of one channel make of consecutive draws; `together` is the sum over all markets."""
        m, d, periods = series.shape
        columns = np.array([c] if together is None else [c, self._mix.n_channels + c])
        k = len(columns)
        new = np.empty((m, k, d, periods))
        np.multiply(series, self._root[:, np.newaxis], out=new[:, 0])
        if together is not None and self._taken is not None:
            np.multiply(together * self._taken, self._root[:, np.newaxis], out=new[:, 1])
        new = self._without_fixed(new.reshape(m, k * d, periods))
        along = np.matmul(new, self._walk)
        with_outcome = np.matmul(new, self._outcome[:, :, np.newaxis])
        with_outcome = with_outcome - np.matmul(along, self._absorbed * self._outcome_along.swapaxes(1, 2))
        # By draw, then by the series that are new.
        new, along = (np.swapaxes(values.reshape(m, k, d, -1), 1, 2) for values in (new, along))
        plain = np.matmul(self.series[:, draws], np.swapaxes(new, 2, 3))
        plain[:, :, columns] = np.matmul(new, np.swapaxes(new, 2, 3))
        every = self.along[:, draws].copy()
        every[:, :, columns] = along
        line = np.empty((d, len(WANDER), m, k, plain.shape[2] + 1))
        line[..., 0] = np.transpose(with_outcome.reshape(m, k, d, -1), (2, 3, 0, 1))
        for i in range(k):
            both = (every * along[:, :, [i]]).reshape(m, -1, along.shape[3])
            taken = np.matmul(both, self._absorbed).reshape(m, d, -1, len(WANDER))
            line[..., i, 1:] = np.transpose(plain[..., i, np.newaxis] - taken, (1, 3, 0, 2))
        return Changed(columns, new, along, line)

    def _without_fixed(self, values: Array) -> Array:
        """What weighted values, (n_markets, n, n_periods), tell beside the fixed part."""
        return np.asarray(values - np.matmul(np.matmul(values, self._fixed), np.swapaxes(self._fixed, 1, 2)))

    def put(self, rows: Indices, taken: Indices, changed: Changed) -> None:
        """Let `rows` have what was found in the places `taken`."""
        for i, column in enumerate(changed.columns):
            self.series[:, rows, column] = changed.series[:, taken, i]
            self.along[:, rows, column] = changed.along[:, taken, i]

    def choose(self, chosen: Indices) -> None:
        """Keep these draws."""
        self.series, self.along = self.series[:, chosen], self.along[:, chosen]


def _placed(values: Array, place: Indices, periods: int) -> Array:
    """Zeros for each period, further axes as they are, which hold the values in these places."""
    full = np.zeros((periods, *values.shape[1:]))
    full[place] = values
    return full


def _stacked(values: Sequence[Array], places: Sequence[Indices], periods: int) -> Array:
    """Columns of several markets' rows over all periods, with as many columns for each; (n_markets, n_periods, n)."""
    full = np.zeros((len(values), periods, max(each.shape[1] for each in values)))
    for m, (each, place) in enumerate(zip(values, places, strict=True)):
        full[m, place, : each.shape[1]] = each
    return full
