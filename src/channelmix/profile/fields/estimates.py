"""Figures that a company states of itself: a number, or a number with how sure the company is of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator
from pydantic_core import core_schema

from channelmix.profile.faults import Problem, ProblemsError, echo
from channelmix.profile.fields.values import Amount, Positive, Record, Share


class Estimate(float):
    """A stated figure with what is stated of its uncertainty; a number that is not one states nothing of it.

    Parameters
    ----------
    value : float
        The figure.
    low, high : float or None
        Ends of its 90 % interval, in its unit.
    n : float or None
        On how many it was measured.
    incremental : bool
        Whether a rate of orders counts those alone that would not have been made anyway.
    most : float or None
        What it cannot exceed: 1 for a share.
    """

    __slots__ = ("high", "incremental", "low", "most", "n")

    def __new__(
        cls,
        value: float,
        low: float | None = None,
        high: float | None = None,
        n: float | None = None,
        incremental: bool = False,
        most: float | None = None,
    ) -> Self:
        """Make one from its parts."""
        made = super().__new__(cls, value)
        made.low, made.high, made.n, made.incremental, made.most = low, high, n, incremental, most
        return made

    low: float | None
    high: float | None
    n: float | None
    incremental: bool
    most: float | None

    def __eq__(self, other: object) -> bool:
        mine = (self.low, self.high, self.n, self.incremental)
        if isinstance(other, Estimate):
            return float(self) == float(other) and mine == (other.low, other.high, other.n, other.incremental)
        return mine == (None, None, None, False) and float(self) == other

    def __ne__(self, other: object) -> bool:  # a float has one of its own
        return not self == other

    def __hash__(self) -> int:
        return hash(float(self))

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), (float(self), self.low, self.high, self.n, self.incremental, self.most)

    def times(self, factor: float) -> Estimate:
        """Return the same statement of a part of it."""
        low, high, most = (None if end is None else end * factor for end in (self.low, self.high, self.most))
        return Estimate(float(self) * factor, low, high, self.n, self.incremental, most)

    @property
    def parts(self) -> float | dict[str, float | bool]:
        """What a profile says: the number alone, or an object."""
        said = {"value": float(self), "low": self.low, "high": self.high, "n": self.n}
        stated: dict[str, float | bool] = {key: part for key, part in said.items() if part is not None}
        if self.incremental:
            stated["incremental"] = True
        return stated if len(stated) > 1 else float(self)


MOST_CASES = 1e12
"""Largest number of cases that a figure may be measured on: more than there are contacts."""


def scaled(figure: float, factor: float) -> float:
    """Multiply a stated figure and its interval."""
    return figure.times(factor) if isinstance(figure, Estimate) else figure * factor


def is_incremental(figure: float | None) -> bool:
    """Whether a stated rate of orders counts those alone that would not have been made anyway."""
    return isinstance(figure, Estimate) and figure.incremental


def _whole(cases: float) -> float:
    if not cases.is_integer():
        raise ProblemsError((Problem((), echo(cases), "a whole number of cases, at least 1"),))
    return cases


Measured = Annotated[
    float,
    Field(strict=True, ge=1.0, le=MOST_CASES, allow_inf_nan=False, json_schema_extra={"multipleOf": 1}),
    AfterValidator(_whole),
]


class _Object(Record):
    """A stated figure with its uncertainty: its 90 % interval, or on how many it was measured, or neither."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        value, low, high, n = (getattr(self, name, None) for name in ("value", "low", "high", "n"))
        problems = []
        if (low is None) != (high is None):
            problems.append(Problem((), "only one end", "both low and high, the ends of its 90 % interval"))
        elif low is not None and n is not None:
            problems.append(Problem(("n",), echo(n), "either low and high, or n, not both"))
        if low is not None and low > value:
            problems.append(Problem(("low",), echo(low), f"at most the value, {value:.15g}"))
        if high is not None and high < value:
            problems.append(Problem(("high",), echo(high), f"at least the value, {value:.15g}"))
        if problems:
            raise ProblemsError(tuple(problems))
        return self


class AmountEstimate(_Object):
    """An amount or a count with its uncertainty: its 90 % interval, or on how many it was measured."""

    value: Amount
    """The amount; with low and high the median of what is thought possible, else its mean."""
    low: Amount | None = None
    """Lower end of its 90 % interval, in the same unit; with high."""
    high: Amount | None = None
    """Upper end of its 90 % interval, in the same unit; with low."""
    n: Measured | None = None
    """Number of observations that it is the mean of, as a count; instead of low and high."""


class PositiveEstimate(_Object):
    """An amount or a count above 0 with its uncertainty: its 90 % interval, or on how many it was measured."""

    value: Positive
    """The amount; with low and high the median of what is thought possible, else its mean."""
    low: Positive | None = None
    """Lower end of its 90 % interval, in the same unit; with high."""
    high: Positive | None = None
    """Upper end of its 90 % interval, in the same unit; with low."""
    n: Measured | None = None
    """Number of observations that it is the mean of, as a count; instead of low and high."""


class ShareEstimate(_Object):
    """A share with its uncertainty: its 90 % interval, or on how many it was measured."""

    value: Share
    """The share, between 0 and 1; with low and high the median of what is thought possible, else its mean."""
    low: Share | None = None
    """Lower end of its 90 % interval, between 0 and 1; with high."""
    high: Share | None = None
    """Upper end of its 90 % interval, between 0 and 1; with low."""
    n: Measured | None = None
    """Number of contacts, customers or other cases that it is a share of, as a count; instead of low and high."""


class OrderRateEstimate(_Object):
    """A rate of orders with its uncertainty, and whether it was held against a group without contacts."""

    value: Share
    """Orders per contact or click, between 0 and 1; with low and high the median of what is thought possible, else its
    mean."""
    low: Share | None = None
    """Lower end of its 90 % interval, between 0 and 1; with high."""
    high: Share | None = None
    """Upper end of its 90 % interval, between 0 and 1; with low."""
    n: Measured | None = None
    """Number of contacts or clicks that it was measured on, as a count; instead of low and high. With incremental, the
    contacts of an experiment, with about as many customers who got none."""
    incremental: StrictBool = False
    """Whether these are the orders alone that would not have been made anyway; without it, they are attributed ones,
    and count in part."""


@dataclass(frozen=True)
class Estimated:
    """Pydantic annotation of a field that takes a number, or an object with the number and its uncertainty.

    Parameters
    ----------
    form : subclass of Record
        The object's fields.
    most : float or None
        What the figure cannot exceed.
    """

    form: type[Record]
    most: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        either = core_schema.tagged_union_schema(
            {"a number": handler(source), "an object": handler.generate_schema(self.form)}, _form_of
        )
        return core_schema.no_info_after_validator_function(
            self._read,
            core_schema.no_info_before_validator_function(_written, either),
            serialization=core_schema.plain_serializer_function_ser_schema(_written),
        )

    def _read(self, stated: Any) -> float:
        read: float = Estimate(**dict(stated), most=self.most) if isinstance(stated, Record) else stated
        return read


def _form_of(stated: Any) -> str:
    return "an object" if isinstance(stated, Mapping) else "a number"


def _written(figure: Any) -> Any:
    return figure.parts if isinstance(figure, Estimate) else figure


StatedAmount = Annotated[Amount, Estimated(AmountEstimate)]
StatedPositive = Annotated[Positive, Estimated(PositiveEstimate)]
StatedShare = Annotated[Share, Estimated(ShareEstimate, 1.0)]
StatedRate = Annotated[Share, Estimated(OrderRateEstimate, 1.0)]
