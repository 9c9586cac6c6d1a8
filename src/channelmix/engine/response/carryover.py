"""Carry-over (adstock): how spend in one period acts in later ones, and what differs between periods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, echo
from channelmix.core.sizes import MOST_SPENDS, within
from channelmix.core.tolerances import SUM_TOLERANCE
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.adstock import geometric_adstock
from channelmix.engine.response.numerics import as_numbers
from channelmix.engine.response.periods import in_period
from channelmix.engine.response.shared import Shared

ONCE = 1e-300
"""Half-life of spend that acts in its own period only."""

MOST_PERIODS = 1000
"""Most periods that are planned, in which spend acts, or before the plan."""


@dataclass(frozen=True, eq=False)
class Carryover:
    """Several periods with adstocked spend: ``outcome[t] = season[t] * f(sum_k weights[k] * spend[t - k])``.

    A curve's outcome is per period; `season` and the discount rate scale it. Outcome after the plan's last period
    counts too; outcome of spend before the plan does not.

    Parameters
    ----------
    weights : array_like of shape (n_lags,) or (n_cells, n_lags)
        Share of a period's spend that acts 0, 1, 2, ... periods later; they sum to 1.
    periods : int
        Number of planned periods.
    initial : array_like of shape (n_before,) or (n_before, n_cells), optional
        Spend in the periods before the plan, the latest last.
    season : array_like of shape (periods,) or (periods, n_cells), optional
        Factor on the outcome of each period; 1 if not given. After the plan's end their mean applies.
    cost : array_like of shape (periods,) or (periods, n_cells), optional
        Factor on what the same effect costs in each period; 1 if not given.
    discount : float
        Discount rate per period: outcome of period t (from 0) counts ``1 / (1 + discount)^t``; money is not discounted.

    Raises
    ------
    InputError
        If shapes do not fit or a number is out of range.
    """

    weights: ArrayLike
    periods: int
    initial: ArrayLike | None = None
    season: ArrayLike | None = None
    cost: ArrayLike | None = None
    discount: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.periods, bool) or not isinstance(self.periods, int | np.integer):
            raise InputError(f"periods must be a whole number, not {echo(self.periods)}")
        if not 1 <= self.periods <= MOST_PERIODS:
            raise InputError(f"periods must be between 1 and {MOST_PERIODS}, not {echo(self.periods)}")
        for name in ("weights", "initial", "season", "cost"):
            if getattr(self, name) is not None:
                array = as_numbers(getattr(self, name), f"carry-over: {name}")
                if array.ndim not in (1, 2) or 0 in array.shape:
                    raise InputError(f"carry-over: {name} has shape {array.shape}, not one or two dimensions")
                if not (np.isfinite(array).all() and (array >= 0.0).all()):
                    raise InputError(f"carry-over: {name} must be finite and non-negative")
                object.__setattr__(self, name, array)
        if (np.abs(np.sum(self.weights, axis=-1) - 1.0) > SUM_TOLERANCE).any():
            raise InputError("carry-over: weights must sum to 1")
        within(MOST_PERIODS, self.lags, "carry-over: periods in which spend acts")
        if self.initial is not None:
            within(MOST_PERIODS, len(np.asarray(self.initial)), "carry-over: periods before the plan")
        for name in ("season", "cost"):
            given = getattr(self, name)
            if given is not None and len(given) != self.periods:
                raise InputError(f"carry-over: {name} has {len(given)} periods, not {self.periods}")
        if self.cost is not None and (np.asarray(self.cost) == 0.0).any():
            raise InputError("carry-over: cost must be above 0")
        discount = as_numbers(self.discount, "carry-over: discount")
        if discount.ndim or not (np.isfinite(discount) and discount > -1.0):
            raise InputError(f"carry-over: discount must be a number above -1, not {echo(self.discount)}")

    @property
    def lags(self) -> int:
        """Number of periods in which spend acts, its own included."""
        return int(np.shape(self.weights)[-1])

    @property
    def horizon(self) -> int:
        """Number of periods in which planned spend acts."""
        return int(self.periods) + self.lags - 1

    def over(self, n_cells: int) -> Delay:
        """Apply the carry-over to a number of cells.

        Raises
        ------
        InputError
            If a number given by cell is for another number of cells.
        """
        for name, axis in (("weights", 0), ("initial", 1), ("season", 1), ("cost", 1)):
            given = getattr(self, name)
            if given is not None and np.ndim(given) == 2 and np.shape(given)[axis] != n_cells:
                raise InputError(f"carry-over: {name} is for {np.shape(given)[axis]} cells, not {n_cells}")
        within(MOST_SPENDS, self.horizon * n_cells, "cells x periods", "plan longer periods, or fewer cells")
        return Delay(self, n_cells)

    def to_dict(self) -> dict[str, Any]:
        """Write JSON-ready data."""
        arrays = {name: getattr(self, name) for name in ("weights", "initial", "season", "cost")}
        data: dict[str, Any] = {name: np.asarray(a).tolist() for name, a in arrays.items() if a is not None}
        return {**data, "periods": int(self.periods), "discount": float(self.discount)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(**data)


@dataclass(frozen=True, eq=False)
class Delay:
    """A carry-over applied to some cells: ``x = W @ spend + x0``, with spend and x flattened from (period, cell).

    x runs over `Carryover.horizon` periods, spend over the planned ones.
    """

    carryover: Carryover
    n_cells: int

    @property
    def periods(self) -> int:
        """Planned periods."""
        return int(self.carryover.periods)

    @cached_property
    def _weights(self) -> Array:
        weights = np.asarray(self.carryover.weights)
        return np.broadcast_to(weights, (self.n_cells, self.carryover.lags))

    @cached_property
    def cost(self) -> Array:
        """Factor on what the same effect costs; shape (periods, n_cells)."""
        return self._by_cell(self.carryover.cost)

    @cached_property
    def matrix(self) -> Any:
        """W, sparse, of shape (horizon * n_cells, periods * n_cells): as many bands as spend acts in periods."""
        n, lags = self.n_cells, self.carryover.lags
        column = np.repeat(np.arange(self.periods * n), lags).reshape(self.periods, n, lags)
        row = column + n * np.arange(lags)
        shares = self._weights / self.cost[:, :, np.newaxis]
        kept = shares != 0.0
        shape = (self.carryover.horizon * n, self.periods * n)
        return csr_array((shares[kept], (row[kept], column[kept])), shape=shape)

    def acting(self, spend: Array) -> Array:
        """Adstocked spend ``W @ spend + x0`` of a spend of shape (periods * n_cells,); shape (horizon * n_cells,)."""
        acting = self.start.reshape(-1, self.n_cells).copy()
        paid = spend.reshape(self.periods, self.n_cells) / self.cost
        for lag in range(self.carryover.lags):
            acting[lag : lag + self.periods] += self._weights[:, lag] * paid
        return acting.ravel()

    def credited(self, slopes: Array) -> Array:
        """Credit slopes of adstocked spend, (horizon * n_cells,), to spend: ``slopes @ W``; (periods * n_cells,)."""
        worth = np.zeros((self.periods, self.n_cells))
        of_period = slopes.reshape(-1, self.n_cells)
        for lag in range(self.carryover.lags):
            used = self._weights[:, lag] > 0.0  # an infinite slope is worth nothing where nothing acts
            part = self._weights[used, lag] * of_period[lag : lag + self.periods, used]
            worth[:, used] += part / self.cost[:, used]
        return worth.ravel()

    @cached_property
    def start(self) -> Array:
        """x0 of shape (horizon * n_cells,): what spend before the plan still does."""
        x0 = np.zeros((self.carryover.horizon, self.n_cells))
        if self.carryover.initial is not None:
            initial = np.asarray(self.carryover.initial)
            before = np.broadcast_to(
                initial[:, np.newaxis] if initial.ndim == 1 else initial, (len(initial), self.n_cells)
            )
            for back, spend in enumerate(before[::-1], start=1):
                for lag in range(back, self.carryover.lags):
                    x0[lag - back] += self._weights[:, lag] * spend
        return x0.ravel()

    def curves(self, curves: ResponseCurves) -> ResponseCurves:
        """Return one curve a period of the horizon and cell, scaled by season and discount."""
        return self._scaled(curves, self.factors)

    def losses(self, losses: ResponseCurves) -> ResponseCurves:
        """Return one curve of losses a period of the horizon and cell: they know no season, but the discount."""
        discounts = self.discounts(self.carryover.horizon)[:, np.newaxis]
        return self._scaled(losses, np.broadcast_to(discounts, (self.carryover.horizon, self.n_cells)))

    def _scaled(self, curves: ResponseCurves, factors: Array) -> ResponseCurves:
        one, horizon = curves.shared().as_shared(), self.carryover.horizon
        every = Shared(
            one.shapes,
            np.tile(one.of, horizon),
            np.tile(one.unit, horizon),
            (one.factor * factors).ravel(),
        )
        names = tuple(in_period(name, t + 1) for t in range(horizon) for name in curves.names)
        return ResponseCurves(names, (every,))

    @cached_property
    def factors(self) -> Array:
        """Factor on the outcome of each period, by season and discount; shape (horizon, n_cells)."""
        season = self._by_cell(self.carryover.season)
        after = np.repeat(season.mean(axis=0)[np.newaxis], self.carryover.lags - 1, axis=0)
        return np.concatenate([season, after]) * self.discounts(self.carryover.horizon)[:, np.newaxis]

    def discounts(self, periods: int) -> Array:
        """Return the discount factor of each period; shape (periods,)."""
        return np.asarray((1.0 + self.carryover.discount) ** -np.arange(periods, dtype=float))

    def _by_cell(self, given: ArrayLike | None) -> Array:
        if given is None:
            return np.ones((self.periods, self.n_cells))
        array = np.asarray(given, dtype=float)
        return np.broadcast_to(
            array[:, np.newaxis] if array.ndim == 1 else array, (self.periods, self.n_cells)
        )


def geometric_weights(retention: float, lags: int) -> Array:
    """Weights ``retention^k`` of the lags k, scaled to sum to 1; shape (lags,).

    >>> geometric_weights(0.5, 3).round(3).tolist()
    [0.571, 0.286, 0.143]
    """
    if not 0.0 <= retention < 1.0:
        raise InputError(f"retention must lie in [0, 1), not {retention!r}")
    half_life = 1.0 / -np.log2(retention) if retention else ONCE
    return geometric_adstock(half_life, lags)
