from __future__ import annotations

import copy
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.oracles import is_minimal_conflict
from tests.random_profiles import random_content

import channelmix as cm
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution, Status
from channelmix.engine.solver.projection import project
from channelmix.plan import Comparison, Plan, verify_plan
from channelmix.profile import CompanyProfile
from channelmix.profile.fields.values import BUILT_IN_CHANNELS, PURPOSES
from channelmix.report import to_csv, to_terminal

EXAMPLES = Path(__file__).parents[3] / "examples"
SOURCE = Path(__file__).parents[3] / "src"
RANDOM = range(40)


def plan_of(content: dict[str, Any], **options: Any) -> Plan:
    return cm.optimize(CompanyProfile.model_validate(content), **options)


def baseline(plan: Plan) -> Comparison:
    (found,) = (c for c in plan.comparisons if c.is_baseline)
    return found


def shares(plan: Plan) -> dict[str, float]:
    assert plan.totals is not None
    return {row.name: row.spend / (plan.totals.budget or 0.0) for row in plan.allocation}


def scaled(content: dict[str, Any], k: float) -> dict[str, Any]:
    """The same company with its money counted in another unit."""
    content = copy.deepcopy(content)
    content["usd_rate"] *= k
    content["scenario"]["amount"] *= k
    for purpose in content["purposes"].values():
        for worth in ("margin_per_order", "value_per_resolution", "value_per_exposure"):
            if worth in purpose:
                purpose[worth] *= k
    of_markets = [own for market in content["markets"] for own in market.get("channels", {}).values()]
    for channel in [*content["channels"].values(), *of_markets]:
        for field in ("current_spend", "cost_per_contact"):
            channel[field] = {purpose: k * amount for purpose, amount in channel.get(field, {}).items()}
    for rule in content.get("rules", []):
        if rule["kind"] == "linear_constraint":
            rule["high"] *= k
        for selector, pair in rule.get("bounds", {}).items():
            rule["bounds"][selector] = [None if side is None else k * side for side in pair]
    return content


@pytest.mark.parametrize("seed", RANDOM)
def test_random_profiles(seed: int) -> None:
    plan = plan_of(random_content(seed))
    again = Plan.from_json(plan.to_json())
    assert again == plan
    certificate = verify_plan(again)
    problem = AllocationProblem.from_dict(plan.problem)
    if plan.status is Status.INFEASIBLE:
        assert is_minimal_conflict(problem, plan.conflicts)
        return
    assert plan.status is Status.OPTIMAL
    assert certificate.gap <= 1e-4
    totals = plan.totals
    assert totals is not None
    assert totals.budget is not None
    assert totals.spend == pytest.approx(sum(row.spend for row in plan.allocation))
    assert totals.outcome.mean == pytest.approx(sum(row.outcome.mean for row in plan.allocation))
    assert totals.spend <= totals.budget * (1 + 1e-6)
    if totals.spend < totals.budget * (1 - 1e-4):
        assert any("stays unspent" in line for line in plan.warnings)
    value = problem.value([row.spend for row in plan.allocation])
    rounding = 1e-6 * abs(value)
    for comparison in plan.comparisons:
        spend = list(comparison.spend.values())
        assert comparison.feasible == (problem.violation(spend) <= 1e-6 * sum(spend))
        if comparison.feasible:
            assert problem.value(spend) <= value + rounding, f"worse than the {comparison.name}"
    wish = {row.name: row.current_spend for row in plan.allocation}
    nearest = project(problem, wish)
    assert nearest is not None
    assert problem.value(list(nearest.values())) <= value + rounding


def test_random_profiles_differ_in_everything() -> None:
    contents = [random_content(seed) for seed in range(300)]
    profiles = [CompanyProfile.model_validate(content) for content in contents]
    assert len({profile.sector for profile in profiles}) == 21
    assert len({market.country for profile in profiles for market in profile.markets}) > 15
    assert {len(profile.channels) for profile in profiles} == set(range(1, 7))
    assert {len(profile.markets) for profile in profiles} == set(range(1, 5))
    kinds = {rule.kind for profile in profiles for rule in profile.rules}
    assert {"spend_bounds", "group_share", "linear_constraint", "change_limit", "keep_working"} <= kinds
    assert len(kinds) == 5
    assert {cell.basis for profile in profiles for cell in profile.cells()} == {None, *BUILT_IN_CHANNELS}
    assert len({profile.period for profile in profiles}) == 10
    assert {profile.scenario is None for profile in profiles} == {False, True}


def test_the_example_is_optimal_and_whole(example_plan: Plan) -> None:
    assert example_plan.status is Status.OPTIMAL
    assert example_plan.totals is not None
    assert example_plan.totals.spend == pytest.approx(135000.0, rel=1e-9)
    assert example_plan.provenance.draws == 512
    assert baseline(example_plan).name == "current mix"
    assert baseline(example_plan).gain.mean > 0.0


@pytest.mark.no_cover
def test_the_baseline_is_named(small: dict[str, Any]) -> None:
    same = plan_of(small)
    assert baseline(same).description == "today's spend"
    assert baseline(same).spend == {row.name: row.current_spend for row in same.allocation}
    assert [c.name for c in same.comparisons] == ["current mix", "equal split", "surveyed mix"]

    small["scenario"]["amount"] = 30000.0
    larger = plan_of(small)
    assert baseline(larger).description == "today's spend, scaled by 1.5 to the budget"
    assert baseline(larger).spend["FR/sms/promotion"] == pytest.approx(7500.0)
    assert [c.name for c in larger.comparisons][:2] == ["current mix", "today"]
    assert sum(larger.comparisons[1].spend.values()) == pytest.approx(20000.0)

    small["rules"] = [{"kind": "spend_bounds", "bounds": {"social": [None, 1000.0]}}]
    moved = plan_of(small)
    assert baseline(moved).description.endswith(", moved as little as the rules ask")
    assert baseline(moved).feasible
    assert not moved.comparisons[1].feasible


@pytest.mark.no_cover
def test_rounding_of_the_scale_is_not_called_a_move(small: dict[str, Any]) -> None:
    for amount in (10000.0 / 3, 1e5 / 7, 23456.78):
        small["scenario"]["amount"] = amount
        assert "moved" not in baseline(plan_of(small)).description


@pytest.mark.no_cover
def test_without_spend_today_the_equal_split_is_the_baseline(small: dict[str, Any]) -> None:
    for channel in small["channels"].values():
        channel["current_spend"] = {}
    plan = plan_of(small)
    assert baseline(plan).name == "equal split"
    assert plan.totals is not None
    assert plan.totals.current_spend == 0.0
    assert plan.totals.moved == pytest.approx(plan.totals.spend)
    verify_plan(plan)


@pytest.mark.no_cover
def test_an_equal_split_as_the_baseline_obeys_the_rules(small: dict[str, Any]) -> None:
    for channel in small["channels"].values():
        channel["current_spend"] = {}
    small["rules"] = [{"kind": "spend_bounds", "bounds": {"social": [9000.0, None]}}]
    plan = plan_of(small)
    equal = baseline(plan)
    assert equal.feasible
    assert equal.description == "the same amount on every cell, moved as little as the rules ask"
    assert sum(spend for name, spend in equal.spend.items() if "/social/" in name) == pytest.approx(9000.0)
    verify_plan(plan)


@pytest.mark.no_cover
def test_without_scenario_todays_total_is_the_budget(small: dict[str, Any]) -> None:
    del small["scenario"]
    plan = plan_of(small)
    assert plan.totals is not None
    assert plan.totals.budget == 20000.0
    assert plan.scenario == {"kind": "fixed_budget", "amount": 20000.0}
    assert "The profile states no scenario: the budget is today's spend, 20,000 EUR." in plan.remarks


def test_the_current_mix_itself_is_returned_where_nothing_may_move(small: dict[str, Any]) -> None:
    small["rules"] = [{"kind": "change_limit", "absolute": 0.0}]
    plan = plan_of(small)
    assert {row.spend - row.current_spend for row in plan.allocation} == {0.0}
    assert baseline(plan).gain.high == baseline(plan).chance == 0.0


@pytest.mark.no_cover
def test_markets_with_their_own_figures(small: dict[str, Any]) -> None:
    small["markets"] = [
        {"name": "North", "customers": 150000.0},
        {"name": "South", "customers": 50000.0, "channels": {"sms": {"reachable": 0.0}}, "country": "ES"},
    ]
    small["rules"] = [{"kind": "group_share", "select": "South", "low": 0.4}]
    plan = plan_of(small)
    rows = {row.name: row for row in plan.allocation}
    assert rows["South/sms/promotion"].spend == pytest.approx(0.0, abs=1e-3)
    assert rows["South/sms/promotion"].reason.startswith("reaches nobody")
    assert sum(r.spend for n, r in rows.items() if n.startswith("South")) == pytest.approx(8000.0, rel=1e-6)
    verify_plan(plan)


def test_infeasible_rules_are_named(infeasible_plan: Plan) -> None:
    plan = infeasible_plan
    assert plan.status is Status.INFEASIBLE
    assert plan.conflicts == ["fixed_budget", "spend_bounds sms", "group_share social"]
    assert plan.allocation == []
    assert plan.totals is None
    verify_plan(plan)
    assert Plan.from_json(plan.to_json()) == plan
    assert to_csv(plan).count("\n") == 1
    shown = io.StringIO()
    to_terminal(plan, shown)
    assert "group_share social" in shown.getvalue()


@pytest.mark.no_cover
def test_dropping_any_conflicting_rule_helps(small: dict[str, Any], infeasible_plan: Plan) -> None:
    rules = [
        {"kind": "spend_bounds", "bounds": {"sms": [15000, None]}},
        {"kind": "group_share", "select": "social", "low": 0.5},
    ]
    for i in range(2):
        small["rules"] = rules[:i] + rules[i + 1 :]
        assert plan_of(small).status is Status.OPTIMAL
    small["rules"] = rules
    small["scenario"]["amount"] = 40000.0
    assert plan_of(small).status is Status.OPTIMAL


@pytest.mark.no_cover
@pytest.mark.parametrize("exponent", range(-6, 7))
def test_the_unit_of_money_does_not_matter(small: dict[str, Any], small_plan: Plan, exponent: int) -> None:
    plan = plan_of(scaled(small, 10.0**exponent))
    one, two = shares(small_plan), shares(plan)
    assert max(abs(one[name] - two[name]) for name in one) < 1e-3
    assert plan.totals is not None
    assert small_plan.totals is not None
    assert plan.totals.outcome.mean == pytest.approx(
        10.0**exponent * small_plan.totals.outcome.mean, rel=1e-4
    )
    assert [row.reason for row in plan.allocation] == [row.reason for row in small_plan.allocation]


@pytest.mark.no_cover
def test_another_currency_gives_the_operator_the_same_plan() -> None:
    content = json.loads((EXAMPLES / "telecom.json").read_text(encoding="utf-8"))
    in_koruna = scaled(content, 25.2) | {"currency": "CZK"}
    one, two = shares(plan_of(content)), shares(plan_of(in_koruna))
    assert max(abs(one[name] - two[name]) for name in one) < 1e-3


@pytest.mark.parametrize(("name", "chance"), [("maison_verte", 0.6), ("bank", 0.8), ("telecom", 0.8)])
def test_every_example_is_proven_and_gains(name: str, chance: float) -> None:
    """The first has nothing but published figures, which do not make a gain as sure as 0.8."""
    profile = CompanyProfile.from_file(EXAMPLES / f"{name}.json")
    assert profile.purposes.declared == PURPOSES
    plan = cm.optimize(profile)
    assert plan.status is Status.OPTIMAL
    assert baseline(plan).feasible
    assert baseline(plan).gain.mean > 0.0
    verify_plan(plan)
    assert baseline(plan).chance > chance


@pytest.mark.no_cover
def test_names_and_order_do_not_matter(small: dict[str, Any]) -> None:
    small["markets"] = [{"name": "A", "customers": 150000.0}, {"name": "B", "customers": 50000.0}]
    small["channels"]["kiosk"] = {"like": "im", "reachable": 30000.0, "current_spend": {"promotion": 100.0}}
    other = copy.deepcopy(small)
    other["name"] = "Another name"
    other["markets"] = [{"name": "Z", "customers": 50000.0}, {"name": "Y", "customers": 150000.0}]
    other["channels"]["aaa"] = other["channels"].pop("kiosk")
    other["channels"] = dict(reversed(other["channels"].items()))
    one, two = shares(plan_of(small)), shares(plan_of(other))
    renamed = {"A": "Y", "B": "Z", "kiosk": "aaa"}
    for name, share in one.items():
        key = "/".join(renamed.get(part, part) for part in name.split("/"))
        assert two[key] == pytest.approx(share, abs=1e-3)


@pytest.mark.no_cover
def test_seeds_matter_and_reproduce(small: dict[str, Any], small_plan: Plan) -> None:
    assert plan_of(small).to_json() == small_plan.to_json()
    assert plan_of(small, seed=1).to_json() != small_plan.to_json()


def test_same_bytes_in_other_processes(tmp_path: Path, small: dict[str, Any]) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps(small), encoding="utf-8")
    outputs = []
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(SOURCE)}
        command = [sys.executable, "-m", "channelmix", "optimize", str(profile), "--format", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert Plan.from_json(outputs[0]).status is Status.OPTIMAL


@pytest.mark.parametrize(
    "options",
    [
        {"gap": 0.0},
        {"gap": -1.0},
        {"gap": float("nan")},
        {"gap": float("inf")},
        {"gap": "small"},
        {"time_limit": 0.0},
        {"time_limit": float("nan")},
        {"seed": -1},
        {"seed": 2**32},
        {"seed": 1.5},
        {"seed": True},
        {"n_draws": 0},
        {"n_draws": 2.5},
        {"n_draws": "many"},
    ],
)
def test_options_out_of_range(small: dict[str, Any], options: dict[str, Any]) -> None:
    with pytest.raises(cm.InputError, match=next(iter(options))):
        plan_of(small, **options)


def test_a_search_without_any_answer_says_so(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def unlucky(*args: Any, **kwargs: Any) -> tuple[Solution, None]:
        found = cm.solve(*args, **kwargs)
        lost = {"spend": np.full(12, np.nan), "value": np.nan, "gap": np.inf, "status": Status.NOT_CERTIFIED}
        return Solution(**{**vars(found), **lost}), None

    monkeypatch.setattr("channelmix.recommender.optimize.optimize.solve_and_verify", unlucky)
    with pytest.raises(
        cm.CertificateError, match="no split that obeys the rules was found within 60 seconds"
    ):
        plan_of(small)


@pytest.mark.no_cover
def test_prices_that_do_not_hold_are_not_stated(
    small: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*args: Any, **kwargs: Any) -> tuple[Solution, None]:
        found = cm.solve(*args, **kwargs)
        return Solution(**{**vars(found), "shadow_prices": {"fixed_budget": 3.0}}), None

    monkeypatch.setattr("channelmix.recommender.optimize.optimize.solve_and_verify", late)
    plan = plan_of(small)
    assert plan.shadow_prices == []
    assert plan.totals is not None
    assert plan.totals.next_unit is None
    verify_plan(plan)
