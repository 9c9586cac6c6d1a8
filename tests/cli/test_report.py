from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from channelmix.plan import Plan

Run = Callable[..., Result]


def test_a_report_is_written_to_a_file_or_to_standard_output(
    run: Run, plan_file: str, plan_text: str, example_plan: Plan, tmp_path: Path
) -> None:
    result = run("report", plan_file, "-o", "report.html")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "report.html written\n")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page == example_plan.to_html()
    piped = run("report", "-", input=plan_text)
    assert piped.stdout == page
    french = run("report", plan_file, "--lang", "fr")
    assert french.stdout == example_plan.to_html(lang="fr")


@pytest.mark.no_cover
def test_a_frontier_gets_its_section(run: Run, profile: str) -> None:
    assert run("optimize", profile, "-o", "plan.json").exit_code == 0
    assert run("frontier", profile, "--points", "2", "-o", "frontier.json").exit_code == 0
    page = run("report", "plan.json", "--frontier", "frontier.json").stdout
    assert 'id="frontier-slider"' in page


@pytest.mark.no_cover
def test_reasons_and_tests_get_their_sections(run: Run, profile: str) -> None:
    assert run("optimize", profile, "--draws", "32", "-o", "plan.json").exit_code == 0
    assert run("explain", "plan.json", "-o", "why.json").exit_code == 0
    assert run("test-next", profile, "--draws", "16", "-o", "value.json").exit_code == 0
    page = run("report", "plan.json", "--explanation", "why.json", "--tests", "value.json").stdout
    assert 'id="reasons"' in page
    assert 'id="tests"' in page
    refused = run("report", "plan.json", "--tests", "why.json")
    assert refused.exit_code == 3
    assert "why.json: not an information value of channelmix" in refused.stderr


@pytest.mark.no_cover
def test_what_is_no_plan_is_said(run: Run, profile: str, plan_file: str) -> None:
    assert run("report", "missing.json").exit_code == 3
    assert "not a plan of channelmix" in run("report", profile).stderr
    assert "not a frontier of channelmix" in run("report", plan_file, "--frontier", plan_file).stderr
    assert run("frontier", profile, "--points", "2", "-o", "frontier.json").exit_code == 0
    other = run("report", plan_file, "--frontier", "frontier.json")
    assert other.exit_code == 3
    assert 'the frontier is of "Small" in EUR, the plan of "Maison Verte" in EUR' in other.stderr
    assert run("report", plan_file, "--lang", "de").exit_code == 2
    assert run("report", plan_file, "-o", "nowhere/report.html").exit_code == 3


def test_an_infeasible_plan_has_a_report_too(run: Run, infeasible_plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(infeasible_plan.to_json(), encoding="utf-8")
    result = run("report", "plan.json")
    assert result.exit_code == 0
    assert infeasible_plan.conflicts[0] in result.stdout


def test_a_report_needs_neither_solver_nor_plotly(
    process: Callable[..., subprocess.CompletedProcess[bytes]], plan_file: str
) -> None:
    result = process("report", plan_file, "-o", "report.html", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert result.returncode == 0
    loaded = {line.rpartition(b"|")[2].strip() for line in result.stderr.splitlines()}
    assert b"channelmix.report.html.page" in loaded
    assert not {b"cvxpy", b"highspy", b"plotly"} & loaded
