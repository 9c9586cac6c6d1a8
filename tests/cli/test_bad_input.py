from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]


def rejected(result: Result, *said: str) -> None:
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.startswith("channelmix: ")
    assert len(result.stderr) < 5000
    assert all(line.isprintable() for line in result.stderr.splitlines())
    for part in said:
        assert part in result.stderr


@pytest.mark.parametrize("command", ["optimize", "validate", "verify"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "bad.json"),
        (b"", "bad.json"),
        (b"   \n", "bad.json"),
        (b"\x00" * 100, "bad.json"),
        (b"\xff\xfe{}", "bad.json"),
        (b'{"name": "caf\xe9"}', "bad.json"),
        (b"hello", "bad.json"),
        (b"null", "bad.json"),
        (b"[]", "bad.json"),
        (b"1e999", "bad.json"),
        (b"{}", "bad.json"),
        (b'{"name": "a", "name": "b"}', "bad.json"),
        (b"[" * 100_000, "bad.json"),
        (b'{"a":' * 50_000, "bad.json"),
        (b"9" * 100_000, "bad.json"),
        (b'{"status": ' + b"9" * 5000 + b"}", "bad.json"),
        (b'{"name": "\x1b[31m"}', "bad.json"),
    ],
)
def test_files_that_are_neither(
    run: Run, tmp_path: Path, command: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "bad.json").write_bytes(content)
    rejected(run(command, "bad.json"), said)


@pytest.mark.parametrize("command", ["optimize", "validate", "verify"])
def test_a_folder_is_no_file(run: Run, tmp_path: Path, command: str) -> None:
    rejected(run(command, str(tmp_path)), "irectory")


@pytest.mark.parametrize("command", ["optimize", "validate", "verify"])
def test_a_huge_file(run: Run, tmp_path: Path, command: str) -> None:
    with (tmp_path / "huge.json").open("wb") as stream:
        stream.truncate(50_000_000)
    rejected(run(command, "huge.json"), "huge.json")


def test_a_plan_above_the_limit_is_not_read_whole(
    run: Run, plan_file: str, plan_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channelmix.core.documents.LARGEST_DOCUMENT", 1000)
    rejected(run("verify", plan_file), "at most 1,000 bytes")
    rejected(run("verify", "-", input=plan_text), "standard input has more than 1000 bytes")


def test_a_profile_above_the_limit_is_not_read_whole(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channelmix.profile.source.LARGEST_FILE", 1000)
    rejected(run("optimize", "-", input="x" * 2000), "standard input has more than 1000 bytes")


def edit(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        node: Any = content
        for part in parents:
            node = node[part]
        node[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edit("scenario.amount", float("nan")), "scenario.amount"),
        (edit("scenario.amount", float("inf")), "scenario.amount"),
        (edit("scenario.amount", -1), "scenario.amount"),
        (edit("scenario.amount", "1000"), "scenario.amount"),
        (edit("scenario.amount", 10**400), "scenario.amount"),
        (edit("scenario.amount", None), "scenario.amount"),
        (edit("scenario.kind", "magic"), "scenario.kind"),
        (edit("channels", {}), "channels"),
        (edit("channels.sms.reachable", True), "channels.sms.reachable"),
        (edit("channels.smss", {"reachable": 5}), "like"),
        (edit("channels.sms.recahable", 5), '(did you mean "reachable"?)'),
        (edit("markets", []), "markets"),
        (edit("purposes", {}), "purposes"),
        (edit("sector", "retial"), '(did you mean "retail"?)'),
        (edit("rules", [{"kind": "keep_working", "select": "smss"}]), '(did you mean "sms"?)'),
        (edit("rules", [{"kind": "spend_bounds", "bounds": {"sms": [5, 1]}}]), "cross"),
        (edit("rules", [{"kind": "group_share", "select": "sms", "low": 0.9, "high": 0.1}]), "cross"),
        (edit("rules", [{"kind": "group_share", "select": "sms", "high": 7}]), "rules[0]"),
        (edit("rules", "none"), "rules"),
        (edit("usd_rate", None), "usd_rate"),
    ],
)
def test_profiles_that_cannot_be(
    run: Run, tmp_path: Path, small: dict[str, Any], change: Callable[[dict[str, Any]], None], said: str
) -> None:
    change(small)
    (tmp_path / "bad.json").write_text(json.dumps(small, indent=1), encoding="utf-8")
    for command in ("optimize", "validate"):
        result = run(command, "bad.json")
        rejected(result, said, "line ")


def test_duplicate_keys(run: Run, tmp_path: Path, small: dict[str, Any]) -> None:
    text = json.dumps(small).replace('"sector": "retail"', '"sector": "retail", "sector": "banking"')
    (tmp_path / "bad.json").write_text(text, encoding="utf-8")
    rejected(run("optimize", "bad.json"), "sector")


def test_impossible_bounds_are_conflicts_not_faults(run: Run, tmp_path: Path, small: dict[str, Any]) -> None:
    small["rules"] = [{"kind": "spend_bounds", "bounds": {"sms": [30000, None]}}]
    (tmp_path / "p.json").write_text(json.dumps(small), encoding="utf-8")
    result = run("optimize", "p.json")
    assert result.exit_code == 4
    assert "  - fixed_budget\n  - spend_bounds sms\n" in result.stdout


def test_names_cannot_drive_the_terminal(run: Run, tmp_path: Path, plan_text: str) -> None:
    for name in ("\\u001b]0;title\\u0007", "\\u009b31m", "a\\nb"):
        (tmp_path / "plan.json").write_text(plan_text.replace("Maison Verte", name), encoding="utf-8")
        rejected(run("verify", "plan.json"), "printable")
    rejected(run("verify", "\x1b[31m.json"), "\\x1b[31m.json")
