"""Sequential Monte Carlo from the prior to the posterior of a mix, families of shapes included.

A population of draws, the particles, starts in the prior and is tempered to the posterior: the power of the likelihood
is raised from 0 to 1. At every power the particles are weighted, resampled and moved by Metropolis steps. Their
proposals are differences of other particles (half of the population proposes for the other), so that they fit the
posterior's own shape. A particle also proposes other families of carry-over and saturation, so that families appear in
proportion to their evidence.

References
----------
Del Moral, P., Doucet, A. & Jasra, A. (2006), "Sequential Monte Carlo samplers", JRSS B 68.
ter Braak, C. & Vrugt, J. (2008), "Differential Evolution Markov Chain with snooker updater and fewer chains".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, Self

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.core.progress import report_progress
from channelmix.effectiveness.history.model.families import NUMBERS
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.model.roi_beliefs import Judged
from channelmix.effectiveness.history.sampling.effective import effective_size, kept_part, pareto_k
from channelmix.effectiveness.history.sampling.kernel import Kernel
from channelmix.effectiveness.history.sampling.pace import Pace

KEPT = 0.5
"""Effective part of the population that a raise of the power leaves."""

GREATEST_K = 0.7
"""Pareto k-hat above which importance weights are not to be trusted; then the power is raised by less."""

LAST_SWEEPS, MOST_SWEEPS, MANY = 6, 60, 30
"""At full power, sweeps between two looks at how independent the particles are, and sweeps at most; with more than
`MANY` channels fewer, as many moves as these have."""

ENOUGH = 0.5
"""Effective part of the draws that is enough."""

REDRAWN, JUMPED = 0.25, 0.35
"""Parts of the proposals that draw families and shapes from the prior, and that jump: one channel to a kernel density
estimate of the other half; two channels of similar spend change places. The rest are differences."""

RESIZED = 0.25
"""Part of the redrawn proposals that draw sizes anew, too: without effect any size is as good as another."""

COMMON = np.array([False, True, True, False, False, False])
FURTHER = np.array([False, False, False, True, True, False])
"""Of a channel's log margin and numbers, those that mean the same in every family, and those that do not."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws from the posterior of a mix.

    `log_margin`, as the rows show it, and `log_roi`, as it is, (n_draws, n_channels); `shape` (n_draws, n_channels,
    NUMBERS); `family` (n_draws, n_channels); `media` (n_draws, n_rows), what rows show of all channels; `lifts`
    (n_draws, n_tests).
    """

    log_margin: Array
    log_roi: Array
    shape: Array
    family: Indices
    media: Array
    lifts: Array

    @classmethod
    def of(cls, mix: Mix, log_margin: Array, shape: Array, family: Indices, media: Array) -> Self:
        """Complete draws of a mix; `media` (n_draws, n_rows + n_parts) as `Mix.series` has it."""
        rows, lifts = media[:, : len(mix.outcome)], mix.lifts(media, shape)
        return cls(log_margin, mix.log_roi(log_margin, shape), shape, family, rows, lifts)

    @classmethod
    def joined(cls, parts: Sequence[Draws], size: int) -> Self:
        """The first `size` draws of several sets of them."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts])[:size] for f in fields(cls)))


@dataclass(frozen=True)
class SamplerReport:
    """How draws came about.

    Parameters
    ----------
    effective : float
        Number of independent draws that the draws are equivalent to.
    khat : float
        Worst Pareto k-hat of the importance weights while tempering.
    log_evidence : float
    prior_agreement : float
        Probability that the ROIs expected beforehand are this company's; NaN where none are.
    sweeps : int
        Number of sweeps at full power.
    judged : tuple of Judged
        Each such ROI, in the channels' order.
    counted : float
        Part of the rows' evidence that the draws rest on: below 1 where time was up before all of it counted.
    stopped : bool
        Whether time was up before draws were as independent as they are to be.
    """

    effective: float
    khat: float
    log_evidence: float
    prior_agreement: float
    sweeps: int
    judged: tuple[Judged, ...] = ()
    counted: float = 1.0
    stopped: bool = False


@dataclass(frozen=True, eq=False)
class Proposal:
    """New values for some particles: all their log margins and shapes, the families of the channels that are moved.

    `gain` is what prior and proposal add to the logarithm of the odds of acceptance.
    """

    log_margin: Array
    shape: Array
    family: Indices
    gain: Array


class Particles(ABC):
    """Particles of the tempered sampler, drawn from the prior.

    Parameters
    ----------
    mix : Mix
    size : int
        Number of particles.
    rng : numpy.random.Generator
    pace : Pace, optional
        Of the fit, which ends it when its time is up.

    Attributes
    ----------
    power : float
        Of the likelihood: 0 in the prior, 1 in the posterior.
    ancestor : ndarray of shape (size,)
        Particle that each descends from.
    """

    sweeps_per_power: ClassVar[int] = 2
    enough: ClassVar[float] = ENOUGH
    per_particle: ClassVar[tuple[str, ...]] = ("log_margin", "shape", "family", "log_likelihood", "ancestor")

    def __init__(self, mix: Mix, size: int, rng: np.random.Generator, pace: Pace | None = None) -> None:
        self.mix, self.rng, self.power = mix, rng, 0.0
        self.pace = Pace() if pace is None else pace
        self.shape = rng.standard_normal((size, mix.n_channels, NUMBERS))
        self.log_margin = mix.draw_sizes(self.shape, rng)
        self.family = mix.priors.draw_family((size, mix.n_channels), rng)
        self.log_likelihood = np.zeros(size)
        self.ancestor = np.arange(size)

    def __len__(self) -> int:
        return len(self.log_margin)

    @property
    def work(self) -> float:
        """Cost of a sweep now, relative to one at the end."""
        return 1.0

    def timed_sweep(self, at_least: float = 0.0) -> None:
        """Sweep unless time is up; `at_least` is the work that is left then."""
        if not self.pace.over:
            self.sweep()
            self.pace.note(self.work, at_least)

    @abstractmethod
    def sweep(self) -> None:
        """Move every particle once in all its parameters."""

    def convergence_columns(self) -> Array:
        """What independence is measured by: log margin, elasticity and half-life of all channels."""
        return np.concatenate([self.log_margin, self.shape[:, :, :2].reshape(len(self), -1)], axis=1)

    def prior_agreement(self) -> float:
        """Probability that the ROIs expected beforehand are this company's; NaN where none are."""
        return self.mix.prior_agreement(self.log_margin, self.shape)

    def judged(self) -> tuple[Judged, ...]:
        """Judge each such ROI."""
        return self.mix.judged(self.log_margin, self.shape)

    def resample(self, weights: Array) -> None:
        """Replace the particles by copies of them in proportion to their weights (systematic resampling)."""
        n = len(self)
        places = (np.arange(n) + self.rng.random()) / n
        self.keep(np.minimum(np.searchsorted(np.cumsum(weights), places), n - 1))

    def keep(self, chosen: Indices) -> None:
        """Keep the particles in these places."""
        for name in self.per_particle:
            setattr(self, name, getattr(self, name)[chosen])

    def propose(self, moved: Indices, other: Indices, channels: Indices) -> Proposal:
        """Propose sizes and shapes of one channel or two anew, in one of three ways; the others stay as they are."""
        n, rng, priors = len(moved), self.rng, self.mix.priors
        old, old_family = self._block(moved, channels), self.family[moved[:, np.newaxis], channels]
        kind = rng.random(n)
        redrawn, jumped = kind < REDRAWN, np.flatnonzero(kind >= 1.0 - JUMPED)
        new = old + self._differences(old, self._block(other, channels)).reshape(old.shape)
        # A redrawn family comes with new further shapes, half of the time with new elasticity and half-life, too.
        fresh = redrawn[:, np.newaxis] & (FURTHER | COMMON & (kind < 0.5 * REDRAWN)[:, np.newaxis])
        new[redrawn] = old[redrawn]
        new = np.where(fresh[:, np.newaxis], rng.standard_normal(new.shape), new)
        resized = kind < RESIZED * REDRAWN
        middle, spread = self.mix.one_log_margin(channels)
        new[resized, :, 0] = middle + spread * rng.standard_normal((resized.sum(), len(channels)))
        family = np.where(redrawn[:, np.newaxis], priors.draw_family(old_family.shape, rng), old_family)
        jump = self._jump(old[jumped], old_family[jumped], other, channels)
        if jump is not None:
            new[jumped], family[jumped], jump_gain = jump
        log_margin, shape = self.log_margin[moved], self.shape[moved]
        before = self.mix.log_prior_of_sizes(log_margin, shape)
        log_margin[:, channels], shape[:, channels] = new[:, :, 0], new[:, :, 1:]
        gain = self.mix.log_prior_of_sizes(log_margin, shape) - before
        # Shapes that are drawn from the prior need no prior ratio: proposal and prior cancel.
        gain += np.where(redrawn, 0.0, 0.5 * (old[:, :, 1:] ** 2 - new[:, :, 1:] ** 2).sum(axis=(1, 2)))
        now, was = ((sizes[resized, :, 0] - middle) / spread for sizes in (new, old))
        gain[resized] += 0.5 * (now**2 - was**2).sum(axis=1)
        if jump is not None:
            gain[jumped] += jump_gain
        return Proposal(log_margin, shape, family, gain)

    def _jump(
        self, old: Array, old_family: Indices, other: Indices, channels: Indices
    ) -> tuple[Array, Indices, Array] | None:
        """Values, families and gain of proposals that jump; None where these channels have no such proposal."""
        if len(channels) > 1:
            return None
        kernel = Kernel(self._block(other, channels), self.family[other[:, np.newaxis], channels], self.rng)
        new, family = kernel.draw(len(old), self.rng)
        priors = self.mix.priors
        gain = kernel.log_density(old, old_family) - kernel.log_density(new, family)
        return new, family, gain + (priors.log_family(family) - priors.log_family(old_family))

    def _differences(self, old: Array, values: Array) -> Array:
        """Proposals' steps: scaled differences of two other particles in some parameters; (n, ...) -> (n, d)."""
        n, flat = len(old), values.reshape(len(values), -1)
        d = flat.shape[1]
        first = self.rng.integers(len(flat), size=n)
        second = (first + self.rng.integers(1, len(flat), size=n)) % len(flat)
        taken = self.rng.random((n, d)) < self.rng.choice([0.35, 0.7, 1.0], size=(n, 1))
        taken[np.arange(n), self.rng.integers(d, size=n)] = True
        factor = 2.38 / np.sqrt(2.0 * taken.sum(axis=1)) * self.rng.choice([0.1, 0.3, 0.7, 1.1], size=n)
        step = factor[:, np.newaxis] * (flat[first] - flat[second])
        return np.asarray(np.where(taken, step + 1e-3 * self.rng.standard_normal((n, d)), 0.0))

    def _resized(self, moved: Indices, other: Indices) -> tuple[Array, Array]:
        """Propose sizes of all channels: log margins, and what the prior adds to the log odds of acceptance."""
        log_margin, shape = self.log_margin[moved], self.shape[moved]
        log_prior = self.mix.log_prior_of_sizes
        before = log_prior(log_margin, shape)
        log_margin += self._differences(log_margin, self.log_margin[other])
        return log_margin, log_prior(log_margin, shape) - before

    def _move_errors(self, moved: Indices) -> None:
        """Draw the model error of all channels anew: rows do not tell it from their effects."""
        log_margin, shape, belief = self.log_margin[moved], self.shape[moved], self.mix.log_belief
        before = belief(log_margin, shape)
        shape[:, :, -1] = self.mix.draw_excess(log_margin, self.rng)
        taken = self._judged_by_tests(moved, shape, belief(log_margin, shape) - before)
        self.shape[moved[taken]] = shape[taken]

    @abstractmethod
    def _judged_by_tests(self, moved: Indices, shape: Array, gain: Array) -> Indices:
        """Which of `moved` take a new model error, of which only lift tests know; their likelihoods are noted."""

    def _accepted(self, rows: Indices, log_likelihood: Array, gain: Array) -> Indices:
        """Which of `rows` accept their proposal; none accepts an impossible one, whose likelihood is NaN."""
        total = self.power * (log_likelihood - self.log_likelihood[rows]) + gain
        return np.flatnonzero(np.log(self.rng.random(len(rows))) < total)

    def _block(self, rows: Indices, channels: Indices) -> Array:
        """Log margin and shape of some channels, (n_rows, n_channels, 1 + NUMBERS)."""
        at = rows[:, np.newaxis], channels
        return np.concatenate([self.log_margin[at][:, :, np.newaxis], self.shape[at]], axis=2)


def temper(particles: Particles) -> tuple[float, float]:
    """Raise the likelihood's power to 1, or as far as time allows.

    Returns the worst Pareto k-hat on the way, and the log evidence.
    """
    khat, log_evidence = -np.inf, 0.0
    while particles.power < 1.0 and not particles.pace.over:
        report_progress(f"Fitting: likelihood at {100.0 * particles.power:.0f} %{particles.pace.left()}")
        raised, k = _raise(particles)
        khat = max(khat, k)
        logs = raised * particles.log_likelihood
        weights = np.exp(logs - logs.max())
        log_evidence += float(logs.max() + np.log(weights.mean()))
        particles.power = 1.0 if particles.power + raised > 1.0 - 1e-12 else particles.power + raised
        particles.resample(weights / weights.sum())
        for _ in range(particles.sweeps_per_power):
            particles.timed_sweep()
    return khat, log_evidence


def mix_until_independent(particles: Particles, later: float = 0.0) -> tuple[float, int]:
    """Sweep until particles hardly depend on each other, or time is up; `later` sweeps are to follow.

    Returns their effective number, and the number of sweeps.
    """
    start, ancestor = particles.convergence_columns(), particles.ancestor
    sweeps, effective = 0, 0.0
    most = max(MOST_SWEEPS * min(1.0, MANY / particles.mix.n_channels), 3.0 * LAST_SWEEPS)
    while sweeps < most and effective < particles.enough * len(particles):
        report_progress(f"Fitting: sweep {sweeps} at full likelihood{particles.pace.left()}")
        for sweep in range(LAST_SWEEPS):
            particles.timed_sweep(at_least=later + LAST_SWEEPS - 1 - sweep)
        sweeps += LAST_SWEEPS
        effective = effective_size(start, particles.convergence_columns(), ancestor)
        if particles.pace.over:
            break
    return effective, sweeps


def _raise(particles: Particles) -> tuple[float, float]:
    """By how much to raise the power, and Pareto's k-hat of the weights that this gives."""
    left = 1.0 - particles.power
    logs = particles.log_likelihood - particles.log_likelihood.max()
    part = KEPT
    while True:
        low, high = 0.0, left
        if kept_part(high * logs) < part:
            for _ in range(60):
                middle = 0.5 * (low + high)
                low, high = (middle, high) if kept_part(middle * logs) >= part else (low, middle)
            high = low
        k = pareto_k(high * logs)
        if k <= GREATEST_K or part > 0.95:
            return high, k
        part = 1.0 - 0.5 * (1.0 - part)
