"""A budget that looks as if it were that of another period."""

from __future__ import annotations

from typing import Any

import pytest

from channelmix.profile import CompanyProfile
from channelmix.profile.other_periods import budget_question, other_period

MONTH, WEEK = 365.25 / 12.0, 7.0


@pytest.mark.parametrize(
    ("factor", "days", "name"),
    [
        (12.0, MONTH, "year"),
        (14.5, MONTH, "year"),
        (52.0, WEEK, "year"),
        (4.3, WEEK, "month"),
        (13.0, WEEK, "quarter"),
        (0.23, MONTH, "week"),
        (1.0 / 12.0, 365.25, "month"),
        (1.0, MONTH, None),
        (2.0, MONTH, None),
        (7.0, MONTH, None),
        (1000.0, MONTH, None),
    ],
)
def test_a_factor_is_that_of_a_period_with_a_name(factor: float, days: float, name: str | None) -> None:
    assert other_period(factor, days) == name


def asked(small: dict[str, Any], factor: float, **fields: Any) -> str:
    today = CompanyProfile.model_validate(small).current_total
    scenario = {"kind": "fixed_budget", "amount": factor * today}
    return str(
        budget_question(CompanyProfile.model_validate({**small, "scenario": scenario, **fields})) or ""
    )


@pytest.mark.parametrize(
    ("factor", "fields", "ends"),
    [
        (12.0, {}, "meant a month, or a year? Every amount in a profile is per period"),
        (12.0, {"periods": 12}, "meant a month, or a year? Every amount in a profile is per period"),
        (6.0, {"periods": 6}, "meant a month, or over 6 months? Every amount in a profile is per period"),
        (2.0, {"periods": 2}, "meant a month, or over 2 months? Every amount in a profile is per period"),
        (52.0, {"period": "week"}, "meant a week, or a year? Every amount in a profile is per period"),
        (0.23, {}, "meant a month, or a week? Every amount in a profile is per period"),
    ],
)
def test_a_budget_of_another_period_is_asked_about(
    small: dict[str, Any], factor: float, fields: dict[str, Any], ends: str
) -> None:
    assert asked(small, factor, **fields).endswith(ends)


@pytest.mark.parametrize(
    ("factor", "fields"),
    [(1.0, {"periods": 12}), (2.0, {}), (2.2, {"periods": 2}), (3.0, {}), (0.5, {}), (6.0, {}), (100.0, {})],
)
def test_a_budget_that_may_be_meant_is_not(
    small: dict[str, Any], factor: float, fields: dict[str, Any]
) -> None:
    assert asked(small, factor, **fields) == ""


def test_without_a_budget_or_spend_today_there_is_nothing_to_ask(small: dict[str, Any]) -> None:
    assert budget_question(CompanyProfile.model_validate({**small, "scenario": None})) is None
    for channel in small["channels"].values():
        channel.pop("current_spend", None)
    scenario = {"kind": "fixed_budget", "amount": 1000.0}
    assert budget_question(CompanyProfile.model_validate({**small, "scenario": scenario})) is None
