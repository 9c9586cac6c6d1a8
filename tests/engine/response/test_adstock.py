from __future__ import annotations

import math

import numpy as np

from channelmix.engine.response.adstock import delayed_adstock, geometric_adstock, weibull_adstock


def test_weights_in_closed_form() -> None:
    np.testing.assert_allclose(geometric_adstock(1.0, 3), np.array([4.0, 2.0, 1.0]) / 7.0)
    np.testing.assert_allclose(delayed_adstock(1.0, 1.0, 3), [0.25, 0.5, 0.25])
    np.testing.assert_allclose(delayed_adstock(1.0, 0.0, 3), np.array([16.0, 8.0, 1.0]) / 25.0)
    np.testing.assert_allclose(weibull_adstock(3.0, 1.0, 5), geometric_adstock(3.0, 5), rtol=1e-12)
    rayleigh = np.array([1.0 * math.exp(-0.5), 2.0 * math.exp(-2.0), 3.0 * math.exp(-4.5)])
    scale = math.sqrt(2.0 * math.log(2.0))
    np.testing.assert_allclose(weibull_adstock(scale, 2.0, 3), rayleigh / rayleigh.sum(), rtol=1e-12)


def test_weights_of_many_draws_at_once_are_those_of_each() -> None:
    lives, shapes = np.array([0.01, 1.0, 40.0]), np.array([0.5, 1.0, 3.0])
    for weights_of in (delayed_adstock, weibull_adstock):
        together = weights_of(lives, shapes, 26)
        np.testing.assert_allclose(together.sum(axis=1), 1.0)
        for row, life, shape in zip(together, lives, shapes, strict=True):
            np.testing.assert_array_equal(row, weights_of(life, shape, 26))
