"""Reasons that a reader holds against the number beside them: what pays, what is enough, and per what an amount is."""

from __future__ import annotations

import io
from typing import Any

import pytest
from tests.own_evidence import returns, written
from tests.recommender.optimize.shops import planned, share, shop
from tests.recommender.optimize.test_own_history import content

import channelmix as cm
from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.report import to_terminal


def said(plan: Plan) -> dict[str, str]:
    return {cell.channel: cell.reason for cell in plan.cells}


def on_history(**fields: Any) -> Plan:
    """A plan on curves with corners at what was spent before."""
    curves = {"social": returns(mean=1.0, seed=1), "sms": returns(mean=2.0)}
    profile = CompanyProfile.model_validate(content(**fields)).with_evidence(written(curves))
    return cm.optimize(profile, n_draws=1024)


@pytest.mark.parametrize("amount", [15000.0, 40000.0, 500000.0])
def test_what_a_fixed_budget_buys_need_not_pay(amount: float) -> None:
    scenario = {"kind": "fixed_budget", "amount": amount}
    plans = [planned(scenario=scenario), on_history(scenario=scenario, risk={"kind": "mean"})]
    for plan in plans:
        assert not [one for one in said(plan).values() if one.startswith("pays")]


def test_a_corner_of_a_curve_is_the_best_return_up_to_there() -> None:
    plan = on_history(scenario={"kind": "fixed_budget", "amount": 48000.0}, risk={"kind": "mean"})
    assert "best return up to here" in said(plan).values()


def test_what_pays_brings_about_its_price_or_stops_at_a_corner() -> None:
    """Where others need a share of the money, more of what pays by itself must carry them too."""
    plan = planned(share("social", 0.5, 0.5), scenario={"kind": "max_profit"})
    for cell in plan.cells:
        if cell.reason == "pays up to here":
            assert cell.marginal_return is not None
            assert cell.marginal_return <= 1.03
    assert "more would need more for group_share social" in said(plan).values()


def test_a_target_that_nothing_reaches_is_no_lack_of_return() -> None:
    plan = planned(scenario={"kind": "target_outcome", "amount": 0})
    assert set(said(plan).values()) == {"the target is reached without it"}


def test_packs_have_no_limit_that_one_unit_moves() -> None:
    size = {"kind": "pack_size", "select": "all", "size": 50000}
    found = cm.explain(CompanyProfile.model_validate(shop(size)))
    told = [reason for cell in found.cells for reason in cell.reasons]
    assert "The rule pack_size all binds." in told
    assert not [one for one in told if "raising its limit" in one]


def test_what_was_never_spent_before_is_per_period_beside_sums_over_several() -> None:
    stated = {"kind": "flexible_budget", "min_marginal_roi": 0.2, "max_amount": 34000.0}
    little = {"kind": "spend_bounds", "bounds": {"im": [0.0, 2000.0]}}
    plan = on_history(periods=3, timing={}, scenario=stated, rules=[little])
    never = [cell for cell in plan.sums if "never spent before" in cell.reason]
    assert never
    assert all(cell.reason.endswith(" a month") for cell in never)
    assert not [row for row in plan.allocation if row.reason.endswith(" a month")]
    shown = io.StringIO()
    to_terminal(plan, shown)
    assert "par mois" in plan.to_html(lang="fr")
    assert " a month" in " ".join(shown.getvalue().split("why")[1].split("total")[0].split())
