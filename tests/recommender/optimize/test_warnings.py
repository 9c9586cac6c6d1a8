from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest

from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.engine.response import ResponseCurves
from channelmix.engine.rules import FixedBudget, SpendBounds
from channelmix.engine.solver.solve import solve
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.optimize import optimize
from channelmix.recommender.optimize.warnings import warnings


def warnings_of(content: dict[str, Any], **options: Any) -> list[str]:
    return optimize(CompanyProfile.model_validate(content), **options).warnings


def test_cuts_and_abandoned_cells_are_named(small: dict[str, Any]) -> None:
    small["channels"]["social"]["current_spend"] |= {"promotion": 3000.0, "service": 5000.0}
    plan = optimize(CompanyProfile.model_validate(small), n_draws=64)
    rows = {row.name: row for row in plan.allocation}
    lines = plan.warnings
    for name, row in rows.items():
        said = [line for line in lines if f" {name}" in line]
        cut = row.current_spend > 0.0 and row.spend <= 0.75 * row.current_spend
        assert len(said) == cut
        if cut:
            verb = "stops" if row.spend <= 1e-6 * row.current_spend else "cuts"
            assert said[0].startswith(verb)
    assert any(line.startswith("stops FR/app/promotion: EUR 3,000 to 0;") for line in lines)
    assert any(line.startswith("cuts FR/social/service by ") for line in lines)


def test_what_a_cell_returns_today_stands_beside_its_opt_outs() -> None:
    problem = AllocationProblem(
        ResponseCurves.exponential([300.0, 900.0], [50.0, 50.0], names=["a", "b"]),
        FixedBudget(100.0),
        charge={"a": 4.0},
        current={"a": 90.0, "b": 10.0},
    )
    (line,) = (line for line in warnings(problem, solve(problem), "EUR") if line.startswith("stops a"))
    # 300 (1 - exp(-90 / 50)), as the reasons state it, and 4 x 90
    assert line.endswith("EUR 90 to 0; today it returns 250 and costs 360 in charges")


def test_what_does_not_work_may_be_cut(small: dict[str, Any]) -> None:
    small["channels"]["app"]["reachable"] = 0.0
    assert not any("FR/app/promotion" in line for line in warnings_of(small))


def test_a_cut_to_almost_nothing_is_not_called_100_percent(small: dict[str, Any]) -> None:
    small["rules"] = [{"kind": "spend_bounds", "bounds": {"app/promotion": [1.0, 1.0]}}]
    (line,) = (line for line in warnings_of(small) if "FR/app/promotion" in line)
    assert line.startswith("cuts FR/app/promotion by > 99.9 %")


def test_nothing_to_warn_of(small: dict[str, Any]) -> None:
    small["channels"] = {
        "sms": {"reachable": 5e4, "purposes": ["promotion"], "current_spend": {"promotion": 500.0}}
    }
    small["scenario"]["amount"] = 500.0
    plan = optimize(CompanyProfile.model_validate(small))
    assert (plan.totals.next_unit or 0.0) > 1.0 if plan.totals else False
    assert plan.warnings == []


@pytest.mark.no_cover
def test_the_last_unit_returns_less_than_itself(small: dict[str, Any]) -> None:
    (line,) = (line for line in warnings_of(small) if "the last EUR" in line)
    assert re.search(r"brings back 0\.[456]\d: a smaller budget earns more", line)
    small["scenario"]["amount"] = 2000.0
    assert not any("the last EUR" in line for line in warnings_of(small))


@pytest.mark.parametrize("amount", [1e9, 1e12])
def test_money_without_any_use_is_not_spent_in_silence(small: dict[str, Any], amount: float) -> None:
    """Far above saturation the budget has no price at all: that must not silence the warning."""
    small["scenario"]["amount"] = amount
    small["switched_off"] = ["fatigue", "word_of_mouth"]  # which would give a reason of their own
    lines = warnings_of(small)
    assert sum("stays unspent: more spend would bring next to nothing" in line for line in lines) == 1
    assert "a smaller budget earns more" in lines[0]


def test_unspent_money_is_explained(small: dict[str, Any]) -> None:
    caps = {channel: [None, 100.0] for channel in small["channels"]}
    small["rules"] = [{"kind": "spend_bounds", "bounds": caps}]
    lines = warnings_of(small)
    assert (
        "EUR 19,600 of the budget stays unspent: the rules hold every cell that would gain from it" in lines
    )
    assert not any("the last EUR" in line for line in lines)


def test_unspent_money_without_rules_is_not_blamed_on_rules(small: dict[str, Any]) -> None:
    small["channels"] = {
        "sms": {"reachable": 0.0, "purposes": ["promotion"], "current_spend": {"promotion": 5.0}}
    }
    plan = optimize(CompanyProfile.model_validate(small))
    assert not any("rules" in line for line in plan.warnings)


@pytest.mark.no_cover
def test_not_certified_is_the_first_warning(small: dict[str, Any]) -> None:
    plan = optimize(CompanyProfile.model_validate(small), gap=1e-13, time_limit=1e-9)
    assert plan.status is Status.NOT_CERTIFIED
    assert plan.warnings[0].startswith("not certified: a split worth up to ")
    assert plan.certificate.gap is not None
    assert plan.certificate.gap > 1e-13


def test_small_amounts_are_readable(small: dict[str, Any]) -> None:
    small["scenario"]["amount"] = 0.5
    small["rules"] = [{"kind": "spend_bounds", "bounds": {"all": [None, 0.25]}}]
    assert any(line.startswith("EUR 0.25 of the budget stays unspent") for line in warnings_of(small))


def test_no_rule_is_blamed_where_there_is_none() -> None:
    """Far from saturation, and yet unspent: only a search that was cut short leaves that."""
    curves = ResponseCurves.exponential([[10.0]], [[5.0]], names=["m/a/p"])
    spend = np.array([1.0])
    left_over = {
        False: AllocationProblem(curves, FixedBudget(100.0)),
        True: AllocationProblem(curves, FixedBudget(100.0), [SpendBounds({"a": (None, 1.0)})]),
    }
    for ruled, problem in left_over.items():
        found = solve(left_over[True])
        assert found.spend == pytest.approx(spend)
        (line,) = warnings(problem, found, "EUR")
        assert line.startswith("EUR 99 of the budget stays unspent")
        assert ("rules" in line) == ruled


def cuts_of(names: list[str], before: list[float], after: list[float]) -> list[str]:
    """Warnings of a plan whose spend is given, on cells that return about their spend."""
    curves = ResponseCurves.exponential([[1e4] * len(names)], [[1e4] * len(names)], names=names)
    current = dict(zip(names, before, strict=True))
    problem = AllocationProblem(curves, FixedBudget(sum(after)), current=current)
    found = dataclasses.replace(solve(problem), spend=np.array(after))
    lines = warnings(problem, found, "EUR")
    return [line for line in lines if line.startswith(("cuts", "stops"))]


def test_many_cuts_are_one_line_a_channel() -> None:
    names = [
        f"{m}/{c}/{p}" for m in ("A", "B") for c in ("sms", "app", "im") for p in ("promotion", "service")
    ]
    before = [100.0] * 12
    after = [50.0, 50.0, 0.0, 0.0, 400.0, 500.0, 50.0, 50.0, 0.0, 100.0, 40.0, 100.0]
    lines = cuts_of(names, before, after)
    assert [line.split(";")[0] for line in lines] == [
        "stops part of app: EUR 300 to 0 over 3 of 4 cells",
        "cuts sms by 50 %: EUR 400 to 200 over 4 cells",
        "cuts B/im/promotion by 60 %: EUR 100 to 40",
    ]
    each = 1e4 * (1.0 - math.exp(-100.0 / 1e4))
    assert lines[1].endswith(f"; today they return {4.0 * each:.0f}")
    assert lines[2].endswith(f"; today it returns {each:.2f}")


def test_up_to_four_cuts_are_named_by_cell() -> None:
    names = ["A/sms/promotion", "A/sms/service", "B/sms/promotion", "B/sms/service", "A/app/promotion"]
    lines = cuts_of(names, [100.0] * 5, [50.0, 40.0, 30.0, 0.0, 280.0])
    assert [line.split(":")[0] for line in lines] == [
        "stops B/sms/service",
        "cuts B/sms/promotion by 70 %",
        "cuts A/sms/service by 60 %",
        "cuts A/sms/promotion by 50 %",
    ]


def test_cells_without_a_channel_stand_for_themselves() -> None:
    lines = cuts_of(list("abcdef"), [100.0] * 6, [50.0] * 5 + [350.0])
    assert [line.split(" by ")[0] for line in lines] == [f"cuts {name}" for name in "abcde"]


@pytest.mark.no_cover
def test_a_years_budget_as_a_months_is_asked_about_first(small: dict[str, Any]) -> None:
    today = CompanyProfile.model_validate(small).current_total
    small |= {"scenario": {"kind": "fixed_budget", "amount": 12.0 * today}}
    assert warnings_of(small)[0].startswith("the budget is 12 times today's spend (EUR ")
    small["scenario"]["amount"] = today
    assert not any("times today's spend" in line for line in warnings_of(small))
