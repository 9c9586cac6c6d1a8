from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from channelmix.core.errors import CertificateError, ChannelMixError, InputError
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.response import ResponseCurves
from channelmix.engine.rules import FixedBudget, SpendBounds
from channelmix.plan import Plan, prices_hold, verify_plan

Change = Callable[[dict[str, Any]], None]
Forge = Callable[[Change], Plan]


def put(path: str, value: Any) -> Change:
    """Put a value, or what a function makes of the one found, at a place of the data."""

    def change(data: dict[str, Any]) -> None:
        *parents, last = [int(part) if part.lstrip("-").isdigit() else part for part in path.split(".")]
        node: Any = data
        for part in parents:
            node = node[part]
        node[last] = value(node[last]) if callable(value) else value

    return change


def rename(data: dict[str, Any], renamed: Callable[[list[str]], list[str]]) -> None:
    for curves in ("curves", "losses"):
        data["problem"][curves]["names"] = renamed(data["problem"][curves]["names"])


def more(number: float) -> float:
    return number * 1.001 + 0.01


def test_an_honest_plan_holds(forged: Forge, example_plan: Plan) -> None:
    certificate = verify_plan(forged(lambda _: None))
    assert certificate.value == pytest.approx(example_plan.certificate.value)
    assert certificate.upper_bound == example_plan.certificate.upper_bound


@pytest.mark.parametrize(
    "change",
    [
        put("status", "infeasible"),
        put("status", "not_certified"),
        put("scenario.amount", more),
        put("certificate.value", more),
        put("certificate.value", None),
        put("certificate.upper_bound", more),
        put("certificate.upper_bound", lambda x: x * (1 - 1e-4)),
        put("certificate.gap", 0.0),
        put("certificate.gap", more),
        put("certificate.max_violation", 1.0),
        put("certificate.max_violation", None),
        put("certificate.requested_gap", 1e-9),
        put("allocation.0.spend", more),
        put("allocation.0.spend", -1.0),
        put("allocation.0.current_spend", more),
        put("allocation.2.current_spend", 1e-3),
        put("allocation.0.outcome.mean", more),
        put("allocation.0.outcome.low", more),
        put("allocation.0.outcome.high", more),
        put("allocation.2.outcome.high", 1.0),
        put("allocation.0.charge", 1.0),
        put("allocation.3.charge", more),
        put("totals.charge", more),
        put("word_of_mouth", None),
        put("word_of_mouth.outcome", more),
        put("word_of_mouth.share", more),
        put("word_of_mouth.praise", more),
        put("word_of_mouth.criticism", more),
        put("word_of_mouth.balance", more),
        put("problem.charge", {"FR/sms/promotion": 0.01}),
        lambda data: data["problem"].pop("losses"),
        put("allocation.0.marginal_return", more),
        put("allocation.0.marginal_return", None),
        put("allocation.0.period", 2),
        put("allocation.0.market", "DE"),
        put("allocation.0.channel", "sms"),
        put("totals", None),
        put("totals.budget", more),
        put("totals.spend", more),
        put("totals.current_spend", more),
        put("totals.moved", more),
        put("totals.outcome.mean", more),
        put("totals.outcome.low", more),
        put("totals.outcome.high", more),
        put("totals.periods", 4),
        put("totals.horizon_spend", more),
        put("totals.horizon_outcome", more),
        put("totals.next_unit", more),
        put("totals.next_unit", None),
        put("shadow_prices.0.price", more),
        put("shadow_prices.1.price", lambda x: -x),
        put("shadow_prices.1.constraint", "keep_working FR/sms/promotion"),
        put("shadow_prices.1.constraint", "no such rule"),
        put("shadow_prices", lambda prices: prices[:-1]),
        put("shadow_prices", lambda prices: [*prices, prices[0]]),
        put("conflicts", ["fixed_budget"]),
        put("provenance.draws", 1024),
        put("comparisons.0.outcome.mean", more),
        put("comparisons.0.gain.mean", more),
        put("comparisons.1.feasible", True),
        put("comparisons.0.feasible", False),
        put("comparisons.1.is_baseline", True),
        put("comparisons.0.spend", {"FR/sms/promotion": 1.0}),
        put("problem.scenario.amount", 134000.0),
        put("problem.constraints.0.floor", 0.6),
        put("problem.constraints.1.high", 0.3),
        put("problem.constraints", []),
        put("problem.current.FR/social/promotion", 71000.0),
        lambda data: rename(data, lambda names: [*names[1:], names[0]]),
        put("problem.curves.blocks", lambda blocks: [blocks[3], *blocks[1:3], blocks[0], *blocks[4:]]),
        put("allocation", lambda rows: rows[:-1]),
        put("allocation", lambda rows: [rows[1], rows[0], *rows[2:]]),
        put("allocation", lambda rows: [*rows, rows[0]]),
        put("allocation", []),
        put("proof.prices", lambda prices: [[0.0] * len(prices[0])]),
        put("proof.prices", lambda prices: [[2 * p for p in prices[0]]]),
        put("proof.prices", []),
        put("proof.cell", [0]),
        put("proof.cell", []),
        put("proof.infeasible", [True]),
        put("proof.grids", lambda grids: grids[1:]),
        put("proof.grids", lambda grids: [[0.0]] * len(grids)),
        put("proof", {}),
    ],
)
def test_forged(forged: Forge, change: Change) -> None:
    with pytest.raises(CertificateError):
        verify_plan(forged(change))


@pytest.mark.parametrize(
    "change",
    [
        put("problem", {}),
        put("problem.curves", {}),
        put("problem.curves.blocks.0.family", "magic"),
        put("problem.curves.blocks.0.parameters.scale.f8", "AAAA"),
        put("problem.curves.blocks.0.parameters.scale.shape", [1, 1]),
        put("problem.curves.names.0", "FR/social/service"),
        put("problem.scenario.kind", "magic"),
        put("problem.constraints", 5),
        put("problem.constraints.0", {"kind": "keep_working", "floor": "half"}),
        put("problem.current", []),
        put("problem.current", None),
        put("problem.current", {"FR/nothing": 1.0}),
        put("comparisons.0.chance", 1.5),
        put("comparisons.0.tail_loss", -1.0),
    ],
)
def test_damaged(forged: Forge, change: Change) -> None:
    with pytest.raises(InputError):
        verify_plan(forged(change))


def test_moving_money_in_the_problem_and_the_plan_alike_breaks_the_proof(forged: Forge) -> None:
    """A looser rule, with everything else left as it is, would admit better splits than the bound says."""

    def change(data: dict[str, Any]) -> None:
        data["problem"]["constraints"][0]["floor"] = 0.1

    with pytest.raises(CertificateError):
        verify_plan(forged(change))


@pytest.mark.no_cover
def test_every_number_that_verify_answers_for_is_looked_at(forged: Forge, plan_text: str) -> None:
    """Change each number of certificate, allocation, totals and prices a little, one after the other."""
    free = {"requested_gap"}
    data = json.loads(plan_text)

    def places(node: Any, path: str) -> list[str]:
        if isinstance(node, dict):
            return [
                p for key, inner in node.items() if key not in free for p in places(inner, f"{path}.{key}")
            ]
        if isinstance(node, list):
            return [p for i, inner in enumerate(node) for p in places(inner, f"{path}.{i}")]
        return [path] if isinstance(node, float) else []

    looked_at = 0
    for part in ("certificate", "allocation", "totals", "shadow_prices"):
        for place in places(data[part], part):
            # Prices are found numerically, and checked against the largest of them.
            step = 0.01 if part == "shadow_prices" else 0.0
            change = put(
                place, lambda x, step=step: x + step if step else x * 1.002 if abs(x) > 1e-9 else 0.01
            )
            with pytest.raises((CertificateError, InputError)):
                verify_plan(forged(change))
            looked_at += 1
    assert looked_at > 80


def test_a_small_currency_is_no_cover(forged: Forge) -> None:
    """Tolerances are relative: amounts of a millionth are checked as closely as millions."""
    from channelmix.profile import CompanyProfile
    from channelmix.recommender.optimize.optimize import optimize

    content = {
        "name": "Tiny",
        "sector": "retail",
        "country": "FR",
        "currency": "EUR",
        "usd_rate": 1e-9,
        "period": "month",
        "scenario": {"kind": "fixed_budget", "amount": 1e-6},
        "purposes": {"promotion": {"margin_per_order": 2e-8}},
        "markets": [{"name": "FR", "customers": 1000.0}],
        "channels": {"sms": {"reachable": 500.0}, "im": {"reachable": 500.0}},
    }
    plan = optimize(CompanyProfile.model_validate(content))
    verify_plan(plan)
    for place in ("allocation.0.outcome.mean", "totals.outcome.high", "allocation.1.spend", "totals.moved"):
        data = json.loads(plan.to_json())
        put(place, lambda x: x * 1.001)(data)
        with pytest.raises(CertificateError):
            verify_plan(Plan.from_json(json.dumps(data)))


def test_feasible_rules_are_not_infeasible(forged: Forge) -> None:
    def change(data: dict[str, Any]) -> None:
        data["status"] = "infeasible"
        data["conflicts"] = ["fixed_budget", "keep_working"]
        data["certificate"] |= dict.fromkeys(("value", "upper_bound", "gap", "max_violation"))
        data["totals"] = None
        data |= {
            "allocation": [],
            "comparisons": [],
            "shadow_prices": [],
            "survey": [],
            "word_of_mouth": None,
        }
        data["proof"]["infeasible"] = [True for _ in data["proof"]["infeasible"]]

    with pytest.raises(CertificateError, match="infeasible"):
        verify_plan(forged(change))


@pytest.mark.parametrize(
    "change",
    [
        put("conflicts", ["no such rule"]),
        put("certificate.value", 1.0),
        put("certificate.max_violation", 0.0),
        put("shadow_prices", [{"constraint": "fixed_budget", "price": 1.0}]),
        put("problem.scenario.amount", 40000.0),
        put("proof.infeasible", [False]),
    ],
)
def test_forged_infeasible(infeasible_plan: Plan, change: Change) -> None:
    data = json.loads(infeasible_plan.to_json())
    verify_plan(Plan.from_json(json.dumps(data)))
    change(data)
    with pytest.raises(CertificateError):
        verify_plan(Plan.from_json(json.dumps(data)))


def test_an_infeasible_plan_holds_no_allocation(infeasible_plan: Plan, example_plan: Plan) -> None:
    for part in ("allocation", "totals", "comparisons", "word_of_mouth"):
        data = json.loads(infeasible_plan.to_json())
        data[part] = json.loads(example_plan.to_json())[part]
        with pytest.raises(CertificateError, match="infeasible"):
            verify_plan(Plan.from_json(json.dumps(data)))


@pytest.mark.no_cover
def test_any_damage_ends_in_one_of_our_errors(plan_text: str) -> None:
    """Put odd values at random places: whatever happens, it is an error that names the fault, or a plan that holds."""
    rng = np.random.default_rng(0)
    odd: list[Any] = [
        None,
        True,
        -1,
        0,
        1e308,
        -1e308,
        5e-324,
        "x",
        "",
        [],
        {},
        [[]],
        [1e300],
        {"a": 1},
        10**30,
    ]
    original = json.loads(plan_text)
    rejected = 0
    for _ in range(150):
        data = copy.deepcopy(original)
        parts = ["problem", "proof", "certificate", "allocation", "totals"]
        node: Any = data[parts[int(rng.integers(len(parts)))]]
        while isinstance(node, dict | list) and node:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = keys[int(rng.integers(len(keys)))]
            if not (isinstance(node[key], dict | list) and node[key]) or rng.random() < 0.25:
                node[key] = odd[int(rng.integers(len(odd)))]
                break
            node = node[key]
        try:
            verify_plan(Plan.from_json(json.dumps(data)))
        except ChannelMixError:
            rejected += 1
    assert rejected > 100


def test_only_a_rule_at_its_limit_has_a_price() -> None:
    curves = ResponseCurves.exponential([10.0, 10.0], [5.0, 5.0], names=["a", "b"])
    rules = [SpendBounds({"a": (None, 2.0)}), SpendBounds({"a": (None, 2.5)})]
    problem = AllocationProblem(curves, FixedBudget(6.0), rules)
    spend = np.array([2.0, 4.0])
    budget, rest = (float(slope) for slope in curves.derivative(spend)[0][::-1])
    prices = {"fixed_budget": budget, "spend_bounds a": rest - budget}
    assert prices_hold(problem, spend, prices)
    assert not prices_hold(problem, spend, {"fixed_budget": budget, "spend_bounds a (2)": rest - budget})
    assert not prices_hold(problem, spend, {"fixed_budget": budget})
    assert not prices_hold(problem, spend, prices | {"other": 0.0})
    assert not prices_hold(problem, spend, {name: -price for name, price in prices.items()})


def test_an_empty_cell_may_be_charged_more_than_it_returns() -> None:
    curves = ResponseCurves.exponential([10.0, 1.0], [5.0, 5.0], names=["a", "b"])
    problem = AllocationProblem(curves, FixedBudget(3.0))
    spend = np.array([3.0, 0.0])
    price = float(curves.derivative(spend)[0, 0])
    assert prices_hold(problem, spend, {"fixed_budget": price})
    assert not prices_hold(problem, np.array([2.9, 0.1]), {"fixed_budget": price})
