"""Rows over spend, the cells that they limit, and checks of a rule's numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
        mask = np.zeros(len(self), dtype=bool)
        places = [self._with_part.get(part, []) for part in wanted]
        mask[[i for i in min(places, key=len) if _in_order(wanted, self.names[i].split("/"))]] = True
        if not mask.any():
            known = sorted({part for name in self.names for part in name.split("/")} | set(self.names))
            raise InputError(f'no cell is selected by "{selector}"{nearest_name(selector, known)}')
        return mask

    @cached_property
    def _with_part(self) -> dict[str, list[int]]:
        """Places of the cells that have a part in their name, by part."""
        places: dict[str, list[int]] = {}
        for i, name in enumerate(self.names):
            for part in set(name.split("/")):
                places.setdefault(part, []).append(i)
        return places

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


@dataclass(frozen=True, eq=False)
class Row:
    """One row ``low <= coefficients @ spend + extra @ auxiliaries + outcome * net outcome <= high`` of a rule.

    Parameters
    ----------
    rule : str
        Name of the rule.
    label : str
        Name of the row in the user's words, unique within its rule.
    coefficients : ndarray of shape (n_cells,)
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
    coefficients: NDArray[np.float64]
    low: float
    high: float
    extra: Mapping[str, float] = field(default_factory=dict)
    outcome: float = 0.0
    kind: str = ""
    part: str | None = None
    period: int | None = None
    side: Side | None = None

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
    """Raise OutOfRangeError unless `value` is a number of at least `minimum` and at most `LARGEST_AMOUNT`."""
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
