"""Amounts in rules: which are refused, what becomes of lists, and the largest of all in money."""

from __future__ import annotations

import math
from typing import Any

import pytest

import channelmix as cm
from channelmix.engine.problem.money_limits import largest_amount

CURVES = cm.ResponseCurves.power([1.0, 2.0], [0.5, 0.5], names=["a", "b"])


@pytest.mark.parametrize("wrong", [-1.0, math.nan, "much", True])
@pytest.mark.parametrize("side", ["low", "high"])
def test_bounds_that_are_no_amounts_are_refused(side: str, wrong: Any) -> None:
    pair = (wrong, None) if side == "low" else (None, wrong)
    with pytest.raises(cm.InputError, match=f"the {side} bound of a"):
        cm.SpendBounds({"a": pair})


def test_parts_are_numbers_in_a_tuple() -> None:
    parts: Any = [1, 2, 1]
    rule = cm.Phasing(parts)
    assert rule.parts == (1.0, 2.0, 1.0)
    assert isinstance(rule.parts, tuple)
    assert all(isinstance(part, float) for part in rule.parts)
    parts[0] = 9
    assert rule.parts[0] == 1.0


def test_the_largest_amount_of_money_in_any_rule() -> None:
    """A limit of a weighted sum is as much money as its largest weight makes of it."""

    def largest(*rules: Any) -> float:
        return largest_amount(cm.AllocationProblem(CURVES, cm.MaxProfit(), rules))

    assert largest() == 0.0
    assert largest(cm.LinearConstraint({"a": 4.0, "b": 1.0}, high=8.0)) == 2.0
    assert largest(cm.LinearConstraint({"a": 0.5}, low=-8.0)) == 16.0
    assert largest(cm.SpendBounds({"a": (1.0, 5.0)}), cm.SpendBounds({"b": (3.0, None)})) == 5.0
    assert largest(cm.MinimumIfActive("a", 7.0)) == 7.0


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_without_a_limit_of_money_a_gap_is_a_share_of_the_plan(unit: float) -> None:
    curves = cm.ResponseCurves.hill([3.0 * unit, 2.0 * unit], [1.0, 2.0], [1.0, 1.0], names=["a", "b"])
    problem = cm.AllocationProblem(curves, cm.MaxProfit(5.0))
    spend = [1.0, 1.0]
    size = problem.size(spend)
    assert size >= problem.gross(spend)
    assert problem.gap_scale(spend, limited=False) == size
    assert problem.gap_scale(spend, limited=True) == size
    assert problem.size([0.0, 0.0]) == 0.0
    smallest = problem.standard.smallest
    assert problem.gap_scale([0.0, 0.0], limited=False) == smallest > 0.0
    assert problem.gap_scale([0.0, 0.0], limited=True) == smallest
