"""Rules that cannot hold together: the sums that show it, which limit gives way, and what holds a target."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.recommender.optimize.shops import planned, share

import channelmix as cm
from channelmix.core.errors import CertificateError
from channelmix.core.words import Message
from channelmix.plan import Plan, verify_plan
from channelmix.recommender.optimize import optimize as module
from channelmix.recommender.optimize.conflicts import conflict_sums
from channelmix.report import to_terminal
from channelmix.report.no_plan import conflict_sums as told_sums

CHANNELS = ("social", "sms", "im")

PURPOSES: dict[str, Any] = {
    "purposes": {
        "promotion": {"margin_per_order": 20, "orders_per_click": 0.03},
        "service": {"inbound_contacts": 9000, "value_per_resolution": 12},
    }
}


def shown(plan: Plan) -> str:
    buffer = io.StringIO()
    to_terminal(plan, buffer)
    return " ".join(buffer.getvalue().split())


@pytest.mark.parametrize(
    ("rules", "changes", "expected"),
    [
        (
            [share(channel, 0.0, 0.3) for channel in CHANNELS],
            {},
            "Upper limits on shares add up to 90 % (social 30 %, sms 30 %, im 30 %): they must reach 100 %.",
        ),
        (
            [share("social", 0.6), share("sms", 0.5)],
            {"scenario": {"kind": "max_profit"}},
            "Lower limits on shares add up to 110 % (social 60 %, sms 50 %): they must not exceed 100 %.",
        ),
        (
            [share("promotion", 0.4, 0.4), share("service", 0.4, 0.4)],
            PURPOSES,
            "Upper limits on shares add up to 80 % (promotion 40 %, service 40 %): they must reach 100 %.",
        ),
        (
            [share("promotion", 0.0, 0.5), share("social/promotion", 0.4), share("sms/promotion", 0.2)],
            PURPOSES,
            "promotion may get 50 % of spend at most, and its parts must get 60 % "
            "(social/promotion 40 %, sms/promotion 20 %).",
        ),
        (
            [share("service", 0.5), *(share(f"{channel}/service", 0.0, 0.1) for channel in CHANNELS)],
            PURPOSES,
            "service must get 50 % of spend at least, and its parts may get 30 % "
            "(social/service 10 %, sms/service 10 %, im/service 10 %).",
        ),
        (
            [
                {"kind": "keep_working", "floor": 1.0},
                {"kind": "spend_bounds", "bounds": {"im": [5000, None]}},
            ],
            {},
            "These rules need EUR 35,000 at least, and the budget is 30,000.",
        ),
    ],
)
def test_the_sum_is_told(rules: list[dict[str, Any]], changes: dict[str, Any], expected: str) -> None:
    plan = planned(*rules, **changes)
    assert plan.status is cm.Status.INFEASIBLE
    assert len(plan.conflicts) >= len(rules)
    assert told_sums(plan) == [expected] == plan.warnings[:1]
    assert expected in shown(plan)
    assert expected.replace("'", "&#x27;") in plan.to_html().replace("\u00a0", " ")
    assert verify_plan(Plan.from_json(plan.to_json())).status is cm.Status.INFEASIBLE


def test_sums_are_right_over_random_shares() -> None:
    """None where the rules leave a plan; over channels that make up the whole, one wherever they leave none."""
    rng = np.random.default_rng(5)
    names = [f"{market}/{channel}" for market, channel in itertools.product(("FR", "DE"), ("sms", "app"))]
    curves = cm.ResponseCurves.hill([3.0, 2.0, 1.0, 2.0], [4.0, 1.0, 2.0, 3.0], [1.0] * 4, names=names)
    seen = {"told": 0, "free": 0}
    for _ in range(150):
        by = rng.choice(["market", "channel", "cell"])
        groups = {"market": ["FR", "DE"], "channel": ["sms", "app"], "cell": names}[by]
        lows = np.round(rng.uniform(0.0, 1.3 / len(groups), len(groups)), 2)
        highs = np.round(np.minimum(lows + rng.uniform(0.0, 0.6, len(groups)), 1.0), 2)
        rules = [cm.GroupShare(*one) for one in zip(groups, lows.tolist(), highs.tolist(), strict=True)]
        problem = cm.AllocationProblem(curves, cm.FixedBudget(10.0), rules)
        possible = lows.sum() <= 1.0 + 1e-9 and highs.sum() >= 1.0 - 1e-9
        found = conflict_sums(problem, problem.rule_names, "EUR")
        assert bool(found) is not possible
        seen["free" if possible else "told"] += 1
        for one in found:
            assert isinstance(one, Message)
            ends = lows if one.code == "conflict.low" else highs
            assert one.values["sum"] == pytest.approx(
                ends.sum() if one.code == "conflict.high" else one.values["sum"]
            )
            assert (one.values["sum"] > 1.0) is (one.code == "conflict.low")
    assert min(seen.values()) > 20


def test_a_search_that_runs_out_of_time_tells_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_time(problem: cm.AllocationProblem, *_: Any, **__: Any) -> tuple[cm.Solution, None]:
        free = cm.solve(cm.AllocationProblem(problem.curves, problem.scenario), gap=0.1)
        nothing = np.full(problem.shape, np.nan)
        return replace(free, status=cm.Status.NOT_CERTIFIED, spend=nothing), None

    monkeypatch.setattr(module, "solve_and_verify", out_of_time)
    with pytest.raises(CertificateError, match=r"add up to 90 % \(social 30 %, sms 30 %, im 30 %\)"):
        planned(*(share(channel, 0.0, 0.3) for channel in CHANNELS))
    with pytest.raises(CertificateError, match="allow more time"):
        planned()


@pytest.mark.parametrize(
    ("rules", "side", "amount", "words"),
    [
        (
            [{"kind": "spend_bounds", "bounds": {"sms": [20000, 40000], "social": [14000, None]}}],
            "low",
            4000.0,
            "(lower limit) by 4,000",
        ),
        (
            [
                {"kind": "spend_bounds", "bounds": {"sms": [0, 5000]}},
                {"kind": "linear_constraint", "coefficients": {"sms": 1}, "low": 9000, "name": "desk"},
                {"kind": "linear_constraint", "coefficients": {"sms": 1}, "low": 9000, "name": "shop"},
            ],
            "high",
            4000.0,
            "spend_bounds sms (upper limit) by 4,000",
        ),
    ],
)
def test_the_limit_that_gives_way_is_named(
    rules: list[dict[str, Any]], side: str, amount: float, words: str
) -> None:
    plan = planned(*rules)
    [mend] = plan.mends
    assert (mend.side, mend.kind) == (side, "spend_bounds")
    assert mend.amount == pytest.approx(amount)
    assert words in shown(plan)
    verify_plan(plan)
    other = mend.model_copy(update={"side": "up"})
    with pytest.raises(CertificateError, match="another limit than it is"):
        verify_plan(plan.model_copy(update={"mends": [other]}))


def test_a_far_target_says_what_holds_it_and_no_limit_of_our_own() -> None:
    far = {"kind": "target_outcome", "amount": 600000}
    text = shown(planned(scenario=far))
    assert "up to" not in text
    assert "is out of reach: these channels bring " in text
    assert text.count("target_outcome") == 1  # to relax; one rule cannot conflict with itself
    text = shown(planned(scenario=far | {"max_amount": 40000}))
    assert "at least cost, up to EUR 40,000" in text
    assert "is out of reach: with EUR 40k these channels bring " in text
    text = shown(planned({"kind": "change_limit", "relative": 0.3}, scenario=far))
    assert "the rules allow " in text
    assert "without them it is out of reach, too." in text
    bounds = {"kind": "spend_bounds", "bounds": {channel: [None, 3000] for channel in CHANNELS}}
    plan = planned(bounds, scenario={"kind": "target_outcome", "amount": 20000})
    assert len(plan.conflicts) == 2
    assert "the rules allow " in shown(plan)
    assert "without them" not in shown(plan)


def test_the_limit_of_a_far_target_is_a_round_amount() -> None:
    plan = planned(scenario={"kind": "target_outcome", "amount": 600000})
    assert plan.scenario["max_amount"] == float(f"{plan.scenario['max_amount']:.1e}")
