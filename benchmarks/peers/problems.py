"""Problems that every optimizer is given: one budget over Hill curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import channelmix as cm

__all__ = ["HillProblem", "draw_posterior", "draw_problem"]

Array = NDArray[np.float64]

CHANNELS = 6


@dataclass(frozen=True, eq=False)
class HillProblem:
    """Maximize ``sum scale * s^slope / (s^slope + half_saturation^slope)`` with ``sum s <= budget``.

    Parameters
    ----------
    scale, half_saturation, slope : ndarray of shape (n_channels,)
        Largest outcome; spend at half of it, in currency; steepness.
    budget : float
        In currency.
    """

    scale: Array
    half_saturation: Array
    slope: Array
    budget: float

    @property
    def equal_split(self) -> Array:
        """The budget in equal parts; shape (n_channels,)."""
        return np.full(len(self.scale), self.budget / len(self.scale))

    def value(self, spend: Array) -> float:
        """Outcome of `spend`, shape (n_channels,)."""
        z = (spend / self.half_saturation) ** self.slope
        return float((self.scale * z / (1.0 + z)).sum())

    def gradient(self, spend: Array) -> Array:
        """Marginal return of each channel at `spend`."""
        u = spend / self.half_saturation
        rise = self.slope * u ** (self.slope - 1.0) / (1.0 + u**self.slope) ** 2
        return np.asarray(self.scale / self.half_saturation * rise)

    def rescaled(self, currency: float = 1.0, outcome: float = 1.0) -> HillProblem:
        """The same problem with spend and outcome counted in other units, so many to one of today's."""
        return HillProblem(
            self.scale * outcome, self.half_saturation * currency, self.slope, self.budget * currency
        )

    def allocation(self) -> cm.AllocationProblem:
        """The same problem for channelmix."""
        curves = cm.ResponseCurves.hill(self.scale, self.half_saturation, self.slope)
        return cm.AllocationProblem(curves, cm.FixedBudget(self.budget))


def draw_problem(seed: int, s_shaped: bool) -> HillProblem:
    """Draw a problem of six channels; responses add up to 1 at most.

    The budget is 0.1 to 0.6 of the summed half-saturation, rounded to a multiple of 6,000 so that no peer loses by
    rounding its equal split. Concave curves have a slope of 1 (Meridian's default), S-shaped ones 1 to 3.
    """
    rng = np.random.default_rng([4, seed])
    scale = np.exp(0.5 * rng.normal(size=CHANNELS))
    half_saturation = 1e5 * np.exp(0.5 * rng.normal(size=CHANNELS))
    slope = rng.uniform(1.0, 3.0, CHANNELS)
    budget = 6000.0 * round(float(rng.uniform(0.1, 0.6) * half_saturation.sum()) / 6000.0)
    return HillProblem(scale / scale.sum(), half_saturation, slope if s_shaped else np.ones(CHANNELS), budget)


def draw_posterior(seed: int, channels: int = 12, draws: int = 1000) -> HillProblem:
    """Draw S-shaped curves with `draws` joint draws, parameters of shape (draws, channels); responses add up to 1e6."""
    rng = np.random.default_rng([5, seed])

    def scatter(centre: Array, spread: float) -> Array:
        return np.asarray(centre * np.exp(spread * rng.normal(size=(draws, channels))))

    scale = np.exp(0.5 * rng.normal(size=channels))
    half_saturation = 1e5 * np.exp(0.5 * rng.normal(size=channels))
    slope = 1.0 + scatter(rng.uniform(0.5, 2.0, channels), 0.15)
    budget = round(float(rng.uniform(0.1, 0.6) * half_saturation.sum()))
    return HillProblem(
        scatter(1e6 * scale / scale.sum(), 0.3), scatter(half_saturation, 0.3), slope, float(budget)
    )
