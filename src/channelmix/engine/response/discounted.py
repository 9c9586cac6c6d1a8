"""Response curves of spend that becomes cheaper the more is bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.response.families import Family, Points


@dataclass(frozen=True, eq=False)
class Discounted(Family):
    """Curves of what spend buys: beyond each of `starts` a unit of it buys `factors` times as much.

    The curves of `inner` are of spend at the price of the first tier; with ``buys(s)`` piecewise linear and convex the
    response is ``inner(buys(s))``. `starts` and `factors`, of shape (n_tiers,), rise.
    """

    kind: ClassVar[str] = "discounted"
    inner: Family
    starts: Array
    factors: Array

    @classmethod
    def of(cls, inner: Family, tiers: Sequence[tuple[float, float]]) -> Self:
        """Build from (amount, discount) pairs: from the amount on a unit costs so much less, as a share."""
        starts = np.array([amount for amount, _ in tiers], dtype=float)
        return cls(inner, starts, np.array([1.0 / (1.0 - discount) for _, discount in tiers]))

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters by name."""
        return {**self.inner.parameters, "starts": self.starts, "factors": self.factors}

    @property
    def kinds(self) -> tuple[str, ...]:
        """See `Family.kinds`."""
        return (self.kind, *self.inner.kinds)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(n_draws, n_cells)."""
        return self.inner.shape

    def take(self, columns: Any) -> Self:
        """Return the curves of some cells only."""
        return type(self)(self.inner.take(columns), self.starts, self.factors)

    def of_draws(self, index: Any) -> Self:
        """See `Family.of_draws`."""
        return type(self)(self.inner.of_draws(index), self.starts, self.factors)

    def saturates(self) -> bool:
        """See `Family.saturates`."""
        return self.inner.saturates()

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        return self.inner.value(self.buys(spend))

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`."""
        return self.inner.derivative(self.buys(spend)) * self._factor(spend)

    def steepest(self) -> Array:
        """See `Family.steepest`."""
        return self.inner.steepest() * max(1.0, float(np.max(self.factors, initial=1.0)))

    def inflection(self) -> Array:
        """NaN: the slope may jump at every tier."""
        return np.full(self.shape, np.nan)

    def knots(self) -> Array:
        """The tiers' starts, and the inner curves' knots in terms of spend."""
        inner = self.inner.knots()
        ends = self.buys(self.starts)
        k = np.searchsorted(ends, inner, side="right") - 1
        first = np.where(k < 0, inner, self.starts[np.maximum(k, 0)])
        rest = np.where(k < 0, 0.0, (inner - ends[np.maximum(k, 0)]) / self.factors[np.maximum(k, 0)])
        return np.unique(np.concatenate([self.starts, first + rest]))

    def slope_bounds(self, low: Points, high: Points) -> tuple[Array, Array]:
        """See `Family.slope_bounds`: between two tiers a unit buys the same."""
        factor = self._factor(low.spend)
        inside = [
            Points(self.buys(points.spend), points.value, points.slope / self._factor(points.spend))
            for points in (low, high)
        ]
        # At the end of a tier the slope to the right is the next tier's, so the inner slope is bounded instead.
        steepest, flattest = self.inner.slope_bounds(*inside)
        return steepest * factor, flattest * factor

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(
            self.inner.rescaled(spend_unit, outcome_unit), self.starts / spend_unit, self.factors
        )

    def _factor(self, spend: Array) -> Array:
        tier = np.searchsorted(self.starts, spend, side="right") - 1
        return np.where(tier < 0, 1.0, self.factors[np.maximum(tier, 0)])

    def buys(self, spend: Array) -> Array:
        """Return the spend that would buy as much at the price of the first tier."""
        more = np.diff(self.factors, prepend=1.0)
        bought = np.asarray(spend, dtype=float)
        for start, factor in zip(self.starts, more, strict=True):
            bought = bought + factor * np.maximum(np.asarray(spend) - start, 0.0)
        return bought
