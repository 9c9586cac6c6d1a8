"""ResponseCurves: the hand-off between every kind of evidence and every optimization."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, expect
from channelmix.engine.response.blocks import Blocks, blocks_of
from channelmix.engine.response.families import (
    CappedLinear,
    Exponential,
    Family,
    Hill,
    Logarithmic,
    Logistic,
    Power,
)
from channelmix.engine.response.numerics import as_numbers
from channelmix.engine.response.opt_outs import OptOuts as OptOuts
from channelmix.engine.response.service import Service
from channelmix.engine.response.shared import Shared
from channelmix.engine.response.storage import block_to_dict, read_curves
from channelmix.engine.response.tabulated import Tabulated


@dataclass(frozen=True, eq=False)
class ResponseCurves:
    """Draws of the response curves of some cells, of one family or several.

    Build one with `hill`, `exponential`, `logistic`, `power`, `logarithmic`, `capped_linear`, `service` or
    `tabulated`; join several with `concat`. Spend is in currency per period, outcome in money per period; both are the
    caller's units and are kept. Every curve is non-decreasing and 0 at 0. Draws of different cells belong
    together: draw d of every cell is one joint possibility.

    Parameters
    ----------
    names : tuple of str
        One name a cell.
    blocks : tuple of Family
        Curves of consecutive cells, a block for each run of one family.
    made_up : bool
        Whether the names were generated because none were given; `concat` may then generate others.
    """

    names: tuple[str, ...]
    blocks: tuple[Family, ...]
    made_up: bool = False

    @classmethod
    def _build(cls, family: Family, names: Sequence[str] | None) -> Self:
        cells = family.shape[1]
        given = (f"cell{i + 1}" for i in range(cells)) if names is None else names
        chosen = tuple(str(name) for name in given)
        if len(chosen) != cells:
            raise InputError(f"{len(chosen)} names for {cells} cells")
        _check_unique(chosen)
        return cls(chosen, (family,), made_up=names is None)

    @classmethod
    def hill(
        cls,
        scale: ArrayLike,
        half_saturation: ArrayLike,
        slope: ArrayLike,
        names: Sequence[str] | None = None,
    ) -> Self:
        """Hill curves ``scale * s^slope / (s^slope + half_saturation^slope)``.

        Parameters
        ----------
        scale, half_saturation, slope : array_like of shape (n_cells,) or (n_draws, n_cells)
            Largest outcome (money per period), spend at half of it (currency per period), steepness (> 0;
            above 1 the curve is S-shaped).
        names : sequence of str, optional
            Names of the cells.

        Raises
        ------
        InputError
            If shapes do not fit or a parameter is out of range.

        Examples
        --------
        >>> curves = ResponseCurves.hill(scale=[100.0], half_saturation=[20.0], slope=[2.0])
        >>> float(curves.mean_value([20.0])[0])
        50.0
        """
        return cls._build(Hill.checked(scale=scale, half_saturation=half_saturation, slope=slope), names)

    @classmethod
    def exponential(cls, scale: ArrayLike, rate: ArrayLike, names: Sequence[str] | None = None) -> Self:
        """Curves ``scale * (1 - exp(-s / rate))``; `rate` is an amount of spend. Else as `hill`."""
        return cls._build(Exponential.checked(scale=scale, rate=rate), names)

    @classmethod
    def logistic(cls, scale: ArrayLike, lam: ArrayLike, names: Sequence[str] | None = None) -> Self:
        """Curves ``scale * (1 - exp(-lam s)) / (1 + exp(-lam s))``; `lam` is per unit of spend."""
        return cls._build(Logistic.checked(scale=scale, lam=lam), names)

    @classmethod
    def power(cls, scale: ArrayLike, exponent: ArrayLike, names: Sequence[str] | None = None) -> Self:
        """Curves ``scale * s^exponent`` with ``0 < exponent <= 1``. Shapes and errors as in `hill`."""
        return cls._build(Power.checked(scale=scale, exponent=exponent), names)

    @classmethod
    def logarithmic(cls, scale: ArrayLike, rate: ArrayLike, names: Sequence[str] | None = None) -> Self:
        """Curves ``scale * log(1 + s / rate)``; `rate` is an amount of spend. Else as `hill`."""
        return cls._build(Logarithmic.checked(scale=scale, rate=rate), names)

    @classmethod
    def capped_linear(
        cls, scale: ArrayLike, cap: ArrayLike, spread: ArrayLike = 0.0, names: Sequence[str] | None = None
    ) -> Self:
        """Curves that rise in a straight line to `scale` at spend `cap`, then stay there.

        With `spread` > 0 (spend) the cap is random with a logistic distribution of that scale parameter, and
        the curve is the expectation, ``scale / cap * E[min(s, C)]``. Shapes and errors as in `hill`.
        """
        return cls._build(CappedLinear.checked(scale=scale, cap=cap, spread=spread), names)

    @classmethod
    def service(
        cls,
        scale: ArrayLike,
        cap: ArrayLike,
        spread: ArrayLike,
        handled: ArrayLike,
        on_time: ArrayLike = 0.0,
        *,
        resolution: ArrayLike = 1.0,
        reach: ArrayLike = 0.0,
        criticism: ArrayLike = 0.0,
        praise: ArrayLike = 0.0,
        names: Sequence[str] | None = None,
    ) -> Self:
        """Contacts answered, the earlier the better, and the word of mouth of those who made them: see `Service`.

        Parameters
        ----------
        scale : array_like of shape (n_cells,) or (n_draws, n_cells)
            Worth of the whole load, each contact resolved as a rule and answered on time: money per period.
        cap, spread : array_like
            Location and scale (> 0) of the logistic load, in spend that would handle it.
        handled, on_time : array_like
            Worth of a contact handled at all, and what it gains in periods without overload: shares that sum to at
            most 1.
        resolution : array_like
            Share of contacts answered in full that leave a satisfied customer.
        reach : array_like
            Worth of every person of the market hearing of the company once: money per period.
        criticism, praise : array_like
            Exposures per person of the market if nobody, or everybody, who made contact were satisfied.
        names : sequence of str, optional
            Names of the cells.

        Raises
        ------
        InputError
            If shapes do not fit or a parameter is out of range.
        """
        family = Service.checked(
            scale=scale,
            cap=cap,
            spread=spread,
            handled=handled,
            on_time=on_time,
            resolution=resolution,
            reach=reach,
            criticism=criticism,
            praise=praise,
        )
        return cls._build(family, names)

    @classmethod
    def tabulated(cls, spend: ArrayLike, outcome: ArrayLike, names: Sequence[str] | None = None) -> Self:
        """Piecewise linear curves through given points, constant after the last: any model's draws fit in.

        Parameters
        ----------
        spend : array_like of shape (n_points,) or (n_points, n_cells)
            Increasing from 0, in currency per period.
        outcome : array_like of shape (n_points, n_cells) or (n_draws, n_points, n_cells)
            Non-decreasing from 0, in money per period.
        names : sequence of str, optional
            Names of the cells.

        Raises
        ------
        InputError
            If shapes do not fit, spend does not increase from 0, or outcome falls.
        """
        return cls._build(Tabulated.checked(spend=spend, outcome=outcome), names)

    @classmethod
    def concat(cls, curves: Iterable[Self]) -> Self:
        """Join the cells of several curves in the order given; a single draw is repeated to match the others.

        Curves that were built without names are numbered anew, past any name that is given.

        Raises
        ------
        InputError
            If there is nothing to join, names repeat, or the numbers of draws differ.
        """
        parts = list(curves)
        for part in parts:
            expect(part, "each part of concat", cls)
        if not parts:
            raise InputError("concat needs at least one ResponseCurves")
        if len(draws := {part.n_draws for part in parts} - {1}) > 1:
            raise InputError(f"curves with different numbers of draws cannot be joined: {sorted(draws)}")
        given = {name for part in parts if not part.made_up for name in part.names}
        fresh = (name for name in (f"cell{i}" for i in itertools.count(1)) if name not in given)
        names = tuple(next(fresh) if part.made_up else name for part in parts for name in part.names)
        _check_unique(names)
        blocks = tuple(block for part in parts for block in part.blocks)
        return cls(names, blocks, made_up=all(part.made_up for part in parts))

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.names)

    @property
    def n_draws(self) -> int:
        """Number of joint draws."""
        return self._all.n_draws

    def value(self, spend: ArrayLike) -> Array:
        """Outcome of each draw and cell at `spend` of shape (n_cells,), in money per period.

        Returns
        -------
        ndarray of shape (n_draws, n_cells)
        """
        return self._all.value(self._amounts(spend))

    def mean_value(self, spend: ArrayLike) -> Array:
        """Mean outcome over draws of each cell at `spend` of shape (n_cells,); shape (n_cells,)."""
        return self._all.mean_value(self._amounts(spend))

    def total(self, spend: ArrayLike) -> Array:
        """Outcome of each draw over all cells together at `spend` of shape (n_cells,); shape (n_draws,)."""
        return self._all.total(self._amounts(spend))

    def slope(self, spend: ArrayLike, weights: Array | None = None) -> Array:
        """Marginal return of each cell at `spend` of shape (n_cells,), a mean over draws; shape (n_cells,).

        `weights`, of shape (n_draws,), weigh the draws instead.
        """
        return self._all.slope(self._amounts(spend), weights)

    def gross(self, spend: ArrayLike) -> Array:
        """Outcome of each draw and cell before what is lost; shape (n_draws, n_cells)."""
        return self._all.gross(self._amounts(spend))

    def mean_gross(self, spend: ArrayLike) -> Array:
        """Mean outcome over draws of each cell before what is lost; shape (n_cells,)."""
        return self._all.mean_gross(self._amounts(spend))

    def lost(self, spend: ArrayLike) -> Array:
        """What each draw and cell loses; shape (n_draws, n_cells)."""
        return self._all.lost(self._amounts(spend))

    def derivative(self, spend: ArrayLike) -> Array:
        """Marginal return of each draw and cell at `spend` of shape (n_cells,); shape (n_draws, n_cells).

        It is the slope to the right, and infinite at 0 for curves such as ``sqrt(s)``.
        """
        return self._all.derivative(self._amounts(spend))

    def inflection(self) -> Array:
        """Spend up to which each draw is convex; shape (n_draws, n_cells), 0 where concave throughout.

        NaN for `service` curves, which may change curvature more than once.
        """
        return self._all.inflection()

    def cell(self, index: int) -> Family:
        """Return one cell's curves, parameters of shape (n_draws or 1, 1); `index` counts from 0."""
        return self._all.cell(index)

    def alike(self, i: int, j: int) -> bool:
        """Whether two cells have the very same curves."""
        return self._all.alike(i, j)

    def shared(self) -> Self:
        """Return the same curves, each shape kept once where cells have curves that differ in their units alone."""
        blocks = self._all.shared()
        return self if blocks is self.blocks else type(self)(self.names, blocks, self.made_up)

    def as_shared(self) -> Shared:
        """Return all curves as one block of shapes, whether any is shared or not."""
        return self._all.as_shared

    @cached_property
    def _all(self) -> Blocks:
        return blocks_of(self.blocks)

    def take(self, indices: Sequence[int]) -> Self:
        """Return the cells at `indices`, in that order."""
        return type(self)(tuple(self.names[i] for i in indices), self._all.take(indices))

    def of_draws(self, indices: ArrayLike) -> Self:
        """Return some of the joint draws, in the order of `indices`, which count from 0."""
        index = np.atleast_1d(np.asarray(indices, dtype=np.intp))
        return type(self)(self.names, tuple(block.of_draws(index) for block in self.blocks), self.made_up)

    def discounted(self, chosen: ArrayLike, tiers: Sequence[tuple[float, float]]) -> Self:
        """Return the same curves with cheaper contacts beyond certain amounts of spend on the `chosen` cells.

        Parameters
        ----------
        chosen : array_like of bool, shape (n_cells,)
        tiers : sequence of (amount, discount)
            Spend from which on a unit of effect costs this share less than at first; both rise.
        """
        return type(self)(self.names, self._all.discounted(np.asarray(chosen, dtype=bool), tiers))

    def less(self, losses: Self) -> tuple[Self, Array]:
        """Return the curves less `losses` of the same cells, made to rise by a rate a unit of spend; see `LessLosses`.

        Returns
        -------
        curves : ResponseCurves
        rates : ndarray of shape (n_cells,)
            Outcome a unit of spend that they are too high by; 0 where a cell loses nothing.
        """
        blocks, rates = self._all.less(losses.blocks)
        return type(self)(self.names, blocks, self.made_up), rates

    def rescaled(self, spend_unit: float, outcome_unit: float) -> Self:
        """Return the same curves with spend and outcome in these units (powers of two keep every digit)."""
        blocks = tuple(block.rescaled(spend_unit, outcome_unit) for block in self.blocks)
        return type(self)(self.names, blocks)

    def to_dict(self) -> dict[str, Any]:
        """Write JSON-ready data; arrays are base64 of little-endian floats that lose no digit: see `encoded`."""
        return {"names": list(self.names), "blocks": [block_to_dict(block) for block in self.blocks]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], most: int | None = None) -> Self:
        """Read what `to_dict` wrote, checking ranges as the constructors do.

        Parameters
        ----------
        data : mapping
        most : int, optional
            Most numbers that all curves may have together.

        Raises
        ------
        InputError
            If the data are damaged, or too many.
        """
        names, parts = read_curves(data, lambda block: block, most)
        _check_unique(names)
        return cls(names, tuple(parts))

    @classmethod
    def outline(cls, data: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[type[Family], int]]]:
        """Check what `to_dict` wrote like `from_dict`, holding one block at a time: large ones may not fit twice.

        Returns
        -------
        names : tuple of str
        blocks : list of (type, int)
            Family and number of draws of each.

        Raises
        ------
        InputError
            If the data are damaged.
        """
        names, blocks = read_curves(data, lambda block: (type(block), block.shape[0]))
        _check_unique(names)
        return names, blocks

    def _amounts(self, spend: ArrayLike) -> Array:
        array = as_numbers(spend, "spend")
        if array.shape != (self.n_cells,):
            raise InputError(f"spend must have shape ({self.n_cells},), one amount a cell, not {array.shape}")
        if not (np.isfinite(array).all() and (array >= 0.0).all()):
            raise InputError("spend must be finite and non-negative")
        return array


def _check_unique(names: tuple[str, ...]) -> None:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise InputError(f"cell names must be unique, these repeat: {', '.join(repeated)}")
