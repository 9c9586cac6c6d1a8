"""Standard output belongs to results, whatever a dependency prints while a command works."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.terminals import read_until_closed

from channelmix.engine.solver.projection import project

Process = Callable[..., subprocess.CompletedProcess[bytes]]

NOISY = """
import ctypes, os, sys
from channelmix.engine.solver.linear_program import LinearProgram
from channelmix.cli import main
solve = LinearProgram.solve
libc = ctypes.CDLL(None)
libc.setvbuf(ctypes.c_void_p.in_dll(libc, "stdout"), None, 0, 1 << 16)
def noisy(self, *arguments, **options):
    libc.printf(b"a banner in a buffer of C\\n")
    os.write(1, b"a banner on the descriptor\\n")
    print("a banner by print")
    return solve(self, *arguments, **options)
LinearProgram.solve = noisy
main(sys.argv[1:])
"""
"""A process in which every linear program prints on standard output in three ways; C's buffer comes out at the end."""


def noisy(profile: str, tmp_path: Path, *more: str) -> subprocess.CompletedProcess[bytes]:
    source = Path(__file__).parents[2] / "src"
    command = [sys.executable, "-c", NOISY, "optimize", profile, *more]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)


def test_what_is_printed_during_a_solve_reaches_no_result(profile: str, tmp_path: Path) -> None:
    done = noisy(profile, tmp_path, "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "optimal"
    for banner in (b"a banner in a buffer of C", b"a banner on the descriptor", b"a banner by print"):
        assert banner in done.stderr


def test_nor_a_table(profile: str, tmp_path: Path) -> None:
    done = noisy(profile, tmp_path)
    assert done.returncode == 0
    assert b"banner" not in done.stdout
    assert done.stdout.startswith(b"Small")


def test_help_stays_on_standard_output(process: Process) -> None:
    for arguments in (("--help",), ("optimize", "--help"), ("--version",)):
        done = process(*arguments)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout


def test_closed_standard_output(process: Process, profile: str, tmp_path: Path) -> None:
    done = process("optimize", profile, "--output", "plan.json", stdout=None, preexec_fn=lambda: os.close(1))
    assert done.returncode == 0
    assert json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["status"] == "optimal"


def test_closed_standard_error(process: Process, profile: str) -> None:
    done = process("optimize", profile, "--format", "json", stderr=None, preexec_fn=lambda: os.close(2))
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "optimal"


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_by_name(process: Process, profile: str, name: str) -> None:
    done = process("optimize", profile, "--format", "json", "--output", name)
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "optimal"


def test_a_table_is_as_wide_as_its_own_terminal(profile: str, tmp_path: Path) -> None:
    """The output is a terminal of 130 columns; standard error and input, which others are asked, are none."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    subprocess.run(["stty", "cols", "130", "rows", "40"], stdin=theirs, check=True)
    command = [sys.executable, "-m", "channelmix", "optimize", profile]
    none = subprocess.DEVNULL
    with subprocess.Popen(
        command, stdin=none, stdout=theirs, stderr=none, cwd=tmp_path, env=environment
    ) as child:
        os.close(theirs)
        shown = read_until_closed(ours)
    assert child.returncode == 0
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", shown).decode()
    assert 100 < max(map(len, plain.split("\r\n"))) <= 130


def test_nothing_is_printed_in_library_use(capfd: pytest.CaptureFixture[str]) -> None:
    import channelmix as cm

    curves = cm.ResponseCurves.hill([3.0, 2.0], [4.0, 1.0], [2.0, 1.0], names=["sms", "app"])
    mixed = [cm.GroupShare("sms", low=0.5), cm.AtMostActive(1), cm.SpendBounds({"app": (1e-9, 1e-9)})]
    shares = [cm.GroupShare("sms", high=0.4), cm.SpendBounds({"sms": (9.0, None)})]
    packs = [
        cm.PackSize("sms", 2.0),
        cm.PackSize("app", 0.7),
        cm.AtMostActive(1),
        cm.MinimumIfActive("app", 3.0),
    ]
    for rules in ([], shares, mixed, packs):
        problem = cm.AllocationProblem(curves, cm.FixedBudget(6.0), rules)
        cm.verify(problem, cm.solve(problem))
        project(problem, {"sms": 5.0, "app": 5.0})
    assert capfd.readouterr() == ("", "")
