"""Losses by customers who opt out of being contacted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.response.families import Family, Points, largest


@dataclass(frozen=True, eq=False)
class OptOuts(Family, kind="opt_outs"):
    """What customers would bring who are no longer there: ``scale * (1 - exp(-s / rate)) * s / (s + half_left)``.

    At spend `half_left` as many customers are gone as are left.
    """

    limits: ClassVar[Mapping[str, tuple[float, float]]] = {}
    may_vanish: ClassVar[frozenset[str]] = frozenset({"scale"})
    scale: Array
    rate: Array
    half_left: Array

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        return np.asarray(self._brought(spend) * self._gone(spend))

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`."""
        return np.asarray(
            self._bringing(spend) * self._gone(spend) + self._brought(spend) * self._leaving(spend)
        )

    def inflection(self) -> Array:
        """NaN: it has no closed form."""
        return np.full(self.shape, np.nan)

    def slope_bounds(self, low: Points, high: Points) -> tuple[Array, Array]:
        """See `Family.slope_bounds`: both factors rise, each the slower the more is spent."""
        a, b = np.atleast_2d(low.spend), np.atleast_2d(high.spend)
        steepest = self._bringing(a) * self._gone(b) + self._brought(b) * self._leaving(a)
        flattest = self._bringing(b) * self._gone(a) + self._brought(a) * self._leaving(b)
        return np.asarray(steepest), np.asarray(flattest)

    def steepest(self) -> Array:
        """See `Family.steepest`: a bound, as no share is above 1 and ``s * half / (s + half)^2`` at most a quarter."""
        return np.asarray(1.25 * self._bringing(np.zeros((1, 1))))

    def units(self) -> tuple[float, float] | None:
        """See `Family.units`."""
        return largest(self.rate), largest(self.scale)

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(
            self.scale / outcome_unit,
            self.rate / spend_unit,
            self.half_left / spend_unit,
        )

    def _brought(self, spend: Array) -> Array:
        return np.asarray(-self.scale * np.expm1(-spend / self.rate))

    def _bringing(self, spend: Array) -> Array:
        """Slope of what contacts bring."""
        return np.asarray(self.scale / self.rate * np.exp(-spend / self.rate))

    def _gone(self, spend: Array) -> Array:
        return np.asarray(spend / (spend + self.half_left))

    def _leaving(self, spend: Array) -> Array:
        """Slope of the share of customers that is gone."""
        left = self.half_left / (spend + self.half_left)
        return np.asarray(left / (spend + self.half_left))
