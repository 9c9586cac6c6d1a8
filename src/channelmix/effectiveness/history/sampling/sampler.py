"""Sequential Monte Carlo from the prior to the posterior of a mix, families of shapes included.

A population of draws starts in the prior and is led to the posterior by raising the likelihood's power from 0 to 1. At
every power it is weighted, resampled and moved by Metropolis steps whose proposals are differences of other draws (half
of the population proposes for the other), so that they fit the posterior's own shape. A draw also proposes other
families of carry-over and saturation, so the draws' families are in proportion to their evidence.

References
----------
Del Moral, P., Doucet, A. & Jasra, A. (2006), "Sequential Monte Carlo samplers", JRSS B 68.
ter Braak, C. & Vrugt, J. (2008), "Differential Evolution Markov Chain with snooker updater and fewer chains".
Vehtari, A. et al. (2024), "Pareto smoothed importance sampling", JMLR 25.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.core.progress import report_progress
from channelmix.effectiveness.history.model.families import NUMBERS
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.sampling.kernel import Kernel

KEPT = 0.5
"""Effective part of the population that a raise of the power leaves."""

GREATEST_K = 0.7
"""Pareto k-hat above which importance weights are not to be trusted; then the power is raised by less."""

SWEEPS, LAST_SWEEPS, MOST_SWEEPS = 2, 6, 60
"""Sweeps at every power; at the last one, until the draws hardly depend on each other; and there at most."""

ENOUGH = 0.5
"""Effective part of the draws that is enough."""

REDRAWN, JUMPED = 0.25, 0.35
"""Parts of the proposals that draw families and shapes from the prior, and that jump: one channel to a smoothed copy of
the other half, two that are spent alike to each other's place. The rest are differences."""

RESIZED = 0.25
"""Part of the redrawn proposals that draw sizes anew, too: without effect any size is as good as another."""

ALIKE = 0.8
"""Correlation of two channels' spend from which rows hardly tell which of them brings what."""

COMMON = np.array([False, True, True, False, False, False])
FURTHER = np.array([False, False, False, True, True, False])
"""Of a channel's log margin and numbers, those that mean the same in every family, and those that do not."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of a mix and how they came about.

    `log_margin`, as the rows show it, and `log_roi`, as it is, (n_draws, n_channels); `shape` (n_draws, n_channels,
    NUMBERS); `family` (n_draws, n_channels); `media` (n_draws, n_rows), what rows show of all channels; `lifts`
    (n_draws, n_tests); `effective` number of independent draws that these are worth; `khat` the worst Pareto k-hat of
    the weights on the way; `log_evidence`; `held` probability that what is believed of ROIs is of this company, NaN
    where nothing is; `sweeps` at the last power; `evaluations` of a channel's series.
    """

    log_margin: Array
    log_roi: Array
    shape: Array
    family: Indices
    media: Array
    lifts: Array
    effective: float
    khat: float
    log_evidence: float
    held: float
    sweeps: int
    evaluations: int


@dataclass(frozen=True, eq=False)
class Proposal:
    """New values for some draws: all their log margins and shapes, the families of the channels that are moved.

    `gain` is what prior and proposal add to the logarithm of the odds of taking it.
    """

    log_margin: Array
    shape: Array
    family: Indices
    gain: Array


class Population:
    """The draws on their way. `power` is the likelihood's, and `sweeps` follow every raise of it.

    At the end they are swept until the part `enough` of them is independent.
    """

    sweeps = SWEEPS
    enough = ENOUGH

    def __init__(self, mix: Mix, size: int, rng: np.random.Generator) -> None:
        self.mix, self.rng, self.power = mix, rng, 0.0
        self.shape = rng.standard_normal((size, mix.n_channels, NUMBERS))
        self.log_margin = mix.draw_sizes(self.shape, rng)
        self.family = mix.priors.draw_family((size, mix.n_channels), rng)
        self.evaluations = size * mix.n_channels
        self.series = [mix.series(c, self.shape[:, c], self.family[:, c]) for c in range(mix.n_channels)]
        self.media = self._sum(np.arange(size), self.log_margin)
        self.log_likelihood = mix.log_likelihood(self.media, self.shape)
        self.ancestor = np.arange(size)
        with np.errstate(invalid="ignore"):  # the same spend in all rows has no correlation
            alike = np.corrcoef([spend[:, 0] for spend in mix.lagged]) > ALIKE
        self.alike = np.atleast_2d(alike)

    def __len__(self) -> int:
        return len(self.log_margin)

    def resample(self, weights: Array) -> None:
        """Replace the draws by as many of them as their weights say (systematic)."""
        n = len(self)
        places = (np.arange(n) + self.rng.random()) / n
        chosen = np.minimum(np.searchsorted(np.cumsum(weights), places), n - 1)
        self.log_margin, self.shape, self.family = (
            self.log_margin[chosen],
            self.shape[chosen],
            self.family[chosen],
        )
        self.series = [series[chosen] for series in self.series]
        self.media = self._sum(np.arange(n), self.log_margin)
        self.log_likelihood = self.log_likelihood[chosen]
        self.ancestor = self.ancestor[chosen]

    def sweep(self) -> None:
        """Move every draw: each channel's size and shape, and all channels' sizes together."""
        order = self.rng.permutation(len(self))
        halves = np.array_split(order, 2)
        for moved, other in (halves, halves[::-1]):
            channels = self.rng.permutation(self.mix.n_channels)
            for channel in channels:
                self._move_channels(moved, other, np.array([channel]))
                self._move_sizes(moved, other)
            for first in range(0, len(channels) - 1, 2):
                self._move_channels(moved, other, channels[first : first + 2])
                self._move_sizes(moved, other)

    def judged(self) -> Array:
        """What the draws' independence is judged by: log margin, elasticity and half-life of all channels."""
        return np.concatenate([self.log_margin, self.shape[:, :, :2].reshape(len(self), -1)], axis=1)

    def _sum(self, rows: Indices, log_margin: Array) -> Array:
        total = np.exp(log_margin[:, :1]) * self.series[0][rows]
        for c in range(1, self.mix.n_channels):
            total += np.exp(log_margin[:, c : c + 1]) * self.series[c][rows]
        return np.asarray(total)

    def _differences(self, old: Array, values: Array) -> Array:
        """Proposals' steps: scaled differences of two other draws in some of their numbers; (n, ...) -> (n, d)."""
        n, flat = len(old), values.reshape(len(values), -1)
        d = flat.shape[1]
        first = self.rng.integers(len(flat), size=n)
        second = (first + self.rng.integers(1, len(flat), size=n)) % len(flat)
        taken = self.rng.random((n, d)) < self.rng.choice([0.35, 0.7, 1.0], size=(n, 1))
        taken[np.arange(n), self.rng.integers(d, size=n)] = True
        factor = 2.38 / np.sqrt(2.0 * taken.sum(axis=1)) * self.rng.choice([0.1, 0.3, 0.7, 1.1], size=n)
        step = factor[:, np.newaxis] * (flat[first] - flat[second])
        return np.asarray(np.where(taken, step + 1e-3 * self.rng.standard_normal((n, d)), 0.0))

    def _accepted(self, rows: Indices, log_likelihood: Array, gain: Array) -> Indices:
        """Which of `rows` take their proposal; `gain` is what prior and proposal add to the logarithm of the odds.

        None takes one that is impossible: its likelihood is NaN.
        """
        total = self.power * (log_likelihood - self.log_likelihood[rows]) + gain
        return np.flatnonzero(np.log(self.rng.random(len(rows))) < total)

    def _move_sizes(self, moved: Indices, other: Indices) -> None:
        log_margin, shape = self.log_margin[moved], self.shape[moved]
        log_margin += self._differences(log_margin, self.log_margin[other])
        media = self._sum(moved, log_margin)
        log_likelihood = self.mix.log_likelihood(media, shape)
        sizes = self.mix.log_prior_of_sizes
        gain = sizes(log_margin, shape) - sizes(self.log_margin[moved], shape)
        taken = self._accepted(moved, log_likelihood, gain)
        rows = moved[taken]
        self.log_margin[rows], self.media[rows] = log_margin[taken], media[taken]
        self.log_likelihood[rows] = log_likelihood[taken]

    def proposed(self, moved: Indices, other: Indices, channels: Indices) -> Proposal:
        """Propose sizes and shapes of one channel or two anew, in one of three ways; the others stay as they are."""
        n, rng = len(moved), self.rng
        old, old_family = self._block(moved, channels), self.family[moved[:, np.newaxis], channels]
        kind = rng.random(n)
        redrawn, jumped = kind < REDRAWN, np.flatnonzero(kind >= 1.0 - JUMPED)
        new = old + self._differences(old, self._block(other, channels)).reshape(old.shape)
        # A redrawn family comes with new further shapes, half of the time with new elasticity and half-life, too.
        fresh = redrawn[:, np.newaxis] & (FURTHER | COMMON & (kind < 0.5 * REDRAWN)[:, np.newaxis])
        new[redrawn] = old[redrawn]
        new = np.where(fresh[:, np.newaxis], rng.standard_normal(new.shape), new)
        resized = kind < RESIZED * REDRAWN
        middle, spread = self.mix.priors.one_log_margin
        new[resized, :, 0] = middle + spread * rng.standard_normal((resized.sum(), len(channels)))
        family = np.where(
            redrawn[:, np.newaxis], self.mix.priors.draw_family(old_family.shape, rng), old_family
        )
        kernel = None
        if len(channels) == 1:
            kernel = Kernel(self._block(other, channels), self.family[other[:, np.newaxis], channels], rng)
            new[jumped], family[jumped] = kernel.draw(len(jumped), rng)
        elif self.alike[channels[0], channels[1]]:
            new[jumped] = self._exchanged(old[jumped], channels)
            family[jumped] = old_family[jumped][:, ::-1]
        log_margin, shape = self.log_margin[moved], self.shape[moved]
        before = self.mix.log_prior_of_sizes(log_margin, shape)
        log_margin[:, channels], shape[:, channels] = new[:, :, 0], new[:, :, 1:]
        gain = self.mix.log_prior_of_sizes(log_margin, shape) - before
        # Shapes that are drawn from the prior need no prior ratio: proposal and prior cancel.
        gain += np.where(redrawn, 0.0, 0.5 * (old[:, :, 1:] ** 2 - new[:, :, 1:] ** 2).sum(axis=(1, 2)))
        far, was = ((sizes[resized, :, 0] - middle) / spread for sizes in (new, old))
        gain[resized] += 0.5 * (far**2 - was**2).sum(axis=1)
        if kernel is not None:
            gain[jumped] += kernel.log_density(old[jumped], old_family[jumped])
            gain[jumped] -= kernel.log_density(new[jumped], family[jumped])
            priors = self.mix.priors
            gain[jumped] += priors.log_family(family[jumped]) - priors.log_family(old_family[jumped])
        self.evaluations += n * len(channels)
        return Proposal(log_margin, shape, family, gain)

    def _move_channels(self, moved: Indices, other: Indices, channels: Indices) -> None:
        new = self.proposed(moved, other, channels)
        media, series = self.media[moved], []
        for k, c in enumerate(channels):
            series.append(self.mix.series(int(c), new.shape[:, c], new.family[:, k]))
            before, now = (
                np.exp(size[:, c, np.newaxis]) for size in (self.log_margin[moved], new.log_margin)
            )
            media += now * series[k] - before * self.series[c][moved]
        log_likelihood = self.mix.log_likelihood(media, new.shape)
        taken = self._accepted(moved, log_likelihood, new.gain)
        rows = moved[taken]
        self.log_margin[rows], self.shape[rows] = new.log_margin[taken], new.shape[taken]
        for k, c in enumerate(channels):
            self.family[rows, c], self.series[c][rows] = new.family[taken, k], series[k][taken]
        self.media[rows], self.log_likelihood[rows] = media[taken], log_likelihood[taken]

    def _exchanged(self, block: Array, channels: Indices) -> Array:
        """Two channels in each other's place: shapes, and either what they bring or nothing else.

        Where both are spent alike, the rows are explained as well as before, so that a draw gets past what small steps
        cannot: what one channel gains the other must lose, size and carry-over alike. It undoes itself.
        """
        new = block[:, ::-1].copy()
        total = np.log(self.mix.total[channels])
        new[:, :, 0] += total[::-1] - total
        kept = self.rng.random(len(block)) < 0.5
        new[kept, :, 0] = block[kept, :, 0]
        return new

    def _block(self, rows: Indices, channels: Indices) -> Array:
        """Log margin and shape of some channels, (n_rows, n_channels, 1 + NUMBERS)."""
        at = rows[:, np.newaxis], channels
        return np.concatenate([self.log_margin[at][:, :, np.newaxis], self.shape[at]], axis=2)


def sample(mix: Mix, size: int, rng: np.random.Generator) -> Draws:
    """Draw `size` times from the posterior of a mix."""
    population = Population(mix, size, rng)
    khat, log_evidence = led(population)
    effective, sweeps = settled(population)
    return Draws(
        population.log_margin,
        mix.log_roi(population.log_margin, population.shape),
        population.shape,
        population.family,
        population.media[:, : len(mix.outcome)],
        mix.lifts(population.media, population.shape),
        effective,
        khat,
        log_evidence,
        mix.held(population.log_margin, population.shape),
        sweeps,
        population.evaluations,
    )


def led(population: Population) -> tuple[float, float]:
    """Raise the likelihood's power to 1; the worst Pareto k-hat on the way, and the log evidence."""
    khat, log_evidence = -np.inf, 0.0
    while population.power < 1.0:
        report_progress(f"fitting: own history weighs {100.0 * population.power:.0f} %")
        raised, k = _raise(population)
        khat = max(khat, k)
        logs = raised * population.log_likelihood
        weights = np.exp(logs - logs.max())
        log_evidence += float(logs.max() + np.log(weights.mean()))
        population.power = 1.0 if population.power + raised > 1.0 - 1e-12 else population.power + raised
        population.resample(weights / weights.sum())
        for _ in range(population.sweeps):
            population.sweep()
    return khat, log_evidence


def settled(population: Population) -> tuple[float, int]:
    """Sweep until the draws hardly depend on each other; how many they are worth, and the number of sweeps."""
    start, ancestor = population.judged(), population.ancestor
    sweeps, effective = 0, 0.0
    while sweeps < MOST_SWEEPS and effective < population.enough * len(population):
        report_progress(f"fitting: sweep {sweeps} at full weight")
        for _ in range(LAST_SWEEPS):
            population.sweep()
        sweeps += LAST_SWEEPS
        effective = effective_size(start, population.judged(), ancestor)
    return effective, sweeps


def _raise(population: Population) -> tuple[float, float]:
    """By how much to raise the power, and Pareto's k-hat of the weights that this gives."""
    left = 1.0 - population.power
    logs = population.log_likelihood - population.log_likelihood.max()
    part = KEPT
    while True:
        low, high = 0.0, left
        if _kept(high * logs) < part:
            for _ in range(60):
                middle = 0.5 * (low + high)
                low, high = (middle, high) if _kept(middle * logs) >= part else (low, middle)
            high = low
        k = pareto_k(high * logs)
        if k <= GREATEST_K or part > 0.95:
            return high, k
        part = 1.0 - 0.5 * (1.0 - part)


def _kept(logs: Array) -> float:
    """Effective part of a population with these log weights."""
    weights = np.exp(logs - logs.max())
    return float(weights.sum() ** 2 / (weights @ weights) / len(weights))


def pareto_k(logs: Array) -> float:
    """Shape of the generalised Pareto distribution that fits the largest of these log weights (Zhang & Stephens 2009).

    Below 0.7 their averages can be trusted; minus infinity where the weights are all alike.
    """
    n = len(logs)
    tail = int(min(0.2 * n, 3.0 * np.sqrt(n)))
    weights = np.sort(np.exp(logs - logs.max()))
    x = weights[-tail:] - weights[-tail - 1]
    if tail < 5 or x[-1] <= 1e-12 or x[int(tail / 4 + 0.5) - 1] <= 0.0:
        return -np.inf
    grid = 30 + int(np.sqrt(tail))
    b = 1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    b = b / (3.0 * x[int(tail / 4 + 0.5) - 1]) + 1.0 / x[-1]
    k = np.log1p(-b[:, np.newaxis] * x).mean(axis=1)
    profile = tail * (np.log(-(b / k)) - k - 1.0)
    weight = np.exp(profile - profile.max())
    best = float((b * weight).sum() / weight.sum())
    found = float(np.log1p(-best * x).mean())
    return found * tail / (tail + 10.0) + 5.0 / (tail + 10.0)


def effective_size(start: Array, end: Array, ancestor: Indices) -> float:
    """Independent draws that the draws at the end are worth, which had common ancestors at the start.

    Draws of one ancestor were alike at the start by an intraclass correlation r; moves that leave a correlation q
    between start and end leave r q^2 of it, and n draws in groups of m are worth n / (1 + (m - 1) r q^2). The worst
    column counts.

    Parameters
    ----------
    start, end : ndarray of shape (n_draws, n_columns)
    ancestor : ndarray of int, shape (n_draws,)
    """
    n = len(start)
    _, group, size = np.unique(ancestor, return_inverse=True, return_counts=True)
    if len(size) < 2 or len(size) == n:
        return float(len(size))
    sums = np.zeros((len(size), start.shape[1]))
    np.add.at(sums, group, start)
    means = sums / size[:, np.newaxis]
    between = (size[:, np.newaxis] * (means - start.mean(axis=0)) ** 2).sum(axis=0) / (len(size) - 1)
    within = ((start - means[group]) ** 2).sum(axis=0) / (n - len(size))
    usual = (n - (size @ size) / n) / (len(size) - 1)
    alike = np.clip((between - within) / (between + (usual - 1.0) * within), 0.0, 1.0)
    off, now = start - start.mean(axis=0), end - end.mean(axis=0)
    kept = (off * now).sum(axis=0) ** 2 / ((off**2).sum(axis=0) * (now**2).sum(axis=0))
    return float((n / (1.0 + ((size @ size) / n - 1.0) * alike * kept)).min())
