"""The scales of the regressions of published figures, and their cross-validation by source.

The package holds the scales in `datasets/published/scales.csv`: a test searches them anew, and writes them when told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import stdtrit

from channelmix.core.arrays import Array
from channelmix.datasets.facts import Fact
from channelmix.effectiveness.published.meta_regression import (
    fit_quantity,
    regression_data,
    rows_of,
    setting_of_figure,
)
from channelmix.effectiveness.published.random_effects import INTERCEPT_SCALE, Rows, Standardized, same_level

EFFECT_SCALE, EFFECT_SPREAD = 0.3, 0.7
"""Prior of every scale: median, in standard deviations of the outcome, and standard deviation of its logarithm; chosen
by cross-validation over sources (benchmarks/bench_meta_regression.py)."""

SMALLEST, LARGEST = -6.0, 2.0
"""Range of the logarithms of the scales that are searched."""


def searched_scales(
    rows: Rows,
    y: Array,
    weight: Array,
    effect_scale: float = EFFECT_SCALE,
    effect_spread: float = EFFECT_SPREAD,
) -> Array:
    """Posterior mode of the scales that `fit_random_effects` takes, in units of the outcome.

    They have log-normal priors; the mode of the marginal likelihood times the priors is found by L-BFGS (type II
    maximum a posteriori).
    """
    data = Standardized.of(rows, y, weight)
    matches = [same_level(levels, levels) for levels in rows.levels]
    parts = [data.rows.numeric @ data.rows.numeric.T, *matches, np.diag(1.0 / data.weight)]
    return np.exp(most_likely(parts, data.target, math.log(effect_scale), effect_spread)) * data.unit


def scales_of(figures: Sequence[Fact]) -> Array:
    """Search the scales of one quantity's figures."""
    return searched_scales(*regression_data(figures)[:3])


def most_likely(parts: Sequence[Array], target: Array, prior: float, effect_spread: float) -> Array:
    """Posterior mode of the logarithms of all scales, each of which scales one part of the covariance."""
    n = len(target)

    def loss(log_scales: Array) -> tuple[float, Array]:
        variances = np.exp(2.0 * log_scales)
        covariance = np.full((n, n), INTERCEPT_SCALE**2) + 1e-9 * np.eye(n)
        for variance, part in zip(variances, parts, strict=True):
            covariance += variance * part
        factor = cho_factor(covariance, lower=True)
        pull = cho_solve(factor, target)
        inverse = cho_solve(factor, np.eye(n))
        off = (log_scales - prior) / effect_spread
        value = 0.5 * target @ pull + np.log(np.diag(factor[0])).sum() + 0.5 * off @ off
        slopes = [
            variance * float((inverse * part).sum() - pull @ part @ pull)
            for variance, part in zip(variances, parts, strict=True)
        ]
        return float(value), np.array(slopes) + off / effect_spread

    start = np.full(len(parts), prior)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(SMALLEST, LARGEST)] * len(parts))
    return np.asarray(found.x, dtype=float)


@dataclass(frozen=True)
class HeldOut:
    """A figure, and the 90 % interval predicted for it by the figures of all other sources."""

    figure: Fact
    low: float
    high: float


def held_out_predictions(figures: Iterable[Fact]) -> list[HeldOut]:
    """Hold out each source of one quantity's figures in turn, and predict its figures by the rest.

    The figures are in standard units, from at least two sources; scales are searched for every source held out.
    """
    known = tuple(figures)
    predictions = []
    for source in sorted({fact.source_title for fact in known}):
        out = [fact for fact in known if fact.source_title == source]
        rest = [fact for fact in known if fact.source_title != source]
        fitted = fit_quantity(rest, scales_of(rest).tolist())
        rows = rows_of([setting_of_figure(fact) for fact in out], fitted.middle_year)
        mean, covariance = fitted.regression.predict(rows)
        half = stdtrit(fitted.degrees_of_freedom, 0.95) * np.sqrt(np.diag(covariance))
        ends = zip(out, np.exp(mean - half).tolist(), np.exp(mean + half).tolist(), strict=True)
        predictions += [HeldOut(fact, low, high) for fact, low, high in ends]
    return predictions
