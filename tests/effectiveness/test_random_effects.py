"""The regression with random effects: closed forms, and coverage on simulated truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import t
from tests.meta_regression import searched_scales

from channelmix.core.arrays import Array
from channelmix.effectiveness.published.random_effects import RandomEffects, Rows, fit_random_effects


def simulated(rng: np.random.Generator, sources: int = 12, each: int = 6) -> tuple[Any, Array]:
    """Figures of four countries by several sources, with effects of known size."""
    country = {name: rng.normal(0, 0.5) for name in "ABCD"}
    source = {f"s{k}": rng.normal(0, 0.4) for k in range(sources)}
    rows = [[rng.choice(list(country)), name] for name in source for _ in range(each)]
    y = [2.0 + country[c] + source[s] + rng.normal(0, 0.3) for c, s in rows]
    return np.array(rows, dtype=object), np.array(y)


def rows_of(table: Any) -> Rows:
    return Rows(np.empty((len(table), 0)), [column.tolist() for column in np.asarray(table, dtype=object).T])


def scales(X: Any, y: Array, weight: Array | None = None, scale: float = 0.4, spread: float = 1.0) -> Array:
    return searched_scales(rows_of(X), y, np.ones(len(y)) if weight is None else weight, scale, spread)


def fitted(X: Any, y: Array, weight: Array | None = None) -> RandomEffects:
    known = np.ones(len(y)) if weight is None else weight
    return fit_random_effects(rows_of(X), y, known, scales(X, y, weight).tolist())


def test_held_out_sources_are_covered() -> None:
    inside = []
    for seed in range(25):
        X, y = simulated(np.random.default_rng(seed))
        new = np.isin(X[:, 1], ["s0", "s1"])
        mean, covariance = fitted(X[~new], y[~new]).predict(rows_of(X[new]))
        sources = len(set(X[~new, 1]))
        half = t(sources - 1).ppf(0.95) * np.sqrt(np.diag(covariance))
        inside += (np.abs(y[new] - mean) <= half).tolist()
    assert 0.84 <= np.mean(inside) <= 0.97


def test_scales_are_recovered_from_many_rows() -> None:
    found = scales(*simulated(np.random.default_rng(0), sources=60, each=10), spread=2.0)
    assert found[-1] == pytest.approx(0.3, rel=0.15)
    assert found[-2] == pytest.approx(0.4, rel=0.3)


def test_an_unknown_level_is_wider_than_a_known_one_and_shared_by_its_rows() -> None:
    model = fitted(*simulated(np.random.default_rng(3)))
    _, covariance = model.predict(rows_of([["A", "s0"], ["A", "new"], ["Z", "new"]]))
    known, unknown, both = np.diag(covariance)
    assert known < unknown < both
    _, covariance = model.predict(rows_of([["A", "new"], ["B", "new"], ["B", "other"]]))
    assert covariance[0, 1] > covariance[0, 2]


def test_equals_a_direct_solution_for_given_scales() -> None:
    """Henderson's mixed model equations, solved densely, give the same predictions."""
    rng = np.random.default_rng(5)
    X, y = simulated(rng)
    weight = rng.uniform(0.2, 1.0, len(y))
    model = fitted(X, y, weight)
    found = scales(X, y, weight) / y.std()
    levels = [sorted(set(X[:, j])) for j in range(2)]
    Z = np.hstack(
        [np.ones((len(y), 1)), *(X[:, [j]] == np.array([levels[j]], dtype=object) for j in range(2))]
    )
    precision = np.r_[
        1 / 9.0, np.full(len(levels[0]), found[1] ** -2.0), np.full(len(levels[1]), found[2] ** -2.0)
    ]
    w = weight / weight.mean() / found[3] ** 2
    center = np.average(y, weights=weight)
    effects = np.linalg.solve(Z.T * w @ Z + np.diag(precision), Z.T * w @ ((y - center) / y.std()))
    expected = center + y.std() * (Z.astype(float) @ effects)
    assert model.predict(rows_of(X))[0] == pytest.approx(expected, rel=1e-8)


def test_a_prior_of_larger_scales_finds_larger_ones() -> None:
    X, y = simulated(np.random.default_rng(9))
    assert (scales(X, y, scale=1.0)[1:] > scales(X, y)[1:]).all()


def test_noise_is_added_to_each_outcome_alone() -> None:
    X, y = simulated(np.random.default_rng(9))
    model = fitted(X, y)
    mean, single = model.predict(rows_of(X[:5]))
    same, level = model.predict(rows_of(X[:5]), noise=False)
    assert mean == pytest.approx(same)
    assert single - level == pytest.approx(scales(X, y)[-1] ** 2 * np.eye(5))
