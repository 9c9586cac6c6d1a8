"""``channelmix frontier`` and `channelmix.frontier`, and the scenarios that ``optimize`` takes as options."""

from __future__ import annotations

import copy
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.conftest import SMALL

import channelmix as cm
from channelmix.cli import main
from channelmix.plan import Frontier


@pytest.fixture
def profile(tmp_path: Path) -> str:
    content: dict[str, Any] = copy.deepcopy(SMALL)
    content["channels"] = {name: content["channels"][name] for name in ("sms", "im")}
    file = tmp_path / "profile.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), prog_name="channelmix")


@pytest.mark.no_cover
def test_more_money_brings_more_and_ever_less_of_it(profile: str) -> None:
    result = run("frontier", profile, "--points", "4", "--format", "json")
    assert result.exit_code == 0, result.output
    found = Frontier.from_json(result.stdout)
    assert [point.budget for point in found.points] == [10000.0, 20000.0, 30000.0, 40000.0]
    outcomes = [point.outcome or 0.0 for point in found.points]
    marginals = [point.marginal or 0.0 for point in found.points]
    assert outcomes == sorted(outcomes)
    assert marginals == sorted(marginals, reverse=True)
    for point in found.points:
        assert point.gap is not None
        assert point.gap <= 1e-4
    assert found.complete


def test_a_point_is_the_plan_of_its_budget(profile: str) -> None:
    company = cm.CompanyProfile.from_file(profile)
    found = cm.frontier(company, [15000.0], n_draws=512)
    plan = cm.optimize(company.with_budget(15000.0))
    assert found.points[0].outcome == pytest.approx(plan.certificate.value, rel=2e-4)


@pytest.mark.no_cover
def test_table_and_csv(profile: str, tmp_path: Path) -> None:
    table = run("frontier", profile, "--from", "5000", "--to", "9000", "--points", "2")
    assert table.exit_code == 0
    assert "budget" in table.stdout
    assert "9,000" in table.stdout
    target = tmp_path / "frontier.csv"
    run("frontier", profile, "--from", "5000", "--to", "9000", "--points", "2", "--output", str(target))
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert [float(row["budget"]) for row in rows] == [5000.0, 9000.0]
    assert float(rows[0]["spend FR/sms/promotion"]) >= 0.0


def test_safety_costs_mean_outcome() -> None:
    rng_free = [[8.0, 4.0], [1.0, 3.8], [9.0, 4.1], [0.5, 3.9]]  # a risky cell and a steady one, draw by draw
    curves = cm.ResponseCurves.exponential(rng_free, [[5.0, 5.0]], names=["risky", "steady"])
    found = cm.frontier(cm.AllocationProblem(curves, cm.FixedBudget(6.0)), [0.0, 0.5, 1.0], risk=True)
    means = [point.outcome or 0.0 for point in found.points]
    tails = [point.tail_outcome or 0.0 for point in found.points]
    assert means[0] >= means[-1]
    assert tails[-1] > tails[0]
    assert found.along == "risk"


@pytest.mark.parametrize(
    "words",
    [["--from", "9", "--to", "5"], ["--points", "1"], ["--from", "x"]],
)
def test_wrong_usage(profile: str, words: list[str]) -> None:
    assert run("frontier", profile, *words).exit_code == 2


def test_ctrl_c_leaves_the_points_found(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from channelmix.recommender import frontier

    solved, calls = cm.solve, []

    def stopped(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return solved(*args, **options)

    monkeypatch.setattr(frontier, "solve", stopped)
    result = run("frontier", profile, "--points", "3", "--format", "json")
    assert result.exit_code == 130
    found = Frontier.from_json(result.stdout)
    assert len(found.points) == 1
    assert not found.complete
    assert "interrupted" in result.stderr


def test_a_frontier_needs_a_budget() -> None:
    curves = cm.ResponseCurves.power([1.0], 0.5)
    with pytest.raises(cm.InputError, match="needs a fixed_budget, not a max_profit"):
        cm.frontier(cm.AllocationProblem(curves, cm.MaxProfit()))
    budget = cm.AllocationProblem(curves, cm.FixedBudget(1.0))
    with pytest.raises(cm.InputError, match="points must be"):
        cm.frontier(budget, points=1)
    with pytest.raises(cm.InputError, match="a number of at least 0"):
        cm.frontier(budget, [-1.0])


@pytest.mark.parametrize(
    ("words", "scenario"),
    [
        (["--target", "5000"], {"kind": "target_outcome", "amount": 5000.0}),
        (
            ["--target", "5000", "--budget", "9000"],
            {"kind": "target_outcome", "amount": 5000.0, "max_amount": 9000.0},
        ),
        (["--min-roi", "1.5"], {"kind": "flexible_budget", "min_roi": 1.5}),
        (["--max-profit"], {"kind": "max_profit"}),
    ],
)
def test_scenarios_as_options(profile: str, words: list[str], scenario: dict[str, Any]) -> None:
    result = run("optimize", profile, *words, "--format", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["scenario"] == scenario


def test_only_one_scenario_at_a_time(profile: str) -> None:
    assert run("optimize", profile, "--target", "5", "--max-profit").exit_code == 2


def test_a_target_out_of_reach_exits_with_4(profile: str) -> None:
    result = run("optimize", profile, "--target", "1000000", "--budget", "9000", "--format", "json")
    assert result.exit_code == 4
    assert "least to relax: target_outcome by" in result.stderr
