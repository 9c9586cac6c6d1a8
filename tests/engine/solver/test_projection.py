"""The quadratic program of the nearest split, solved by Clarabel directly and through CVXPY."""

from __future__ import annotations

from typing import Any

import clarabel
import numpy as np
import pytest

from channelmix.engine.solver import nearest_point


def random_program(seed: int) -> tuple[Any, ...]:
    """A program over a box, infinite on some sides, whose last variable has no goal."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    low = np.where(rng.random(n + 1) < 0.8, rng.uniform(-1.0, 0.5, n + 1), -np.inf)
    high = np.where(rng.random(n + 1) < 0.5, np.maximum(low, 0.0) + rng.random(n + 1), np.inf)
    A = rng.normal(size=(int(rng.integers(0, 4)), n + 1))
    limit = rng.uniform(-1.0, 1.0, len(A))
    return rng.normal(size=n), rng.uniform(0.5, 5.0, n), slice(0, n), A, limit, low, high


@pytest.mark.parametrize("seed", range(30))
def test_both_ways_find_the_same_point(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    program = random_program(seed)
    direct = nearest_point.nearest_point(*program)
    failed = clarabel.SolverStatus.NumericalError, np.empty(0)
    monkeypatch.setattr(nearest_point, "_by_clarabel", lambda *_: failed)
    through = nearest_point.nearest_point(*program)
    assert (direct is None) == (through is None)
    if direct is not None and through is not None:
        assert direct[:-1] == pytest.approx(through[:-1], abs=1e-4)
