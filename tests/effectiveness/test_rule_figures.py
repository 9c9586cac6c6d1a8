"""Figures that rules leave out of a profile, against closed forms and a simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from channelmix.core.errors import InputError
from channelmix.effectiveness import with_figures
from channelmix.engine.response import Service
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.company_problem import drawn, response_of


def filled(content: dict[str, Any], *rules: dict[str, Any]) -> tuple[list[Any], Any]:
    profile = CompanyProfile.model_validate(content | {"rules": list(rules)})
    draws = drawn(profile, 256, 0)
    response = response_of(profile, draws)
    return with_figures(
        profile.rules, draws, response, profile.period_days, profile.usd_rate or 1.0
    ), response


def test_contacts_per_unit_of_spend(small: dict[str, Any]) -> None:
    small["channels"]["sms"]["cost_per_contact"] = {"promotion": {"value": 0.05, "low": 0.05, "high": 0.05}}
    cap = {"kind": "contact_cap", "contacts": 3}
    (rule,), _ = filled(small, cap)
    assert set(rule.per_spend) == {f"FR/{channel}/promotion" for channel in ("social", "sms", "im", "app")}
    assert rule.per_spend["FR/sms/promotion"] == pytest.approx(1.0 / (0.05 * 200000.0))

    (low,), _ = filled(small, cap | {"quantile": 0.1})
    (high,), _ = filled(small, cap | {"quantile": 0.9})
    name = "FR/social/promotion"  # of an uncertain cost
    assert low.per_spend[name] < rule.per_spend[name] < high.per_spend[name]

    stated, tiers = (
        {"per_spend": {"FR/sms/promotion": 7.0}},
        {"kind": "price_tiers", "select": "sms", "tiers": [[10, 0.1], [90, 0.2]]},
    )
    (own,), _ = filled(small, cap | stated)
    assert own.per_spend == {**rule.per_spend, "FR/sms/promotion": 7.0}
    (_, cheaper), _ = filled(small, tiers, cap)
    assert cheaper.per_spend["FR/sms/promotion"] == pytest.approx(1.0 / (0.8 * 0.05 * 200000.0))
    assert cheaper.per_spend[name] == rule.per_spend[name]


def test_service_level_by_simulation(small: dict[str, Any]) -> None:
    small["channels"]["im"] |= {
        "service_share": 0.4,
        "cost_per_contact": {"service": {"value": 2.0, "low": 2.0, "high": 2.0}},
    }
    name = "FR/im/service"
    rules, response = filled(small, {"kind": "service_level", "level": 0.8, "select": name})
    needed = rules[0].spend[name]
    curve = response.curves.cell(response.curves.names.index(name))
    assert isinstance(curve, Service)
    rng = np.random.default_rng(3)
    load = np.maximum(rng.logistic(curve.cap, curve.spread, (len(curve.cap), 4000)), 0.0)  # in money
    assert np.minimum(load, needed).mean() / load.mean() == pytest.approx(0.8, abs=3e-3)


def test_reputation_limit_is_where_the_loss_falls_to_it(small: dict[str, Any]) -> None:
    name = "FR/social/service"
    rules, response = filled(small, {"kind": "reputation_limit", "amount": 45.0, "select": name})
    curve = response.curves.cell(response.curves.names.index(name))
    assert curve.criticism_left(np.array([rules[0].spend[name]])).mean() == pytest.approx(45.0)
    rules, _ = filled(small, {"kind": "reputation_limit", "amount": 1e6})
    assert set(rules[0].spend.values()) == {0.0}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "service_level", "level": 1.0}, "state a level below 1"),
        ({"kind": "service_level", "level": 0.5, "select": "sms"}, "FR/sms/promotion is not"),
        ({"kind": "reputation_limit", "amount": 0.01}, "however much is spent on it"),
    ],
)
def test_what_no_spend_reaches_is_said(small: dict[str, Any], rule: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        filled(small, rule)
