from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from click.testing import Result

import channelmix
from channelmix.cli import main
from channelmix.cli.optimize import MECHANISMS
from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.profile.fields.values import Mechanism, Sector
from channelmix.recommender.optimize.optimize import optimize

Run = Callable[..., Result]

OPTIONS = {
    "init": {"--force"},
    "validate": set(),
    "schema": set(),
    "fit": {"--profile", "--outcome-worth", "--control", "--experiments", "--output", "--seed"},
    "optimize": {"--format", "--output", "--budget", "--gap", "--time-limit", "--seed"},
    "sensitivity": {"--top", "--format", "--output", "--quiet"},
    "verify": set(),
}
"""The contract's commands and options."""


@pytest.mark.parametrize("command", sorted(main.commands))
def test_help(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    (start,) = (i for i, line in enumerate(lines) if line.strip() in ("Example:", "Examples:"))
    assert lines[start + 1].startswith(f"    channelmix {command}"), "each example has its own line"
    assert "\\b" not in result.stdout
    assert "\x08" not in result.stdout
    options = {name for parameter in main.commands[command].params for name in parameter.opts}
    promised = OPTIONS.get(command, set())
    assert promised <= options
    assert all(option in result.stdout for option in promised)
    assert max(map(len, lines)) <= 80


def test_what_can_be_left_out_is_what_a_profile_can_switch_off() -> None:
    """The command writes the names out, to start fast."""
    assert get_args(Mechanism) == MECHANISMS


def test_mechanisms_are_left_out(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path / "p.json"))
    options = ("--format", "json", "--without", "fatigue", "--without", "word_of_mouth")
    plan = Plan.from_json(run("optimize", str(tmp_path / "p.json"), *options).stdout)
    assert plan.not_counted == ["word of mouth", "opt-outs"]
    assert plan.word_of_mouth is None
    assert plan.totals is not None
    assert plan.totals.charge == 0.0
    assert run("optimize", str(tmp_path / "p.json"), "--without", "magic").exit_code == 2


def test_help_of_the_whole(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert set(OPTIONS) <= set(main.commands)
    assert all(command in result.stdout for command in main.commands)
    assert "    channelmix optimize profile.json\n" in result.stdout
    assert run("-h").stdout == result.stdout
    assert run("--version").stdout == f"channelmix, version {channelmix.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("plan",),
        ("optimize",),
        ("optimize", "a", "b"),
        ("optimize", "a", "--format", "xml"),
        ("optimize", "a", "--budgets", "1"),
        ("verify",),
        ("schema", "x"),
        *[("optimize", "a", "--budget", value) for value in ("nan", "inf", "-inf", "-1", "much")],
        *[("optimize", "a", "--gap", value) for value in ("nan", "inf", "0", "-1e-4", "x")],
        *[("optimize", "a", "--time-limit", value) for value in ("nan", "inf", "0", "-1")],
        *[("optimize", "a", "--seed", value) for value in ("-1", "1.5", "4294967296", "nan")],
        *[("optimize", "a", "--draws", value) for value in ("0", "-1", "1e3", "1000000000")],
        *[("init", "--budget", value) for value in ("nan", "inf", "0", "-1")],
        *[("init", "--customers", value) for value in ("nan", "0", "-5")],
        *[("init", "--periods", value) for value in ("0", "-1", "1.5", "1000000")],
        ("init", "--usd-rate", "0"),
        ("init", "--sector", "retial"),
        ("init", "--country", "France"),
        ("init", "--currency", "euro", "--usd-rate", "1"),
        ("init", "--name", ""),
        ("init", "--currency", "USD", "--usd-rate", "2"),
    ],
)
def test_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: channelmix" in result.stderr


def test_a_wrong_flag_is_named(run: Run) -> None:
    message = run("init", "--sector", "retial", "--country", "fr").stderr
    assert '--sector: found "retial", expected' in message
    assert '(did you mean "retail"?)' in message
    assert '--country: found "fr"' in message
    assert "line" not in message, "there is no text that has lines"


@pytest.mark.no_cover
def test_optimize_prints_the_table(run: Run, profile: str, small_plan: Plan) -> None:
    result = run("optimize", profile)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith("Small   Budget EUR 20,000 a month")
    assert "\x1b" not in result.stdout


@pytest.mark.no_cover
def test_optimize_prints_json(run: Run, profile: str, small_plan: Plan) -> None:
    result = run("optimize", profile, "--format", "json")
    assert result.exit_code == 0
    assert result.stdout == small_plan.to_json()
    assert result.stderr == ""


@pytest.mark.no_cover
def test_optimize_prints_csv(run: Run, profile: str, small_plan: Plan) -> None:
    result = run("optimize", profile, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [float(row["spend"]) for row in rows] == [row.spend for row in small_plan.allocation]


@pytest.mark.no_cover
def test_options_reach_the_plan(run: Run, profile: str, small: dict[str, Any]) -> None:
    arguments = ("--budget", "3000", "--seed", "3", "--gap", "0.01", "--draws", "64", "--format", "json")
    plan = Plan.from_json(run("optimize", profile, *arguments).stdout)
    small["scenario"]["amount"] = 3000.0
    expected = optimize(CompanyProfile.model_validate(small), seed=3, gap=0.01, n_draws=64)
    assert plan == expected
    assert plan.totals is not None
    assert plan.totals.budget == 3000.0


@pytest.mark.no_cover
def test_standard_input(run: Run, small: dict[str, Any], small_plan: Plan, plan_text: str) -> None:
    text = json.dumps(small)
    assert run("optimize", "-", "--format", "json", input=text).stdout == small_plan.to_json()
    assert "Small: valid" in run("validate", "-", input=text).stdout
    assert "Maison Verte: figures and proof agree" in run("verify", "-", input=plan_text).stdout


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("name", "start"), [("p.json", "{"), ("p.CSV", "market,"), ("p.txt", "Small "), ("p", "Small ")]
)
def test_output_by_its_ending(run: Run, profile: str, tmp_path: Path, name: str, start: str) -> None:
    result = run("optimize", profile, "--output", name)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{name}: optimal\n"
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    assert sorted(os.listdir(tmp_path)) == sorted(["profile.json", name]), "nothing else is left"


@pytest.mark.usefixtures("planned")
def test_output_replaces_a_file_and_keeps_its_mode(run: Run, profile: str, tmp_path: Path) -> None:
    target = tmp_path / "private.json"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o600)
    link = tmp_path / "link.json"
    link.symlink_to(target)
    assert run("optimize", profile, "-o", "link.json").exit_code == 0
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert Plan.from_file(target).name == "Small"


@pytest.mark.usefixtures("planned")
def test_output_to_a_device_leaves_the_device(run: Run, profile: str) -> None:
    """Replacing /dev/null by a file would break the machine."""
    assert run("optimize", profile, "-o", os.devnull).exit_code == 0
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.usefixtures("planned")
def test_a_failed_write_leaves_the_old_file(
    run: Run, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plan.json").write_text("old", encoding="utf-8")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    result = run("optimize", profile, "-o", "plan.json")
    assert result.exit_code == 3
    assert result.stderr == "channelmix: cannot write plan.json: No space left on device\n"
    assert (tmp_path / "plan.json").read_text(encoding="utf-8") == "old"
    assert sorted(os.listdir(tmp_path)) == ["plan.json", "profile.json"]


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("output", ["no/such/folder/plan.json", ".", "x" * 300 + ".json"])
def test_output_that_cannot_be_written(run: Run, profile: str, output: str) -> None:
    result = run("optimize", profile, "-o", output)
    assert result.exit_code == 3
    assert result.stderr.startswith("channelmix: cannot write ")
    assert result.stderr.count("\n") == 1


def test_infeasible_rules(run: Run, tmp_path: Path, small: dict[str, Any]) -> None:
    small["rules"] = [
        {"kind": "spend_bounds", "bounds": {"sms": [15000, None]}},
        {"kind": "spend_bounds", "bounds": {"im": [15000, None]}},
    ]
    (tmp_path / "p.json").write_text(json.dumps(small), encoding="utf-8")
    result = run("optimize", "p.json")
    assert result.exit_code == 4
    assert "INFEASIBLE" in result.stdout
    assert "  - spend_bounds sms\n  - spend_bounds im\n" in result.stdout
    assert run("optimize", "p.json", "-o", "plan.json").exit_code == 4
    verified = run("verify", "plan.json")
    assert verified.exit_code == 0
    assert (
        "no split obeys all rules (in conflict: fixed_budget, spend_bounds sms, spend_bounds im)"
        in verified.stdout
    )


@pytest.mark.no_cover
def test_not_certified(run: Run, profile: str) -> None:
    result = run("optimize", profile, "--gap", "1e-13", "--time-limit", "1e-9", "-o", "plan.json")
    assert result.exit_code == 5
    assert re.fullmatch(
        r"plan\.json: not_certified: a split worth up to [\d.]+ % more may exist \(the gap\)\n", result.stderr
    )
    assert "(not certified to the gap that was asked for)" in run("verify", "plan.json").stdout


@pytest.mark.parametrize("style", ["csv", "json"])
def test_data_without_a_proof_says_so(run: Run, profile: str, style: str) -> None:
    result = run("optimize", profile, "--gap", "1e-13", "--time-limit", "1e-9", "--format", style)
    assert result.exit_code == 5
    assert result.stderr.startswith("channelmix: not_certified: a split worth up to ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("style", ["csv", "json"])
def test_data_without_a_plan_says_why(run: Run, tmp_path: Path, small: dict[str, Any], style: str) -> None:
    small["rules"] = [{"kind": "spend_bounds", "bounds": {"sms": [30000, None]}}]
    (tmp_path / "p.json").write_text(json.dumps(small), encoding="utf-8")
    result = run("optimize", "p.json", "--format", style)
    assert result.exit_code == 4
    assert result.stderr == (
        "channelmix: infeasible: no split of the budget obeys these rules together: "
        "fixed_budget, spend_bounds sms. These rules need EUR 30,000 at least, and the budget is 20,000; "
        "least to relax: spend_bounds sms (lower limit) by 10,000\n"
    )
    assert run("optimize", "p.json").stderr == "", "the table says it itself"


def test_help_of_verify_says_what_is_not_claimed(run: Run) -> None:
    said = " ".join(run("verify", "--help").stdout.split())
    (sentence,) = (part for part in said.split(". ") if part.startswith("Not part of the claim: "))
    for word in (
        "names",
        "words",
        "assumptions",
        "comparisons with other splits",
        "which rules are in the way",
    ):
        assert word in sentence


def test_validate(run: Run, profile: str) -> None:
    result = run("validate", profile)
    assert result.exit_code == 0
    assert result.stdout == "Small: valid; 1 market, 4 channels, 12 cells, EUR 20,000 per period\n"


COMMANDS_OF_PLANS = ["validate", "optimize", "frontier", "explain", "test-next", "sensitivity"]


@pytest.mark.parametrize("command", COMMANDS_OF_PLANS)
def test_a_plan_that_is_too_large_is_refused_before_it_is_made(run: Run, profile: str, command: str) -> None:
    result = run(command, profile, "--max-memory", "0.01")
    assert result.exit_code == 3
    assert result.stdout == ""
    for part in ("too large: 12 cells of 1 market", "more than the 0.01 GB allowed", "--max-memory"):
        assert part in result.stderr


def test_validate_says_what_makes_no_difference(run: Run, small: dict[str, Any]) -> None:
    small["channels"]["social"]["audience"] = "cold"
    text = json.dumps(small | {"country": "XX"})
    result = run("validate", "-", input=text)
    assert result.exit_code == 0
    assert "Small: Published returns of advertisements tell no audiences apart" in result.stderr
    assert "Small: No published figure is of XX" in result.stderr


def test_schema_describes_profiles(run: Run, small: dict[str, Any]) -> None:
    result = run("schema")
    assert result.exit_code == 0
    schema = json.loads(result.stdout)
    jsonschema.validate(small, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(small | {"sector": "magic"}, schema)


def test_verify(run: Run, plan_file: str) -> None:
    result = run("verify", plan_file)
    assert result.exit_code == 0
    assert result.stdout.startswith("Maison Verte: figures and proof agree: value EUR 1")
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"spend": 35000.0', '"spend": 34000.0', 5),
        ('"status": "optimal"', '"status": "infeasible"', 5),
        ('"gap": ', '"gap": 1', 5),
        ('"kind": "fixed_budget"', '"kind": "other"', 3),
        ('"schema_version": 2', '"schema_version": 9', 3),
        ('"status": "optimal"', "", 3),
    ],
)
def test_verify_rejects(run: Run, tmp_path: Path, plan_text: str, old: str, new: str, code: int) -> None:
    assert old in plan_text
    (tmp_path / "forged.json").write_text(plan_text.replace(old, new), encoding="utf-8")
    result = run("verify", "forged.json")
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith("channelmix: not proven: " if code == 5 else "channelmix: ")


def test_verify_holds_a_plan_against_its_profile(
    run: Run, tmp_path: Path, profile: str, small: dict[str, Any], small_plan: Plan
) -> None:
    (tmp_path / "plan.json").write_text(small_plan.to_json(), encoding="utf-8")
    result = run("verify", "plan.json", "--profile", profile)
    assert result.exit_code == 0
    assert "figures and proof agree, as do figures and profile: value EUR" in result.stdout
    small["channels"]["sms"]["reachable"] = 60000.0
    (tmp_path / "other.json").write_text(json.dumps(small), encoding="utf-8")
    result = run("verify", "plan.json", "--profile", "other.json")
    assert result.exit_code == 5
    assert "not proven: the plan was made for another profile" in result.stderr
    assert result.stdout == ""
    assert run("verify", "-", "--profile", "-", input="{}").exit_code == 2


def test_init_to_standard_output_and_to_a_file(run: Run, tmp_path: Path) -> None:
    text = run("init").stdout
    CompanyProfile.from_json(text)
    assert run("init", "-").stdout == text
    result = run("init", "new.json")
    assert result.exit_code == 0
    assert result.stderr == "new.json written; edit it, then run: channelmix optimize new.json\n"
    assert (tmp_path / "new.json").read_text(encoding="utf-8") == text
    again = run("init", "new.json")
    assert again.exit_code == 2
    assert "new.json exists; replace it with --force" in again.stderr
    assert run("init", "new.json", "--force", "--name", "Other").exit_code == 0
    assert '"name": "Other"' in (tmp_path / "new.json").read_text(encoding="utf-8")


def test_init_asks_for_an_unknown_rate(run: Run) -> None:
    result = run("init", "--currency", "XOF")
    assert result.exit_code == 3
    assert "usd_rate" in result.stderr
    assert run("init", "--currency", "XOF", "--usd-rate", "600").exit_code == 0


@pytest.mark.no_cover
@pytest.mark.parametrize("sector", get_args(Sector))
def test_a_starter_of_every_sector_can_be_planned(run: Run, sector: str) -> None:
    content = run("init", "--sector", sector, "--budget", "1234567.89", "--customers", "98765").stdout
    result = run("optimize", "-", "--format", "csv", "--draws", "64", input=content)
    assert result.exit_code == 0


@pytest.mark.parametrize("flags", [("USD", "US"), ("JPY", "JP"), ("IDR", "ID"), ("GBP", "GB"), ("XOF", "SN")])
def test_a_starter_in_any_currency_can_be_planned(run: Run, flags: tuple[str, str]) -> None:
    currency, country = flags
    rate = ("--usd-rate", "600") if currency == "XOF" else ()
    content = run("init", "--currency", currency, "--country", country, *rate).stdout
    result = run("optimize", "-", "--format", "json", input=content)
    assert result.exit_code == 0
    plan = Plan.from_json(result.stdout)
    assert plan.currency == currency
    assert plan.status == "optimal"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the runner's streams look like a terminal."""
    from click import testing

    monkeypatch.setattr(testing._NamedTextIOWrapper, "isatty", lambda _: True, raising=False)


@pytest.mark.usefixtures("terminal")
def test_init_asks_on_a_terminal(run: Run, tmp_path: Path) -> None:
    answers = "Chez Nous\nretial\nretail\nfr\nFR\nXOF\n0\n600\nmuch\n5000000\n\n"
    result = run("init", "new.json", input=answers)
    assert result.exit_code == 0
    profile = CompanyProfile.from_file(tmp_path / "new.json")
    assert (profile.name, profile.sector, profile.currency, profile.usd_rate) == (
        "Chez Nous",
        "retail",
        "XOF",
        600.0,
    )
    assert profile.budget == 5e6
    assert profile.markets[0].customers == 1000000.0
    assert '(did you mean "retail"?)' in result.stderr
    assert "Company name [My company]:" in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("terminal")
def test_init_does_not_ask_for_what_it_knows(run: Run, tmp_path: Path) -> None:
    result = run("init", "new.json", input="\n" * 6)
    assert result.exit_code == 0
    assert "US dollar" not in result.stderr
    assert CompanyProfile.from_file(tmp_path / "new.json").currency == "EUR"
    assert "Company name" not in run("init", "other.json", "--country", "DE").stderr, (
        "flags are answers enough"
    )


@pytest.mark.usefixtures("terminal")
def test_leaving_the_questions_is_no_defect(run: Run, tmp_path: Path) -> None:
    result = run("init", "new.json", input="Half\n")
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    assert not (tmp_path / "new.json").exists()


def test_a_defect_is_one_line(run: Run, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("two\nlines \x1b[31m")

    monkeypatch.setattr(channelmix, "optimize", broken, raising=False)
    result = run("optimize", profile)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "a defect of channelmix (RuntimeError: two lines \\x1b[31m); please report it" in result.stderr
    monkeypatch.setenv("CHANNELMIX_TRACEBACK", "1")
    assert isinstance(run("optimize", profile).exception, RuntimeError)


def test_interrupted(run: Run, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(channelmix, "optimize", stopped, raising=False)
    assert run("optimize", profile).exit_code == 130


def test_a_new_file_has_the_usual_mode(run: Run, tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        run("init", "new.json")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new.json").stat().st_mode) == 0o640
