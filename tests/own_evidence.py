"""Evidence written down by hand, so that tests of what becomes of it need no fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.documents import Interval
from channelmix.engine.response import ResponseCurves
from channelmix.profile.evidence import Check, Column, Evidence, Fitted

DAYS_PER_MONTH = 365.25 / 12.0

POINTS = np.array([0.0, 5000.0, 10000.0, 20000.0, 60000.0])


def returns(
    n_draws: int = 2048, mean: float = 2.0, spread: float = 0.1, seed: int = 0
) -> NDArray[np.float64]:
    """Draws of a concave curve at `POINTS`; the first 10,000 bring `mean` times themselves on average."""
    size = mean * (1.0 + spread * np.random.default_rng(seed).standard_normal(n_draws))
    shape = np.array([0.0, 7000.0, 10000.0, 14000.0, 20000.0])
    return np.asarray(np.maximum(size, 0.1)[:, np.newaxis] * shape)


def written(columns: Mapping[str, NDArray[np.float64]], /, **changes: Any) -> Evidence:
    """Evidence of these columns' outcome at `POINTS`, in euros a month."""
    some = Interval(mean=2.0, low=1.0, high=3.0)
    content: dict[str, Any] = {
        "currency": "EUR",
        "period_days": DAYS_PER_MONTH,
        "fitted": Fitted(
            source="by_hand.csv",
            sha256="0" * 64,
            outcome="orders",
            outcome_worth=20.0,
            controls=(),
            first="2023-01-02",
            last="2024-12-23",
            rows=104,
            row_days=7.0,
            noise=500.0,
            seed=0,
            version="0",
        ),
        "experiments": (),
        "columns": tuple(
            Column(
                name=name,
                basis="experiment" if name.startswith("social") else "history",
                spend=9000.0,
                least=4000.0,
                most=12000.0,
                roi=some,
                marginal_roi=some,
            )
            for name in columns
        ),
        "checks": (Check(check="outliers", verdict="PASS", message="No row is out of line."),),
        "curves": ResponseCurves.concat(
            ResponseCurves.tabulated(POINTS, outcome[:, :, np.newaxis], names=[name])
            for name, outcome in columns.items()
        ).to_dict(),
    }
    return Evidence.sealed(**{**content, **changes})
