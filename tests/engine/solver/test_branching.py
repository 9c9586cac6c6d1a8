"""Boxes whose whole numbers are fixed: nothing that obeys the rules with these numbers is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.problem import variables
from channelmix.engine.problem.bounds import tighten
from channelmix.engine.solver.branching import held

N = 40


def problem(carryover: Any = None) -> cm.AllocationProblem:
    rng = np.random.default_rng(5)
    curves = cm.ResponseCurves.hill(
        rng.uniform(1.0, 3.0, N), rng.uniform(1.0, 4.0, N), rng.uniform(0.6, 2.5, N)
    )
    rules = [cm.MinimumIfActive("all", 0.5), cm.AtMostActive(25)]
    return cm.AllocationProblem(curves, cm.FixedBudget(30.0), rules, carryover=carryover)


def random_spend(rng: np.random.Generator) -> Any:
    """Between nothing and 25 cells with at least their minimum, within the budget."""
    spend = np.zeros(N)
    on = rng.choice(N, size=rng.integers(0, 26), replace=False)
    spend[on] = 0.5 + rng.dirichlet(np.ones(max(len(on), 1)))[: len(on)] * 17.0
    return spend


@pytest.mark.parametrize("seed", range(20))
def test_a_box_holds_all_that_obeys_the_rules_with_its_whole_numbers(seed: int) -> None:
    form = problem().standard
    point = form.from_user(random_spend(np.random.default_rng(seed)))
    assert form.violation(point) <= 1e-12
    low, high = held(form, form.box_low, form.box_high, point)
    assert (low <= point + 1e-12).all()
    assert (point <= high + 1e-12).all()
    off = [members for state, members in form.states.items() if point[state] == 0.0]
    assert all((high[members] == 0.0).all() for members in off)


def test_numbers_that_break_a_rule_leave_an_empty_box() -> None:
    form = problem().standard
    everything_on = np.where(form.integer, 1.0, form.box_high)
    low, high = held(form, form.box_low, form.box_high, everything_on)
    assert (low > high).any()


def test_each_row_is_looked_at_a_few_times_however_many_whole_numbers_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A budget speaks of all cells: looked at for each of them, thousands would take minutes."""
    form, looks = problem().standard, []

    def counted(*arguments: Any) -> None:
        looks.append(arguments)
        tighten(*arguments)

    monkeypatch.setattr(variables, "tighten", counted)
    held(form, form.box_low, form.box_high, form.from_user(random_spend(np.random.default_rng(1))))
    assert 0 < len(looks) <= 2 * variables.MOST_ROUNDS * form.A.shape[0]
