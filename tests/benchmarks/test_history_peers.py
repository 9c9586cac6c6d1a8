"""The estimators' comparison works without the peers, and reads theirs rightly where they are installed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.mix_worlds import simulated_mix
from tests.recovery_worlds import recovery_world

import channelmix as cm

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from peers.estimators import KINDS, together  # noqa: E402
from peers.histories import (  # noqa: E402
    Estimate,
    History,
    few_regions_history,
    geometric,
    logistic_media,
    simulated_history,
)
from peers.measured import STORED, Comparison, judged, paired  # noqa: E402
from peers.mmm_pymc import FACTORS, LAGS, fit_pymc, mean_curves  # noqa: E402


@pytest.fixture
def history() -> History:
    return simulated_history(simulated_mix(2000), "2000")


def test_geometric_adstock_of_a_pulse_is_its_weights() -> None:
    pulse = np.array([[0.0], [7.0], [0.0], [0.0], [0.0]])
    carried = geometric(pulse, np.array([[0.5], [0.0]]), lags=3)
    assert carried[0, :, 0] == pytest.approx([0.0, 4.0, 2.0, 1.0, 0.0])
    assert carried[1, :, 0] == pytest.approx([0.0, 7.0, 0.0, 0.0, 0.0])


def test_mean_curves_are_what_the_formula_says_of_scaled_spend() -> None:
    rng = np.random.default_rng(0)
    spend = rng.gamma(2.0, 1.0, (30, 2))
    retention, steepness, size = rng.random((3, 4, 2))
    found = mean_curves(spend, retention, steepness, size)
    assert found[0] == pytest.approx([0.0, 0.0])
    for k, factor in enumerate(FACTORS[:6]):
        value = [
            logistic_media(spend, *draw, lags=LAGS)(np.full(2, factor))
            for draw in zip(retention, steepness, size, strict=True)
        ]
        assert found[k].sum() == pytest.approx(np.mean(value))


def test_a_sigmoid_away_from_zero_counts_from_its_value_at_nothing() -> None:
    rng = np.random.default_rng(1)
    spend = rng.gamma(2.0, 1.0, (20, 2))
    retention, steepness, size, middle = rng.random((4, 3, 2))
    found = mean_curves(spend, retention, steepness, size, middle)
    carried = geometric(spend, retention, LAGS)
    for k in (0, 20, 60):
        x = FACTORS[k] * carried
        steep, away = steepness[:, np.newaxis], middle[:, np.newaxis]
        value = 1.0 / (1.0 + np.exp(-steep * (x - away))) - 1.0 / (1.0 + np.exp(steep * away))
        assert found[k] == pytest.approx((size * value.sum(axis=1)).mean(axis=0))


def test_regions_of_a_channel_make_one_curve() -> None:
    rows = pd.DataFrame({"week": [0, 0, 1, 1], "shop": ["a", "b"] * 2, "c0": [1.0, 2.0, 3.0, 4.0], "c1": 1.0})
    history = History("two", rows, np.ones(4), "week", (), np.ones(2), market="shop")
    assert history.channels == ("c0", "c1")
    names = ["a/c0", "b/c0", "a/c1", "b/c1"]
    size, steepness = np.array([5.0, 7.0, 2.0, 3.0]), np.array([0.5, 0.3, 1.0, 0.2])
    curves = cm.ResponseCurves.logistic(size, steepness, names=names)
    found = together(history, curves).mean_value(2.0 * history.total)
    each = curves.mean_value(2.0 * np.array([4.0, 6.0, 2.0, 2.0]))
    assert found == pytest.approx([each[0] + each[1], each[2] + each[3]])


def test_an_estimate_is_held_against_the_truth(history: History) -> None:
    assert history.media is not None
    estimate = Estimate(
        2.0 * history.roi,
        history.roi,
        3.0 * history.roi,
        cm.ResponseCurves.logistic(np.ones(len(history.roi)), np.ones(len(history.roi))),
        1.0,
        1.0,
        "",
    )
    most = history.media(np.ones(len(history.roi))) * 1.01
    kept = judged(history, estimate, lambda _, __: np.ones(len(history.roi)), lambda: most)
    assert kept["off"] == pytest.approx([np.log(2.0)] * len(history.roi))
    assert kept["error"] == pytest.approx(np.log(2.0))
    assert kept["cover"] == 1.0
    assert kept["regret"] == pytest.approx(kept["keep"])
    assert kept["regret"] > 0.0
    idle = replace(history, roi=np.r_[0.0, history.roi[1:]], media=None)
    other = judged(idle, estimate, lambda _, __: np.ones(1), lambda: 0.0)
    assert other["off"][0] is None
    assert other["cover"] == pytest.approx(1.0 - 1.0 / len(idle.roi))
    assert other["regret"] is None


def test_stored_results_are_shown_where_no_peer_is_installed(history: History, tmp_path: Path) -> None:
    entries = [
        {"key": f"{name} | Peer 9.9", "result": {"kind": kind, "error": 0.5}}
        for name, kind in (("2000", "pymc"), ("2001", "pymc"), ("2000 ", "meridian"))
    ]
    (tmp_path / "some.jsonl").write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    comparison = Comparison("some", [], lambda *_: np.ones(1), lambda _: 0.0, tmp_path)
    assert list(comparison.peers(history)) == []
    if any(peer.label() for peer in KINDS.values()):
        pytest.skip("would fit the peer for minutes")
    comparison = Comparison("some", ["pymc"], lambda *_: np.ones(1), lambda _: 0.0, tmp_path)
    assert list(comparison.peers(history)) == [("Peer 9.9", entries[0]["result"])]


@pytest.mark.parametrize("path", sorted(STORED.glob("*.jsonl")), ids=lambda path: path.stem)
def test_what_is_kept_of_the_peers_is_whole(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len({line["key"] for line in lines}) == len(lines) > 0
    for line in lines:
        _, label = line["key"].split(" | ")
        result = line["result"]
        assert label.startswith(KINDS[result["kind"]].title + " ")
        known = [off for off in result["off"] if off is not None]
        assert result["error"] == pytest.approx(np.mean(np.abs(known)))
        assert 0.0 <= result["cover"] <= 1.0
        assert result["clock"] > 0.0 < result["ours"]["clock"]
        assert (result["regret"] is None) == (result["keep"] is None)
        if result["regret"] is not None:
            assert result["regret"] >= 0.0 <= result["keep"]


def test_a_simulated_history_is_its_world(history: History) -> None:
    world = simulated_mix(2000)
    assert history.total == pytest.approx(world.total)
    assert history.media is not None
    ones = np.ones(len(world.total))
    loss = history.media(ones) - history.media(ones - np.eye(len(ones))[0])
    assert loss / history.total[0] == pytest.approx(history.roi[0])


@pytest.mark.parametrize("seed", [0, 1])
def test_a_history_of_few_regions_is_its_world(seed: int) -> None:
    world = recovery_world(seed)
    history = few_regions_history(world, "some")
    regions, weeks, channels = world.spend.shape
    assert len(history.channels) == channels
    assert history.total == pytest.approx(world.total)
    assert history.outcome.sum() == pytest.approx(world.outcome.sum())
    assert history.media is not None
    ones = np.ones(channels)
    last = history.media(ones) - history.media(ones - np.eye(channels)[-1])
    assert last / history.total[-1] == pytest.approx(history.roi[-1])
    assert (history.market is None) == (regions == 1)
    for r, rows in enumerate([history.rows] if regions == 1 else [g for _, g in history.rows.groupby("geo")]):
        assert rows["date"].is_monotonic_increasing
        assert rows["date"].nunique() == len(rows) == weeks
        assert rows[list(history.channels)].to_numpy() == pytest.approx(world.spend[r])
        assert rows[list(history.controls)].to_numpy() == pytest.approx(world.controls[r])
        assert history.outcome[rows.index] == pytest.approx(world.outcome[r])


def test_pairs_are_of_the_histories_that_both_have() -> None:
    ours = {name: {"error": 0.1, "cover": 1.0, "regret": None} for name in "abc"}
    theirs = {
        name: {"error": e, "cover": 0.5, "regret": 0.1}
        for name, e in zip("abd", [0.2, 0.4, 9.0], strict=True)
    }
    error, cover = paired(theirs, ours)
    assert error.strip().startswith("error over 2: 0.3000, ours 0.1000, the lower of the two in each 0.1000")
    assert error.endswith("paired difference +0.2000 (standard error 0.1000)")
    assert "paired difference -0.5000 (standard error 0.0000)" in cover


def test_stored_results_of_fresh_companies_of_few_regions_are_shown() -> None:
    command = [sys.executable, str(BENCHMARKS / "bench_history_recovery.py"), "--data", "nowhere"]
    command += ["--worlds", "2", "--seed", "500", "--seeds"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"no companies at {Path('nowhere') / 'param_recovery'}" in done.stdout
    assert "simulated 501, PyMC-Marketing 1.3.0: error 0." in done.stdout
    assert "PyMC-Marketing 1.3.0, mean of 2: error 0." in done.stdout


def test_the_benchmark_runs_on_what_is_installed() -> None:
    if importlib.util.find_spec("pymc_marketing") is not None:
        pytest.skip("would fit the peer for minutes")
    command = [
        sys.executable,
        str(BENCHMARKS / "bench_history_peers.py"),
        "--data",
        "nowhere",
        "--worlds",
        "1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "PyMC-Marketing is not installed: its stored results are shown" in done.stderr
    assert "no data with known truth at nowhere" in done.stdout
    regret = float(done.stdout.splitlines()[-1].split()[-1])
    assert 0.0 <= regret < 0.5


def test_the_peers_curves_bring_its_own_roi(history: History) -> None:
    pytest.importorskip("pymc_marketing")
    found = fit_pymc(history, chains=2, draws=20)
    assert found.curves.mean_value(history.total) == pytest.approx(found.mean * history.total, rel=1e-6)
