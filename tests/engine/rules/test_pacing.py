"""Pacing between periods, by hand and against a fine grid."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.rules import Cells, Pacing, rule_from_dict, rule_to_dict

CELLS = Cells(("FR/sms", "DE/sms"), n_periods=3)


def broken(rule: Pacing, spend: list[float], cells: Cells = CELLS) -> list[str]:
    """Labels of the rows that spend, period by period, breaks."""
    return [row.label for row in rule.rows(cells) if row.violation(np.array(spend)) > 1e-12]


def test_the_total_may_move_by_a_share_of_the_period_before() -> None:
    rule = Pacing(0.25)
    assert broken(rule, [4.0, 4.0, 5.0, 5.0, 3.75, 3.75]) == []
    assert broken(rule, [4.0, 4.0, 5.0, 5.1, 5.0, 5.0]) == ["pacing period 2 up"]
    assert broken(rule, [4.0, 4.0, 4.0, 4.0, 2.0, 3.9]) == ["pacing period 3 down"]


def test_cells_may_change_places_within_a_total() -> None:
    assert broken(Pacing(0.0), [8.0, 0.0, 0.0, 8.0, 4.0, 4.0]) == []
    assert broken(Pacing(0.0, "FR"), [8.0, 0.0, 0.0, 8.0, 0.0, 8.0]) == ["pacing FR period 2 down"]


def test_from_nothing_nothing_may_rise() -> None:
    assert broken(Pacing(10.0), [0.0, 0.0, 0.1, 0.0, 0.1, 0.0]) == ["pacing period 2 up"]


def test_a_share_above_one_sets_no_floor() -> None:
    assert broken(Pacing(1.0), [8.0, 0.0, 0.0, 0.0, 0.0, 0.0]) == []


def test_periods_are_ordered_as_numbers() -> None:
    rows = Pacing(0.5).rows(Cells(("sms",), n_periods=12))
    assert [row.label.split()[-2] for row in rows] == [str(t) for t in range(2, 13) for _ in range(2)]
    eleventh = next(row for row in rows if row.label == "pacing period 11 up")
    assert np.flatnonzero(eleventh.coefficients).tolist() == [9, 10]


def test_one_typical_period_has_nothing_to_pace() -> None:
    assert Pacing(0.1).rows(Cells(("FR/sms", "DE/sms"))) == []


@pytest.mark.parametrize("relative", [-0.1, float("nan"), True, "much"])
def test_bad_shares_are_refused(relative: object) -> None:
    with pytest.raises(cm.InputError, match="relative change of pacing"):
        rule_from_dict({"kind": "pacing", "relative": relative})


def test_json() -> None:
    rule = Pacing(0.25, "FR")
    data = rule_to_dict(rule)
    assert data == {"kind": "pacing", "relative": 0.25, "select": "FR"}
    assert rule_from_dict(data) == rule
    assert (rule.label, Pacing(0.1).label) == ("pacing FR", "pacing")


@pytest.mark.parametrize("relative", [0.0, 0.3])
def test_paced_pulses_against_a_grid(relative: float) -> None:
    """One S-shaped cell over three periods, without carry-over: free of pacing it would pulse."""
    curves = cm.ResponseCurves.hill([3.0], [1.0], [3.0], names=["sms"])
    carryover = cm.Carryover([1.0], 3, season=[1.0, 1.2, 0.9])
    paced = cm.AllocationProblem(curves, cm.FixedBudget(2.0), [Pacing(relative)], carryover=carryover)
    solution = cm.solve(paced, gap=1e-4)
    cm.verify(paced, solution)
    axis = np.linspace(0.0, 2.0, 121)  # with a third of the budget on it
    best = 0.0
    for a, b in itertools.product(axis, axis):
        c = np.linspace((1 - relative) * b, (1 + relative) * b, 21)
        c = c[a + b + c <= 2.0 + 1e-12]
        if not len(c) or not (1 - relative) * a - 1e-12 <= b <= (1 + relative) * a + 1e-12:
            continue
        y = [curves.mean_value(np.array([s]))[0] for s in (a, b)]
        last = 3.0 * c**3 / (1.0 + c**3)
        best = max(best, float((y[0] + 1.2 * y[1] + 0.9 * last).max()))
    assert best <= solution.upper_bound * (1.0 + 1e-9)
    assert solution.value == pytest.approx(best, rel=2e-2)
    free = cm.solve(cm.AllocationProblem(curves, cm.FixedBudget(2.0), carryover=carryover))
    assert free.value > 1.02 * solution.value


def test_phasing_gives_each_period_its_part() -> None:
    rule = cm.Phasing((1.0, 1.0, 2.0))
    spend = np.array([2.0, 2.0, 4.0, 0.0, 0.0, 8.0])
    assert [row.violation(spend) for row in rule.rows(CELLS)] == pytest.approx([0.0, 0.0, 0.0])
    spend = np.array([0.0, 2.0, 4.0, 0.0, 0.0, 8.0])
    assert max(row.violation(spend) for row in rule.rows(CELLS)) == pytest.approx(1.5)
    assert cm.Phasing((1.0, 1.0)).rows(Cells(("FR/sms", "DE/sms"))) == []
    assert rule_from_dict(rule_to_dict(rule)) == rule


@pytest.mark.parametrize("parts", [(), (0.0, 0.0), (1.0, -1.0), 3.0])
def test_phasing_needs_parts(parts: object) -> None:
    with pytest.raises(cm.InputError):
        rule_from_dict({"kind": "phasing", "parts": parts})


def test_phasing_needs_one_part_a_period() -> None:
    with pytest.raises(cm.InputError, match="2 parts, the plan 3 periods"):
        cm.Phasing((1.0, 1.0)).rows(CELLS)
