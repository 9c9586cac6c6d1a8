"""Curves that cells share are the same curves."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.carryover import Carryover, geometric_weights
from channelmix.engine.response.envelope import Envelope
from channelmix.engine.response.shared import Shared

SIZES = np.array([1.0, 3.0, 0.2, 7.5])


def markets(seed: int = 0) -> ResponseCurves:
    """Four markets of three cells each, which differ in size alone, and a cell that is like no other."""
    rng = np.random.default_rng(seed)
    hill = 10.0 * rng.uniform(0.5, 1.0, 16), 4.0 * rng.uniform(0.5, 1.0, 16), rng.uniform(0.8, 2.5, 16)
    rate, cap = rng.uniform(1.0, 2.0, 16), rng.uniform(2.0, 3.0, 16)
    parts = []
    for k, size in enumerate(SIZES):
        columns = (size * hill[0][:, None], size * hill[1][:, None], hill[2][:, None])
        parts += [
            ResponseCurves.hill(*columns, names=[f"m{k}/hill"]),
            ResponseCurves.exponential(size * rate[:, None], 2.0 * size * rate[:, None], names=[f"m{k}/exp"]),
            ResponseCurves.service(
                *(size * cap[:, None], size * cap[:, None], 0.3 * size * cap[:, None], 0.4, 0.5),
                resolution=0.7,
                reach=size * rate[:, None],
                criticism=0.3,
                praise=0.1,
                names=[f"m{k}/service"],
            ),
        ]
    return ResponseCurves.concat([*parts, ResponseCurves.power([2.0], [0.5], names=["alone"])])


def test_markets_that_differ_in_size_alone_share_their_curves() -> None:
    plain = markets()
    found = plain.shared()
    block = found.as_shared()
    assert len(block.shapes) == 4  # three shapes of four markets each, and one of its own
    assert found.names == plain.names
    assert found.n_draws == plain.n_draws
    np.testing.assert_allclose(
        block.unit[:12].reshape(4, 3), np.repeat(SIZES[:, None], 3, axis=1), rtol=1e-12
    )
    # Another slope is another shape.
    other = ResponseCurves.hill([1.0, 2.0], [1.0, 2.0], [1.5, 1.6])
    assert other.shared() is other


def test_what_is_shared_is_the_same_curve() -> None:
    plain, rng = markets(), np.random.default_rng(1)
    found = plain.shared()
    weights = rng.dirichlet(np.ones(plain.n_draws))
    for _ in range(5):
        spend = rng.uniform(0.0, 30.0, plain.n_cells) * rng.integers(0, 2, plain.n_cells)
        for one in (found, found.rescaled(4.0, 0.5), found.take(list(range(12, -1, -1)))):
            same = plain
            if one.names != plain.names:
                same = plain.take(list(range(12, -1, -1)))
            elif one is not found:
                same = plain.rescaled(4.0, 0.5)
            np.testing.assert_allclose(one.value(spend), same.value(spend), rtol=1e-12, atol=1e-13)
            np.testing.assert_allclose(one.derivative(spend), same.derivative(spend), rtol=1e-11)
            np.testing.assert_allclose(one.mean_value(spend), same.mean_value(spend), rtol=1e-12, atol=1e-13)
            np.testing.assert_allclose(one.total(spend), same.total(spend), rtol=1e-12)
            np.testing.assert_allclose(one.slope(spend), same.slope(spend), rtol=1e-11)
            np.testing.assert_allclose(one.slope(spend, weights), same.slope(spend, weights), rtol=1e-11)
        few = [3, 1, 8]
        drawn = found.of_draws(few).value(spend)
        np.testing.assert_allclose(drawn, plain.value(spend)[few], rtol=1e-12, atol=1e-13)
    for i in range(plain.n_cells):
        cell, other = found.cell(i), plain.cell(i)
        assert not isinstance(cell, Shared)
        assert type(cell) is type(other)
        at = np.linspace(0.0, 20.0, 7)[np.newaxis]
        np.testing.assert_allclose(cell.value(at), other.value(at), rtol=1e-12, atol=1e-13)
    assert found.alike(0, 0)
    assert not found.alike(0, 3)


def test_an_answer_that_is_kept_cannot_be_changed_from_outside() -> None:
    found = markets().shared()
    spend = np.full(found.n_cells, 2.0)
    first = found.mean_value(spend)
    first[:] = -1.0
    assert (found.mean_value(spend) >= 0.0).all()


def test_shared_curves_are_stored_once() -> None:
    plain = markets()
    text, short = json.dumps(plain.to_dict()), json.dumps(plain.shared().to_dict())
    assert len(short) < 0.5 * len(text)
    spend = np.linspace(0.0, 9.0, plain.n_cells)
    for written in (text, short):
        read = ResponseCurves.from_dict(json.loads(written))
        np.testing.assert_allclose(read.value(spend), plain.value(spend), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    "damage",
    [
        lambda block: block.update(of=[0] * len(block["of"])),
        lambda block: block.update(of=[99, *block["of"][1:]]),
        lambda block: block.update(of=block["of"][1:]),
        lambda block: block.update(unit=block["of"]),
        lambda block: block["shapes"].pop(),
        lambda block: block["shapes"].__setitem__(0, json.loads(json.dumps(block))),
    ],
)
def test_damaged_shared_curves_are_refused(damage: Any) -> None:
    data = markets().shared().to_dict()
    damage(data["blocks"][0])
    with pytest.raises(cm.InputError, match="response curves"):
        ResponseCurves.from_dict(data)


def test_a_period_of_factor_0_brings_nothing_even_where_a_slope_is_infinite() -> None:
    carry = Carryover([1.0], 3, season=[1.0, 0.0, 2.0])
    curves = carry.over(1).curves(ResponseCurves.power([2.0], [0.5]))
    assert curves.derivative(np.zeros(3)).tolist() == [[np.inf, 0.0, np.inf]]
    np.testing.assert_allclose(curves.mean_value(np.full(3, 4.0)), [4.0, 0.0, 8.0])


def test_bounds_of_cells_that_share_a_curve_are_those_of_each_alone() -> None:
    plain, rng = markets(), np.random.default_rng(2)
    problem = cm.AllocationProblem(plain, cm.FixedBudget(40.0))
    form = problem.standard
    n = form.n_cells
    grid = [np.linspace(0.0, 1.0, 9) * form.box_high[i] for i in range(n)]
    envelopes = form.envelopes(grid)
    assert len(envelopes) == n
    assert len(envelopes.inner) == 4
    low = rng.uniform(0.0, 0.4, n) * form.box_high[:n]
    high = low + rng.uniform(0.0, 0.6, n) * form.box_high[:n]
    price = rng.uniform(0.0, 2.0, n)
    most, spend = envelopes.attained(1.3, price, low, high, None)
    assert ((spend >= low * (1 - 1e-12)) & (spend <= high * (1 + 1e-12))).all()
    for i, cell in enumerate(envelopes):
        x, y = cell.vertices(float(low[i]), float(high[i]))
        assert most[i] == pytest.approx(float(np.max(1.3 * y - price[i] * x)), rel=1e-12)
        # It lies above the curve, wherever in the box, and is no looser than a bound of the cell's own.
        at = np.linspace(low[i], high[i], 40)
        own = Envelope(form.curves.cell(i), grid[i])
        curve = form.curves.cell(i).value(at[np.newaxis]).mean(axis=0)
        bound = np.interp(at, x, y)
        assert (bound >= curve * (1.0 - 1e-12) - 1e-15).all()
        assert (bound <= np.interp(at, *own.corners()) * (1.0 + 1e-9) + 1e-12).all()
        hull = cell.hull(float(low[i]), float(high[i]))
        assert (np.diff(hull[0]) > 0.0).all()
        assert hull[0][0] == low[i]


@pytest.mark.parametrize("seed", range(6))
def test_banded_operations_are_those_of_the_matrix(seed: int) -> None:
    """The dense matrix is written out here, entry by entry."""
    rng = np.random.default_rng(seed)
    n, periods, lags = int(rng.integers(1, 5)), int(rng.integers(1, 9)), int(rng.integers(1, 6))
    weights = rng.dirichlet(np.ones(lags), size=n)
    cost, initial = rng.uniform(0.5, 2.0, (periods, n)), rng.uniform(0.0, 3.0, (int(rng.integers(1, 4)), n))
    delay = Carryover(weights, periods, initial=initial, cost=cost).over(n)
    W = np.zeros(((periods + lags - 1) * n, periods * n))
    for t in range(periods):
        for lag in range(lags):
            for i in range(n):
                W[(t + lag) * n + i, t * n + i] = weights[i, lag] / cost[t, i]
    np.testing.assert_allclose(delay.matrix.toarray(), W, rtol=1e-15)
    spend, slopes = rng.uniform(0.0, 5.0, periods * n), rng.uniform(0.0, 5.0, len(W))
    np.testing.assert_allclose(delay.acting(spend), W @ spend + delay.start, rtol=1e-13)
    np.testing.assert_allclose(delay.credited(slopes), slopes @ W, rtol=1e-13)


def test_a_year_of_days_takes_no_dense_matrix() -> None:
    delay = Carryover(geometric_weights(0.7, 14), 365).over(12)
    assert delay.matrix.nnz == 365 * 12 * 14
