"""Money that brings nothing is freed; what brings something stays where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import channelmix as cm

NAMES = ["FR/sms", "FR/app", "DE/sms"]


def solved(*rules: Any, scale: Any = (3.0, 2.0, 1.0), budget: float = 1e4, **options: Any) -> cm.Solution:
    curves = cm.ResponseCurves.exponential(scale, [4.0, 1.0, 2.0], names=NAMES)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(budget), rules, **options)
    solution = cm.solve(problem)
    assert cm.verify(problem, solution).status is solution.status is cm.Status.OPTIMAL
    return solution


def test_saturated_cells_give_back_what_brings_nothing() -> None:
    solution = solved()
    # exp(-s / rate) falls below 1e-9 of it all at some 20 rates.
    assert (solution.spend > 15.0 * np.array([4.0, 1.0, 2.0])).all()
    assert (solution.spend < 25.0 * np.array([4.0, 1.0, 2.0])).all()
    assert solution.value == pytest.approx(6.0, rel=1e-8)
    assert "fixed_budget" not in solution.shadow_prices


def test_a_cell_that_brings_nothing_gets_what_the_rules_ask_for() -> None:
    dead = (3.0, 0.0, 1.0)
    current = {"FR/app": 10.0, "FR/sms": 10.0}
    held = solved(cm.ChangeLimit("FR", relative=0.4), scale=dead, budget=100.0, current=current)
    assert held.spend[:2] == pytest.approx([14.0, 6.0])
    shared = solved(cm.GroupShare("FR/app", low=0.25), scale=dead)
    assert shared.spend[1] == pytest.approx(0.25 * shared.spend.sum(), rel=1e-6)
    assert shared.spend.sum() < 200.0


def test_a_budget_that_returns_something_is_spent() -> None:
    solution = solved(budget=20.0)
    assert solution.spend.sum() == pytest.approx(20.0, rel=1e-12)
    assert solution.shadow_prices["fixed_budget"] > 0.0


def test_prices_are_kept_where_their_rules_still_bind() -> None:
    solution = solved(cm.SpendBounds({"FR/sms": (None, 2.0)}))
    assert set(solution.shadow_prices) == {"spend_bounds FR/sms"}
    assert solution.shadow_prices["spend_bounds FR/sms"] == pytest.approx(0.75 * np.exp(-0.5), rel=1e-3)
    assert solution.spend[0] == pytest.approx(2.0, rel=1e-9)
    assert solution.spend.sum() < 100.0
