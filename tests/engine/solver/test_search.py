"""Edges of the search: limits, interrupts, degenerate problems, starts, shadow prices, projection."""

from __future__ import annotations

import math
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from tests.oracles import best_on_grid, hill_problem, random_curves, random_rules, rows_of

import channelmix as cm
from channelmix import Status
from channelmix.engine.response.envelope import concave_hull
from channelmix.engine.solver.projection import project
from channelmix.engine.solver.relaxation import Relaxation, Relaxed
from channelmix.plan import Plan

S_SHAPED = {"scale": [3.0, 2.0, 2.5], "half_saturation": [4.0, 1.0, 2.0], "slope": [3.0, 1.0, 2.0]}


def problem(*rules: Any, budget: float = 6.0, **options: Any) -> cm.AllocationProblem:
    curves = cm.ResponseCurves.hill(**S_SHAPED, names=["FR/sms", "FR/app", "DE/sms"])
    return cm.AllocationProblem(curves, cm.FixedBudget(budget), rules, **options)


def solved(p: cm.AllocationProblem, **options: Any) -> cm.Solution:
    solution = cm.solve(p, **options)
    assert cm.verify(p, solution).status is solution.status
    return solution


def test_charges_leave_money_unspent() -> None:
    curves = cm.ResponseCurves.logarithmic([2.0, 3.0], [1.0, 1.0], names=["a", "b"])
    p = cm.AllocationProblem(curves, cm.FixedBudget(100.0), charge={"a": 0.5, "b": 4.0})
    solution = solved(p, gap=1e-7)
    # a: 2 / (1 + s) = 0.5 at s = 3; b: 3 / (1 + s) is below 4 from the start.
    np.testing.assert_allclose(solution.spend, [3.0, 0.0], atol=2e-3)
    assert solution.value == pytest.approx(2.0 * math.log(4.0) - 1.5, rel=1e-6)
    assert "fixed_budget" not in solution.shadow_prices


def test_zero_budget() -> None:
    solution = solved(problem(budget=0.0))
    assert solution.status is Status.OPTIMAL
    assert solution.spend.tolist() == [0.0, 0.0, 0.0]
    assert (solution.value, solution.upper_bound, solution.gap) == (0.0, 0.0, 0.0)


def test_one_cell_takes_it_all() -> None:
    curves = cm.ResponseCurves.hill([2.0], [1.0], [3.0], names=["a"])
    solution = solved(cm.AllocationProblem(curves, cm.FixedBudget(5.0)))
    assert solution.spend.tolist() == [5.0]


def test_pinned_cells_stay_pinned() -> None:
    bounds = {"FR/sms": (1.25, 1.25), "FR/app": (0.0, 0.0), "DE/sms": (2.5, 2.5)}
    solution = solved(problem(cm.SpendBounds(bounds)))
    assert solution.spend.tolist() == [1.25, 0.0, 2.5]
    assert solution.gap == 0.0


@pytest.mark.parametrize("charge", [None, {"all": 0.1}])
def test_all_zero_curves(charge: Any) -> None:
    curves = cm.ResponseCurves.hill([0.0, 0.0], [1.0, 2.0], [0.5, 2.0])
    solution = solved(cm.AllocationProblem(curves, cm.FixedBudget(3.0), charge=charge))
    assert solution.status is Status.OPTIMAL
    assert (solution.value, solution.gap) == (0.0, 0.0)


def test_a_loss_that_a_rule_forces() -> None:
    curves = cm.ResponseCurves.hill([0.0, 0.0], [1.0, 2.0], [0.5, 2.0])
    p = cm.AllocationProblem(
        curves, cm.FixedBudget(3.0), [cm.SpendBounds({"cell1": (1.0, None)})], charge={"all": 0.1}
    )
    solution = solved(p)
    assert solution.status is Status.OPTIMAL
    assert solution.value == pytest.approx(-0.1)


def test_a_huge_flat_curve_does_not_hide_the_others() -> None:
    # The flat cell counts a million times more, and needs next to nothing of the budget.
    curves = cm.ResponseCurves.exponential([1e6, 1.0], [1e-9, 1.0], names=["flat", "small"])
    p = cm.AllocationProblem(curves, cm.FixedBudget(2.0))
    solution = solved(p, gap=1e-8)
    assert solution.status is Status.OPTIMAL
    assert p.value(solution.spend) >= 1e6 + 1.0 - math.exp(-2.0) - 1e-2
    assert solution.upper_bound <= 1e6 + 1.0 - math.exp(-2.0) + 1e-2


@pytest.mark.parametrize("slope", [0.7, 1.0, 3.0])
def test_equal_curves(slope: float) -> None:
    n = 6
    curves = cm.ResponseCurves.hill(np.ones(n), np.ones(n), np.full(n, slope))
    p = cm.AllocationProblem(curves, cm.FixedBudget(4.1))
    solution = solved(p)
    assert solution.status is Status.OPTIMAL
    assert solution.value >= best_on_grid(p, 4.1, np.zeros(n), np.full(n, 4.1), 600) - 1e-4 * solution.value
    if slope > 1.0:  # k cells at 4.1 / k each, for the best k
        assert solution.value == pytest.approx(
            max(k / (1 + (k / 4.1) ** slope) for k in range(1, n + 1)), rel=1e-4
        )


@pytest.mark.parametrize("exponent", [-6, 6])
def test_small_and_large_units(exponent: int) -> None:
    unit = 10.0**exponent
    plain = solved(problem(cm.GroupShare("FR", 0.2, 0.6)))
    curves = problem().curves.rescaled(1.0 / unit, unit)
    other = solved(cm.AllocationProblem(curves, cm.FixedBudget(6.0 * unit), [cm.GroupShare("FR", 0.2, 0.6)]))
    assert other.value * unit == pytest.approx(plain.value, rel=1e-4)
    np.testing.assert_allclose(other.spend / unit, plain.spend, atol=6e-3)


@pytest.mark.parametrize("gap", [1e-2, 1e-6, 1e-9])
def test_the_gap_asked_for_is_the_gap_proven(gap: float) -> None:
    solution = solved(problem(cm.GroupShare("FR", 0.2, 0.6)), gap=gap)
    assert solution.status is Status.OPTIMAL
    assert solution.gap <= gap == solution.requested_gap


def test_a_small_market_keeps_its_limit_under_a_huge_budget() -> None:
    names = ["FR/a", "FR/b", "FR/c", "DE/a", "DE/b", "DE/c"]
    curves = cm.ResponseCurves.hill(
        1e6 * np.arange(1.0, 7.0), [1.0, 2, 3, 1e8, 2e8, 3e8], np.full(6, 2.0), names=names
    )
    p = cm.AllocationProblem(curves, cm.FixedBudget(1e9), [cm.SpendBounds({"FR": (None, 5.0)})])
    solution = solved(p)
    assert solution.status is Status.OPTIMAL
    assert solution.spend[:3].sum() <= 5.0 * (1.0 + 1e-6)
    assert solution.report.nodes < 50  # small cells are split and polished in their own range


@pytest.mark.parametrize("limit", [1e-9, 1e-3])
def test_a_tiny_time_limit_still_gives_an_honest_plan(limit: float) -> None:
    made = hill_problem(np.random.default_rng(8), 12, 20, shares=True)
    solution = solved(made.problem, gap=1e-12, time_limit=limit)
    assert solution.status is Status.NOT_CERTIFIED
    assert 1e-12 < solution.gap < math.inf
    assert solution.spend.sum() <= made.budget * (1 + 1e-9)
    full = cm.solve(made.problem)
    assert solution.upper_bound >= full.value
    assert solution.value <= full.upper_bound


def test_a_tiny_time_limit_still_finds_a_conflict() -> None:
    p = problem(
        cm.GroupShare("FR", 0.6, 1.0), cm.GroupShare("sms", 0.0, 0.2), cm.GroupShare("FR/app", 0.0, 0.3)
    )
    p = problem(*p.constraints, cm.SpendBounds({"all": (1.0, None)}))
    assert solved(p, time_limit=1e-9).status is Status.INFEASIBLE


@pytest.mark.parametrize("call", [2, 3, 5, 8])
@pytest.mark.parametrize("again", [False, True])
def test_an_interrupt_returns_the_best_so_far(
    monkeypatch: pytest.MonkeyPatch, call: int, again: bool
) -> None:
    made = hill_problem(np.random.default_rng(9), 10, 5, shares=True)
    original, count = Relaxation.solve, 0

    def interrupted(self: Relaxation, *arguments: Any, **options: Any) -> Relaxed | None:
        nonlocal count
        count += 1
        if count == call or (again and count > call):
            raise KeyboardInterrupt
        return original(self, *arguments, **options)

    monkeypatch.setattr(Relaxation, "solve", interrupted)
    solution = solved(made.problem, gap=1e-10)
    assert count >= call
    assert solution.report.interrupted
    assert solution.status is Status.NOT_CERTIFIED
    assert 1e-10 < solution.gap < 1.0


def test_an_interrupt_before_any_plan_is_known_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Relaxation, *arguments: Any, **options: Any) -> Relaxed | None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Relaxation, "solve", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cm.solve(problem())
    start = {"FR/sms": 1.0}
    solution = solved(problem(), starts=[start])
    assert solution.status is Status.NOT_CERTIFIED
    assert solution.spend.tolist() == [1.0, 0.0, 0.0]


def test_a_solver_that_gives_up_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    original = cp.Problem.solve

    def moody(self: cp.Problem, **options: Any) -> Any:
        if options["solver"] == "HIGHS":
            raise cp.SolverError("no")
        return original(self, **options)

    monkeypatch.setattr(cp.Problem, "solve", moody)
    assert solved(problem()).status is Status.OPTIMAL


@pytest.mark.parametrize("seed", range(12))
def test_rows_of_any_size_around_a_feasible_point(seed: int) -> None:
    """Feasible by construction, some with equality: never called infeasible, never worth less than that point."""
    rng = np.random.default_rng([10, seed])
    curves = random_curves(rng, int(rng.integers(2, 7)))
    inside = rng.random(curves.n_cells) * 10.0 ** rng.uniform(-3, 6)
    p = cm.AllocationProblem(
        curves, cm.FixedBudget(float(inside.sum())), random_rules(rng, curves.names, inside)
    )
    solution = solved(p)
    assert solution.status is Status.OPTIMAL
    assert solution.upper_bound >= p.value(inside) * (1.0 - 1e-9)
    assert solution.report.relaxations < 250  # a polish that creeps along a row would take hundreds more


@pytest.mark.parametrize("seed", range(5))
def test_the_answer_is_never_worse_than_a_feasible_start(seed: int) -> None:
    rng = np.random.default_rng([11, seed])
    made = hill_problem(rng, 6)
    best = cm.solve(made.problem, gap=1e-7)
    start = dict(zip(made.problem.curves.names, best.spend.tolist(), strict=True))
    hurried = solved(made.problem, gap=1e-12, time_limit=1e-9, starts=[{}, start])
    assert hurried.value >= best.value * (1.0 - 1e-12)


def test_a_start_that_breaks_a_rule_is_passed_over() -> None:
    p = problem(cm.SpendBounds({"FR": (None, 1.0)}))
    plain, started = solved(p), solved(p, starts=[{"FR/sms": 6.0}])
    assert started.spend.tobytes() == plain.spend.tobytes()


@pytest.mark.parametrize(
    "options",
    [
        {"gap": 0.0},
        {"gap": math.nan},
        {"time_limit": -1.0},
        {"starts": [{"FR/smss": 1.0}]},
        {"starts": [{"FR/sms": math.nan}]},
    ],
)
def test_bad_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(cm.InputError):
        cm.solve(problem(), **options)


def test_shadow_prices_are_what_one_more_unit_is_worth() -> None:
    rules = [cm.SpendBounds({"FR": (None, 2.0), "DE/sms": (3.0, None)})]
    solution = solved(problem(*rules), gap=1e-8)
    h = 1e-3

    def with_bounds(high: float, low: float, budget: float = 6.0) -> float:
        changed = cm.SpendBounds({"FR": (None, high), "DE/sms": (low, None)})
        return cm.solve(problem(changed, budget=budget), gap=1e-10).value

    expected = {
        "fixed_budget": (with_bounds(2.0, 3.0, 6.0 + h) - with_bounds(2.0, 3.0, 6.0 - h)) / (2 * h),
        "spend_bounds FR": (with_bounds(2.0 + h, 3.0) - with_bounds(2.0 - h, 3.0)) / (2 * h),
    }
    for label, price in expected.items():
        assert solution.shadow_prices[label] == pytest.approx(price, rel=1e-3)
    assert "spend_bounds DE/sms" not in solution.shadow_prices


def test_the_same_input_gives_the_same_bytes() -> None:
    made = hill_problem(np.random.default_rng(12), 8, 20, shares=True)
    again = cm.AllocationProblem.from_dict(made.problem.to_dict())
    first, second = cm.solve(made.problem), cm.solve(again)
    assert first.spend.tobytes() == second.spend.tobytes()
    assert (first.value, first.upper_bound, first.gap) == (second.value, second.upper_bound, second.gap)
    assert first.proof.to_dict() == second.proof.to_dict()
    assert first.shadow_prices == second.shadow_prices


@pytest.mark.parametrize("seed", range(8))
def test_projection_against_a_raw_quadratic_program(seed: int) -> None:
    rng = np.random.default_rng([13, seed])
    made = hill_problem(rng, 5, shares=seed % 2 == 0)
    names = made.problem.curves.names
    wish = rng.uniform(-0.2, 1.0, 5) * made.budget
    nearest = project(made.problem, dict(zip(names, wish.tolist(), strict=True)))
    assert nearest is not None
    found = np.array([nearest[name] for name in names])
    A, low, high = rows_of(made.problem)
    spend = cp.Variable(5, nonneg=True)
    limits = [
        A[np.isfinite(high)] @ spend <= high[np.isfinite(high)],
        A[np.isfinite(low)] @ spend >= low[np.isfinite(low)],
    ]
    weight = np.abs(wish) + 0.01 * np.abs(wish).mean()
    distance = sum((spend[i] - wish[i]) ** 2 / weight[i] for i in range(5))
    cp.Problem(cp.Minimize(distance), limits).solve(solver="CLARABEL")
    np.testing.assert_allclose(found, spend.value, atol=1e-5 * made.budget)
    assert made.problem.violation(found) <= 1e-6 * made.budget


def test_a_limit_on_the_total_scales_a_wish() -> None:
    """Cells change in proportion to what they wish for, up to the floor of 1 % of the mean wish."""
    wish = {"FR/sms": 4.0, "FR/app": 2.0, "DE/sms": 0.0}
    nearest = project(problem(cm.SpendBounds({"all": (None, 3.0)})), wish)
    assert nearest is not None
    assert nearest["FR/sms"] == pytest.approx(2.0, rel=0.02)
    assert nearest["FR/app"] == pytest.approx(1.0, rel=0.02)
    assert nearest["DE/sms"] == pytest.approx(0.0, abs=0.02)


def test_a_projection_leaves_no_dust_on_cells_without_a_wish(example_plan: Plan) -> None:
    asked = cm.AllocationProblem.from_dict(example_plan.problem)
    current = dict(asked.current or {})
    nearest = project(asked, current)
    assert nearest is not None
    spend = np.array(list(nearest.values()))
    assert asked.violation(spend) <= 1e-7 * spend.sum()
    assert nearest["FR/social/advocacy"] == 0.0
    assert spend[spend > 0.0].min() > 1e-7 * spend.sum()
    # What a rule asks for is no dust.
    bounds = [cm.SpendBounds({"DE/sms": (1e-3, None)}), cm.SpendBounds({"all": (None, 5e4)})]
    kept = project(problem(*bounds, budget=5e4), {"FR/sms": 6e4, "FR/app": 2e4})
    assert kept is not None
    assert kept["DE/sms"] >= 0.9e-3


def test_projection_returns_a_feasible_wish_untouched() -> None:
    wish = {"FR/sms": 1.1, "DE/sms": 0.7}
    assert project(problem(cm.SpendBounds({"FR": (1.0, 2.0)})), wish) == {
        "FR/sms": 1.1,
        "FR/app": 0.0,
        "DE/sms": 0.7,
    }


def test_projection_where_rules_conflict() -> None:
    wish = {"FR/sms": 1.0}
    assert project(problem(cm.SpendBounds({"FR": (7.0, None)})), wish) is None
    rows = [cm.GroupShare("FR", 0.6, 1.0), cm.GroupShare("sms", 0.8, 1.0), cm.GroupShare("FR/sms", 0.0, 0.3)]
    assert project(problem(*rows, cm.SpendBounds({"all": (1.0, None)})), wish) is None


@pytest.mark.parametrize("wish", [{"FR/smss": 1.0}, {"FR/sms": math.nan}, {"FR/sms": math.inf}])
def test_a_meaningless_wish_is_refused(wish: dict[str, float]) -> None:
    with pytest.raises(cm.InputError):
        project(problem(), wish)


def test_concave_hull_is_the_smallest_concave_function_above() -> None:
    rng = np.random.default_rng(14)
    x = np.sort(rng.integers(0, 12, 30).astype(float))
    y = rng.random(30)
    hull_x, hull_y = concave_hull(x, y)
    assert (np.diff(hull_x) > 0.0).all()
    assert (np.diff(np.diff(hull_y) / np.diff(hull_x)) <= 1e-12).all()
    assert (np.interp(x, hull_x, hull_y) >= y - 1e-12).all()
    assert all(any((x == a) & (y == b)) for a, b in zip(hull_x, hull_y, strict=True))


def test_an_unknown_solver_is_refused() -> None:
    with pytest.raises(cm.InputError, match="unknown solver 'HIGS'"):
        cm.solve(problem(), solver="HIGS")


@pytest.mark.parametrize("seed", range(30))
def test_shadow_prices_meet_the_conditions_of_an_optimum(seed: int) -> None:
    """Each cell's marginal return equals what its rows charge for it, and a priced row binds."""
    rng = np.random.default_rng([99, seed])
    made = hill_problem(rng, int(rng.integers(4, 16)), shares=bool(seed % 2)).problem
    solution = cm.solve(made)
    marginal = made.curves.derivative(solution.spend).mean(axis=0)
    charged = np.zeros(len(marginal))
    for row in made.rows:
        price = solution.shadow_prices.get(row.label, 0.0)
        charged += price * row.coefficients
        side = row.high if price > 0.0 else row.low
        if abs(price) > 1e-3 * marginal.max():
            assert float(row.coefficients @ solution.spend) == pytest.approx(
                side, abs=1e-5 * solution.spend.sum()
            )
    held = np.where(
        solution.spend > 1e-6 * solution.spend.sum(), np.abs(marginal - charged), marginal - charged
    )
    assert held.max() <= 1e-3 * marginal.max()
