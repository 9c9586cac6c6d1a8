"""The bound of a leaf is what its definition says: every variable's best, found alone on a fine grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.core.arrays import Array
from channelmix.core.tolerances import EPSILON
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.proof.duality import Leaf, chance_weights, dual_bound, excludes, valid_draw_weights
from channelmix.engine.response.envelopes import Envelopes

NAMES = ["FR/sms", "FR/app", "DE/sms"]
POINTS = 1500
MIX = {"FR/sms": 1.0, "FR/app": 0.5, "DE/sms": 1.0}


def hill(draws: int = 1) -> cm.ResponseCurves:
    rng = np.random.default_rng(4)
    half = np.array([1.5, 1.0, 0.5]) * np.exp(0.3 * rng.normal(size=(draws, 3)))
    return cm.ResponseCurves.hill(
        [6.0, 5.0, 4.0], half if draws > 1 else half[0], [3.0, 1.0, 2.0], names=NAMES
    )


def of(scenario: Any, *rules: Any, draws: int = 1, **more: Any) -> Callable[[], cm.AllocationProblem]:
    return lambda: cm.AllocationProblem(hill(draws), scenario, list(rules), **more)


BUDGET = cm.FixedBudget(4.0)
CHARGE = {"FR": 0.3, "DE": 0.1}
SHARE = cm.GroupShare("FR", 0.2, 0.7)
KINDS: dict[str, Callable[[], cm.AllocationProblem]] = {
    "budget": of(BUDGET, SHARE),
    "charged": of(BUDGET, SHARE, charge=CHARGE),
    "roi": of(cm.FlexibleBudget(min_roi=1.5, max_amount=4.0), SHARE, charge=CHARGE),
    "target": of(cm.TargetOutcome(6.0, max_amount=4.0), charge=CHARGE),
    "draws": of(BUDGET, SHARE, draws=6),
    "switched": of(BUDGET, cm.ActivationFee("FR", 0.4), cm.MinimumIfActive("all", 0.5)),
    "packs": of(BUDGET, cm.PackSize("DE/sms", 0.75), charge=CHARGE),
    "tail": of(BUDGET, SHARE, draws=6, risk=cm.MeanCVaR(0.4, 0.5), charge=CHARGE),
    "safe": of(BUDGET, draws=6, risk=cm.SafeImprovement(MIX, tail=0.5), charge=CHARGE),
    "chance": of(BUDGET, SHARE, draws=6, risk=cm.ReachTarget(6.0), charge=CHARGE),
    "tail later": of(
        BUDGET,
        SHARE,
        draws=6,
        risk=cm.MeanCVaR(0.4, 0.5),
        charge=CHARGE,
        carryover=cm.Carryover([0.7, 0.3], 2, initial=[0.5]),
    ),
    "safe later": of(
        BUDGET,
        draws=6,
        risk=cm.SafeImprovement(MIX, tail=0.5),
        carryover=cm.Carryover([0.7, 0.3], 2, initial=[0.5]),
    ),
    "chance later": of(
        BUDGET,
        draws=6,
        risk=cm.ReachTarget(12.0),
        charge=CHARGE,
        carryover=cm.Carryover([0.7, 0.3], 2, initial=[0.5]),
    ),
    "later": of(BUDGET, SHARE, carryover=cm.Carryover([0.7, 0.3], 2, initial=[0.5]), charge=CHARGE),
}


@cache
def made(kind: str) -> StandardForm:
    return KINDS[kind]().standard


def leaf_in(form: StandardForm, seed: int) -> Leaf:
    """A part of the box, prices that fit the open sides, and admissible weights of the draws."""
    rng = np.random.default_rng([18, seed])
    low, high = form.box_low.copy(), np.maximum(form.box_low, form.box_high)
    cells = np.arange(form.n_cells)
    parts = np.sort(rng.random((2, form.n_cells)), axis=0)
    if seed % 3:
        span = (high - low)[cells]
        low[cells], high[cells] = low[cells] + parts[0] * span, low[cells] + parts[1] * span
    for state in form.states:
        low[state], high[state] = [(0.0, 1.0), (1.0, 1.0), (0.0, 0.0)][seed % 3]
        if not high[state]:
            low[form.states[state]] = high[form.states[state]] = 0.0
    prices = rng.normal(size=len(form.B)) * (rng.random(len(form.B)) < 0.8)
    side = np.where(prices > 0.0, form.high, form.low)
    prices = np.where(np.isfinite(side), prices, -prices)
    prices[~np.isfinite(np.where(prices > 0.0, form.high, form.low))] = 0.0
    weights = None
    if form.risk is not None:
        n = len(form.offset)
        weights = rng.random(n)
        if form.target is None:
            weights = 0.5 / n + 0.5 * weights / weights.sum()
            weights *= 1.5 if form.risk.floor is not None else form.gain * form.risk.weight
    return Leaf(low, high, prices, weights)


def fine(form: StandardForm, leaf: Leaf) -> Envelopes:
    envelopes = form.envelopes(
        [leaf.low[i] + np.linspace(0, 1, POINTS) * (leaf.high - leaf.low)[i] for i in range(form.n_cells)]
    )
    envelopes.keep_ends(leaf.low, leaf.high)
    return envelopes


def most(form: StandardForm, leaf: Leaf, gain: float, charge: Array) -> float:
    """The Lagrangian's maximum over the box: the constants, and each variable's best on a grid."""
    n, prices = form.n_cells, leaf.prices
    side = np.where(prices > 0.0, form.high, form.low)
    total = float(sum(p * s for p, s in zip(prices, side, strict=True) if p))
    per_draw = np.full(len(form.offset), gain * (1.0 - form.tail_weight) / len(form.offset))
    slope = charge + prices @ form.A.toarray()
    if leaf.draw_weights is not None:
        per_draw = per_draw + leaf.draw_weights
        if form.risk is not None and form.risk.floor is not None:
            total -= float(leaf.draw_weights @ form.risk.floor)
            slope = slope + leaf.draw_weights.sum() * form.charge_in_outcome
    total -= float(per_draw @ form.offset)
    per_draw = per_draw - float(prices @ form.B) / len(form.offset)
    best = np.zeros(form.n_variables)
    for i in range(form.n_variables):
        at = np.linspace(leaf.low[i], leaf.high[i], POINTS)
        brings = np.zeros(POINTS)
        if i < n:
            drawn = form.curves.cell(i).value(at[np.newaxis]).reshape(-1, POINTS)
            of_draws = np.broadcast_to(drawn, (len(per_draw), POINTS))
            brings = np.asarray(per_draw @ of_draws)
        best[i] = float((brings - slope[i] * at).max())
    for state, members in form.states.items():
        on = best[members].sum() - slope[state] if leaf.high[state] > 0.0 else -math.inf
        off = 0.0 if leaf.low[state] <= 0.0 and not leaf.low[members].any() else -math.inf
        best[state], best[members] = max(on, off), 0.0
    return total + float(best.sum())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [kind for kind in KINDS if "chance" not in kind])
def test_the_bound_is_the_sum_of_each_variables_best(kind: str, seed: int) -> None:
    form = made(kind)
    leaf = leaf_in(form, seed)
    assert valid_draw_weights(form, leaf.draw_weights)
    envelopes = fine(form, leaf)
    bound, expected = dual_bound(form, envelopes, leaf), most(form, leaf, form.gain, form.charge)
    size = 1.0 + float(np.abs(leaf.prices).sum())
    assert expected - 1e-12 * size <= bound <= expected + 2e-3 * size
    # What is shown of an empty leaf is the same bound of an objective of 0, where the prices are weighed against it.
    plain = leaf if form.floor is not None else replace(leaf, draw_weights=None)
    shown = most(
        replace(form, risk=None) if form.floor is None else form, plain, 0.0, np.zeros(form.n_variables)
    )
    if abs(shown) > 2e-3 * size:
        assert excludes(form, envelopes, leaf) == (shown < 0.0)


def chance_in(form: StandardForm, leaf: Leaf) -> tuple[float, float]:
    """The bound by its definition, and the share of draws that can reach the target at all."""
    assert leaf.draw_weights is not None
    n, aim = len(form.offset), form.aim
    least, largest = form.net_range(leaf.low, leaf.high)
    sure, open_ = least >= aim, (least < aim) & (largest >= aim)
    step = np.where(open_, leaf.draw_weights, 0.0)
    weights = step / (n * np.where(open_, aim - least, 1.0))
    np.testing.assert_allclose(chance_weights(form, leaf), weights)
    constant = sure.sum() / n + float((1.0 - step)[open_].sum()) / n - float(weights @ least)
    charge = weights.sum() * form.charge_in_outcome
    line = replace(leaf, draw_weights=weights)
    expected = constant + most(form, line, 0.0, charge)
    share = float((sure | open_).mean())
    return min(expected, share), share


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["chance", "chance later"])
def test_the_bound_of_a_chance(kind: str, seed: int) -> None:
    """A draw that misses the target at most counts for 0, one that reaches it at least for 1, others for a line."""
    form = made(kind)
    leaf = leaf_in(form, seed)
    if seed % 3 == 2:
        leaf.prices = np.zeros_like(leaf.prices)
    assert valid_draw_weights(form, leaf.draw_weights)
    expected, _ = chance_in(form, leaf)
    bound = dual_bound(form, fine(form, leaf), leaf)
    size = 1.0 + float(np.abs(leaf.prices).sum())
    assert expected - 1e-12 * size <= bound <= expected + 2e-3 * size


def test_a_price_of_money_lowers_the_bound_of_a_chance() -> None:
    """Where a target is hard to reach, money spent on the one draw is missing for the other."""
    form = of(BUDGET, draws=6, risk=cm.ReachTarget(12.0))().standard
    row = int(np.argmax(np.isfinite(form.high)))
    below = 0
    for price in np.geomspace(0.02, 5.0, 12).tolist():
        prices = np.zeros(len(form.B))
        prices[row] = price
        for weights in (np.ones(6), np.linspace(0.2, 1.0, 6)):
            leaf = Leaf(form.box_low, form.box_high, prices, weights)
            expected, share = chance_in(form, leaf)
            bound = dual_bound(form, fine(form, leaf), leaf)
            assert expected - 1e-12 <= bound <= expected + 2e-3
            below += expected < 0.95 * share
    assert below >= 3


def test_a_draw_that_reaches_the_target_at_the_end_of_a_box_counts() -> None:
    """To the last digit: what a draw can reach at most is what it has to reach."""
    form = made("chance")
    _, largest = form.net_range(form.box_low, form.box_high)
    assert form.risk is not None
    for most_of_one in np.sort(largest).tolist():
        near = most_of_one / (1.0 - 1e-9)
        targets = [near + k * math.ulp(near) for k in range(-4, 5)]
        forms = [replace(form, risk=replace(form.risk, target=target)) for target in targets]
        exact = next(one for one in forms if one.aim == most_of_one)
        leaf = Leaf(form.box_low, form.box_high, np.zeros(len(form.B)), np.ones(len(form.offset)))
        share = float((largest >= most_of_one).mean())
        step = chance_weights(exact, leaf)
        assert np.count_nonzero(step) == round(share * len(largest))
        assert dual_bound(exact, fine(exact, leaf), leaf) <= share
        half = replace(leaf, draw_weights=np.zeros(len(form.offset)))
        assert dual_bound(exact, fine(exact, half), half) == pytest.approx(share)


def test_prices_and_weights_of_nothing_show_what_the_box_allows() -> None:
    """Without prices a chance is the share of draws that can reach the target in the box."""
    form = made("chance")
    for part in (0.1, 0.3, 0.5, 1.0):
        leaf = Leaf(form.box_low, part * form.box_high, np.zeros(len(form.B)), np.ones(len(form.offset)))
        _, largest = form.net_range(leaf.low, leaf.high)
        assert dual_bound(form, fine(form, leaf), leaf) <= float((largest >= form.aim).mean())


@pytest.mark.parametrize(
    ("state_ends", "least"), [((0.0, 1.0), 0.0), ((0.0, 1.0), 0.3), ((1.0, 1.0), 0.0), ((0.0, 0.0), 0.0)]
)
def test_states_are_on_or_off(state_ends: tuple[float, float], least: float) -> None:
    """Off where that is better, and only where neither the state nor a spend of its cells must be more than nothing."""
    form = made("switched")
    rng = np.random.default_rng(8)
    assert len(form.states) >= 2
    bounds = set()
    for _ in range(20):
        leaf = leaf_in(form, 0)
        leaf.prices = 4.0 * rng.random(len(form.B)) * np.where(np.isfinite(form.high), 1.0, -1.0)
        for state, members in form.states.items():
            leaf.low[state], leaf.high[state] = state_ends
            leaf.low[members] = least * leaf.high[members] * (np.arange(len(members)) == 0)
        bound, expected = dual_bound(form, fine(form, leaf), leaf), most(form, leaf, form.gain, form.charge)
        size = 1.0 + float(np.abs(leaf.prices).sum())
        assert expected - 1e-12 * size <= bound <= expected + 2e-3 * size
        bounds.add(round(bound, 6))
    assert len(bounds) > 10


def test_a_crumb_of_money_brings_nothing() -> None:
    """Where a curve is infinitely steep, even the rounding of a sum would bring something."""
    curves = cm.ResponseCurves.power([1.0, 2.0], [0.02, 0.02], names=["a", "b"])
    form = cm.AllocationProblem(curves, BUDGET).standard
    none = np.zeros(len(form.B))
    for cell in range(2):
        for share, counts in ((0.0, False), (0.5, False), (1.0, False), (1.5, True)):
            high = form.box_high.copy()
            high[cell] = share * form.crumbs[cell]
            leaf = Leaf(form.box_low, high, none, None)
            envelopes = form.envelopes([np.geomspace(1e-18, 1.0, 60)] * form.n_shapes)
            envelopes.keep_ends(leaf.low, leaf.high)
            bound = dual_bound(form, envelopes, leaf)
            other = float(form.curves.mean_value(np.where(np.arange(2) == cell, 0.0, high)).sum())
            if not counts:
                assert bound == pytest.approx(other, rel=1e-9)
            else:
                assert bound >= other + 0.1


def test_a_price_on_an_open_side_bounds_nothing() -> None:
    form = made("budget")
    leaf = leaf_in(form, 0)
    for k in range(len(form.B)):
        for price, side in ((1e-3, form.high[k]), (-1e-3, form.low[k])):
            prices = np.zeros(len(form.B))
            prices[k] = price
            bound = dual_bound(form, fine(form, leaf), replace(leaf, prices=prices))
            assert math.isfinite(bound) == math.isfinite(side)


def test_crossed_ends_exclude_whatever_the_prices() -> None:
    form = made("budget")
    none = np.zeros(len(form.B))
    for cell in range(form.n_cells):
        low = form.box_low.copy()
        low[cell] = form.box_high[cell] + 1e-3
        assert excludes(form, fine(form, leaf_in(form, 0)), Leaf(low, form.box_high, none, None))
    assert not excludes(form, fine(form, leaf_in(form, 0)), Leaf(form.box_low, form.box_high, none, None))


@pytest.mark.parametrize("risk", [None, cm.MeanCVaR(0.4, 0.5)])
def test_rows_missed_by_rounding_exclude_nothing(risk: Any) -> None:
    """Two rows miss each other by more, or by less, than what proves a conflict, in whatever unit of prices."""
    for missing, excluded in ((1e-6, True), (1e-8, True), (1e-10, False), (0.0, False), (-1e-6, False)):
        rules = [
            cm.LinearConstraint({"FR/sms": 1.0, "FR/app": 1.0}, high=2.0),
            cm.LinearConstraint({"FR/sms": 1.0, "FR/app": 1.0}, low=2.0 * (1.0 + missing)),
        ]
        form = of(BUDGET, *rules, draws=6, risk=risk)().standard
        weights = None if risk is None else np.full(6, 0.4 / 6)  # they count in the objective, and not here
        rows = [k for k in range(len(form.B)) if (form.A.toarray()[k] != 0.0).sum() == 2]
        assert len(rows) == 2
        for size in (1e-3, 1.0, 1e3):
            prices = np.zeros(len(form.B))
            for k in rows:
                prices[k] = size if math.isfinite(form.high[k]) else -size
            leaf = Leaf(np.zeros(3), np.ones(3), prices, weights)
            assert excludes(form, fine(form, leaf), leaf) == excluded


def test_weights_of_the_worst_draws() -> None:
    """They sum to the weight of the worst draws, and none is more than its share of the worst."""
    form, n = made("tail"), 6  # the worst half of six draws has 0.4 of the objective
    even = np.full(n, 0.4 / n)
    third = np.array([0.4 / 3] * 3 + [0.0] * 3)
    for good in (even, third, third[::-1], even * (1.0 + 1e-10)):
        assert valid_draw_weights(form, good)
    wrong: list[Any] = [
        None,
        even[:-1],
        np.append(even, 0.0),
        even[:, np.newaxis],
        even * 1.001,
        even * 0.999,
    ]
    wrong += [
        np.array([0.2, 0.2, 0.0, 0.0, 0.0, 0.0]),
        np.array([0.4 / 3 + 1e-6, *[(0.8 / 3 - 1e-6) / 5] * 5]),
    ]
    for bad in (math.nan, math.inf, -math.inf, -0.01):
        for place in range(n):
            one = even.copy()
            one[place] = bad
            one[(place + 1) % n] += 0.01 + 0.4 / n if bad == -0.01 else 0.0
            wrong.append(one)
    wrong += [np.full(n, math.nan), np.full(n, math.inf), -even]
    for weights in wrong:
        assert not valid_draw_weights(form, weights)


def test_weights_against_a_baseline_have_any_sum() -> None:
    form, n = made("safe"), 6
    for total in (0.0, 1e-6, 1.0, 1e6):
        assert valid_draw_weights(form, np.full(n, total / n))
        assert valid_draw_weights(form, np.array([total / 3] * 3 + [0.0] * 3))
        assert valid_draw_weights(form, np.array([total / 2] * 2 + [0.0] * 4)) == (total == 0.0)
    assert not valid_draw_weights(form, np.array([0.4, 0.4, 0.4, 0.2, -0.2, 0.0]))
    for bad in (math.inf, math.nan):
        assert not valid_draw_weights(form, np.array([bad, 0.1, 0.1, 0.1, 0.1, 0.1]))


def test_weights_of_steps_are_shares() -> None:
    form, n = made("chance"), 6
    for good in (np.zeros(n), np.ones(n), np.linspace(0.0, 1.0, n)):
        assert valid_draw_weights(form, good)
    for place in range(n):
        for bad in (1.0 + 1e-9, -1e-9, math.nan):
            one = np.full(n, 0.5)
            one[place] = bad
            assert not valid_draw_weights(form, one)
    assert not valid_draw_weights(form, np.ones(n - 1))
    assert not valid_draw_weights(form, None)


def test_without_a_risk_there_are_no_weights() -> None:
    form = made("draws")
    assert valid_draw_weights(form, None)
    assert not valid_draw_weights(form, np.zeros(6))


@pytest.mark.parametrize("n_rules", [0, 4])
@pytest.mark.parametrize("size", [0.0, 1.0, 1e6, 1e12, 1e15])
def test_rounding_is_added_and_no_more_than_that(size: float, n_rules: int) -> None:
    """Huge prices whose sums cancel have lost their last digits: the bound is not below the exact one, in fractions."""
    rng = np.random.default_rng(2)
    rules = [
        cm.LinearConstraint(dict(zip(NAMES, rng.random(3), strict=True)), high=3.0) for _ in range(n_rules)
    ]
    rules += [
        cm.LinearConstraint(dict(zip(NAMES, rng.random(3), strict=True)), low=-1.0) for _ in range(n_rules)
    ]
    form = of(BUDGET, *rules, charge=CHARGE)().standard
    A, charge = form.A.toarray(), form.charge
    envelopes = fine(form, Leaf(form.box_low, form.box_high, np.zeros(len(form.B)), None))
    corners = [envelopes[i].vertices(float(form.box_low[i]), float(form.box_high[i])) for i in range(3)]
    sides = np.where(np.isfinite(form.high), form.high, form.low)
    for _ in range(40):
        prices = size * rng.random(len(form.B)) * np.where(np.isfinite(form.high), 1.0, -1.0)
        prices *= np.where(rng.random(len(prices)) < 0.7, 1.0, 0.0)
        bound = dual_bound(form, envelopes, Leaf(form.box_low, form.box_high, prices, None))
        weighed = [(Fraction(p), k) for k, p in enumerate(prices.tolist())]
        exact = sum((p * Fraction(float(sides[k])) for p, k in weighed), Fraction(0))
        for i, (x, y) in enumerate(corners):
            slope = sum((p * Fraction(float(A[k, i])) for p, k in weighed), Fraction(float(charge[i])))
            ends = [int(np.argmax(y - float(slope) * x)), 0, len(x) - 1]
            near = {k for end in ends for k in range(max(end - 2, 0), min(end + 3, len(x)))}
            exact += max(Fraction(float(y[k])) - slope * Fraction(float(x[k])) for k in near)
        terms = float(np.abs(prices) @ np.abs(A).sum(axis=1) + np.abs(prices) @ np.abs(sides)) + 20.0
        assert exact <= Fraction(bound) <= exact + Fraction(40 * EPSILON * terms)
