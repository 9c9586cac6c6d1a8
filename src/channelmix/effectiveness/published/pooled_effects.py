"""What experiments and returns say from the top down: one regression of each measure of published effects.

The logarithm of an effect is a common level, plus what its channel, its audience and its order value make of it, plus a
bias of the way it was found, plus what is peculiar to its source, plus noise that is the larger the less its kind of
source deserves trust. Claims without a comparison have a bias by channel, and each one of its own, besides. A company
is one more source, free of bias and noise. Effects near 0, or below, count by their likelihood, so that a trial that
found nothing tells that effects are small.

Scales, and how much less what deserves less trust counts, are not fixed but averaged over, weighted by how well they
explain the effects that are no claims, given the claims: claims that repeat each other agree without being accurate. So
a prediction is a mixture of normal distributions, one a set of scales.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from scipy.special import ndtr, ndtri

from channelmix.core.arrays import Array
from channelmix.datasets.effects import ComparableEffect, load_effects
from channelmix.datasets.facts import TRUST
from channelmix.effectiveness.constants import Z90

CHANNEL_SCALES = (0.2, 0.4, 0.7, 1.1)
SOURCE_SCALES = (0.2, 0.4, 0.6, 0.9, 1.3)
NOISE_SCALES = (0.15, 0.3, 0.5, 0.8)
CLAIM_SCALES = (0.7, 1.4, 2.8)
"""Scales averaged over: standard deviations of logarithms between channels, between sources, of a figure of full trust
around its source; and, beside what all claims are biased by, of the bias of claims about one channel and, once more, of
each claim's own. What is attributed is 0.85 to some 20 times what experiments find (RET029), which is 0.7 for either of
the two at the least: that claims agree with one another tells of no less, since they repeat each other."""

USUAL_SCALES = (0.5, 0.7, 0.4, 2.0)
"""Standard deviations of the half-normal priors of these scales."""

TRUST_POWERS = (0.5, 1.0, 2.0)
"""Powers of `TRUST` averaged over: by how much noise grows as a kind of source deserves less trust."""

TRUST_POWER_SPREAD = math.log(2.0)
"""Standard deviation of the normal prior of this power's logarithm, around 0."""

SETS_LEFT_OUT = 1e-2
"""Together, sets of scales of no more than this weight are left out of a prediction, which is then much faster."""

LEVEL_SCALE = 2.0
"""Prior standard deviation of the common level, around the mean of the effects."""

BIAS_SCALES: Mapping[str, float] = MappingProxyType(
    {"randomised": 0.0, "matched": 0.5, "modelled": 0.5, "elasticity": 0.85, "claimed": 1.5}
)
"""Prior standard deviation of the bias of each design: what is claimed without a comparison may be tenfold too high.
Elasticities come from models as well, and all are divided by one ratio of advertising to sales, of 1 to 9 percent
(CRV030): whatever that is off, all of them are."""

USUAL_ORDER = 40.0
"""Order value in US dollars at which effects are compared."""

AUDIENCES: Mapping[str, float] = MappingProxyType({"loyal": 0.5, "": 0.0, "cold": -0.5})
"""Place of an audience between cold and loyal; where a source does not say, half way."""

AUDIENCE_SLOPE = (0.7, 0.5)
ORDER_SLOPE = (-0.8, 0.25)
"""Prior mean and standard deviation of what lies, in logarithms, between a cold and a loyal audience, and of the
elasticity of orders to the order value: the dearer the order, the fewer a message brings. At -1 a message would bring
the same revenue whatever is sold."""

QUANTILE_PRECISION = 1e-9
"""Width to which a quantile of a logarithm is bracketed."""

MIXING_STEPS = 4001
"""Points of an integral over logarithms of effects."""


@dataclass(frozen=True, order=True)
class EffectSetting:
    """What an effect is predicted for.

    Parameters
    ----------
    channel, audience : str
    order_value : float
        In US dollars.
    """

    channel: str
    audience: str = ""
    order_value: float = USUAL_ORDER


@dataclass(frozen=True, eq=False)
class Mixture:
    """Mixture of joint normal distributions of logarithms.

    Parameters
    ----------
    weight : ndarray of shape (n_parts,)
    mean : ndarray of shape (n_parts, n_settings)
    covariance : ndarray of shape (n_parts, n_settings, n_settings)
    """

    weight: Array
    mean: Array
    covariance: Array

    def marginal(self, setting: int) -> tuple[Array, Array]:
        """Means and standard deviations of one setting's parts; shape (n_parts,) each."""
        return self.mean[:, setting], np.sqrt(self.covariance[:, setting, setting])

    def quantile(self, level: float, setting: int) -> float:
        """Quantile of one setting's logarithm."""
        return mixture_quantile(level, self.weight, *self.marginal(setting))

    def correlation(self) -> Array:
        """Correlations of the settings' logarithms, (n_settings, n_settings)."""
        centre = self.weight @ self.mean
        off = self.mean - centre
        total = np.einsum("p,pij->ij", self.weight, self.covariance) + (self.weight * off.T) @ off
        size = np.sqrt(np.diagonal(total))
        return np.asarray(total / np.outer(size, size))


def mixture_quantile(level: float, weight: Array, mean: Array, deviation: Array) -> float:
    """Quantile of a mixture of normal distributions, whose parts have shape (n_parts,)."""
    if len(weight) == 1:
        return float(mean[0] + deviation[0] * ndtri(level))
    low, high = float((mean - 9.0 * deviation).min()), float((mean + 9.0 * deviation).max())
    while high - low > QUANTILE_PRECISION:
        middle = 0.5 * (low + high)
        if float(weight @ ndtr((middle - mean) / deviation)) < level:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


class PooledEffects:
    """Regression of one measure of published effects; see the module.

    Parameters
    ----------
    effects : sequence of ComparableEffect
        Of one measure.

    References
    ----------
    Gelman, A. & Hill, J. (2007), "Data Analysis Using Regression and Multilevel/Hierarchical Models", chapters 11-13;
    Higgins, J., Thompson, S. & Spiegelhalter, D. (2009), "A re-evaluation of random-effects meta-analysis", Journal of
    the Royal Statistical Society A 172: the prediction for one more study.
    """

    def __init__(self, effects: Sequence[ComparableEffect]) -> None:
        self.effects = tuple(effects)
        seen = [in_logarithms(effect) for effect in effects]
        self._places = [_place_of(effect) for effect in effects]
        self._trust = np.array([TRUST[effect.fact.kind] for effect in effects])
        self._error = np.array([variance for _, variance in seen])
        log_values = np.array([mean for mean, _ in seen])
        self._off = log_values - _features(self._places) @ _SLOPES
        self._centre = float(np.average(self._off, weights=self._trust / (0.5 + self._error)))
        self._grid = _scales()
        spread = _covariance(self._grid, self._places, self._places)
        own = np.arange(len(effects))
        spread[:, own, own] += _noise(self._grid, effects) + self._error
        off = self._off - self._centre
        factor, pull, fit = _explained(spread, off)
        claims = np.array([effect.design == "claimed" for effect in effects], dtype=bool)
        fit -= _explained(spread[:, claims][:, :, claims], off[claims])[2]
        fit -= 0.5 * ((self._grid[:, :4] / USUAL_SCALES) ** 2).sum(axis=1)
        fit -= 0.5 * (np.log(self._grid[:, 4]) / TRUST_POWER_SPREAD) ** 2
        weight = np.exp(fit - fit.max())
        kept = _kept(weight / weight.sum())
        self._grid, self._factor, self._pull = self._grid[kept], factor[kept], pull[kept]
        self.weight = weight[kept] / weight[kept].sum()

    def scales(self) -> Array:
        """Posterior means of the scales between channels, between sources, of noise and of claims' further biases.

        Returns
        -------
        ndarray of shape (5,)
            The fifth is that of the power of trust.
        """
        return np.asarray(self.weight @ self._grid)

    def predict(self, settings: Sequence[EffectSetting]) -> Mixture:
        """Predict the logarithm of a company's own effects: of one new source, without bias or noise."""
        places = [
            _Place(s.channel, "the company itself", "randomised", s.audience, s.order_value) for s in settings
        ]
        return self._at(places, np.zeros((len(self._grid), len(settings))))

    def predict_figures(self, effects: Sequence[ComparableEffect]) -> Mixture:
        """Predict the logarithm of published figures themselves: with the bias of their design, and noise.

        Errors of the figures are left out: they belong to the figures.
        """
        factors = np.array([(math.log(effect.factor) / Z90) ** 2 for effect in effects])
        return self._at([_place_of(effect) for effect in effects], _noise(self._grid, effects) + factors)

    def _at(self, places: Sequence[_Place], noise: Array) -> Mixture:
        across = _covariance(self._grid, places, self._places)
        solved = np.linalg.solve(self._factor, np.swapaxes(across, 1, 2))
        mean = self._centre + (np.swapaxes(solved, 1, 2) @ self._pull)[..., 0] + _features(places) @ _SLOPES
        covariance = _covariance(self._grid, places, places) - np.swapaxes(solved, 1, 2) @ solved
        covariance[:, np.arange(len(places)), np.arange(len(places))] += noise
        return Mixture(self.weight, mean, covariance)


@cache
def pooled_effects(measure: str) -> PooledEffects:
    """Return the regression of all published effects of a measure, fitted when it is first asked for."""
    return PooledEffects([effect for effect in load_effects() if effect.measure == measure])


def in_logarithms(effect: ComparableEffect) -> tuple[float, float]:
    """Return mean and variance of the normal distribution that says of an effect's logarithm what its figure says.

    A figure with a standard error is a normal observation of the effect itself. Its likelihood is replaced by the
    normal distribution that, times a wide prior of the logarithm, has the moments of the posterior distribution
    (Minka, T. (2001), "Expectation propagation for approximate Bayesian inference", one site). So a figure of 0 says
    "small", as far as its error lets it.
    """
    factor = (math.log(effect.factor) / Z90) ** 2
    if effect.error is None:
        return math.log(effect.value), factor
    centre = math.log(max(effect.value, effect.error))
    logs = np.linspace(centre - 6.0 * LEVEL_SCALE, centre + 3.0 * LEVEL_SCALE, MIXING_STEPS)
    fit = (
        -0.5 * ((effect.value - np.exp(logs)) / effect.error) ** 2
        - 0.5 * ((logs - centre) / LEVEL_SCALE) ** 2
    )
    weight = np.exp(fit - fit.max())
    weight /= weight.sum()
    mean = float(weight @ logs)
    variance = float(weight @ (logs - mean) ** 2)
    precision = 1.0 / variance - 1.0 / LEVEL_SCALE**2
    return (mean / variance - centre / LEVEL_SCALE**2) / precision, 1.0 / precision + factor


@dataclass(frozen=True)
class _Place:
    """Where an effect was found."""

    channel: str
    source: str
    design: str
    audience: str
    order_value: float


def _place_of(effect: ComparableEffect) -> _Place:
    order_value = USUAL_ORDER if effect.order_value is None else effect.order_value
    return _Place(effect.channel, effect.source, effect.design, effect.audience, order_value)


def _scales() -> Array:
    """Sets of scales, and of the power of trust; (n_sets, 5)."""
    axes = (CHANNEL_SCALES, SOURCE_SCALES, NOISE_SCALES, CLAIM_SCALES, TRUST_POWERS)
    return np.array(list(itertools.product(*axes)))


def _explained(spread: Array, off: Array) -> tuple[Array, Array, Array]:
    """Cholesky factors (n_sets, n_effects, n_effects), what they leave (n_sets, n_effects, 1) and log densities."""
    factor = np.linalg.cholesky(spread)
    pull = np.linalg.solve(factor, np.broadcast_to(off, spread.shape[:2])[..., None])
    fit = -0.5 * (pull[..., 0] ** 2).sum(axis=1) - np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(factor), np.asarray(pull), np.asarray(fit)


def _kept(weight: Array) -> Array:
    """Which sets are heavy enough, in their order; (n_sets,)."""
    ascending = np.argsort(weight, kind="stable")
    kept = np.ones(len(weight), dtype=bool)
    kept[ascending[np.cumsum(weight[ascending]) <= SETS_LEFT_OUT]] = False
    return kept


def _noise(grid: Array, effects: Sequence[ComparableEffect]) -> Array:
    """Variance of what is wrong with each figure alone; (n_sets, n_effects)."""
    trust = np.array([TRUST[effect.fact.kind] for effect in effects])
    claimed = np.array([effect.design == "claimed" for effect in effects])
    noise, claims, power = (grid[:, k, np.newaxis] for k in (2, 3, 4))
    return np.asarray(noise**2 / trust**power + claims**2 * claimed)


_SLOPES = np.array([AUDIENCE_SLOPE[0], ORDER_SLOPE[0]])
_SLOPE_SCALES = np.array([AUDIENCE_SLOPE[1], ORDER_SLOPE[1]])


def _features(places: Sequence[_Place]) -> Array:
    """Audience and logarithm of the order value, each 0 where it is usual; (n_places, 2)."""
    return np.array([[AUDIENCES[p.audience], math.log(p.order_value / USUAL_ORDER)] for p in places])


def _covariance(grid: Array, left: Sequence[_Place], right: Sequence[_Place]) -> Array:
    """Prior covariance of levels for each set of scales, (n_sets, n_left, n_right)."""

    def same(name: str) -> Array:
        return np.array([[float(getattr(a, name) == getattr(b, name)) for b in right] for a in left])

    bias = np.array([BIAS_SCALES[place.design] ** 2 for place in left])[:, np.newaxis] * same("design")
    fixed = LEVEL_SCALE**2 + bias + (_features(left) * _SLOPE_SCALES**2) @ _features(right).T
    channel, source, claims = (grid[:, k, np.newaxis, np.newaxis] ** 2 for k in (0, 1, 3))
    claimed = np.array([place.design == "claimed" for place in left])[:, np.newaxis] * same("design")
    return np.asarray(fixed + (channel + claims * claimed) * same("channel") + source * same("source"))
