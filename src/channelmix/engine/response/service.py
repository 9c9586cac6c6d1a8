"""Response of customer service: contacts answered under a random load, late or on time, and word of mouth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.core.tolerances import SUM_TOLERANCE
from channelmix.engine.response.families import Family, Points, largest
from channelmix.engine.response.numerics import limited_mean, limited_mean_of, logistic, softplus

SMALL = 0.02
"""Spend, in spreads, below which a three-point Gauss-Legendre rule is more accurate than a difference."""

NODES, WEIGHTS = np.polynomial.legendre.leggauss(3)


@dataclass(frozen=True, eq=False)
class Service(Family, kind="service"):
    """Outcome of answering a random load of contacts, against leaving them unanswered.

    The load L, counted in spend that would handle it, is logistic with location `cap` and scale `spread`, and 0 where
    that is below. Of the mean load, spend s handles the share ``h = E[min(s, L)] / E[L]``, and the share
    ``a = E[L; L <= s] / E[L]`` in periods without overload. What is handled while the load exceeds s has waited. The
    quality served is ``g = handled * h + on_time * a``, between 0 and 1, and the outcome

        ``scale * g + reach * (exp(-criticism * (1 - q)) - exp(-criticism)) + reach * (1 - exp(-praise * q))``

    with ``q = resolution * g``: contacts worth money, criticism that is not spread, and praise that is. The curve may
    change its curvature several times.
    """

    limits: ClassVar[Mapping[str, tuple[float, float]]] = {
        "handled": (0.0, 1.0),
        "on_time": (0.0, 1.0),
        "resolution": (0.0, 1.0),
    }
    may_vanish: ClassVar[frozenset[str]] = frozenset(
        {"scale", "handled", "on_time", "resolution", "reach", "criticism", "praise"}
    )
    scale: Array
    cap: Array
    spread: Array
    handled: Array
    on_time: Array
    resolution: Array
    reach: Array
    criticism: Array
    praise: Array

    @classmethod
    def checked(cls, **parameters: Any) -> Self:
        """See `Family.checked`; `handled` and `on_time` sum to at most 1."""
        family = super().checked(**parameters)
        if (family.handled + family.on_time > 1.0 + SUM_TOLERANCE).any():
            raise InputError("service: handled and on_time must sum to at most 1")
        return family

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        quality = self.quality(spend)
        q = self.resolution * quality
        # As a product, a small amount avoided keeps its digits, and nothing overflows.
        avoided = np.exp(-self.criticism * (1.0 - q)) * -np.expm1(-self.criticism * q)
        return np.asarray(self.scale * quality + self.reach * (avoided - np.expm1(-self.praise * q)))

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`."""
        q = self.resolution * self.quality(spend)
        rise = self.handled * self._above(spend) + self.on_time * spend * self._density(spend)
        return np.asarray(rise / self._mean * self._worth(q, q))

    def inflection(self) -> Array:
        """NaN: there may be several."""
        return np.full(self.shape, np.nan)

    def slope_bounds(self, low: Points, high: Points) -> tuple[Array, Array]:
        """See `Family.slope_bounds`: every factor of the slope is bounded separately.

        The probability of overload falls with spend, the density of the load has one peak, and quality rises: of the
        two exponentials in the worth of quality one rises and the other falls.
        """
        a, b = low.spend, high.spend
        peak = self._density(np.clip(self.cap, a, b))
        least = np.minimum(self._density(a), self._density(b))
        first, last = self.resolution * self.quality(a), self.resolution * self.quality(b)
        steepest = self.handled * self._above(a) + self.on_time * b * peak
        flattest = self.handled * self._above(b) + self.on_time * a * least
        return (
            np.asarray(steepest / self._mean * self._worth(last, first)),
            np.asarray(flattest / self._mean * self._worth(first, last)),
        )

    def units(self) -> tuple[float, float] | None:
        """See `Family.units`."""
        return largest(self.cap), float(np.max(self.scale)) or largest(self.reach)

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        changed = {
            "scale": self.scale / outcome_unit,
            "cap": self.cap / spend_unit,
            "spread": self.spread / spend_unit,
            "reach": self.reach / outcome_unit,
        }
        return type(self)(**self.parameters | changed)

    def handled_share(self, spend: Array) -> Array:
        """Share of the mean load that is handled, in time or late; shape (n_draws, n_cells)."""
        return np.asarray(np.minimum(limited_mean(spend, self.cap, self.spread) / self._mean, 1.0))

    def quality(self, spend: Array) -> Array:
        """Quality served, a share of the mean load; shape (n_draws, n_cells)."""
        # Most of the time of a search goes into these two functions: they are worked out once for all that needs them.
        corner = np.exp(-np.abs(spend - self.cap) / self.spread)
        off = np.log1p(corner)
        handled = limited_mean_of(spend, self.cap, self.spread, off)
        worth = self.handled * handled
        if self.on_time.any():
            worth = worth + self.on_time * self._in_time(spend, handled, corner, off)
        return np.minimum(worth / self._mean, 1.0)

    def criticism_left(self, spend: Array) -> Array:
        """Worth of the exposures to criticism that remain, in money per period; shape (n_draws, n_cells)."""
        return np.asarray(
            -self.reach * np.expm1(-self.criticism * (1.0 - self.resolution * self.quality(spend)))
        )

    def praise_won(self, spend: Array) -> Array:
        """Worth of the exposures to praise, in money per period; shape (n_draws, n_cells)."""
        return np.asarray(-self.reach * np.expm1(-self.praise * self.resolution * self.quality(spend)))

    def word_of_mouth(self, spend: Array) -> Array:
        """Part of the outcome due to word of mouth, against unanswered contacts; shape (n_draws, n_cells)."""
        return np.asarray(self.value(spend) - self.scale * self.quality(spend))

    @cached_property
    def _mean(self) -> Array:
        """Mean load."""
        return self.cap + self.spread * softplus(-self.cap / self.spread)

    def _above(self, spend: Array) -> Array:
        """Probability of overload."""
        return logistic((self.cap - spend) / self.spread)

    def _density(self, spend: Array) -> Array:
        z = (self.cap - spend) / self.spread
        return np.asarray(logistic(z) * logistic(-z) / self.spread)

    def _in_time(self, spend: Array, handled: Array, corner: Array, off: Array) -> Array:
        """``E[L; L <= spend]``, by three formulas for where each is accurate: near 0, below the load and above it.

        `corner` is ``exp(-|spend - cap| / spread)``, and `off` is ``log(1 + corner)``.
        """
        beyond = spend * corner / (1.0 + corner)
        lacking = self.spread * (off - np.log1p(np.exp(-self.cap / self.spread)))
        part = np.where(spend > self.cap, handled - beyond, beyond - lacking)
        small = np.asarray(spend < SMALL * self.spread)
        if small.any():
            # Few amounts are small: what is worked out for them alone would take most of the time.
            cap, spread, amount = (
                np.broadcast_to(array, small.shape)[small] for array in (self.cap, self.spread, spend)
            )
            half, near = 0.5 * amount, np.zeros(len(amount))
            for node, weight in zip(NODES, WEIGHTS, strict=True):
                z = (cap - half * (1.0 + node)) / spread
                near += weight * half * half * (1.0 + node) * (logistic(z) * logistic(-z) / spread)
            part = np.array(np.broadcast_to(part, small.shape))
            part[small] = near
        return np.maximum(part, 0.0)

    def _worth(self, avoided: Array, praised: Array) -> Array:
        """Worth of one more unit of quality, at these resolved shares for criticism avoided and for praise."""
        exposure = self.criticism * np.exp(-self.criticism * (1.0 - avoided)) + self.praise * np.exp(
            -self.praise * praised
        )
        return np.asarray(self.scale + self.reach * self.resolution * exposure)
