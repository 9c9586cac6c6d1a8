"""Some draws of curves, and curves looked at in places of each draw's own."""

from __future__ import annotations

import numpy as np

import channelmix as cm

RNG = np.random.default_rng(1)
DRAWS = RNG.lognormal(0.0, 0.4, (6, 5, 1))
TABLE = np.concatenate([np.zeros((5, 1, 1)), np.cumsum(RNG.uniform(0.1, 1.0, (5, 3, 1)), axis=1)], axis=1)
CURVES = cm.ResponseCurves.concat(
    [
        cm.ResponseCurves.hill(DRAWS[0], DRAWS[1], 1.5, names=["hill"]),
        cm.ResponseCurves.service(DRAWS[2], DRAWS[3], 0.2, 0.5, 0.3, names=["service"]),
        cm.ResponseCurves.tabulated([0.0, 1.0, 2.0, 4.0], TABLE, names=["table"]),
        cm.ResponseCurves.exponential([2.0], [1.0], names=["certain"]),
    ]
).discounted([True, False, False, False], [(0.5, 0.2)])
SPEND = np.array([1.0, 0.7, 2.5, 0.4])


def test_some_draws_are_those_draws() -> None:
    assert CURVES.n_draws == 5
    chosen = CURVES.of_draws([3, 1])
    assert chosen.names == CURVES.names
    assert chosen.n_draws == 2
    assert np.array_equal(chosen.value(SPEND), CURVES.value(SPEND)[[3, 1]])
    assert np.array_equal(chosen.derivative(SPEND), CURVES.derivative(SPEND)[[3, 1]])


def test_every_draw_at_spends_of_its_own() -> None:
    spends = RNG.uniform(0.0, 5.0, (5, 7))
    for i in range(CURVES.n_cells):
        curve = CURVES.cell(i)
        together = (
            np.broadcast_to(curve.value(spends), spends.shape),
            np.broadcast_to(curve.derivative(spends), spends.shape),
        )
        for d in range(5):
            alone = curve.of_draws([d])
            assert np.allclose(together[0][d], alone.value(spends[d][np.newaxis])[0], rtol=1e-14)
            assert np.allclose(together[1][d], alone.derivative(spends[d][np.newaxis])[0], rtol=1e-14)
