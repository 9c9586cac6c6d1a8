"""Service: its expectations in closed form, the limits of its mechanisms, and its bounds of the slope."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import expit
from tests.oracles import random_curves

from channelmix import InputError, ResponseCurves
from channelmix.engine.response import Envelope, Service
from channelmix.engine.response.families import Points

FULL = 1e3
"""Spend that handles any load of these tests."""


def service(**changed: Any) -> Service:
    figures: dict[str, Any] = {
        "scale": 3.0,
        "cap": 2.0,
        "spread": 0.4,
        "handled": 0.25,
        "on_time": 0.6,
        "resolution": 0.8,
        "reach": 1.5,
        "criticism": 2.0,
        "praise": 0.4,
    }
    (block,) = ResponseCurves.service(**figures | changed).blocks
    assert isinstance(block, Service)
    return block


def at(family: Service, spend: float) -> float:
    return float(family.value(np.array([[spend]]))[0, 0])


def quality(family: Service, spend: float) -> float:
    return float(family.quality(np.array([[spend]]))[0, 0])


@pytest.mark.parametrize("spend", [0.3, 1.5, 2.0, 2.6, 9.0])
def test_a_random_load_confirms_the_quality(spend: float) -> None:
    """A contact counts as handled if there is capacity for it, and as in time if there was enough for all."""
    load = np.maximum(np.random.default_rng(0).logistic(2.0, 0.4, 2_000_000), 0.0)
    handled = np.minimum(spend, load).mean() / load.mean()
    on_time = np.where(load <= spend, load, 0.0).mean() / load.mean()
    assert quality(service(), spend) == pytest.approx(0.25 * handled + 0.6 * on_time, abs=1e-3)


@pytest.mark.parametrize("spread", [0.01, 0.4, 30.0])
@pytest.mark.parametrize("spend", [1e-6, 0.005, 0.0081, 0.5, 1.9, 2.1, 40.0])
def test_what_is_handled_in_time_keeps_its_digits(spread: float, spend: float) -> None:
    """Three formulas take turns: each is held against the integral of the load's density."""
    family = service(spread=spread, handled=0.0, on_time=1.0)

    def contacts(t: float) -> float:
        return float(t * expit((t - 2.0) / spread) * expit((2.0 - t) / spread) / spread)

    inside = [p for p in (2.0 - 5 * spread, 2.0, 2.0 + 5 * spread) if 0.0 < p < spend]
    expected = integrate.quad(
        contacts, 0.0, spend, epsrel=1e-12, epsabs=0.0, points=inside or None, limit=200
    )[0]
    mean = spread * np.logaddexp(0.0, 2.0 / spread)
    assert quality(family, spend) == pytest.approx(expected / mean, rel=1e-9)


@pytest.mark.parametrize("spend", [0.01, 1.0, 2.2, 50.0])
def test_without_word_of_mouth_and_timing_it_is_the_capped_line(spend: float) -> None:
    plain = service(on_time=0.0, handled=0.8, reach=0.0)
    mean = float(0.4 * np.logaddexp(0.0, 5.0))
    line = ResponseCurves.capped_linear([3.0 * 0.8 * 2.0 / mean], [2.0], [0.4])
    assert at(plain, spend) == pytest.approx(float(line.mean_value([spend])[0]), rel=1e-13)


@pytest.mark.parametrize("spend", [0.4, 2.0, FULL])
def test_closed_form_of_word_of_mouth(spend: float) -> None:
    family = service()
    g = quality(family, spend)
    q = 0.8 * g
    avoided = 1.5 * (np.exp(-2.0 * (1 - q)) - np.exp(-2.0))
    praised = 1.5 * (1 - np.exp(-0.4 * q))
    assert at(family, spend) == pytest.approx(3.0 * g + avoided + praised, rel=1e-12)
    assert at(service(reach=0.0), spend) == pytest.approx(3.0 * g, rel=1e-12)


def test_perfect_service_leaves_no_criticism() -> None:
    """Whoever is answered in full, on time and with success has nothing to complain of."""
    perfect = service(handled=0.25, on_time=0.75, resolution=1.0)
    full = np.array([[FULL]])
    assert perfect.criticism_left(full)[0, 0] == pytest.approx(0.0, abs=1e-12)
    assert perfect.praise_won(full)[0, 0] == pytest.approx(1.5 * (1 - np.exp(-0.4)), rel=1e-12)
    assert service().criticism_left(full)[0, 0] > 0.1, "unsolved contacts remain"


def test_without_an_answer_all_criticism_spreads() -> None:
    nothing = np.array([[0.0]])
    assert service().criticism_left(nothing)[0, 0] == pytest.approx(1.5 * (1 - np.exp(-2.0)))
    assert service().praise_won(nothing)[0, 0] == service().value(nothing)[0, 0] == 0.0


def test_small_answers_keep_their_digits() -> None:
    """Among millions of exposures one contact avoids few: no digit of them is lost."""
    family = service(scale=0.0, praise=0.0, criticism=1e-9, handled=1.0, on_time=0.0)
    g = quality(family, 1e-6)
    assert at(family, 1e-6) == pytest.approx(1.5 * 1e-9 * 0.8 * g, rel=1e-8)
    assert at(service(criticism=1e12, resolution=1.0, on_time=0.75), FULL) == pytest.approx(
        3.0 + 1.5 * (1.0 + 1 - np.exp(-0.4)), rel=1e-2
    )


def test_rescaled_counts_in_other_units() -> None:
    family = service()
    other = family.rescaled(8.0, 0.25)
    for spend in (0.1, 2.0, 7.0):
        assert at(other, spend / 8.0) == pytest.approx(at(family, spend) / 0.25, rel=1e-13)


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(InputError, match="sum to at most 1"):
        service(handled=0.6, on_time=0.5)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_slope_leaves_its_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curve = random_curves(rng, 1, 5, family="service").cell(0)
    ends = np.sort(rng.uniform(0.0, 4.0, 2)) if rng.random() < 0.7 else np.sort(rng.uniform(0.9, 1.1, 2))
    low, high = (
        Points(end, curve.value(end[np.newaxis]), curve.derivative(end[np.newaxis]))
        for end in (ends[:1], ends[1:])
    )
    steepest, flattest = curve.slope_bounds(low, high)
    slopes = curve.derivative(np.linspace(ends[0], ends[1], 400)[np.newaxis])
    assert (slopes <= steepest * (1 + 1e-12)).all()
    assert (slopes >= flattest * (1 - 1e-12)).all()


def test_bounds_of_the_slope_meet_as_the_interval_shrinks() -> None:
    family, width = service(), 1e-6
    for start in (0.0, 0.5, 1.9, 3.0):
        low, high = (
            Points(end, family.value(end[np.newaxis]), family.derivative(end[np.newaxis]))
            for end in (np.array([start]), np.array([start + width]))
        )
        steepest, flattest = family.slope_bounds(low, high)
        assert steepest[0, 0] == pytest.approx(flattest[0, 0], rel=1e-4)


def test_the_envelope_converges_to_the_mean() -> None:
    curve = random_curves(np.random.default_rng(3), 1, 20, family="service").cell(0)
    spend = np.linspace(0.0, 4.0, 3001)
    slack = []
    for points in (9, 33, 129, 513):
        envelope = Envelope(curve, np.linspace(0.0, 4.0, points))
        height = np.interp(spend, *envelope.vertices(0.0, 4.0))
        slack.append(float((height - envelope.value(spend)).max()))
    assert all(finer < 0.2 * coarser for coarser, finer in itertools.pairwise(slack))
