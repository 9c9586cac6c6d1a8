from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from channelmix.plan import InputEffect, Sensitivity, Side
from channelmix.report import to_csv, to_terminal
from channelmix.report.terminal import console as console_module

SPEND = {"FR/sms/promotion": 60000.0, "FR/im/service": 40000.0}


def side(value: float, kept: float, regret: float = 0.0, shift: float = 0.0, **parts: Any) -> Side:
    """One side on which `shift` goes from the first cell to the second."""
    spend = {"FR/sms/promotion": 60000.0 - shift, "FR/im/service": 40000.0 + shift}
    made: dict[str, Any] = {
        "value": value,
        "kept_gain": kept,
        "best_gain": kept + regret,
        "regret": regret,
        "stands": regret == 0.0,
        "gap": None if regret == 0.0 else 1e-5,
        "spend": spend,
        "moved": abs(shift),
        "changes": [],
    }
    return Side.model_validate(made | parts)


def effect(name: str, low: Side, high: Side, **parts: Any) -> InputEffect:
    made = {
        "name": name,
        "kind": "figure",
        "factor": 2.0,
        "assumed": 0.02,
        "unit": "orders per message",
        "basis": "judgement",
        "facts": [],
        "low": low,
        "high": high,
        "influence": 1.0,
    }
    return InputEffect.model_validate(made | parts)


def sensitivity(inputs: list[InputEffect], **parts: Any) -> Sensitivity:
    made = {
        "name": "Small",
        "currency": "EUR",
        "period": "month",
        "budget": 100000.0,
        "baseline": "current mix",
        "gain": 20000.0,
        "field_factor": 1.25,
        "spend": SPEND,
        "current_spend": dict.fromkeys(SPEND, 50000.0),
        "requested_gap": 1e-4,
        "inputs": inputs,
        "profile_sha256": "0" * 64,
        "seed": 0,
        "draws": 64,
    }
    return Sensitivity.model_validate(made | parts)


TURNED = [
    "30 % of the budget would move: FR/sms/promotion 30k instead of 60k, FR/im/service 70k instead of 40k"
]
TWO = [
    effect("orders of sms", side(0.01, 10000.0, 5000.0, 30000.0, changes=TURNED), side(0.04, 40000.0)),
    effect(
        "channels.sms.reachable",
        side(800.0, 22000.0),
        side(1250.0, 18000.0, 100.0, -1000.0),
        kind="profile",
        factor=1.25,
        assumed=1000.0,
        unit="",
        basis="",
    ),
]


def shown(found: Sensitivity, **options: Any) -> list[str]:
    file = io.StringIO()
    to_terminal(found, file, **options)
    return file.getvalue().splitlines()


def test_the_whole() -> None:
    assert shown(sensitivity(TWO)) == [
        "Small   EUR 100,000 a month                                                              SENSITIVITY",
        "The plan gains 20k a month over the current mix. Each of 2 inputs is moved alone, down and up: a",
        "published or judged figure by its own uncertainty factor, a number of the profile to the ends of its",
        "range, stated or assumed, or by 1.25 where it has none.",
        "",
        "  input                  moved by     low to high           gain low low -, high +         gain high",
        "1 orders of sms          figure 2     0.01 to 0.04 orders        10k -------|+++++++++++++       40k",
        "                                      per message",
        "2 channels.sms.reachable profile 1.25 800 to 1,250               22k      ++|-                   18k",
        "",
        "Spend if the plan were made anew, as a change from the plan; worth: what keeping the plan forgoes.",
        "                             sms      im",
        "  input at moved worth promotion service",
        "  plan                       60k     40k",
        "1 low       30 %  5.0k      -30k    +30k",
        "2 high       1 %   100     +1.0k   -1.0k",
        "",
        "Alone, 1 of 1 figure and 0 of 1 number of the profile would change the recommendation:",
        "  - if orders of sms were 0.01 instead of 0.02 (orders per message): 30 % of the budget would move:",
        "    FR/sms/promotion 30k instead of 60k, FR/im/service 70k instead of 40k",
        "For 0 inputs the plan stays the best one at both ends, to within 0.01 %.",
    ]


def test_only_the_top_is_in_the_tables_but_all_changes_are_told() -> None:
    lines = shown(sensitivity([TWO[1], TWO[0]]), top=1)
    assert not any(line.startswith("2 ") for line in lines)
    assert any("if orders of sms were" in line for line in lines)


def test_nothing_moves() -> None:
    flat = effect("load", side(0.1, 20000.0), side(0.4, 20000.0))
    lines = shown(sensitivity([flat]))
    assert any(line.endswith("20k |                           20k") for line in lines)
    assert not any(line.startswith("Spend") for line in lines)
    assert "Alone, 0 of 1 figure and 0 of 0 numbers of the profile would change the recommendation" in lines
    assert "For 1 input the plan stays the best one at both ends, to within 0.01 %." in lines


def test_both_arms_on_one_side() -> None:
    both = effect("a", side(0.1, 30000.0), side(0.4, 25000.0))
    (line,) = (line for line in shown(sensitivity([both])) if line.startswith("1 "))
    assert "|++++++++++----------" in line


def test_many_changes_are_counted() -> None:
    many = [
        effect(f"figure {i}", side(0.01, 1.0, 5.0, 3e4, changes=TURNED), side(0.04, 2.0)) for i in range(11)
    ]
    lines = shown(sensitivity(many))
    assert sum(line.startswith("  - if figure") for line in lines) == 8
    assert "  - and 3 more (--format json lists them)" in lines


def test_plans_that_are_not_proven_are_named() -> None:
    late = effect("a", side(0.1, 1.0, 5.0, 100.0, gap=0.02), side(0.4, 2.0))
    assert shown(sensitivity([late]))[-1] == "1 new plan is not proven to that gap; the worst has 2 %."


def test_many_cells_and_markets() -> None:
    cells = {f"{market}/c{i}/promotion": 1000.0 for market in ("FR", "ES") for i in range(4)}
    changed = {cell: spend + 10.0 * k for k, (cell, spend) in enumerate(cells.items())}
    wide = effect("a", side(0.1, 1.0, 5.0, spend=changed), side(0.4, 2.0, spend=cells))
    lines = shown(sensitivity([wide], spend=cells, current_spend=cells))
    (head,) = (line for line in lines if line.startswith("  input at"))
    assert "3 others" in head  # one of the eight cells does not move
    (at,) = (line for line in lines if line.startswith("1 low"))
    assert at.split()[-5:] == ["+40", "+50", "+60", "+70", "+60"]


@pytest.mark.parametrize("width", [20, 60, 80, 140])
def test_names_are_shown_as_they_are_on_any_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "[bold]北京[/] :smile: \\[red] {x}"
    file = io.StringIO()

    def console(**options: Any) -> Console:
        return Console(**{**options, "force_terminal": True, "width": width, "_environ": {"TERM": "xterm"}})

    monkeypatch.setattr(console_module, "Console", console)
    to_terminal(sensitivity([effect(name, TWO[0].low, TWO[0].high)], name=name), file, color=False)
    text = file.getvalue()
    assert "[bold]北京[/]" in text or width < 60
    if width >= 80:
        assert max(cell_len(line) for line in text.splitlines()) <= width + 10 * text.count("\x1b")


def test_csv_does_not_run_in_a_spreadsheet() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(sensitivity([effect("=1+1", *_sides())])))))
    assert len(rows) == 4
    assert {row["input"] for row in rows} == {"'=1+1"}
    assert rows[0]["cell"] == "FR/sms/promotion"
    assert float(rows[0]["planned_spend"]) == 60000.0
    assert float(rows[0]["spend"]) == 30000.0
    assert to_csv(sensitivity([])).count("\n") == 1


def _sides() -> tuple[Side, Side]:
    return TWO[0].low, TWO[0].high
