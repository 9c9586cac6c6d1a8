"""The benchmark of companies without data: what it counts, and that nothing beats the certified best split."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import bench_cold_start as bench


def test_the_best_split_is_proven_on_the_true_curves_and_nothing_beats_it() -> None:
    found = bench.judged(5004)
    assert max(found["gap_of_plan"], found["gap_of_best"]) <= bench.GAP
    assert found["bound"] == pytest.approx(found["best"], rel=2.0 * bench.GAP)
    for name in ("plan", "today", "even"):
        assert found[name] <= found["bound"]
    assert found["today"] <= found["brought_today"]
    assert found["promised"] > 0.0


def company(**earned: float) -> dict[str, float]:
    usual = {"plan": 80.0, "today": 60.0, "even": 40.0, "best": 100.0, "brought_today": 70.0}
    rest = {"brought_best": 110.0, "promised": 90.0, "promised_today": 60.0, "seconds": 1.0}
    return usual | rest | earned


def test_harm_is_a_loss_of_over_a_hundredth_of_what_media_bring_today() -> None:
    found = [company(), company(plan=59.5), company(plan=59.0), company(today=90.0)]
    lines = {line.split()[0]: line for line in bench.table(found)}
    assert "50.0 (28.9) %" in lines["plan"], "of four, the third and the fourth"
    assert "0.0 (0.0) %" in lines["today"]
    assert "0.000 (0.000)" in lines["best"]


def test_the_error_of_a_ratio_of_sums_is_that_of_resampling() -> None:
    rng = np.random.default_rng(3)
    below = rng.lognormal(0.0, 1.0, 400)
    above = 0.7 * below + 0.5 * rng.standard_normal(400)
    ratio, error = bench.ratio_of_sums(above, below)
    picks = rng.integers(400, size=(4000, 400))
    again = above[picks].sum(axis=1) / below[picks].sum(axis=1)
    assert ratio == pytest.approx(above.sum() / below.sum())
    assert error == pytest.approx(again.std(), rel=0.15)
