"""Losses beside spend: customers who opt out, and curves less what is lost."""

from __future__ import annotations

import json

import numpy as np
import pytest

import channelmix as cm
from channelmix.core.arrays import Array
from channelmix.engine.response import Envelope, Family
from channelmix.engine.response.families import Exponential, Hill, Points
from channelmix.engine.response.less_losses import LessLosses
from channelmix.engine.response.opt_outs import OptOuts
from channelmix.engine.response.tabulated import Tabulated

DRAWS = 20


def opt_outs(rng: np.random.Generator, draws: int = DRAWS) -> OptOuts:
    scale, rate = rng.uniform(0.5, 6.0, (2, draws, 1))
    return OptOuts.checked(scale=scale, rate=rate, half_left=rng.uniform(0.1, 20.0, (draws, 1)))


def lost_curves(rng: np.random.Generator) -> dict[str, Family]:
    scale, rate = rng.uniform(0.1, 3.0, (2, DRAWS, 1))
    points = np.array([0.0, 0.7, 2.0, 6.0])
    rise = np.append(np.zeros((DRAWS, 1)), rng.random((DRAWS, 3)), axis=1).cumsum(axis=1)
    return {
        "opt_outs": opt_outs(rng),
        "exponential": Exponential(scale, rate),
        "hill": Hill(scale, rate, np.ones_like(scale)),
        "s_shaped": Hill(scale, rate, np.full_like(scale, 2.5)),
        "tabulated": Tabulated.checked(spend=points, outcome=rise[:, :, np.newaxis]),
    }


def slopes_between(curve: Family, low: float, high: float) -> Array:
    """Slope of every draw at many amounts."""
    return curve.derivative(np.linspace(low, high, 101, endpoint=False)[np.newaxis])


def test_opt_outs_by_hand() -> None:
    """Of what 4 (1 - exp(-s / 2)) brings, half is lost at 3, where half of the customers are left."""
    curve = OptOuts.checked(scale=[4.0], rate=[2.0], half_left=[3.0])
    for spend in (0.0, 0.5, 3.0, 1e9):
        brought = 4.0 * (1.0 - np.exp(-spend / 2.0))
        assert curve.value(np.array([[spend]]))[0, 0] == pytest.approx(brought * spend / (spend + 3.0))
    assert curve.value(np.array([[3.0]]))[0, 0] == pytest.approx(2.0 * (1.0 - np.exp(-1.5)))


@pytest.mark.parametrize("seed", range(5))
def test_slopes_of_losses_lie_within_their_bounds(seed: int) -> None:
    rng = np.random.default_rng([77, seed])
    spends = np.unique(np.append(rng.uniform(0.0, 12.0, 8), [0.0, 12.0]))
    for name, curve in lost_curves(rng).items():
        ends = np.union1d(spends, curve.knots())
        values, slopes = (evaluate(ends[np.newaxis]) for evaluate in (curve.value, curve.derivative))
        low = Points(ends[:-1], values[:, :-1], slopes[:, :-1])
        high = Points(ends[1:], values[:, 1:], slopes[:, 1:])
        steepest, flattest = curve.slope_bounds(low, high)
        for k in range(len(ends) - 1):
            inside = slopes_between(curve, ends[k], ends[k + 1])
            if name != "s_shaped":  # which cannot be lost: a chord bounds its convex pieces
                assert (inside.max(axis=1) <= steepest[:, k] + 1e-12).all()
                assert (inside.min(axis=1) >= flattest[:, k] - 1e-12).all()
            assert (inside.max(axis=1) <= curve.steepest()[:, 0] + 1e-12).all()
        step = 1e-6
        inner = np.array([[0.31, 1.1, 4.7]])
        slope = (curve.value(inner + step) - curve.value(inner - step)) / (2 * step)
        np.testing.assert_allclose(curve.derivative(inner), slope, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("lost", ["opt_outs", "exponential", "hill", "tabulated"])
@pytest.mark.parametrize("gained", ["exponential", "s_shaped", "tabulated"])
def test_curves_less_losses_never_fall_and_stay_below_their_envelope(lost: str, gained: str) -> None:
    rng = np.random.default_rng([78, len(lost), len(gained)])
    gains, losses = lost_curves(rng)[gained], lost_curves(rng)[lost]
    curves = cm.ResponseCurves(("a",), (gains,))
    net, rates = curves.less(cm.ResponseCurves(("a",), (losses,)))
    curve = net.cell(0)
    assert isinstance(curve, LessLosses)
    spend = np.linspace(0.0, 15.0, 2001)
    value = curve.value(spend[np.newaxis])
    assert (np.diff(value, axis=1) >= -1e-12).all()
    by_hand = gains.value(spend[np.newaxis]) - losses.value(spend[np.newaxis]) + rates[0] * spend
    np.testing.assert_allclose(value, by_hand, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(curve.gross(spend[np.newaxis]), gains.value(spend[np.newaxis]))
    np.testing.assert_allclose(curve.lost(spend[np.newaxis]), losses.value(spend[np.newaxis]))
    envelope = Envelope(curve, np.array([0.0, 4.0, 15.0]))
    widest = []
    for _ in range(7):
        bound = np.interp(spend, *envelope.vertices(0.0, 15.0))
        assert (bound >= value.mean(axis=0) - 1e-10).all()
        widest.append(float((bound - value.mean(axis=0)).max()))
        envelope.refine(0.5 * (envelope.grid[1:] + envelope.grid[:-1]))
    assert widest[-1] < 0.05 * max(widest[0], 1e-3)


def test_curves_less_losses_are_joined_chosen_and_counted_in_other_units() -> None:
    rng = np.random.default_rng(79)
    names = tuple("abc")
    scale, rate = rng.uniform(0.5, 3.0, (2, DRAWS, 3))
    gains = cm.ResponseCurves.exponential(scale, rate, names=names)
    losses = cm.ResponseCurves(names, tuple(opt_outs(rng) for _ in names))
    net, rates = gains.less(losses)
    assert len(net.blocks) == 1
    spend = np.array([0.2, 1.0, 7.0])
    by_hand = gains.value(spend) - losses.value(spend) + rates * spend
    np.testing.assert_allclose(net.value(spend), by_hand)
    np.testing.assert_allclose(net.take([2, 0]).value(spend[[2, 0]]), by_hand[:, [2, 0]])
    np.testing.assert_allclose(net.of_draws([3, 1]).value(spend), by_hand[[3, 1]])
    np.testing.assert_allclose(net.rescaled(4.0, 0.5).value(spend / 4.0), by_hand / 0.5)
    nothing = cm.ResponseCurves.exponential(np.zeros(3), np.ones(3), names=names)
    same, none = gains.less(nothing)
    assert not none.any()
    assert [block.kind for block in same.blocks] == ["exponential"]


def test_opt_outs_are_stored() -> None:
    curves = cm.ResponseCurves(("a",), (opt_outs(np.random.default_rng(80)),))
    again = cm.ResponseCurves.from_dict(json.loads(json.dumps(curves.to_dict())))
    np.testing.assert_array_equal(again.value([2.5]), curves.value([2.5]))
