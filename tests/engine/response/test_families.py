"""Closed forms, derivatives, inflections and limits of every saturation family."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from channelmix import InputError, ResponseCurves

FAMILIES: dict[str, dict[str, float]] = {
    "hill": {"scale": 3.0, "half_saturation": 2.0, "slope": 2.5},
    "exponential": {"scale": 3.0, "rate": 2.0},
    "logistic": {"scale": 3.0, "lam": 0.7},
    "power": {"scale": 3.0, "exponent": 0.6},
    "logarithmic": {"scale": 3.0, "rate": 2.0},
    "capped_linear": {"scale": 3.0, "cap": 2.0, "spread": 0.4},
    "service": {
        "scale": 3.0,
        "cap": 2.0,
        "spread": 0.8,
        "handled": 0.3,
        "on_time": 0.6,
        "resolution": 0.8,
        "reach": 1.5,
        "criticism": 2.0,
        "praise": 0.4,
    },
}
SMOOTH = sorted(FAMILIES)
EXTREME = st.floats(-12.0, 12.0).map(lambda power: 10.0**power)


def build(family: str, **parameters: Any) -> ResponseCurves:
    make = getattr(ResponseCurves, family)
    curves = make(**{k: np.atleast_1d(v) for k, v in parameters.items()})
    assert isinstance(curves, ResponseCurves)
    return curves


def at(curves: ResponseCurves, spend: float) -> float:
    return float(curves.mean_value([spend])[0])


@pytest.mark.parametrize("slope", [0.3, 1.0, 2.0, 7.0])
def test_hill_at_half_saturation_is_half_of_scale(slope: float) -> None:
    assert at(build("hill", scale=10.0, half_saturation=4.0, slope=slope), 4.0) == pytest.approx(
        5.0, rel=1e-15
    )


@pytest.mark.parametrize("spend", [0.0, 0.3, 2.0, 11.0])
def test_closed_forms(spend: float) -> None:
    assert at(build("hill", scale=3.0, half_saturation=2.0, slope=2.5), spend) == pytest.approx(
        3.0 * spend**2.5 / (spend**2.5 + 2.0**2.5), rel=1e-14
    )
    assert at(build("exponential", scale=3.0, rate=2.0), spend) == pytest.approx(
        3.0 * (1 - np.exp(-spend / 2))
    )
    decay = np.exp(-0.7 * spend)
    assert at(build("logistic", scale=3.0, lam=0.7), spend) == pytest.approx(3.0 * (1 - decay) / (1 + decay))
    assert at(build("power", scale=3.0, exponent=0.6), spend) == pytest.approx(3.0 * spend**0.6)
    assert at(build("logarithmic", scale=3.0, rate=2.0), spend) == pytest.approx(3.0 * np.log(1 + spend / 2))
    assert at(build("capped_linear", scale=3.0, cap=2.0), spend) == pytest.approx(1.5 * min(spend, 2.0))


@pytest.mark.parametrize(("cap", "spread"), [(2.0, 0.1), (2.0, 1.0), (1.0, 5.0), (0.5, 400.0)])
@pytest.mark.parametrize("spend", [1e-3, 0.4, 1.9, 3.0, 30.0])
def test_capped_linear_is_the_expectation_over_a_random_cap(cap: float, spread: float, spend: float) -> None:
    def chance_that_cap_lies_above(c: float) -> float:
        return float(0.5 * (1.0 - np.tanh(0.5 * (c - cap) / spread)))

    # E[min(s, max(C, 0))] is the integral of P(C > c) over [0, s].
    corner = [cap] if cap < spend else None
    expected = integrate.quad(chance_that_cap_lies_above, 0.0, spend, epsrel=1e-13, points=corner, limit=200)[
        0
    ]
    got = at(build("capped_linear", scale=cap, cap=cap, spread=spread), spend)
    assert got == pytest.approx(expected, rel=1e-11)


def test_capped_linear_keeps_its_digits_near_zero_for_a_wide_spread() -> None:
    curve = build("capped_linear", scale=1.0, cap=1.0, spread=1e12)
    assert at(curve, 1e-4) == pytest.approx(0.5e-4, rel=1e-9)


def test_capped_linear_tends_to_the_sharp_corner() -> None:
    sharp, soft = (build("capped_linear", scale=3.0, cap=2.0, spread=s) for s in (0.0, 1e-6))
    for spend in (0.5, 2.0, 5.0):
        assert at(soft, spend) == pytest.approx(at(sharp, spend), abs=3e-6)


def test_tabulated_goes_through_its_points_and_is_flat_after_the_last() -> None:
    curves = ResponseCurves.tabulated([0.0, 1.0, 3.0], [[[0, 0], [2, 1], [3, 7]], [[0, 0], [4, 3], [5, 9]]])
    np.testing.assert_allclose(curves.value([1.0, 3.0]), [[2, 7], [4, 9]])
    np.testing.assert_allclose(curves.value([2.0, 0.5]), [[2.5, 0.5], [4.5, 1.5]])
    np.testing.assert_allclose(curves.value([9.0, 1e12]), [[3, 7], [5, 9]])
    np.testing.assert_allclose(curves.derivative([1.0, 0.0]), [[0.5, 1.0], [0.5, 3.0]])
    np.testing.assert_allclose(curves.derivative([3.0, 99.0]), 0.0)


def test_tabulated_is_the_same_at_amounts_of_all_draws_and_of_each() -> None:
    rng = np.random.default_rng(8)
    rise = rng.random((50, 9))
    rise[:, 0] = 0.0
    curve = ResponseCurves.tabulated(np.arange(9.0), rise.cumsum(axis=1)[:, :, np.newaxis]).cell(0)
    spend = np.append(np.arange(10.0), rng.uniform(0.0, 12.0, 30))[np.newaxis]
    each = np.repeat(spend, 50, axis=0)
    np.testing.assert_array_equal(curve.value(spend), curve.value(each))
    np.testing.assert_array_equal(curve.derivative(spend), curve.derivative(each))


@pytest.mark.parametrize("family", SMOOTH)
@pytest.mark.parametrize("spend", [1e-3, 0.21, 1.3, 2.0, 6.5])
def test_derivative_against_central_differences(family: str, spend: float) -> None:
    curves = build(family, **FAMILIES[family])

    def central(h: float) -> float:
        return (at(curves, spend + h) - at(curves, spend - h)) / (2.0 * h)

    h = 2e-3 * spend
    richardson = (4.0 * central(h) - central(2.0 * h)) / 3.0
    assert float(curves.derivative([spend])[0, 0]) == pytest.approx(richardson, rel=1e-8)


def test_derivative_at_zero() -> None:
    for slope, expected in ((0.5, np.inf), (1.0, 1.5), (2.0, 0.0)):
        assert build("hill", scale=3.0, half_saturation=2.0, slope=slope).derivative([0.0])[0, 0] == expected
    assert build("power", scale=3.0, exponent=0.5).derivative([0.0])[0, 0] == np.inf
    assert build("power", scale=3.0, exponent=1.0).derivative([0.0])[0, 0] == 3.0
    assert build("hill", scale=0.0, half_saturation=2.0, slope=0.5).derivative([0.0])[0, 0] == 0.0
    assert build("power", scale=0.0, exponent=0.5).derivative([0.0])[0, 0] == 0.0


@pytest.mark.parametrize("slope", [1.05, 1.5, 3.0, 12.0])
def test_hill_changes_curvature_at_its_inflection_and_nowhere_else(slope: float) -> None:
    curves = build("hill", scale=3.0, half_saturation=2.0, slope=slope)
    place = float(curves.inflection()[0, 0])
    spend = np.linspace(0.02, 6.0, 400)
    h = 1e-3
    bend = np.array([at(curves, s + h) - 2.0 * at(curves, s) + at(curves, s - h) for s in spend])
    clear = np.abs(spend - place) > 2 * h
    clear &= np.abs(bend) > 1e-14
    assert clear.sum() > 50
    np.testing.assert_array_equal(bend[clear] > 0.0, spend[clear] < place)


@pytest.mark.parametrize("family", [f for f in SMOOTH if f not in ("hill", "service")])
def test_other_families_are_concave(family: str) -> None:
    curves = build(family, **FAMILIES[family])
    assert curves.inflection()[0, 0] == 0.0
    slopes = [float(curves.derivative([s])[0, 0]) for s in np.linspace(1e-3, 9.0, 60)]
    assert (np.diff(slopes) <= 1e-15).all()


@pytest.mark.parametrize("family", SMOOTH)
@given(data=st.data())
@settings(max_examples=120, deadline=None, derandomize=True)
def test_extremes_are_finite_monotone_and_zero_at_zero(family: str, data: st.DataObject) -> None:
    parameters = {name: data.draw(EXTREME, name) for name in FAMILIES[family]}
    if "exponent" in parameters:
        parameters["exponent"] = min(parameters["exponent"], 1.0)
    if family == "service":
        for name in ("handled", "resolution"):
            parameters[name] = min(parameters[name], 1.0)
        parameters["on_time"] = min(parameters["on_time"], 1.0 - parameters["handled"])
    curves = build(family, **parameters)
    spend = np.sort([0.0, *(data.draw(EXTREME, "spend") for _ in range(4)), parameters.get("cap", 1.0)])
    value = np.array([at(curves, float(s)) for s in spend])
    slope = np.array([float(curves.derivative([float(s)])[0, 0]) for s in spend])
    assert value[0] == 0.0
    assert np.isfinite(value).all()
    assert (np.diff(value) >= -1e-14 * value[1:]).all()
    assert not np.isnan(slope).any()
    assert (slope >= 0.0).all()
    assert np.isfinite(slope[1:]).all()


BAD: list[tuple[str, dict[str, Any]]] = [
    ("hill", {"scale": np.nan, "half_saturation": 1.0, "slope": 1.0}),
    ("hill", {"scale": -1.0, "half_saturation": 1.0, "slope": 1.0}),
    ("hill", {"scale": 1.0, "half_saturation": 0.0, "slope": 1.0}),
    ("hill", {"scale": 1.0, "half_saturation": 1.0, "slope": -2.0}),
    ("hill", {"scale": 1.0, "half_saturation": np.inf, "slope": 1.0}),
    ("hill", {"scale": [1.0, 2.0], "half_saturation": [1.0, 2.0, 3.0], "slope": 1.0}),
    ("hill", {"scale": np.ones((2, 2, 2)), "half_saturation": 1.0, "slope": 1.0}),
    ("hill", {"scale": np.ones((0, 2)), "half_saturation": 1.0, "slope": 1.0}),
    ("hill", {"scale": ["much"], "half_saturation": 1.0, "slope": 1.0}),
    ("hill", {"scale": None, "half_saturation": 1.0, "slope": 1.0}),
    ("exponential", {"scale": 1.0, "rate": 0.0}),
    ("logistic", {"scale": 1.0, "lam": -1.0}),
    ("power", {"scale": 1.0, "exponent": 1.01}),
    ("power", {"scale": 1.0, "exponent": 0.0}),
    ("logarithmic", {"scale": 1.0, "rate": np.nan}),
    ("capped_linear", {"scale": 1.0, "cap": 0.0}),
    ("capped_linear", {"scale": 1.0, "cap": 1.0, "spread": -1.0}),
    ("service", {"scale": 1.0, "cap": 1.0, "spread": 0.0, "handled": 0.5}),
    ("service", {"scale": 1.0, "cap": 1.0, "spread": 0.1, "handled": 0.7, "on_time": 0.4}),
    ("service", {"scale": 1.0, "cap": 1.0, "spread": 0.1, "handled": 0.7, "resolution": 1.1}),
    ("service", {"scale": 1.0, "cap": 1.0, "spread": 0.1, "handled": 0.7, "criticism": -1.0}),
    ("tabulated", {"spend": [0.0, 1.0], "outcome": [[0.0], [-1.0]]}),
    ("tabulated", {"spend": [0.0, 1.0], "outcome": [[1.0], [2.0]]}),
    ("tabulated", {"spend": [1.0, 2.0], "outcome": [[0.0], [2.0]]}),
    ("tabulated", {"spend": [0.0, 0.0], "outcome": [[0.0], [2.0]]}),
    ("tabulated", {"spend": [0.0], "outcome": [[0.0]]}),
    ("tabulated", {"spend": [0.0, 1.0], "outcome": 5.0}),
    ("tabulated", {"spend": [0.0, 1.0], "outcome": np.zeros((2, 0))}),
    ("tabulated", {"spend": [0.0, 1.0], "outcome": [[0.0], [np.nan]]}),
    ("tabulated", {"spend": [0.0, "x"], "outcome": [[0.0], [1.0]]}),
]


@pytest.mark.parametrize(("family", "parameters"), BAD)
def test_bad_parameters_are_refused(family: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"^{family}: "):
        getattr(ResponseCurves, family)(**parameters)


def test_the_message_names_the_place_of_a_bad_number() -> None:
    with pytest.raises(InputError, match=r"^hill: slope\[1, 0\] = -2\.0 must be in \(0, inf\)$"):
        ResponseCurves.hill([[1.0], [1.0]], [[1.0], [1.0]], [[2.0], [-2.0]])
    with pytest.raises(InputError, match=r"^power: exponent\[0\] = 1\.15 must be in \(0, 1\]$"):
        ResponseCurves.power([1.0], [1.15])
    with pytest.raises(InputError, match=r"^capped_linear: spread\[0\] = -1\.0 must be in \[0, inf\)$"):
        ResponseCurves.capped_linear([1.0], [1.0], [-1.0])
