"""What word of mouth, answers on time and fatigue make of a whole plan."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import Plan, verify_plan
from channelmix.profile import CompanyProfile


def plan_of(content: dict[str, Any], *without: str) -> Plan:
    return cm.optimize(CompanyProfile.model_validate(content).without(*without))


def spend_of(plan: Plan) -> dict[str, float]:
    return {row.name: row.spend for row in plan.allocation}


def test_charges_add_up(small_plan: Plan) -> None:
    """Value is outcome less charges; the next unit's return is after its charge."""
    totals = small_plan.totals
    assert totals is not None
    assert small_plan.certificate.value is not None
    assert 0.0 < totals.charge < totals.outcome.mean
    assert small_plan.certificate.value == pytest.approx(totals.outcome.mean - totals.charge, rel=1e-9)
    assert totals.charge == pytest.approx(sum(row.charge for row in small_plan.allocation), rel=1e-9)
    problem = AllocationProblem.from_dict(small_plan.problem)
    assert problem.losses is not None
    spend = [row.spend for row in small_plan.allocation]
    slope, lost = (curves.derivative(spend).mean(axis=0) for curves in (problem.curves, problem.losses))
    for row, steep, charge in zip(small_plan.allocation, slope, lost, strict=True):
        assert row.marginal_return == pytest.approx(steep - charge, rel=1e-9, abs=1e-12)
        assert row.charge == 0.0 or row.purpose != "service"


def test_opt_outs_take_money_from_messages(small: dict[str, Any], small_plan: Plan) -> None:
    free = spend_of(plan_of(small, "fatigue"))
    assert spend_of(small_plan)["FR/sms/promotion"] < free["FR/sms/promotion"]


def test_word_of_mouth_of_a_plan(small: dict[str, Any], small_plan: Plan) -> None:
    told = small_plan.word_of_mouth
    assert told is not None
    assert (told.told_if_satisfied, told.told_if_not) == (3.0, 3000.0)
    value = small_plan.certificate.value or 0.0
    assert told.share == pytest.approx(told.outcome / value)
    assert told.balance == pytest.approx(told.praise - told.criticism)
    assert told.if_ten is not None
    assert told.if_ten.gap <= 1e-4
    assert told.if_ten.regret >= 0.0
    ten = copy.deepcopy(small)
    ten["word_of_mouth"] = {"told_if_not": 10, "told_in_private": 10}
    other = plan_of(ten)
    assert other.certificate.value == pytest.approx(told.if_ten.value, rel=2e-4)
    # What this plan would lose then lies in the interval told, whichever of the two proofs it is read from.
    problem = AllocationProblem.from_dict(other.problem)
    kept = problem.value([row.spend for row in small_plan.allocation])
    found, bound = other.certificate.value or 0.0, other.certificate.upper_bound or 0.0
    assert told.if_ten.regret_high is not None
    assert told.if_ten.regret <= bound - kept
    assert found - kept <= told.if_ten.regret_high
    assert told.if_ten.regret_high - told.if_ten.regret == pytest.approx(
        told.if_ten.gap * problem.gross([row.spend for row in other.allocation]), rel=0.05, abs=1e-6
    )
    assert other.word_of_mouth is not None
    assert other.word_of_mouth.if_ten is not None
    assert other.word_of_mouth.if_ten.moved == pytest.approx(0.0, abs=0.02 * 20000.0)
    assert other.word_of_mouth.if_ten.regret <= 1e-4 * told.if_ten.value


@pytest.mark.no_cover
def test_without_capacity_unhappy_customers_of_a_public_channel_do_harm(small: dict[str, Any]) -> None:
    """Nobody is answered, everybody listens: what is heard of the company is criticism alone."""
    small["channels"]["social"]["publicness"] = 1.0
    small["rules"] = [{"kind": "spend_bounds", "bounds": {"service": [0.0, 0.0]}}]
    told = plan_of(small).word_of_mouth
    assert told is not None
    assert told.balance < 0.0
    assert told.criticism > 10 * told.praise
    calmed = copy.deepcopy(small)
    del calmed["rules"]
    answered = plan_of(calmed).word_of_mouth
    assert answered is not None
    assert answered.balance > told.balance, "answering is the way out"


@pytest.mark.no_cover
def test_a_dear_exposure_makes_the_number_told_decide(small: dict[str, Any]) -> None:
    """Where every mention matters, 3,000 or 10 is a question of much money; the plan says how much."""
    small["channels"]["social"]["publicness"] = 1.0
    small["purposes"]["advocacy"]["value_per_exposure"] = 0.1
    plan = plan_of(small)
    verify_plan(Plan.from_json(plan.to_json()))
    told = plan.word_of_mouth
    assert told is not None
    assert told.if_ten is not None
    assert told.if_ten.moved > 500.0
    assert abs(told.if_ten.share - told.share) > 0.01


@pytest.mark.parametrize(
    ("name", "left_out"),
    [("word_of_mouth", "word of mouth"), ("answer_on_time", "slow answers"), ("fatigue", "opt-outs")],
)
def test_what_is_switched_off_is_named(small: dict[str, Any], name: str, left_out: str) -> None:
    plan = plan_of(small, name)
    said = name.replace("_", " ").capitalize()
    assert any(line.startswith(f"{said} is switched off") for line in plan.remarks)
    assert plan.not_counted == [left_out]
    verify_plan(Plan.from_json(plan.to_json()))


@pytest.mark.no_cover
def test_without_a_worth_of_exposures_the_plan_says_so(small: dict[str, Any]) -> None:
    del small["purposes"]["advocacy"]
    plan = plan_of(small)
    assert plan.word_of_mouth is None
    assert "The profile states no value_per_exposure: word of mouth is not counted." in plan.remarks
    small["word_of_mouth"] = {"value_per_exposure": 0.001}
    assert plan_of(small).word_of_mouth is not None


def test_promotion_alone_has_no_word_of_mouth(small: dict[str, Any]) -> None:
    small["purposes"] = {"promotion": {"margin_per_order": 20.0}}
    small["word_of_mouth"] = {"value_per_exposure": 0.001}
    small["channels"] = {"sms": {"reachable": 50000.0, "current_spend": {"promotion": 5000.0}}}
    plan = plan_of(small)
    assert plan.word_of_mouth is None
    assert "word of mouth" in plan.not_counted


def test_gains_count_charges_of_both(small: dict[str, Any]) -> None:
    """The plan and today's mix differ in messages sent: neither may be judged without its opt-outs."""
    plan = plan_of(small)
    base = next(c for c in plan.comparisons if c.is_baseline)
    assert plan.totals is not None
    net = base.outcome.mean + base.gain.mean
    assert net == pytest.approx(plan.certificate.value, rel=0.15)
    assert net < plan.totals.outcome.mean
    assert np.isfinite(net)


def test_a_charge_that_eats_the_return_is_the_reason(small: dict[str, Any]) -> None:
    small["channels"]["sms"] |= {"opt_out_per_contact": 0.5, "value_per_consent": 10.0}
    small["channels"]["sms"]["current_spend"] = {}
    plan = plan_of(small)
    (row,) = (row for row in plan.allocation if row.name == "FR/sms/promotion")
    assert row.spend == pytest.approx(0.0, abs=1e-6)
    assert row.reason == "opt-outs cost more than it brings"


def test_money_that_only_drives_customers_away_stays_unspent(small: dict[str, Any]) -> None:
    small["purposes"] = {"promotion": {"margin_per_order": 20.0}}
    small["channels"] = {
        "sms": {"reachable": 50000.0, "opt_out_per_contact": 0.2, "value_per_consent": 1.0},
        "im": {"reachable": 50000.0, "opt_out_per_contact": 0.2, "value_per_consent": 1.0},
    }
    plan = plan_of(small)
    assert plan.totals is not None
    assert plan.totals.spend < 0.9 * (plan.totals.budget or 0.0)
    assert any(
        "more of it would cost more in opt-outs and harm than it brings" in line for line in plan.warnings
    )
