"""Particles of several markets: shapes are shared, sizes are pooled, all else is each market's own.

Given shapes, a market's likelihood is a function of few inner products of its channels' series, so a market's sizes are
moved without touching its rows, all markets at once. Markets join the population in blocks, each tempered from the
prior to the posterior while those before it count fully: most moves see few rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.baseline import WANDER, log_likelihood_of
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.model.shapes import unused_numbers
from channelmix.effectiveness.history.model.shared_shocks import SharedShocks
from channelmix.effectiveness.history.sampling.pace import Pace
from channelmix.effectiveness.history.sampling.particles import Draws, Particles
from channelmix.effectiveness.history.sampling.products import Changed, Form, Pairs, Products
from channelmix.effectiveness.history.sampling.threads import Each, one_by_one

MARKET_DIFFERENCES = np.array([0.1, 0.2, 0.4, 0.8])
"""Standard deviations of a channel's log margin between markets; they are equally likely, and averaged over."""

RESIZED_TIMES = 4
"""Times in a sweep of each half at most that all sizes are moved together."""

TEMPERED, FEW = 8, 8
"""Most channels whose shapes move in a sweep as long as a block's power rises, with more than `FEW` markets: with few,
moves cost little, and particles that share their ancestors must not be alike in channels that have not moved."""

IMPOSSIBLE = -1e9
"""Log likelihood of a curve so steep that no row reaches any of it."""

CACHED = 2e5
"""Numbers that are worked on at once: more of them exceed the processor's cache."""


class PooledParticles(Particles):
    """Particles of several markets: `log_margin` is the common one, `off` each market's deviation.

    `by_market` (n_draws, n_markets) are all log likelihoods, `log_likelihood` is that of the block whose power is being
    raised, `quadratic` (n_draws, n_wander, n_markets) are the forms that they are made of, and `products` (n_draws,
    n_wander, n_markets, n_pairs) what these are made of; `lifts` (n_draws, n_parts) are those of the parts of tests at
    a margin of 1.
    """

    sweeps_per_power = 1
    enough = 0.75
    per_particle = (*Particles.per_particle, "off", "by_market", "products", "quadratic", "lifts")

    def __init__(
        self,
        mixes: Sequence[Mix],
        size: int,
        rng: np.random.Generator,
        shocks: SharedShocks | None = None,
        each: Each = one_by_one,
        pace: Pace | None = None,
    ) -> None:
        super().__init__(mixes[0], size, rng, pace)
        channels = self.mix.n_channels
        self.mixes, self.shocks, self.each = mixes, shocks, each
        self.pairs = Pairs(channels if shocks is None else 2 * channels)
        self.off, self.lifts = np.empty((size, 0, channels)), np.empty((size, 0))
        self.products = np.empty((size, len(WANDER), 0, len(self.pairs.left)))
        self.by_market, self.quadratic = np.empty((size, 0)), np.empty((size, len(WANDER), 0))
        self.first = 0
        self.parts: list[Products] = []
        self.blocks = [self._products(start, end) for start, end in blocks_of(len(mixes))]

    @property
    def work(self) -> float:
        """Cost of a sweep now, relative to one at the end."""
        return self.joined / len(self.mixes) * self._moved_channels / self.mix.n_channels

    @property
    def _moved_channels(self) -> int:
        """Number of channels whose shapes move in a sweep."""
        n = self.mix.n_channels
        return min(n, TEMPERED) if self.power < 1.0 and self.joined > FEW else n

    @property
    def counted(self) -> float:
        """Part of all markets' likelihood that counts: of the last block that joined, its power."""
        return (self.first + self.power * (self.joined - self.first)) / len(self.mixes)

    @property
    def joined(self) -> int:
        """Number of markets that count."""
        return self.off.shape[1]

    def _products(self, start: int, end: int) -> list[Products]:
        """Products of these markets, in parts that a processor's cache holds."""
        size, shocks = len(self), self.shocks
        together = max(1, int(CACHED / size / len(self.mixes[start].outcome)))
        parts = []
        for first in range(start, end, together):
            those = slice(first, min(first + together, end))
            common = () if shocks is None else (shocks.places[those], shocks.taken)
            parts.append(Products(self.mixes[those], size, *common))
        return parts

    def join(self) -> None:
        """Let the next block of markets join, whose own sizes come from the prior, at power 0."""
        size, channels = self.log_margin.shape
        parts = self.blocks.pop(0)
        number = sum(len(part) for part in parts)
        self.first, self.power, self.ancestor = self.joined, 0.0, np.arange(size)
        new = self._spread(self.off)[:, np.newaxis] * self.rng.standard_normal((size, number, channels))
        self.off = np.concatenate([self.off, new], axis=1)
        self.parts += parts
        empty = np.zeros((size, len(WANDER), number, self.products.shape[-1]))
        empty[..., 0] = np.concatenate([part.outcome() for part in parts], axis=1)
        self.products = np.concatenate([self.products, empty], axis=2)
        tested = sum(len(part.parts) for part in parts)
        self.lifts = np.concatenate([self.lifts, np.zeros((size, tested))], axis=1)
        constants = [mix.baseline.constants for mix in self.mixes[: self.joined]]
        self._log_dets = np.stack([log_dets for log_dets, _ in constants], axis=1)
        self._shapes = np.array([shape for _, shape in constants])
        self._tests, k = [], 0
        for m, mix in enumerate(self.mixes[: self.joined]):
            for test in mix.tests:
                self._tests.append((k, m, test))
                k += len(test.parts)
        every = np.arange(size)
        for c in range(channels):
            changed, line, self.lifts = self._changed(every, c, self.shape, self.family[:, c])
            for i, column in enumerate(changed[0].columns):
                self.products[..., self.pairs.place[column + 1]] = line[..., i, :]
            for part, found in zip(self.parts, changed, strict=True):
                part.put(every, every, found)
        sizes = self._sizes(self.log_margin, self.off)
        self.quadratic = self.pairs.quadratic(self.products, sizes)
        self.by_market = self._likelihoods(self.quadratic, self.lifts, sizes, self.shape)
        self.log_likelihood = self._of_block(self.by_market)

    def keep(self, chosen: Indices) -> None:
        """Keep the particles in these places, in a new order: moves take consecutive ones."""
        chosen = self.rng.permutation(chosen)
        super().keep(chosen)
        for part in self.parts:
            part.choose(chosen)

    def sweep(self) -> None:
        """Move every draw: each channel's shape and common size, all common sizes, each market's own, and model errors.

        Moves of all sizes ask for all products of two channels, so there are fewer of them where channels are many. As
        long as a block's power rises, what its markets' own sizes are is what has to be found: then a few channels'
        shapes move in each sweep.
        """
        halves = np.array_split(np.arange(len(self)), 2)
        together = -(-self._moved_channels // RESIZED_TIMES)
        for moved, other in (halves, halves[::-1]):
            channels = self.rng.permutation(self.mix.n_channels)[: self._moved_channels]
            for k, channel in enumerate(channels):
                self._move_channels(moved, other, np.array([channel]))
                if k % together == 0:
                    self._move_sizes(moved, other)
                    self._move_markets(moved, other)
                    self._move_middle(moved)
            self._move_errors(moved)
            self._redraw_unused(moved)

    def convergence_columns(self) -> Array:
        """What independence is measured by: each channel's mean log margin, elasticity and half-life.

        Given these, a market's own sizes are moved more often, and against few numbers.
        """
        columns = super().convergence_columns()
        columns[:, : self.mix.n_channels] += self.off.mean(axis=1)
        return columns

    def draws(self) -> list[Draws]:
        """Draws of each market now."""
        found = []
        for m, mix in enumerate(self.mixes):
            log_margin = self.log_margin + self.off[:, m]
            media = np.zeros((len(self), len(mix.outcome) + len(mix.parts)))
            for c in range(mix.n_channels):
                series = mix.series(c, self.shape[:, c], self.family[:, c])
                media += np.exp(log_margin[:, c, np.newaxis]) * series
            found.append(Draws.of(mix, log_margin, self.shape.copy(), self.family.copy(), media))
        return found

    def _of_block(self, by_market: Array) -> Array:
        return np.asarray(by_market[:, self.first :].sum(axis=1))

    def _likelihoods(self, quadratic: Array, lifts: Array, sizes: Array, shape: Array) -> Array:
        """Log likelihood of each market, its rows and its tests; (n_draws, n_markets)."""
        value = log_likelihood_of(quadratic, self._log_dets, self._shapes)
        if self._tests:
            true = np.exp(-self.mix.log_excess(shape))
            for k, m, test in self._tests:
                channels = [part.channel for part in test.parts]
                each = lifts[:, k : k + len(channels)] * sizes[:, m, channels] * true[:, channels]
                off_by = test.lift - each.sum(axis=1)
                value[:, m] -= 0.5 * (off_by / test.standard_error) ** 2
        return np.where(np.isnan(value), IMPOSSIBLE, value)

    def _resized_likelihoods(self, at: slice, log_margin: Array, off: Array) -> tuple[Array, Array]:
        """Quadratic forms and likelihoods of some draws with other sizes."""
        sizes = self._sizes(log_margin, off)
        quadratic = self.pairs.quadratic(self.products[at], sizes)
        return quadratic, self._likelihoods(quadratic, self.lifts[at], sizes, self.shape[at])

    def _sizes(self, log_margin: Array, off: Array) -> Array:
        """Sizes of all series of the products: the markets' own, and those of what is taken off in all of them."""
        own = np.exp(log_margin[:, np.newaxis] + off)
        if self.shocks is None:
            return own
        common = np.broadcast_to(np.exp(log_margin)[:, np.newaxis], own.shape)
        return np.concatenate([own, -common], axis=2)

    def _spread(self, off: Array) -> Array:
        """Draw the spread of markets given their deviations; (n_draws, n_channels)."""
        squares, number = (off**2).sum(axis=1)[..., np.newaxis], off.shape[1]
        logs = -number * np.log(MARKET_DIFFERENCES) - 0.5 * squares / MARKET_DIFFERENCES**2
        # The place of the largest of log weights with Gumbel noise is a draw by these weights.
        return np.asarray(MARKET_DIFFERENCES[(logs + self.rng.gumbel(size=logs.shape)).argmax(axis=-1)])

    def _move_sizes(self, moved: Indices, other: Indices) -> None:
        """All channels' common sizes, which the markets' follow."""
        at = _slice(moved)
        log_margin, gain = self._resized(moved, other)
        quadratic, new = self._resized_likelihoods(at, log_margin, self.off[at])
        taken = self._taken(moved, new, gain)
        self.log_margin[moved[taken]], self.quadratic[moved[taken]] = log_margin[taken], quadratic[taken]

    def _judged_by_tests(self, moved: Indices, shape: Array, gain: Array) -> Indices:
        at = _slice(moved)
        sizes = self._sizes(self.log_margin[at], self.off[at])
        return self._taken(moved, self._likelihoods(self.quadratic[at], self.lifts[at], sizes, shape), gain)

    def _taken(self, moved: Indices, new: Array, gain: Array) -> Indices:
        """Which of `moved` take their proposal, whose likelihoods are noted; markets before the block count fully."""
        before = (new - self.by_market[_slice(moved)])[:, : self.first].sum(axis=1)
        taken = self._accepted(moved, self._of_block(new), gain + before)
        self.by_market[moved[taken]] = new[taken]
        self.log_likelihood[moved[taken]] = self._of_block(new[taken])
        return taken

    def _move_middle(self, moved: Indices) -> None:
        """Common sizes given the markets', which stay where they are."""
        at = _slice(moved)
        spread, shape = self._spread(self.off[at]), self.shape[at]
        sizes = self.log_margin[at, np.newaxis] + self.off[at]
        drawn = sizes.mean(axis=1) + spread / np.sqrt(self.joined) * self.rng.standard_normal(spread.shape)
        every = np.arange(self.mix.n_channels)
        # What all markets have in common follows from the common sizes: then each proposal asks for the likelihood.
        for c in every if self.shocks is None else self.rng.choice(every, size=1):
            log_margin = self.log_margin[moved]
            log_margin[:, c] = drawn[:, c]
            prior = self.mix.log_prior_of_sizes
            gain = prior(log_margin, shape) - prior(self.log_margin[at], shape)
            if self.shocks is None:
                taken = np.flatnonzero(np.log(self.rng.random(len(moved))) < gain)
            else:
                off = sizes - log_margin[:, np.newaxis]
                quadratic, new = self._resized_likelihoods(at, log_margin, off)
                taken = self._taken(moved, new, gain)
                self.quadratic[moved[taken]] = quadratic[taken]
            self.log_margin[moved[taken], c] = drawn[taken, c]
        self.off[at] = sizes - self.log_margin[at, np.newaxis]

    def _move_markets(self, moved: Indices, other: Indices) -> None:
        """Each market's own sizes given the common ones: markets do not depend on each other then."""
        at, rng = _slice(moved), self.rng
        old = self.off[at]
        h, markets, _ = old.shape
        spread = self._spread(old)[:, np.newaxis]
        first = rng.integers(len(other), size=h)
        second = (first + rng.integers(1, len(other), size=h)) % len(other)
        apart = self.off[other] + self.log_margin[other, np.newaxis]
        part = rng.random(old.shape) < rng.choice([0.35, 1.0], size=(h, markets, 1))
        number = np.maximum(part.sum(axis=2, keepdims=True), 1)
        factor = 2.38 / np.sqrt(2.0 * number) * rng.choice([0.3, 0.7, 1.1], size=(h, markets, 1))
        step = factor * (apart[first] - apart[second]) + 1e-3 * rng.standard_normal(old.shape)
        off = old + np.where(part, step, 0.0)
        quadratic, new = self._resized_likelihoods(at, self.log_margin[at], off)
        power = np.where(np.arange(markets) < self.first, 1.0, self.power)
        gain = power * (new - self.by_market[at]) + 0.5 * ((old**2 - off**2) / spread**2).sum(axis=2)
        taken = np.log(rng.random((h, markets))) < gain
        self.off[at] = np.where(taken[..., np.newaxis], off, old)
        self.quadratic[at] = np.where(taken[:, np.newaxis], quadratic, self.quadratic[at])
        self.by_market[at] = np.where(taken, new, self.by_market[at])
        self.log_likelihood[at] = self._of_block(self.by_market[at])

    def _redraw_unused(self, moved: Indices) -> None:
        """Numbers of shapes that a family does without: only the prior tells of them."""
        at = _slice(moved)
        drawn = self.rng.standard_normal(self.shape[at].shape)
        self.shape[at] = np.where(unused_numbers(self.family[at]), drawn, self.shape[at])

    def _move_channels(self, moved: Indices, other: Indices, channels: Indices) -> None:
        """One channel's shape and common size; each market's size follows."""
        new = self.propose(moved, other, channels)
        (c,) = channels
        changed, now, lifts = self._changed(moved, c, new.shape, new.family[:, 0])
        at, off = _slice(moved), self.off[_slice(moved)].copy()
        columns = changed[0].columns
        was = self.products[at][..., self.pairs.place[columns + 1]]
        spread = self._spread(off)[:, c, np.newaxis]
        old, log_margin = off[:, :, c].copy(), self.log_margin[at]
        sizes = self._sizes(log_margin, off)
        form = Form.without(self.quadratic[at], was, sizes, columns)
        before = self._guess(form, sizes[:, :, columns], log_margin[:, c], spread)
        sizes[:, :, columns[1:]] = self._sizes(new.log_margin, off)[:, :, columns[1:]]
        form = replace(form, slope=form.slopes(now, sizes, columns), square=now[..., columns + 1])
        guessed = self._guess(form, sizes[:, :, columns], new.log_margin[:, c], spread)
        drawn = guessed[0] + guessed[1] * self.rng.standard_normal(old.shape)
        off[:, :, c] = drawn - new.log_margin[:, c, np.newaxis]
        back = (old + log_margin[:, c, np.newaxis] - before[0]) / before[1]
        forth = (drawn - guessed[0]) / guessed[1]
        gain = new.gain + (0.5 * (old**2 - off[:, :, c] ** 2) / spread**2).sum(axis=1)
        gain += (0.5 * (forth**2 - back**2) + np.log(guessed[1] / before[1])).sum(axis=1)
        sizes[:, :, c] = np.exp(drawn)
        quadratic = form.value(sizes[:, :, columns])
        likelihoods = self._likelihoods(quadratic, lifts, sizes, new.shape)
        taken = self._taken(moved, likelihoods, gain)
        rows = moved[taken]
        self.log_margin[rows], self.shape[rows] = new.log_margin[taken], new.shape[taken]
        self.off[rows], self.family[rows, c] = off[taken], new.family[taken, 0]
        self.lifts[rows], self.quadratic[rows] = lifts[taken], quadratic[taken]
        for k, column in enumerate(columns):
            self.products[rows[:, np.newaxis], :, :, self.pairs.place[column + 1]] = np.moveaxis(
                now[taken][..., k, :], 3, 1
            )
        for part, found in zip(self.parts, changed, strict=True):
            part.put(rows, taken, found)

    def _guess(self, form: Form, sizes: Array, log_margin: Array, spread: Array) -> tuple[Array, Array]:
        """Normal approximation of one channel's log margins given all else, see `Form.likely_sizes`."""
        power = np.where(np.arange(self.joined) < self.first, 1.0, self.power)
        return form.likely_sizes(sizes, log_margin, spread, (self._log_dets, self._shapes), power)

    def _changed(
        self, moved: Indices, c: int, shape: Array, family: Indices
    ) -> tuple[list[Changed], Array, Array]:
        """What new shapes of one channel make of consecutive draws: by part, and all products and lifts.

        Products have the shape (n_draws, n_wander, n_markets, n_changed, 1 + n_columns).
        """
        at, lifts, k = _slice(moved), self.lifts[_slice(moved)].copy(), 0
        # What is taken off is of all markets, also those that join later.
        later = [] if self.shocks is None else [part for block in self.blocks for part in block]
        made = self.each(lambda part: part.unweighted(c, shape[:, c], family), [*self.parts, *later])
        together = None
        if self.shocks is not None:
            together = np.sum(
                self.each(lambda part, m: part.together(m[0]), [*self.parts, *later], made), axis=0
            )
        found = self.each(lambda part, m: part.changed(at, c, m[0], together), self.parts, made)
        for part, (_, of_tests) in zip(self.parts, made, strict=False):
            mine = [k + i for i, (_, one) in enumerate(part.parts) if one.channel == c]
            lifts[:, mine] = of_tests
            k += len(part.parts)
        return found, np.concatenate([changed.line for changed in found], axis=2), lifts


def blocks_of(markets: int) -> list[tuple[int, int]]:
    """First and last market of each block: they double in all, 1, 2, 4 and so on.

    >>> blocks_of(5)
    [(0, 1), (1, 2), (2, 4), (4, 5)]
    """
    ends = [min(2**k, markets) for k in range(markets.bit_length() + 1)]
    return [(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True) if end > start]


def _slice(rows: Indices) -> slice:
    """Consecutive rows as a slice, which copies nothing."""
    return slice(int(rows[0]), int(rows[-1]) + 1)
