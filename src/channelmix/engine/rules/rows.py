"""Rows over spend, the cells that they limit, and checks of a rule's numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channelmix.core.errors import LARGEST_AMOUNT, InputError, echo, nearest_name
from channelmix.engine.response.periods import in_period

Side = Literal["low", "high", "up", "down"]
"""Which of several limits on the same amount a row is: the low or high one, or the one on changes up or down."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells that rules limit: those of a typical period, or those of every period of a plan over time.

    Parameters
    ----------
    base_names : tuple of str
        Names of the cells of one period, their parts joined by ``/`` (``market/channel/purpose``).
    current : ndarray of shape (n_cells,), optional
        Spend today, in currency per period; rules on changes need it.
    fees : mapping of str to float, optional
        Money that each auxiliary variable costs on top of spend, by its key; scenarios count it as spent.
    n_periods : int, optional
        Number of periods of a plan over time, whose cells follow one another period by period; None for a typical
        period.

    Examples
    --------
    >>> cells = Cells(("sms", "app"), n_periods=2)
    >>> cells.names
    ('sms/period 1', 'app/period 1', 'sms/period 2', 'app/period 2')
    >>> cells.bases, cells.periods
    (('sms', 'app', 'sms', 'app'), (1, 1, 2, 2))
    """

    base_names: tuple[str, ...]
    current: NDArray[np.float64] | None = None
    fees: Mapping[str, float] = field(default_factory=dict)
    n_periods: int | None = None

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """One name a cell; over time it ends in the period."""
        return tuple(
            base if period is None else in_period(base, period)
            for base, period in zip(self.bases, self.periods, strict=True)
        )

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """The name of each cell without its period; shape (n_cells,)."""
        return self.base_names * (1 if self.n_periods is None else self.n_periods)

    @cached_property
    def periods(self) -> tuple[int | None, ...]:
        """The period of each cell, counted from 1, or None for a typical period; shape (n_cells,)."""
        n = len(self.base_names)
        return (None,) * n if self.n_periods is None else tuple(i // n + 1 for i in range(n * self.n_periods))

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def _most_parts(self) -> int:
        return max((name.count("/") for name in self.names), default=0) + 1

    def select(self, selector: str) -> NDArray[np.bool_]:
        """Mark the cells that a selector names.

        A selector is ``all``, the name of a cell, or some of its parts in order: ``sms``, ``FR/sms``,
        ``service``.

        Returns
        -------
        ndarray of shape (n_cells,)

        Raises
        ------
        InputError
            If no cell has these parts; the message hints at the nearest name.
        """
        if selector == "all":
            return np.ones(len(self.names), dtype=bool)
        wanted = selector.split("/")
        if len(wanted) == self._most_parts and selector in self._places:  # the full name of one cell
            mask = np.zeros(len(self.names), dtype=bool)
            mask[self._places[selector]] = True
            return mask
        mask = np.array([_in_order(wanted, name.split("/")) for name in self.names], dtype=bool)
        if not mask.any():
            known = sorted({part for name in self.names for part in name.split("/")} | set(self.names))
            raise InputError(f'no cell is selected by "{selector}"{nearest_name(selector, known)}')
        return mask

    def by_period(self) -> dict[int, NDArray[np.intp]]:
        """Return the places of each period's cells; empty for a typical period."""
        n = len(self.base_names)
        return {t + 1: np.arange(t * n, (t + 1) * n) for t in range(self.n_periods or 0)}

    def current_spend(self, rule: str) -> NDArray[np.float64]:
        """Return today's spend, or raise an error that names the rule that needs it."""
        if self.current is None:
            raise InputError(f"{rule} compares with today's spend: state it with current={{name: spend}}")
        return self.current


def _in_order(wanted: Sequence[str], parts: Sequence[str]) -> bool:
    remaining = iter(parts)
    return all(part in remaining for part in wanted)


class Coefficients:
    """A row's weights of the cells, of which most are 0: only the others are kept, whatever the number of cells.

    It can be used as the array of shape (n_cells,) that it stands for.

    Parameters
    ----------
    array : array_like of shape (n_cells,)

    Examples
    --------
    >>> weights = Coefficients([0.0, 2.0, 0.0])
    >>> weights.places, weights.values, weights @ np.array([5.0, 3.0, 1.0])
    (array([1]), array([2.]), 6.0)
    """

    def __init__(self, array: ArrayLike) -> None:
        dense = np.asarray(array, dtype=float)
        self._keep(np.flatnonzero(dense), len(dense))
        self.values: NDArray[np.float64] = dense[self.places]

    def _keep(self, places: NDArray[np.intp], length: int) -> None:
        self.places, self._length = places, length

    @classmethod
    def at(cls, places: NDArray[np.intp], values: NDArray[np.float64], length: int) -> Coefficients:
        """Build from the rising places of what is not 0, and its values."""
        weights = cls.__new__(cls)
        weights._keep(places, length)
        weights.values = values
        return weights

    def moved(self, places: NDArray[np.intp], length: int) -> Coefficients:
        """Return the weights as those of some of more cells, at rising `places`."""
        return Coefficients.at(places[self.places], self.values, length)

    @property
    def largest(self) -> float:
        """Size of the largest weight; 0 if there is none."""
        return float(np.abs(self.values).max(initial=0.0))

    def any(self) -> bool:
        """Whether any weight is not 0."""
        return len(self.places) > 0

    def min(self) -> float:
        """Return the least weight."""
        return float(self.values.min(initial=0.0 if len(self.places) < self._length else math.inf))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: Any) -> Any:
        return np.asarray(self)[place]

    def __matmul__(self, other: NDArray[np.float64]) -> float:
        return float(self.values @ other[self.places])

    def __mul__(self, other: Any) -> NDArray[np.float64]:
        return np.asarray(np.asarray(self) * other)

    __rmul__ = __mul__

    def __neg__(self) -> Coefficients:
        return Coefficients.at(self.places, -self.values, self._length)

    def tolist(self) -> list[float]:
        """Return all weights."""
        return [float(weight) for weight in np.asarray(self)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.float64]:
        dense = np.zeros(self._length)
        dense[self.places] = self.values
        return dense if dtype is None else dense.astype(dtype)


@dataclass(frozen=True, eq=False)
class Row:
    """One row ``low <= coefficients @ spend + extra @ auxiliaries + outcome * net outcome <= high`` of a rule.

    Parameters
    ----------
    rule : str
        Name of the rule.
    label : str
        Name of the row in the user's words, unique within its rule.
    coefficients : Coefficients
        Weights of the cells; an array of shape (n_cells,) becomes them.
    low, high : float
        Limits in currency per period; they may be infinite.
    extra : mapping of str to float
        Weights of auxiliary variables by their keys (see `Auxiliary`).
    outcome : float
        Weight, at least 0, of the expected outcome of all cells less charges; such a row has no `high`.
    kind : str
        Kind of the rule; of a rule that is held in each period, the inner rule's.
    part : str, optional
        What the row limits, where the rule limits several things: one of its cells (without its period), markets or
        selectors, or the field `max_amount` or `min_roi` of a scenario; None for all that the rule is about.
    period : int, optional
        The period, counted from 1, that the row is about; None where it is about all of them.
    side : Side, optional
        Which limit the row is, where the rule may state several on the same amount.
    """

    rule: str
    label: str
    coefficients: Coefficients
    low: float
    high: float
    extra: Mapping[str, float] = field(default_factory=dict)
    outcome: float = 0.0
    kind: str = ""
    part: str | None = None
    period: int | None = None
    side: Side | None = None

    def __post_init__(self) -> None:
        given: Any = self.coefficients
        if not isinstance(given, Coefficients):
            object.__setattr__(self, "coefficients", Coefficients(given))

    @property
    def is_bound(self) -> bool:
        """Whether the row bounds the spend on one cell, and nothing else."""
        return len(self.coefficients.places) == 1 and not self.extra and not self.outcome

    def violation(
        self, spend: NDArray[np.float64], extra: Mapping[str, float] | None = None, outcome: float = 0.0
    ) -> float:
        """Return by how much `spend`, shape (n_cells,), violates the row, in the unit of its limits; 0 if it holds."""
        left = float(self.coefficients @ spend) + self.outcome * outcome
        left += sum(weight * (extra or {})[key] for key, weight in self.extra.items())
        return max(0.0, self.low - left, left - self.high)


class OutOfRangeError(InputError):
    """A field of a rule has a value that it may not have.

    Parameters
    ----------
    what : str
        What messages call the field.
    expected : str
        What the field may hold, such as ``a number of at least 0``.
    value : object
        What it holds.
    """

    def __init__(self, what: str, expected: str, value: object) -> None:
        super().__init__(what, expected, value)
        self.expected, self.value = expected, value

    def __str__(self) -> str:
        what, expected, value = self.args
        return f"{what} must be {expected}, not {echo(value)}"


def amount(value: float | None, what: str, *, minimum: float = 0.0) -> None:
    """Raise OutOfRangeError unless `value` is None or what `number` accepts."""
    if value is not None:
        number(value, what, minimum=minimum)


def number(value: float, what: str, *, minimum: float = 0.0) -> None:
    """Raise OutOfRangeError unless `value` is a number of at least `minimum` and a size of at most `LARGEST_AMOUNT`."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating | np.integer):
        raise OutOfRangeError(what, "a number", value)
    if isinstance(value, float | np.floating) and not math.isfinite(value):  # an int may be beyond any float
        raise OutOfRangeError(what, "a finite number", value)
    if value < minimum:
        raise OutOfRangeError(what, f"a number of at least {minimum:g}", value)
    if value < -LARGEST_AMOUNT:
        raise OutOfRangeError(what, f"a number of at least {-LARGEST_AMOUNT:g}", value)
    if value > LARGEST_AMOUNT:
        raise OutOfRangeError(what, f"a number of at most {LARGEST_AMOUNT:g}", value)


def share(value: float, what: str) -> None:
    """Raise OutOfRangeError unless `value` lies in [0, 1]."""
    number(value, what)
    if value > 1.0:
        raise OutOfRangeError(what, "a share between 0 and 1", value)
