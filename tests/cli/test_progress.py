"""What commands show on a terminal's standard error while they work, and that it is gone in the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click import testing
from click.testing import Result

from channelmix.cli import session

Run = Callable[..., Result]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the runner's streams look like a terminal, on which progress is shown at once."""
    monkeypatch.setattr(testing._NamedTextIOWrapper, "isatty", lambda _: True, raising=False)
    monkeypatch.setattr(session, "PATIENCE", 0.0)


def steps(said: str, what: str) -> list[str]:
    """What was shown on the one line, each time; it is blank in the end."""
    *shown, blank, end = said.split("\r")[1:]
    assert shown
    assert not blank.strip()
    assert len(blank) == max(map(len, shown))
    assert end == ""
    assert all(re.fullmatch(rf"\d+ s, {what}.*", text) for text in shown)
    return [text.rstrip() for text in shown]


@pytest.mark.usefixtures("impatient")
def test_optimize_shows_its_gap(run: Run, profile: str) -> None:
    result = run("optimize", profile, "--draws", "64")
    shown = steps(result.stderr, "planning")
    found = [re.search(r"gap ([\d.e+-]+), 0.0001 wanted", text) for text in shown]
    gaps = [float(one[1]) for one in found if one]
    assert gaps
    assert min(gaps) >= 0.0
    assert "OPTIMAL" in result.stdout


@pytest.mark.usefixtures("impatient")
def test_compare_plans_as_visibly(run: Run, profile: str) -> None:
    result = run("compare", profile, "--set", "budget=15000")
    assert len(steps(result.stderr, "planning")) >= 2


@pytest.mark.usefixtures("impatient")
def test_fit_shows_how_far_history_weighs(run: Run, profile: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    sms = np.round(rng.gamma(4.0, 300.0, 40))
    orders = np.round(800.0 + 300.0 * (1.0 - np.exp(-sms / 1500.0)) + 15.0 * rng.standard_normal(40))
    lines = [f"{week},{out:g},{spent:g}" for week, (out, spent) in enumerate(zip(orders, sms, strict=True))]
    (tmp_path / "history.csv").write_text("\n".join(["week,orders,sms/promotion", *lines]))
    options = ("--profile", profile, "--date", "week", "--outcome", "orders", "--outcome-worth", "20")
    result = run("fit", "history.csv", *options)
    shown = steps(result.stderr, "fitting")
    weights = [int(one[1]) for one in (re.search(r"weighs (\d+) %", text) for text in shown) if one]
    assert weights[0] == 0
    assert weights == sorted(weights)
    assert len(weights) >= 2
    assert "sweep 0 at full weight" in shown[len(weights)]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("command", ["optimize", "compare"])
def test_quiet_shows_nothing(run: Run, profile: str, command: str) -> None:
    edits = ("--set", "budget=15000") if command == "compare" else ()
    assert run(command, profile, *edits, "--quiet").stderr == ""


def test_without_a_terminal_nothing_is_shown(run: Run, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PATIENCE", 0.0)
    assert run("optimize", profile, "--draws", "64").stderr == ""


@pytest.mark.usefixtures("impatient")
def test_short_work_shows_nothing(run: Run, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PATIENCE", 600.0)
    assert run("optimize", profile, "--draws", "64").stderr == ""
