"""The search of very large problems against the search of others, and what it does when time is short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.response.carryover import Carryover, geometric_weights
from channelmix.engine.solver import large_search, linear_program, search, smooth_program
from channelmix.engine.solver.large_search import LargeSearch, is_large
from channelmix.engine.solver.searches import search_for

GAP = 1e-3


def concave(n: int, seed: int, *, steepest: float = 1.0) -> cm.ResponseCurves:
    rng = np.random.default_rng(seed)
    size = rng.uniform(0.5, 10.0, n)
    slope = rng.uniform(0.7, steepest, (8, n)) if steepest <= 1.0 else rng.uniform(1.5, steepest, (1, n))
    return cm.ResponseCurves.hill(
        size * rng.uniform(3.0, 9.0, (8, n)), size * rng.uniform(1.0, 4.0, (8, n)), slope
    )


def rules(curves: cm.ResponseCurves) -> list[cm.SpendBounds | cm.GroupShare | cm.LinearConstraint]:
    first, second, third = curves.names[:3]
    return [
        cm.GroupShare(first, high=0.05),
        cm.SpendBounds({second: (3.0, 9.0)}),
        cm.LinearConstraint({first: 1.0, third: -2.0}, high=0.0),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_newtons_method_finds_what_linear_programs_find(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one period and over several, with rules that bind."""
    monkeypatch.setattr(large_search, "LARGE", 1)
    monkeypatch.setattr(large_search, "LARGE_OVER_TIME", 1)
    curves = concave(6, seed)
    carry = Carryover(geometric_weights(0.5, 3), 5, season=[1.0, 1.5, 0.7, 1.0, 1.2], initial=[2.0])
    for over in (None, carry):
        problem = cm.AllocationProblem(curves, cm.FixedBudget(60.0), rules(curves), carryover=over)
        assert is_large(problem.standard)
        found = cm.solve(problem, gap=GAP, time_limit=20.0)
        monkeypatch.setattr(large_search, "LARGE", 10**9)
        monkeypatch.setattr(large_search, "LARGE_OVER_TIME", 10**9)
        other = cm.solve(replace(problem), gap=GAP, time_limit=20.0)
        monkeypatch.setattr(large_search, "LARGE", 1)
        monkeypatch.setattr(large_search, "LARGE_OVER_TIME", 1)
        assert found.status is other.status is cm.Status.OPTIMAL
        assert found.value >= other.value * (1.0 - 2.0 * GAP)
        assert found.upper_bound >= other.value * (1.0 - 1e-9)
        assert cm.verify(problem, found).gap <= GAP
        # What the next unit of money is worth is what the cells' marginal returns say, as far as the gap lets it show.
        price = found.shadow_prices["fixed_budget"]
        assert price == pytest.approx(other.shadow_prices["fixed_budget"], rel=0.05)


def test_s_shaped_cells_are_rounded_and_proven() -> None:
    """Half of a chord on every cell is worth little; all of it on half of the cells is worth what the bound says."""
    curves = concave(150, 5, steepest=3.0)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(300.0))
    assert is_large(problem.standard)
    found = cm.solve(problem, gap=5e-3, time_limit=30.0)
    assert found.status is cm.Status.OPTIMAL
    assert cm.verify(problem, found).gap <= 5e-3


def test_what_newtons_method_cannot_do_is_left_to_linear_programs() -> None:
    curves = concave(120, 1)
    names = curves.names
    today = dict.fromkeys(names, 1.0)
    for problem in (
        cm.AllocationProblem(curves, cm.FixedBudget(60.0), [cm.AtMostActive(3)]),
        cm.AllocationProblem(curves, cm.TargetOutcome(10.0), [cm.SpendBounds({"all": (0.0, 900.0)})]),
        cm.AllocationProblem(curves, cm.FixedBudget(60.0), risk=cm.SafeImprovement(today)),
    ):
        assert not is_large(problem.standard)
    assert is_large(cm.AllocationProblem(curves, cm.FixedBudget(60.0)).standard)


class Clock:
    """A clock that goes on by a step whenever it is read: how long anything takes is how often it looks."""

    def __init__(self, step: float) -> None:
        self.step, self.now = step, 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(0.0)
    for module in (search, smooth_program, linear_program):
        monkeypatch.setattr(module.time, "perf_counter", made)
    return made


@pytest.mark.no_cover
def test_a_search_ends_soon_after_its_deadline(clock: Clock) -> None:
    """Counted in looks at the clock, each a second apart, whatever the machine does besides."""
    curves = concave(150, 2)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(200.0), rules(curves))
    form = problem.standard
    for seconds, allowed in ((0.5, 20.0), (10.0, 20.0)):
        clock.now, clock.step = 0.0, 1.0
        found = LargeSearch(form, 1e-12, [], seconds)
        found.run()
        assert clock.now <= seconds + allowed
        assert found.best is not None
        assert np.isfinite(found.upper_bound())
        assert found.upper_bound() >= found.best_value
        clock.step = 0.0
    more = search_for(problem, GAP, (), 1e9)
    assert more.upper_bound() - more.best_value <= GAP * more.best_value


def test_a_step_that_ran_out_of_time_is_no_proof_that_rules_conflict(clock: Clock) -> None:
    curves = concave(150, 3)
    form = cm.AllocationProblem(curves, cm.FixedBudget(200.0)).standard
    clock.step = 1.0
    start = np.full(form.n_variables, 1e-9)
    found = LargeSearch(form, GAP, [start], -1.0)
    found.run()
    assert not found.root.infeasible
    assert found.best is not None
    assert np.isfinite(found.upper_bound())


def test_conflicting_rules_are_found_among_very_many_cells() -> None:
    curves = concave(150, 4)
    names = curves.names
    bounds = cm.SpendBounds(dict.fromkeys(names, (2.0, None)))
    shares = [cm.LinearConstraint({"all": 1.0}, high=250.0, name="little"), bounds]
    problem = cm.AllocationProblem(curves, cm.FixedBudget(400.0), shares)
    found = cm.solve(problem, time_limit=30.0)
    assert found.status is cm.Status.INFEASIBLE
    assert set(found.conflicts) == {"little", bounds.label}
    assert cm.verify(problem, found).status is cm.Status.INFEASIBLE
