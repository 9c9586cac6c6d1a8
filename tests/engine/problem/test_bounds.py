"""Bounds that rows imply, against fractions: never inside the exact bound, and outside it by rounding alone."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_array

from channelmix.core.arrays import Array
from channelmix.core.tolerances import EPSILON
from channelmix.engine.problem.bounds import _product_error, crossed, propagate, tighten


def exact(weights: Array, high: float, low_ends: Array, high_ends: Array, k: int) -> Fraction | None:
    """The bound on variable k that ``weights @ v <= high`` implies, or None if it implies none."""
    rest = Fraction(high)
    for j, weight in enumerate(weights.tolist()):
        if j == k:
            continue
        least = (low_ends if weight > 0.0 else high_ends)[j]
        if math.isinf(least):
            return None
        rest -= Fraction(weight) * Fraction(float(least))
    return rest / Fraction(float(weights[k]))


def agree(weights: Array, high: float, low_ends: Array, high_ends: Array) -> int:
    """Compare every end with the exact one; the number of ends that moved."""
    n = len(weights)
    box_low, box_high = low_ends.copy(), high_ends.copy()
    tighten(np.arange(n), weights, high, box_low, box_high)
    moved = 0
    for k, weight in enumerate(weights.tolist()):
        bound = exact(weights, high, low_ends, high_ends, k)
        ends, before, same = (box_high, high_ends, box_low) if weight > 0.0 else (box_low, low_ends, box_high)
        assert same[k] == (low_ends if weight > 0.0 else high_ends)[k]  # one side of each variable is bounded
        helps = bound is not None and (
            math.isinf(before[k])
            or (bound < Fraction(float(before[k])) if weight > 0.0 else bound > Fraction(float(before[k])))
        )
        if not helps:
            assert ends[k] == before[k]
            continue
        assert bound is not None
        moved += 1
        outside = (Fraction(float(ends[k])) - bound) * (1 if weight > 0.0 else -1)
        assert 0 <= outside <= 4 * Fraction(EPSILON) * abs(bound)
    return moved


@pytest.mark.parametrize("seed", range(3))
def test_ends_are_exact_up_to_rounding_outwards(seed: int) -> None:
    rng = np.random.default_rng([18, seed])
    moved = 0
    for _ in range(200):
        n = int(rng.integers(1, 7))
        spread = float(rng.choice([0.0, 1.0, 8.0]))
        weights = (
            rng.choice([-1.0, 1.0], n) * rng.uniform(0.1, 3.0, n) * 10.0 ** rng.uniform(-spread, spread, n)
        )
        low_ends = rng.uniform(-1.0, 1.0, n) * 10.0 ** rng.uniform(-spread, spread, n)
        high_ends = low_ends + rng.uniform(0.0, 2.0, n) * 10.0 ** rng.uniform(-spread, spread, n)
        point = rng.uniform(low_ends, high_ends)
        for _ in range(int(rng.integers(0, 3))):
            k = int(rng.integers(n))
            (low_ends if rng.random() < 0.5 else high_ends)[k] = rng.choice([-1.0, 1.0]) * math.inf
        low_ends, high_ends = np.minimum(low_ends, point), np.maximum(high_ends, point)
        moved += agree(weights, float(weights @ point), low_ends, high_ends)
    assert moved > 150


@pytest.mark.parametrize("size", [1e-318, 1e-312, 1e-300, 1e-200, 1.0, 1e200])
def test_ends_of_any_size(size: float) -> None:
    """Sums of tiny amounts lose no digits, and of huge ones nothing overflows."""
    rng = np.random.default_rng(7)
    moved = 0
    for _ in range(50):
        weights = rng.uniform(0.1, 3.0, 4)
        low_ends, high_ends = np.zeros(4), size * rng.uniform(0.5, 2.0, 4)
        high = float(weights @ high_ends) * 0.2
        box_high = high_ends.copy()
        tighten(np.arange(4), weights, high, low_ends.copy(), box_high)
        for k in range(4):
            bound = exact(weights, high, low_ends, high_ends, k)
            assert bound is not None
            end, before = Fraction(float(box_high[k])), Fraction(float(high_ends[k]))
            least = min(bound, before)
            assert least <= end <= least * (1 + Fraction(4 * EPSILON)) + 2 * Fraction(5e-324)
            moved += end < before
    assert moved > 20


def test_what_leaves_nothing_leaves_exactly_nothing() -> None:
    """The sum of the other amounts, rounded, would leave a crumb."""
    weights, low_ends = np.ones(4), np.array([0.1, 0.2, 0.3, 0.0])
    high = math.fsum(low_ends)
    rest = Fraction(high) - sum((Fraction(end) for end in low_ends.tolist()), Fraction(0))
    box_high = np.ones(4)
    tighten(np.arange(4), weights, high, low_ends.copy(), box_high)
    assert Fraction(float(box_high[3])) == max(rest, Fraction(0)) or abs(box_high[3]) < 1e-16
    box_high = np.ones(2)
    tighten(np.arange(2), np.array([0.7, 1.0]), 0.7 * 0.5, np.array([0.5, 0.0]), box_high)
    exactly = Fraction(0.7 * 0.5) - Fraction(0.7) * Fraction(0.5)
    assert exactly == 0
    assert box_high[1] == 0.0


def test_rounding_errors_of_products_are_exact() -> None:
    rng = np.random.default_rng(3)
    for a, b in zip(rng.normal(size=200).tolist(), (10.0 ** rng.uniform(-9, 9, 200)).tolist(), strict=True):
        assert Fraction(float(_product_error(a, b, a * b))) == Fraction(a) * Fraction(b) - Fraction(a * b)


def test_crossed_ends() -> None:
    assert not crossed(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    assert not crossed(np.array([1.0 + 1e-7]), np.array([1.0]))
    assert crossed(np.array([0.0, 1.0 + 1e-5]), np.array([1.0, 1.0]))
    assert crossed(np.array([1e-9]), np.array([0.0]))


def test_a_chain_of_rows_is_followed_to_its_end() -> None:
    """First at most 1, each of the others at most half of the one before."""
    A = np.array([[1.0, 0, 0, 0], [-0.5, 1.0, 0, 0], [0, -0.5, 1.0, 0], [0, 0, -0.5, 1.0]])
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        box_low, box_high = np.zeros(4), np.full(4, 100.0)
        high = np.array([1.0, 0.0, 0.0, 0.0])
        propagate(csr_array(A[order]), np.full(4, -math.inf), high[order], box_low, box_high)
        np.testing.assert_allclose(box_high, [1.0, 0.5, 0.25, 0.125], rtol=1e-14)
        assert box_low.tolist() == [0.0] * 4


def test_rows_of_one_variable_each() -> None:
    """Bounds on single variables, several on the same one among them, and a row after them that uses both."""
    A = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [1.0, 1.0]])
    low, high = np.array([0.0, 1.0, 0.5, -math.inf, 4.0]), np.array([5.0, 2.0, 4.0, 7.0, math.inf])
    box_low, box_high = np.full(2, -math.inf), np.full(2, math.inf)
    propagate(csr_array(A), low, high, box_low, box_high)
    np.testing.assert_allclose(box_low, [2.0, 1.0], rtol=1e-14)
    np.testing.assert_allclose(box_high, [3.5, 2.0], rtol=1e-14)
