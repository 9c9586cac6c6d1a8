"""Cells that no number tells apart: taken in falling order, which must cost nothing and must be sound."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import channelmix as cm


def equal_cells(n: int, budget: float, *rules: object) -> cm.AllocationProblem:
    curves = cm.ResponseCurves.hill(np.full(n, 2.0), np.full(n, 1.0), np.full(n, 3.0))
    return cm.AllocationProblem(curves, cm.FixedBudget(budget), rules)


@pytest.mark.parametrize("n", [2, 7, 20, 40])
@pytest.mark.parametrize("share", [0.2, 0.37, 0.6])
def test_equal_cells_reach_the_closed_form(n: int, share: float) -> None:
    """Equal S-curves are best used in k equal parts, for the best k."""
    solution = cm.solve(problem := equal_cells(n, share * n))
    parts = share * n / np.arange(1, n + 1)
    best = float((np.arange(1, n + 1) * 2.0 * parts**3 / (1.0 + parts**3)).max())
    assert solution.status is cm.Status.OPTIMAL
    assert solution.value == pytest.approx(best, rel=2e-4)
    assert solution.upper_bound >= best * (1 - 1e-12)
    assert cm.verify(problem, solution).status is cm.Status.OPTIMAL
    assert solution.report.nodes < 20


def test_twins_are_what_no_number_tells_apart() -> None:
    assert list(equal_cells(4, 1.0).standard.twins) == [0, 0, 0, 0]
    bounded = equal_cells(4, 1.0, cm.SpendBounds({"cell2": (0.0, 0.4)})).standard
    assert sorted(np.bincount(bounded.twins)) == [1, 3]
    weighed = equal_cells(4, 1.0, cm.LinearConstraint({"cell1": 1.0, "cell3": 1.0}, high=0.9)).standard
    assert sorted(np.bincount(weighed.twins)) == [2, 2]
    charged = cm.AllocationProblem(equal_cells(3, 1.0).curves, cm.FixedBudget(1.0), charge={"cell1": 0.1})
    assert sorted(np.bincount(charged.standard.twins)) == [1, 2]


def test_every_falling_spend_lies_in_a_half() -> None:
    form = equal_cells(5, 3.0).standard
    rng = np.random.default_rng(0)
    for _ in range(200):
        spend = form.in_falling_order(rng.uniform(form.box_low, form.box_high))
        assert (np.diff(spend) <= 0.0).all()
        cell = int(rng.integers(5))
        at = float(rng.uniform(form.box_low[cell], form.box_high[cell]))
        below, above = form.halves(form.box_low, form.box_high, cell, at)
        assert (spend <= below).all() or (spend >= above).all()


def test_order_holds_within_groups_only() -> None:
    form = equal_cells(4, 1.0, cm.SpendBounds({"cell2": (0.0, 0.4)})).standard
    spend = np.array([0.1, 0.2, 0.3, 0.05])
    falling = form.in_falling_order(spend)
    for group in set(form.twins.tolist()):
        inside = falling[form.twins == group]
        assert (np.diff(inside) <= 0.0).all()
        assert sorted(inside) == sorted(spend[form.twins == group])


def test_a_proof_by_twins_does_not_pass_where_they_differ() -> None:
    """The same tree on cells that differ claims too much, and the checker does not follow it."""
    solution = cm.solve(equal_cells(12, 4.44))
    scale = np.full(12, 2.0)
    scale[-1] = 2.5
    other = cm.AllocationProblem(
        cm.ResponseCurves.hill(scale, np.full(12, 1.0), np.full(12, 3.0)), cm.FixedBudget(4.44)
    )
    best = cm.solve(other)
    value = other.value(solution.spend)
    forged = dataclasses.replace(
        solution, value=value, gap=(solution.upper_bound - value) / value, status=cm.Status.NOT_CERTIFIED
    )
    if solution.upper_bound < best.value:
        with pytest.raises(cm.CertificateError):
            cm.verify(other, forged)
    else:
        pytest.fail("the example no longer forges anything")


def test_price_tiers_on_neighbours_of_different_families() -> None:
    hill = cm.ResponseCurves.hill([5.0], [2.0], [1.0], names=["x"])
    other = cm.ResponseCurves.exponential([5.0], [2.0], names=["y"])
    problem = cm.AllocationProblem(
        cm.ResponseCurves.concat([hill, other]), cm.FixedBudget(6.0), [cm.PriceTiers("all", ((1.0, 0.1),))]
    )
    solution = cm.solve(problem)
    grid = np.linspace(0.0, 6.0, 6001)
    best = max(problem.value([spend, 6.0 - spend]) for spend in grid)
    assert best * (1.0 - 1e-9) <= solution.value * (1.0 + 1e-4)
    cm.verify(problem, solution)
