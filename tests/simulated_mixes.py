"""Companies drawn from the marketing-mix model's own prior, for simulation-based calibration.

References
----------
Talts, S. et al. (2018), "Validating Bayesian inference algorithms with simulation-based calibration", arXiv:1804.06788.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.effectiveness.history.model.baseline import (
    NOISE_SCALE,
    NOISE_SHAPE,
    WANDER,
    Baseline,
    BaselineDraws,
)
from channelmix.effectiveness.history.model.families import NUMBERS
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.sampling.particles import Draws
from channelmix.effectiveness.history.sampling.pooled_particles import MARKET_DIFFERENCES


@dataclass(frozen=True, eq=False)
class Truth:
    """What a company was drawn with: numbers of one draw, as `Draws` has them."""

    log_margin: Array
    log_roi: Array
    shape: Array
    family: NDArray[np.int64]


def simulated(mix: Mix, rng: np.random.Generator, tail: float = np.inf) -> tuple[Mix, Truth]:
    """Draw all parameters from the prior and the outcome from them; the outcome takes the place of the mix's own.

    The noise has `tail` degrees of freedom.
    """
    shape = rng.standard_normal((mix.n_channels, NUMBERS))
    log_margin = mix.draw_sizes(shape[np.newaxis], rng)[0]
    family = mix.priors.draw_family((mix.n_channels,), rng)
    return _with_outcome(mix, log_margin, shape, family, rng, tail)


def simulated_markets(mixes: Sequence[Mix], rng: np.random.Generator) -> tuple[list[Mix], list[Truth]]:
    """The same for markets that share shapes, and whose sizes lie around common ones; a mix and its truth a market."""
    mix = mixes[0]
    shape = rng.standard_normal((mix.n_channels, NUMBERS))
    common = mix.draw_sizes(shape[np.newaxis], rng)[0]
    family = mix.priors.draw_family((mix.n_channels,), rng)
    spread = rng.choice(MARKET_DIFFERENCES, size=mix.n_channels)
    found = [
        _with_outcome(each, common + spread * rng.standard_normal(mix.n_channels), shape, family, rng)
        for each in mixes
    ]
    return [each for each, _ in found], [truth for _, truth in found]


def _with_outcome(
    mix: Mix,
    log_margin: Array,
    shape: Array,
    family: NDArray[np.int64],
    rng: np.random.Generator,
    tail: float = np.inf,
) -> tuple[Mix, Truth]:
    """A mix with an outcome of these parameters, and of a baseline from the prior."""
    linear = baseline_from_prior(mix.baseline, 1, rng)
    n = len(mix.outcome)
    outcome = np.concatenate([mix.baseline.fixed, mix.baseline.walk], axis=1) @ linear.coefficients[0]
    outcome += linear.noise[0] * (rng.standard_normal(n) if np.isinf(tail) else rng.standard_t(tail, n))
    for c in range(mix.n_channels):
        outcome += np.exp(log_margin[c]) * mix.series(c, shape[[c]], family[[c]])[0, :n]
    log_roi = mix.log_roi(log_margin[np.newaxis], shape[np.newaxis])[0]
    return replace(mix, outcome=outcome), Truth(log_margin, log_roi, shape, family)


def baseline_from_prior(baseline: Baseline, n_draws: int, rng: np.random.Generator) -> BaselineDraws:
    """Draw the linear part from its prior."""
    noise = np.sqrt(NOISE_SCALE / rng.standard_gamma(NOISE_SHAPE, size=n_draws))
    step = noise * rng.choice(WANDER, size=n_draws)
    fixed = rng.standard_normal((n_draws, baseline.fixed.shape[1])) * baseline.scale * noise[:, np.newaxis]
    walk = rng.standard_normal((n_draws, baseline.walk.shape[1])) * step[:, np.newaxis]
    return BaselineDraws(np.concatenate([fixed, walk], axis=1), noise, step)


def ranks(truth: Truth, draws: Draws) -> Array:
    """Share of draws below the truth, uniform if draws are calibrated: log margin, log ROI, numbers of the shape."""
    true = np.concatenate([truth.log_margin, truth.log_roi, truth.shape.ravel()])
    drawn = np.concatenate(
        [draws.log_margin, draws.log_roi, draws.shape.reshape(len(draws.log_margin), -1)], axis=1
    )
    return np.asarray((drawn < true).mean(axis=0))
