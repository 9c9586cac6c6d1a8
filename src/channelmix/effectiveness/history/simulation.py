"""Companies drawn from the model's own prior: for prior predictive checks, and to see whether draws are calibrated.

References
----------
Talts, S. et al. (2018), "Validating Bayesian inference algorithms with simulation-based calibration", arXiv:1804.06788.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from channelmix.effectiveness.history.mix import Mix
from channelmix.effectiveness.history.sampler import Draws
from channelmix.effectiveness.history.shapes import FAMILIES

__all__ = ["Truth", "ranks", "simulated"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Truth:
    """What a company was drawn with: `log_roi` (n_channels,), `shape` (n_channels, 4), `family` (n_channels,)."""

    log_roi: Array
    shape: Array
    family: NDArray[np.int64]


def simulated(mix: Mix, rng: np.random.Generator) -> tuple[Mix, Truth]:
    """Draw all parameters from the prior and the outcome from them; the outcome takes the place of the mix's own."""
    log_roi = mix.priors.draw_log_roi(1, mix.n_channels, rng)[0]
    shape = rng.standard_normal((mix.n_channels, 4))
    family = rng.integers(FAMILIES, size=mix.n_channels)
    linear = mix.baseline.draw_prior(1, rng)
    n = len(mix.outcome)
    outcome = np.concatenate([mix.baseline.fixed, mix.baseline.walk], axis=1) @ linear.coefficients[0]
    outcome += linear.noise[0] * rng.standard_normal(n)
    for c in range(mix.n_channels):
        outcome += np.exp(log_roi[c]) * mix.series(c, shape[[c]], family[[c]])[0, :n]
    return replace(mix, outcome=outcome), Truth(log_roi, shape, family)


def ranks(truth: Truth, draws: Draws) -> Array:
    """Share of draws below the truth, uniform if draws are calibrated: log ROI, then shapes; (5 n_channels,)."""
    true = np.concatenate([truth.log_roi, truth.shape.ravel()])
    drawn = np.concatenate([draws.log_roi, draws.shape.reshape(len(draws.log_roi), -1)], axis=1)
    return np.asarray((drawn < true).mean(axis=0))
