"""The carry-over of a profile's cells, from its timing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.response.adstock import delayed_adstock, geometric_adstock, weibull_adstock
from channelmix.engine.response.carryover import Carryover
from channelmix.engine.rules import Cells
from channelmix.profile import CompanyProfile
from channelmix.profile.fields.timing import MOST_LAGS, Delayed, Geometric, Weibull

LEFT = 0.01
"""Share of an effect that is too small to be carried further."""


def lag_weights(shape: Geometric | Delayed | Weibull) -> Array:
    """Share of spend that acts 0, 1, 2, ... periods later, until almost nothing is left; shape (lags,).

    >>> lag_weights(Geometric(half_life=1.0)).round(2).tolist()
    [0.5, 0.25, 0.13, 0.06, 0.03, 0.02, 0.01]
    """
    if isinstance(shape, Weibull):
        half_life = shape.scale * math.log(2.0) ** (1.0 / shape.shape)
        lags = shape.scale * (-math.log(LEFT)) ** (1.0 / shape.shape)
        return weibull_adstock(half_life, shape.shape, _whole(lags))
    halvings = -math.log2(LEFT)
    if isinstance(shape, Geometric):
        return geometric_adstock(shape.half_life, _whole(shape.half_life * halvings))
    lags = shape.peak + shape.half_life * math.sqrt(halvings) + 1.0
    return delayed_adstock(shape.half_life, shape.peak, _whole(lags))


def carryover_of(
    profile: CompanyProfile, fitted: Mapping[int, Sequence[float] | None] | None = None
) -> Carryover | None:
    """Return the carry-over of a profile's cells, with its season, dated costs and spend before the plan.

    Without `timing` there is none: one typical period is planned. The cells in the places `fitted` act in their own
    period: their curves, from the company's own history, include the carry-over. Each may have factors of the periods
    that follow its history, by the timing of its spend in them, a year of them and then the same again.
    """
    timing = profile.timing
    if timing is None:
        return None
    laid_out = profile.cells()
    cells = Cells(tuple(cell.name for cell in laid_out))
    today = np.array([cell.current_spend for cell in laid_out])
    acts = {selector: lag_weights(shape) for selector, shape in timing.carryover.items()}
    lags = max((len(weights) for weights in acts.values()), default=1)
    weights = np.zeros((len(cells), lags))
    weights[:, 0] = 1.0
    for selector, own in acts.items():
        weights[cells.select(selector)] = np.pad(own, (0, lags - len(own)))
    weights[list(fitted or ())] = np.eye(1, lags)[0]
    season = _factors(timing.season, cells, profile.periods) if timing.season else None
    for place, factors in (fitted or {}).items():
        if factors:
            season = np.ones((profile.periods, len(cells))) if season is None else season
            season[:, place] *= np.resize(factors, profile.periods)
    before = _factors(timing.spent_before, cells, lags - 1) * today
    return Carryover(
        weights if acts else [1.0],
        profile.periods,
        initial=before if lags > 1 and before.any() else None,
        season=season,
        cost=_factors(timing.cost, cells, profile.periods) if timing.cost else None,
        discount=timing.discount_rate,
    )


def _whole(lags: float) -> int:
    return math.ceil(min(max(lags, 1.0), MOST_LAGS))


def _factors(stated: Mapping[str, Sequence[float]], cells: Cells, periods: int) -> Array:
    """Product of the factors of each period and cell, the last period last; shape (periods, n_cells)."""
    factors = np.ones((periods, len(cells)))
    for selector, numbers in stated.items():
        known = np.asarray(numbers, dtype=float)[-periods:] if periods else np.empty(0)
        factors[periods - len(known) :, cells.select(selector)] *= known[:, np.newaxis]
    return factors
