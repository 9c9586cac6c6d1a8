"""The benchmark of published effects held out by source ends well: intervals cover, no channel is rejected."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import bench_held_out_effects as bench


@pytest.mark.no_cover
def test_held_out_sources_are_covered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench_held_out_effects.py"])
    assert bench.main() == 0
    assert "78 figures" in capsys.readouterr().out
