"""What only a process of its own shows: streams, encodings, pipes, a real terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.terminals import read_until_closed

Process = Callable[..., subprocess.CompletedProcess[bytes]]


def test_a_reader_that_has_seen_enough(process: Process, profile: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = process("optimize", profile, "--format", "json", stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_disk(process: Process) -> None:
    with open("/dev/full", "wb") as full:
        done = process("schema", stdout=full)
    assert done.returncode == 3
    assert done.stderr == b"channelmix: cannot write to standard output: No space left on device\n"


def test_results_are_utf_8_whatever_the_locale(process: Process, tmp_path: Path) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    done = process("init", "--name", "Café 北京", env=ascii_only)
    assert done.returncode == 0
    assert json.loads(done.stdout)["name"] == "Café 北京"
    (tmp_path / "p.json").write_bytes(done.stdout)
    table = process("optimize", "p.json", env=ascii_only)
    assert table.returncode == 0
    assert table.stdout.decode("utf-8").startswith("Café 北京   Budget EUR 100,000 a month")


def test_closed_standard_input(process: Process) -> None:
    done = process("validate", "-", preexec_fn=lambda: os.close(0), stdin=None)
    assert done.returncode == 3
    assert done.stderr == b"channelmix: standard input is closed\n"


def test_on_a_real_terminal(tmp_path: Path, profile: str) -> None:
    """Colours, and no crash on a terminal that cannot show the names."""
    source = Path(__file__).parents[2] / "src"
    environment = {
        **os.environ,
        "PYTHONPATH": str(source),
        "TERM": "xterm-256color",
        "PYTHONIOENCODING": "ascii",
    }
    environment.pop("NO_COLOR", None)
    content = json.loads((tmp_path / profile).read_text(encoding="utf-8")) | {"name": "Café"}
    (tmp_path / profile).write_text(json.dumps(content), encoding="utf-8")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "channelmix", "optimize", profile]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment) as child:
        os.close(theirs)
        shown = read_until_closed(ours)
    assert child.returncode == 0
    assert b"Caf?" in shown
    assert b"\x1b[" in shown
    assert b"Traceback" not in shown
