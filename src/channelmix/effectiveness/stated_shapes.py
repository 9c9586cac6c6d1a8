"""Distributions of what a company states of itself, by their quantiles.

Each is in units in which an amount is 1, or in which a share, or a count, is a part of the most it can be. So the
interval that is listed is by construction the one that is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import betaincinv, expit, ndtr, ndtri

from channelmix.core.arrays import Array
from channelmix.effectiveness.constants import Z90

LEAST = 1e-3
"""Part of an amount that its draws do not fall below where a stated range reaches down to 0: prices divide."""

ENOUGH_CASES = 1e7
"""Cases of either kind beyond which a beta distribution is normal on the scale of odds, to its first five digits."""

GRID = np.asarray(ndtri((np.arange(256) + 0.5) / 256.0))
"""Standard normal quantiles over which a mean is worked out."""

USUAL_RATE, MOST_RATE = 0.25, 0.999
"""Rate up to which its odds vary as its kind does, and the one that a stated rate of 1 counts as."""

NEWTON_STEPS = 30
MEAN_TOLERANCE = 1e-10
"""Most steps of Newton's method for a middle, and the relative precision of the mean that it leads to."""


@dataclass(frozen=True)
class TwoPiece:
    """Normal on a scale without ends, with a spread of its own on either side of the median.

    The 5 % and 95 % quantiles are `low` and `high`. The scale is that of logarithms for amounts and that of odds for
    shares. A side from or to 0, or the most there is, has no such scale: there it is linear, and cut.

    Parameters
    ----------
    low, middle, high : float
    bounded : bool
        Whether 1 is the most there is.
    """

    low: float
    middle: float
    high: float
    bounded: bool

    @property
    def interval(self) -> tuple[float, float]:
        """Its 5 % and 95 % quantiles."""
        return self.low, self.high

    def draws(self, normal: Array) -> Array:
        """Map standard normal numbers to draws, in their order."""
        if self.low == self.high:
            return np.full(np.shape(normal), self.middle)
        below, above = np.minimum(normal, 0.0) / -Z90, np.maximum(normal, 0.0) / Z90
        return np.where(normal < 0.0, self._side(self.low, below), self._side(self.high, above))

    def _side(self, end: float, part: Array) -> Array:
        """One side: `part` is 0 at the middle and 1 at the end."""
        if self._has_scale(end) and self._has_scale(self.middle):
            start, stop = self._scale(self.middle), self._scale(end)
            on_scale = start + (stop - start) * part
            return np.asarray(expit(on_scale) if self.bounded else np.exp(on_scale))
        least, most = (0.0, 1.0) if self.bounded else (LEAST * self.middle, math.inf)
        return np.clip(self.middle + (end - self.middle) * part, least, most)

    def _has_scale(self, value: float) -> bool:
        return value > 0.0 and not (self.bounded and value >= 1.0)

    def _scale(self, value: float) -> float:
        return math.log(value / (1.0 - value)) if self.bounded else math.log(value)

    def as_rate(self, span: float) -> TwoPiece:
        """Return it with a low end that is at most the high one over `span`."""
        return replace(self, low=min(self.low, self.high / span))

    def widened(self, factor: float) -> TwoPiece:
        """Return it with ends that lie at least a factor's square apart: of the amount, or of the odds of a share."""
        ends = self.low, self.middle, self.high
        if not all(map(self._has_scale, ends)):
            return self
        low, middle, high = map(self._scale, ends)
        width, least = high - low, 2.0 * math.log(factor)
        if width >= least * (1.0 - MEAN_TOLERANCE):
            return self
        down, up = ((middle - low) / width, (high - middle) / width) if width > 0.0 else (0.5, 0.5)
        back: Callable[[float], float] = expit if self.bounded else math.exp
        return TwoPiece(
            float(back(middle - least * down)), self.middle, float(back(middle + least * up)), self.bounded
        )


@dataclass(frozen=True)
class LogNormal:
    """Log-normal distribution of mean 1; `deviation` is that of the logarithm."""

    deviation: float

    @property
    def interval(self) -> tuple[float, float]:
        """Its 5 % and 95 % quantiles."""
        low, high = self.draws(np.array([-Z90, Z90]))
        return float(low), float(high)

    def draws(self, normal: Array) -> Array:
        """Map standard normal numbers to draws, in their order."""
        return np.asarray(np.exp(self.deviation * normal - 0.5 * self.deviation**2))


@dataclass(frozen=True)
class Counted:
    """Beta distribution of a share of which `yes` cases were counted against `no`."""

    yes: float
    no: float

    @property
    def interval(self) -> tuple[float, float]:
        """Its 5 % and 95 % quantiles."""
        low, high = self.draws(np.array([-Z90, Z90]))
        return float(low), float(high)

    def draws(self, normal: Array) -> Array:
        """Map standard normal numbers to draws, in their order."""
        if min(self.yes, self.no) < ENOUGH_CASES:
            return np.asarray(betaincinv(self.yes, self.no, ndtr(normal)))
        deviation = math.sqrt(1.0 / self.yes + 1.0 / self.no)
        return np.asarray(expit(math.log(self.yes / self.no) + deviation * normal))


Shape = TwoPiece | LogNormal | Counted


@lru_cache(maxsize=4096)
def assumed_amount(factor: float) -> TwoPiece:
    """Amount of mean 1 with the 90 % interval ``[1 / factor, factor]``."""
    ends = -math.log(factor), math.log(factor)
    middle = _middle(*ends, 1.0, np.exp, np.exp, 0.0)
    return TwoPiece(math.exp(ends[0]), math.exp(middle), math.exp(ends[1]), bounded=False)


@lru_cache(maxsize=65536)
def assumed_share(share: float, factor: float) -> TwoPiece:
    """Share above 0 and below 1, its mean, whose odds lie within a factor, 9 times in 10."""
    start = math.log(share / (1.0 - share))
    ends = start - math.log(factor), start + math.log(factor)

    def slope(logits: Array) -> Array:
        part = expit(logits)
        return np.asarray(part * (1.0 - part))

    middle = _middle(*ends, share, expit, slope, start)
    low, typical, high = (float(expit(each)) for each in (ends[0], middle, ends[1]))
    return TwoPiece(low, typical, high, bounded=True)


def _middle(
    low: float,
    high: float,
    mean: float,
    back: Callable[[Array], Array],
    slope: Callable[[Array], Array],
    start: float,
) -> float:
    """Where on a scale the median is for a mean, the 5 % and 95 % quantiles given.

    `back` leads from the scale to the share or amount, `slope` is its derivative.
    """
    below, above = np.minimum(GRID, 0.0) / Z90, np.maximum(GRID, 0.0) / Z90
    moves = 1.0 + below - above
    middle = start
    for _ in range(NEWTON_STEPS):
        on_scale = middle + (middle - low) * below + (high - middle) * above
        off = float(back(on_scale).mean()) - mean
        if abs(off) <= MEAN_TOLERANCE * mean:
            break
        middle = min(max(middle - off / float((slope(on_scale) * moves).mean()), low), high)
    return middle


def measured_share(share: float, cases: float) -> Counted:
    """Belief in a share that was measured on so many cases: half a case of either kind is added (Jeffreys' prior).

    So none counted is less than one, and less the more cases were looked at: densities of two counts have a ratio that
    rises with the share, as those of two numbers of cases have.
    """
    return Counted(share * cases + 0.5, (1.0 - share) * cases + 0.5)


def rate_span(factor: float) -> float:
    """Ratio of the ends of a rate of `USUAL_RATE` whose odds lie within a factor either way."""
    odds = USUAL_RATE / (1.0 - USUAL_RATE)
    return factor**2 * (1.0 + odds / factor) / (1.0 + odds * factor)


def assumed_rate(rate: float, factor: float) -> TwoPiece:
    """Rate above 0, its mean, whose odds lie within a factor, 9 times in 10.

    Odds of a rate close to 1 may vary while it hardly does. So above `USUAL_RATE` they vary the more, by as much as
    keeps the ratio of both ends; above some 0.9 the mean is as high as such ends allow.
    """
    share = min(rate, MOST_RATE)
    if share > USUAL_RATE:  # high / low = span is quadratic in the factor of the odds
        odds, span = share / (1.0 - share), rate_span(factor)
        linear = odds * (1.0 - span)
        factor = 0.5 * (-linear + math.sqrt(linear**2 + 4.0 * span))
    return assumed_share(share, factor)


def measured_amount(variation: float, cases: float) -> LogNormal:
    """Belief in the mean of so many observations, whose standard deviation over their mean is `variation`."""
    return LogNormal(math.sqrt(math.log1p(variation**2 / cases)))
