"""Base classes of rules: a rule's class registers its kind when it is defined."""

from __future__ import annotations

import dataclasses
import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from channelmix.core.arrays import Array, Mask
from channelmix.core.described import Described
from channelmix.core.errors import InputError, echo, nearest_name
from channelmix.core.registered import Registered
from channelmix.engine.response import ResponseCurves
from channelmix.engine.rules.auxiliary import Auxiliary
from channelmix.engine.rules.rows import Cells, Coefficients, Row, Side


def _written(name: str) -> str:
    """How a field is written in JSON."""
    return "select" if name == "selector" else name


class Stated(Registered, Described):
    """Base of scenarios, constraints and risks: frozen dataclasses that are written in JSON by their fields.

    Once defined with a kind, a class can be stated in JSON and profiles, and is in the profiles' schema; those of this
    package are public names, too.
    """

    for_profiles: ClassVar[bool] = True
    """Whether a profile may state it; otherwise only an `AllocationProblem`."""
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "alias_generator": _written}

    def __init_subclass__(cls, *, kind: str | None = None) -> None:
        if "select" in inspect.get_annotations(cls):
            raise TypeError(f'{cls.__name__}: call the field "selector", which profiles write "select"')
        super().__init_subclass__(kind=kind)

    @classmethod
    def in_profiles(cls) -> dict[str, type[Self]]:
        """Return the registered classes that a profile may state, by kind."""
        return {kind: one for kind, one in cls.registered().items() if one.for_profiles}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Build the rule from its fields as JSON has them, by their names in Python."""
        return cls(**fields)

    @classmethod
    def _written(cls, name: str) -> str:
        return _written(name)


class Rule(Stated, ABC):
    """A scenario or a constraint: it states its rows once, and solver and certificate read the same statement."""

    @property
    def label(self) -> str:
        """The rule's name in the user's words."""
        return self.kind

    @abstractmethod
    def rows(self, cells: Cells) -> list[Row]:
        """State the rule's limits on these cells."""

    def row(
        self,
        coefficients: Array | Coefficients,
        low: float = -math.inf,
        high: float = math.inf,
        *,
        label: str | None = None,
        extra: Mapping[str, float] | None = None,
        outcome: float = 0.0,
        part: str | None = None,
        period: int | None = None,
        side: Side | None = None,
    ) -> Row:
        """Return a `Row` of this rule; its label is the rule's own unless another is given."""
        named = self.label if label is None else label
        weights = coefficients if isinstance(coefficients, Coefficients) else Coefficients(coefficients)
        return Row(self.label, named, weights, low, high, extra or {}, outcome, self.kind, part, period, side)

    def cell_row(
        self,
        cells: Cells,
        i: int,
        low: float = -math.inf,
        high: float = math.inf,
        extra: Mapping[str, float] | None = None,
    ) -> Row:
        """Return a `Row` that limits the spend on cell `i` alone."""
        return self.row(
            Coefficients.at(np.array([i]), np.ones(1), len(cells)),
            low,
            high,
            label=f"{self.kind} {cells.names[i]}",
            extra=extra,
            part=cells.bases[i],
            period=cells.periods[i],
        )


class Constraint(Rule):
    """A business rule that a plan must keep."""

    within_period: ClassVar[bool] = True
    """Whether a profile's rule limits one period's spend, so that a plan over time keeps it in every period."""

    @property
    def inner(self) -> Constraint:
        """The rule itself, or the one that it holds in each period."""
        return self

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:  # noqa: ARG002  most rules need none
        """Return the variables beyond spend that the rule's rows refer to."""
        return []

    def curves(self, curves: ResponseCurves) -> ResponseCurves:
        """Return the response curves under the rule, where it changes what spend buys."""
        return curves


class Selecting(Constraint):
    """Base of constraints on a selection of cells: their name is their kind and selector."""

    if TYPE_CHECKING:
        selector: str

    @property
    def label(self) -> str:
        """The rule's kind and selector."""
        return f"{self.kind} {self.selector}"

    def chosen(self, cells: Cells) -> list[int]:
        """Return the places of the selected cells."""
        return [int(i) for i in np.flatnonzero(cells.select(self.selector))]


class SelectingAll(Selecting):
    """Base of constraints on all cells unless a selector is given: then their name is their kind."""

    @property
    def label(self) -> str:
        """The rule's kind, with its selector unless that is ``all``."""
        return self.kind if self.selector == "all" else f"{self.kind} {self.selector}"


def unit_row(length: int, index: int) -> Array:
    """Return coefficients that are 1 for one cell and 0 for all others; shape (length,)."""
    row = np.zeros(length)
    row[index] = 1.0
    return row


def unit_mask(length: int, index: int) -> Mask:
    """Mark one cell; shape (length,)."""
    return unit_row(length, index) > 0.0


def rule_to_dict(rule: Stated) -> dict[str, Any]:
    """Write a rule as a profile does: its kind, then the fields that are set."""
    fields = {_written(f.name): getattr(rule, f.name) for f in dataclasses.fields(rule)}  # type: ignore[arg-type]
    body = {
        name: rule_to_dict(value) if isinstance(value, Stated) else value
        for name, value in fields.items()
        if value is not None
    }
    return {"kind": rule.kind, **body}


def rule_from_dict(data: Mapping[str, Any]) -> Any:
    """Read a rule that `rule_to_dict` wrote.

    Raises
    ------
    InputError
        If the kind is unknown or a field is missing, unknown or out of range.
    """
    known: Mapping[str, Any] = Stated.registered()
    if not isinstance(data, Mapping):
        raise InputError(f"a rule must be an object with its kind, not {echo(data)}")
    kind: Any = data.get("kind")
    if not isinstance(kind, str) or kind not in known:
        hint = nearest_name(kind, known) if isinstance(kind, str) else ""
        raise InputError(f"unknown rule {echo(kind)}{hint}")
    fields = {"selector" if key == "select" else key: value for key, value in data.items() if key != "kind"}
    try:
        return known[kind].from_fields(fields)
    except InputError:
        raise
    except (TypeError, KeyError, AttributeError, ValueError, OverflowError) as error:
        raise InputError(f"{kind}: {error}") from None
    except RecursionError:
        raise InputError(f"{kind}: rules within each other without end") from None
