"""Curves under price tiers against what a loop over the tiers buys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import channelmix as cm
from channelmix.engine.response.discounted import Discounted
from channelmix.engine.response.families import CappedLinear, Exponential, Family, Hill, Points

Array = NDArray[np.float64]

TIERS = ((2.0, 0.2), (5.0, 0.5))


def bought(spend: float, tiers: Any) -> float:
    """What money buys in units of the first price, tier by tier."""
    total, last, price = 0.0, 0.0, 1.0
    for start, discount in tiers:
        total += (min(spend, start) - last) / price if spend > last else 0.0
        last, price = start, 1.0 - discount
    return total + (max(spend - last, 0.0) / price)


def hill(draws: int = 3) -> Hill:
    spread = np.linspace(0.7, 1.5, draws)[:, np.newaxis]
    return Hill(4.0 * spread, 3.0 / spread, np.broadcast_to([[2.0]], (draws, 1)))


INNER: dict[str, Family] = {
    "hill": hill(),
    "exponential": Exponential(np.array([[2.0], [3.0]]), np.array([[1.0], [4.0]])),
    "capped": CappedLinear(np.array([[2.0]]), np.array([[3.0]]), np.array([[0.0]])),
}


@pytest.mark.parametrize("inner", INNER.values(), ids=INNER.keys())
def test_value_is_the_inner_curve_of_what_spend_buys(inner: Family) -> None:
    spend = np.array([0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 100.0])
    expected = inner.value(np.array([[bought(s, TIERS) for s in spend]]))
    np.testing.assert_allclose(Discounted.of(inner, TIERS).value(spend[np.newaxis]), expected, rtol=1e-13)


def test_what_spend_buys_by_hand() -> None:
    # 2 at the full price, 3 at 0.8 of it, 2 at half of it
    assert bought(7.0, TIERS) == pytest.approx(2.0 + 3.0 / 0.8 + 2.0 / 0.5)
    linear = CappedLinear(np.array([[100.0]]), np.array([[100.0]]), np.array([[0.0]]))
    assert Discounted.of(linear, TIERS).value(np.array([[7.0]]))[0, 0] == pytest.approx(9.75)


def test_a_first_tier_from_nothing_is_a_cheaper_price_throughout() -> None:
    spend = np.array([[0.5, 1.0, 7.0]])
    np.testing.assert_allclose(
        Discounted.of(hill(), ((0.0, 0.5),)).value(spend), hill().value(2.0 * spend), rtol=1e-14
    )


@pytest.mark.parametrize("inner", INNER.values(), ids=INNER.keys())
def test_derivative_against_differences(inner: Family) -> None:
    curve, h = Discounted.of(inner, TIERS), 1e-6
    spend = np.array([[0.3, 1.7, 2.3, 4.0, 5.5, 9.0]])
    slope = (curve.value(spend + h) - curve.value(spend - h)) / (2 * h)
    np.testing.assert_allclose(curve.derivative(spend), slope, rtol=1e-5, atol=1e-8)


def test_at_a_tiers_start_the_slope_is_to_the_right() -> None:
    curve, h = Discounted.of(hill(), TIERS), 1e-7
    for start, _ in TIERS:
        right = (curve.value(np.array([[start + h]])) - curve.value(np.array([[start]]))) / h
        np.testing.assert_allclose(curve.derivative(np.array([[start]])), right, rtol=1e-5)


tiers = st.lists(
    st.tuples(st.floats(0.01, 10.0), st.floats(0.0, 0.9)), min_size=1, max_size=4, unique_by=lambda t: t[0]
).map(lambda found: tuple(zip(sorted(t[0] for t in found), sorted(t[1] for t in found), strict=True)))


@settings(max_examples=80, deadline=None)
@given(tiers, st.floats(0.0, 12.0), st.floats(0.01, 6.0), st.sampled_from(sorted(INNER)))
def test_slope_bounds_bound_the_curve_between_knots(steps: Any, low: float, width: float, kind: str) -> None:
    """From either end of each piece that the knots leave, the curve lies below the line that the bounds give."""
    curve = Discounted.of(INNER[kind], steps)
    knots = curve.knots()
    ends = np.unique(np.concatenate([[low, low + width], knots[(knots > low) & (knots < low + width)]]))
    points = Points(ends, curve.value(ends[np.newaxis]), curve.derivative(ends[np.newaxis]))
    steep, flat = curve.slope_bounds(points.take(slice(-1)), points.take(slice(1, None)))
    share = np.linspace(0.0, 1.0, 20)[:, np.newaxis, np.newaxis]
    first, last = ends[:-1], ends[1:]
    spend = first + share * (last - first)
    value = np.array([curve.value(row) for row in spend])
    assert (value <= points.value[:, :-1] + steep * (spend - first) + 1e-9).all()
    assert (value <= points.value[:, 1:] - flat * (last - spend) + 1e-9).all()


def test_the_inner_curves_knots_are_found_in_spend() -> None:
    table = cm.ResponseCurves.tabulated([0.0, 3.0, 9.0], [[0.0], [2.0], [3.0]]).cell(0)
    curve = Discounted.of(table, TIERS)
    # The table's second point, 3 units, is reached with 2 at the full price and 1 at 0.8 of it; 9 come after 5.
    assert set(table.knots()) >= {3.0, 9.0}
    last = 5.0 + (9.0 - 2.0 - 3.0 / 0.8) * 0.5
    assert {2.0, 2.8, 5.0, last} <= {round(knot, 12) for knot in curve.knots().tolist()}
    np.testing.assert_allclose(curve.value(np.array([[2.8, last]])), [[2.0, 3.0]])


@pytest.mark.parametrize("spend_unit", [1e-6, 0.5, 1e6])
@pytest.mark.parametrize("inner", INNER.values(), ids=INNER.keys())
def test_rescaled_is_the_same_curve_in_other_units(inner: Family, spend_unit: float) -> None:
    curve, spend = Discounted.of(inner, TIERS), np.array([[0.0, 1.0, 3.0, 7.0]])
    told = curve.rescaled(spend_unit, 100.0)
    np.testing.assert_allclose(told.value(spend / spend_unit) * 100.0, curve.value(spend), rtol=1e-12)
    np.testing.assert_allclose(
        told.derivative(spend / spend_unit) * 100.0 / spend_unit, curve.derivative(spend), rtol=1e-9
    )


def test_some_cells_of_several_have_tiers() -> None:
    curves = cm.ResponseCurves.hill([3.0, 2.0], [1.0, 4.0], [2.0, 1.0], names=["a", "b"])
    tiered = curves.discounted(np.array([False, True]), TIERS)
    spend = np.array([3.0, 7.0])
    expected = curves.mean_value(np.array([3.0, bought(7.0, TIERS)]))
    np.testing.assert_allclose(tiered.mean_value(spend), expected, rtol=1e-13)
    assert tiered.names == curves.names
