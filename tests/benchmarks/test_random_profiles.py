"""The counts of odd plans: what the benchmark finds is what its document says it looks for."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import pytest

import channelmix as cm

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import bench_random_profiles as bench

DOCUMENT = Path(__file__).parents[2] / "docs" / "explanation" / "oddities.md"


def test_the_document_counts_what_the_benchmark_measures() -> None:
    *signs, profiles, _ = bench.COUNTS.findall(DOCUMENT.read_text("utf-8"))[0].splitlines()
    found = {
        line.split()[0]: re.fullmatch(r"\w+ +(\d+) plans: (.+), at least ([\d.]+)", line) for line in signs
    }
    assert found.keys() == bench.SIGNS.keys()
    for name, match in found.items():
        assert match is not None
        assert (float(match[3]), match[2]) == bench.SIGNS[name]
    total, optimal, infeasible, faults, odd = map(int, re.findall(r"\d+", profiles))
    assert total == optimal + infeasible + faults
    beyond = [int(match[1]) for match in found.values() if match]
    assert max(beyond) <= odd <= min(sum(beyond), optimal)


def test_counts_are_put_in_place_of_the_old_ones() -> None:
    findings = [
        bench.Finding(0, 0.5, cm.Status.OPTIMAL, signs={"cell": 0.96, "loss": 31.0, "gain": 1.0}),
        bench.Finding(1, 0.1, cm.Status.OPTIMAL, signs={"cell": math.inf}),
        bench.Finding(2, 0.1, cm.Status.INFEASIBLE),
        bench.Finding(3, 0.1, cm.Status.INFEASIBLE, fault="not minimal"),
    ]
    lines = bench.counts(findings)
    assert [int(line.split()[1]) for line in lines[:8]] == [2, 0, 0, 0, 1, 0, 0, 0]
    assert "4 profiles: 2 optimal, 1 infeasible with a minimal conflict named, 1 faults, 2 odd" in lines
    old = DOCUMENT.read_text("utf-8")
    new = bench.with_counts(old, lines)
    assert "\n".join(lines) in new
    assert bench.with_counts(new, bench.COUNTS.findall(old)[0].splitlines()) == old
    with pytest.raises(ValueError, match="0 blocks of counts"):
        bench.with_counts("no counts", lines)
