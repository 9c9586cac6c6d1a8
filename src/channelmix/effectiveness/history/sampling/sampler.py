"""The posterior of one market's mix."""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.sampling.pace import Pace
from channelmix.effectiveness.history.sampling.particles import (
    Draws,
    Particles,
    SamplerReport,
    mix_until_independent,
    temper,
)

ALIKE = 0.8
"""Correlation of two channels' spend above which rows hardly distinguish their effects."""


USUAL_SWEEPS = 45.0
"""Sweeps of a usual fit, to say how long one will take."""


def sample(
    mix: Mix, size: int, rng: np.random.Generator, pace: Pace | None = None
) -> tuple[Draws, SamplerReport]:
    """Draw `size` times from the posterior of a mix, or as far towards it as the pace allows."""
    particles = MixParticles(mix, size, rng, pace)
    particles.pace.expect(USUAL_SWEEPS)
    khat, log_evidence = temper(particles)
    effective, sweeps = mix_until_independent(particles)
    draws = Draws.of(mix, particles.log_margin, particles.shape, particles.family, particles.media)
    agreement, judged = particles.prior_agreement(), particles.judged()
    power, stopped = particles.power, particles.pace.over
    return draws, SamplerReport(effective, khat, log_evidence, agreement, sweeps, judged, power, stopped)


class MixParticles(Particles):
    """Particles of one market: `series` of each channel at a margin of 1, and `media`, their sum times the margins."""

    def __init__(self, mix: Mix, size: int, rng: np.random.Generator, pace: Pace | None = None) -> None:
        super().__init__(mix, size, rng, pace)
        self.series = [mix.series(c, self.shape[:, c], self.family[:, c]) for c in range(mix.n_channels)]
        self.media = self._sum(np.arange(size), self.log_margin)
        self.log_likelihood = mix.log_likelihood(self.media, self.shape)
        with np.errstate(invalid="ignore"):  # the same spend in all rows has no correlation
            alike = np.corrcoef([spend[:, 0] for spend in mix.lagged]) > ALIKE
        self.alike = np.atleast_2d(alike)

    def keep(self, chosen: Indices) -> None:
        """Keep the particles in these places; their media are summed anew, without the moves' rounding."""
        super().keep(chosen)
        self.series = [series[chosen] for series in self.series]
        self.media = self._sum(np.arange(len(self)), self.log_margin)

    def sweep(self) -> None:
        """Move every particle: each channel's size and shape, and all channels' sizes together."""
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
            self._move_errors(moved)

    def _sum(self, rows: Indices, log_margin: Array) -> Array:
        total = np.exp(log_margin[:, :1]) * self.series[0][rows]
        for c in range(1, self.mix.n_channels):
            total += np.exp(log_margin[:, c : c + 1]) * self.series[c][rows]
        return np.asarray(total)

    def _move_sizes(self, moved: Indices, other: Indices) -> None:
        log_margin, gain = self._resized(moved, other)
        media = self._sum(moved, log_margin)
        log_likelihood = self.mix.log_likelihood(media, self.shape[moved])
        taken = self._accepted(moved, log_likelihood, gain)
        rows = moved[taken]
        self.log_margin[rows], self.media[rows] = log_margin[taken], media[taken]
        self.log_likelihood[rows] = log_likelihood[taken]

    def _judged_by_tests(self, moved: Indices, shape: Array, gain: Array) -> Indices:
        media = self.media[moved]
        of_tests = self.mix.log_likelihood_of_tests
        log_likelihood = (
            self.log_likelihood[moved] + of_tests(media, shape) - of_tests(media, self.shape[moved])
        )
        taken = self._accepted(moved, log_likelihood, gain)
        self.log_likelihood[moved[taken]] = log_likelihood[taken]
        return taken

    def _move_channels(self, moved: Indices, other: Indices, channels: Indices) -> None:
        new = self.propose(moved, other, channels)
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

    def _jump(
        self, old: Array, old_family: Indices, other: Indices, channels: Indices
    ) -> tuple[Array, Indices, Array] | None:
        """As `Particles` does; two channels that are spent alike are exchanged, which undoes itself.

        Shapes change places, and either what the channels bring or nothing else. Where both are spent alike, the rows
        are explained as well as before, so that a particle gets past what small steps cannot: what one channel gains
        the other must lose, size and carry-over alike.
        """
        if len(channels) == 1:
            return super()._jump(old, old_family, other, channels)
        if not self.alike[channels[0], channels[1]]:
            return None
        new = old[:, ::-1].copy()
        total = np.log(self.mix.total[channels])
        new[:, :, 0] += total[::-1] - total
        kept = self.rng.random(len(old)) < 0.5
        new[kept, :, 0] = old[kept, :, 0]
        return new, old_family[:, ::-1], np.zeros(len(old))
