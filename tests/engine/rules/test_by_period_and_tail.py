"""A rule of each period where today's spend differs between periods, and tails that are no share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.rules import Cells

NAMES = ("FR/sms", "FR/app")


@pytest.mark.parametrize(
    "current", [[1.0, 2.0, 1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0, 1.0, 2.0], [1.0, 2.0] * 3]
)
def test_each_period_keeps_to_its_own_spend(current: list[float]) -> None:
    cells = Cells(NAMES, np.array(current), n_periods=3)
    rows = cm.EachPeriod(cm.ChangeLimit("all", absolute=0.5)).rows(cells)
    limits = [(row.period, row.low, row.high) for row in rows]
    expected = [(1 + i // 2, amount - 0.5, amount + 0.5) for i, amount in enumerate(current)]
    assert limits == expected
    for i, row in enumerate(rows):
        assert row.coefficients.places.tolist() == [i]
    changes = cm.EachPeriod(cm.ChangeLimit("all", switching_cost=0.5)).auxiliaries(cells)
    assert [one.value(np.zeros(6)) for one in changes] == current


@pytest.mark.parametrize("tail", [0.0, -0.1, 1.1, math.nan, math.inf, "half", None])
@pytest.mark.parametrize(
    "risk", [lambda tail: cm.MeanCVaR(0.5, tail), lambda tail: cm.SafeImprovement(None, tail)]
)
def test_a_tail_is_a_share_above_nothing(risk: Any, tail: Any) -> None:
    with pytest.raises(cm.InputError, match="tail"):
        risk(tail)
    assert risk(1.0).tail == 1.0


@pytest.mark.parametrize("weight", [-0.1, 1.1, math.nan, "half"])
def test_the_weight_of_the_worst_is_a_share(weight: Any) -> None:
    with pytest.raises(cm.InputError, match="weight"):
        cm.MeanCVaR(weight)
    assert cm.MeanCVaR(0.0).worst_draws(10) == (0.0, 0.1)
    assert cm.MeanCVaR(1.0, 0.3).worst_draws(10) == (1.0, 0.3)
