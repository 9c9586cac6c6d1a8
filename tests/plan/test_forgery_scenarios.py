"""Forged plans of targets, profits, fees, and of rules in conflict are caught."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import SMALL
from tests.plan.test_forgery import Change, more, put

import channelmix as cm
from channelmix.core.errors import ChannelMixError
from channelmix.plan import Plan, verify_plan
from channelmix.profile import CompanyProfile

PARTS: dict[str, dict[str, Any]] = {
    "target": {"scenario": {"kind": "target_outcome", "amount": 8000.0}},
    "profit": {
        "scenario": {"kind": "max_profit"},
        "rules": [{"kind": "activation_fee", "select": "sms", "amount": 100.0}],
    },
    "out of reach": {"scenario": {"kind": "target_outcome", "amount": 9e5, "max_amount": 6000.0}},
}

Texts = Callable[[str], str]


@pytest.fixture(scope="module")
def texts() -> Texts:
    """Each plan as JSON, made once."""
    made: dict[str, str] = {}

    def text(name: str) -> str:
        if name not in made:
            content = copy.deepcopy(SMALL) | PARTS[name]
            content["channels"] = {channel: content["channels"][channel] for channel in ("sms", "im")}
            made[name] = cm.optimize(CompanyProfile.model_validate(content)).to_json()
        return made[name]

    return text


@pytest.mark.parametrize("name", PARTS)
def test_honest_plans_hold(texts: Texts, name: str) -> None:
    verify_plan(Plan.from_json(texts(name)))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("target", put("allocation.0.spend", lambda spend: 0.99 * spend)),
        ("target", put("certificate.value", lambda value: 0.99 * value)),
        ("target", put("certificate.upper_bound", lambda bound: bound * 1.01)),
        ("target", put("shadow_prices.0.price", more)),
        ("target", put("shadow_prices.0.price", lambda price: -price)),
        ("target", put("totals.profit", more)),
        ("target", put("totals.roi", more)),
        ("target", put("totals.roi", None)),
        ("target", put("totals.fees", 1.0)),
        ("target", put("totals.budget", 1e5)),
        ("target", put("comparisons.0.money", more)),
        ("target", put("proof.limit", 10.0)),
        ("target", put("proof.limit", None)),
        ("target", put("status", "unbounded")),
        ("target", put("mends", [{"rule": "target_outcome", "amount": 1.0}])),
        ("profit", put("totals.fees", 0.0)),
        ("profit", put("totals.profit", more)),
        ("profit", put("certificate.upper_bound", lambda bound: bound * (1 - 1e-3))),
        ("profit", put("shadow_prices", [{"constraint": "max_profit max_amount", "price": 0.1}])),
        ("out of reach", put("mends.0.amount", -1.0)),
        ("out of reach", put("mends.0.rule", "no such rule")),
        ("out of reach", put("conflicts", ["no such rule"])),
        ("out of reach", put("status", "unbounded")),
        ("out of reach", put("status", "optimal")),
        ("out of reach", put("problem.scenario.amount", 1.0)),
    ],
)
def test_forgeries_are_caught(texts: Texts, name: str, change: Change) -> None:
    data = json.loads(texts(name))
    before = copy.deepcopy(data)
    change(data)
    assert data != before
    with pytest.raises(ChannelMixError):
        verify_plan(Plan.from_json(json.dumps(data)))


def test_nothing_spent_reaches_no_far_target(texts: Texts) -> None:
    """A row of outcome is judged by outcome, however much money its problem could ever take."""
    curves = cm.ResponseCurves.exponential([100.0, 50.0], [10.0, 20.0], names=["a", "b"])
    problem = cm.AllocationProblem(curves, cm.TargetOutcome(60.0), charge={"a": 0.5})
    solution = cm.solve(problem)
    assert problem.net(solution.spend) >= 60.0 * (1 - 1e-5)
    far = cm.AllocationProblem(curves, cm.TargetOutcome(400.0), charge={"a": 0.5})
    nothing = cm.solve(cm.AllocationProblem(curves, cm.TargetOutcome(0.0), charge={"a": 0.5}))
    with pytest.raises(cm.CertificateError):
        cm.verify(far, nothing)
