"""Rules on shares of total spend: the reasons of what they tie together."""

from __future__ import annotations

from typing import Any

import pytest
from tests.recommender.optimize.contradictions import contradictions
from tests.recommender.optimize.shops import planned, share

from channelmix.plan import Plan

EXACT = [share("social", 0.7, 0.7), share("sms", 0.2, 0.2), share("im", 0.1, 0.1)]

GAINS: list[dict[str, Any]] = [
    {"kind": "max_profit"},
    {"kind": "flexible_budget", "min_roi": 1.0, "max_amount": 30000},
    {"kind": "flexible_budget", "min_marginal_roi": 1.0},
]


def reasons(plan: Plan) -> dict[str, str]:
    assert not contradictions(plan)
    return {row.channel: row.reason for row in plan.allocation}


@pytest.mark.parametrize("scenario", GAINS, ids=lambda scenario: ", ".join(map(str, scenario.values())))
def test_a_plan_of_nothing_names_the_shares_that_tie_what_pays_to_what_does_not(
    scenario: dict[str, Any],
) -> None:
    plan = planned(*EXACT, scenario=scenario)
    assert plan.totals is not None
    assert plan.totals.spend == 0.0
    pays = {row.channel: (row.marginal_return or 0.0) > 1.0 for row in plan.allocation}
    assert pays == {"social": False, "sms": True, "im": True}
    said = reasons(plan)
    assert said["social"].startswith("returns less than")
    assert (said["sms"], said["im"]) == ("held by group_share sms", "held by group_share im")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([share("social", 0.7)], "left no money by group_share social"),
        ([share("social", 0.7, 0.7), share("sms", 0.2)], "left no money by group_share social"),
        ([share("social", 0.8), share("im", 0.0, 0.1)], "held by group_share im"),
    ],
)
def test_the_share_that_others_must_get_is_named(rules: list[dict[str, Any]], expected: str) -> None:
    plan = planned(*rules, scenario={"kind": "max_profit"})
    assert plan.totals is not None
    assert plan.totals.spend == 0.0
    assert reasons(plan)["im"] == expected


@pytest.mark.parametrize(
    "scenario",
    [
        {"kind": "fixed_budget", "amount": 30000},
        {"kind": "target_outcome", "amount": 9000},
        {"kind": "max_profit"},
    ],
    ids=lambda scenario: scenario["kind"],
)
def test_exact_shares_hold_what_returns_most_and_keep_what_returns_least(scenario: dict[str, Any]) -> None:
    """Whichever of the shares has the price: together they leave open which."""
    shares = {"social": 0.7, "sms": 0.2, "im": 0.1}
    if scenario["kind"] == "max_profit":
        shares = {"social": 0.1, "sms": 0.7, "im": 0.2}
    plan = planned(*(share(channel, part, part) for channel, part in shares.items()), scenario=scenario)
    assert plan.totals is not None
    spend = plan.totals.spend
    assert {row.channel: pytest.approx(row.spend / spend) for row in plan.allocation} == shares
    order = sorted(plan.allocation, key=lambda row: row.marginal_return or 0.0)
    assert order[0].reason == f"kept by group_share {order[0].channel}"
    assert order[-1].reason == f"held by group_share {order[-1].channel}"
