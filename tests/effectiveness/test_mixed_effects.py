"""The mixed-effects regression: scikit-learn's own checks, closed forms, and coverage on simulated truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.estimator_checks import every_check

from channelmix.effectiveness.published.mixed_effects import MixedEffectsRegressor


@every_check([MixedEffectsRegressor(), MixedEffectsRegressor(effect_scale=1.0, effect_spread=0.5)])
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def simulated(rng: np.random.Generator, sources: int = 12, each: int = 6) -> tuple[Any, Any]:
    """Figures of four countries by several sources, with effects of known size."""
    country = {name: rng.normal(0, 0.5) for name in "ABCD"}
    source = {f"s{k}": rng.normal(0, 0.4) for k in range(sources)}
    rows = [[rng.choice(list(country)), name] for name in source for _ in range(each)]
    y = [2.0 + country[c] + source[s] + rng.normal(0, 0.3) for c, s in rows]
    return np.array(rows, dtype=object), np.array(y)


def test_held_out_sources_are_covered() -> None:
    inside = []
    for seed in range(25):
        X, y = simulated(np.random.default_rng(seed))
        new = np.isin(X[:, 1], ["s0", "s1"])
        model = MixedEffectsRegressor(categorical=[0, 1], group=1).fit(X[~new], y[~new])
        low, high = model.predict_interval(X[new], 0.9)
        inside += ((y[new] >= low) & (y[new] <= high)).tolist()
    assert 0.84 <= np.mean(inside) <= 0.97


def test_scales_are_recovered_from_many_rows() -> None:
    X, y = simulated(np.random.default_rng(0), sources=60, each=10)
    model = MixedEffectsRegressor(categorical=[0, 1], group=1, effect_spread=2.0).fit(X, y)
    assert model.scales_[-1] == pytest.approx(0.3, rel=0.15)
    assert model.scales_[-2] == pytest.approx(0.4, rel=0.3)
    assert model.degrees_of_freedom_ == 59


def test_an_unknown_level_is_wider_than_a_known_one_and_shared_by_its_rows() -> None:
    X, y = simulated(np.random.default_rng(3))
    model = MixedEffectsRegressor(categorical=[0, 1], group=1).fit(X, y)
    _, deviation = model.predict(
        np.array([["A", "s0"], ["A", "new"], ["Z", "new"]], dtype=object), return_std=True
    )
    assert deviation[0] < deviation[1] < deviation[2]
    _, covariance = model.predict_joint(np.array([["A", "new"], ["B", "new"], ["B", "other"]], dtype=object))
    assert covariance[0, 1] > covariance[0, 2]


def test_equals_a_direct_solution_for_given_scales() -> None:
    """Henderson's mixed model equations, solved densely, give the same predictions."""
    rng = np.random.default_rng(5)
    X, y = simulated(rng)
    weight = rng.uniform(0.2, 1.0, len(y))
    model = MixedEffectsRegressor(categorical=[0, 1], group=1).fit(X, y, weight)
    scales = model.scales_ / y.std()
    levels = [sorted(set(X[:, j])) for j in range(2)]
    Z = np.hstack(
        [np.ones((len(y), 1)), *(X[:, [j]] == np.array([levels[j]], dtype=object) for j in range(2))]
    )
    precision = np.r_[
        1 / 9.0, np.full(len(levels[0]), scales[1] ** -2.0), np.full(len(levels[1]), scales[2] ** -2.0)
    ]
    w = weight / weight.mean() / scales[3] ** 2
    center = np.average(y, weights=weight)
    effects = np.linalg.solve(Z.T * w @ Z + np.diag(precision), Z.T * w @ ((y - center) / y.std()))
    assert model.predict(X) == pytest.approx(center + y.std() * (Z.astype(float) @ effects), rel=1e-8)


def test_weights_of_zero_leave_a_row_out() -> None:
    X, y = simulated(np.random.default_rng(7))
    weight = np.ones(len(y))
    weight[:5] = 0.0
    whole = MixedEffectsRegressor(categorical=[0, 1]).fit(X, y, weight)
    part = MixedEffectsRegressor(categorical=[0, 1]).fit(X[5:], y[5:])
    assert whole.predict(X) == pytest.approx(part.predict(X))


def test_bad_weights_are_refused() -> None:
    X, y = simulated(np.random.default_rng(7))
    with pytest.raises(ValueError, match="reliability"):
        MixedEffectsRegressor(categorical=[0, 1]).fit(X, y, -np.ones(len(y)))


def test_known_scales_spare_the_search() -> None:
    X, y = simulated(np.random.default_rng(9))
    searched = MixedEffectsRegressor(categorical=[0, 1], group=1).fit(X, y)
    known = MixedEffectsRegressor(categorical=[0, 1], group=1, scales=searched.scales_.tolist()).fit(X, y)
    assert known.scales_ == pytest.approx(searched.scales_)
    for ours, theirs in zip(known.predict_joint(X), searched.predict_joint(X), strict=True):
        assert ours == pytest.approx(theirs)


@pytest.mark.parametrize("scales", [[0.3, 0.4], [0.3, 0.4, 0.0, 0.3], [0.3, 0.4, np.nan, 0.3]])
def test_bad_scales_are_refused(scales: list[float]) -> None:
    X, y = simulated(np.random.default_rng(9))
    with pytest.raises(ValueError, match="scales must hold 4 positive numbers"):
        MixedEffectsRegressor(categorical=[0, 1], scales=scales).fit(X, y)


def test_noise_is_added_to_each_outcome_alone() -> None:
    X, y = simulated(np.random.default_rng(9))
    model = MixedEffectsRegressor(categorical=[0, 1], group=1).fit(X, y)
    mean, single = model.predict_joint(X[:5])
    same, level = model.predict_joint(X[:5], noise=False)
    assert mean == pytest.approx(same)
    assert single - level == pytest.approx(model.scales_[-1] ** 2 * np.eye(5))
