from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import channelmix as cm

Run = Callable[..., Result]


@pytest.fixture
def history(tmp_path: Path) -> str:
    """A year of weeks in which SMS brings what it costs, twice."""
    rng = np.random.default_rng(3)
    sms = np.round(rng.gamma(4.0, 300.0, 52))
    orders = np.round(800.0 + 300.0 * (1.0 - np.exp(-sms / 1500.0)) + 15.0 * rng.standard_normal(52))
    lines = [
        f"{week},{brought:g},{spent:g}" for week, (brought, spent) in enumerate(zip(orders, sms, strict=True))
    ]
    (tmp_path / "history.csv").write_text("\n".join(["week,orders,sms/promotion", *lines]))
    return "history.csv"


OPTIONS = ("--profile", "profile.json", "--date", "week", "--outcome", "orders", "--outcome-worth", "20")


@pytest.mark.no_cover
def test_evidence_is_written_and_planned_on(
    run: Run, history: str, profile: str, small: dict[str, Any], tmp_path: Path
) -> None:
    result = run("fit", history, *OPTIONS, "--output", "evidence.json")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("history.csv: 52 rows of 7 days, 0 to 51\n")
    assert "sms/promotion" in result.stdout
    assert re.search(r"^\d+ checks passed$", result.stdout, re.MULTILINE)
    assert "PASS" not in result.stdout
    assert result.stderr == 'evidence.json written; name it in the profile: "evidence": "evidence.json"\n'
    assert json.loads((tmp_path / "evidence.json").read_text())["fitted"]["outcome_worth"] == 20.0
    small |= {"evidence": "evidence.json", "risk": {"kind": "mean"}}
    (tmp_path / profile).write_text(json.dumps(small))
    assert run("validate", profile).exit_code == 0
    # The file that a profile names need not be there to be written.
    (tmp_path / "evidence.json").rename(tmp_path / "moved.json")
    assert run("optimize", profile).exit_code == 3
    (tmp_path / "moved.json").rename(tmp_path / "evidence.json")
    planned = run("optimize", profile, "--draws", "64", "--format", "csv")
    assert planned.exit_code == 0, planned.output
    line = next(line for line in planned.stdout.splitlines() if line.startswith("FR,sms,promotion"))
    assert ",history," in line


@pytest.mark.no_cover
def test_more_draws_are_made_where_asked_for(run: Run, history: str, profile: str, tmp_path: Path) -> None:
    assert run("fit", history, *OPTIONS, "--draws", "2100", "-o", "more.json").exit_code == 0
    evidence = cm.Evidence.from_json((tmp_path / "more.json").read_text())
    assert cm.ResponseCurves.from_dict(evidence.curves).n_draws == 2100
    few = run("fit", history, *OPTIONS, "--draws", "100")
    assert few.exit_code == 2
    assert "2000<=x<=100000" in few.stderr


def test_checks_that_passed_are_listed_on_demand(run: Run, history: str, profile: str) -> None:
    for option in ("-v", "--verbose"):
        listed = run("fit", history, *OPTIONS, option)
        assert re.search(r"^PASS +No period is missing", listed.stdout, re.MULTILINE)
        assert "checks passed" not in listed.stdout


def test_the_table_goes_to_standard_output_without_a_file(run: Run, history: str, profile: str) -> None:
    result = run("fit", history, *OPTIONS)
    assert result.exit_code == 0
    assert result.stderr == ""


@pytest.mark.no_cover
def test_volumes_from_standard_input_are_as_spend_in_a_file(
    run: Run, history: str, profile: str, tmp_path: Path
) -> None:
    """Messages at 0.05 each."""
    lines = (tmp_path / history).read_text().splitlines()
    counted = [",".join([*line.split(",")[:2], str(20.0 * float(line.split(",")[2]))]) for line in lines[1:]]
    text = "\n".join([lines[0], *counted])
    piped = run("fit", "-", *OPTIONS, "--cost-per-unit", "sms/promotion=0.05", input=text)
    assert piped.exit_code == 0, piped.output
    assert piped.stdout == run("fit", history, *OPTIONS).stdout.replace(history, "standard input")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("history.csv", "--cost-per-unit", "sms"), "'sms' is not COLUMN=COST"),
        (("history.csv", "--long", "channel"), "'channel' is not CHANNEL=SPEND, two columns"),
        (("history.csv", "--decimal", ";"), "is not one of '.', ','"),
        (("-", "--profile", "-"), "Only one of HISTORY.CSV and --profile"),
    ],
)
def test_wrong_usage_is_named(
    run: Run, history: str, profile: str, arguments: tuple[str, ...], said: str
) -> None:
    result = run("fit", *OPTIONS, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_profile_need_not_have_the_evidence_that_it_names(
    run: Run, history: str, profile: str, small: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / profile).write_text(json.dumps(small | {"evidence": "evidence.json"}))
    assert run("fit", history, *OPTIONS).exit_code == 0
    result = run("optimize", "-", input=json.dumps(small | {"evidence": "evidence.json"}))
    assert result.exit_code == 3
    assert "relative to the profile's folder" in result.stderr


def test_the_worth_of_the_outcome_must_be_stated(run: Run, history: str, profile: str) -> None:
    result = run("fit", history, "--profile", profile, "--date", "week", "--outcome", "orders")
    assert result.exit_code == 2
    assert "--outcome-worth" in result.stderr


@pytest.mark.no_cover
def test_how_a_table_was_read_is_said_in_one_line(
    run: Run, history: str, profile: str, small: dict[str, Any], tmp_path: Path
) -> None:
    plain = run("fit", history, *OPTIONS)
    lines = (tmp_path / history).read_text().splitlines()
    (tmp_path / history).write_text(
        "\n".join(line.replace(",", ";") + ",0" * (i > 0) for i, line in enumerate(lines))
    )
    result = run("fit", history, *OPTIONS, "-o", "evidence.json")
    assert result.exit_code == 0, result.output
    assert result.stdout == plain.stdout
    assert result.stderr.splitlines()[0] == "history.csv read as: semicolons, decimal comma"
    fitted = json.loads((tmp_path / "evidence.json").read_text())["fitted"]
    assert fitted["read_as"] == ["semicolons", "decimal comma"]
    stated = {"file": history, "outcome_worth": 20.0, "outcome": "orders", "date": "week"}
    (tmp_path / profile).write_text(json.dumps(small | {"history": stated}))
    assert run("validate", profile).stderr.splitlines()[0] == "history.csv read as: semicolons, decimal comma"


@pytest.mark.no_cover
def test_what_a_table_leaves_open_is_stated(run: Run, history: str, profile: str, tmp_path: Path) -> None:
    plain = run("fit", history, *OPTIONS)
    lines = [line.split(",") for line in (tmp_path / history).read_text().splitlines()]
    rows = [
        f"{week},sms/promotion,{float(spent):_.0f},{orders}".replace("_", ".")
        for week, orders, spent in lines[1:]
    ]
    (tmp_path / history).write_text("\n".join(["week,channel,spend,orders", *rows]))
    asked = run("fit", history, *OPTIONS, "--long", "channel=spend")
    assert asked.exit_code == 3
    assert "--decimal . or --decimal ," in asked.stderr
    result = run("fit", history, *OPTIONS, "--long", "channel=spend", "--decimal", ",")
    assert result.exit_code == 0, result.output
    assert result.stdout == plain.stdout
    assert "--long channel=spend" in run("fit", history, *OPTIONS).stderr
    assert run("fit", history, "--long", *OPTIONS, "--decimal", ",").stdout == plain.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--outcome", "order"), 'there is no column order (did you mean "orders"?)'),
        (("--control", "promo"), "there is no column promo"),
        (("--cost-per-unit", "sms/promotion=pay"), "there is no column pay"),
        (
            ("--cost-per-unit", "sms/promotion=-1"),
            "the cost of a unit of sms/promotion must be a number above 0, not -1.0",
        ),
        (("--cost-per-unit", "orders=2"), "column orders has two roles"),
        (("--experiments", "none.csv"), "none.csv: No such file"),
        (("--experiments", "history.csv"), "unknown field week"),
        (("--profile", "none.json"), "none.json: No such file"),
    ],
)
def test_invalid_input_is_named(
    run: Run, history: str, profile: str, options: tuple[str, ...], said: str
) -> None:
    result = run("fit", history, *OPTIONS, *options)
    assert result.exit_code == 3
    assert said in result.stderr
    assert result.stdout == ""


def test_a_column_of_an_unknown_cell_gets_the_nearest_name(
    run: Run, history: str, profile: str, tmp_path: Path
) -> None:
    path = tmp_path / history
    path.write_text(path.read_text().replace("sms/promotion", "smss"))
    result = run("fit", history, *OPTIONS)
    assert result.exit_code == 3
    assert 'no cell is selected by "smss" (did you mean "sms"?)' in result.stderr


def test_columns_of_an_export_are_ignored(run: Run, history: str, profile: str, tmp_path: Path) -> None:
    path = tmp_path / history
    alone = run("fit", history, *OPTIONS)
    head, *lines = path.read_text().splitlines()
    path.write_text("\n".join([head + ",KW,note", *(f"{line},{i},x" for i, line in enumerate(lines))]))
    refused = run("fit", history, *OPTIONS, "--ignore", "note")
    assert refused.exit_code == 3
    assert 'history.csv: column KW: no cell is selected by "KW"; name spend after its cells' in refused.stderr
    result = run("fit", history, *OPTIONS, "--ignore", "note", "--ignore", "KW")
    assert result.exit_code == 0, result.output
    assert result.stdout == alone.stdout


@pytest.mark.no_cover
def test_media_without_a_bill_are_named_and_shown(
    run: Run, history: str, profile: str, small: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / history
    lines = path.read_text().splitlines()
    sent = [f"{line},{week % 3 * 500}" for week, line in enumerate(lines[1:])]
    path.write_text("\n".join([lines[0] + ",newsletter", *sent]))
    assert "column newsletter: no cell is selected" in run("fit", history, *OPTIONS).stderr
    result = run("fit", history, *OPTIONS, "--unpaid", "newsletter", "-o", "evidence.json")
    assert result.exit_code == 0, result.output
    assert "newsletter (unpaid): about EUR" in result.stdout
    (free,) = json.loads((tmp_path / "evidence.json").read_text())["unpaid"]
    assert free["name"] == "newsletter"
    stated = {
        "file": history,
        "date": "week",
        "outcome": "orders",
        "outcome_worth": 20,
        "unpaid": ["newsletter"],
    }
    (tmp_path / profile).write_text(json.dumps(small | {"history": stated}))
    assert run("validate", profile).exit_code == 0


@pytest.mark.no_cover
def test_a_test_of_several_channels_is_joined_in_a_table(
    run: Run, history: str, profile: str, tmp_path: Path
) -> None:
    path = tmp_path / history
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join([lines[0] + ",social", *(f"{line},{100 + 7 * len(line)}" for line in lines[1:])])
    )
    head = "channel,start,end,spend_change,lift,standard_error,rows\n"
    (tmp_path / "t.csv").write_text(head + "sms/promotion+social,10,13,-900+-100,-60,20,with_change\n")
    result = run("fit", history, *OPTIONS, "--experiments", "t.csv", "--verbose")
    assert result.exit_code == 0, result.output
    assert "1 lift test" in result.stdout
    assert "the lift test of sms/promotion+social" in " ".join(result.stdout.split())


@pytest.mark.no_cover
def test_failed_checks_are_told(run: Run, history: str, profile: str, tmp_path: Path) -> None:
    path = tmp_path / history
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0] + ",social", *(f"{line},1000" for line in lines[1:])]))
    result = run("fit", history, *OPTIONS)
    assert result.exit_code == 0
    assert re.search(r"^FAIL +Spend on social hardly varies", result.stdout, re.MULTILINE)
    assert "failed: follow the advice above before you plan on this" in result.stderr
