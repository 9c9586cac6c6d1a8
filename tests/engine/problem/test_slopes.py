"""Charges, slopes and chances of a problem, against sums written out and differences of its net outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import channelmix as cm

NAMES = ["FR/sms", "FR/app", "DE/sms"]
TODAY = dict(zip(NAMES, (2.0, 1.0, 3.0), strict=True))
RULES = [cm.ChangeLimit("FR", switching_cost=0.05), cm.ActivationFee("DE", 0.4)]
TIMES = [None, cm.Carryover([0.7, 0.3], 2, initial=[0.5], season=[1.0, 2.0], discount=0.1)]


def problem(*rules: Any, draws: int = 1, **options: Any) -> cm.AllocationProblem:
    half = np.array([4.0, 1.0, 2.0]) * (1.0 + 0.5 * np.arange(draws)[:, np.newaxis])
    curves = cm.ResponseCurves.hill(
        [3.0, 2.0, 1.0], half if draws > 1 else half[0], [2.0, 1.0, 3.0], names=NAMES
    )
    options = {"charge": {"FR": 0.1, "sms": 0.02}, "current": TODAY, **options}
    return cm.AllocationProblem(curves, cm.FixedBudget(12.0), rules, **options)


@pytest.mark.parametrize("carryover", TIMES, ids=["at once", "later too"])
def test_the_next_unit_is_worth_the_difference_it_makes(carryover: cm.Carryover | None) -> None:
    """With charges, and with a cost of each change from today's spend, up or down."""
    p = problem(*RULES, carryover=carryover)
    rng = np.random.default_rng(5)
    for _ in range(5):
        spend = rng.uniform(0.2, 4.0, len(p.cells))
        slopes = p.marginal(spend)
        for i in range(len(spend)):
            step = np.zeros(len(spend))
            step[i] = 1e-6
            assert slopes[i] == pytest.approx((p.net(spend + step) - p.net(spend)) / 1e-6, rel=1e-4, abs=1e-6)


def test_of_today_the_next_unit_is_a_change_up() -> None:
    p = problem(*RULES)
    today = np.array([TODAY[name] for name in NAMES])
    expected = p.curves.derivative(today).mean(axis=0) - [0.1 + 0.02 + 0.05, 0.1 + 0.05, 0.02]
    np.testing.assert_allclose(p.marginal(today), expected)


@pytest.mark.parametrize("carryover", TIMES, ids=["at once", "later too"])
def test_charges_of_cells_are_those_of_all(carryover: cm.Carryover | None) -> None:
    """Those of changes on their own cell; a fee is money and no charge."""
    p = problem(*RULES, carryover=carryover)
    spend = np.arange(1.0, len(p.cells) + 1.0)
    charged = p.charged(spend)
    first = [0.12 * 1.0 + 0.05 * 1.0, 0.1 * 2.0 + 0.05 * 1.0, 0.02 * 3.0]
    np.testing.assert_allclose(charged[:3], first)
    assert (charged >= 0.0).all()
    assert float(charged.sum()) == pytest.approx(p.charge_of(spend))
    assert p.net(spend) == pytest.approx(p.gross(spend) - float(charged.sum()))


def test_fees_are_money() -> None:
    p = problem(*RULES)
    assert p.money([1.0, 2.0, 3.0]) == pytest.approx(6.4)
    assert p.money([1.0, 2.0, 0.0]) == pytest.approx(3.0)


def test_chances_count_draws_that_reach_the_target() -> None:
    p = problem(draws=5, charge={}, risk=cm.ReachTarget(2.0))
    spend = np.array([4.0, 2.0, 2.0])
    net = p.net_draws(spend)
    for target, chance in (
        (net.min(), 1.0),
        (np.sort(net)[2], 0.6),
        (net.max(), 0.2),
        (net.max() * 1.001, 0.0),
    ):
        assert problem(draws=5, charge={}, risk=cm.ReachTarget(float(target))).value(spend) == chance
    # By rounding, a draw may miss the target.
    assert (
        problem(draws=5, charge={}, risk=cm.ReachTarget(float(net.max()) * (1.0 + 1e-12))).chance(spend)
        == 0.2
    )


def test_the_objective_with_a_risk_is_written_out() -> None:
    p = problem(draws=5, risk=cm.MeanCVaR(0.3, 0.4))
    spend = np.array([4.0, 2.0, 2.0])
    net = p.net_draws(spend)
    np.testing.assert_allclose(net, p.curves.value(spend).sum(axis=1) - 0.12 * 4.0 - 0.1 * 2.0 - 0.02 * 2.0)
    worst = np.sort(net)[:2].mean()
    assert p.value(spend) == pytest.approx(0.7 * net.mean() + 0.3 * worst)
    weights = p.draw_weights(spend)
    assert weights is not None
    assert weights.sum() == pytest.approx(1.0)
    assert float(weights @ net) == pytest.approx(p.value(spend))
    slopes = p.marginal(spend, weights)
    for i in range(3):
        step = np.zeros(3)
        step[i] = 1e-6
        assert slopes[i] == pytest.approx((p.value(spend + step) - p.value(spend)) / 1e-6, rel=1e-4, abs=1e-6)


def test_a_mix_that_breaks_a_rule_needs_another_to_improve_on() -> None:
    safe = cm.SafeImprovement({"FR/sms": 4.0, "FR/app": 2.0, "DE/sms": 2.0})
    kept = problem(cm.SpendBounds({"FR": (None, 6.0)}), draws=3, risk=safe)
    assert not kept.needs_baseline
    barely = problem(cm.SpendBounds({"FR": (None, 6.0 - 4e-6)}), draws=3, risk=safe)
    assert not barely.needs_baseline
    for broken in (cm.SpendBounds({"FR": (None, 5.999)}), cm.SpendBounds({"DE": (5.0, None)})):
        assert problem(broken, draws=3, risk=safe).needs_baseline
    assert not problem(cm.SpendBounds({"FR": (None, 1.0)})).needs_baseline


def test_a_loss_against_the_mix_to_improve_on_is_a_violation() -> None:
    mix = {"FR/sms": 4.0, "FR/app": 2.0, "DE/sms": 2.0}
    p = problem(draws=3, risk=cm.SafeImprovement(mix, tail=0.5))
    better, worse = np.array([5.0, 2.0, 2.0]), np.array([3.0, 2.0, 2.0])
    assert p.violation(better) == 0.0
    fallen = np.sort(p.net_draws(worse) - p.net_draws(list(mix.values())))
    assert p.violation(worse) == pytest.approx(-(fallen[0] + 0.5 * fallen[1]) / 1.5)
    assert p.broken(worse) == 0.0
