"""Saturation families: value, slope and inflection of a response curve, for all draws and cells at once.

Every family maps spend ``s >= 0`` (currency per period) to incremental outcome (money per period), is
non-decreasing, is 0 at 0, and is convex up to its inflection and concave from there on (between its knots, if
it has any). Parameters have shape (n_draws, n_cells); ``s`` broadcasts against them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.core.registered import Registered
from channelmix.core.sizes import MOST_PARAMETERS, within
from channelmix.engine.response.numerics import as_numbers, limited_mean, logistic


class Points(NamedTuple):
    """One cell's curves at some amounts of spend."""

    spend: Array
    """Shape (n_points,), or (n_draws, n_points) where draws are evaluated at different amounts."""
    value: Array
    """Outcome of every draw, shape (n_draws, n_points)."""
    slope: Array
    """Marginal return of every draw, shape (n_draws, n_points)."""

    def take(self, index: Any) -> Points:
        """Return some of the points."""
        return Points(self.spend[index], self.value[:, index], self.slope[:, index])


@dataclass(frozen=True, eq=False)
class Family(Registered, ABC):
    """Parameters of one family, each of shape (n_draws, n_cells), and the curve they describe.

    Families that may be stored in JSON register their kind; one that only wraps others has it as an attribute.
    """

    limits: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """Lowest and highest accepted value of a parameter."""
    may_vanish: ClassVar[frozenset[str]] = frozenset({"scale"})
    """Parameters that accept 0 where it is the lowest value; for all others it is excluded."""

    @abstractmethod
    def value(self, spend: Array) -> Array:
        """Incremental outcome at `spend`."""

    @abstractmethod
    def derivative(self, spend: Array) -> Array:
        """Marginal return at `spend` (the slope to the right), which may be infinite at 0."""

    def inflection(self) -> Array:
        """Spend up to which the curve is convex and from which it is concave; 0 if concave throughout."""
        return np.zeros(self.shape)

    def slope_bounds(self, low: Points, high: Points) -> tuple[Array, Array]:
        """Bound the slope of every draw of one cell between pairs of points; on a convex piece, by its chord's slope.

        Parameters
        ----------
        low, high : Points
            Left and right ends of the intervals, without a knot between them.

        Returns
        -------
        steepest, flattest : ndarray of shape (n_draws, n_intervals)
        """
        convex, concave = self._turn >= high.spend, self._turn <= low.spend
        with np.errstate(invalid="ignore"):  # neighbouring spends may buy the same amount to the last bit
            chord = (high.value - low.value) / (high.spend - low.spend)
        steepest = np.where(convex, chord, np.where(concave, low.slope, self._peak))
        flattest = np.where(convex, chord, np.where(concave, high.slope, np.minimum(low.slope, high.slope)))
        return steepest, flattest

    @cached_property
    def _turn(self) -> Array:
        return self.inflection()

    @cached_property
    def _peak(self) -> Array:
        """Slope at the inflection."""
        return self.derivative(self._turn) if np.isfinite(self._turn).all() else self._turn

    def knots(self) -> Array:
        """Spend at which the slope may jump either way; shape (n_knots,), empty for smooth families."""
        return np.empty(0)

    @abstractmethod
    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """Return the same curves with spend and outcome counted in these units."""

    def units(self) -> tuple[float, float] | None:
        """Return an amount of spend and one of outcome, above 0, that change with the units of spend and of outcome.

        None where the family has none. They tell whether a cell's curves are another cell's in other units.
        """
        return None

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the family itself and of those inside it."""
        return (self.kind,)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(n_draws, n_cells)."""
        draws, cells = self.parameters["scale"].shape
        return draws, cells

    def take(self, columns: Any) -> Self:
        """Return the curves of some cells only."""
        return type(self)(**{name: array[..., columns] for name, array in self.parameters.items()})

    def of_draws(self, index: Any) -> Self:
        """Return some of the draws; curves that are the same in all draws stay as they are."""
        if self.shape[0] == 1:
            return self
        return type(self)(**{name: array[index] for name, array in self.parameters.items()})

    @classmethod
    def joined(cls, blocks: Sequence[Self]) -> Self:
        """Join blocks of this family, of equally many draws, into one."""
        names = blocks[0].parameters
        return cls(**{name: np.concatenate([b.parameters[name] for b in blocks], axis=-1) for name in names})

    def saturates(self) -> bool:
        """Whether outcome stays below a limit however much is spent."""
        return True

    def steepest(self) -> Array:
        """Bound the slope of every draw and cell from above; NaN or infinite where none is known."""
        return self._peak

    def gross(self, spend: Array) -> Array:
        """Outcome at `spend` before what is lost."""
        return self.value(spend)

    def lost(self, spend: Array) -> Array:
        """What is lost at `spend`."""
        return np.zeros(np.broadcast_shapes(self.shape, np.shape(spend)))

    @classmethod
    def read(cls, parameters: Mapping[str, Array]) -> Self:
        """Build the family from its stored `parameters`, checked as by `checked`."""
        return cls.checked(**parameters)

    @classmethod
    def checked(cls, **parameters: Any) -> Self:
        """Build the family from numbers, (n_cells,) or (n_draws, n_cells) arrays after checking their ranges.

        Raises
        ------
        InputError
            If shapes do not fit, or a number is not finite or out of range.
        """
        arrays = {name: as_numbers(value, f"{cls.kind}: {name}") for name, value in parameters.items()}
        shapes_given = {array.shape for array in arrays.values()}
        try:
            shape = shapes_given.copy().pop() if len(shapes_given) == 1 else ()
            if len(shape) != 2:
                shape = np.broadcast_shapes((1, 1), *shapes_given)
        except ValueError:
            shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
            raise InputError(f"{cls.kind}: shapes of the parameters do not match: {shapes}") from None
        if len(shape) != 2 or 0 in shape:
            raise InputError(f"{cls.kind}: parameters must have shape (n_cells,) or (n_draws, n_cells)")
        within(MOST_PARAMETERS, len(arrays) * math.prod(shape), f"{cls.kind}: parameters x draws x cells")
        for name, array in arrays.items():
            low, high = cls.limits.get(name, (0.0, math.inf))
            above = low == 0.0 and name not in cls.may_vanish
            least, most = array.min(), array.max()
            if (least > low if above else least >= low) and most <= high and most < math.inf:
                continue
            fine = np.isfinite(array) & ((array > low) if above else (array >= low)) & (array <= high)
            if not fine.all():
                place = tuple(int(k) for k in np.argwhere(~fine)[0])
                limits = f"{'(' if above else '['}{low:g}, {high:g}{']' if high < math.inf else ')'}"
                raise InputError(
                    f"{cls.kind}: {name}{list(place)} = {float(array[place])} must be in {limits}"
                )
        return cls(
            **{
                name: array.copy() if array.shape == shape else np.broadcast_to(array, shape).copy()
                for name, array in arrays.items()
            }
        )


@dataclass(frozen=True, eq=False)
class Hill(Family, kind="hill"):
    """``scale * s^slope / (s^slope + half_saturation^slope)``; S-shaped where ``slope > 1``."""

    scale: Array
    half_saturation: Array
    slope: Array

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        return self.scale * logistic(self._exponent(spend))

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`: ``slope / s * y * (1 - y / scale)``, with its limit at 0."""
        exponent = self._exponent(spend)
        share = logistic(exponent)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slope = self.scale * self.slope * (share * logistic(-exponent) / spend)
            at_zero = np.where(self.slope > 1.0, 0.0, np.where(self.slope < 1.0, np.inf, 1.0))
            at_zero = np.where(self.slope == 1.0, self.scale / self.half_saturation, at_zero)
        at_zero = np.where(self.scale > 0.0, at_zero, 0.0)
        return np.where(np.asarray(spend) > 0.0, slope, at_zero)

    def inflection(self) -> Array:
        """``half_saturation * ((slope - 1) / (slope + 1))^(1 / slope)`` for S-shaped curves."""
        k = np.maximum(self.slope, 1.0)
        return self.half_saturation * ((k - 1.0) / (k + 1.0)) ** (1.0 / k)

    def units(self) -> tuple[float, float] | None:
        """See `Family.units`."""
        return largest(self.half_saturation), largest(self.scale)

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(self.scale / outcome_unit, self.half_saturation / spend_unit, self.slope)

    def _exponent(self, spend: Array) -> Array:
        # Draws are many and spends few: with draws next to each other in memory everything is twice as fast.
        order: Literal["F", "K"] = "F" if self.shape[1] == 1 else "K"
        with np.errstate(divide="ignore"):
            return self.slope * np.subtract(np.log(spend), np.log(self.half_saturation), order=order)


@dataclass(frozen=True, eq=False)
class Exponential(Family, kind="exponential"):
    """``scale * (1 - exp(-s / rate))``."""

    scale: Array
    rate: Array

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        return -self.scale * np.expm1(-spend / self.rate)

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`."""
        return self.scale / self.rate * np.exp(-spend / self.rate)

    def units(self) -> tuple[float, float] | None:
        """See `Family.units`."""
        return largest(self.rate), largest(self.scale)

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(self.scale / outcome_unit, self.rate / spend_unit)


@dataclass(frozen=True, eq=False)
class Logistic(Family, kind="logistic"):
    """``scale * (1 - exp(-lam * s)) / (1 + exp(-lam * s))``, the logistic saturation of PyMC-Marketing."""

    scale: Array
    lam: Array

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        return self.scale * np.tanh(0.5 * self.lam * spend)

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`: ``scale * lam / 2 * sech(lam * s / 2)^2``."""
        decay = np.exp(-self.lam * spend)
        return 2.0 * self.scale * self.lam * (decay / (1.0 + decay) ** 2)

    def units(self) -> tuple[float, float] | None:
        """See `Family.units`."""
        return 1.0 / largest(self.lam), largest(self.scale)

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(self.scale / outcome_unit, self.lam * spend_unit)


@dataclass(frozen=True, eq=False)
class Power(Family, kind="power"):
    """``scale * s^exponent`` with ``0 < exponent <= 1``: constant elasticity, without saturation."""

    limits: ClassVar[Mapping[str, tuple[float, float]]] = {"exponent": (0.0, 1.0)}
    scale: Array
    exponent: Array

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        return self.scale * np.power(spend, self.exponent)

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slope = self.scale * self.exponent * np.power(spend, self.exponent - 1.0)
        return np.where(self.scale > 0.0, slope, 0.0)

    def saturates(self) -> bool:
        """See `Family.saturates`."""
        return False

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(self.scale * spend_unit**self.exponent / outcome_unit, self.exponent)


@dataclass(frozen=True, eq=False)
class Logarithmic(Family, kind="logarithmic"):
    """``scale * log(1 + s / rate)``, without saturation."""

    scale: Array
    rate: Array

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        return self.scale * np.log1p(spend / self.rate)

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`."""
        return self.scale / (self.rate + spend)

    def saturates(self) -> bool:
        """See `Family.saturates`."""
        return False

    def units(self) -> tuple[float, float] | None:
        """See `Family.units`."""
        return largest(self.rate), largest(self.scale)

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(self.scale / outcome_unit, self.rate / spend_unit)


@dataclass(frozen=True, eq=False)
class CappedLinear(Family, kind="capped_linear"):
    """Linear up to a cap that may itself be random: ``scale * E[min(s, C)] / cap``.

    With ``spread = 0``, C is `cap` and the curve reaches `scale` there. With ``spread > 0``, C follows a
    logistic distribution of mean `cap` and scale parameter `spread`, and counts as 0 where it is below; its
    limited expected value is ``spread * (softplus(cap / spread) - softplus((cap - s) / spread))``. `cap` and
    `spread` are amounts of spend.
    """

    may_vanish: ClassVar[frozenset[str]] = frozenset({"scale", "spread"})
    scale: Array
    cap: Array
    spread: Array

    def value(self, spend: Array) -> Array:
        """See `Family.value`."""
        sharp = np.minimum(spend, self.cap)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            soft = limited_mean(spend, self.cap, self.spread)
        return self.scale * (np.where(self.spread > 0.0, soft, sharp) / self.cap)

    def derivative(self, spend: Array) -> Array:
        """See `Family.derivative`: the chance that the cap lies above `spend`, times ``scale / cap``."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            soft = logistic((self.cap - spend) / self.spread)
        return (
            self.scale
            / self.cap
            * np.where(self.spread > 0.0, soft, np.asarray(spend < self.cap, dtype=float))
        )

    def units(self) -> tuple[float, float] | None:
        """See `Family.units`."""
        return largest(self.cap), largest(self.scale)

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """See `Family.rescaled`."""
        return type(self)(self.scale / outcome_unit, self.cap / spend_unit, self.spread / spend_unit)


def largest(parameter: Array) -> float:
    """The largest number of a parameter; 1 where all are 0."""
    return float(np.max(parameter)) or 1.0
