"""Explanations of plans over several periods: sums over them, and rules and curves in each of them."""

from __future__ import annotations

import copy
import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from tests.conftest import SMALL

import channelmix as cm
from channelmix.engine.rules import EachPeriod, KeepWorking
from channelmix.plan import Explanation, Plan
from channelmix.recommender.explain.break_even import TOLERANCE, BreakEvens
from channelmix.report import to_terminal

SPAN = 2


def content(**changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(SMALL)
    made["purposes"] = {"promotion": made["purposes"]["promotion"]}
    made["channels"] = {name: made["channels"][name] for name in ("social", "sms", "app")}
    made["channels"]["social"]["current_spend"] = {"promotion": 6000.0}
    made["rules"] = [{"kind": "keep_working", "floor": 0.5}]
    made["periods"] = SPAN
    made["timing"] = {
        "season": {"sms": [1.0, 2.0]},
        "carryover": {"social": {"kind": "geometric", "half_life": 0.5}},
    }
    return made | changed


@pytest.fixture(scope="module")
def plan() -> Plan:
    return cm.optimize(cm.CompanyProfile.model_validate(content()), n_draws=16, gap=1e-3)


@pytest.fixture(scope="module")
def found(plan: Plan) -> Explanation:
    return cm.explain(plan)


def made_on(plan: Plan) -> tuple[cm.AllocationProblem, Any]:
    return cm.AllocationProblem.from_dict(plan.problem), np.array([row.spend for row in plan.allocation])


def test_rules_are_left_out_of_every_period(plan: Plan, found: Explanation) -> None:
    problem, _ = made_on(plan)
    best = cm.solve(problem, 1e-4).value
    free = cm.solve(dataclasses.replace(problem, constraints=[]), 1e-4).value
    [whole] = [rule for rule in found.rules if rule.cell is None]
    assert whole.rule == "keep_working"
    assert 0.0 < whole.low <= free - best + 1e-3 * best
    assert whole.high is not None
    assert free - best <= whole.high + 1e-3 * best
    alone = {rule.cell: rule for rule in found.rules if rule.cell}
    assert set(alone) == set(problem.curves.names)
    kept = [EachPeriod(KeepWorking(name, 0.5)) for name in ("FR/sms/promotion", "FR/app/promotion")]
    lost = cm.solve(dataclasses.replace(problem, constraints=kept), 1e-4).value - best
    social = alone["FR/social/promotion"]
    assert social.low - 1e-3 * best <= lost <= (social.high or 0.0) + 1e-3 * best


@pytest.mark.no_cover
def test_a_cell_that_is_given_up_is_kept_in_every_period() -> None:
    plan = cm.optimize(cm.CompanyProfile.model_validate(content(rules=[])), n_draws=16, gap=1e-3)
    problem, _ = made_on(plan)
    gone = [cell.name for cell in plan.cells if cell.spend == 0.0]
    assert gone
    kept = {rule.cell: rule for rule in cm.explain(plan).rules}
    assert set(kept) == set(gone)
    for name in gone:
        keep = dataclasses.replace(problem, constraints=[EachPeriod(KeepWorking(name, 0.5))])
        lost = cm.solve(problem, 1e-4).value - cm.solve(keep, 1e-4).value
        assert kept[name].low <= lost * 1.01
        assert lost <= (kept[name].high or 0.0) * 1.01


def test_cells_are_sums_over_periods(plan: Plan, found: Explanation) -> None:
    problem, spend = made_on(plan)
    assert found.span == SPAN
    assert [cell.cell for cell in found.cells] == list(problem.curves.names)
    today = np.array([row.current_spend for row in plan.allocation])
    drawn = problem.outcomes(spend)
    step = 1e-3
    prices = {price.constraint: price.price for price in plan.shadow_prices}
    for i, cell in enumerate(found.cells):
        own = [t * 3 + i for t in range(SPAN)]
        assert cell.spend == pytest.approx(spend[own].sum())
        assert cell.current_spend == pytest.approx(SPAN * today[i])
        late = drawn.shape[1] // 3
        assert cell.outcome.mean == pytest.approx(drawn[:, [t * 3 + i for t in range(late)]].sum(1).mean())
        for at, claimed in ((today, cell.return_now), (spend, cell.return_planned)):
            slopes = [(problem.net(at + step * (np.arange(6) == k)) - problem.net(at)) / step for k in own]
            assert claimed == pytest.approx(max(slopes), abs=1e-4)
        assert cell.beyond == pytest.approx(spend[own].max() / today[i])
        if cell.price is not None:
            rows = [f"keep_working {cell.cell} period {t + 1}" for t in range(SPAN)]
            binding = [prices[row] for row in rows if prices.get(row)]
            assert cell.price == max(binding, key=abs)
            assert f"binds in {len(binding)} of 2 periods" in " ".join(cell.reasons)
    assert any(cell.price is not None for cell in found.cells)
    out = io.StringIO()
    to_terminal(found, out)
    said = " ".join(out.getvalue().split())
    assert "why, in EUR over 2 months" in said
    assert "brings, in its best period," in said
    assert "multiplied in each of them" in said
    assert Explanation.from_json(found.to_json()) == found


def test_break_evens_scale_a_curve_in_every_period(plan: Plan, found: Explanation) -> None:
    """On the curves themselves, multiplied by a factor on either side of the one that was found."""
    problem, spend = made_on(plan)
    break_evens = BreakEvens(problem, spend)
    checked = 0
    for i, cell in enumerate(found.cells):
        assert cell.break_evens
        for one, side in ((cell.lower, 0), (cell.higher, 1)):
            if one is None:
                continue
            step = (1.0 + 3.0 * TOLERANCE) ** (1 if side else -1)
            low, high = break_evens.limits(i)
            near, far = (summed(problem, i, one.factor * by) for by in (1.0 / step, step))
            assert near <= high < far if side else far < low <= near, cell.cell
            checked += 1
    assert checked >= 3


def summed(problem: cm.AllocationProblem, cell: int, factor: float) -> float:
    """Spend on a cell over all periods in the best plan if its curve were so many times what it is."""
    parts = [
        problem.curves.take([i]).rescaled(1.0, 1.0 / factor if i == cell else 1.0)
        for i in range(problem.curves.n_cells)
    ]
    other = dataclasses.replace(problem, curves=cm.ResponseCurves.concat(parts))
    return float(cm.solve(other, 1e-4).spend[:, cell].sum())


def test_what_time_did_not_suffice_for_is_said(plan: Plan) -> None:
    found = cm.explain(plan, time_limit=1e-3)
    assert found.complete
    assert len(found.rules) == 1
    assert "Costs of 3 more rules or cells were not computed: time was up." in found.remarks
    assert not any(cell.break_evens for cell in found.cells)
    assert "Break-even factors were not computed for 3 cells: time was up." in found.remarks
    assert all("its curve" not in " ".join(cell.reasons) for cell in found.cells)
