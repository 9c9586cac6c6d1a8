"""Halves of a box hold every point that obeys the rules, and of it no more than the whole numbers leave."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.core.arrays import Array
from channelmix.engine.problem.standard_form import StandardForm

NAMES = ["FR/sms", "FR/app", "DE/sms", "DE/app"]
CURVES = cm.ResponseCurves.hill([3.0, 2.0, 1.0, 1.0], [4.0, 1.0, 2.0, 2.0], [2.0, 1.0, 3.0, 3.0], names=NAMES)
TODAY = dict(zip(NAMES, [3.0, 1.0, 2.0, 2.0], strict=True))


def of(*rules: Any, **more: Any) -> Callable[[], cm.AllocationProblem]:
    return lambda: cm.AllocationProblem(CURVES, cm.FixedBudget(8.0), list(rules), **more)


KINDS: dict[str, Callable[[], cm.AllocationProblem]] = {
    "twins": of(),
    "states": of(cm.MinimumIfActive("all", 1.5), cm.AtMostActive(2), cm.ActivationFee("FR", 0.5)),
    "packs": of(cm.PackSize("FR/sms", 0.75), cm.PackSize("DE/app", 0.5), cm.GroupShare("FR", 0.2, 0.7)),
    "changes": of(cm.ChangeLimit("all", relative=0.8, switching_cost=0.1), current=TODAY),
    "later": of(cm.MinimumIfActive("sms", 1.0), carryover=cm.Carryover([0.6, 0.4], 2, initial=[0.5])),
}


@cache
def made(kind: str) -> tuple[StandardForm, list[Array]]:
    """A form, and points that obey its rules, with twins in falling order."""
    problem = KINDS[kind]()
    form = problem.standard
    rng = np.random.default_rng(11)
    points: list[Array] = []
    for _ in range(4000):
        spend = rng.dirichlet(np.full(len(problem.cells) + 1, 0.5))[:-1] * 8.0
        spend = np.where(rng.random(len(spend)) < 0.4, 0.0, spend)
        if kind == "packs":
            first = problem.curves.names.index("FR/sms")
            spend[first] = 0.75 * np.round(spend[first] / 0.75)
            spend[3] = 0.5 * np.round(spend[3] / 0.5)
        if problem.violation(spend) <= 1e-12:
            points.append(form.in_falling_order(form.from_user(spend)))
        if len(points) == 60:
            break
    assert len(points) >= 20
    return form, points


def holds(low: Array, high: Array, point: Array) -> bool:
    return bool((point >= low - 1e-12).all() and (point <= high + 1e-12).all())


@pytest.mark.parametrize("kind", KINDS)
def test_no_point_is_lost_at_a_split(kind: str) -> None:
    form, points = made(kind)
    rng = np.random.default_rng(12)
    first = form.n_variables - len(form.auxiliaries)
    splittable = [*range(form.n_cells), *[first + i for i, one in enumerate(form.auxiliaries) if one.integer]]
    parted = 0
    for _ in range(60):
        variable = int(rng.choice(splittable))
        low, high = form.box_low, form.box_high
        at = float(rng.uniform(low[variable], high[variable]))
        below, above = form.halves(low, high, variable, at)
        halves = [form.implied(low, below, variable), form.implied(above, high, variable)]
        for one_low, one_high in halves:
            assert (one_low >= low).all()
            assert (one_high <= high).all()
            whole = form.integer & (one_low <= one_high)
            assert (one_low[whole] == np.round(one_low[whole])).all()
            assert (one_high[whole] == np.round(one_high[whole])).all()
        inside = np.array([[holds(*half, point) for half in halves] for point in points])
        assert inside.any(axis=1).all()
        parted += int(not inside.all())
        for point, (in_first, in_second) in zip(points, inside, strict=True):
            if abs(point[variable] - at) > 1e-9:
                assert not (in_first and in_second)
    assert parted > 10


def test_a_cell_that_is_off_spends_nothing_and_one_that_spends_is_on() -> None:
    form, _ = made("states")
    assert form.states
    for state, members in form.states.items():
        below, above = form.halves(form.box_low, form.box_high, state, 0.5)
        assert (below[state], above[state]) == (0.0, 1.0)
        low, high = form.implied(form.box_low, below, state)
        assert not high[members].any()
        assert not low[members].any()
        for cell in members.tolist():
            low, _ = form.implied(*_raised(form, cell), cell)
            assert low[state] == 1.0


def _raised(form: StandardForm, cell: int) -> tuple[Array, Array]:
    low = form.box_low.copy()
    low[cell] = 0.25 * form.box_high[cell]
    return low, form.box_high


def test_whole_numbers_that_are_used_up_leave_others_off() -> None:
    """At most two cells are on: once two are, the others spend nothing."""
    form, _ = made("states")
    low = form.box_low.copy()
    states = list(form.states)
    low[states[0]] = low[states[1]] = 1.0
    for last in states[:2]:
        one_low, one_high = form.implied(low, form.box_high, last)
        for state in states[2:]:
            assert one_high[state] == 0.0
            assert not one_high[form.states[state]].any()
        # A cell that is on spends its least.
        least = 1.5 / form.unit[form.states[last]]
        assert (one_low[form.states[last]] >= least * (1.0 - 1e-12)).all()


def test_twins_fall() -> None:
    """Of cells with equal numbers the first spends most: a limit on one holds for those after it."""
    form, _ = made("twins")
    groups = [np.flatnonzero(form.twins[: form.n_cells] == g) for g in np.unique(form.twins[: form.n_cells])]
    first, second = next(group for group in groups if len(group) == 2).tolist()
    assert second == first + 1
    at = 0.25 * form.box_high[first]
    others = [i for i in range(form.n_cells) if i not in (first, second)]
    below, above = form.halves(form.box_low, form.box_high, first, at)
    assert below[first] == below[second] == above[first] == at
    assert above[second] == form.box_low[second]
    below, above = form.halves(form.box_low, form.box_high, second, at)
    assert below[second] == above[second] == above[first] == at
    assert below[first] == form.box_high[first]
    assert (below[others] == form.box_high[others]).all()
    assert (above[others] == form.box_low[others]).all()


def test_ends_that_touch_by_rounding_are_a_point() -> None:
    form, _ = made("twins")
    cell = 0
    for crossing, empty in ((0.0, False), (1e-12, False), (9e-10, False), (2e-9, True), (1e-3, True)):
        low, high = form.box_low.copy(), form.box_high.copy()
        low[cell], high[cell] = 0.5, 0.5 - crossing
        one_low, one_high = form.implied(low, high, cell)
        assert bool((one_low > one_high).any()) == empty
        if not empty:
            assert one_low[cell] == one_high[cell]
            assert abs(one_low[cell] - 0.5) <= 1e-9
