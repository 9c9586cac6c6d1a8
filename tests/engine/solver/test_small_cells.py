"""Cells with limits far below the budget, beside rules that switch cells on and off: nothing is lost to tolerances."""

from __future__ import annotations

from typing import Any

import pytest

import channelmix as cm
from channelmix import Status

R = cm.ResponseCurves

LARGE = [
    R.logarithmic([1e5], [5e4], names=["a"]),
    R.capped_linear([5e5], [3e4], names=["c"]),
]
TINY = cm.SpendBounds({"b": (0.0, 0.01)})


@pytest.mark.parametrize(
    ("small", "rules", "best"),
    [
        (
            R.power([2e9], [1.0], names=["b"]),
            [cm.MinimumIfActive("c", 2.5e4), cm.GroupShare("a", high=0.2), cm.AtMostActive(2)],
            5e5 + 2e7,
        ),
        (R.power([2e6], [0.1], names=["b"]), [cm.AtMostActive(2)], 5e5 + 2e6 * 0.01**0.1),
    ],
    ids=["linear", "steep"],
)
def test_a_ten_millionth_of_the_budget_may_be_worth_most(small: Any, rules: list[Any], best: float) -> None:
    """Each split leaves out one cell; the best one leaves out a."""
    problem = cm.AllocationProblem(R.concat([*LARGE, small]), cm.FixedBudget(1e5), [*rules, TINY])
    solution = cm.solve(problem)
    assert cm.verify(problem, solution).status is solution.status is Status.OPTIMAL
    assert solution.value == pytest.approx(best, rel=1e-4)


def test_a_cell_held_at_a_cent_does_not_switch_the_search_off() -> None:
    curves = R.concat(
        [R.hill([2.5e5], [2.4e4], [1.63], names=["a"]), R.capped_linear([1e5], [2.3e4], names=["b"])]
    )
    rules = [cm.MinimumIfActive("a", 0.005), cm.SpendBounds({"a": (0.01, 0.01)})]
    problem = cm.AllocationProblem(curves, cm.MaxProfit(max_amount=1e5), rules)
    solution = cm.solve(problem)
    assert cm.verify(problem, solution).status is solution.status is Status.OPTIMAL
    assert solution.spend == pytest.approx([0.01, 2.3e4])


def test_a_minimum_roi_holds_beside_a_tiny_cell_that_a_rule_keeps() -> None:
    curves = R.concat([R.power([3.796e-5], [0.9], names=["a"]), R.hill([10.0], [0.275], [1.94], names=["b"])])
    rules = [
        cm.SpendBounds({"a": (1e-8, 1e-8)}),
        cm.ActivationFee("a", 3e-9),
        cm.GroupShare("b", low=0.1),
    ]
    problem = cm.AllocationProblem(curves, cm.FlexibleBudget(min_roi=0.268, max_amount=10.0), rules)
    solution = cm.solve(problem)
    assert cm.verify(problem, solution).status is solution.status is Status.OPTIMAL
    assert problem.net(solution.spend) >= 0.268 * problem.money(solution.spend)


def test_conflicts_are_named_without_a_word_on_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    problem = cm.AllocationProblem(
        R.power([1.0, 1.0], [1.0, 1.0], names=["a", "b"]),
        cm.FixedBudget(1.0),
        [cm.AtMostActive(1), cm.SpendBounds({"a": (0.3, None), "b": (0.3, None)})],
    )
    assert cm.solve(problem).conflicts == ("at_most_active", "spend_bounds a, b")
    assert capfd.readouterr() == ("", "")
