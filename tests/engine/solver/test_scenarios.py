"""Scenarios against second computations: fine grids with local refinement, and raw CVXPY where curves are concave."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from numpy.typing import NDArray

import channelmix as cm
from channelmix import Status

Array = NDArray[np.float64]

GAP = 1e-4
NAMES = ["FR/sms", "FR/app", "DE/sms"]


def hill(cells: int = 2) -> cm.ResponseCurves:
    scale, half, slope = [10.0, 6.0, 4.0], [1.0, 2.0, 0.5], [2.0, 1.0, 3.0]
    return cm.ResponseCurves.hill(scale[:cells], half[:cells], slope[:cells], names=NAMES[:cells])


def solved(problem: cm.AllocationProblem, **options: Any) -> cm.Solution:
    solution = cm.solve(problem, **{"gap": GAP, **options})
    certificate = cm.verify(problem, solution)
    assert solution.status is certificate.status
    return solution


def outcome_of(problem: cm.AllocationProblem, points: Array) -> Array:
    """Net outcome at many points, written a second time; (n_points,)."""
    total = -points @ problem.charges
    for i in range(problem.curves.n_cells):
        total = total + problem.curves.cell(i).value(points[np.newaxis, :, i]).mean(axis=0)
    return np.asarray(total)


def worth(problem: cm.AllocationProblem, points: Array) -> Array:
    """Objective at many points, -inf where a rule is broken; both told from the scenario's words alone."""
    scenario: Any = problem.scenario
    outcome, money = outcome_of(problem, points), points.sum(axis=1)
    fine = (points >= 0.0).all(axis=1)
    if getattr(scenario, "max_amount", None) is not None:
        fine &= money <= scenario.max_amount * (1 + 1e-12)
    for rule in problem.constraints:
        for row in rule.rows(problem.cells):
            left = points @ row.coefficients
            fine &= (left >= row.low - 1e-12) & (left <= row.high + 1e-12)
    if isinstance(scenario, cm.TargetOutcome):
        fine &= outcome >= scenario.amount
        value = -money
    elif isinstance(scenario, cm.MaxProfit):
        value = outcome - money
    else:
        if scenario.min_roi is not None:
            fine &= outcome >= scenario.min_roi * money
        value = outcome - (scenario.min_marginal_roi or 0.0) * money
    return np.where(fine, value, -np.inf)


def best_by_grid(
    problem: cm.AllocationProblem, most: float, steps: int, rounds: int = 12
) -> tuple[float, Array]:
    """Best point of a grid over [0, most] of every cell, then of ever finer grids around the best dozen."""
    n = problem.curves.n_cells
    axes = [np.linspace(0.0, most, steps + 1)] * n
    points = np.array(list(itertools.product(*axes)))
    values = worth(problem, points)
    half = most / steps
    around = np.array(list(itertools.product(np.linspace(-1.0, 1.0, 9), repeat=n)))
    for _ in range(rounds):
        top = np.argsort(-values)[:12]
        points = np.concatenate([points[top], *(np.maximum(p + half * around, 0.0) for p in points[top])])
        values = worth(problem, points)
        half *= 0.4
    best = int(np.argmax(values))
    return float(values[best]), points[best]


def agrees(problem: cm.AllocationProblem, most: float = 12.0, steps: int = 0) -> cm.Solution:
    """Solve, and hold the answer against the grid's: neither is better by more than the gap."""
    solution = solved(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.gap <= GAP
    assert problem.violation(solution.spend) <= 1e-6
    value, _ = best_by_grid(problem, most, steps or (240 if problem.curves.n_cells == 2 else 40))
    size = max(abs(solution.value), problem.size(solution.spend))
    rounding = 1e-6 * size  # what a row may be broken by
    assert value <= solution.upper_bound + rounding
    assert value <= solution.value + GAP * size + rounding
    assert value >= solution.value - 3e-3 * size  # the comparison is not idle
    return solution


SCENARIOS: dict[str, Any] = {
    "target": cm.TargetOutcome(8.0),
    "target within": cm.TargetOutcome(8.0, max_amount=4.0),
    "roi": cm.FlexibleBudget(min_roi=3.0),
    "roi within": cm.FlexibleBudget(min_roi=3.0, max_amount=1.5),
    "marginal": cm.FlexibleBudget(min_marginal_roi=2.5),
    "marginal within": cm.FlexibleBudget(min_marginal_roi=0.5, max_amount=3.0),
    "both, roi binds": cm.FlexibleBudget(min_roi=4.0, min_marginal_roi=0.2),
    "both, marginal binds": cm.FlexibleBudget(min_roi=1.1, min_marginal_roi=2.0),
    "profit": cm.MaxProfit(),
    "profit within": cm.MaxProfit(max_amount=2.0),
}


@pytest.mark.parametrize("charge", [None, {"FR/sms": 0.7, "app": 0.3}], ids=["free", "charged"])
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_two_cells(scenario: Any, charge: Any) -> None:
    agrees(cm.AllocationProblem(hill(), scenario, charge=charge))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_three_cells_under_rules(scenario: Any) -> None:
    rules = [cm.GroupShare("FR", 0.2, 0.9), cm.SpendBounds({"DE": (0.1, 1.5)})]
    agrees(cm.AllocationProblem(hill(3), scenario, rules), most=4.0)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_draws(scenario: Any) -> None:
    rng = np.random.default_rng(8)
    spread = np.exp(0.3 * rng.normal(size=(25, 2)))
    curves = cm.ResponseCurves.hill([10.0, 6.0], spread * [1.0, 2.0], [2.0, 1.0], names=NAMES[:2])
    agrees(cm.AllocationProblem(curves, scenario), steps=120)


CONCAVE = cm.ResponseCurves.concat(
    [
        cm.ResponseCurves.power([2.0], 0.5, names=["a"]),
        cm.ResponseCurves.logarithmic([3.0], [0.5], names=["b"]),
        cm.ResponseCurves.exponential([4.0], [1.5], names=["c"]),
    ]
)


def raw(
    limits: Callable[[Any, Any], list[Any]], aim: Callable[[Any, Any], Any], charge: float = 0.0
) -> float:
    """The concave curves written again in CVXPY: best `aim` of net outcome and money under `limits`."""
    s = cp.Variable(3, nonneg=True)
    terms = [
        2.0 * cp.power(s[0], 0.5, approx=False),
        3.0 * cp.log1p(s[1] / 0.5),
        4.0 * (1 - cp.exp(-s[2] / 1.5)),
    ]
    net, money = cp.sum(cp.hstack(terms)) - charge * s[0], cp.sum(s)
    problem = cp.Problem(cp.Maximize(aim(net, money)), limits(net, money))
    problem.solve(solver="CLARABEL")
    return float(problem.value)


RAW: dict[str, tuple[Any, Any, Any]] = {
    "target": (cm.TargetOutcome(9.0), lambda n, m: [n >= 9.0], lambda n, m: -m),
    "roi": (cm.FlexibleBudget(min_roi=1.7), lambda n, m: [n >= 1.7 * m], lambda n, m: n),
    "roi within": (
        cm.FlexibleBudget(min_roi=1.7, max_amount=3.0),
        lambda n, m: [n >= 1.7 * m, m <= 3.0],
        lambda n, m: n,
    ),
    "marginal": (
        cm.FlexibleBudget(min_marginal_roi=1.3),
        lambda n, m: [m >= 0],
        lambda n, m: n - 1.3 * m,
    ),
    "both": (
        cm.FlexibleBudget(min_roi=1.9, min_marginal_roi=0.4),
        lambda n, m: [n >= 1.9 * m],
        lambda n, m: n - 0.4 * m,
    ),
    "profit": (cm.MaxProfit(), lambda n, m: [m >= 0], lambda n, m: n - m),
    "profit within": (cm.MaxProfit(2.0), lambda n, m: [m <= 2.0], lambda n, m: n - m),
}


@pytest.mark.parametrize("charge", [0.0, 0.4])
@pytest.mark.parametrize(("scenario", "limits", "aim"), RAW.values(), ids=RAW.keys())
def test_concave_scenarios_written_raw_in_cvxpy_agree(
    scenario: Any, limits: Any, aim: Any, charge: float
) -> None:
    problem = cm.AllocationProblem(CONCAVE, scenario, charge={"a": charge} if charge else None)
    solution = solved(problem, gap=1e-5)
    expected = raw(limits, aim, charge)
    assert solution.status is Status.OPTIMAL
    assert solution.value == pytest.approx(expected, rel=3e-5)
    assert expected <= solution.upper_bound + 1e-6 * problem.size(solution.spend)


def test_a_target_out_of_reach_says_by_how_much() -> None:
    solution = solved(cm.AllocationProblem(hill(), cm.TargetOutcome(17.0)))
    assert solution.status is Status.INFEASIBLE
    assert solution.conflicts == ("target_outcome",)
    assert solution.mend["target_outcome"] == pytest.approx(17.0 - 16.0, rel=1e-3)


@pytest.mark.parametrize("most", [0.0, 2.0])
def test_a_target_out_of_reach_of_the_money(most: float) -> None:
    problem = cm.AllocationProblem(hill(), cm.TargetOutcome(12.0, max_amount=most))
    solution = solved(problem)
    assert solution.status is Status.INFEASIBLE
    furthest = solved(cm.AllocationProblem(hill(), cm.FixedBudget(most)))
    assert solution.mend["target_outcome"] == pytest.approx(12.0 - furthest.value, rel=2e-3)
    reached = max(0.0, 12.0 - solution.mend["target_outcome"] * (1 + 1e-6))
    mended = cm.TargetOutcome(reached, max_amount=most)
    assert solved(cm.AllocationProblem(hill(), mended)).status is Status.OPTIMAL


def test_a_target_out_of_reach_of_the_rules_names_those_that_matter() -> None:
    bounds = [cm.SpendBounds({"app": (None, 50.0)}), cm.SpendBounds({"FR/sms": (None, 0.5)})]
    # 2 from the first cell at most, 6 * 50 / 52 from the second.
    reach = 2.0 + 300.0 / 52.0
    both = solved(cm.AllocationProblem(hill(), cm.TargetOutcome(7.9), [*bounds, cm.GroupShare("app", 0.1)]))
    assert both.conflicts == ("target_outcome", "spend_bounds app", "spend_bounds FR/sms")
    assert both.mend["target_outcome"] == pytest.approx(7.9 - reach, rel=1e-3)
    one = solved(cm.AllocationProblem(hill(), cm.TargetOutcome(9.0), bounds))
    assert one.conflicts == ("target_outcome", "spend_bounds FR/sms")
    assert one.mend["target_outcome"] == pytest.approx(9.0 - reach, rel=1e-3)


@pytest.mark.parametrize("far", [1e-9, 1e3, 1e9])
def test_a_target_is_reached_however_far_away(far: float) -> None:
    """What is out of reach is told from the curves, not from the size of an amount in another unit."""
    curves = cm.ResponseCurves.hill([10.0, 6.0], [far, 2.0 * far], [2.0, 1.0], names=NAMES[:2])
    near = solved(cm.AllocationProblem(hill(), cm.TargetOutcome(8.0)))
    solution = solved(cm.AllocationProblem(curves, cm.TargetOutcome(8.0)))
    assert solution.status is Status.OPTIMAL
    assert solution.value == pytest.approx(near.value * far, rel=2e-4)


def test_a_target_of_nothing_costs_nothing() -> None:
    for scenario in (cm.TargetOutcome(0.0), cm.TargetOutcome(0.0, 0.0), cm.TargetOutcome(0.0, 5.0)):
        solution = solved(cm.AllocationProblem(hill(), scenario, charge={"sms": 0.1}))
        assert solution.status is Status.OPTIMAL
        np.testing.assert_array_equal(solution.spend, 0.0)


def test_no_roi_is_high_enough() -> None:
    """Nothing is spent where no spend reaches the ROI; where a rule asks for spend all the same, rules conflict."""
    scenario = cm.FlexibleBudget(min_roi=9.0)
    np.testing.assert_array_equal(solved(cm.AllocationProblem(hill(), scenario)).spend, 0.0)
    for limited in (scenario, cm.FlexibleBudget(min_roi=9.0, max_amount=200.0)):
        rules = [cm.SpendBounds({"app": (100.0, None)}), cm.GroupShare("app", 0.0, 0.99)]
        solution = solved(cm.AllocationProblem(hill(), limited, rules))
        assert solution.status is Status.INFEASIBLE
        assert solution.conflicts == ("flexible_budget", "spend_bounds app")


@pytest.mark.parametrize("most", [None, 200.0])
def test_the_highest_roi_within_reach(most: float | None) -> None:
    """What the rules allow is found by trying every spend of a grid; at a little less there is a plan."""
    curves = cm.ResponseCurves.hill([3.0, 9.0], [4.0, 20.0], [2.5, 2.0], names=["sms", "app"])
    rules = [cm.SpendBounds({"sms": (30.0, None)})]
    problem = cm.AllocationProblem(curves, cm.FlexibleBudget(min_roi=2.0, max_amount=most), rules)
    solution = solved(problem)
    assert solution.status is Status.INFEASIBLE
    assert solution.conflicts == ("flexible_budget", "spend_bounds sms")
    app = np.linspace(0.0, 100.0, 2001)
    highest = max(problem.net([30.0, spend]) / (30.0 + spend) for spend in app)
    reached = 2.0 - solution.mend["flexible_budget min_roi"]
    assert reached == pytest.approx(highest, rel=1e-3)
    for roi, status in ((0.998 * reached, Status.OPTIMAL), (1.002 * reached, Status.INFEASIBLE)):
        nearby = cm.FlexibleBudget(min_roi=roi, max_amount=most)
        assert solved(cm.AllocationProblem(curves, nearby, rules)).status is status


@pytest.mark.parametrize("most", [None, 60.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_tightest_time_limit_reaches_a_target(seed: int, most: float | None) -> None:
    rng = np.random.default_rng(seed)
    curves = cm.ResponseCurves.hill(
        rng.uniform(5.0, 15.0, 15), rng.uniform(1.0, 5.0, 15), rng.uniform(1.5, 3.5, 15)
    )
    problem = cm.AllocationProblem(curves, cm.TargetOutcome(80.0, max_amount=most))
    solution = cm.solve(problem, time_limit=1e-9)
    assert problem.net(solution.spend) >= 80.0 * (1.0 - 1e-9)
    assert np.isfinite(solution.gap)
    cm.verify(problem, solution)


LINEAR = cm.ResponseCurves.power([1.0, 2.0], [0.5, 1.0], names=["a", "b"])


@pytest.mark.parametrize("scenario", [cm.MaxProfit(), cm.FlexibleBudget(min_roi=1.5)])
def test_unbounded_names_the_cell(scenario: Any) -> None:
    solution = solved(cm.AllocationProblem(LINEAR, scenario))
    assert solution.status is Status.UNBOUNDED
    assert solution.conflicts == ("b",)
    assert solution.upper_bound == np.inf


BOUNDED: dict[str, tuple[cm.AllocationProblem, list[float]]] = {
    "by an upper bound": (
        cm.AllocationProblem(LINEAR, cm.MaxProfit(), [cm.SpendBounds({"b": (None, 5.0)})]),
        [0.25, 5.0],
    ),
    "by a row's low side": (
        cm.AllocationProblem(LINEAR, cm.MaxProfit(), [cm.LinearConstraint({"b": -2.0}, low=-10.0)]),
        [0.25, 5.0],
    ),
    "by its price": (cm.AllocationProblem(LINEAR, cm.FlexibleBudget(min_marginal_roi=2.5)), [0.04, 0.0]),
    "by its charge": (cm.AllocationProblem(LINEAR, cm.MaxProfit(), charge={"b": 1.5}), [0.25, 0.0]),
    "by one of two aims": (
        cm.AllocationProblem(LINEAR, cm.FlexibleBudget(min_roi=1.5, min_marginal_roi=2.5)),
        [0.04, 0.0],
    ),
}


@pytest.mark.parametrize(("problem", "spend"), BOUNDED.values(), ids=BOUNDED.keys())
def test_a_curve_without_limit_may_be_limited_otherwise(
    problem: cm.AllocationProblem, spend: list[float]
) -> None:
    solution = solved(problem, gap=1e-6)
    assert solution.status is Status.OPTIMAL
    np.testing.assert_allclose(solution.spend, spend, rtol=2e-2, atol=1e-4)


def test_cells_that_a_rule_holds_up_are_exempt_from_marginal_roi() -> None:
    """The floors of `KeepWorking` are paid though their last unit brings less than the minimum; the rest obeys it."""
    current = {"FR/sms": 20.0, "FR/app": 1.0}
    scenario = cm.FlexibleBudget(min_marginal_roi=1.0)
    problem = cm.AllocationProblem(hill(), scenario, [cm.KeepWorking(floor=0.5)], current=current)
    solution = solved(problem, gap=1e-7)
    slope = hill().derivative(solution.spend).mean(axis=0)
    assert solution.spend[0] == pytest.approx(10.0)
    assert slope[0] < 0.1
    assert solution.spend[1] > 0.5
    assert slope[1] == pytest.approx(1.0, rel=1e-2)
    agrees(problem, most=16.0)


def test_marginal_roi_of_the_last_unit() -> None:
    solution = solved(cm.AllocationProblem(CONCAVE, cm.FlexibleBudget(min_marginal_roi=1.3)), gap=1e-8)
    # 1 / sqrt(a) = 3 / (b + 0.5) = 4 / 1.5 * exp(-c / 1.5) = 1.3
    expected = [1.3**-2, 3.0 / 1.3 - 0.5, 1.5 * np.log(4.0 / 1.5 / 1.3)]
    np.testing.assert_allclose(solution.spend, expected, rtol=2e-3)


INVARIANT: dict[str, Callable[[float, float], Any]] = {
    "target": lambda money, out: cm.TargetOutcome(9.0 * out),
    "roi": lambda money, out: cm.FlexibleBudget(min_roi=3.0 * out / money),
    "marginal": lambda money, out: cm.FlexibleBudget(
        min_marginal_roi=2.0 * out / money, max_amount=5.0 * money
    ),
    "profit": lambda money, out: cm.MaxProfit(),
}


@pytest.mark.parametrize("power", [-6, -2, 3, 6])
@pytest.mark.parametrize("kind", INVARIANT.keys())
def test_another_currency_order_and_names_tell_the_same_plan(kind: str, power: int) -> None:
    money = 10.0**power
    out = money if kind == "profit" else 10.0 ** (-power // 2)
    one = cm.AllocationProblem(hill(3), INVARIANT[kind](1.0, 1.0), [cm.GroupShare("FR", high=0.8)])
    turned = hill(3).take([2, 0, 1]).rescaled(1.0 / money, 1.0 / out)
    told = cm.ResponseCurves(("north/x", "south/y", "south/z"), turned.blocks)
    told = cm.ResponseCurves.concat([told])
    other = cm.AllocationProblem(told, INVARIANT[kind](money, out), [cm.GroupShare("south", high=0.8)])
    first, second = solved(one), solved(other)
    assert first.status is second.status is Status.OPTIMAL
    unit = money if kind == "target" else out
    size = one.size(first.spend)
    assert abs(second.value / unit - first.value) <= GAP * size
    np.testing.assert_allclose(
        second.spend[[1, 2, 0]] / money, first.spend, atol=2e-2 * float(first.spend.sum())
    )
