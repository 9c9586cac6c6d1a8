"""What every rule has in common: rows over spend, and the cells they speak of."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from channelmix.core.described import Described
from channelmix.core.errors import InputError, nearest_name


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells that rules speak of.

    Parameters
    ----------
    names : tuple of str
        One name a cell, its parts joined by ``/`` (``market/channel/purpose``).
    current : ndarray of shape (n_cells,), optional
        Spend today, in currency per period; rules about change need it.
    fees : mapping of str to float, optional
        Money that each auxiliary variable costs on top of spend, by its key; what scenarios count beside spend.
    """

    names: tuple[str, ...]
    current: NDArray[np.float64] | None = None
    fees: Mapping[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

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
        mask = np.array([_in_order(wanted, name.split("/")) for name in self.names], dtype=bool)
        if not mask.any():
            known = sorted({part for name in self.names for part in name.split("/")} | set(self.names))
            raise InputError(f'no cell is selected by "{selector}"{nearest_name(selector, known)}')
        return mask

    def by_period(self) -> dict[int, NDArray[np.intp]]:
        """Places of the cells of each period, in order; empty where one typical period is planned."""
        places: dict[int, list[int]] = {}
        for i, name in enumerate(self.names):
            _, found, period = name.rpartition("/period ")
            if found:
                places.setdefault(int(period), []).append(i)
        return {period: np.array(places[period]) for period in sorted(places)}

    def current_spend(self, rule: str) -> NDArray[np.float64]:
        """Return today's spend, or raise an error that names the rule in need of it."""
        if self.current is None:
            raise InputError(f"{rule} compares with today's spend: state it with current={{name: spend}}")
        return self.current


def _in_order(wanted: Sequence[str], parts: Sequence[str]) -> bool:
    remaining = iter(parts)
    return all(part in remaining for part in wanted)


@dataclass(frozen=True, eq=False)
class Row:
    """One row ``low <= coefficients @ spend + extra @ auxiliaries + outcome * net outcome <= high`` of a rule.

    `label` is in the user's words and unique within its rule; `coefficients` has shape (n_cells,); `low` and
    `high` are in currency per period and may be infinite. `extra` weighs auxiliary variables by their keys (see
    `Auxiliary`). `outcome` >= 0 weighs the expected outcome of all cells less charges; such a row has no `high`.
    """

    rule: str
    label: str
    coefficients: NDArray[np.float64]
    low: float
    high: float
    extra: Mapping[str, float] = field(default_factory=dict)
    outcome: float = 0.0

    def violation(
        self, spend: NDArray[np.float64], extra: Mapping[str, float] | None = None, outcome: float = 0.0
    ) -> float:
        """By how much `spend`, of shape (n_cells,), breaks the row, in the unit of its limits; 0 if it holds."""
        left = float(self.coefficients @ spend) + self.outcome * outcome
        left += sum(weight * (extra or {})[key] for key, weight in self.extra.items())
        return max(0.0, self.low - left, left - self.high)


class Rule(Protocol):
    """A scenario or a constraint: it states its rows once; solver and certificate read the same statement.

    A rule that needs more than rows has also ``auxiliaries(cells)``, the list of its `Auxiliary` variables.
    """

    kind: str

    @property
    def label(self) -> str:
        """The rule's name in the user's words."""
        ...

    def rows(self, cells: Cells) -> list[Row]:
        """State the rule for these cells."""
        ...


def _written(name: str) -> str:
    """How a field is written in a profile."""
    return "select" if name == "selector" else name


class StrictRecord(Described):
    """Mixin that tells Pydantic how to read a rule: no unknown keys, `selector` written ``select``."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "alias_generator": _written,
    }

    @classmethod
    def _written(cls, name: str) -> str:
        return _written(name)


class Selecting(StrictRecord):
    """Base of rules about a selection of cells: they are called by their kind and selector."""

    if TYPE_CHECKING:
        kind: str
        selector: str

    @property
    def label(self) -> str:
        """The rule's name with its selector."""
        return f"{self.kind} {self.selector}"


def rule_to_dict(rule: Any) -> dict[str, Any]:
    """Write a rule the way a profile does: its kind, then its fields that are set."""
    fields = {_written(f.name): getattr(rule, f.name) for f in dataclasses.fields(rule)}
    body = {
        key: rule_to_dict(value) if isinstance(value, StrictRecord) else value
        for key, value in fields.items()
        if key != "kind" and value is not None
    }
    return {"kind": rule.kind, **body}


def amount(value: float | None, what: str, *, minimum: float = 0.0) -> None:
    """Raise InputError unless `value` is None or a finite number of at least `minimum`."""
    if value is not None:
        number(value, what, minimum=minimum)


def number(value: float, what: str, *, minimum: float = 0.0) -> None:
    """Raise InputError unless `value` is a finite number of at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating | np.integer):
        raise InputError(f"{what} must be a number, not {value!r}")
    if not math.isfinite(value) or value < minimum:
        floor = "finite" if minimum == -math.inf else f"finite and at least {minimum:g}"
        raise InputError(f"{what} must be {floor}, not {value!r}")


def share(value: float, what: str) -> None:
    """Raise InputError unless `value` lies in [0, 1]."""
    number(value, what)
    if value > 1.0:
        raise InputError(f"{what} must be a share between 0 and 1, not {value!r}")
