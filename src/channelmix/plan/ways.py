"""Where a figure comes from, as data: both ways to what promotion brings, and what a company measured itself."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from channelmix.core.documents import Part, Said


class MedianRange(Part):
    """A median with its 90 % interval."""

    low: float
    """5 % quantile."""
    median: float
    """Median."""
    high: float
    """95 % quantile."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.median <= self.high:
            raise PydanticCustomError(
                "crossed", "Input should have its median between its low and its high end"
            )
        return self


class Ways(Part):
    """What both ways say of a figure: clicks and orders from below, experiments and returns from above."""

    figure: Said
    """Which figure, of which channels."""
    unit: Said
    """Its unit."""
    from_clicks: MedianRange
    """What clicks, orders a click and a discount of attributed orders come to; rates that the company states count."""
    from_experiments: MedianRange
    """What published experiments and returns predict for the company."""
    belief: MedianRange
    """What the plan rests on: both, each with a bias of its own."""
    weight: float = Field(ge=0.0, le=1.0)
    """Part of the belief that experiments and returns carry."""
    figures: int = Field(ge=1)
    """Number of published experiments and returns that are behind the prediction."""
    sources: int = Field(ge=1)
    """Number of their sources."""
    randomised: int = Field(ge=0)
    """How many of them are from randomised experiments."""
    own_channel: int = Field(ge=0)
    """How many of them are of this channel; the others are of channels compared with it."""
    proxies: dict[str, int] = Field(default_factory=dict)
    """How many of them are of each channel that is not planned but stands in for this one, such as e-mail."""
    fact_ids: list[str]
    """Their ids, which `channelmix facts` looks up: those of this channel first, and randomised ones first."""


class Measured(Part):
    """A figure that the company says it measured itself."""

    figure: Said
    """Which figure, and where it holds."""
    n: float = Field(gt=0.0)
    """On how many."""
    beside: bool = False
    """Whether published experiments and returns count beside it."""
