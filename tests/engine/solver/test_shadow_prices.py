"""Shadow prices against re-solving at a tighter gap, with one right-hand side moved a little within the same basin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix import Status
from channelmix.engine.rules import ContactCap, MeanCVaR, PriceTiers

NAMES = ["FR/sms", "FR/app", "DE/sms"]
CURVES = cm.ResponseCurves.hill([3.0, 2.0, 2.5], [4.0, 1.0, 2.0], [3.0, 1.0, 2.0], names=NAMES)
STEP = 5e-3

Build = Callable[[float], cm.AllocationProblem]


def plain(scenario: Any, *rules: Any, **options: Any) -> cm.AllocationProblem:
    return cm.AllocationProblem(CURVES, scenario, rules, **options)


def over_time(budget: float, *rules: Any, **options: Any) -> cm.AllocationProblem:
    carryover = cm.Carryover([0.6, 0.4], 2, season=[1.0, 1.4], **options)
    curves = cm.ResponseCurves.hill([3.0, 2.0], [1.5, 1.0], [2.0, 1.0], names=["sms", "app"])
    return cm.AllocationProblem(curves, cm.FixedBudget(budget), rules, carryover=carryover)


def uncertain() -> cm.ResponseCurves:
    spread = np.exp(0.4 * np.random.default_rng(51).normal(size=(25, 3)))
    return cm.ResponseCurves.hill([3.0, 2.0, 2.5] * spread, [4.0, 1.0, 2.0], [1.0, 1.0, 1.0], names=NAMES)


CASES: dict[str, tuple[str, float, Build]] = {
    "budget": ("fixed_budget", 6.0, lambda h: plain(cm.FixedBudget(h))),
    "target": ("target_outcome", 4.0, lambda h: plain(cm.TargetOutcome(h))),
    "profit within a limit": ("max_profit max_amount", 0.3, lambda h: plain(cm.MaxProfit(h))),
    "marginal roi within a limit": (
        "flexible_budget max_amount",
        3.0,
        lambda h: plain(cm.FlexibleBudget(min_marginal_roi=0.2, max_amount=h)),
    ),
    "roi within a limit": (
        "flexible_budget max_amount",
        3.0,
        lambda h: plain(cm.FlexibleBudget(min_roi=0.5, max_amount=h)),
    ),
    "bound": (
        "spend_bounds FR/app",
        0.6,
        lambda h: plain(cm.FixedBudget(6.0), cm.SpendBounds({"FR/app": (None, h)})),
    ),
    "budget with few active": ("fixed_budget", 5.0, lambda h: plain(cm.FixedBudget(h), cm.AtMostActive(2))),
    "budget with a fee": (
        "fixed_budget",
        5.0,
        lambda h: plain(cm.FixedBudget(h), cm.ActivationFee("FR/app", 0.3)),
    ),
    "budget under tiers": (
        "fixed_budget",
        6.0,
        lambda h: plain(cm.FixedBudget(h), PriceTiers("all", ((1.0, 0.2), (2.5, 0.5)))),
    ),
    "budget over time": ("fixed_budget", 4.0, over_time),
    "budget over time with earlier spend": ("fixed_budget", 4.0, lambda h: over_time(h, initial=[1.0])),
    "bound of a period": (
        "spend_bounds period 2",
        0.5,
        lambda h: over_time(4.0, cm.SpendBounds({"period 2": (None, h)})),
    ),
    "contact cap": (
        "contact_cap FR FR",
        1.0,
        lambda h: plain(cm.FixedBudget(6.0), ContactCap(h, "FR", per_spend={"FR/sms": 0.2, "FR/app": 0.6})),
    ),
    "budget under risk": (
        "fixed_budget",
        3.0,
        lambda h: cm.AllocationProblem(uncertain(), cm.FixedBudget(h), risk=MeanCVaR(0.5, 0.2)),
    ),
}


def value_near(build: Build, limit: float, start: dict[str, float]) -> float:
    problem = build(limit)
    solution = cm.solve(problem, gap=1e-5, time_limit=10.0, starts=[start])
    assert solution.gap <= 1e-4
    return solution.value


@pytest.mark.parametrize(("label", "limit", "build"), CASES.values(), ids=CASES.keys())
def test_a_price_is_what_one_more_unit_is_worth(label: str, limit: float, build: Build) -> None:
    """Between the worth of a little more and of a little less, where the two differ."""
    problem = build(limit)
    solution = cm.solve(problem, gap=1e-5)
    assert cm.verify(problem, solution).status is Status.OPTIMAL
    start = dict(zip(problem.cells.names, solution.spend.ravel().tolist(), strict=True))
    h = STEP * limit
    at, more, less = (value_near(build, limit + step, start) for step in (0.0, h, -h))
    gains = sorted([(more - at) / h, (at - less) / h])
    price = solution.shadow_prices[label]
    slack = 0.02 * max(abs(gains[0]), abs(gains[1])) + 1e-6
    assert gains[0] - slack <= price <= gains[1] + slack


@pytest.mark.parametrize("amount", [1.5, 2.0])
def test_a_minimum_that_binds_costs(amount: float) -> None:
    """A fixed choice of what is on, so that the plan keeps its basin when the minimum moves."""

    def build(h: float) -> cm.AllocationProblem:
        rules = [cm.MinimumIfActive("FR/app", h), cm.SpendBounds({"FR/app": (0.1, None)})]
        return plain(cm.FixedBudget(6.0), *rules)

    problem = build(amount)
    solution = cm.solve(problem, gap=1e-6)
    assert solution.spend[1] >= amount * (1.0 - 1e-6)
    start = dict(zip(NAMES, solution.spend.tolist(), strict=True))
    at, more = (value_near(build, amount * (1.0 + step), start) for step in (0.0, STEP))
    worth = (more - at) / (STEP * amount)
    # The row says spend - amount * state >= 0: its limit is moved by one where the minimum is.
    assert solution.shadow_prices.get("minimum_if_active FR/app", 0.0) == pytest.approx(
        worth, rel=0.02, abs=1e-4
    )


def test_what_does_not_bind_has_no_price() -> None:
    solution = cm.solve(
        plain(cm.FixedBudget(6.0), cm.SpendBounds({"FR/app": (0.1, 5.9)}), cm.AtMostActive(3))
    )
    assert set(solution.shadow_prices) == {"fixed_budget"}
