from __future__ import annotations

import csv
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import channelmix
from channelmix.plan import Sensitivity

Run = Callable[..., Result]
SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture
def brief(tmp_path: Path, small: dict[str, Any]) -> str:
    """Name of a file with a profile of few inputs."""
    small["channels"] = {
        "sms": {"reachable": 50000.0, "current_spend": {"promotion": 15000.0, "service": 5000.0}}
    }
    small["purposes"] = {"promotion": {"margin_per_order": 20.0}, "service": small["purposes"]["service"]}
    (tmp_path / "brief.json").write_text(json.dumps(small), encoding="utf-8")
    return "brief.json"


@pytest.mark.no_cover
def test_formats_agree(run: Run, brief: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("sensitivity", brief, "--output", "s.json")
    assert (result.exit_code, result.output) == (0, "")
    found = Sensitivity.from_json((tmp_path / "s.json").read_bytes())
    monkeypatch.setattr(channelmix, "sensitivity", lambda *_, **__: found, raising=False)
    rows = list(csv.DictReader(io.StringIO(run("sensitivity", brief, "--format", "csv").stdout)))
    assert len(rows) == 2 * len(found.inputs) * 2
    assert [float(row["kept_gain"]) for row in rows[::2]] == [
        side.kept_gain for effect in found.inputs for side in (effect.low, effect.high)
    ]
    lines = run("sensitivity", "-", "--top", "2", input=(tmp_path / brief).read_text()).stdout.splitlines()
    assert lines[0].split() == ["Small", "EUR", "20,000", "a", "month", "SENSITIVITY"]
    assert any(line.startswith(f"2 {found.inputs[1].name[:12]}") for line in lines)


def test_rules_in_conflict(run: Run, brief: str, tmp_path: Path) -> None:
    content = json.loads((tmp_path / brief).read_text(encoding="utf-8"))
    content["rules"] = [
        {"kind": "spend_bounds", "bounds": {"promotion": [15000, None], "service": [8000, None]}},
    ]
    (tmp_path / brief).write_text(json.dumps(content), encoding="utf-8")
    result = run("sensitivity", brief)
    assert result.exit_code == 4
    assert result.stdout == ""
    assert result.stderr.startswith(
        "channelmix: infeasible: no split of the budget obeys these rules together:"
    )


@pytest.mark.parametrize(
    "arguments", [(), ("a", "--top", "0"), ("a", "--format", "xml"), ("a", "--budget", "1")]
)
def test_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("sensitivity", *arguments).exit_code == 2


def test_invalid_input(run: Run) -> None:
    assert run("sensitivity", "missing.json").exit_code == 3


def _talk(tmp_path: Path, *arguments: str, until: bytes = b"") -> tuple[int, bytes, bytes]:
    """Run with a terminal as standard error; press Ctrl-C once it has said `until`."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "TERM": "xterm"}
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "channelmix", "sensitivity", *arguments]
    result = tmp_path / "result"  # a pipe that nobody reads yet would stop the child
    with (
        result.open("wb") as into,
        subprocess.Popen(
            command,
            stdout=into,
            stderr=theirs,
            cwd=tmp_path,
            env=environment,
            # Where tests run in the background, a shell has Ctrl-C ignored by all that they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as child,
    ):
        os.close(theirs)
        said, pressed, began = b"", False, time.monotonic()
        while time.monotonic() - began < 120.0:
            if not select.select([ours], [], [], 1.0)[0]:
                continue
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            said += part
            if until and until in said and not pressed:
                child.send_signal(signal.SIGINT)
                pressed = True
        else:
            child.kill()
    os.close(ours)
    return child.returncode, result.read_bytes(), said


def test_progress_on_a_terminal_is_gone_in_the_end(brief: str, tmp_path: Path) -> None:
    code, result, said = _talk(tmp_path, brief, "--format", "json")
    assert code == 0
    assert Sensitivity.from_json(result).inputs
    lines = said.split(b"\r\x1b[K")
    assert any(line.endswith(b" inputs") for line in lines)
    assert lines[0] == lines[-1] == b""
    assert lines[-1] == b""


def test_quiet_shows_none(brief: str, tmp_path: Path) -> None:
    code, _, said = _talk(tmp_path, brief, "--quiet", "--format", "json")
    assert (code, said) == (0, b"")


def test_ctrl_c(tmp_path: Path) -> None:
    lasting = str(
        SOURCE.parent / "examples" / "maison_verte.json"
    )  # so that it is not done before the key is pressed
    code, result, said = _talk(tmp_path, lasting, until=b" inputs")
    assert (code, result) == (130, b"")
    assert said.endswith(b"\r\x1b[Kchannelmix: interrupted\r\n")
