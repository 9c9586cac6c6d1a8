"""Response curves given by points, so that any model's posterior can be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.core.sizes import MOST_PARAMETERS, within
from channelmix.engine.response.families import Family
from channelmix.engine.response.numerics import as_numbers


@dataclass(frozen=True, eq=False)
class Tabulated(Family, kind="tabulated"):
    """Piecewise linear through given points, constant after the last one.

    `points` holds spend, shape (n_points, n_cells), increasing from 0; `outcome` has shape (n_points,
    n_draws, n_cells), non-decreasing from 0. Nothing is assumed about curvature: the slope may rise or fall
    at every point.
    """

    points: Array
    outcome: Array

    @classmethod
    def read(cls, parameters: Mapping[str, Array]) -> Self:
        """See `Family.read`."""
        return cls.checked(spend=parameters["points"], outcome=np.swapaxes(parameters["outcome"], 0, 1))

    @classmethod
    def checked(cls, **parameters: Any) -> Self:
        """Build from `spend` (n_points,) or (n_points, n_cells) and `outcome` (n_points, n_cells) or
        (n_draws, ...).

        Raises
        ------
        InputError
            If shapes do not fit, spend does not increase from 0, or outcome falls or does not start at 0.
        """
        spend = as_numbers(parameters["spend"], "tabulated: spend")
        outcome = as_numbers(parameters["outcome"], "tabulated: outcome")
        if outcome.ndim == 2:
            outcome = outcome[np.newaxis]
        if spend.ndim == 1 and outcome.ndim == 3:
            spend = np.repeat(spend[:, np.newaxis], outcome.shape[-1], axis=1)
        if (
            outcome.ndim != 3
            or spend.ndim != 2
            or outcome.shape[1:] != spend.shape
            or spend.shape[0] < 2
            or 0 in outcome.shape
        ):
            raise InputError(
                "tabulated: spend must have shape (n_points,) or (n_points, n_cells) and outcome "
                f"(n_points, n_cells) or (n_draws, n_points, n_cells), not {spend.shape} and {outcome.shape}"
            )
        within(
            MOST_PARAMETERS, outcome.size, "tabulated: points x draws x cells", "give fewer points or draws"
        )
        if not (np.isfinite(spend).all() and np.isfinite(outcome).all()):
            raise InputError("tabulated: spend and outcome must be finite")
        if (spend[0] != 0.0).any() or (np.diff(spend, axis=0) <= 0.0).any():
            raise InputError("tabulated: spend must start at 0 and increase from point to point")
        if (outcome[:, 0] != 0.0).any() or (np.diff(outcome, axis=1) < 0.0).any():
            raise InputError("tabulated: outcome must start at 0 and never fall")
        return cls(spend.copy(), np.swapaxes(outcome, 0, 1).copy())

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(n_draws, n_cells)."""
        _, draws, cells = self.outcome.shape
        return draws, cells

    def of_draws(self, index: Any) -> Self:
        """See `Family.of_draws`."""
        return self if self.shape[0] == 1 else type(self)(self.points, self.outcome[:, index])

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        left, slope, base = self._segment(spend)
        return np.asarray(base + slope * (np.minimum(spend, self.points[-1]) - left))

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`."""
        _, slope, _ = self._segment(spend)
        return np.where(np.asarray(spend) < self.points[-1], slope, 0.0)

    def inflection(self) -> Array:
        """Infinite: between knots the curve is a straight line, treated as convex."""
        return np.full(self.shape, np.inf)

    def steepest(self) -> Array:
        """See `Family.steepest`."""
        return np.asarray(self._slopes.max(axis=0))

    def knots(self) -> Array:
        """The points' spend, all cells together."""
        return np.unique(self.points)

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(self.points / spend_unit, self.outcome / outcome_unit)

    @cached_property
    def _slopes(self) -> Array:
        """Slope of every segment; shape (n_points - 1, n_draws, n_cells)."""
        return np.asarray(np.diff(self.outcome, axis=0) / np.diff(self.points, axis=0)[:, np.newaxis])

    def _segment(self, spend: Array) -> tuple[Array, Array, Array]:
        """Left end of the segment that holds each spend, its slope and the outcome there."""
        draws, cells = self.shape
        last = len(self.points) - 2
        if cells == 1 and np.ndim(spend) == 2 and len(spend) == 1:
            # The same amounts in every draw: whole rows, many times as fast as single numbers.
            rows = np.minimum(np.maximum(self.points[:, 0].searchsorted(spend[0], side="right") - 1, 0), last)
            return self.points[rows, 0], self._slopes[rows, :, 0].T, self.outcome[rows, :, 0].T
        spend = np.broadcast_to(spend, np.broadcast_shapes(np.shape(spend), (1, cells)))
        if cells == 1:  # the columns are amounts of spend on the one cell, else one amount a cell
            cell, k = np.zeros(1, dtype=np.intp), np.searchsorted(self.points[:, 0], spend, side="right")
        else:
            cell = np.arange(cells)
            found = [np.searchsorted(self.points[:, j], spend[:, j], side="right") for j in cell]
            k = np.stack(found, axis=1)
        k = np.clip(k - 1, 0, last)
        draw = np.arange(draws)[:, np.newaxis]
        return self.points[k, cell], self._slopes[k, draw, cell], self.outcome[k, draw, cell]
