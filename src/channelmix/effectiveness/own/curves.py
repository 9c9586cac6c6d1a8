"""Curves of a period of today from a fit: where they are tabulated, and their draws in halves that are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.documents import Interval
from channelmix.effectiveness.draws import spending_cells
from channelmix.effectiveness.history import MarketingMixRegressor
from channelmix.effectiveness.history.markets import edges
from channelmix.effectiveness.own.columns import ColumnSpend
from channelmix.engine.response import ResponseCurves
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import covered

EVEN, GROWTH = 32, 1.5
"""Even parts of the range seen into which a curve is tabulated, and the factor from step to step beyond it."""

ROOM = 10.0
"""Factor on the money of a profile, and on the most that was seen, up to which curves reach: evidence is used for other
budgets, too."""

BESIDE = 0.01
"""Share of the average below and above which the return of the next unit is measured."""


def curves_of(
    spent: Sequence[ColumnSpend],
    model: MarketingMixRegressor,
    reaches: Mapping[str, float],
    worth: float,
    rng: np.random.Generator,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Curves of a period of today, and the return of each at the average of the periods with spend.

    Outcomes have the seven digits of floats of four bytes, so that the curves of a large company fit in a file.

    Parameters
    ----------
    spent : sequence of ColumnSpend
    model : MarketingMixRegressor
        Fitted to the same rows.
    reaches : mapping of str to float
        Spend a period up to which a plan may go, by column and market.
    worth : float
        Margin of one unit of outcome.
    rng : Generator
        Shuffles the draws.

    Returns
    -------
    curves : dict
        Money a period against spend a period, as `ResponseCurves.to_dict` writes it; each runs through its return. The
        halves of the draws are alike.
    returns : list of dict
        ``roi``, ``marginal_roi`` of the next unit, and factors of the ``months_ahead``.
    """
    tables, at, returns = [], [], []
    for one in spent:
        points = knots_of(one.active_spend, one.most, reaches[one.name])
        around = one.active_spend * np.array([1.0 - BESIDE, 1.0 + BESIDE])
        brought = model.timed_outcome(
            one.column, one.timing.acting, np.append(points, around), one.market
        ) * (worth / one.timing.periods)
        outcome = np.maximum.accumulate(brought[:, : len(points)], axis=1)  # rounding may lower a flat end
        outcome = outcome.astype(np.float32)
        at.append(outcome[:, int(np.searchsorted(points, one.active_spend))].astype(float))
        returns.append(
            {
                "roi": _interval(at[-1] / one.active_spend),
                "marginal_roi": _interval((brought[:, -1] - brought[:, -2]) / np.diff(around)),
                "months_ahead": _months_ahead(one, model, float(at[-1].mean()) / worth),
            }
        )
        tables.append((points, outcome))
    order = alike_halves(np.column_stack(at), rng)
    blocks = []
    for points, outcome in tables:  # one by one: all at full length may not fit in memory
        blocks += ResponseCurves.tabulated(points, outcome[order, :, np.newaxis]).to_dict()["blocks"]
    return {"names": [one.name for one in spent], "blocks": blocks}, returns


def alike_halves(values: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """Order draws so that the means of both halves are nearly the same, of every column.

    A plan rests on the first half, and a fit states the mean of all. Draws are paired by what all columns bring
    together. Of each pair one goes to either half by chance, and pairs change places while that brings the means
    closer. They come in an order by which the beginnings of a half are alike, too: some plans take no more.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_columns)
    rng : Generator
    """
    n = len(values) // 2
    scaled = values / np.maximum(values.std(axis=0), np.finfo(float).tiny)
    ranked = np.argsort(scaled.sum(axis=1), kind="stable")
    pairs = rng.permuted(ranked[: 2 * n].reshape(n, 2), axis=1)[_spread_out(n)]
    difference = scaled[pairs[:, 0]] - scaled[pairs[:, 1]]
    squares = (difference**2).sum(axis=1)
    for _ in range(n):
        gains = difference @ difference.sum(axis=0) - squares
        best = int(gains.argmax())
        if gains[best] <= 0.0:
            break
        pairs[best], difference[best] = pairs[best, ::-1].copy(), -difference[best]
    return np.concatenate([pairs[:, 0], pairs[:, 1], ranked[2 * n :]])


def _spread_out(n: int) -> NDArray[np.int64]:
    """Places 0 to n - 1 so that those of any beginning lie evenly among all: by their bits, the last first.

    >>> _spread_out(6).tolist()
    [0, 4, 2, 1, 5, 3]
    """
    bits = max((n - 1).bit_length(), 1)
    return np.array([k for k in (int(f"{i:0{bits}b}"[::-1], 2) for i in range(2**bits)) if k < n])


def _months_ahead(one: ColumnSpend, model: MarketingMixRegressor, usual: float) -> tuple[float, ...] | None:
    """What each month ahead brings at the average by its own timing, over what a usual period brings."""
    if not any(acting is not None for acting in one.months) or usual <= 0.0:
        return None
    bought = float(one.timing.acting[:, 0].sum()) / one.timing.periods  # for a unit of money, of late
    money = np.array([one.active_spend * bought])
    factors = []
    for acting in one.months:
        if acting is None:
            factors.append(1.0)
        else:
            outcome = model.timed_outcome(one.column, acting, money, one.market).mean()
            factors.append(float(outcome) / float(acting[:, 0].sum()) / usual)
    return tuple(factors)


def knots_of(average: float, most: float, reach: float) -> Array:
    """Spends at which a curve is tabulated: even ones up to the most that was seen, then ever farther apart.

    >>> knots_of(3.0, 4.0, 5.0)[-5:].round(3)
    array([4.   , 4.125, 4.312, 4.594, 5.016])
    """
    near = max(average, most)
    even = np.linspace(0.0, near, EVEN + 1)
    far, step = [near], near / EVEN
    while far[-1] < reach:
        far.append(far[-1] + step)
        step *= GROWTH
    return np.unique(np.concatenate([even, [average], far]))


def _interval(draws: Array) -> Interval:
    low, high = np.quantile(draws, edges(0.9))
    return Interval(mean=float(draws.mean()), low=float(low), high=float(high))


def reaches_of(profile: CompanyProfile, spent: Sequence[ColumnSpend]) -> dict[str, float]:
    """Spend a period up to which a plan of a profile may go on each column and market, with room to spare.

    All of the money may go on the smallest of a column's cells, which has a part of the column's curve.
    """
    cells = profile.cells()
    places = covered([one.name for one in spent], [cell.name for cell in cells])
    money = ROOM * max(profile.budget, profile.current_total)
    return {
        one.name: max(money, ROOM * one.most) / min(spending_cells([cells[i].current_spend for i in at])[1])
        for one, at in zip(spent, places, strict=True)
    }
