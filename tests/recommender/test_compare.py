"""Two plans beside each other: differences by hand, and what cannot be paired."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from tests.conftest import SMALL

import channelmix as cm
from channelmix.plan import Difference, Plan
from channelmix.recommender.compare import edited


def company(**changed: Any) -> cm.CompanyProfile:
    content: dict[str, Any] = copy.deepcopy(SMALL) | changed
    content["channels"] = {name: content["channels"][name] for name in ("sms", "im")}
    return cm.CompanyProfile.model_validate(content)


@pytest.fixture(scope="module")
def before() -> Plan:
    return cm.optimize(company(), n_draws=64)


@pytest.fixture(scope="module")
def after() -> Plan:
    rules = [{"kind": "keep_working", "select": "sms", "floor": 0.9}]
    return cm.optimize(company(rules=rules).with_budget(12000.0), n_draws=64)


def test_differences_by_hand(before: Plan, after: Plan) -> None:
    found = cm.compare(before, after)
    assert found.paired
    assert found.why_unpaired == ""
    problems = [cm.AllocationProblem.from_dict(plan.problem) for plan in (before, after)]
    spends = [np.array([row.spend for row in plan.allocation]) for plan in (before, after)]
    gain = problems[1].net_draws(spends[1]) - problems[0].net_draws(spends[0])
    assert found.net_interval is not None
    assert found.net_interval.mean == pytest.approx(gain.mean())
    assert found.net_interval.low == pytest.approx(np.quantile(gain, 0.05))
    assert found.net_interval.high == pytest.approx(np.quantile(gain, 0.95))
    assert found.chance == (gain > 0.0).mean()
    assert found.net_change == pytest.approx(gain.mean())
    # An interval of the difference is not the difference of the intervals.
    assert found.net_interval.high - found.net_interval.low < found.net_before.high - found.net_before.low
    cells = {cell.cell: cell for cell in found.cells}
    for i, name in enumerate(problems[0].curves.names):
        assert cells[name].change == pytest.approx(spends[1][i] - spends[0][i], abs=1e-2)
        own = problems[1].outcomes(spends[1])[:, i] - problems[0].outcomes(spends[0])[:, i]
        assert cells[name].outcome_change == pytest.approx(own.mean(), abs=1e-6)
        assert cells[name].outcome_interval is not None
        assert cells[name].reason_after == after.allocation[i].reason
    assert found.spend_after == pytest.approx(12000.0)
    change = spends[1] - spends[0]
    assert found.moved == pytest.approx(max(change.clip(0).sum(), (-change).clip(0).sum()), abs=1e-2)
    low, high = found.certified_low, found.certified_high
    assert low is not None
    assert high is not None
    assert low <= (after.certificate.value or 0.0) - (before.certificate.value or 0.0) <= high
    assert [abs(cell.change) for cell in found.cells] == sorted(
        (abs(cell.change) for cell in found.cells), reverse=True
    )


def test_what_was_asked_for(before: Plan, after: Plan) -> None:
    changes = cm.compare(before, after).changes
    assert "scenario: fixed_budget amount 20,000 becomes fixed_budget amount 12,000" in changes
    assert "rule added: keep_working sms floor 0.9" in changes
    assert "rule gone: keep_working sms floor 0.9" in cm.compare(after, before).changes


def test_a_plan_is_no_different_from_itself(before: Plan) -> None:
    found = cm.compare(before, before)
    assert found.changes == []
    assert found.moved == found.net_change == 0.0
    assert found.chance == 0.0
    assert Difference.from_json(found.to_json()) == found
    assert len(found.rows()) == len(before.allocation)


def test_draws_of_other_curves_have_no_partner(before: Plan) -> None:
    content = company().model_dump(mode="json", by_alias=True, exclude_none=True)
    content["channels"]["sms"]["reachable"] = 60000.0
    richer = cm.optimize(cm.CompanyProfile.model_validate(content), n_draws=64)
    found = cm.compare(before, richer)
    assert not found.paired
    assert found.net_interval is None
    assert found.chance is None
    assert found.certified_low is None
    assert all(cell.outcome_interval is None for cell in found.cells)
    assert "cannot be paired" in found.why_unpaired
    assert any(line.startswith("curves differ on") and "FR/sms/promotion" in line for line in found.changes)
    assert found.net_change == pytest.approx(found.net_after.mean - found.net_before.mean)
    other_seed = cm.optimize(company(), n_draws=64, seed=5)
    assert "different draws" in cm.compare(before, other_seed).why_unpaired


def test_cells_of_one_plan_only(before: Plan) -> None:
    found = cm.compare(before, cm.optimize(cm.CompanyProfile.model_validate(SMALL), n_draws=64))
    added = [cell for cell in found.cells if cell.before is None]
    assert added
    assert {cell.cell.split("/")[1] for cell in added} == {"social", "app"}
    assert all(cell.reason_before == "no such cell" for cell in added)
    assert "cell added: FR/social/promotion" in found.changes


def test_plans_that_cannot_be_compared(before: Plan, infeasible_plan: Plan) -> None:
    with pytest.raises(cm.NoPlanError, match="second plan has no allocation"):
        cm.compare(before, infeasible_plan)
    dollars = before.model_copy(update={"currency": "USD"})
    with pytest.raises(cm.InputError, match="cannot be compared"):
        cm.compare(before, dollars)


def test_edits_of_a_profile() -> None:
    profile = company()
    changed = edited(
        profile,
        {
            "budget": "5000",
            "markets[0].customers": "150000",
            "name": "Other",
            "rules": '[{"kind": "keep_working"}]',
        },
    )
    assert (changed.budget, changed.name) == (5000.0, "Other")
    assert changed.markets[0].customers == 150000.0
    assert len(changed.rules) == 1
    assert edited(profile, {"purposes.advocacy": "null"}).purposes.advocacy is None
    assert edited(changed, {"rules[0].floor": "0.25"}).rules == (cm.KeepWorking(floor=0.25),)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("channels.smss.reachable", "1", "nothing at"),
        ("markets[3].customers", "1", "nothing at"),
        ("markets.customers", "1", "nothing at"),
        ("nothing", "null", "nothing at"),
        ("a..b", "1", "not a path"),
        ("", "1", "not a path"),
        ("name[0]", "1", "nothing at"),
        ("budgte", "1", "unknown key"),
        ("budget", "-5", "at least 0"),
    ],
)
def test_edits_that_lead_nowhere(path: str, value: str, message: str) -> None:
    with pytest.raises(cm.InputError, match=message):
        edited(company(), {path: value})


@pytest.mark.no_cover
def test_plans_over_several_periods_are_compared_over_all_of_them(before: Plan) -> None:
    timing = {"season": {"sms": [1.0, 2.0]}, "carryover": {"sms": {"kind": "geometric", "half_life": 0.5}}}
    profile = company(periods=2, timing=timing)
    first, second = (
        cm.optimize(one, n_draws=16, gap=0.02) for one in (profile, profile.with_budget(12000.0))
    )
    found = cm.compare(first, second)
    assert (found.span, found.paired) == (2, True)
    problems = [cm.AllocationProblem.from_dict(plan.problem) for plan in (first, second)]
    spends = [np.array([row.spend for row in plan.allocation]) for plan in (first, second)]
    gain = problems[1].net_draws(spends[1]) - problems[0].net_draws(spends[0])
    assert found.net_interval is not None
    assert found.net_interval.mean == pytest.approx(gain.mean())
    assert [found.spend_before, found.spend_after] == pytest.approx([spend.sum() for spend in spends])
    cells = {cell.cell: cell for cell in found.cells}
    assert list(problems[0].curves.names) == sorted(cells, key=problems[0].curves.names.index)
    for one, other in zip(first.sums, second.sums, strict=True):
        assert cells[one.name].change == pytest.approx(other.spend - one.spend, abs=0.1)
        interval = cells[one.name].outcome_interval
        assert interval is not None
        assert interval.mean == pytest.approx(other.outcome.mean - one.outcome.mean)
    flat = cm.optimize(company(periods=2, timing={"season": {"sms": [1.0, 1.5]}}), n_draws=16, gap=0.02)
    against = cm.compare(first, flat)
    assert against.paired
    assert "season, carry-over or costs over time differ" in against.changes
    with pytest.raises(
        cm.InputError, match=r"plans in EUR a month and in EUR over 2 months cannot be compared"
    ):
        cm.compare(before, first)
