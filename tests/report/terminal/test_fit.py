"""What a fit shows on terminals of any width."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from tests.own_evidence import returns, written

from channelmix.profile.evidence import Check, Evidence, FittedMarket
from channelmix.report.terminal import console as console_module
from channelmix.report.terminal.fit import fit_to_terminal

Shown = Callable[[Evidence, int], list[str]]

CURVE = returns(n_draws=4)

ALONE = written({"social": CURVE, "sms/promotion": CURVE})

LONG = "United Kingdom of Great Britain"

BOTH = tuple(FittedMarket(name=name, first=0, last=9, rows=10, noise=1.0) for name in ("FR", LONG))

MARKETS = written(
    {f"{name}/{cell}": CURVE for name in ("FR", LONG) for cell in ("social", "sms/promotion")},
    fitted=ALONE.fitted.model_copy(update={"markets": BOTH}),
)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """The rows of the table below its heads, on a terminal of a width, with single blanks."""

    def rows(evidence: Evidence, width: int) -> list[str]:
        def console(**options: Any) -> Console:
            return Console(
                **{**options, "force_terminal": True, "width": width, "_environ": {"TERM": "xterm-256color"}}
            )

        monkeypatch.setattr(console_module, "Console", console)
        file = io.StringIO()
        fit_to_terminal(evidence, "month", file)
        lines = Text.from_ansi(file.getvalue()).plain.splitlines()
        assert all(cell_len(line) <= width for line in lines)
        head = next(i for i, line in enumerate(lines) if line.startswith("column "))
        end = next(i for i, line in enumerate(lines) if "passed" in line or line.startswith("Of each check"))
        return [" ".join(line.split()) for line in lines[head + 1 : end - 1]]

    return rows


@pytest.mark.parametrize(
    ("width", "figures"),
    [
        (40, "2.00 (1.00 to 3.00)"),
        (60, "9,000 2.00 (1.00 to 3.00) history"),
        (80, "9,000 2.00 (1.00 to 3.00) 2.00 (1.00 to 3.00) history"),
        (100, "9,000 4,000 12,000 2.00 (1.00 to 3.00) 2.00 (1.00 to 3.00) history"),
    ],
)
def test_names_stand_whole_and_figures_as_they_find_room(shown: Shown, width: int, figures: str) -> None:
    assert shown(ALONE, width)[1] == f"sms/promotion {figures}"
    table = shown(MARKETS, width)
    assert table[0] == "FR"
    assert [row for row in table if row.startswith("sms/promotion")] == [f"sms/promotion {figures}"] * 2
    # A long name takes more lines, and no word of it is lost.
    assert LONG in " ".join(table)


def test_figures_stand_whole_or_not_at_all(shown: Shown) -> None:
    """Whatever the width; the word experiment is longer than its head."""
    for width in range(34, 120):
        row = shown(ALONE, width)[0]
        assert row.startswith("social ")
        assert "…" not in row
        assert row.endswith(("(1.00 to 3.00)", " experiment"))


def test_what_was_believed_stands_once_a_column_however_small() -> None:
    columns = tuple(c.model_copy(update={"believed": (0.00012, 0.5)}) for c in MARKETS.columns)
    evidence = MARKETS.model_copy(update={"columns": columns})
    file = io.StringIO()
    fit_to_terminal(evidence, "month", file)
    assert "(90 %): social 0.00012 to 0.50, sms/promotion 0.00012 to 0.50." in " ".join(
        file.getvalue().split()
    )


def test_checks_that_passed_are_one_line_unless_asked_for() -> None:
    checks = [
        Check(check="gaps", verdict="PASS", message="No period is missing."),
        Check(check="outliers", verdict="REVIEW", message="A row is off."),
        Check(check="rows", verdict="PASS", message="Enough rows."),
        Check(check="zeros", verdict="FAIL", message="Ten rows are 0."),
    ]

    def lines(*chosen: Check, verbose: bool = False) -> list[str]:
        file = io.StringIO()
        evidence = ALONE.model_copy(update={"checks": chosen})
        fit_to_terminal(evidence, "month", file, verbose=verbose)
        return [" ".join(line.split()) for line in file.getvalue().rstrip().split("\n")]

    listed = ["FAIL Ten rows are 0.", "REVIEW A row is off."]
    assert lines(*checks)[-3:] == [*listed, "2 checks passed"]
    assert lines(checks[0])[-1] == "1 check passed"
    assert lines(*checks, verbose=True)[-4:] == [*listed, "PASS No period is missing.", "PASS Enough rows."]
