"""Plans of every scenario, of rules on states and contacts, and of risk, from profile to verified JSON."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.plan import Comparison, Plan, verify_plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize import company_problem
from channelmix.report import to_terminal


@pytest.fixture
def pair(small: dict[str, Any]) -> dict[str, Any]:
    """A company of two channels, for quick searches."""
    small["channels"] = {name: small["channels"][name] for name in ("sms", "im")}
    del small["purposes"]["advocacy"]
    return small


def planned(content: dict[str, Any], **part: Any) -> Plan:
    """Plan, write, read back and verify."""
    plan = cm.optimize(CompanyProfile.model_validate(content | part))
    again = Plan.from_json(plan.to_json())
    assert again == plan
    assert verify_plan(again).status is plan.status
    return plan


def told(plan: Plan) -> str:
    buffer = io.StringIO()
    to_terminal(plan, buffer)
    return " ".join(buffer.getvalue().split())


def baseline(plan: Plan) -> Comparison:
    return next(c for c in plan.comparisons if c.is_baseline)


def spend_of(plan: Plan) -> dict[str, float]:
    return {row.name: row.spend for row in plan.allocation}


@pytest.mark.no_cover
def test_a_target_costs_what_its_budget_brings(pair: dict[str, Any]) -> None:
    """The least cost for what a budget brings is that budget."""
    budget = planned(pair, scenario={"kind": "fixed_budget", "amount": 6000.0})
    assert budget.totals is not None
    assert budget.certificate.value is not None
    target = planned(pair, scenario={"kind": "target_outcome", "amount": budget.certificate.value})
    assert target.status is Status.OPTIMAL
    assert target.totals is not None
    assert target.totals.spend == pytest.approx(6000.0, rel=2e-3)
    assert target.totals.budget is None
    assert target.certificate.value == pytest.approx(-target.totals.spend)
    assert target.totals.next_unit is None
    (price,) = target.shadow_prices
    assert budget.totals.next_unit is not None
    assert -price.price == pytest.approx(1.0 / budget.totals.next_unit, rel=2e-2)
    text = told(target)
    assert "Reach EUR " in text
    assert "less than today" in text
    assert "reaches the target at a cost more than" in text
    assert "of the target costs" in text


@pytest.mark.no_cover
def test_a_return_out_of_reach(pair: dict[str, Any]) -> None:
    bounds = {"kind": "spend_bounds", "bounds": {"sms": [4000.0, None]}}
    plan = planned(pair, scenario={"kind": "flexible_budget", "min_roi": 50.0}, rules=[bounds])
    assert plan.status is Status.INFEASIBLE
    assert plan.conflicts == ["flexible_budget", "spend_bounds sms"]
    (mend,) = plan.mends
    assert mend.rule == "flexible_budget min_roi"
    reached = 50.0 - mend.amount
    assert "A return of 50 per unit of money is out of reach: the rules allow " in told(plan)
    assert (
        f"A return of 50 per unit of money is out of reach: the rules allow {reached:.2f}" in plan.to_html()
    )
    assert "par unité dépensée est hors de portée" in plan.to_html(lang="fr")
    less = {"kind": "flexible_budget", "min_roi": 0.998 * reached}
    assert planned(pair, scenario=less, rules=[bounds]).status is Status.OPTIMAL


@pytest.mark.no_cover
def test_a_target_out_of_reach(pair: dict[str, Any]) -> None:
    bounds = {"kind": "spend_bounds", "bounds": {"sms": [None, 1000.0]}}
    budget = {"kind": "fixed_budget", "amount": 6000.0}
    free, ruled = (planned(pair, scenario=budget, rules=rules).certificate.value for rules in ([], [bounds]))
    assert free is not None
    assert ruled is not None
    wanted = 0.5 * (free + ruled)
    scenario = {"kind": "target_outcome", "amount": wanted, "max_amount": 6000.0}
    plan = planned(pair, scenario=scenario, rules=[bounds])
    assert plan.status is Status.INFEASIBLE
    assert plan.conflicts == ["target_outcome", "spend_bounds sms"]
    (mend,) = plan.mends
    assert mend.rule == "target_outcome"
    assert wanted - mend.amount == pytest.approx(ruled, rel=2e-3)
    assert "is out of reach: the rules allow" in told(plan)
    assert "spend_bounds sms" in told(plan)


def test_a_target_beyond_all_channels_is_told_without_a_limit(pair: dict[str, Any]) -> None:
    plan = planned(pair, scenario={"kind": "target_outcome", "amount": 1e7})
    assert plan.status is Status.INFEASIBLE
    assert plan.scenario["max_amount"] > 0.0
    assert any("the target is far" in line for line in plan.remarks)


def test_the_highest_profit_spends_until_the_last_unit_returns_itself(pair: dict[str, Any]) -> None:
    plan = planned(pair, scenario={"kind": "max_profit"})
    assert plan.totals is not None
    assert plan.totals.profit == pytest.approx(plan.certificate.value)
    assert plan.totals.roi is not None
    inside = [row.marginal_return for row in plan.allocation if row.spend > 1.0]
    assert inside
    assert inside == pytest.approx([1.0] * len(inside), rel=2e-2)
    assert any("returns less than it costs" in row.reason for row in plan.allocation)
    assert "for a profit of EUR" in told(plan)
    assert any("sets no limit" in line for line in plan.remarks)


@pytest.mark.no_cover
def test_a_minimum_roi_is_reached(pair: dict[str, Any]) -> None:
    plan = planned(pair, scenario={"kind": "flexible_budget", "min_roi": 1.4})
    assert plan.totals is not None
    assert plan.totals.roi == pytest.approx(1.4, rel=1e-3)
    assert "at a return of 1.40 per unit" in told(plan)


@pytest.mark.no_cover
def test_states_fees_and_packs(small: dict[str, Any]) -> None:
    small["channels"]["social"]["reachable"] = 20000.0
    rules = [
        {"kind": "minimum_if_active", "select": "sms", "amount": 4000},
        {"kind": "at_most_active", "count": 2, "of": "channel"},
        {"kind": "activation_fee", "select": "sms", "amount": 300},
        {"kind": "pack_size", "select": "im", "size": 500},
    ]
    plan = planned(small, rules=rules)
    spend = spend_of(plan)
    assert plan.status is Status.OPTIMAL
    used = {row.channel for row in plan.allocation if row.spend > 0.0}
    assert used == {"sms", "im"}
    for name, amount in spend.items():
        if "/im/" in name:
            assert amount / 500.0 == pytest.approx(round(amount / 500.0), abs=1e-6)
        if "/sms/" in name:
            assert amount == 0.0 or amount >= 4000.0 * (1 - 1e-9)
    assert plan.totals is not None
    assert plan.totals.fees == pytest.approx(300.0)
    assert plan.totals.spend + 300.0 <= 20000.0 * (1 + 1e-6)
    reasons = {row.name: row.reason for row in plan.allocation}
    assert reasons["FR/social/service"] == "off: at_most_active channel"
    assert any(reason.endswith("pack_size im") for reason in reasons.values())
    assert "Fees take EUR 300" in told(plan)


def test_price_tiers_change_what_money_buys(pair: dict[str, Any]) -> None:
    plain = planned(pair)
    tiers = planned(pair, rules=[{"kind": "price_tiers", "select": "sms", "tiers": [[1000, 0.3]]}])
    assert plain.certificate.value is not None
    assert tiers.certificate.value is not None
    assert tiers.certificate.value > 1.02 * plain.certificate.value
    problem = AllocationProblem.from_dict(tiers.problem)
    spend = np.array(list(spend_of(tiers).values()))
    bought = problem.at_first_price(spend)
    i = problem.curves.names.index("FR/sms/promotion")
    assert bought[i] == pytest.approx(1000.0 + (spend[i] - 1000.0) / 0.7)
    row = tiers.allocation[i]
    assert row.outcome.mean == pytest.approx(problem.curves.mean_value(bought)[i])


def test_rules_about_contacts_hold(pair: dict[str, Any]) -> None:
    rules = [
        {"kind": "contact_cap", "contacts": 0.2},
        {"kind": "service_level", "level": 0.85, "select": "im/service"},
    ]
    plan = planned(pair, rules=rules)
    cap, level = (rule for rule in plan.problem["constraints"])
    spend = spend_of(plan)
    assert sum(rate * spend[name] for name, rate in cap["per_spend"].items()) <= 0.2 * (1 + 1e-6)
    assert spend["FR/im/service"] >= level["spend"]["FR/im/service"] * (1 - 1e-6)
    assert level["spend"]["FR/im/service"] > 0.0


def test_safe_improvement_answers_a_cut_budget(pair: dict[str, Any]) -> None:
    """The baseline is today's mix scaled and projected; fresh draws tell the loss in the tail."""
    rules = [{"kind": "spend_bounds", "bounds": {"sms": [None, 2500.0]}}]
    plan = planned(
        pair,
        scenario={"kind": "fixed_budget", "amount": 7200.0},
        rules=rules,
        risk={"kind": "safe_improvement"},
    )
    base = baseline(plan)
    assert base.feasible
    assert "scaled by 0.8 to the budget, moved as little as the rules ask" in base.description
    assert plan.problem["risk"]["current"] == base.spend
    assert plan.provenance.draws == 1024
    problem = AllocationProblem.from_dict(plan.problem)
    spend = np.array(list(spend_of(plan).values()))
    gain = problem.net_draws(spend) - problem.net_draws(np.array(list(base.spend.values())))
    assert np.sort(gain)[:102].mean() >= -1e-5 * problem.gross(spend)
    assert "n the worst tenth of simulations it loses" in told(plan)
    assert any(line.startswith("A safe improvement") for line in plan.remarks)


def test_few_draws_have_no_tail(pair: dict[str, Any]) -> None:
    profile = CompanyProfile.model_validate(pair | {"risk": {"kind": "mean_cvar"}})
    with pytest.raises(cm.InputError, match="needs at least 1,000"):
        cm.optimize(profile, n_draws=512)


def test_a_cell_without_saturation_is_named(pair: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Published evidence always saturates: curves of one's own need not."""
    made: Callable[..., Any] = company_problem.response_of

    def allow_infinite(*args: Any) -> Any:
        response = made(*args)
        n = response.curves.n_cells
        scale = np.full((response.curves.n_draws, n), 2.0)
        curves = cm.ResponseCurves.power(scale, 1.0, names=response.curves.names)
        return type(response)(curves, None, {})

    monkeypatch.setattr("channelmix.recommender.optimize.company_problem.response_of", allow_infinite)
    plan = planned(pair, scenario={"kind": "max_profit"})
    assert plan.status is Status.UNBOUNDED
    assert plan.conflicts == ["FR/sms/promotion"]
    assert plan.totals is None
    assert "keeps paying off without limit" in told(plan)
    assert "max_amount" in told(plan)


def test_without_spend_today_and_without_a_limit_the_baseline_is_nothing(pair: dict[str, Any]) -> None:
    for channel in pair["channels"].values():
        channel["current_spend"] = {}
    plan = planned(pair, scenario={"kind": "max_profit"})
    assert baseline(plan).name == "nothing"
    assert baseline(plan).gain.mean > 0.0
