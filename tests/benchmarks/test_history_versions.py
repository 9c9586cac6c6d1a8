"""Two versions are judged by the truth alone, each in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.mix_worlds import MixWorld, simulated_mix

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from bench_history_versions import FACTORS, MEASURES, Version, judged, most, table  # noqa: E402


@pytest.fixture(scope="module")
def world() -> MixWorld:
    return simulated_mix(3)


def _estimates(world: MixWorld, off: float = 1.0, money: list[float] | None = None) -> dict[str, Any]:
    """What a version would say that is right but for a factor on all returns, and splits that are alike."""
    channels = len(world.total)
    roi, margin = (np.outer(off * values, [1.0, 0.9, 1.1]) for values in (world.roi(), world.marginal_roi()))
    curves = [
        [off * world.media(np.where(np.arange(channels) == c, factor, 1.0)) for c in range(channels)]
        for factor in FACTORS
    ]
    return {
        "roi": roi.tolist(),
        "margin": margin.tolist(),
        "curves": curves,
        "splits": {"mean": money, "safe": money},
        "seconds": 1.0,
    }


def test_right_estimates_have_no_error(world: MixWorld) -> None:
    row = dict(zip(MEASURES, judged(world, _estimates(world), most(world, [])), strict=True))
    assert row["error of log ROI"] == pytest.approx(0.0, abs=1e-9)
    assert row["error of curves"] == pytest.approx(0.0, abs=1e-9)
    assert row["cover of ROI"] == row["cover of marginal ROI"] == 1.0
    assert row["unsolved"] == 2.0  # the current mix is kept
    assert row["regret, safe split"] > 0.0
    assert row["harm, safe split"] == 0.0


def test_wrong_estimates_and_bad_splits_are_seen(world: MixWorld) -> None:
    money = np.zeros(len(world.total))
    money[0] = 1.0  # nearly all that was spent is withheld
    row = dict(
        zip(MEASURES, judged(world, _estimates(world, 2.0, money.tolist()), most(world, [])), strict=True)
    )
    assert row["error of log ROI"] == pytest.approx(np.log(2.0))
    assert row["cover of ROI"] == row["cover of marginal ROI"] == 0.0
    assert row["error of curves"] > 0.0
    assert row["harm, mean curves"] == row["harm, safe split"] == 1.0
    assert row["regret, mean curves"] > 0.5
    assert row["unsolved"] == 0.0


def test_the_best_split_is_no_worse_than_any_found(world: MixWorld) -> None:
    found = _estimates(world, money=(2.0 * world.total).tolist())  # more money than there is
    assert most(world, [found]) == world.media(np.full(len(world.total), 2.0)) > most(world, [])


def test_lines_that_are_worse_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    other = rng.random((40, len(MEASURES)))
    this = other + 0.01 * rng.standard_normal(other.shape)
    this[:, 0] += 0.1  # a larger error
    this[:, 1] += 0.1  # more cover
    table("all", other, this)
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("error of log ROI")).endswith("worse")
    assert next(line for line in lines if line.startswith("cover of ROI")).endswith("better")


def test_a_version_that_is_not_there_is_not_taken_from_elsewhere(tmp_path: Path, world: MixWorld) -> None:
    version = Version(tmp_path, 0.3)
    with pytest.raises(RuntimeError, match="was asked for"):
        version.fitted(world)
    version.close()
