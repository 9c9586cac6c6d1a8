"""Plans of several periods, from a profile to a verified plan."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import numpy as np
import pytest
from tests.conftest import SMALL

import channelmix as cm
from channelmix.effectiveness import carryover_of
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import verify_plan
from channelmix.report import to_terminal

SEASON: dict[str, Any] = {
    "season": {"promotion": [1.0, 1.0, 3.0]},
    "carryover": {"sms": {"kind": "geometric", "half_life": 1.0}},
}


def planned(small: dict[str, Any], timing: dict[str, Any] | None, periods: int = 3) -> cm.Plan:
    content = {**small, "periods": periods} | ({} if timing is None else {"timing": timing})
    return cm.optimize(cm.CompanyProfile.model_validate(content), n_draws=64)


def by_period(plan: cm.Plan, part: str) -> list[float]:
    """Spend on a channel or purpose in each period."""
    return [
        sum(row.spend for row in plan.allocation if row.period == t and part in (row.channel, row.purpose))
        for t in range(1, plan.span + 1)
    ]


@pytest.fixture(scope="module")
def plan() -> cm.Plan:
    return planned(copy.deepcopy(SMALL), SEASON)


def test_season_draws_money_and_the_plan_verifies(plan: cm.Plan) -> None:
    promotion = by_period(plan, "promotion")
    assert promotion[2] > 1.2 * promotion[0]
    assert plan.totals is not None
    assert plan.totals.budget == pytest.approx(3 * 20_000)
    assert plan.totals.spend <= 3 * 20_000 * (1 + 1e-9)
    assert plan.totals.after > 0.0
    assert (plan.span, plan.totals.periods) == (3, 3)
    verify_plan(cm.Plan.from_json(plan.to_json()))


def test_rows_and_sums_are_what_the_curves_say(plan: cm.Plan) -> None:
    """Recomputed by hand: adstock as a convolution, cell by cell."""
    problem = AllocationProblem.from_dict(plan.problem)
    assert problem.carryover is not None
    weights, season = np.asarray(problem.carryover.weights), np.asarray(problem.carryover.season)
    before = np.asarray(problem.carryover.initial)
    for i, name in enumerate(problem.curves.names):
        spend = np.array([row.spend for row in plan.allocation if row.name == name])
        lags = weights.shape[1]
        old = np.convolve(before[:, i], weights[i])[len(before) :]
        new = np.convolve(spend, weights[i])
        old = np.append(old, np.zeros(len(new) - len(old)))
        factor = np.append(season[:, i], np.full(lags - 1, season[:, i].mean()))
        curve = problem.curves.cell(i)
        brings = [
            factor[t] * (curve.value(np.array([old[t] + new[t]])) - curve.value(np.array([old[t]]))).mean()
            for t in range(len(new))
        ]
        rows = [row.outcome.mean for row in plan.allocation if row.name == name]
        assert rows == pytest.approx(brings[:3], rel=1e-9, abs=1e-6)
        summed = next(row for row in plan.sums if row.name == name)
        assert summed.outcome.mean == pytest.approx(sum(brings), rel=1e-9, abs=1e-6)
        assert summed.spend == pytest.approx(spend.sum())


@pytest.mark.no_cover
def test_periods_that_are_alike_come_to_the_typical_one(small: dict[str, Any]) -> None:
    typical, over_time = planned(small, None, 2), planned(small, {}, 2)
    assert typical.certificate.value is not None
    assert over_time.certificate.value is not None
    assert over_time.certificate.value == pytest.approx(2 * typical.certificate.value, rel=6e-3)
    assert (typical.span, over_time.span) == (1, 2)
    assert typical.totals is not None
    assert over_time.totals is not None
    assert over_time.totals.horizon_outcome == pytest.approx(typical.totals.horizon_outcome, rel=0.01)


@pytest.mark.no_cover
def test_rules_hold_in_every_period(small: dict[str, Any]) -> None:
    small["rules"] = [
        {"kind": "spend_bounds", "bounds": {"sms": [1000, 3000]}},
        {"kind": "group_share", "select": "app", "low": 0.2},
        {"kind": "pacing", "relative": 0.1},
    ]
    plan = planned(small, SEASON)
    totals = np.sum([by_period(plan, purpose) for purpose in ("promotion", "service", "advocacy")], axis=0)
    room = 1e-3
    assert all(1000 - room <= spend <= 3000 + room for spend in by_period(plan, "sms"))
    assert (np.array(by_period(plan, "app")) >= 0.2 * totals - room).all()
    assert (totals[1:] <= 1.1 * totals[:-1] + room).all()
    verify_plan(plan)


@pytest.mark.no_cover
def test_phasing_gives_periods_their_parts(small: dict[str, Any]) -> None:
    small["rules"] = [{"kind": "phasing", "parts": [1, 1, 2], "select": "sms"}]
    first, second, third = by_period(planned(small, SEASON), "sms")
    assert first == pytest.approx(second, abs=1e-3)
    assert third == pytest.approx(2 * first, abs=1e-3)


def test_what_costs_more_waits(small: dict[str, Any]) -> None:
    sms = by_period(planned(small, {"cost": {"sms": [3.0, 1.0, 1.0]}}), "sms")
    assert sms[0] < 0.9 * sms[1]


@pytest.mark.parametrize(
    "tampered",
    [
        {"span": 1},
        {"sums": []},
        {"allocation": "swap"},
    ],
    ids=str,
)
def test_a_tampered_plan_is_caught(plan: cm.Plan, tampered: dict[str, Any]) -> None:
    data = json.loads(plan.to_json())
    if tampered == {"allocation": "swap"}:
        data["allocation"][0]["period"], data["allocation"][-1]["period"] = 3, 1
    else:
        data |= tampered
    with pytest.raises(cm.CertificateError):
        verify_plan(cm.Plan.model_validate(data))


@pytest.mark.parametrize("key", ["spend", "outcome", "current_spend", "charge"])
def test_a_tampered_sum_is_caught(plan: cm.Plan, key: str) -> None:
    data = json.loads(plan.to_json())
    row = max(data["sums"], key=lambda row: row["spend"])
    if key == "outcome":
        row[key] = {name: 1.01 * value for name, value in row[key].items()}
    else:
        row[key] = 1.01 * row[key] + 1.0
    with pytest.raises(cm.CertificateError, match="over all periods"):
        verify_plan(cm.Plan.model_validate(data))


def test_the_table_tells_of_periods(plan: cm.Plan) -> None:
    out = io.StringIO()
    to_terminal(plan, out)
    text = out.getvalue()
    assert "EUR 60,000 over 3 months" in text
    assert "by month" in text
    assert "of the return comes after the last period" in text
    assert max(map(len, text.splitlines())) <= 100
    assert len(plan.to_frame()) == len(plan.allocation)


@pytest.mark.no_cover
def test_a_target_and_profit_over_time(small: dict[str, Any]) -> None:
    small["scenario"] = {"kind": "target_outcome", "amount": 1000.0}
    plan = planned(small, SEASON)
    assert plan.totals is not None
    assert plan.totals.outcome.mean - plan.totals.charge == pytest.approx(3000.0, rel=1e-3)
    small["scenario"] = {"kind": "max_profit", "max_amount": 30_000.0}
    plan = planned(small, SEASON)
    assert plan.totals is not None
    assert plan.totals.budget == pytest.approx(90_000.0)
    verify_plan(plan)


def test_a_frontier_over_time_takes_amounts_per_period(small: dict[str, Any]) -> None:
    profile = cm.CompanyProfile.model_validate({**small, "periods": 2, "timing": {}})
    found = cm.frontier(profile, [10_000.0, 20_000.0], n_draws=64)
    assert [point.budget for point in found.points] == [20_000.0, 40_000.0]
    assert found.span == 2


def test_history_has_its_carryover_in_it(small: dict[str, Any]) -> None:
    profile = cm.CompanyProfile.model_validate({**small, "periods": 2, "timing": SEASON | {"season": {}}})
    alike, told = carryover_of(profile), carryover_of(profile, {0: None, 3: (0.9, 1.0, 1.1)})
    assert alike is not None
    assert told is not None
    assert (np.asarray(told.weights)[[0, 3], 0] == 1.0).all()
    others = [i for i in range(len(profile.cells())) if i not in (0, 3)]
    assert np.array_equal(np.asarray(told.weights)[others], np.asarray(alike.weights)[others])
    season = np.ones((2, len(profile.cells())))
    season[0, 3] = 0.9
    assert np.array_equal(np.asarray(told.season), season)
