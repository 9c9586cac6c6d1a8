"""The envelope: never below the mean anywhere, exact on its grid, never raised by refinement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles import random_curves

from channelmix import ResponseCurves
from channelmix.engine.response import Envelope, Family

FAMILIES = (
    "hill",
    "exponential",
    "logistic",
    "power",
    "logarithmic",
    "capped_linear",
    "service",
    "tabulated",
)
ROUNDING = 1e-12


def heights(envelope: Envelope, spend: np.ndarray) -> np.ndarray:
    return np.asarray(np.interp(spend, *envelope.vertices(envelope.grid[0], envelope.grid[-1])))


def height(envelope: Envelope, spend: float) -> float:
    return float(heights(envelope, np.array([spend]))[0])


def support(envelope: Envelope, price: float, low: float, high: float) -> float:
    """Upper bound of ``max F(s) - price * s`` over [low, high], both points of the grid."""
    spend, bound = envelope.vertices(low, high)
    return float(np.max(bound - price * spend))


def dense(envelope: Envelope) -> np.ndarray:
    """Even, clustered at the ends, and close to every grid point."""
    low, high = envelope.grid[0], envelope.grid[-1]
    even = np.linspace(low, high, 301)
    near = np.concatenate([envelope.grid + d * (high - low) for d in (-1e-4, -1e-9, 1e-9, 1e-4)])
    small = low + (high - low) * np.geomspace(1e-12, 1.0, 60)
    return np.asarray(np.clip(np.concatenate([even, near, small]), low, high))


def check(envelope: Envelope) -> None:
    spend = dense(envelope)
    mean = envelope.value(spend)
    slack = ROUNDING * max(float(envelope.mean[-1]), 1e-300)
    assert (heights(envelope, spend) >= mean - slack).all()
    low, high = float(envelope.grid[0]), float(envelope.grid[-1])
    steepness = float(mean.max()) / max(high - low, 1e-300)
    for price in (-steepness, 0.0, 0.3 * steepness, steepness, 5.0 * steepness):
        assert (
            support(envelope, price, low, high)
            >= np.max(mean - price * spend) - slack - ROUNDING * abs(price) * high
        )


@pytest.mark.parametrize("family", FAMILIES)
@given(seed=st.integers(0, 10**6), draws=st.sampled_from([1, 2, 3, 30]), points=st.integers(2, 12))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_never_below_the_mean_and_exact_on_the_grid(family: str, seed: int, draws: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    curve = random_curves(rng, 1, draws, family=family).cell(0)
    low = float(rng.choice([0.0, 0.3, 1.0]))
    grid = low + np.append(rng.random(points - 1) * 4.0, 4.0)
    envelope = Envelope(curve, np.append(grid, low))
    check(envelope)
    steep_start = not np.isfinite(curve.derivative(envelope.grid[np.newaxis, :1])).all()
    exact = envelope.grid[1:] if steep_start else envelope.grid
    np.testing.assert_allclose(
        heights(envelope, exact), envelope.value(exact), atol=1e-13 * envelope.mean[-1]
    )


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_refinement_never_raises_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curve = random_curves(rng, 1, int(rng.integers(1, 20)), family=str(rng.choice(FAMILIES))).cell(0)
    envelope = Envelope(curve, np.array([0.0, 1.0, 3.0]))
    spend = np.linspace(0.0, 3.0, 200)
    prices = rng.uniform(0.0, 5.0, 5)
    before = heights(envelope, spend)
    reached = [support(envelope, p, 0.0, 3.0) for p in prices]
    for _ in range(3):
        envelope.refine(rng.uniform(0.0, 3.0, 4))
        after = heights(envelope, spend)
        slack = ROUNDING * float(before.max())
        assert (after <= before + slack).all()
        tighter = [support(envelope, p, 0.0, 3.0) for p in prices]
        assert (np.array(tighter) <= np.array(reached) + slack + ROUNDING * prices * 3.0).all()
        before, reached = after, tighter
    check(envelope)


@pytest.mark.parametrize("family", FAMILIES)
def test_refined_step_by_step_or_built_at_once_is_the_same(family: str) -> None:
    curve = random_curves(np.random.default_rng(5), 1, 7, family=family).cell(0)
    extra = np.array([0.1, 0.5, 0.50001, 2.2])
    stepwise, at_once = (
        Envelope(curve, np.array([0.0, 1.0, 3.0])),
        Envelope(curve, np.append(extra, [0.0, 1.0, 3.0])),
    )
    assert all(stepwise.refine(np.array([s])) for s in extra)
    np.testing.assert_array_equal(stepwise.grid, at_once.grid)
    for a, b in zip(stepwise.vertices(0.0, 3.0), at_once.vertices(0.0, 3.0), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def wavy() -> Family:
    """Mean of steep curves with far apart inflections: it changes curvature many times."""
    return ResponseCurves.hill(
        np.ones((4, 1)), np.array([[0.2], [1.0], [3.0], [8.0]]), np.array([[9.0], [12.0], [15.0], [30.0]])
    ).cell(0)


def test_a_mean_with_several_changes_of_curvature() -> None:
    spend = np.linspace(0.01, 10.0, 4000)
    envelope = Envelope(wavy(), np.linspace(0.0, 10.0, 6))
    bends = np.sign(np.diff(envelope.value(spend), 2))
    assert np.count_nonzero(np.diff(bends[bends != 0.0])) >= 5
    check(envelope)
    loose = float((heights(envelope, spend) - envelope.value(spend)).max())
    envelope.refine(np.linspace(0.0, 10.0, 2001))
    check(envelope)
    tight = float((heights(envelope, spend) - envelope.value(spend)).max())
    assert loose > 0.1
    assert tight < 2e-3


def test_support_of_a_part_of_the_range() -> None:
    envelope = Envelope(wavy(), np.linspace(0.0, 10.0, 11))
    spend = np.linspace(2.0, 5.0, 2001)
    best = float(np.max(envelope.value(spend) - 0.1 * spend))
    assert best <= support(envelope, 0.1, 2.0, 5.0) <= support(envelope, 0.1, 0.0, 10.0)


def test_an_infinite_slope_is_bounded_by_the_line_from_the_right() -> None:
    envelope = Envelope(ResponseCurves.power([1.0], [0.5]).cell(0), np.array([0.0, 1.0]))
    check(envelope)
    assert height(envelope, 0.0) == pytest.approx(0.5)  # F(1) - F'(1)
    envelope.refine(np.array([1e-8]))
    assert height(envelope, 1e-9) < 1.1e-4


def test_knots_join_the_grid_and_nothing_outside_it_does() -> None:
    curve = ResponseCurves.tabulated([0.0, 1.0, 2.0, 5.0], [[0.0], [0.0], [4.0], [4.5]]).cell(0)
    envelope = Envelope(curve, np.array([0.5, 3.0]))
    np.testing.assert_array_equal(envelope.grid, [0.5, 1.0, 2.0, 3.0])
    assert not envelope.refine(np.array([0.1, 4.0, 1.0, 0.5]))
    spend = np.linspace(0.5, 3.0, 50)
    np.testing.assert_allclose(heights(envelope, spend), envelope.value(spend), atol=1e-14)


def test_a_single_amount() -> None:
    envelope = Envelope(wavy(), np.array([2.0, 2.0]))
    assert height(envelope, 2.0) == envelope.value(np.array([2.0]))[0] == support(envelope, 0.0, 2.0, 2.0)
