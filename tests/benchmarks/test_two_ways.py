"""What the figures say of the scales of the biases of two ways."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import bench_two_ways as bench
from channelmix.effectiveness.published import two_ways
from channelmix.effectiveness.published.promotion import ChannelEffect


@pytest.fixture(scope="module")
def effects() -> dict[str, ChannelEffect]:
    return bench.retailers_effects()


def test_ways_lie_apart_as_far_as_the_scales_of_their_biases_say(effects: dict[str, ChannelEffect]) -> None:
    """Beyond their own errors, as the middle half of two biases does: within a factor of 2 of it."""
    apart = [bench.distances(effects)[channel] for channel in ("social", "sms", "app")]
    excess = math.sqrt(float(np.mean([distance**2 - error**2 for distance, error in apart])))
    assert 0.5 < excess / math.hypot(two_ways.BIAS_UP, two_ways.BIAS_DOWN) < 2.0


def test_the_distances_do_not_speak_against_the_scales(effects: dict[str, ChannelEffect]) -> None:
    apart = [bench.distances(effects)[channel] for channel in ("social", "sms", "app")]
    fits = {m: sum(bench.likelihood(*each, m) for each in apart) for m in (0.25, 1.0, 8.0)}
    assert fits[1.0] > fits[0.25] - 1.0
    assert fits[8.0] < fits[1.0] - 2.0


def test_wider_biases_hold_more_experiments(effects: dict[str, ChannelEffect]) -> None:
    held = []
    for multiple in bench.MULTIPLES:
        with bench.scaled(multiple):
            inside, every = bench.held(effects)
            held.append(inside / every)
    assert held == sorted(held)
    assert held[1] >= 0.75
