"""Two ways to one number: narrower where they agree, both held where they contradict each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import logistic, norm, t

from channelmix.core.arrays import Array
from channelmix.effectiveness.published.two_ways import (
    BIAS_DOWN,
    BIAS_UP,
    FREEDOM,
    STATED_BIAS,
    Belief,
    Count,
    Way,
    combined,
)


def way(mean: float, deviation: float, bias: float) -> Way:
    return Way(np.ones(1), np.array([mean]), np.array([deviation]), bias)


def both(up: float, down: float, deviation: float = 0.5) -> Array:
    belief = combined(way(up, deviation, BIAS_UP), way(down, deviation, BIAS_DOWN))
    return belief.quantile(np.array([0.05, 0.5, 0.95]))


def test_the_belief_is_the_product_of_two_blurred_likelihoods() -> None:
    """Against sums over fine steps of densities of SciPy: they are smooth, so that nothing is lost between."""
    up, down = way(-1.5, 0.8, BIAS_UP), way(0.0, 0.6, BIAS_DOWN)
    belief = combined(up, down)
    points, biases = np.linspace(-8.0, 8.0, 401), np.linspace(-30.0, 30.0, 3001)

    def likelihood(mean: float, deviation: float, bias: float) -> Array:
        measured = norm.pdf(mean - points[:, np.newaxis] - biases, 0.0, deviation)
        return np.asarray(measured @ t.pdf(biases / bias, FREEDOM))

    density = likelihood(-1.5, 0.8, BIAS_UP) * likelihood(0.0, 0.6, BIAS_DOWN)
    below = np.cumsum(density) / density.sum()
    for level in (0.05, 0.5, 0.95):
        assert float(belief.quantile(level)) == pytest.approx(
            float(np.interp(level, below, points)), abs=0.03
        )


def test_ways_that_agree_narrow() -> None:
    low, middle, high = both(0.0, 0.0)
    assert middle == pytest.approx(0.0, abs=1e-3)
    alone = combined(way(0.0, 10.0, BIAS_UP), way(0.0, 0.5, BIAS_DOWN)).quantile(np.array([0.05, 0.95]))
    assert high - low < float(np.diff(alone)[0])


def test_ways_that_contradict_are_both_held() -> None:
    low, middle, high = both(-8.0, 0.0)
    assert low < -7.0
    assert high > 0.0
    assert middle > -4.0, "the bias from the bottom up is the larger one"


@pytest.mark.parametrize("apart", [0.0, 1.0, 2.0, 4.0, 8.0])
def test_the_interval_widens_with_the_contradiction(apart: float) -> None:
    low, _, high = both(-apart, 0.0)
    further_low, _, further_high = both(-apart - 1.0, 0.0)
    assert further_high - further_low > high - low


def test_the_weight_says_which_way_explains_the_belief() -> None:
    precise = combined(way(0.0, 2.0, BIAS_UP), way(0.0, 0.2, BIAS_DOWN))
    vague = combined(way(0.0, 0.2, BIAS_UP), way(0.0, 6.0, BIAS_DOWN))
    assert precise.weight_down > 0.6 > 0.4 > vague.weight_down


def test_draws_of_the_bottom_up_way() -> None:
    rng = np.random.default_rng(2)
    found = Way.up(rng.normal(-3.0, 0.7, 100_000))
    assert found.quantile(0.5) == pytest.approx(-3.0, abs=0.01)
    assert found.quantile(0.95) == pytest.approx(-3.0 + 1.645 * 0.7, abs=0.02)
    exact = Way.up(np.full(8, -2.0))
    assert exact.quantile(0.5) == pytest.approx(-2.0)


def test_nine_in_ten_intervals_hold_the_truth() -> None:
    """Truths from a wide flat range, biases and errors as they are assumed to be."""
    rng = np.random.default_rng(11)
    inside = 0
    runs = 800
    for _ in range(runs):
        truth = rng.uniform(-3.0, 3.0)
        up = truth + BIAS_UP * rng.standard_t(FREEDOM) + 0.8 * rng.standard_normal()
        down = truth + BIAS_DOWN * rng.standard_t(FREEDOM) + 0.6 * rng.standard_normal()
        low, high = combined(way(up, 0.8, BIAS_UP), way(down, 0.6, BIAS_DOWN)).quantile(
            np.array([0.05, 0.95])
        )
        inside += int(low < truth < high)
    assert abs(inside / runs - 0.9) < 4.0 * math.sqrt(0.09 / runs)


LEVELS = np.linspace(0.01, 0.99, 99)


def beside(stated: float, published: float, deviation: float = 0.5) -> Belief:
    one = Way.stated(np.full(8, stated), STATED_BIAS, deviation)
    return combined(one, way(published, deviation, BIAS_DOWN).beside_stated())


def test_beside_a_stated_rate_biases_are_logistic() -> None:
    """Against sums over fine steps of densities of SciPy."""
    belief = combined(
        Way.stated(np.full(8, -1.5), STATED_BIAS, 0.8), way(0.0, 0.6, BIAS_DOWN).beside_stated()
    )
    points, biases = np.linspace(-8.0, 8.0, 201), np.linspace(-20.0, 20.0, 2001)

    def likelihood(mean: float, deviation: float) -> Array:
        measured = norm.pdf(mean - points[:, np.newaxis] - biases, 0.0, deviation)
        return np.asarray(measured @ logistic.pdf(biases, 0.0, STATED_BIAS))

    density = likelihood(-1.5, 0.8) * likelihood(0.0, 0.6)
    below = np.cumsum(density) / density.sum()
    for level in (0.05, 0.5, 0.95):
        assert float(belief.quantile(level)) == pytest.approx(
            float(np.interp(level, below, points)), abs=0.05
        )


def test_a_belief_moves_the_way_that_either_way_moves() -> None:
    """However far apart: with tails of Student's t, the higher of two would count the less the higher it lies."""
    for stated in np.linspace(-14.0, 0.0, 8):
        found = [beside(stated, published).quantile(LEVELS) for published in np.linspace(-10.0, 0.0, 11)]
        assert (np.diff(found, axis=0) > 0.0).all()
    for published in (-8.0, -3.0):
        found = [beside(stated, published).quantile(LEVELS) for stated in np.linspace(-14.0, 0.0, 15)]
        assert (np.diff(found, axis=0) > 0.0).all()


def test_a_stated_rate_and_what_contradicts_it_are_both_held() -> None:
    widths = []
    for apart in range(10):
        low, high = beside(-float(apart), 0.0).quantile(np.array([0.05, 0.95]))
        widths.append(float(high - low))
    assert (np.diff(widths) > 0.0).all()
    low, middle, high = beside(-10.0, 0.0).quantile(np.array([0.05, 0.5, 0.95]))
    assert low < -9.0
    assert high > -1.0
    assert middle == pytest.approx(-5.0, abs=0.1), "neither is preferred"


@pytest.mark.parametrize("cases", [20.0, 1e3, 1e5, 1e7])
@pytest.mark.parametrize("bias", [0.0, STATED_BIAS])
def test_the_more_are_counted_the_more_is_believed(cases: float, bias: float) -> None:
    """Each quantile, from none to all that a grid resolves and beyond; and less of more cases."""
    down = way(-5.0, 0.9, BIAS_DOWN).beside_stated()

    def found(yes: float, n: float) -> Array:
        count = Count(yes + 0.5, n - yes + 0.5)
        return combined(Way.stated(np.zeros(8), bias, count=count), down).quantile(LEVELS)

    counts = [k for k in (0.0, 0.33, 1.0, 2.0, 5.0, 20.0, 2000.0, 4000.0) if k <= 0.5 * cases]
    beliefs = [found(k, cases) for k in counts]
    assert (np.diff(beliefs, axis=0) > 0.0).all()
    assert (found(0.0, 2.0 * cases) < beliefs[0]).all()
    assert (beliefs[0] < down.quantile(0.5) + 12.0).all()


def test_a_few_cases_of_which_none_ordered_change_little() -> None:
    down = way(-5.0, 0.9, BIAS_DOWN).beside_stated()
    nothing = combined(Way.stated(np.full(8, -5.0), 0.0, 8.0), down).quantile(LEVELS)
    few = combined(Way.stated(np.zeros(8), 0.0, count=Count(0.5, 20.5)), down).quantile(LEVELS)
    assert (few < nothing).all()
    assert few[49] > nothing[49] - 0.8
    many = combined(Way.stated(np.zeros(8), 0.0, count=Count(80.5, 2e5 - 79.5)), down).quantile(LEVELS)
    assert many[49] == pytest.approx(math.log(80.0 / 2e5), abs=0.05)


def test_places_of_a_count_are_normal() -> None:
    rng = np.random.default_rng(5)
    own = Way.stated(rng.normal(-1.0, 0.4, 4096), 0.0, count=Count(0.5, 200.5))
    draws = np.log(rng.beta(0.5, 200.5, 50_000)) + rng.normal(-1.0, 0.4, 50_000)
    place = own.place(draws)
    assert np.quantile(place, [0.05, 0.5, 0.95]) == pytest.approx([-1.645, 0.0, 1.645], abs=0.05)
    assert own.ends[1] == pytest.approx(float(np.median(draws)), abs=0.05)
