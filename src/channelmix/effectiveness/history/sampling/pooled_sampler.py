"""Draw from the posterior of several markets: move their particles from the prior, and read them out several times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.model.shared_shocks import SharedShocks
from channelmix.effectiveness.history.sampling.pace import Pace
from channelmix.effectiveness.history.sampling.particles import (
    Draws,
    SamplerReport,
    mix_until_independent,
    temper,
)
from channelmix.effectiveness.history.sampling.pooled_particles import PooledParticles, blocks_of
from channelmix.effectiveness.history.sampling.threads import on_cores

SNAPSHOTS, APART, SMALLEST = 4, 5, 200
"""Snapshots of the particles, sweeps between them, and the fewest particles: with snapshots, fewer are needed."""

STEPS_OF_BLOCK, USUAL_SWEEPS = 5.0, 12.0
"""Usual sweeps until a block counts fully, and afterwards, to say how long a fit will take."""


def sample_markets(
    mixes: Sequence[Mix],
    size: int,
    rng: np.random.Generator,
    shocks: SharedShocks | None = None,
    pace: Pace | None = None,
) -> tuple[list[Draws], SamplerReport]:
    """Draw `size` times from the common posterior of several markets' mixes.

    Parameters
    ----------
    mixes : sequence of Mix
        One a market, of the same channels and priors; a channel without spend in a market has a total of 0.
    size : int
    rng : numpy.random.Generator
    shocks : SharedShocks, optional
        What markets have in common in a period; by default nothing.
    pace : Pace, optional
        Of the fit. Where time is up, markets that have not joined are drawn around what the others say.

    Returns
    -------
    draws : list of Draws
        One a market; shapes and families are the same in all.
    report : SamplerReport
    """
    order = np.argsort([-np.count_nonzero(mix.baseline.weight) for mix in mixes], kind="stable")
    times = max(1, min(SNAPSHOTS, size // SMALLEST))
    shocks = None if shocks is None else shocks.of(order.tolist())
    with on_cores() as each:
        particles = PooledParticles([mixes[m] for m in order], -(-size // times), rng, shocks, each, pace)
        return _sampled(particles, order, times, size)


def _sampled(
    particles: PooledParticles, order: Indices, times: int, size: int
) -> tuple[list[Draws], SamplerReport]:
    """Move particles from the prior to the posterior, and read them out several times."""
    khat, log_evidence, markets = -np.inf, 0.0, len(particles.mixes)
    blocks = sum(end / markets for _, end in blocks_of(markets))
    particles.pace.expect(STEPS_OF_BLOCK * blocks + USUAL_SWEEPS + (times - 1) * APART)
    counted = 1.0
    while particles.blocks:
        particles.join()
        worst, evidence = temper(particles)
        khat, log_evidence = max(khat, worst), log_evidence + evidence
        if particles.power < 1.0:  # time is up: the markets that join now do not count
            counted = min(counted, particles.counted)
    effective, sweeps = mix_until_independent(particles, later=(times - 1) * APART)
    draws, columns, agreement = [], [], []
    for snapshot in range(times):
        for sweep in range(APART if snapshot else 0):
            particles.timed_sweep(at_least=(times - snapshot) * APART - 1 - sweep)
        draws.append(particles.draws())
        columns.append(particles.convergence_columns())
        agreement.append(particles.prior_agreement())
    effective = min(effective / len(particles) * _independent_part(np.stack(columns)), 1.0) * size
    sweeps += (times - 1) * APART
    held = float(np.mean(agreement))
    report = SamplerReport(
        effective,
        khat,
        log_evidence,
        held,
        sweeps,
        particles.judged(),
        counted,
        particles.pace.over,
    )
    return [Draws.joined([found[m] for found in draws], size) for m in np.argsort(order)], report


def _independent_part(columns: Array) -> float:
    """Independent share of snapshots of particles, (n_times, n_draws, n_columns).

    By the correlation of the snapshots of a particle, in the worst column.
    """
    times = len(columns)
    if times == 1:
        return 1.0
    within = columns.var(axis=0, ddof=1).mean(axis=0)
    between = times * columns.mean(axis=0).var(axis=0, ddof=1)
    alike = np.clip((between - within) / (between + (times - 1.0) * within), 0.0, 1.0)
    return float(1.0 / (1.0 + (times - 1.0) * alike.max()))
