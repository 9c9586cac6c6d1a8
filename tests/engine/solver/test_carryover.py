"""Plans over several periods against plain loops, grids and raw CVXPY."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from numpy.typing import NDArray

import channelmix as cm
from channelmix import Status
from channelmix.engine.proof.solution import Proof
from channelmix.engine.response.carryover import geometric_weights

Array = NDArray[np.float64]

GAP = 1e-3
NAMES = ["FR/sms", "DE/app"]


def curves(cells: int = 2) -> cm.ResponseCurves:
    return cm.ResponseCurves.hill(
        [4.0, 3.0][:cells], [1.5, 0.8][:cells], [3.0, 1.0][:cells], names=NAMES[:cells]
    )


def solved(problem: cm.AllocationProblem, gap: float = GAP) -> cm.Solution:
    solution = cm.solve(problem, gap=gap)
    assert cm.verify(problem, solution).status is solution.status
    return solution


def by_loop(problem: cm.AllocationProblem, spend: Array) -> float:
    """Outcome of a plan told period by period, with what acts after its end, less what acts anyway."""
    carry = problem.carryover
    assert carry is not None
    n, lags = problem.curves.n_cells, carry.lags
    weights = np.broadcast_to(np.asarray(carry.weights), (n, lags))
    before = np.zeros((0, n)) if carry.initial is None else np.asarray(carry.initial)
    before = np.repeat(before[:, None], n, axis=1) if before.ndim == 1 else before
    ones = np.ones((carry.periods, n))
    season, cost = (ones if g is None else (ones.T * np.asarray(g).T).T for g in (carry.season, carry.cost))
    total = 0.0
    for plan, sign in ((spend, 1.0), (np.zeros_like(spend), -1.0)):
        history = np.concatenate([before, plan / cost])
        for t in range(carry.periods + lags - 1):
            for i in range(n):
                acting = 0.0
                for k in range(lags):
                    at = len(before) + t - k
                    if 0 <= at < len(history):
                        acting += weights[i, k] * history[at, i]
                factor = season[t, i] if t < carry.periods else season[:, i].mean()
                outcome = float(problem.curves.cell(i).value(np.array([[acting]])).mean())
                total += sign * factor * outcome / (1.0 + carry.discount) ** t
    return total


CARRIED: dict[str, cm.Carryover] = {
    "geometric": cm.Carryover(geometric_weights(0.6, 4), 3),
    "delayed": cm.Carryover([0.25, 0.5, 0.25], 4, initial=[2.0, 1.0]),
    "Weibull": cm.Carryover([0.42, 0.35, 0.23], 2, initial=[[1.0, 0.0], [0.5, 3.0], [2.0, 0.1]]),
    "by cell": cm.Carryover([[0.7, 0.3], [1.0, 0.0]], 3, season=[1.0, 0.0, 2.0], discount=0.1),
    "all": cm.Carryover(
        [0.2, 0.5, 0.3],
        3,
        initial=[1.0],
        season=[[1.0, 0.5], [2.0, 1.0], [0.3, 1.2]],
        cost=[[1.0, 0.5], [1.2, 2.0], [0.8, 1.0]],
        discount=0.05,
    ),
}


@pytest.mark.parametrize("carry", CARRIED.values(), ids=CARRIED.keys())
def test_value_is_what_a_plain_loop_says(carry: cm.Carryover) -> None:
    rng = np.random.default_rng(2)
    problem = cm.AllocationProblem(curves(), cm.FixedBudget(9.0), carryover=carry, charge={"sms": 0.1})
    for _ in range(5):
        spend = rng.gamma(0.5, size=problem.shape)
        expected = by_loop(problem, spend) - 0.1 * spend[:, 0].sum()
        assert problem.value(spend) == pytest.approx(expected, rel=1e-10)
        form = problem.standard
        standard = form.value(form.from_user(spend)) * form.outcome_unit
        assert standard == pytest.approx(expected, rel=1e-9)
        np.testing.assert_allclose(form.to_user(form.from_user(spend)), spend.ravel(), rtol=1e-12)
    assert problem.value(np.zeros(problem.shape)) == pytest.approx(0.0, abs=1e-12)


def test_weights_in_closed_form() -> None:
    np.testing.assert_allclose(geometric_weights(0.5, 3), np.array([4.0, 2.0, 1.0]) / 7.0)
    np.testing.assert_array_equal(geometric_weights(0.0, 2), [1.0, 0.0])


@pytest.mark.parametrize("retention", [1.0, -0.1, math.nan])
def test_weights_out_of_range(retention: float) -> None:
    with pytest.raises(cm.InputError, match="retention must lie in"):
        geometric_weights(retention, 3)


def on_grid(problem: cm.AllocationProblem, money: float, steps: int) -> float:
    """Best of a grid of plans that spend at most the money, refined around the best."""
    size = math.prod(problem.shape)
    points = np.array(list(itertools.product(np.linspace(0.0, money, steps + 1), repeat=size)))
    points = points[points.sum(axis=1) <= money + 1e-9]
    around = np.array(list(itertools.product((-1.0, -0.5, 0.0, 0.5, 1.0), repeat=size)))
    around = around[np.abs(around).sum(axis=1) <= 3.0]
    half = money / steps
    best = -math.inf
    for _ in range(6):
        values = worth(problem, points)
        top = points[np.argsort(-values)[:4]]
        best = max(best, float(values.max()))
        points = np.concatenate([np.maximum(p + half * around, 0.0) for p in top])
        points = points[points.sum(axis=1) <= money + 1e-9]
        half *= 0.5
    return best


def worth(problem: cm.AllocationProblem, points: Array) -> Array:
    """Objective at many plans at once, (n_plans, n_spends), less charges."""
    assert problem.delay is not None
    acting = points @ problem.delay.matrix.T + problem.delay.start
    total = -problem.carried_over_outcome - points @ problem.charges
    for i in range(problem.response.n_cells):
        total = total + problem.response.cell(i).value(acting[np.newaxis, :, i]).mean(axis=0)
    return np.asarray(total)


@pytest.mark.parametrize(
    ("cells", "carry"),
    [
        (1, cm.Carryover(geometric_weights(0.5, 3), 3, initial=[1.0])),
        (1, cm.Carryover([0.3, 0.7], 3, season=[0.5, 2.0, 1.0], cost=[1.0, 1.5, 0.7])),
        (2, cm.Carryover([0.6, 0.4], 2, initial=[[0.5, 1.0]], discount=0.2)),
        (2, cm.Carryover([[1.0, 0.0], [0.5, 0.5]], 2, season=[1.0, 0.0])),
    ],
)
@pytest.mark.parametrize("money", [1.5, 5.0])
def test_no_plan_on_a_grid_is_better(cells: int, carry: cm.Carryover, money: float) -> None:
    problem = cm.AllocationProblem(curves(cells), cm.FixedBudget(money), carryover=carry, charge={"sms": 0.1})
    solution = solved(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.spend.shape == problem.shape
    best = on_grid(problem, money, 24 if cells == 1 else 12)
    size = problem.size(solution.spend)
    assert best <= solution.upper_bound + 1e-6 * size
    assert best <= solution.value + (GAP + 1e-6) * size
    assert best >= solution.value - 1e-2 * size


@pytest.mark.parametrize("scenario", [cm.FixedBudget(6.0), cm.MaxProfit(), cm.TargetOutcome(7.0)])
def test_concave_curves_written_raw_in_cvxpy_agree(scenario: Any) -> None:
    """Curves without a limit, cheap periods and old spend too: the money that can pay is found all the same."""
    concave = cm.ResponseCurves.concat(
        [
            cm.ResponseCurves.power([2.0], 0.5, names=["a"]),
            cm.ResponseCurves.logarithmic([3.0], [0.5], names=["b"]),
        ]
    )
    weights, cost, season = np.array([0.5, 0.3, 0.2]), np.array([0.25, 1.0, 2.0]), np.array([1.0, 1.5, 0.5])
    carry = cm.Carryover(weights, 3, initial=[2.0], season=season, cost=cost, discount=0.1)
    problem = cm.AllocationProblem(concave, scenario, carryover=carry)
    solution = solved(problem, gap=1e-4)

    spend = cp.Variable((3, 2), nonneg=True)
    terms, carried_over_outcome = [], 0.0
    for t in range(5):
        old = sum(weights[k] * 2.0 for k in range(3) if t - k == -1)
        acting = old + sum(weights[k] * spend[t - k] / cost[t - k] for k in range(3) if 0 <= t - k < 3)
        factor = (season[t] if t < 3 else season.mean()) / 1.1**t
        terms += [
            factor * 2.0 * cp.power(acting[0], 0.5, approx=False),
            factor * 3.0 * cp.log1p(acting[1] / 0.5),
        ]
        carried_over_outcome += factor * (2.0 * math.sqrt(old) + 3.0 * math.log1p(old / 0.5))
    outcome, money = cp.sum(cp.hstack(terms)) - carried_over_outcome, cp.sum(spend)
    if isinstance(scenario, cm.FixedBudget):
        raw = cp.Problem(cp.Maximize(outcome), [money <= 6.0])
    elif isinstance(scenario, cm.MaxProfit):
        raw = cp.Problem(cp.Maximize(outcome - money))
    else:
        raw = cp.Problem(cp.Maximize(-money), [outcome >= 7.0])
    raw.solve(solver="CLARABEL")
    size = problem.size(solution.spend)
    assert solution.status is Status.OPTIMAL
    assert abs(solution.value - float(raw.value)) <= 2e-4 * size
    assert float(raw.value) <= solution.upper_bound + 1e-5 * size


def test_pulsing_beats_even_spend_on_s_shaped_curves() -> None:
    problem = cm.AllocationProblem(
        curves(1), cm.FixedBudget(3.0), carryover=cm.Carryover(geometric_weights(0.2, 2), 4)
    )
    solution = solved(problem)
    even = problem.value(np.full(problem.shape, 0.75))
    assert solution.value > 1.3 * even
    assert np.ptp(solution.spend) > 1.0


def test_what_acts_after_the_end_counts() -> None:
    late = cm.Carryover([0.0, 1.0], 1)
    problem = cm.AllocationProblem(curves(), cm.FixedBudget(3.0), carryover=late)
    plain = cm.AllocationProblem(curves(), cm.FixedBudget(3.0))
    assert problem.value([[1.0, 2.0]]) == pytest.approx(plain.value([1.0, 2.0]))
    assert solved(problem).value == pytest.approx(solved(plain).value, rel=2 * GAP)


def test_one_period_that_acts_at_once_is_the_plain_problem() -> None:
    rules = [cm.MinimumIfActive("all", 1.0), cm.GroupShare("FR", 0.2, 0.9)]
    plain = cm.AllocationProblem(curves(), cm.FixedBudget(2.5), rules, charge={"app": 0.1})
    carried = replace(plain, carryover=cm.Carryover([1.0], 1))
    one, other = solved(plain, 1e-4), solved(carried, 1e-4)
    assert carried.value([[1.0, 1.5]]) == pytest.approx(plain.value([1.0, 1.5]))
    assert one.value == pytest.approx(other.value, rel=2e-4)
    np.testing.assert_allclose(other.spend[0], one.spend, atol=5e-3)


def test_rules_of_one_period_and_of_all() -> None:
    rules = [
        cm.SpendBounds({"sms/period 2": (None, 0.5), "period 1": (None, 1.0), "app": (0.75, None)}),
        cm.AtMostActive(1, "period 3"),
    ]
    carry = cm.Carryover([0.7, 0.3], 3)
    problem = cm.AllocationProblem(curves(), cm.FixedBudget(4.0), rules, carryover=carry)
    solution = solved(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.spend[1, 0] <= 0.5 + 1e-6
    assert solution.spend[0].sum() <= 1.0 + 1e-6
    assert solution.spend[:, 1].sum() >= 0.75 - 1e-6
    assert (solution.spend[2] > 0.0).sum() <= 1
    assert solution.spend.sum() <= 4.0 + 1e-6
    with pytest.raises(cm.InputError, match="no cell is selected"):
        replace(problem, constraints=[cm.SpendBounds({"period 4": (0.0, 1.0)})])


def test_todays_spend_is_that_of_every_period() -> None:
    problem = cm.AllocationProblem(
        curves(),
        cm.FixedBudget(6.0),
        [cm.KeepWorking(floor=0.5)],
        carryover=cm.Carryover([0.7, 0.3], 2),
        current={"FR/sms": 1.0, "DE/app": 0.4},
    )
    solution = solved(problem)
    assert (solution.spend >= np.array([0.5, 0.2]) - 1e-6).all()


def test_problem_and_proof_travel_as_json() -> None:
    problem = cm.AllocationProblem(
        curves(), cm.FixedBudget(3.0), [cm.SpendBounds({"period 1": (0.5, None)})], carryover=CARRIED["all"]
    )
    solution = solved(problem)
    back = cm.AllocationProblem.from_dict(json.loads(json.dumps(problem.to_dict())))
    assert back.to_dict() == json.loads(json.dumps(problem.to_dict()))
    proof = Proof.from_dict(json.loads(json.dumps(solution.proof.to_dict())))
    assert cm.verify(back, replace(solution, proof=proof)) == cm.verify(problem, solution)


BAD: dict[str, dict[str, Any]] = {
    "weights short of 1": {"weights": [0.5, 0.4]},
    "weights negative": {"weights": [1.5, -0.5]},
    "weights NaN": {"weights": [math.nan]},
    "weights of nothing": {"weights": []},
    "weights of three dimensions": {"weights": [[[1.0]]]},
    "no period": {"periods": 0},
    "half a period": {"periods": 1.5},
    "periods true": {"periods": True},
    "periods without end": {"periods": 10**6},
    "season of another length": {"season": [1.0]},
    "season negative": {"season": [1.0, -1.0]},
    "cost of 0": {"cost": [1.0, 0.0]},
    "cost of another length": {"cost": [1.0, 1.0, 1.0]},
    "discount of -1": {"discount": -1.0},
    "discount NaN": {"discount": math.nan},
    "initial endless": {"initial": [math.inf]},
}


@pytest.mark.parametrize("options", BAD.values(), ids=BAD.keys())
def test_the_meaningless_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(cm.InputError):
        cm.Carryover(**{"weights": [0.5, 0.5], "periods": 2, **options})


@pytest.mark.parametrize("name", ["weights", "initial", "season", "cost"])
def test_what_is_given_for_other_cells_is_refused(name: str) -> None:
    given: dict[str, Any] = {"weights": [[1.0]] * 3, "initial": [[1.0] * 3]}
    given = {name: given.get(name, [[1.0] * 3] * 2)}
    with pytest.raises(cm.InputError, match=f"{name} is for 3 cells, not 2"):
        cm.AllocationProblem(
            curves(), cm.FixedBudget(1.0), carryover=cm.Carryover(**{"weights": [1.0], "periods": 2, **given})
        )


@pytest.mark.parametrize(
    ("scenario", "rule"),
    [
        (cm.FixedBudget(6.0), cm.AtMostActive(0, "all", of="market")),
        (cm.FlexibleBudget(min_roi=0.7, max_amount=10.0), cm.MinimumIfActive("all", 1.5)),
        (cm.MaxProfit(max_amount=4.0), cm.ActivationFee("all", 1.3)),
    ],
    ids=["nothing may be spent", "nothing returns enough", "no fee pays"],
)
def test_a_plan_of_nothing_is_proven(scenario: Any, rule: Any) -> None:
    """What is off does not act either, and is split off first: a steep curve makes a hair of it look worth its fee."""
    power = cm.ResponseCurves.power([[0.05], [0.06]], [[0.7], [0.6]], names=["FR/sms/promotion"])
    exponential = cm.ResponseCurves.exponential([[0.18], [0.06]], [[7.0], [4.8]], names=["DE/app/promotion"])
    problem = cm.AllocationProblem(
        cm.ResponseCurves.concat([power, exponential]),
        scenario,
        [cm.EachPeriod(rule), cm.Phasing((1.0, 1.0, 1.0))],
        carryover=cm.Carryover(np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]]), 3, discount=0.1),
        charge={"all": 0.03},
    )
    solution = cm.solve(problem, 5e-3, time_limit=20.0)
    assert solution.status is cm.Status.OPTIMAL
    np.testing.assert_array_equal(solution.spend, 0.0)
    cm.verify(problem, solution)
