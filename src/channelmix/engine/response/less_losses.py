"""Response curves of spend that also loses something: customers who opt out, or hear of the company's faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.response.families import Family, Points
from channelmix.engine.response.shared import Shared

DIGITS = 12
"""Digits of the logarithms of two units' ratio beyond which it is rounding."""


@dataclass(frozen=True, eq=False)
class LessLosses(Family):
    """Curves ``gains(s) - losses(s) + rate * s``, where losses rise by at most `rate` a unit of spend.

    Slopes of `losses` are bounded from both sides by their `slope_bounds`: they have no convex piece that is bounded by
    its chord.

    Losses that saturate make the net outcome fall and then level off. With `rate` the curves never fall, as a search
    asks of them, and where it is charged for each unit of spend, nothing is left of it. `rate` has shape (n_cells,).
    """

    kind: ClassVar[str] = "less_losses"
    gains: Family
    losses: Family
    rate: Array

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters by name."""
        parts = (("gains", self.gains), ("losses", self.losses))
        inner = {f"{part}.{name}": array for part, one in parts for name, array in one.parameters.items()}
        return {**inner, "rate": self.rate}

    @property
    def kinds(self) -> tuple[str, ...]:
        """See `Family.kinds`."""
        return (self.kind, *self.gains.kinds, *self.losses.kinds)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(n_draws, n_cells)."""
        return max(self.gains.shape[0], self.losses.shape[0]), self.gains.shape[1]

    def take(self, columns: Any) -> Self:
        """Return the curves of some cells only."""
        return type(self)(self.gains.take(columns), self.losses.take(columns), self.rate[columns])

    def of_draws(self, index: Any) -> Self:
        """Return some of the draws."""
        return type(self)(self.gains.of_draws(index), self.losses.of_draws(index), self.rate)

    @classmethod
    def joined(cls, blocks: Sequence[Self]) -> Self:
        """See `Family.joined`."""
        gains, losses = ([getattr(block, part) for block in blocks] for part in ("gains", "losses"))
        rate = np.concatenate([block.rate for block in blocks])
        return cls(gains[0].joined(gains), losses[0].joined(losses), rate)

    def saturates(self) -> bool:
        """See `Family.saturates`."""
        return False

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        return np.asarray(self.gains.value(spend) - self.losses.value(spend) + self.rate * spend)

    def gross(self, spend: Array) -> Array:
        """See `Family.gross`."""
        return self.gains.value(spend)

    def lost(self, spend: Array) -> Array:
        """See `Family.lost`."""
        return self.losses.value(spend)

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`."""
        return np.asarray(self.gains.derivative(spend) - self.losses.derivative(spend) + self.rate)

    def inflection(self) -> Array:
        """NaN: two curves that bend take turns."""
        return np.full(self.shape, np.nan)

    def knots(self) -> Array:
        """See `Family.knots`."""
        return np.union1d(self.gains.knots(), self.losses.knots())

    def slope_bounds(self, low: Points, high: Points) -> tuple[Array, Array]:
        """See `Family.slope_bounds`: the slopes of gains and of losses are bounded by themselves."""
        steepest, flattest = self.gains.slope_bounds(*(_along(self.gains, points) for points in (low, high)))
        most, least = self.losses.slope_bounds(*(_along(self.losses, points) for points in (low, high)))
        return np.asarray(steepest - least + self.rate), np.asarray(flattest - most + self.rate)

    def units(self) -> tuple[float, float] | None:
        """See `Family.units`."""
        return self.gains.units()

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(
            self.gains.rescaled(spend_unit, outcome_unit),
            self.losses.rescaled(spend_unit, outcome_unit),
            self.rate * (spend_unit / outcome_unit),
        )


def less_shared(curves: Shared, losses: Shared) -> tuple[Shared, Array]:
    """Subtract losses from curves of the same cells, a shape at a time; `curves` has no factor of 0.

    Returns
    -------
    curves : Shared
        `LessLosses` in the units of `curves`, which stay as they are where a cell loses nothing.
    rates : ndarray of shape (n_cells,)
        Outcome a unit of spend that they are too high by.
    """
    unit, factor = curves.unit / losses.unit, losses.factor / curves.factor
    loses = np.array([shape.steepest().max() > 0.0 for shape in losses.shapes])[losses.of] & (factor > 0.0)
    ratios = (np.round(np.log(np.where(loses, ratio, 1.0)), DIGITS) for ratio in (unit, factor))
    keys = np.stack([curves.of, np.where(loses, losses.of, -1), *ratios])
    # Unique columns are told apart by their bytes, and 0 may have a sign.
    _, first, of = np.unique(keys + 0.0, axis=1, return_index=True, return_inverse=True)
    shapes: list[Family] = []
    rates = np.zeros(len(first))
    for k, i in enumerate(first):
        shape = curves.shapes[curves.of[i]]
        if loses[i]:
            lost = losses.shapes[losses.of[i]].rescaled(float(unit[i]), 1.0 / float(factor[i]))
            rate = lost.steepest().max(axis=0)
            rates[k] = rate[0]
            shape = LessLosses(shape, lost, rate)
        shapes.append(shape)
    found = Shared(tuple(shapes), of.ravel(), curves.unit, curves.factor)
    return found, rates[of.ravel()] * curves.factor / curves.unit


def _along(curve: Family, points: Points) -> Points:
    spend = np.atleast_2d(points.spend)
    return Points(points.spend, curve.value(spend), curve.derivative(spend))
