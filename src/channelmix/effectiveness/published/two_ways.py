"""One belief from two ways to what a contact brings.

From the bottom up: clicks, orders a click, and what would have been bought anyway. From the top down: experiments and
returns. Each way gives a distribution of the logarithm of the same number c, and may be off as a whole by a bias of its
method, which has a heavy-tailed prior:

    estimate from the bottom up = c + its bias + its error,    estimate from the top down = c + its bias + its error,

with c flat before. So the belief is proportional to the product of two likelihoods of c, each the distribution of an
estimate blurred by its bias. Where the ways agree the product is narrower than either; where they contradict each other
beyond their biases it holds both. (Densities multiplied without biases would narrow in either case.)

Where the company states its rate of orders, biases are logistic in place of Student's t. A logarithm of their density
that is concave is what makes the belief move the way that either way moves, however far they lie apart: with tails of
Student's t, published effects count the less the farther they lie above a stated rate, and worse ones would make the
belief better.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.special import digamma, expit, ndtri, polygamma

from channelmix.core.arrays import Array
from channelmix.effectiveness.published.pooled_effects import Mixture, mixture_quantile

FREEDOM = 2.0
"""Degrees of freedom of the biases' Student's t: tails so heavy that a way far off is given up."""

BIAS_UP, BIAS_DOWN = 1.0, 0.4
"""Scales of the biases of logarithms: a judgement, since few channels carry both ways, and none tells which of the two
is off. Whoever buys without a click is missed from the bottom up; experiments are made, and published, where effects
are expected, which is less of an error. What the figures say: beyond their own errors the ways of social media, text
messages and the app lie 1.24 apart (root mean square), and scales from a quarter of these to twice are about as likely.
`benchmarks/bench_two_ways.py` has that, and what half and twice of them change."""

STATED_BIAS = 0.61
"""Scale of the logistic biases of both ways where the company states its rate; none where it is the effect of its own
experiment. Its quartiles are those of a normal bias of standard deviation 1. Both are of one scale, so that between two
ways that lie far apart the belief is flat, and prefers neither."""

STEP, TAIL = 0.02, 9.0
"""Distance of two logarithms of a grid, and how many standard deviations it goes beyond the ways' means."""

EDGE = 1e-9
"""Probability from either end of an estimate beyond which no draw of it is placed."""


@dataclass(frozen=True)
class Count:
    """Logarithm of a share of which cases were counted: of a beta distribution."""

    yes: float
    no: float

    @property
    def mean(self) -> float:
        """Mean of the logarithm."""
        return float(digamma(self.yes) - digamma(self.yes + self.no))

    @property
    def variance(self) -> float:
        """Variance of the logarithm."""
        return float(polygamma(1, self.yes) - polygamma(1, self.yes + self.no))

    def density(self, logs: Array) -> Array:
        """Density at evenly spaced logarithms, up to a factor."""
        return _power(logs, self.yes, self.no - 1.0)

    def likelihood(self, logs: Array) -> Array:
        """Likelihood of what was counted, without the half a case of either kind that a beta distribution begins with.

        Where none was counted it is flat towards 0: a few cases of which none ordered exclude many orders, no more.
        """
        return _power(logs, self.yes - 0.5, self.no - 0.5)


@dataclass(frozen=True, eq=False)
class Way:
    """What one way says of the logarithm of a number.

    Parameters
    ----------
    weight, mean, deviation : ndarray of shape (n_parts,)
        A mixture of normal distributions.
    bias : float
        Scale of its method's bias; 0 for none.
    logistic : bool
        Whether the bias is logistic; else it has Student's t distribution.
    count : Count, optional
        What is added to the mixture.
    """

    weight: Array
    mean: Array
    deviation: Array
    bias: float
    logistic: bool = False
    count: Count | None = None

    @classmethod
    def up(cls, logs: Array) -> Self:
        """From the bottom up: draws of the logarithm, (n_draws,), taken to be normal."""
        return cls(np.ones(1), np.array([logs.mean()]), np.maximum([logs.std()], STEP), BIAS_UP)

    @classmethod
    def stated(cls, logs: Array, bias: float, least: float = STEP, count: Count | None = None) -> Self:
        """From what the company states of itself.

        Parameters
        ----------
        logs : ndarray of shape (n_draws,)
            Draws of the logarithm, without those of `count`.
        bias : float
            Scale of the bias; 0 for an experiment of its own.
        least : float
            Least standard deviation.
        count : Count, optional
            What was counted, which is no more normal than it is many.
        """
        deviation = np.maximum([logs.std()], STEP if count else least)
        mean = float(logs.mean())
        if count and count.variance < STEP**2:  # as good as normal, and too narrow for a grid
            mean, deviation, count = mean + count.mean, np.hypot(deviation, STEP), None
        return cls(np.ones(1), np.array([mean]), deviation, bias, True, count)

    @classmethod
    def down(cls, mixture: Mixture, setting: int, shift: float = 0.0, further: float = 0.0) -> Self:
        """From the top down: a prediction moved by `shift`, and as uncertain by a deviation of `further` besides."""
        mean, deviation = mixture.marginal(setting)
        return cls(mixture.weight, mean + shift, np.hypot(deviation, further), BIAS_DOWN)

    def beside_stated(self) -> Self:
        """Return it with the bias that it has beside what the company states."""
        return replace(self, bias=STATED_BIAS, logistic=True)

    @property
    def means(self) -> Array:
        """Means of the parts of the estimate; shape (n_parts,)."""
        return self.mean + (self.count.mean if self.count else 0.0)

    @property
    def widest(self) -> float:
        """Largest standard deviation of a part of the estimate."""
        return math.hypot(float(self.deviation.max()), math.sqrt(self.count.variance) if self.count else 0.0)

    @functools.cached_property
    def _table(self) -> tuple[Array, Array]:
        """Logarithms, and the probability of the estimate below each."""
        means = self.means
        logs = _grid(float(means.min()), float(means.max()), TAIL * self.widest)
        density = self.density(logs)
        density /= density.sum()
        return logs, np.cumsum(density) - 0.5 * density

    def quantile(self, level: float) -> float:
        """Quantile of the estimate, without the bias of its method."""
        if self.count is None:
            return mixture_quantile(level, self.weight, self.mean, self.deviation)
        logs, below = self._table
        return float(np.interp(level, below, logs))

    def place(self, draws: Array) -> Array:
        """Standard normal numbers that say how high draws lie in the estimate; shape of `draws`, 0 if all are one."""
        spread = draws.std()
        if spread == 0.0:
            return np.zeros(np.shape(draws))
        if self.count is None:
            return np.asarray((draws - draws.mean()) / spread)
        logs, below = self._table
        return np.asarray(ndtri(np.clip(np.interp(draws, logs, below), EDGE, 1.0 - EDGE)))

    @functools.cached_property
    def ends(self) -> tuple[float, float, float]:
        """Quantiles of 5 %, 50 % and 95 %."""
        low, median, high = (self.quantile(level) for level in (0.05, 0.5, 0.95))
        return low, median, high

    def density(self, logs: Array) -> Array:
        """Density of the estimate at evenly spaced logarithms, up to a factor."""
        if self.count is not None:
            return self._blurred(logs, self.count.density(logs - self.mean[0]))
        size = self.deviation[:, np.newaxis]
        parts = np.exp(-0.5 * ((logs - self.mean[:, np.newaxis]) / size) ** 2) / size
        return np.asarray(self.weight @ parts / math.sqrt(2.0 * math.pi))

    def blurred(self, logs: Array) -> Array:
        """Density of the estimate blurred by the bias, at evenly spaced logarithms, in units of their sum."""
        return self._biased(logs, self.density(logs))

    def likelihood(self, logs: Array) -> Array:
        """What the way says of each logarithm, up to a factor; of a count without what was supposed before it."""
        if self.count is None:
            return self.blurred(logs)
        return self._biased(logs, self._blurred(logs, self.count.likelihood(logs - self.mean[0])))

    def _blurred(self, logs: Array, counted: Array) -> Array:
        """Blur a count by the mixture, which is then of one part."""
        blur = np.exp(-0.5 * ((logs - logs.mean()) / self.deviation[0]) ** 2)
        return _convolved(counted, blur)

    def _biased(self, logs: Array, density: Array) -> Array:
        density = density / density.sum()
        if self.bias == 0.0:
            return density
        offs = (logs - logs.mean()) / self.bias
        student = (1.0 + offs**2 / FREEDOM) ** (-0.5 * (FREEDOM + 1.0))
        return _convolved(density, expit(offs) * expit(-offs) if self.logistic else student)


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


def combined(up: Way, down: Way, *others: Way) -> Belief:
    """Combine two ways, or more; see the module."""
    means = np.concatenate([way.means for way in (up, down, *others)])
    logs = _grid(
        float(means.min()),
        float(means.max()),
        TAIL * max(BIAS_UP, *(way.widest for way in (up, down, *others))),
    )
    said, of_down = up.likelihood(logs), down.blurred(logs)
    of_up = said if up.count is None else up.blurred(logs)
    density = said * of_down
    for way in others:
        density *= way.likelihood(logs)
    density /= density.sum()
    below = np.cumsum(density) - 0.5 * density
    explained = of_down / np.maximum(of_up + of_down, np.finfo(float).tiny)
    return Belief(logs, below, float(density @ explained))


def _grid(lowest: float, highest: float, far: float) -> Array:
    """Logarithms so far beyond two others, of an odd number, so that biases are blurred around the middle one."""
    n = 2 * math.ceil((0.5 * (highest - lowest) + far) / STEP) + 1
    return np.asarray(0.5 * (lowest + highest) + STEP * (np.arange(n, dtype=float) - n // 2))


def _power(logs: Array, yes: float, no: float) -> Array:
    """Share to a power times the rest to another, by the share's logarithm; up to a factor."""
    below = np.minimum(logs, -np.finfo(float).eps)
    fit = yes * below + no * np.log(-np.expm1(below))
    return np.where(logs < 0.0, np.exp(fit - fit[logs < 0.0].max(initial=-np.inf)), 0.0)


def _convolved(density: Array, blur: Array) -> Array:
    return np.asarray(np.convolve(density, blur / blur.sum(), mode="same"))
