"""Risk against second computations: sorted means, raw CVXPY for concave curves, a fine grid for others."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from numpy.typing import NDArray

import channelmix as cm
from channelmix import Status
from channelmix.engine.proof.solution import Proof
from channelmix.engine.rules import MeanCVaR, PriceTiers, SafeImprovement, WorstCase
from channelmix.engine.rules.risk import tail_mean
from channelmix.engine.solver.relaxation import Relaxation, Relaxed

Array = NDArray[np.float64]

GAP = 1e-4
NAMES = ["FR/sms", "FR/app", "DE/sms"]


def solved(problem: cm.AllocationProblem, **options: Any) -> cm.Solution:
    solution = cm.solve(problem, **{"gap": GAP, **options})
    assert cm.verify(problem, solution).status is solution.status
    return solution


def s_shaped(draws: int = 40, cells: int = 3, seed: int = 1) -> cm.ResponseCurves:
    rng = np.random.default_rng([31, seed])
    spread = np.exp(0.4 * rng.normal(size=(draws, 3)))
    scale, half = np.array([10.0, 6.0, 4.0]) * spread, np.array([1.0, 2.0, 0.5]) * spread[::-1]
    slope = np.array([2.0, 1.0, 3.0])
    return cm.ResponseCurves.hill(scale[:, :cells], half[:, :cells], slope[:cells], names=NAMES[:cells])


def sorted_tail(outcome: Array, tail: float) -> float:
    """Mean of the worst share of draws by sorting, the last of them in part; shape (n_draws,) in."""
    worst, count = np.sort(outcome), tail * len(outcome)
    whole = math.floor(count + 1e-12)
    part = (count - whole) * worst[whole] if whole < len(worst) and count > whole else 0.0
    return float((worst[:whole].sum() + part) / count)


@pytest.mark.parametrize("draws", [1, 7, 40, 200])
@pytest.mark.parametrize("tail", [0.05, 0.1, 1 / 3, 0.5, 1.0])
def test_the_mean_of_the_worst_draws_is_that_of_a_sorted_list(draws: int, tail: float) -> None:
    outcome = np.random.default_rng([32, draws]).normal(size=draws)
    if tail * draws < 1.0:  # less than one draw: the worst
        assert tail_mean(outcome, tail) == outcome.min()
    else:
        assert tail_mean(outcome, tail) == pytest.approx(sorted_tail(outcome, tail), abs=1e-12)


def objective(problem: cm.AllocationProblem, spend: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Net outcome of every draw at many points, (n_points, n_draws), and whether the rows hold."""
    total = -(spend @ problem.charges)[:, np.newaxis]
    for i in range(problem.curves.n_cells):
        total = total + problem.curves.cell(i).value(spend[np.newaxis, :, i]).T
    fine = np.asarray((spend >= 0.0).all(axis=1))
    for row in problem.rows:
        left = spend @ row.coefficients + row.outcome * total.mean(axis=1)
        fine &= (left >= row.low - 1e-9) & (left <= row.high + 1e-9)
    return np.asarray(total), fine


def worth(problem: cm.AllocationProblem, spend: Array) -> Array:
    """Objective at many points by sorting, -inf where a rule or the limit on losses is broken; (n_points,)."""
    net, fine = objective(problem, spend)
    risk = problem.risk
    if isinstance(risk, SafeImprovement):
        assert risk.current is not None
        before = objective(problem, np.array([[risk.current.get(n, 0.0) for n in problem.curves.names]]))[0]
        fine &= np.array([sorted_tail(gain, risk.tail) for gain in net - before]) >= -1e-9
        value = net.mean(axis=1)
    elif isinstance(risk, WorstCase):
        value = net.min(axis=1)
    else:
        tails = np.array([sorted_tail(draws, risk.tail) for draws in net])
        value = (1.0 - risk.weight) * net.mean(axis=1) + risk.weight * tails
    scenario = problem.scenario
    return np.where(fine, scenario.gain * value - scenario.price * spend.sum(axis=1), -np.inf)


def best_by_grid(problem: cm.AllocationProblem, most: float, steps: int = 60) -> float:
    """Best objective on a grid of two cells, then on ever finer ones around the best dozen."""
    n = problem.curves.n_cells
    points = np.array(list(itertools.product(np.linspace(0.0, most, steps + 1), repeat=n)))
    around = np.array(list(itertools.product(np.linspace(-1.0, 1.0, 5), repeat=n)))
    half = most / steps
    values = worth(problem, points)
    for _ in range(14):
        top = points[np.argsort(-values)[:12]]
        points = np.concatenate([top, *(np.maximum(p + half * around, 0.0) for p in top)])
        values, half = worth(problem, points), 0.5 * half
    return float(values.max())


EVEN = {"FR/sms": 0.8, "FR/app": 0.8}
RISKS: dict[str, Any] = {
    "cvar": MeanCVaR(1.0, 0.1),
    "mean and cvar": MeanCVaR(0.5, 0.25),
    "half a draw": MeanCVaR(0.7, 0.0625),
    "no weight": MeanCVaR(0.0, 0.1),
    "worst case": WorstCase(),
    "safe": SafeImprovement(EVEN, 0.1),
    "safe in every draw": SafeImprovement(EVEN, 1e-6),
    "safe on average": SafeImprovement(EVEN, 1.0),
}


@pytest.mark.parametrize("risk", RISKS.values(), ids=RISKS.keys())
@pytest.mark.parametrize("charge", [None, {"FR/sms": 0.9}], ids=["free", "charged"])
def test_two_cells_against_a_grid(risk: Any, charge: Any) -> None:
    curves = s_shaped(40, 2)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(1.6), risk=risk, charge=charge)
    solution = solved(problem)
    assert solution.status is Status.OPTIMAL
    if isinstance(risk, SafeImprovement) and risk.tail * curves.n_draws < 1.0:
        risk = SafeImprovement(risk.current, 1.0 / curves.n_draws)  # less than one draw is the worst draw
        problem = dataclasses.replace(problem, risk=risk)
    best, size = best_by_grid(problem, 1.6), problem.size(solution.spend)
    assert best <= solution.upper_bound + 1e-6 * size
    assert best <= solution.value + (GAP + 1e-6) * size
    assert best >= solution.value - 2e-3 * size  # the comparison is not idle
    assert solution.value == pytest.approx(worth_at(problem, solution.spend), rel=1e-6)


def worth_at(problem: cm.AllocationProblem, spend: Array) -> float:
    """Objective at one point; a hair of money or loss beyond a rule is let pass."""
    net = objective(problem, spend[np.newaxis])[0][0]
    risk = problem.risk
    if isinstance(risk, SafeImprovement):
        return float(net.mean())
    if isinstance(risk, WorstCase):
        return float(net.min())
    return float((1.0 - risk.weight) * net.mean() + risk.weight * sorted_tail(net, risk.tail))


def concave(draws: int = 30) -> tuple[Array, Array, cm.ResponseCurves]:
    rng = np.random.default_rng(33)
    scale = np.exp(0.5 * rng.normal(size=(draws, 3))) * [4.0, 3.0, 5.0]
    rate = np.exp(0.3 * rng.normal(size=(draws, 3))) * [1.0, 0.5, 2.0]
    return scale, rate, cm.ResponseCurves.hill(scale, rate, np.ones(3), names=NAMES)


def tail_of(net: Any, tail: float) -> Any:
    """CVaR after Rockafellar and Uryasev, a second way to write it."""
    level = cp.Variable()
    return level - cp.sum(cp.pos(level - net)) / (tail * net.size)


MIX = np.array([0.7, 0.9, 0.6])


def raw(kind: str, rules: Callable[[Any, Any], list[Any]], draws: int = 30) -> float:
    scale, rate, _ = concave(draws)
    s = cp.Variable(3, nonneg=True)
    spread = np.ones((draws, 1)) @ cp.reshape(s, (1, 3), order="C")
    shares = 1.0 - cp.multiply(rate, cp.inv_pos(spread + rate))  # a Hill curve of slope 1
    net = cp.sum(cp.multiply(scale, shares), axis=1)
    before = (scale * MIX / (MIX + rate)).sum(axis=1)
    mean, extra, aim = cp.sum(net) / draws, [], None
    if kind == "mean_cvar":
        aim = 0.4 * mean + 0.6 * tail_of(net, 0.2)
    elif kind == "worst_case":
        aim = cp.min(net)
    else:
        aim, extra = mean, [tail_of(net - before, 0.1) >= 0.0]
    program = cp.Problem(cp.Maximize(aim), [cp.sum(s) <= 3.0, *extra, *rules(s, mean)])
    program.solve(solver="CLARABEL")
    return float(program.value)


WRITTEN = {
    "mean_cvar": MeanCVaR(0.6, 0.2),
    "worst_case": WorstCase(),
    "safe": SafeImprovement(dict(zip(NAMES, MIX.tolist(), strict=True)), 0.1),
}
LIMITS: dict[str, tuple[list[Any], Any]] = {
    "plain": ([], lambda s, mean: []),
    "share": ([cm.GroupShare("DE", 0.0, 0.2)], lambda s, mean: [s[2] <= 0.2 * cp.sum(s)]),
    "bounds": (
        [cm.SpendBounds({"FR/app": (1.2, None)})],
        lambda s, mean: [s[1] >= 1.2],
    ),
}


@pytest.mark.parametrize("kind", WRITTEN.keys())
@pytest.mark.parametrize(("rules", "written"), LIMITS.values(), ids=LIMITS.keys())
def test_concave_curves_written_raw_in_cvxpy_agree(kind: str, rules: list[Any], written: Any) -> None:
    problem = cm.AllocationProblem(concave()[2], cm.FixedBudget(3.0), rules, risk=WRITTEN[kind])
    solution = solved(problem)
    expected = raw(kind, written)
    assert solution.status is Status.OPTIMAL
    assert solution.value == pytest.approx(expected, rel=1.5 * GAP)
    assert expected <= solution.upper_bound * (1.0 + 1e-7)


def test_more_weight_on_the_worst_draws_costs_mean_and_saves_tail() -> None:
    found = []
    for weight in (0.0, 0.3, 0.7, 1.0):
        problem = cm.AllocationProblem(s_shaped(60), cm.FixedBudget(2.0), risk=MeanCVaR(weight, 0.1))
        net = problem.net_draws(solved(problem, gap=1e-5).spend)
        found.append((net.mean(), tail_mean(net, 0.1)))
    means, tails = np.array(found).T
    assert (np.diff(means) <= 2e-4 * means[0]).all()
    assert (np.diff(tails) >= -2e-4 * means[0]).all()
    assert tails[-1] > tails[0] + 1e-3 * means[0]


@pytest.mark.no_cover
def test_the_promised_tail_holds_on_fresh_draws() -> None:
    """With a thousand draws of the same kind as the plan's, the promise of no loss carries over, but for a hair."""
    missed = []
    for seed in range(2):
        curves = s_shaped(6000, seed=seed)
        seen, fresh = (
            cm.ResponseCurves.hill(**{k: v[part] for k, v in parameters(curves).items()}, names=curves.names)
            for part in (slice(0, 1000), slice(1000, None))
        )
        mix = np.array([0.7, 0.7, 0.7])
        current = dict(zip(NAMES, mix.tolist(), strict=True))
        problem = cm.AllocationProblem(seen, cm.FixedBudget(2.1), risk=SafeImprovement(current, 0.1))
        spend = solved(problem, gap=1e-3).spend
        gain = (fresh.value(spend) - fresh.value(mix)).sum(axis=1)
        missed.append(min(0.0, tail_mean(gain, 0.1)) / fresh.mean_value(mix).sum())
        assert gain.mean() >= 0.0  # nothing, where the mix is kept
    assert min(missed) > -0.02


def parameters(curves: cm.ResponseCurves) -> dict[str, Array]:
    """Hill parameters of all draws, (n_draws, n_cells) each."""
    cells = [curves.cell(i) for i in range(curves.n_cells)]
    shape = (curves.n_draws, 1)
    return {
        name: np.hstack([np.broadcast_to(cell.parameters[name], shape) for cell in cells])
        for name in ("scale", "half_saturation", "slope")
    }


def test_a_mix_beyond_the_budget_is_scaled_to_it() -> None:
    """The mix takes more than the budget: its answer improves on the same mix with the money there is."""
    problem = cm.AllocationProblem(
        concave()[2], cm.FixedBudget(1.0), risk=SafeImprovement({"FR/sms": 3.0, "DE/sms": 4.0}, 0.1)
    )
    solution = solved(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.baseline is not None
    assert solution.baseline == pytest.approx(np.array([3.0, 0.0, 4.0]) / 7.0, abs=1e-3)
    assert solution.value >= problem.improving_on(solution.baseline).value(solution.baseline)
    forged = dataclasses.replace(solution, baseline=7.0 * solution.baseline)
    with pytest.raises(cm.CertificateError, match="the baseline breaks a rule"):
        cm.verify(problem, forged)


def test_the_mix_itself_is_always_an_answer() -> None:
    """Where the mix obeys the rules, even the tightest limit of time cannot give worse."""
    current = {"FR/sms": 0.4, "FR/app": 1.0, "DE/sms": 0.6}
    problem = cm.AllocationProblem(s_shaped(50), cm.FixedBudget(2.0), risk=SafeImprovement(current, 0.1))
    before = problem.value(np.array([0.4, 1.0, 0.6]))
    hurried = solved(problem, gap=1e-9, time_limit=1e-9, starts=[current])
    assert hurried.value >= before * (1.0 - 1e-12)
    assert solved(problem).value >= before


def uneven(curves: cm.ResponseCurves, most: float, rng: np.random.Generator) -> cm.ResponseCurves:
    """The same curves by points, with noise that makes some draws' slopes rise here and there."""
    spend = np.linspace(0.0, most, 41)
    outcome = np.stack([curves.value(np.full(curves.n_cells, at)) for at in spend], axis=1)
    outcome *= rng.uniform(0.97, 1.03, outcome.shape)
    return cm.ResponseCurves.tabulated(spend, np.maximum.accumulate(outcome, axis=1), names=curves.names)


@pytest.mark.parametrize("kind", ["concave", "by points", "with carry-over"])
@pytest.mark.parametrize("tail", [0.1, 0.3])
def test_a_mix_that_alone_is_safe_is_proven_so_at_once(kind: str, tail: float) -> None:
    """Draws disagree on where more pays, so that every move loses in its worst draws: the mix stays."""
    rng = np.random.default_rng([36, 4])
    spread = np.exp(0.5 * rng.normal(size=(2, 200, 4)))
    names = ["a", "b", "c", "d"]
    curves = cm.ResponseCurves.hill(5.0 * spread[0], 1.5 * spread[1], 1.0, names=names)
    if kind == "by points":
        curves = uneven(curves, 8.0, rng)
    mix = np.array([0.93, 1.06, 0.98, 1.03])
    carryover = cm.Carryover([0.7, 0.3], 1) if kind == "with carry-over" else None
    problem = cm.AllocationProblem(
        curves,
        cm.FixedBudget(4.0),
        risk=SafeImprovement(dict(zip(names, mix.tolist(), strict=True)), tail),
        carryover=carryover,
    )
    solution = solved(problem, gap=1e-3, time_limit=20.0)
    assert solution.status is Status.OPTIMAL
    assert solution.report.nodes <= 15
    assert np.abs(solution.spend.ravel() - mix).max() <= 1e-3
    # Moves between any two cells, of any size, do lose.
    for giver, taker in itertools.permutations(range(4), 2):
        for amount in (1e-3, 1e-2, 0.1, 0.5):
            moved = mix.copy()
            moved[giver] -= amount
            moved[taker] += amount
            gain = problem.net_draws(moved.reshape(problem.shape)) - problem.net_draws(
                mix.reshape(problem.shape)
            )
            assert sorted_tail(gain, tail) < 0.0


COMBINED: dict[str, tuple[Any, list[Any]]] = {
    "minimum": (cm.FixedBudget(1.6), [cm.MinimumIfActive("all", 0.9)]),
    "at most one": (cm.FixedBudget(1.6), [cm.AtMostActive(1)]),
    "packs": (cm.FixedBudget(1.6), [cm.PackSize("FR/app", 0.37)]),
    "share": (cm.FixedBudget(1.6), [cm.GroupShare("app", 0.6)]),
    "profit": (cm.MaxProfit(3.0), []),
    "roi": (cm.FlexibleBudget(min_roi=3.0, max_amount=3.0), []),
}


@pytest.mark.parametrize("risk", [MeanCVaR(0.5, 0.2), WorstCase()], ids=["cvar", "worst"])
@pytest.mark.parametrize(("scenario", "rules"), COMBINED.values(), ids=COMBINED.keys())
def test_with_rules_and_scenarios_against_a_fine_grid(scenario: Any, rules: list[Any], risk: Any) -> None:
    problem = cm.AllocationProblem(s_shaped(20, 2, seed=2), scenario, rules, risk=risk)
    solution = solved(problem)
    assert solution.status is Status.OPTIMAL
    most = float(scenario.limit)
    axis = np.unique(np.concatenate([np.linspace(0.0, most, 201), 0.37 * np.arange(9), [0.9, most]]))
    points = np.array(list(itertools.product(axis, repeat=2)))
    points = points[points.sum(axis=1) <= most + 1e-12]
    kept = np.ones(len(points), dtype=bool)
    for rule in rules:
        if isinstance(rule, cm.MinimumIfActive):
            kept &= ((points == 0.0) | (points >= 0.9)).all(axis=1)
        elif isinstance(rule, cm.AtMostActive):
            kept &= (points > 0.0).sum(axis=1) <= 1
        elif isinstance(rule, cm.PackSize):
            packs = points[:, 1] / 0.37
            kept &= np.abs(packs - np.round(packs)) < 1e-9
    plain = cm.AllocationProblem(
        problem.curves, scenario, [r for r in rules if isinstance(r, cm.GroupShare)], risk=risk
    )
    best, size = float(worth(plain, points[kept]).max()), problem.size(solution.spend)
    assert best <= solution.upper_bound + 1e-6 * size
    assert best <= solution.value + (GAP + 1e-6) * size
    assert best >= solution.value - 1e-2 * size


def test_a_target_of_the_mean_with_a_safe_tail() -> None:
    """Least cost for a target while the worst draws lose nothing on the mix: dearer than the target alone."""
    current = {"FR/sms": 0.5, "FR/app": 0.5}
    curves, target = s_shaped(40, 2), cm.TargetOutcome(7.0)
    safe = cm.AllocationProblem(curves, target, risk=SafeImprovement(current, 0.1))
    plain = cm.AllocationProblem(curves, target)
    both, alone = solved(safe), solved(plain)
    assert both.status is alone.status is Status.OPTIMAL
    assert -both.value >= -alone.value * (1.0 - GAP)
    best = best_by_grid(safe, 3.0)
    assert best <= both.upper_bound + 1e-6
    assert best == pytest.approx(both.value, rel=2e-3)


@pytest.mark.parametrize("risk", [MeanCVaR(0.5, 0.2), SafeImprovement({"a": 0.5, "b": 0.5}, 0.2)])
def test_with_carry_over_against_a_grid(risk: Any) -> None:
    rng = np.random.default_rng(34)
    spread = np.exp(0.4 * rng.normal(size=(15, 2)))
    curves = cm.ResponseCurves.hill([3.0, 2.0] * spread, [1.0, 0.6], [2.5, 1.5], names=["a", "b"])
    carryover = cm.Carryover([0.7, 0.3], 2, season=[1.0, 1.3])
    problem = cm.AllocationProblem(curves, cm.FixedBudget(2.0), risk=risk, carryover=carryover)
    solution = solved(problem, gap=1e-3)
    assert solution.status is Status.OPTIMAL
    weights, season = np.array([0.7, 0.3]), np.array([1.0, 1.3, 1.15])

    def drawn(points: Array) -> Array:
        """Outcome of each draw at (n_points, 2 periods, 2 cells); (n_points, n_draws)."""
        total = np.zeros((len(points), 15))
        for t in range(3):
            acts = sum(weights[k] * points[:, t - k] for k in range(2) if 0 <= t - k < 2)
            for i in range(2):
                total += season[t] * curves.cell(i).value(acts[np.newaxis, :, i]).T
        return total

    axis = np.linspace(0.0, 2.0, 21)
    points = np.array([p for p in itertools.product(axis, repeat=4) if sum(p) <= 2.0 + 1e-9])
    net = np.concatenate([drawn(part.reshape(-1, 2, 2)) for part in np.array_split(points, 8)])
    tails = np.sort(net, axis=1)[:, :3].mean(axis=1)
    if isinstance(risk, MeanCVaR):
        values = 0.5 * net.mean(axis=1) + 0.5 * tails
    else:
        gains = np.sort(net - drawn(np.full((1, 2, 2), 0.5)), axis=1)[:, :3].mean(axis=1)
        values = np.where(gains >= -1e-12, net.mean(axis=1), -np.inf)
    size = problem.size(solution.spend)
    assert values.max() <= solution.upper_bound + 1e-9
    assert values.max() <= solution.value + 1.1e-3 * size
    assert values.max() >= solution.value - 2e-2 * size
    assert problem.value(solution.spend) == pytest.approx(
        worth_of(drawn(solution.spend[np.newaxis])[0], risk), rel=1e-9
    )


def worth_of(net: Array, risk: Any) -> float:
    """Objective of net outcomes of all draws, a tail of three of fifteen."""
    if isinstance(risk, SafeImprovement):
        return float(net.mean())
    return 0.5 * float(net.mean()) + 0.5 * float(np.sort(net)[:3].mean())


def test_tiers_under_risk_count_what_spend_buys() -> None:
    curves = s_shaped(20, 2)
    problem = cm.AllocationProblem(
        curves, cm.FixedBudget(2.0), [PriceTiers("FR/app", ((0.5, 0.3),))], risk=MeanCVaR(0.5, 0.2)
    )
    solution = solved(problem)
    axis = np.linspace(0.0, 2.0, 2001)
    bought = np.where(axis <= 0.5, axis, 0.5 + (axis - 0.5) / 0.7)
    net = curves.cell(0).value(2.0 - axis[np.newaxis]) + curves.cell(1).value(bought[np.newaxis])
    values = 0.5 * net.mean(axis=0) + 0.5 * np.sort(net, axis=0)[:4].mean(axis=0)
    assert values.max() <= solution.upper_bound * (1.0 + 1e-9)
    assert values.max() == pytest.approx(solution.value, rel=2e-4)


PROBLEM = cm.AllocationProblem(s_shaped(30), cm.FixedBudget(2.0), risk=MeanCVaR(0.5, 0.1))
SAFE = cm.AllocationProblem(
    s_shaped(30), cm.FixedBudget(2.0), risk=SafeImprovement(dict.fromkeys(NAMES, 2.0 / 3.0), 0.1)
)


@pytest.fixture(scope="module")
def honest() -> dict[str, cm.Solution]:
    return {"cvar": solved(PROBLEM, gap=1e-3), "safe": solved(SAFE, gap=1e-3)}


def with_tilts(solution: cm.Solution, draw_weights: Any) -> cm.Solution:
    return dataclasses.replace(
        solution, proof=dataclasses.replace(solution.proof, draw_weights=tuple(draw_weights))
    )


FORGERIES: dict[str, Callable[[Array], Array]] = {
    "negative": lambda t: np.concatenate([[-1e-3], t[1:-1], [t[-1] + t[0] + 1e-3]]),
    "too large": lambda t: np.eye(len(t))[int(np.argmin(t))] * t.sum(),
    "too long": lambda t: np.append(t, 0.0),
    "too short": lambda t: t[:-1],
    "not a number": lambda t: np.where(np.arange(len(t)) == 0, np.nan, t),
    "infinite": lambda t: np.where(np.arange(len(t)) == 0, np.inf, t),
}


@pytest.mark.parametrize("kind", ["cvar", "safe"])
@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_forged_weights_of_draws_are_refused(honest: dict[str, cm.Solution], kind: str, forge: Any) -> None:
    solution = honest[kind]
    some = next(k for k, t in enumerate(solution.proof.draw_weights) if t.sum() > 0.0)
    forged = [forge(t) if k == some else t for k, t in enumerate(solution.proof.draw_weights)]
    with pytest.raises(cm.CertificateError):
        cm.verify(PROBLEM if kind == "cvar" else SAFE, with_tilts(solution, forged))


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.999, 1.001, 2.0])
def test_weights_of_draws_sum_to_the_weight_of_the_worst(
    honest: dict[str, cm.Solution], factor: float
) -> None:
    solution = honest["cvar"]
    with pytest.raises(cm.CertificateError, match="weights of the draws"):
        cm.verify(PROBLEM, with_tilts(solution, [factor * t for t in solution.proof.draw_weights]))


def test_a_weight_against_losses_may_be_of_any_size_but_proves_only_what_it_does(
    honest: dict[str, cm.Solution],
) -> None:
    """The rule against losses may be priced at will, as any row: another price only weakens the bound."""
    solution = honest["safe"]
    draw_weights = [3.0 * t + 1.0 / len(t) for t in solution.proof.draw_weights]
    with pytest.raises(cm.CertificateError, match=r"bound|not shown"):
        cm.verify(SAFE, with_tilts(solution, draw_weights))


@pytest.mark.parametrize("kind", ["cvar", "safe"])
def test_a_proof_without_weights_or_with_too_many_is_refused(
    honest: dict[str, cm.Solution], kind: str
) -> None:
    solution, problem = honest[kind], PROBLEM if kind == "cvar" else SAFE
    for draw_weights in ((), (*solution.proof.draw_weights, solution.proof.draw_weights[0])):
        with pytest.raises(cm.CertificateError, match="weigh the draws"):
            cm.verify(problem, with_tilts(solution, draw_weights))
    plain = dataclasses.replace(problem, risk=None)
    with pytest.raises(cm.CertificateError):
        cm.verify(plain, solution)


def test_the_claim_of_another_risk_is_refused(honest: dict[str, cm.Solution]) -> None:
    for risk in (MeanCVaR(0.5, 0.2), MeanCVaR(0.4, 0.1), WorstCase()):
        with pytest.raises(cm.CertificateError):
            cm.verify(dataclasses.replace(PROBLEM, risk=risk), honest["cvar"])


@pytest.mark.parametrize("kind", ["cvar", "safe"])
def test_problem_and_proof_travel_as_json(honest: dict[str, cm.Solution], kind: str) -> None:
    solution, problem = honest[kind], PROBLEM if kind == "cvar" else SAFE
    back = cm.AllocationProblem.from_dict(json.loads(json.dumps(problem.to_dict())))
    proof = Proof.from_dict(json.loads(json.dumps(solution.proof.to_dict())))
    certificate = cm.verify(back, dataclasses.replace(solution, proof=proof))
    assert certificate.upper_bound == solution.upper_bound
    again = cm.solve(back, gap=1e-3)
    assert again.spend.tobytes() == solution.spend.tobytes()


@pytest.mark.parametrize("risk", [MeanCVaR(0.5, 0.1), WorstCase(), SafeImprovement({"FR/sms": 0.5}, 0.1)])
@pytest.mark.parametrize("limit", [1e-9, 0.05])
def test_any_time_limit_gives_an_honest_plan(risk: Any, limit: float) -> None:
    problem = cm.AllocationProblem(s_shaped(60), cm.FixedBudget(2.0), risk=risk)
    hurried, full = solved(problem, gap=1e-12, time_limit=limit), solved(problem)
    assert hurried.status is Status.NOT_CERTIFIED
    assert hurried.upper_bound >= full.value
    if np.isfinite(hurried.value):
        assert hurried.value <= full.upper_bound
        assert hurried.gap < math.inf


@pytest.mark.parametrize("call", [2, 3, 6])
def test_an_interrupt_returns_the_best_so_far(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    original, count = Relaxation.solve, 0

    def interrupted(self: Relaxation, *arguments: Any, **options: Any) -> Relaxed | None:
        nonlocal count
        count += 1
        if count == call:
            raise KeyboardInterrupt
        return original(self, *arguments, **options)

    monkeypatch.setattr(Relaxation, "solve", interrupted)
    solution = solved(PROBLEM, gap=1e-10, starts=[{"FR/sms": 1.0}])
    assert solution.report.interrupted
    assert solution.status is Status.NOT_CERTIFIED
    assert 1e-10 < solution.gap < math.inf


@pytest.mark.parametrize(
    "rule", [cm.PackSize("all", 1.0), cm.MinimumIfActive("all", 2.0)], ids=["packs", "a minimum"]
)
def test_a_cut_budget_leaves_a_baseline_that_whole_numbers_allow(rule: Any) -> None:
    """Rounding a scaled mix may take more than the money there is; then another one nearby is found."""
    rng = np.random.default_rng(0)
    curves = cm.ResponseCurves.hill(
        rng.lognormal(3.0, 0.5, (20, 2)), [[3.0, 7.0]], [[2.0, 2.0]], names=["a", "b"]
    )
    risk = cm.SafeImprovement({"a": 2.0, "b": 2.0})
    problem = cm.AllocationProblem(curves, cm.FixedBudget(3.2), [rule], risk=risk)
    solution = cm.solve(problem)
    assert solution.status is cm.Status.OPTIMAL
    assert solution.baseline is not None
    assert 2.0 <= solution.baseline.sum() <= 3.2 + 1e-6
    assert problem.net(solution.spend) >= problem.net(solution.baseline) * (1.0 - 1e-6)
    cm.verify(problem, solution)


@pytest.mark.parametrize("risk", [cm.WorstCase(), cm.MeanCVaR()])
def test_a_risk_that_would_change_nothing_is_refused(risk: Any) -> None:
    curves = cm.ResponseCurves.hill([[3.0], [2.0]], [[2.0]], [[1.0]], names=["a"])
    with pytest.raises(cm.InputError, match="has no effect on a target_outcome"):
        cm.AllocationProblem(curves, cm.TargetOutcome(1.0), risk=risk)
