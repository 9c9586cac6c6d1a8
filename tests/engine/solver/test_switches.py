"""Whole-numbered rules against brute force: every on/off state, a grid of spend and finer grids around the best."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import channelmix as cm
from channelmix import Status

Array = NDArray[np.float64]

GAP = 1e-4
NAMES = ["FR/sms/promotion", "FR/app/service", "DE/sms/service"]
PARTS = ["market", "channel", "purpose"]
ROUNDING = 3e-6
"""What a row may be broken by, as a share of what it can reach."""


def hill(cells: int = 3) -> cm.ResponseCurves:
    scale, half, slope = [6.0, 5.0, 4.0], [1.5, 1.0, 0.5], [3.0, 1.0, 2.0]
    return cm.ResponseCurves.hill(scale[:cells], half[:cells], slope[:cells], names=NAMES[:cells])


def solved(problem: cm.AllocationProblem, **options: Any) -> cm.Solution:
    solution = cm.solve(problem, **{"gap": GAP, **options})
    assert cm.verify(problem, solution).status is solution.status
    return solution


def _part(problem: cm.AllocationProblem, part: str) -> Array:
    return np.array([name.split("/")[PARTS.index(part)] for name in problem.cells.names])


def told(problem: cm.AllocationProblem, points: Array, slack: float = 1e-9) -> tuple[Any, Array, Array]:
    """Whether the constraints hold at many points, their money and their net outcome, from the rules' words."""
    fine: Any = (points >= 0.0).all(axis=1)
    money = points.sum(axis=1)
    curves = problem.curves
    outcome = sum(curves.cell(i).value(points[None, :, i]).mean(axis=0) for i in range(curves.n_cells))
    outcome = np.asarray(outcome - points @ problem.charges)
    for rule in problem.constraints:
        chosen = problem.cells.select(getattr(rule, "selector", "all"))
        spend = points[:, chosen]
        if isinstance(rule, cm.MinimumIfActive):
            fine &= ((spend == 0.0) | (spend >= rule.amount - slack)).all(axis=1)
        elif isinstance(rule, cm.AtMostActive):
            groups = [[i] for i in np.flatnonzero(chosen)]
            if rule.of != "cell":
                parts = _part(problem, rule.of)
                groups = [np.flatnonzero(chosen & (parts == one)) for one in np.unique(parts[chosen])]  # type: ignore[misc]
            fine &= sum((points[:, group] > 0.0).any(axis=1).astype(int) for group in groups) <= rule.count
        elif isinstance(rule, cm.ActivationFee):
            money = money + rule.amount * (spend > 0.0).any(axis=1)
        elif isinstance(rule, cm.PackSize):
            fine &= (np.abs(spend / rule.size - np.round(spend / rule.size)) <= slack).all(axis=1)
        else:
            for row in rule.rows(problem.cells):
                left = points @ row.coefficients
                fine &= (left >= row.low - slack) & (left <= row.high + slack)
        if isinstance(rule, cm.ChangeLimit) and rule.switching_cost:
            assert problem.cells.current is not None
            change = np.abs(spend - problem.cells.current[chosen]).sum(axis=1)
            outcome = outcome - rule.switching_cost * change
    return fine, money, outcome


def worth(problem: cm.AllocationProblem, points: Array, slack: float = 1e-9) -> Array:
    """Objective at many points, -inf where a rule is broken."""
    fine, money, outcome = told(problem, points, slack)
    scenario: Any = problem.scenario
    limit = scenario.amount if isinstance(scenario, cm.FixedBudget) else scenario.max_amount
    fine = fine & (money <= limit + slack)
    if isinstance(scenario, cm.TargetOutcome):
        return np.where(fine & (outcome >= scenario.amount - slack), -money, -np.inf)
    if isinstance(scenario, cm.FlexibleBudget) and scenario.min_roi is not None:
        fine = fine & (outcome >= scenario.min_roi * money - slack)
    prices: dict[type, float] = {cm.FixedBudget: 0.0, cm.MaxProfit: 1.0}
    price = prices.get(type(scenario))
    price = (scenario.min_marginal_roi or 0.0) if price is None else price
    return np.where(fine, outcome - price * money, -np.inf)


def best_of_all_states(
    problem: cm.AllocationProblem, most: float = 6.0, steps: int = 24
) -> tuple[float, Array]:
    """Best of a grid, refined around the best points of every on/off state."""
    n = problem.curves.n_cells
    points = np.array(list(itertools.product(np.linspace(0.0, most, steps + 1), repeat=n)))
    values, half = worth(problem, points), most / steps
    around = np.array(list(itertools.product(np.linspace(-1.0, 1.0, 9 if n < 3 else 7), repeat=n)))
    for _ in range(9):
        state = (points > 0.0) @ (2 ** np.arange(n))
        top = np.concatenate(
            [own[np.argsort(-values[own])[:3]] for own in (np.flatnonzero(state == s) for s in set(state))]
        )
        kept = points[top[values[top] > -np.inf]]
        if not len(kept):
            break
        moved = [np.where(p > 0.0, np.maximum(p + half * around, 0.0), 0.0) for p in kept]
        points = np.concatenate([kept, *moved])
        values, half = worth(problem, points), 0.45 * half
    best = int(np.argmax(values))
    return float(values[best]), points[best]


def agrees(problem: cm.AllocationProblem) -> cm.Solution:
    """Solve, and hold the answer against brute force: neither is better by more than the gap and rounding."""
    solution = solved(problem)
    value, spend = best_of_all_states(problem)
    if solution.status is Status.INFEASIBLE:
        assert value == -np.inf, spend
        return solution
    assert solution.status is Status.OPTIMAL
    size = max(abs(solution.value), problem.size(solution.spend))
    assert worth(problem, solution.spend[np.newaxis], slack=2e-5)[0] == pytest.approx(
        solution.value, rel=1e-9, abs=1e-9
    )
    assert value <= solution.upper_bound + ROUNDING * size
    assert value <= solution.value + (GAP + ROUNDING) * size
    assert value >= solution.value - 1e-2 * max(size, 0.1)  # the comparison is not idle
    return solution


def budget(amount: float, *rules: Any, cells: int = 3, **options: Any) -> cm.AllocationProblem:
    return cm.AllocationProblem(hill(cells), cm.FixedBudget(amount), rules, **options)


@pytest.mark.parametrize("money", [0.5, 1.5, 3.0, 6.0])
def test_minimum_if_active(money: float) -> None:
    for amount in (0.25, 1.0, 2.0):
        solution = agrees(budget(money, cm.MinimumIfActive("all", amount)))
        assert all(s == 0.0 or s >= amount * (1 - 1e-6) for s in solution.spend)


@pytest.mark.parametrize("of", ["cell", "market", "channel", "purpose"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_at_most_active(of: Any, count: int) -> None:
    problem = budget(3.0, cm.AtMostActive(count, of=of))
    solution = agrees(problem)
    parts = _part(problem, of) if of != "cell" else np.arange(3)
    assert len(set(parts[solution.spend > 0.0])) <= count
    assert solution.value > 0.0 or count == 0


def test_at_most_active_of_a_selection() -> None:
    solution = agrees(budget(4.0, cm.AtMostActive(1, "service")))
    assert (solution.spend[1:] > 0.0).sum() == 1
    assert solution.spend[0] > 0.0


@pytest.mark.parametrize("money", [0.9, 2.0, 4.0])
def test_a_fee_is_money(money: float) -> None:
    """One fee opens both French cells; with money for little more than the fee, it is not worth it."""
    shared = budget(money, cm.ActivationFee("FR", 0.75))
    solution = agrees(shared)
    fee = 0.75 if (solution.spend[:2] > 0.0).any() else 0.0
    assert solution.spend.sum() + fee == pytest.approx(money)
    assert shared.money(solution.spend) == pytest.approx(money)
    each = agrees(
        budget(money, cm.ActivationFee("FR/sms/promotion", 0.75), cm.ActivationFee("FR/app/service", 0.75))
    )
    assert each.value <= solution.value + 1e-3


def test_fees_of_two_rules_on_the_same_cells_add_up() -> None:
    twice = budget(3.0, cm.ActivationFee("FR/app", 0.3), cm.ActivationFee("FR/app/service", 0.4))
    once = budget(3.0, cm.ActivationFee("FR/app", 0.7))
    spend = np.array([0.0, 1.0, 0.5])
    assert twice.money(spend) == once.money(spend) == pytest.approx(2.2)
    assert twice.money([1.0, 0.0, 0.5]) == 1.5
    assert agrees(twice).value == pytest.approx(agrees(once).value, rel=GAP)


@pytest.mark.parametrize("size", [0.25, 0.75, 1.25])
def test_packs(size: float) -> None:
    solution = agrees(budget(3.0, cm.PackSize("all", size)))
    np.testing.assert_allclose(solution.spend / size, np.round(solution.spend / size), atol=1e-6)


def test_packs_of_some_cells_and_the_rest_as_it_likes() -> None:
    solution = agrees(budget(3.1, cm.PackSize("sms", 0.5)))
    np.testing.assert_allclose(
        solution.spend[[0, 2]] / 0.5, np.round(solution.spend[[0, 2]] / 0.5), atol=1e-6
    )
    assert solution.spend.sum() == pytest.approx(3.1)


def test_changing_costs() -> None:
    """A low cost of change moves the plan, a high one leaves today's spend where it is."""
    current = {"FR/sms/promotion": 0.5, "FR/app/service": 1.0, "DE/sms/service": 1.5}
    cheap, dear = (
        agrees(budget(3.0, cm.ChangeLimit(switching_cost=cost), current=current)) for cost in (0.05, 20.0)
    )
    np.testing.assert_allclose(dear.spend, list(current.values()), atol=1e-6)
    assert np.abs(cheap.spend - list(current.values())).max() > 0.2
    free = agrees(budget(3.0))
    assert dear.value < cheap.value < free.value


def test_a_cost_of_change_beside_a_limit_of_it() -> None:
    current = {"FR/sms/promotion": 0.5, "FR/app/service": 1.0, "DE/sms/service": 1.5}
    rule = cm.ChangeLimit("FR", relative=0.5, switching_cost=0.3)
    solution = agrees(budget(3.0, rule, current=current))
    assert 0.25 - 1e-6 <= solution.spend[0] <= 0.75 + 1e-6
    assert 0.5 - 1e-6 <= solution.spend[1] <= 1.5 + 1e-6


SCENARIOS: dict[str, Any] = {
    "budget": cm.FixedBudget(3.5),
    "target": cm.TargetOutcome(5.0, 6.0),
    "roi": cm.FlexibleBudget(min_roi=2.2, max_amount=6.0),
    "marginal": cm.FlexibleBudget(min_marginal_roi=0.7, max_amount=6.0),
    "profit": cm.MaxProfit(6.0),
}
TOGETHER: dict[str, list[Any]] = {
    "shares and minimums": [cm.GroupShare("FR", 0.2, 0.6), cm.MinimumIfActive("all", 1.0)],
    "fee, packs": [cm.ActivationFee("sms", 0.5), cm.PackSize("FR/app", 0.75)],
    "count, minimum, fee": [
        cm.AtMostActive(2),
        cm.MinimumIfActive("sms", 0.8),
        cm.ActivationFee("FR/app", 0.4),
    ],
    "packs below a minimum": [cm.MinimumIfActive("FR", 1.25), cm.PackSize("FR", 1.0)],
    "market, share": [cm.AtMostActive(1, of="market"), cm.GroupShare("FR/sms", 0.1, 0.6)],
}


@pytest.mark.parametrize("rules", TOGETHER.values(), ids=TOGETHER.keys())
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_rules_together_in_every_scenario(scenario: Any, rules: list[Any]) -> None:
    agrees(cm.AllocationProblem(hill(), scenario, rules))


def test_without_any_limit_of_money() -> None:
    """The limit that the curves set is found with fees and minimums too."""
    rules = [cm.MinimumIfActive("all", 2.0), cm.ActivationFee("sms", 0.5)]
    scenarios: list[Any] = [cm.MaxProfit(), cm.TargetOutcome(5.0), cm.FlexibleBudget(min_roi=2.0)]
    for limitless in scenarios:
        limited = replace(limitless, max_amount=12.0)
        free = solved(cm.AllocationProblem(hill(), limitless, rules))
        bound = solved(cm.AllocationProblem(hill(), limited, rules))
        assert free.status is bound.status is Status.OPTIMAL
        assert free.proof.limit is not None
        assert free.value == pytest.approx(bound.value, rel=3 * GAP)


def random_problem(seed: int) -> cm.AllocationProblem:
    """Two or three cells, any scenario, one to four rules of any kind; some have no solution."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 4))
    curves = cm.ResponseCurves.hill(
        rng.uniform(1, 8, n), rng.uniform(0.3, 3, n), rng.uniform(0.7, 4, n), names=NAMES[:n]
    )
    half = rng.random() < 0.5
    pool: list[Any] = [
        cm.MinimumIfActive(str(rng.choice(["all", "sms", "FR"])), 0.25 * int(rng.integers(1, 8))),
        cm.AtMostActive(int(rng.integers(0, 3)), of=rng.choice(["cell", *PARTS]).item()),
        cm.ActivationFee(str(rng.choice(["all", "sms", "FR"])), 0.25 * int(rng.integers(0, 5))),
        cm.PackSize(str(rng.choice(["sms", "FR"])), 0.25 * int(rng.integers(1, 6))),
        cm.ChangeLimit(str(rng.choice(["all", "sms"])), switching_cost=float(rng.uniform(0.1, 1.5))),
        cm.GroupShare("FR", 0.25 * int(rng.integers(0, 3)), 0.75 if half else 1.0),
        cm.SpendBounds({"sms": (0.5 * int(rng.integers(0, 2)), 2.5)}),
    ]
    rules = [pool[i] for i in rng.choice(len(pool), int(rng.integers(1, 5)), replace=False)]
    roi = float(rng.uniform(0.5, 3))
    scenarios: list[Any] = [
        cm.FixedBudget(0.5 * int(rng.integers(1, 13))),
        cm.MaxProfit(6.0),
        cm.TargetOutcome(float(rng.uniform(1, 6)), 6.0),
        cm.FlexibleBudget(min_roi=roi, min_marginal_roi=0.3 if half else None, max_amount=6.0),
    ]
    current = dict(zip(NAMES[:n], np.round(rng.uniform(0, 2, n), 2).tolist(), strict=True))
    return cm.AllocationProblem(curves, scenarios[int(rng.integers(4))], rules, current=current)


@pytest.mark.no_cover
@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_random_small_cases(seed: int) -> None:
    agrees(random_problem(seed))


def test_equal_cells_with_unlike_fees_are_no_twins() -> None:
    """What an auxiliary variable tells of one cell alone sets it apart, though no row of the search says so."""
    curves = cm.ResponseCurves.hill([5.0] * 3, [1.0] * 3, [3.0] * 3, names=NAMES)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(3.0), [cm.ActivationFee(NAMES[0], 1.0)])
    form = problem.standard
    with_fee = int(np.flatnonzero(form.order == 0)[0])
    others = [i for i in range(3) if i != with_fee]
    assert form.twins[with_fee] not in form.twins[others]
    solution = agrees(problem)
    assert solution.spend[0] == 0.0


CONFLICTS: dict[str, tuple[Any, list[Any], set[str]]] = {
    "minimum above a bound": (
        cm.FixedBudget(6.0),
        [
            cm.MinimumIfActive("FR/sms", 2.0),
            cm.SpendBounds({"FR/sms/promotion": (0.5, 1.5)}),
            cm.AtMostActive(3),
        ],
        {"minimum_if_active FR/sms", "spend_bounds FR/sms/promotion"},
    ),
    "more floors than may be active": (
        cm.FixedBudget(6.0),
        [
            cm.AtMostActive(1),
            cm.SpendBounds({"FR/sms": (0.1, None)}),
            cm.SpendBounds({"DE": (0.1, None)}),
            cm.MinimumIfActive("FR/app", 1.0),
        ],
        {"at_most_active", "spend_bounds FR/sms", "spend_bounds DE"},
    ),
    "minimums above the budget": (
        cm.FixedBudget(2.5),
        [
            cm.MinimumIfActive("all", 2.0),
            cm.SpendBounds({"FR/sms": (0.1, None), "DE": (0.1, None)}),
            cm.GroupShare("FR/app", 0.0, 0.9),
        ],
        {"fixed_budget", "minimum_if_active all", "spend_bounds FR/sms, DE"},
    ),
    "packs that miss a window": (
        cm.MaxProfit(6.0),
        [cm.PackSize("FR/app", 1.0), cm.SpendBounds({"FR/app": (1.2, 1.8)}), cm.ActivationFee("all", 0.1)],
        {"pack_size FR/app", "spend_bounds FR/app"},
    ),
    "no market may be active and one must": (
        cm.FixedBudget(3.0),
        [
            cm.AtMostActive(0, of="market"),
            cm.SpendBounds({"all": (0.5, None)}),
            cm.MinimumIfActive("all", 0.25),
        ],
        {"at_most_active market", "spend_bounds all"},
    ),
}


@pytest.mark.parametrize(("scenario", "rules", "expected"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_a_conflict_is_minimal(scenario: Any, rules: list[Any], expected: set[str]) -> None:
    problem = cm.AllocationProblem(hill(), scenario, rules)
    solution = agrees(problem)
    assert solution.status is Status.INFEASIBLE
    assert set(solution.conflicts) == expected
    wide = cm.FixedBudget(100.0)
    for name in expected:
        kept = [rule for rule in rules if rule.label in expected - {name}]
        lighter = cm.AllocationProblem(hill(), wide if name == scenario.label else scenario, kept)
        assert solved(lighter).status is Status.OPTIMAL


def test_a_fee_that_the_budget_cannot_pay() -> None:
    """The fee is a rule without a row of its own, and yet part of the conflict."""
    rules = [cm.ActivationFee("FR", 2.0), cm.SpendBounds({"FR": (0.5, None)}), cm.AtMostActive(3)]
    solution = agrees(budget(2.2, *rules))
    assert solution.status is Status.INFEASIBLE
    assert set(solution.conflicts) == {"fixed_budget", "activation_fee FR", "spend_bounds FR"}
    target = cm.AllocationProblem(hill(), cm.TargetOutcome(9.0, 4.0), [cm.ActivationFee("all", 2.0)])
    assert set(agrees(target).conflicts) == {"target_outcome", "activation_fee all"}
    assert agrees(cm.AllocationProblem(hill(), cm.TargetOutcome(5.0, 4.0))).status is Status.OPTIMAL


def test_nothing_that_pays_is_proven_to_the_gap() -> None:
    """A plan of nothing has no outcome to measure a gap by: rounding must not keep it from being optimal."""
    curves = cm.ResponseCurves.hill([1.0, 1.5], [1.5, 2.0], [3.0, 2.0], names=NAMES[:2])
    for rules in ([], [cm.GroupShare("sms", 0.5, 0.75)]):
        solution = solved(cm.AllocationProblem(curves, cm.MaxProfit(6.0), rules))
        assert solution.status is Status.OPTIMAL
        np.testing.assert_array_equal(solution.spend, 0.0)
        assert solution.gap <= GAP
