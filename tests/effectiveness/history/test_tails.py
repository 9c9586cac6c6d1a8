"""Precisions of rows against quadrature, the mixture they come from, and noise of known tails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma, multivariate_normal, norm, t
from tests.simulated_mixes import simulated

from channelmix.effectiveness.history.model.baseline import NOISE_SCALE, NOISE_SHAPE, Baseline
from channelmix.effectiveness.history.model.heavy_tails import TAILS, _fitted, tails_of
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.model.shapes import lagged
from channelmix.effectiveness.history.model.trend import Trend


def some_mix(weeks: int = 130) -> Mix:
    spend = np.random.default_rng(1).gamma(2.0, 0.5, (weeks, 2))
    trend = Trend(weeks - 1, 52.18, np.zeros(0), np.zeros(0))
    periods = np.arange(weeks)
    baseline = Baseline(trend.fixed(periods, np.zeros((weeks, 0))), trend.walk(periods), np.ones(weeks))
    total = 4.0 * spend.sum(axis=0) / spend.sum() * weeks
    return Mix([lagged(s) for s in spend.T], total, np.zeros(weeks), baseline, Priors(), np.zeros(2))


def test_normal_noise_has_the_evidence_of_the_multivariate_normal() -> None:
    """Given the noise variance that was found, the evidence is closed."""
    rng = np.random.default_rng(2)
    Z, scale = rng.standard_normal((30, 3)), np.array([[1.0, 2.0, 0.5], [3.0, 1.0, 1.0]])
    y = Z @ [1.0, -1.0, 0.3] + 0.7 * rng.standard_normal(30)
    weight, found = _fitted(Z, y, scale, np.array([np.inf, np.inf]), np.zeros((2, 30), dtype=bool))
    assert (weight == 1.0).all()
    expected = []
    for s in scale:
        K = np.eye(30) + (Z * s**2) @ Z.T
        variance = (y @ np.linalg.solve(K, y) + 2.0 * NOISE_SCALE) / (30 + 2.0 * NOISE_SHAPE)
        prior = -NOISE_SHAPE * np.log(variance) - NOISE_SCALE / variance
        expected.append(multivariate_normal(np.zeros(30), variance * K).logpdf(y) + prior)
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1])


@pytest.mark.parametrize("tail", [2.0, 8.0])
def test_precision_and_evidence_are_those_of_the_mixture_of_normals(tail: float) -> None:
    """Without columns the bound is exact: Student t noise of the variance found, and its mean precision given a row."""
    y = np.array([0.1, -0.3, 0.2, 5.0, 0.4])
    heavy = np.array([[True] * 5, [False] * 5])
    weight, found = _fitted(np.zeros((5, 1)), y, np.ones((2, 1)), np.array([tail, np.inf]), heavy)
    mixing = gamma(0.5 * tail, scale=2.0 / tail)
    prior = [2.0 * NOISE_SCALE, 5.0 + 2.0 * NOISE_SHAPE]
    variance = (weight[0] @ y**2 + prior[0]) / prior[1]
    for value, w in zip(y, weight[0], strict=True):
        likely = [
            quad(lambda p, v=value, k=k: p**k * norm.pdf(v, 0.0, np.sqrt(variance / p)) * mixing.pdf(p), 0.0, 40.0)[0]
            for k in (0, 1)
        ]  # fmt: skip
        assert w == pytest.approx(likely[1] / likely[0], rel=5e-3)
    plain = (y @ y + prior[0]) / prior[1]
    expected = t.logpdf(y / np.sqrt(variance), tail).sum() - norm.logpdf(y / np.sqrt(plain)).sum()
    for sign, v in ((1.0, variance), (-1.0, plain)):
        expected -= sign * (0.5 * prior[1] * np.log(v) + NOISE_SCALE / v)
    assert found[0] - found[1] == pytest.approx(expected, abs=5e-3)


def test_the_tail_is_found_and_rows_out_of_line_count_little() -> None:
    rng, chance = np.random.default_rng(3), []
    for tail in (np.inf, 2.0):
        found = [tails_of(simulated(some_mix(), rng, tail)[0]) for _ in range(12)]
        chance.append(np.mean([f.chance for f in found], axis=0))
        assert all(f.chance.sum() == pytest.approx(1.0) for f in found)
    assert chance[0][:2].sum() > 0.9
    assert chance[1][2:].sum() > 0.9
    mix = simulated(some_mix(), rng)[0]
    spoilt = mix.outcome.copy()
    spoilt[70] += 8.0
    rough = tails_of(replace(mix, outcome=spoilt))
    assert rough.precision[70] < 0.1
    assert rough.precision.argmin() == 70


def test_a_row_that_is_not_known_has_no_precision_and_does_not_matter() -> None:
    mix = simulated(some_mix(), np.random.default_rng(4), 2.0)[0]
    weight = np.ones(130)
    weight[20] = 0.0
    baseline = replace(mix.baseline, weight=weight)
    wild = mix.outcome.copy()
    wild[20] = 1e6
    found, expected = (tails_of(replace(mix, baseline=baseline, outcome=y)) for y in (wild, mix.outcome))
    assert found.precision == pytest.approx(expected.precision)
    assert found.precision[20] == 0.0
    assert len(found.chance) == len(TAILS)


def test_one_of_few_rows_of_an_event_is_not_given_up_for_the_others() -> None:
    """Two alike of three say little of an event; the same three rows of a frequent one may be out of line."""
    rng = np.random.default_rng(4)
    mix = simulated(some_mix(), rng, 4.0)[0]
    rows, brought = [10, 30, 50], [8.0, 8.0, 2.0]
    outcome = mix.outcome.copy()
    outcome[rows] += brought
    event = np.zeros((len(outcome), 1))
    event[rows] = 1.0
    named = replace(mix.baseline, fixed=np.concatenate([mix.baseline.fixed, event], axis=1))
    found = tails_of(replace(mix, baseline=named, outcome=outcome)).precision
    assert found[rows] == pytest.approx(found[rows[0]])
    assert found[rows[0]] > 0.5 * np.median(found)
    often = event.copy()
    often[::6] = 1.0
    other = replace(mix.baseline, fixed=np.concatenate([mix.baseline.fixed, often], axis=1))
    judged = tails_of(replace(mix, baseline=other, outcome=outcome)).precision
    assert judged[rows[0]] < 0.2 * np.median(judged)
