"""``channelmix explain``, ``compare`` and ``test-next``: what they print, write and refuse."""

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

import channelmix
from channelmix.cli import main
from channelmix.plan import Difference, Explanation, InformationValue
from channelmix.recommender.explain import explain
from channelmix.recommender.information_value.knowledge import Knowledge


@pytest.fixture
def small_file(tmp_path: Path) -> str:
    content: dict[str, Any] = copy.deepcopy(SMALL)
    content["channels"] = {"sms": content["channels"]["sms"], "im": content["channels"]["im"]}
    content["purposes"] = {name: content["purposes"][name] for name in ("promotion", "service")}
    content["rules"] = [{"kind": "keep_working", "floor": 0.2}]
    file = tmp_path / "profile.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), prog_name="channelmix")


@pytest.mark.no_cover
def test_explain_a_profile_and_its_plan(
    small_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = str(tmp_path / "plan.json")
    assert run("optimize", small_file, "--draws", "64", "--output", plan).exit_code == 0
    table = run("explain", plan)
    assert table.exit_code == 0, table.output
    assert "FR/sms/promotion" in table.stdout
    assert "What rules cost" in table.stdout
    assert "keep_working" in table.stdout
    data = run("explain", plan, "--format", "json")
    found = Explanation.from_json(data.stdout)
    with monkeypatch.context() as patch:
        patch.setattr(channelmix, "explain", lambda *_, **__: found, raising=False)
        rows = list(csv.DictReader(io.StringIO(run("explain", plan, "--format", "csv").stdout)))
    assert [row["cell"] for row in rows] == [cell.cell for cell in found.cells]
    assert run("explain", small_file).exit_code == 0


@pytest.mark.no_cover
def test_compare_plans_and_edits(small_file: str, tmp_path: Path) -> None:
    plans = [str(tmp_path / name) for name in ("a.json", "b.json")]
    for file, budget in zip(plans, ("20000", "15000"), strict=True):
        run("optimize", small_file, "--budget", budget, "--output", file)
    result = run("compare", *plans, "--format", "json")
    assert result.exit_code == 0, result.output
    found = Difference.from_json(result.stdout)
    assert found.paired
    assert found.spend_before - found.spend_after == pytest.approx(5000.0)
    table = run("compare", small_file, "--set", "budget=15000", "--set", "rules=[]")
    assert table.exit_code == 0, table.output
    assert "becomes fixed_budget amount 15,000" in table.stdout
    assert "rule gone: keep_working" in table.stdout
    unpaired = run("compare", small_file, "--set", "channels.sms.reachable=40000")
    assert "not paired" in unpaired.stdout
    assert run("compare", *plans, "--format", "csv").stdout.startswith("cell,before,after,change")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["compare", "{profile}"], 2),
        (["compare", "{profile}", "{profile}", "--set", "budget=1"], 2),
        (["compare", "{profile}", "--set", "budget"], 2),
        (["compare", "{profile}", "--set", "markets[9].customers=1"], 3),
        (["compare", "{profile}", "nothing.json"], 3),
        (["explain", "nothing.json"], 3),
        (["test-next", "{profile}", "--test", "FR/sms/promotion"], 2),
        (["test-next", "{profile}", "--test", "FR/sms/promotion:x:4"], 2),
        (["test-next", "{profile}", "--noise", "0"], 2),
    ],
)
def test_wrong_usage(small_file: str, words: list[str], code: int) -> None:
    result = run(*(word.format(profile=small_file) for word in words))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output


def test_rules_in_conflict(small_file: str) -> None:
    content = json.loads(Path(small_file).read_text(encoding="utf-8"))
    content["rules"] = [{"kind": "spend_bounds", "bounds": {"sms": [90000, None]}}]
    Path(small_file).write_text(json.dumps(content), encoding="utf-8")
    assert run("explain", small_file).exit_code == 4
    assert run("compare", small_file, "--set", "rules=[]").exit_code == 4


@pytest.mark.no_cover
def test_next_test(small_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = run("test-next", small_file, "--draws", "32")
    assert table.exit_code == 0, table.output
    assert "Test next" in table.stdout
    words = ["--draws", "32", "--test", "FR/sms/promotion:-1000:4:2000"]
    found = InformationValue.from_json(run("test-next", small_file, *words, "--format", "json").stdout)
    assert [(t.cell, t.spend_change, t.weeks, t.standard_error) for t in found.tests] == [
        ("FR/sms/promotion", -1000.0, 4.0, 2000.0)
    ]
    monkeypatch.setattr(channelmix, "information_value", lambda *_, **__: found, raising=False)
    rows = run("test-next", small_file, *words, "--format", "csv").stdout
    assert rows.startswith("cell,information_value")


@pytest.mark.no_cover
def test_ctrl_c(small_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(explain, "price_of", stop)
        result = run("explain", small_file, "--format", "json")
    assert result.exit_code == 130
    assert not Explanation.from_json(result.stdout).complete
    monkeypatch.setattr(Knowledge, "splits_given", stop)
    result = run("test-next", small_file, "--draws", "16", "--format", "json")
    assert result.exit_code == 130
    assert not InformationValue.from_json(result.stdout).complete
    assert "interrupted" in result.stderr
