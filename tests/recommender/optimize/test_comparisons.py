from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from channelmix.datasets import SERVICE_USE, USE, use_standard_error
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.response import ResponseCurves
from channelmix.engine.rules import FixedBudget, SpendBounds
from channelmix.plan import Plan, interval
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.assumptions import assumptions
from channelmix.recommender.optimize.comparisons import Split, compare, equal_split, surveyed_mix


def cells_of(content: dict[str, Any]) -> Any:
    return CompanyProfile.model_validate(content).cells()


def test_comparison_recomputed() -> None:
    rng = np.random.default_rng(0)
    names = ["m/a/p", "m/b/p"]
    scale = rng.uniform(50.0, 150.0, (1000, 2))
    fresh = ResponseCurves.exponential(scale, np.full((1000, 2), 5.0), names=names)
    problem = AllocationProblem(fresh, FixedBudget(10.0), [SpendBounds({"b": (None, 6.0)})])
    plan = np.array([6.0, 4.0])
    other = {"m/a/p": 2.0, "m/b/p": 8.0}
    (result,) = compare(problem, problem, plan, [Split("other", "a split", other)])

    def outcome(spend: Any) -> Any:
        return (scale * (1 - np.exp(-np.asarray(spend) / 5.0))).sum(axis=1)

    gain = outcome(plan) - outcome([2.0, 8.0])
    assert result.gain.mean == pytest.approx(gain.mean())
    assert (result.gain.low, result.gain.high) == pytest.approx(tuple(np.quantile(gain, [0.05, 0.95])))
    assert result.outcome.mean == pytest.approx(outcome([2.0, 8.0]).mean())
    assert result.chance == pytest.approx((gain > 0).mean())
    assert result.tail_loss == pytest.approx(-np.sort(gain)[:100].mean())
    assert 0.0 < result.chance < 1.0
    assert not result.feasible
    assert not result.is_baseline
    assert result.spend == other


def test_the_plan_against_itself_gains_nothing() -> None:
    fresh = ResponseCurves.exponential(np.full((8, 2), 3.0), np.full((8, 2), 5.0), names=["m/a/p", "m/b/p"])
    problem = AllocationProblem(fresh, FixedBudget(10.0))
    nearly = {"m/a/p": 5.0 + 1e-14, "m/b/p": 5.0}
    (result,) = compare(problem, problem, np.array([5.0, 5.0]), [Split("same", "", nearly)])
    assert (result.chance, result.tail_loss, result.gain.high) == (0.0, 0.0, 0.0)
    assert result.feasible


def test_equal_split(small: dict[str, Any]) -> None:
    split = equal_split(cells_of(small), 600.0)
    assert set(split.spend.values()) == {50.0}
    assert len(split.spend) == 12


def test_surveyed_mix_follows_use(small: dict[str, Any]) -> None:
    small["markets"].append({"name": "BE", "customers": 100000.0})
    split = surveyed_mix(cells_of(small), 9000.0)
    assert split is not None
    spend = split.spend
    assert sum(spend.values()) == pytest.approx(9000.0)
    assert min(spend.values()) >= 0.0
    # Within a market and purpose, as companies use the channels.
    assert spend["FR/sms/promotion"] / spend["FR/social/promotion"] == pytest.approx(
        USE["sms"] / USE["social"]
    )
    assert spend["BE/im/service"] / spend["BE/sms/service"] == pytest.approx(
        SERVICE_USE["im"] / SERVICE_USE["sms"]
    )
    assert spend["FR/app/service"] == 0.0, "nobody reported the app for service"
    # Between them, as today: promotion has 14,000 of 20,000, and FR twice the customers of BE.
    promotion = sum(spend[f"{m}/{c}/promotion"] for m in ("FR", "BE") for c in USE)
    assert promotion == pytest.approx(9000.0 * 14.0 / 20.0)
    assert spend["FR/sms/promotion"] == pytest.approx(2 * spend["BE/sms/promotion"])
    assert spend["FR/sms/advocacy"] == 0.0, "no money today, so none in the surveyed mix"
    errors = split.standard_error or {}
    assert errors["social"] == use_standard_error(0.48)
    assert errors["im/service"] == use_standard_error(0.30)


def test_surveyed_mix_without_spend_today_is_even_over_purposes(small: dict[str, Any]) -> None:
    for channel in small["channels"].values():
        channel["current_spend"] = {}
    split = surveyed_mix(cells_of(small), 300.0)
    assert split is not None
    for purpose in ("promotion", "service", "advocacy"):
        assert sum(s for name, s in split.spend.items() if name.endswith(purpose)) == pytest.approx(100.0)


def test_no_surveyed_channel_no_surveyed_mix(small: dict[str, Any]) -> None:
    small["channels"] = {"kiosk": {"like": "sms", "reachable": 10.0}}
    assert surveyed_mix(cells_of(small), 300.0) is None
    app_service = {"app": {"reachable": 10.0, "purposes": ["service"]}}
    small["channels"] = app_service
    assert surveyed_mix(cells_of(small), 300.0) is None


def test_comparisons_of_a_plan_rest_on_fresh_draws(small: dict[str, Any], small_plan: Plan) -> None:
    profile = CompanyProfile.model_validate(small)
    from channelmix.effectiveness import prior_response

    again = PublishedPrior(n_draws=1024, seed=1_000_003).fit().draws(profile.cells())
    response = prior_response(again, profile.period_days, 0.9)
    fresh = response.curves
    losses = response.losses
    assert losses is not None
    spend = np.array([row.spend for row in small_plan.allocation])
    for comparison in small_plan.comparisons:
        split = np.array(list(comparison.spend.values()))
        other = fresh.value(split).sum(axis=1) - losses.value(split).sum(axis=1)
        assert comparison.outcome.mean == pytest.approx(other.mean())
        gain = fresh.value(spend).sum(axis=1) - losses.value(spend).sum(axis=1) - other
        assert comparison.gain == interval(gain)
    assert small_plan.provenance.fresh_draws == 1024


def test_assumptions_name_figures_and_sources(small: dict[str, Any]) -> None:
    two = copy.deepcopy(small)
    two["markets"].append({"name": "BE", "customers": 1.0})
    draws = PublishedPrior(n_draws=2).fit().draws(cells_of(two))
    listed = assumptions(draws.figures)
    names = [entry.name for entry in listed]
    assert len(names) == len(set(names)) == len(draws.figures)
    (rate,) = (entry for entry in listed if entry.name == "opt out per message of sms promotion")
    assert (rate.value, rate.low, rate.high) == pytest.approx((0.012, 0.0048, 0.03))
    assert rate.facts[0].startswith("FTG")
    assert rate.sources
    # Rates of orders are listed as the effect that they come to, with the experiments that speak of it.
    assert "conversion rate of sms promotion" not in names
    (effect,) = (entry for entry in listed if entry.name == "orders per contact of sms promotion")
    assert 0.0 < effect.low < effect.value < effect.high
    assert effect.facts[0].startswith("EXP")
    assert effect.sources
