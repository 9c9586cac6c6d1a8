"""What commands show on a terminal's standard error while they work, and that it is gone in the end."""

from __future__ import annotations

import pty
import re
import select
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest
from click import testing
from click.testing import Result

from channelmix.cli import progress, session
from channelmix.core.progress import report_progress

Run = Callable[..., Result]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the runner's streams look like a terminal, on which progress is shown at once."""
    monkeypatch.setattr(testing._NamedTextIOWrapper, "isatty", lambda _: True, raising=False)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm-256color")


def steps(said: str, what: str) -> list[str]:
    """What was shown on the one line, each time; it is erased before each and in the end."""
    begin, *shown, end = said.split("\r\x1b[K")
    assert shown
    assert begin == end == ""
    assert all(re.fullmatch(rf"\d+ s, {what}.*", text) for text in shown)
    return shown


@pytest.mark.usefixtures("impatient")
def test_optimize_shows_its_gap(run: Run, profile: str) -> None:
    result = run("optimize", profile, "--draws", "64")
    shown = steps(result.stderr, "Searching")
    found = [re.search(r"gap ([\d.e+,-]+) %, target 0.01 %$", text) for text in shown]
    gaps = [float(one[1].replace(",", "")) for one in found if one]
    assert gaps
    assert min(gaps) >= 0.0
    assert "OPTIMAL" in result.stdout


@pytest.mark.no_cover
@pytest.mark.usefixtures("impatient")
def test_compare_plans_as_visibly(run: Run, profile: str) -> None:
    result = run("compare", profile, "--set", "budget=15000")
    assert len(steps(result.stderr, "Searching")) >= 2


@pytest.mark.no_cover
@pytest.mark.usefixtures("impatient")
def test_fit_shows_the_power_of_the_likelihood(run: Run, profile: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    sms = np.round(rng.gamma(4.0, 300.0, 40))
    orders = np.round(800.0 + 300.0 * (1.0 - np.exp(-sms / 1500.0)) + 15.0 * rng.standard_normal(40))
    lines = [f"{week},{out:g},{spent:g}" for week, (out, spent) in enumerate(zip(orders, sms, strict=True))]
    (tmp_path / "history.csv").write_text("\n".join(["week,orders,sms/promotion", *lines]))
    options = ("--profile", profile, "--date", "week", "--outcome", "orders", "--outcome-worth", "20")
    result = run("fit", "history.csv", *options)
    shown = steps(result.stderr, "Fitting")
    weights = [int(one[1]) for one in (re.search(r"likelihood at (\d+) %", text) for text in shown) if one]
    assert weights[0] == 0
    assert weights == sorted(weights)
    assert len(weights) >= 2
    assert "sweep 0 at full likelihood" in shown[len(weights)]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("command", ["optimize", "compare"])
def test_quiet_shows_nothing(run: Run, profile: str, command: str) -> None:
    edits = ("--set", "budget=15000") if command == "compare" else ()
    assert run(command, profile, *edits, "--quiet").stderr == ""


def test_without_a_terminal_nothing_is_shown(run: Run, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    assert run("optimize", profile, "--draws", "64").stderr == ""


@pytest.mark.usefixtures("impatient")
def test_short_work_shows_nothing(run: Run, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 600.0)
    assert run("optimize", profile, "--draws", "64").stderr == ""


@pytest.mark.usefixtures("impatient")
def test_a_terminal_without_escapes_gets_no_line(
    run: Run, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert run("optimize", profile, "--draws", "64").stderr == ""


@pytest.mark.usefixtures("impatient")
def test_a_line_is_erased_without_colours_too(
    run: Run, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert steps(run("optimize", profile, "--draws", "64").stderr, "Searching")


@pytest.mark.parametrize(("columns", "room"), [(0, 77), (24, 21), (2, 0)])
def test_a_line_never_wraps(columns: int, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor by the ^C that a terminal echoes behind it; one that does not tell its width has 80 columns."""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")  # said of standard output
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with open(ours, "rb", buffering=0) as stream, open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress.status_line(quiet=False):
            report_progress("planning: " + "x" * 200)
        said = ""
        while said.count("\x1b[K") < 2 and select.select([stream], [], [], 10.0)[0]:
            said += stream.read(4096).decode()  # what was written may come in parts
        monkeypatch.undo()
    whole = "0 s, planning: " + "x" * 200
    assert said == f"\r\x1b[K{whole[:room]}\r\x1b[K"


@pytest.mark.usefixtures("impatient")
def test_what_ctrl_c_leaves_is_erased(run: Run, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def echoed(*_: object, **__: object) -> None:
        report_progress("planning: half done")
        click.echo("^C", nl=False, err=True)  # as the terminal does
        raise KeyboardInterrupt

    monkeypatch.setattr("channelmix.optimize", echoed)
    result = run("optimize", profile)
    assert result.exit_code == session.INTERRUPTED
    assert result.stderr == "\r\x1b[K0 s, planning: half done^C\r\x1b[Kchannelmix: interrupted\n"
