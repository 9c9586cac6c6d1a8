"""No value above its bound: candidates are put exactly onto the rows, and crumbs are nothing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.random_problems import can_spend, random_problem

import channelmix as cm
from channelmix import Status
from channelmix.core.tolerances import EXACT_ROW, ROW_TOLERANCE
from channelmix.engine.problem.bounds import tighten
from channelmix.engine.solver.onto_rows import onto_rows

STEEP = cm.ResponseCurves.concat(
    [
        cm.ResponseCurves.power([1.0], [0.1], names=["a"]),
        cm.ResponseCurves.capped_linear([10.0], [3.0], names=["b"]),
    ]
)


@pytest.mark.parametrize("rule", [cm.PackSize("b", 1.0), cm.MinimumIfActive("b", 3.0), cm.PackSize("b", 0.3)])
def test_a_tolerance_is_not_spent_where_a_curve_is_infinitely_steep(rule: Any) -> None:
    problem = cm.AllocationProblem(STEEP, cm.FixedBudget(3.0), [rule])
    solution = cm.solve(problem)
    assert cm.verify(problem, solution).status is solution.status is Status.OPTIMAL
    # In whole packs (a minimum: none or all), what is left over goes to a.
    step = rule.size if isinstance(rule, cm.PackSize) else 3.0
    steps = np.minimum(np.arange(round(3.0 / step) + 1) * step, 3.0)
    best = max(float(STEEP.mean_value(np.array([max(3.0 - b, 0.0), b])).sum()) for b in steps)
    assert solution.value == pytest.approx(best, rel=1e-4)
    assert solution.value <= solution.upper_bound
    assert solution.spend.sum() <= 3.0


@pytest.mark.parametrize("seed", range(60))
def test_random_problems(seed: int) -> None:
    problem = random_problem(seed)
    solution = cm.solve(problem, time_limit=20.0)
    assert cm.verify(problem, solution).status is solution.status
    if solution.status is Status.INFEASIBLE:
        assert not can_spend(problem)
        return
    assert can_spend(problem)
    assert solution.value <= solution.upper_bound
    form = problem.standard
    assert form.violation(form.from_user(solution.spend)) <= EXACT_ROW


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_is_put_onto_the_rows_obeys_them_and_is_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(int(rng.integers(1000)))
    form = problem.standard
    if form.empty_box or form.integer.any():
        return
    solution = cm.solve(problem, gap=1e-2)
    if solution.status is Status.INFEASIBLE:
        return
    exact = form.from_user(solution.spend)
    moved = np.clip(exact + rng.uniform(-1.0, 1.0, len(exact)) * 0.3 * ROW_TOLERANCE, 0.0, form.box_high)
    found = onto_rows(form, moved)
    assert found is not None
    assert form.violation(found) <= EXACT_ROW
    assert np.abs(found - moved).sum() <= 3.0 * len(exact) * ROW_TOLERANCE * max(
        1.0, 1.0 / _least_weight(form.A)
    )


def _least_weight(A: Any) -> float:
    return float(np.abs(A.data).min(initial=1.0))


# Below this, the rounding of a product is too small to be a number itself; spends are in units of the budget.
ENDS = st.floats(0.0, 8.0).map(lambda end: end if end > 1e-100 else 0.0)


@given(
    st.lists(st.tuples(st.floats(-4.0, 4.0), ENDS, ENDS), min_size=1, max_size=5),
    st.floats(-20.0, 20.0).map(lambda high: high if abs(high) > 1e-100 else 0.0),
)
@example([(8.0, 0.0, 0.0)], -5e-324)
@example([(3.1484375, 0.0, 0.0), (0.14357628382443988, 3.0, 2.0411198720430854)], -17.0)
@example([(4.0, 0.0, 5e-324), (-1.5, 5e-324, 1.0)], 5e-324)
@example([(0.01, 3.0, 3.0)], 0.0)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_bounds_from_a_row_are_rounded_outwards_by_a_few_digits_at_most(
    variables: list[tuple[float, float, float]], high: float
) -> None:
    """Against rational arithmetic."""
    a = np.array([0.0 if abs(weight) < 1e-3 else weight for weight, _, _ in variables])
    low = np.array([min(one, other) for _, one, other in variables])
    top = np.array([max(one, other) for _, one, other in variables])
    box_low, box_high = low.copy(), top.copy()
    used = np.flatnonzero(a)
    tighten(used, a[used], high, box_low, box_high)
    least = [Fraction(w) * Fraction(s if w > 0 else t) for w, s, t in zip(a, low, top, strict=True)]
    for i, w in enumerate(a):
        if w == 0.0:
            continue
        limit = (Fraction(high) - sum(least) + least[i]) / Fraction(w)
        end, before = (box_high[i], top[i]) if w > 0 else (box_low[i], low[i])
        size = abs(Fraction(high)) + sum(map(abs, least))
        hair = (
            abs(limit) * Fraction(1, 2**50) + size / abs(Fraction(w)) * Fraction(1, 2**100) + Fraction(5e-324)
        )
        if w > 0:
            assert Fraction(float(end)) >= min(limit, Fraction(float(before)))
            assert Fraction(float(end)) <= min(limit + hair, Fraction(float(before)))
        else:
            assert Fraction(float(end)) <= max(limit, Fraction(float(before)))
            assert Fraction(float(end)) >= max(limit - hair, Fraction(float(before)))


def test_prices_without_measure_prove_nothing() -> None:
    """What sums of huge prices hide in their rounding must not lower a bound."""
    problem = cm.AllocationProblem(STEEP, cm.FixedBudget(3.0), [cm.SpendBounds({"b": (3.0, 3.0)})])
    solution = cm.solve(problem)
    assert solution.status is Status.OPTIMAL
    free = cm.AllocationProblem(STEEP, cm.FixedBudget(3.1), [cm.SpendBounds({"b": (3.0, None)})])
    honest = cm.solve(free)
    for exponent, factor in itertools.product(range(10, 17), (1.0, 1.1, 0.7)):
        prices = honest.proof.prices * 0.0 + factor * 10.0**exponent
        prices[:, 1:] *= -1.0
        forged = replace(
            honest, upper_bound=honest.value * 0.999, gap=0.0, proof=replace(honest.proof, prices=prices)
        )
        with pytest.raises(cm.CertificateError):
            cm.verify(free, forged)


def test_a_state_is_not_left_off_for_what_rises_at_once() -> None:
    """Infinitely steep curves of which one may be active: a relaxation must see what switching it on brings."""
    names = [f"c{i}" for i in range(5)]
    curves = cm.ResponseCurves.power([1.0, 1.1, 0.9, 1.05, 0.95], [0.02, 0.05, 0.02, 0.1, 0.3], names=names)
    problem = cm.AllocationProblem(curves, cm.FixedBudget(4.0), [cm.AtMostActive(2)])
    solution = cm.solve(problem, time_limit=20.0)
    best = -np.inf
    for pair in itertools.combinations(range(5), 2):
        split = np.linspace(1e-4, 4.0 - 1e-4, 4001)
        spend = np.zeros((len(split), 5))
        spend[:, pair[0]], spend[:, pair[1]] = split, 4.0 - split
        best = max(best, max(float(curves.mean_value(s).sum()) for s in spend))
    assert solution.status is Status.OPTIMAL
    assert solution.value >= best * (1.0 - 1e-4)
    assert solution.upper_bound >= best
