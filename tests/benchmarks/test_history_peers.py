"""The estimators' comparison works without the peers, and reads theirs rightly where they are installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.mix_worlds import simulated_mix

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from peers.histories import History, geometric, logistic_media, simulated_history  # noqa: E402
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


def test_a_simulated_history_is_its_world(history: History) -> None:
    world = simulated_mix(2000)
    assert history.total == pytest.approx(world.total)
    assert history.media is not None
    ones = np.ones(len(world.total))
    loss = history.media(ones) - history.media(ones - np.eye(len(ones))[0])
    assert loss / history.total[0] == pytest.approx(history.roi[0])


def test_the_benchmark_runs_on_what_is_installed() -> None:
    if importlib.util.find_spec("pymc_marketing") is not None:
        pytest.skip("would fit the peer for minutes")
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "bench_history_peers.py"), "--data", "nowhere", "--worlds", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "PyMC-Marketing is not installed: skipped" in done.stderr
    assert "no data with known truth at nowhere" in done.stdout
    regret = float(done.stdout.splitlines()[-1].split()[-1])
    assert 0.0 <= regret < 0.5


def test_the_peers_curves_bring_its_own_roi(history: History) -> None:
    pytest.importorskip("pymc_marketing")
    found = fit_pymc(history, chains=2, draws=20)
    assert found.curves.mean_value(history.total) == pytest.approx(found.mean * history.total, rel=1e-6)
