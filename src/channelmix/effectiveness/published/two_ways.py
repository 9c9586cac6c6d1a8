"""One belief from two ways to what a contact brings.

From the bottom up: clicks, orders a click, and what would have been bought anyway. From the top down: experiments and
returns. Each way gives a distribution of the logarithm of the same number c, and may be off as a whole by a bias of its
method, which has a heavy-tailed prior:

    estimate from the bottom up = c + its bias + its error,    estimate from the top down = c + its bias + its error,

with c flat before. So the belief is proportional to the product of two likelihoods of c, each the distribution of an
estimate blurred by its bias. Where the ways agree the product is narrower than either; where they contradict each other
beyond their biases it holds both. (Densities multiplied without biases would narrow in either case.)
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.published.pooled_effects import Mixture, mixture_quantile

FREEDOM = 2.0
"""Degrees of freedom of the biases' Student's t: tails so heavy that a way far off is given up."""

BIAS_UP, BIAS_DOWN = 1.0, 0.4
"""Scales of the biases of logarithms: a judgement, since few channels carry both ways. For paid social media the way
from the bottom up is low by a factor of some 5, since it counts those who click; for text messages to loyal customers
by 2 to 3; to a cold list it is right. From the top down: experiments are made, and published, where effects are
expected."""

STEP, TAIL = 0.02, 9.0
"""Distance of two logarithms of a grid, and how many standard deviations it goes beyond the ways' means."""


@dataclass(frozen=True, eq=False)
class Way:
    """What one way says of the logarithm of a number.

    Parameters
    ----------
    weight, mean, deviation : ndarray of shape (n_parts,)
        A mixture of normal distributions.
    bias : float
        Scale of its method's bias.
    freedom : float
        Degrees of freedom of the bias; infinite for a normal one.
    """

    weight: Array
    mean: Array
    deviation: Array
    bias: float
    freedom: float = FREEDOM

    @classmethod
    def up(cls, logs: Array, stated: bool = False) -> Self:
        """From the bottom up: draws of the logarithm, (n_draws,), taken to be normal.

        What a company states of itself is never given up, however far it lies from what is published: its bias is
        normal. So a worse figure never makes the belief better.
        """
        deviation = np.maximum([logs.std()], STEP)
        return cls(np.ones(1), np.array([logs.mean()]), deviation, BIAS_UP, math.inf if stated else FREEDOM)

    @classmethod
    def down(cls, mixture: Mixture, setting: int, shift: float = 0.0, further: float = 0.0) -> Self:
        """From the top down: a prediction moved by `shift`, and as uncertain by a deviation of `further` besides."""
        mean, deviation = mixture.marginal(setting)
        return cls(mixture.weight, mean + shift, np.hypot(deviation, further), BIAS_DOWN)

    def quantile(self, level: float) -> float:
        """Quantile of the estimate, without the bias of its method."""
        return mixture_quantile(level, self.weight, self.mean, self.deviation)

    @functools.cached_property
    def ends(self) -> tuple[float, float, float]:
        """Quantiles of 5 %, 50 % and 95 %."""
        low, median, high = (self.quantile(level) for level in (0.05, 0.5, 0.95))
        return low, median, high

    def density(self, logs: Array) -> Array:
        """Density of the estimate at evenly spaced logarithms."""
        size = self.deviation[:, np.newaxis]
        parts = np.exp(-0.5 * ((logs - self.mean[:, np.newaxis]) / size) ** 2) / size
        return np.asarray(self.weight @ parts / math.sqrt(2.0 * math.pi))

    def likelihood(self, logs: Array) -> Array:
        """Density of the estimate blurred by the bias, at evenly spaced logarithms."""
        offs = (logs - logs.mean()) / self.bias
        if math.isinf(self.freedom):
            blur = np.exp(-0.5 * offs**2)
        else:
            blur = (1.0 + offs**2 / self.freedom) ** (-0.5 * (self.freedom + 1.0))
        return np.asarray(np.convolve(self.density(logs), blur / blur.sum(), mode="same"))


@dataclass(frozen=True, eq=False)
class Belief:
    """Distribution of a logarithm.

    Parameters
    ----------
    logs, below : ndarray of shape (n_points,)
        Logarithms in ascending order, and the probability below each.
    weight_down : float
        Part of the belief that lies where the way from the top down explains it better, from 0 to 1.
    """

    logs: Array
    below: Array
    weight_down: float

    def quantile(self, levels: Array | float) -> Array:
        """Quantiles of the logarithm; shape of `levels`."""
        return np.asarray(np.interp(levels, self.below, self.logs))


def combined(up: Way, down: Way) -> Belief:
    """Combine two ways; see the module."""
    means = np.concatenate([up.mean, down.mean])
    far = TAIL * max(float(up.deviation.max()), float(down.deviation.max()), BIAS_UP)
    half = 0.5 * float(np.ptp(means)) + far
    n = 2 * math.ceil(half / STEP) + 1  # odd, so that the bias is blurred around the middle
    logs: Array = 0.5 * float(means.min() + means.max()) + STEP * (np.arange(n, dtype=float) - n // 2)
    of_up, of_down = up.likelihood(logs), down.likelihood(logs)
    density = of_up * of_down
    density /= density.sum()
    below = np.cumsum(density) - 0.5 * density
    explained = of_down / np.maximum(of_up + of_down, np.finfo(float).tiny)
    return Belief(logs, below, float(density @ explained))
