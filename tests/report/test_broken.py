"""What does not allow a split, or any plan, is called by whose it is: the budget, the profile's rules, or our own."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from tests.own_evidence import returns, written
from tests.recommender.optimize.shops import planned, share
from tests.recommender.optimize.test_own_history import content

import channelmix as cm
from channelmix.core.words import Words
from channelmix.engine.proof.solution import Status
from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.report import to_terminal
from channelmix.report.content import Content
from channelmix.report.sentences import facts


def on_history(**fields: Any) -> Plan:
    curves = {"social": returns(mean=1.0, seed=1), "sms": returns(mean=2.0)}
    return cm.optimize(CompanyProfile.model_validate(content(**fields)).with_evidence(written(curves)))


def shown(plan: Plan) -> str:
    buffer = io.StringIO()
    to_terminal(plan, buffer)
    return " ".join(buffer.getvalue().split())


def test_a_profile_without_rules_has_none_that_forbid_a_split() -> None:
    plan = on_history()
    assert not all(one.feasible for one in plan.comparisons)
    assert "(* not allowed by channelmix's own rules on history (safe improvement" in shown(plan)
    assert "your rules" not in shown(plan)
    assert (
        "no: channelmix&#x27;s own rules on history" in plan.to_html()
        or "no: channelmix's own" in plan.to_html()
    )


def test_rules_of_the_profile_are_the_readers() -> None:
    assert "(* not allowed by your rules)" in shown(planned(share("social", 0.0, 0.3)))
    rules = [{"kind": "group_share", "select": "social", "low": 0.5}]
    told = shown(on_history(rules=rules))
    assert "(* not allowed by your rules, channelmix's own rules on history (" in told


def test_a_smaller_budget_is_no_rule() -> None:
    told = shown(planned(scenario={"kind": "fixed_budget", "amount": 15000}))
    assert "(* not allowed by the budget)" in told


def test_a_stated_safe_improvement_is_not_our_own() -> None:
    told = shown(on_history(risk={"kind": "safe_improvement"}))
    assert "(* not allowed by safe improvement)" in told


@pytest.mark.parametrize("charged", [True, False])
def test_what_is_net_of_opt_outs_says_so_once(charged: bool) -> None:
    plan = planned(**({} if charged else {"switched_off": ["fatigue"]}))
    assert plan.totals is not None
    told = " ".join(facts(Content(plan, Words("en", "EUR")), plan.totals))
    assert told.count("the next EUR in the table are net of opt-outs.") == charged
    assert ("fresh draws, net of opt-outs: " in shown(plan)) == charged


INFEASIBLE: list[tuple[dict[str, Any], str]] = [
    (
        {"scenario": {"kind": "target_outcome", "amount": 90000.0, "max_amount": 20000.0}},
        "within the range that history has seen, these channels bring",
    ),
    (
        {"scenario": {"kind": "flexible_budget", "min_roi": 9.0}},
        "within the range that history has seen, these channels return",
    ),
    ({"rules": [{"kind": "spend_bounds", "bounds": {"sms": [14000, None]}}]}, "spend_bounds sms"),
]


@pytest.mark.parametrize(("fields", "told"), INFEASIBLE)
def test_our_own_range_in_the_way_is_called_so_with_how_to_lift_it(fields: dict[str, Any], told: str) -> None:
    plan = on_history(**fields)
    assert plan.status is Status.INFEASIBLE
    text = shown(plan)
    assert told in text
    assert "the rules allow" not in text
    assert ("observed range" in " ".join(plan.conflicts)) == ("channelmix's own rule" in text)
    if "observed range" in " ".join(plan.conflicts):
        lifted = json.loads(text.split('State "risk": ')[1].split(" in the profile")[0])
        assert on_history(**fields, risk=lifted).conflicts != plan.conflicts
        assert "règle de channelmix" in plan.to_html(lang="fr")
