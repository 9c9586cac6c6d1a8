"""The value of information against brute force: nested Monte Carlo over models whose conditional means are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.oracles.exponentials import best_value

import channelmix as cm
from channelmix.engine.solver.by_draw import best_by_draw
from channelmix.recommender.information_value.knowledge import Knowledge, features_of
from channelmix.recommender.information_value.lift_tests import Trials, posterior_weights

Array = NDArray[np.float64]

BASE, RATE, SPREAD, BUDGET = np.array([10.0, 8.0, 6.0]), np.array([4.0, 5.0, 3.0]), 0.5, 10.0
"""Three exponential curves whose scales are log-normal around BASE."""


def scales(n: int, correlation: float, seed: int) -> Array:
    shared = np.full((3, 3), correlation) + (1.0 - correlation) * np.eye(3)
    normal = np.random.default_rng(seed).standard_normal((n, 3)) @ np.linalg.cholesky(shared).T
    return np.asarray(BASE * np.exp(SPREAD * normal))


def knowledge(scale: Array) -> Knowledge:
    curves = cm.ResponseCurves.exponential(scale, np.broadcast_to(RATE, scale.shape), names=["a", "b", "c"])
    problem = cm.AllocationProblem(curves, cm.FixedBudget(BUDGET))
    optima = best_by_draw(problem)
    return Knowledge(problem, np.vstack([cm.solve(problem, 1e-6).spend, optima.spend]))


def nested(known: int, correlation: float, seed: int) -> float:
    """Brute force: draw the known cell, then average the others given it, then split; less the split without."""
    rng = np.random.default_rng(seed)
    outer = rng.standard_normal(1500)
    inner = rng.standard_normal(2000)
    given = SPREAD * (correlation * outer[:, np.newaxis] + np.sqrt(1.0 - correlation**2) * inner)
    other = np.exp(given).mean(axis=1)
    scale = BASE * np.where(
        np.arange(3) == known, np.exp(SPREAD * outer)[:, np.newaxis], other[:, np.newaxis]
    )
    prior = best_value(scale.mean(axis=0)[np.newaxis], RATE, BUDGET)[0]
    return float(best_value(scale, RATE, BUDGET).mean() - prior)


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_knowing_a_cell_is_worth_what_nested_monte_carlo_finds(correlation: float) -> None:
    found = knowledge(scales(256, correlation, seed=1))
    groups = [[0], [1], [2]]
    for cells, splits in zip(groups, found.splits_given(groups), strict=True):
        gain = found.about(cells, splits).gain()
        truth = nested(cells[0], correlation, seed=2)
        assert gain.value == pytest.approx(truth, abs=3.0 * gain.standard_error + 0.03 * truth)


@pytest.mark.no_cover
def test_knowing_all_cells_of_a_group_is_worth_all() -> None:
    scale = scales(64, 0.0, seed=3)
    found = knowledge(scale)
    everything = found.about([0, 1, 2], found.splits_given([[0, 1, 2]])[0]).gain()
    prior = best_value(scale.mean(axis=0)[np.newaxis], RATE, BUDGET)[0]
    assert everything.value == pytest.approx(best_value(scale, RATE, BUDGET).mean() - prior, rel=5e-3)


def test_cells_that_say_the_same_of_each_other() -> None:
    """With one factor behind all scales, the best split is the same in every draw: nothing can be learnt."""
    factor = np.random.default_rng(4).lognormal(0.0, 0.5, (64, 1))
    found = knowledge(BASE * factor)
    for cells, splits in zip([[0], [1]], found.splits_given([[0], [1]]), strict=True):
        assert found.about(cells, splits).gain().value < 0.005 * BASE.sum()


@pytest.mark.no_cover
def test_what_cannot_matter_is_worth_nothing() -> None:
    """The best of many splits must not profit from what chance makes of a regression on an idle cell."""
    scale = scales(128, 0.0, seed=10)
    scale[:, 2] *= 1e-3
    found = knowledge(scale)
    everything = found.about([0, 1], found.splits_given([[0, 1]])[0]).gain().value
    assert found.about([2], found.splits_given([[2]])[0]).gain().value < 0.01 * everything


def test_identical_draws_teach_nothing() -> None:
    found = knowledge(np.tile(BASE, (32, 1)))
    assert found.features([0, 1]).shape == (32, 0)
    groups = [[0], [0, 1], [0, 1, 2]]
    for cells, splits in zip(groups, found.splits_given(groups), strict=True):
        assert found.about(cells, splits).gain().value == 0.0
    assert trials(found).value(cm.LiftTestDesign("a", 1.0, 4.0, 0.5)).value == 0.0


def test_features_are_orthonormal_whatever_the_draws() -> None:
    rng = np.random.default_rng(5)
    for table in (rng.lognormal(0.0, 1.0, (200, 9)), rng.integers(0, 2, (200, 1)) * np.ones((1, 4))):
        g = features_of(table)
        assert np.allclose(g.mean(axis=0), 0.0, atol=1e-9)
        assert np.allclose(g.T @ g / len(g), np.eye(g.shape[1]), atol=1e-9)
    assert g.shape[1] == 1


def trials(found: Knowledge, **changed: float) -> Trials:
    options: dict[str, float] = {"weeks_a_period": 4.0, "periods": 12.0, "fixed_cost": 0.0} | changed
    return Trials(
        knowledge=found,
        splits_given=dict(enumerate(found.splits_given([[0], [1], [2]]))),
        plan=found.splits[0],
        noise={"a": 2.0, "b": 2.0, "c": 2.0},
        seed=0,
        **options,
    )


def sampled(scale: Array, cell: int, change: float, error: float, plan: Array, seed: int) -> float:
    """Brute force: measure a lift in a draw, weigh all draws by it, split by the means that result."""
    rng = np.random.default_rng(seed)
    ends = 1.0 - np.exp(-(plan[cell] + np.array([0.0, change])) / RATE[cell])
    lift = (ends[1] - ends[0]) * scale[:, cell]
    measured = rng.choice(lift, 3000) + error * rng.standard_normal(3000)
    weight = np.exp(-0.5 * ((measured[:, np.newaxis] - lift) / error) ** 2)
    means = np.tile(scale.mean(axis=0), (len(measured), 1))
    means[:, cell] = weight @ scale[:, cell] / weight.sum(axis=1)
    prior = means.mean(axis=0)[np.newaxis]
    return float((best_value(means, RATE, BUDGET) - best_value(prior, RATE, BUDGET)).mean())


@pytest.mark.parametrize("error", [0.5, 1.5])
def test_a_lift_test_is_worth_what_brute_force_finds(error: float) -> None:
    scale = scales(256, 0.0, seed=6)
    found = knowledge(scale)
    test = trials(found).value(cm.LiftTestDesign("b", 3.0, 4.0, error))
    truth = sampled(scale, 1, 3.0, error, found.splits[0], seed=7)
    assert test.value == pytest.approx(truth, abs=3.0 * test.value_standard_error + 0.03 * truth)
    assert test.value > 5.0 * test.value_standard_error


@pytest.mark.no_cover
def test_a_better_test_is_worth_more_and_certainty_most() -> None:
    made = trials(knowledge(scales(64, 0.3, seed=8)))
    values = [made.value(cm.LiftTestDesign("a", 2.0, 4.0, error)).value for error in (1e-9, 0.3, 1.0, 1e6)]
    assert values == sorted(values, reverse=True)
    certain = made.knowledge.about([0], made.splits_given[0]).gain().value
    assert values[0] == pytest.approx(certain, rel=1e-9)
    assert values[-1] < 1e-3 * certain


@pytest.mark.no_cover
def test_the_figures_of_a_test() -> None:
    found = knowledge(scales(64, 0.0, seed=9))
    test = trials(found, fixed_cost=7.0).value(cm.LiftTestDesign("a", 4.0, 16.0))
    before = float(found.splits[0, 0])
    scale = found.problem.curves.cell(0).parameters["scale"][:, 0]
    lift = (scale * (np.exp(-before / 4.0) - np.exp(-(before + 4.0) / 4.0))).mean()
    assert test.expected_lift == pytest.approx(lift)
    assert test.standard_error == pytest.approx(2.0 * 4.0 / np.sqrt(16.0))  # 16 weeks of noise, per 4 weeks
    assert test.detectable_lift == pytest.approx((1.959964 + 0.841621) * test.standard_error, rel=1e-6)
    assert test.cost == pytest.approx(max(4.0 - lift, 0.0) * 16.0 / 4.0 + 7.0)
    assert test.net == pytest.approx(12.0 * test.value - test.cost)


@pytest.mark.no_cover
def test_the_best_designs_come_from_those_tried() -> None:
    found = knowledge(scales(64, 0.0, seed=9))
    made = trials(found, fixed_cost=0.1, weeks_a_period=1.0)
    best = list(made.best({0: 0.5, 1: 0.4, 2: 0.001}))
    assert best
    assert "c" not in {test.cell for test in best}  # not even certainty is worth the fixed cost
    for test in best:
        again = made.value(cm.LiftTestDesign(test.cell, test.spend_change, test.weeks))
        assert again == test
        half = made.value(cm.LiftTestDesign(test.cell, 0.5 * test.spend, 4.0))
        assert test.net >= half.net


def test_weights_are_chances() -> None:
    weights = posterior_weights(np.array([0.0, 1.0, 5.0]), 1e-3, seed=1)
    assert np.allclose(weights.sum(axis=1), 1.0)
    assert np.allclose(weights, np.eye(3), atol=1e-6)
    assert np.allclose(posterior_weights(np.zeros(4), 1.0, seed=1), 0.25)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (cm.LiftTestDesign("x", 1.0, 4.0), "unknown cell"),
        (cm.LiftTestDesign("a", 0.0, 4.0), "must change its spend"),
        (cm.LiftTestDesign("a", -1e6, 4.0), "must change its spend"),
        (cm.LiftTestDesign("a", 1.0, 0.0), "some weeks"),
        (cm.LiftTestDesign("a", 1.0, 4.0, 0.0), "standard error"),
    ],
)
def test_a_design_out_of_range(design: cm.LiftTestDesign, message: str) -> None:
    with pytest.raises(cm.InputError, match=message):
        trials(knowledge(scales(8, 0.0, seed=1))).value(design)
