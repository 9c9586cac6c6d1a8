"""Simulated companies of the benchmark of priors, and its best splits."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.recovery_worlds import recovery_world

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from bench_history_priors import FACTORS, best_split
from bench_history_worlds import truly_best


@pytest.mark.parametrize(("seed", "shape"), [(0, (2, 131, 6)), (1, (1, 104, 4))])
def test_outcome_is_what_channels_bring_and_the_rest(seed: int, shape: tuple[int, ...]) -> None:
    world = recovery_world(seed)
    channels = shape[2]
    assert world.spend.shape == shape
    assert (world.spend >= 0.0).all()
    assert (world.total > 0.0).all()
    ones = np.ones(channels)
    assert world.outcome == pytest.approx(world.other + world.effects(ones).sum(axis=2))
    assert world.media(ones) == pytest.approx(float(world.roi() @ world.total))
    assert world.media(0.0 * ones) == 0.0
    assert (recovery_world(seed).outcome == world.outcome).all()


def test_the_best_split_is_not_beaten_by_exchanges() -> None:
    world = recovery_world(1)
    each = np.eye(len(world.total))
    curves = np.array([[world.media(f * one) for one in each] for f in FACTORS])
    split = best_split(curves, world.total)
    assert split.sum() == pytest.approx(world.total.sum(), rel=1e-9)
    assert (split <= 3.0 * world.total * (1.0 + 1e-9)).all()
    best = truly_best(world.total, world.media)
    assert world.media(split / world.total) == pytest.approx(best, rel=2e-3)
