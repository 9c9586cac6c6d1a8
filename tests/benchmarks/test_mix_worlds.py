"""Simulated companies: their truth against closed forms, and what each kind breaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.mix_worlds import BROKEN, LAGS, MixWorld, simulated_mix

from channelmix.core.errors import InputError


def one(slope: float) -> MixWorld:
    """Two channels of steady spend and no carry-over, at half of their ceiling."""
    return MixWorld(
        broken="nothing",
        spend=np.full((10, 2), 4.0),
        other=np.full(10, 100.0),
        adstock=np.eye(1, LAGS).repeat(2, axis=0),
        half=np.array([4.0, 4.0]),
        slope=np.array([slope, slope]),
        ceiling=np.array([8.0, 16.0]),
        drift=np.ones(10),
        synergy=0.0,
    )


@pytest.mark.parametrize(("slope", "elasticity"), [(0.0, np.log(2.0)), (1.0, 0.5), (3.0, 1.5)])
def test_half_of_the_ceiling_is_reached_at_the_half_and_the_margin_follows(
    slope: float, elasticity: float
) -> None:
    world = one(slope)
    assert world.outcome == pytest.approx(np.full(10, 112.0))
    assert world.roi() == pytest.approx([1.0, 2.0])
    assert world.marginal_roi() == pytest.approx([elasticity, 2.0 * elasticity], rel=1e-3)


def test_synergy_is_lost_with_either_channel() -> None:
    alone, both = one(1.0), replace(one(1.0), synergy=0.25)
    assert both.media(np.ones(2)) - alone.media(np.ones(2)) == pytest.approx(10 * 0.25 * 4.0 * 8.0)
    assert both.roi() - alone.roi() == pytest.approx([2.0, 2.0])


def test_worlds_break_what_they_say_and_are_the_same_for_the_same_seed() -> None:
    worlds = [simulated_mix(seed) for seed in range(len(BROKEN))]
    assert tuple(world.broken for world in worlds) == BROKEN
    by = dict(zip(BROKEN, worlds, strict=True))
    assert by["no effect"].roi()[0] == 0.0
    assert (by["S-shape"].slope >= 2.0).all()
    first, second = by["collinearity"].spend[:, :2].T
    assert first @ second > 0.9 * np.linalg.norm(first) * np.linalg.norm(second)
    assert by["synergy"].synergy > 0.0
    assert by["drifting effect"].drift.std() > 0.1
    assert (by["slow adstock"].adstock[:, 0] < 0.2).all()
    assert np.array_equal(simulated_mix(3).outcome, worlds[3].outcome)
    with pytest.raises(InputError, match='did you mean "outliers"'):
        simulated_mix(0, "outlier")
