from __future__ import annotations

from typing import Any

import pytest

from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.optimize import optimize


def plan_of(content: dict[str, Any]) -> Plan:
    return optimize(CompanyProfile.model_validate(content))


def reasons(content: dict[str, Any]) -> dict[str, str]:
    return {row.name: row.reason for row in plan_of(content).allocation}


@pytest.mark.parametrize(
    ("rule", "cell", "expected"),
    [
        ({"kind": "keep_working", "floor": 0.5}, "FR/app/promotion", "kept by keep_working"),
        (
            {"kind": "keep_working", "select": "app", "floor": 0.5},
            "FR/app/promotion",
            "kept by keep_working app",
        ),
        (
            {"kind": "group_share", "select": "sms", "high": 0.3},
            "FR/sms/promotion",
            "held by group_share sms",
        ),
        ({"kind": "group_share", "select": "app", "low": 0.3}, "FR/app/promotion", "kept by group_share app"),
        (
            {"kind": "spend_bounds", "bounds": {"sms/promotion": [None, 3000.0]}},
            "FR/sms/promotion",
            "held by spend_bounds sms/promotion",
        ),
        (
            {"kind": "spend_bounds", "bounds": {"social/promotion": [9000.0, None]}},
            "FR/social/promotion",
            "kept by spend_bounds social/promotion",
        ),
        ({"kind": "change_limit", "relative": 0.05}, "FR/im/service", "held by change_limit all"),
        ({"kind": "change_limit", "relative": 0.25}, "FR/app/promotion", "kept by change_limit all"),
        (
            {
                "kind": "linear_constraint",
                "coefficients": {"sms": 1.0, "im": 2.0},
                "high": 9000.0,
                "name": "desk",
            },
            "FR/im/service",
            "held by desk",
        ),
    ],
)
def test_the_binding_rule_is_named(
    small: dict[str, Any], rule: dict[str, Any], cell: str, expected: str
) -> None:
    before = reasons(small)
    assert before[cell] != expected
    small["rules"] = [rule]
    assert reasons(small)[cell] == expected


def test_a_share_speaks_of_the_cells_it_selects_only(small: dict[str, Any]) -> None:
    small["rules"] = [{"kind": "group_share", "select": "sms", "high": 0.3}]
    found = reasons(small)
    assert all("/sms/" in name for name, reason in found.items() if "group_share" in reason)
    assert any("group_share" in reason for reason in found.values())


def test_no_rule_keeps_what_gets_nothing_all_the_same(small: dict[str, Any]) -> None:
    small["rules"] = [{"kind": "spend_bounds", "bounds": {"advocacy": [1000.0, None]}}]
    found = {row.name: row for row in plan_of(small).allocation if row.purpose == "advocacy"}
    kept = {name for name, row in found.items() if row.reason == "kept by spend_bounds advocacy"}
    assert kept == {name for name, row in found.items() if row.spend > 0.0}
    assert 0 < len(kept) < len(found)


def test_what_is_free_says_where_the_money_returns(small_plan: Plan) -> None:
    for row in small_plan.allocation:
        if row.reason == "best return left":
            assert row.spend >= row.current_spend * (1 - 1e-6)
        elif row.reason == "returns more elsewhere":
            assert 0.0 < row.spend < row.current_spend
        elif row.reason == "returns less than the others":
            assert row.spend == pytest.approx(0.0, abs=1e-3)
        else:
            assert row.reason == "demand met"
    assert {"best return left", "returns more elsewhere", "returns less than the others"} <= {
        row.reason for row in small_plan.allocation
    }


def test_demand_met_and_saturation(small: dict[str, Any]) -> None:
    small["scenario"]["amount"] = 5e6
    small["switched_off"] = ["fatigue"]  # or opt-outs would stop messages long before
    found = reasons(small)
    assert found["FR/sms/service"] == "demand met"
    assert found["FR/sms/promotion"] == "audience saturated"


def test_why_nothing_comes_of_it(small: dict[str, Any]) -> None:
    small["channels"]["sms"]["reachable"] = 0.0
    small["purposes"]["service"]["inbound_contacts"] = 0.0
    small["purposes"]["advocacy"]["value_per_exposure"] = 0.0
    small["rules"] = [{"kind": "keep_working", "select": "sms/promotion", "floor": 0.5}]
    found = reasons(small)
    assert found["FR/sms/promotion"] == "reaches nobody, kept by keep_working sms/promotion"
    assert found["FR/im/service"] == "no inbound contacts"
    assert found["FR/im/advocacy"] == "brings nothing"


def test_no_budget(small: dict[str, Any]) -> None:
    small["scenario"]["amount"] = 0.0
    assert set(reasons(small).values()) == {"no budget"}


def test_a_single_cell_is_not_told_that_others_are_better(small: dict[str, Any]) -> None:
    small["channels"] = {
        "sms": {"reachable": 5e4, "purposes": ["promotion"], "current_spend": {"promotion": 500.0}}
    }
    small["scenario"]["amount"] = 500.0
    assert reasons(small) == {"FR/sms/promotion": "best return left"}


def test_what_others_have_a_right_to_is_not_called_of_little_gain(small: dict[str, Any]) -> None:
    """All of the money is one channel's by a rule, whatever the next unit of the others would bring."""
    small["rules"] = [{"kind": "group_share", "select": "app", "low": 1.0}]
    said = plan_of(small).allocation
    dearest = max(row.marginal_return or 0.0 for row in said if row.channel == "app")
    others = [row for row in said if row.channel != "app" and (row.marginal_return or 0.0) > 1.1 * dearest]
    assert others
    assert {row.reason for row in others} == {"left no money by group_share app"}
