"""Explanations: every number recomputed from curves, rules and plain solves."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest
from tests.conftest import SMALL

import channelmix as cm
from channelmix.core.wording import amount, short
from channelmix.core.words import PLAIN
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules import KeepWorking
from channelmix.plan import Explanation, Plan
from channelmix.recommender.explain.break_even import TOLERANCE, BreakEvens


def content(**changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(SMALL)
    made["purposes"] = {name: made["purposes"][name] for name in ("promotion", "service")}
    made["rules"] = [
        {"kind": "keep_working", "floor": 0.5},
        {"kind": "group_share", "select": "sms", "high": 0.3},
        {"kind": "spend_bounds", "bounds": {"app": [None, 100000.0]}},
    ]
    return made | changed


@pytest.fixture(scope="module")
def plan() -> Plan:
    return cm.optimize(cm.CompanyProfile.model_validate(content()), n_draws=64)


@pytest.fixture(scope="module")
def found(plan: Plan) -> Explanation:
    return cm.explain(plan)


def made_on(plan: Plan) -> tuple[cm.AllocationProblem, Any]:
    return cm.AllocationProblem.from_dict(plan.problem), np.array([row.spend for row in plan.allocation])


def test_rules_cost_what_two_plain_solves_say(plan: Plan, found: Explanation) -> None:
    problem, _ = made_on(plan)
    whole = {rule.rule: rule for rule in found.rules if rule.cell is None}
    assert set(whole) == {"keep_working", "group_share sms", "spend_bounds app"}
    exact = cm.solve(problem, 1e-6)
    for k, name in enumerate(problem.rule_names[1:]):
        rest = [rule for j, rule in enumerate(problem.constraints) if j != k]
        without = cm.solve(dataclasses.replace(problem, constraints=rest), 1e-6)
        low, high = without.value - exact.upper_bound, without.upper_bound - exact.value
        most = whole[name].high
        assert most is not None
        assert whole[name].low <= high
        assert most >= low
        assert most - whole[name].low <= 3e-4 * without.value
    assert whole["keep_working"].low > 0.0
    assert whole["group_share sms"].low > 0.0
    # A rule that binds nothing costs nothing, but what is proven of that is a number, and not 0.
    idle = whole["spend_bounds app"]
    assert idle.low == 0.0
    assert 0.0 < (idle.high or 0.0) <= 2e-4 * exact.value


def test_cells_are_let_go_of_one_by_one(plan: Plan, found: Explanation) -> None:
    problem, _ = made_on(plan)
    alone = {rule.cell: rule for rule in found.rules if rule.cell is not None and rule.change == "without"}
    spent = [row.name for row in plan.allocation if row.current_spend > 0.0]
    assert set(alone) == set(spent)
    cell = max(alone, key=lambda name: alone[name].low) or ""
    others = [KeepWorking(name, 0.5) for name in spent if name != cell]
    free = dataclasses.replace(problem, constraints=[*others, *problem.constraints[1:]])
    lost = cm.solve(free, 1e-6).value - cm.solve(problem, 1e-6).value
    assert alone[cell].low <= lost <= (alone[cell].high or 0.0)
    assert alone[cell].moved > 0.0


@pytest.mark.no_cover
def test_keeping_a_cell_that_is_given_up() -> None:
    plan = cm.optimize(cm.CompanyProfile.model_validate(content(rules=[])), n_draws=64)
    problem, _ = made_on(plan)
    gone = [row.name for row in plan.allocation if row.current_spend > 0.0 and row.spend == 0.0]
    assert gone
    found = cm.explain(plan)
    kept = {rule.cell: rule for rule in found.rules if rule.change == "with"}
    assert set(kept) == set(gone)
    for cell, rule in kept.items():
        keep = dataclasses.replace(problem, constraints=[KeepWorking(cell or "", 0.5)])
        lost = cm.solve(problem, 1e-6).value - cm.solve(keep, 1e-6).value
        assert rule.low <= lost + 1e-9
        assert lost <= (rule.high or 0.0) + 1e-9
        assert rule.low > 0.0


@pytest.mark.no_cover
def test_a_cell_that_cannot_be_kept() -> None:
    rules = [{"kind": "spend_bounds", "bounds": {"app": [None, 0.0]}}]
    found = cm.explain(cm.optimize(cm.CompanyProfile.model_validate(content(rules=rules)), n_draws=64))
    kept = {rule.cell: rule for rule in found.rules if rule.change == "with"}
    assert kept["FR/app/promotion"].status is Status.INFEASIBLE
    assert kept["FR/app/promotion"].high is None


def test_figures_of_cells_are_recomputed(plan: Plan, found: Explanation) -> None:
    problem, spend = made_on(plan)
    current = np.array([row.current_spend for row in plan.allocation])
    step = 1e-3
    assert [cell.cell for cell in found.cells] == list(problem.curves.names)
    for i, cell in enumerate(found.cells):
        unit = step * (np.arange(len(spend)) == i)
        for at, claimed in ((current, cell.return_now), (spend, cell.return_planned)):
            assert claimed == pytest.approx((problem.net(at + unit) - problem.net(at)) / step, abs=1e-4)
        assert cell.outcome.mean == pytest.approx(problem.outcomes(spend)[:, i].mean())
        assert cell.beyond == (pytest.approx(spend[i] / current[i]) if current[i] and spend[i] else None)
        assert cell.extrapolates == (spend[i] > 1e-6 * spend.sum() and spend[i] > 2.0 * current[i])
        assert cell.reasons
        rests = "published experiments and returns (" if cell.ways else PLAIN.evidence(cell.evidence)
        assert f"vidence: {rests}" in " ".join(cell.reasons)
    prices = {price.constraint: price.price for price in plan.shadow_prices}
    held = next(cell for cell in found.cells if cell.rule == "keep_working")
    assert held.price == prices[f"keep_working {held.cell}"]
    assert f"{abs(held.price or 0.0):.2f} more" in " ".join(held.reasons)


def test_warnings_state_what_reasons_state(plan: Plan, found: Explanation) -> None:
    """What a cell that is cut returns today is one number in both, its charges apart from it."""
    problem, _ = made_on(plan)
    current = np.array([row.current_spend for row in plan.allocation])
    today, charges = problem.outcomes(current).mean(axis=0), problem.charged(current)
    told = 0
    for i, cell in enumerate(found.cells):
        for warning in plan.warnings:
            if warning.startswith(("cuts ", "abandons ")) and f" {cell.cell}" in warning:
                costs = f" and costs {amount(charges[i])} in charges" if charges[i] > 0.0 else ""
                assert warning.endswith(f"; today it returns {amount(today[i])}{costs}")
                assert f" instead of {short(today[i])}." in cell.reasons[0]
                told += 1
    assert told


@pytest.mark.no_cover
def test_break_even_factors_by_solving_just_below_and_above(plan: Plan, found: Explanation) -> None:
    """On the curves themselves, multiplied by a factor on either side of the one that was found."""
    problem, spend = made_on(plan)
    break_evens = BreakEvens(problem, spend)
    checked = 0
    for i, cell in enumerate(found.cells):
        for one, side in ((cell.lower, 0), (cell.higher, 1)):
            if one is None:
                continue
            inside, beyond = (
                one.factor * (1.0 + sign * 2.0 * TOLERANCE) for sign in ((1, -1) if not side else (-1, 1))
            )
            low, high = break_evens.limits(i)
            at = solved_with(problem, i, inside), solved_with(problem, i, beyond)
            if side:
                assert at[0] <= high < at[1], cell.cell
            else:
                assert at[1] < low <= at[0], cell.cell
            checked += 1
    assert checked >= 3


def solved_with(problem: cm.AllocationProblem, cell: int, factor: float) -> float:
    curves = problem.curves
    parts = []
    for i in range(curves.n_cells):
        curve = curves.take([i])
        parts.append(curve.rescaled(1.0, 1.0 / factor) if i == cell else curve)
    other = dataclasses.replace(problem, curves=cm.ResponseCurves.concat(parts))
    return float(cm.solve(other, 1e-7).spend[cell])


def test_a_known_break_even() -> None:
    """Of sqrt(s) on two cells and 100 to spend, factor k takes k^2 / (k^2 + 1) of it: 60 is reached at sqrt(1.5)."""
    curves = cm.ResponseCurves.power([[1.0, 1.0]], 0.5, names=["one", "two"])
    problem = cm.AllocationProblem(curves, cm.FixedBudget(100.0))
    found = dict(BreakEvens(problem, np.array([50.0, 50.0])).find())
    low, high = found[0]
    assert low is not None
    assert high is not None
    assert high.factor == pytest.approx(np.sqrt(1.5), rel=TOLERANCE)
    assert low.factor == pytest.approx(np.sqrt(2.0 / 3.0), rel=TOLERANCE)
    assert high.change.startswith("over 10 % of the budget would move")


def test_the_document_and_its_rows(found: Explanation) -> None:
    assert Explanation.from_json(found.to_json()) == found
    rows = found.rows()
    assert [row["cell"] for row in rows] == [cell.cell for cell in found.cells]
    assert rows[0]["outcome_mean"] == found.cells[0].outcome.mean
    assert found.complete


def test_ctrl_c_keeps_what_is_done(plan: Plan) -> None:
    def stop(done: int, of: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    found = cm.explain(plan, progress=stop)
    assert not found.complete
    assert len(found.rules) == 2
    assert found.cells[0].lower is None
    assert found.cells[0].reasons


@pytest.mark.no_cover
def test_where_worst_draws_count_there_are_no_break_evens(plan: Plan) -> None:
    risky = dataclasses.replace(made_on(plan)[0], risk=cm.MeanCVaR(0.5))
    data = plan.model_dump(mode="json") | {"problem": risky.to_dict()}
    found = cm.explain(Plan.model_validate(data), gap=0.05, time_limit=1.0)
    assert all(cell.lower is None and cell.higher is None for cell in found.cells)
    assert "not computed" in " ".join(found.remarks)


def test_a_plan_without_spend(infeasible_plan: Plan) -> None:
    with pytest.raises(cm.NoPlanError, match="no plan to explain"):
        cm.explain(infeasible_plan)
