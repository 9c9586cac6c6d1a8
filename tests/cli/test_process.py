"""What only a process of its own shows: streams, encodings, pipes, a real terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize("asked", ["--help", "--version", "optimize --help", "schema"])
def test_a_reader_who_has_seen_enough_of_the_help(process: Process, asked: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = process(*asked.split(), stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


ASKED = ["schema", "--help", "--version", "optimize --help"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
@pytest.mark.parametrize("asked", ASKED)
def test_a_full_disk(process: Process, asked: str) -> None:
    with open("/dev/full", "wb") as full:
        done = process(*asked.split(), stdout=full)
    assert done.returncode == 3
    assert done.stderr == b"channelmix: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize("asked", ASKED)
def test_closed_standard_output(process: Process, asked: str) -> None:
    done = process(*asked.split(), preexec_fn=lambda: os.close(1))
    assert done.returncode == 3
    assert done.stderr == b"channelmix: cannot write to standard output: it is closed\n"


def test_a_result_in_a_file_needs_no_standard_output(process: Process, profile: str, tmp_path: Path) -> None:
    """Nor does what a solver prints get into the first file that is opened."""
    done = process("optimize", profile, "--output", "plan.json", preexec_fn=lambda: os.close(1))
    assert done.returncode == 0
    assert json.loads((tmp_path / "plan.json").read_bytes())["status"] == "optimal"


ENDED = """
import os, signal, sys
from channelmix.cli import main
replace = os.replace
os.replace = lambda *names: (os.kill(os.getpid(), signal.SIGTERM), replace(*names))
main(sys.argv[1:])
"""
"""A process that is asked to end just before a written file takes its place."""


def test_a_request_to_end_leaves_no_file_behind(tmp_path: Path, profile: str) -> None:
    (tmp_path / "plan.json").write_text("as it was", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    command = [sys.executable, "-c", ENDED, "optimize", profile, "--output", "plan.json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert {path.name for path in tmp_path.iterdir()} == {profile, "plan.json"}
    assert (tmp_path / "plan.json").read_text(encoding="utf-8") == "as it was"


@pytest.fixture
def brief(tmp_path: Path, small: dict[str, Any]) -> str:
    """Name of a file with a profile of one cell, which is soon explained."""
    small["channels"] = {"sms": {"reachable": 50000.0, "current_spend": {"promotion": 15000.0}}}
    small["purposes"] = {"promotion": small["purposes"]["promotion"]}
    (tmp_path / "brief.json").write_text(json.dumps(small), encoding="utf-8")
    return "brief.json"


CREATED = """
import builtins, os, signal, sys
from channelmix.cli import main
opened = builtins.open
def ended(name, *rest, **more):
    stream = opened(name, *rest, **more)
    if ".channelmix-" in str(name):
        os.kill(os.getpid(), signal.SIGTERM)
    return stream
builtins.open = ended
main(sys.argv[1:])
"""
"""A process that is asked to end as soon as there is a file to write to."""

LOST = """
import os, signal, sys, time
from channelmix.cli import main
class Deleted:
    def __del__(self):
        os.kill(os.getpid(), getattr(signal, sys.argv[-1]))
        sum(range(100_000))
replace = os.replace
def replaced(*names):
    Deleted()
    time.sleep(30)
    replace(*names)
os.replace = replaced
signal.signal(signal.SIGINT, signal.default_int_handler)
main(sys.argv[1:-1])
"""
"""A process that is asked to end while an object is deleted, from where no exception gets out."""


@pytest.mark.parametrize(
    ("program", "more", "code"),
    [(CREATED, [], 143), (LOST, ["SIGTERM"], 143), (LOST, ["SIGINT"], 130)],
)
def test_a_request_to_end_is_heard_at_any_time(
    tmp_path: Path, program: str, more: list[str], code: int
) -> None:
    (tmp_path / "new.json").write_text("as it was", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    command = [sys.executable, "-c", program, "init", "new.json", "--force", *more]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["new.json"]
    assert (tmp_path / "new.json").read_text(encoding="utf-8") == "as it was"


@pytest.mark.parametrize("command", [["explain"], ["compare", "other.json"]])
def test_a_profile_from_a_pipe(process: Process, tmp_path: Path, brief: str, command: list[str]) -> None:
    """A pipe can be read only once."""
    text = (tmp_path / brief).read_bytes()
    (tmp_path / "other.json").write_bytes(text)
    name, *other = command
    for given in ("/dev/stdin", "-"):
        done = process(name, given, *other, "--quiet", input=text)
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_plan_from_a_pipe(process: Process, brief: str) -> None:
    planned = process("optimize", brief, "--format", "json").stdout
    for given in ("/dev/stdin", "-"):
        assert process("explain", given, "--quiet", input=planned).returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="the system has no /dev/zero")
@pytest.mark.parametrize("command", ["explain", "validate", "verify", "optimize", "compare"])
def test_input_without_end(process: Process, command: str) -> None:
    done = process(command, *["/dev/zero"] * (1 + (command == "compare")))
    assert done.returncode == 3
    assert b"bytes" in done.stderr


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
