"""Two cells with outcome a * sqrt(spend): the best split is in proportion to a squared, its value sqrt(B * sum a^2)."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.proof.solution import Solution
from channelmix.recommender.sensitivity.reference import Reference

BUDGET = 100.0


def problem(one: float, two: float, current: tuple[float, float] = (60.0, 40.0)) -> cm.AllocationProblem:
    curves = cm.ResponseCurves.power([one, two], [0.5, 0.5], names=["one", "two"])
    today = dict(zip(["one", "two"], current, strict=True))
    return cm.AllocationProblem(curves, cm.FixedBudget(BUDGET), current=today)


def reference(baseline: tuple[float, float] = (60.0, 40.0), **options: Any) -> Reference:
    plan = np.array([50.0, 50.0])
    return Reference(problem(1.0, 1.0, **options), plan, np.array(baseline), "current mix", 1e-6)


def test_nothing_moves_where_nothing_changes() -> None:
    kept = reference()
    side = kept.at(problem(1.0, 1.0), 7.0)
    assert side.value == 7.0
    assert side.kept_gain == side.best_gain == kept.gain
    assert kept.gain == pytest.approx(2.0 * math.sqrt(50.0) - math.sqrt(60.0) - math.sqrt(40.0))
    assert (side.stands, side.gap, side.regret, side.moved, side.changes) == (True, None, 0.0, 0.0, [])
    assert side.spend == {"one": 50.0, "two": 50.0}


def test_a_known_answer() -> None:
    """With a = (2, 1) the best split is 80 to 20, worth sqrt(500)."""
    side = reference().at(problem(2.0, 1.0), 2.0)
    assert side.spend == pytest.approx({"one": 80.0, "two": 20.0}, rel=1e-2)
    assert side.regret == pytest.approx(math.sqrt(500.0) - 3.0 * math.sqrt(50.0), rel=1e-4)
    assert side.kept_gain == pytest.approx(3.0 * math.sqrt(50.0) - 2.0 * math.sqrt(60.0) - math.sqrt(40.0))
    assert side.best_gain == side.kept_gain + side.regret
    assert side.moved == pytest.approx(30.0, rel=1e-2)
    assert not side.stands
    assert side.gap is not None
    assert side.gap <= 1e-6
    assert side.changes == [
        "30 % of the budget would move: one 80 instead of 50, two 20 instead of 50",
        "two would be cut instead of raised",
        "one would be raised instead of cut",
        "the unchanged plan would bring 0.6 less than the current mix",
    ]


def test_little_money_that_moves_changes_nothing() -> None:
    """With a = (1.1, 1) the best split is 54.8 to 45.2: below a tenth, and every cell keeps its direction."""
    side = reference().at(problem(1.1, 1.0), 1.1)
    assert side.spend["one"] == pytest.approx(100.0 * 1.21 / 2.21, rel=1e-2)
    assert not side.stands
    assert side.regret > 0.0
    assert side.changes == []


def test_a_cell_turns_only_by_what_counts() -> None:
    """Today's 50.5 is so near to the plan's 50 that nobody would call it cut."""
    side = reference(current=(50.5, 49.5)).at(problem(1.2, 1.0), 1.2)
    assert side.spend["one"] > 58.0
    assert "instead of" not in " ".join(side.changes)


def test_a_loss_that_was_there_before_is_no_change() -> None:
    kept = dataclasses.replace(reference(), plan=np.array([10.0, 90.0]), baseline=np.array([50.0, 50.0]))
    assert kept.gain < 0.0
    assert "less than" not in " ".join(kept.at(problem(1.1, 1.0), 1.1).changes)


def test_without_spend_today_no_cell_turns() -> None:
    made = problem(2.0, 1.0)
    bare = cm.AllocationProblem(made.curves, made.scenario)
    kept = Reference(bare, np.array([50.0, 50.0]), np.array([50.0, 50.0]), "equal split", 1e-6)
    assert [line.split(":")[0] for line in kept.at(bare, 2.0).changes] == ["30 % of the budget would move"]


def test_ctrl_c_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*arguments: Any, **options: Any) -> Solution:
        found = cm.solve(*arguments, **options)
        return dataclasses.replace(found, report=dataclasses.replace(found.report, interrupted=True))

    monkeypatch.setattr("channelmix.recommender.resolve.solve", stopped)
    with pytest.raises(KeyboardInterrupt):
        reference().at(problem(2.0, 1.0), 2.0)
