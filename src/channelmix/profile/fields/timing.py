"""What a profile states of several periods: how spend acts on, what differs from period to period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from channelmix.profile.faults import Problem, ProblemsError, echo
from channelmix.profile.fields.values import Amount, Positive, Record

MOST_LAGS = 104
"""Periods in which spend acts at most."""

Periods = Annotated[float, Field(strict=True, ge=0.01, le=1000.0, allow_inf_nan=False)]
Shape = Annotated[float, Field(strict=True, ge=0.1, le=100.0, allow_inf_nan=False)]
Factors = Annotated[tuple[Amount, ...], Field(min_length=1)]
Prices = Annotated[tuple[Positive, ...], Field(min_length=1)]


class Geometric(Record):
    """Spend acts at once, and ever less in later periods."""

    kind: Literal["geometric"]
    """Which carry-over this is."""
    half_life: Periods
    """Periods after which half of the effect per period is left, from 0.01 to 1,000."""


class Delayed(Record):
    """Spend acts most some periods later."""

    kind: Literal["delayed"]
    """Which carry-over this is."""
    peak: Amount
    """Periods until spend acts most."""
    half_life: Periods
    """Periods beside the peak at which half of the effect per period is left, from 0.01 to 1,000."""

    @model_validator(mode="after")
    def _not_too_far(self) -> Self:
        if self.peak > MOST_LAGS / 2:
            expected = f"at most {MOST_LAGS // 2} periods"
            raise ProblemsError((Problem(("peak",), echo(self.peak), expected),))
        return self


class Weibull(Record):
    """Spend acts over the periods as the density of a Weibull distribution at 1, 2, ... periods."""

    kind: Literal["weibull"]
    """Which carry-over this is."""
    shape: Shape
    """Shape, a number from 0.1 to 100: above 1 the effect first grows."""
    scale: Periods
    """Scale, in periods from 0.01 to 1,000."""


CARRYOVERS = ("geometric", "delayed", "weibull")
"""Kinds of carry-over."""


class Timing(Record):
    """A plan for each period instead of one typical period.

    The budget holds over all periods together, which are `periods` times its amount; rules hold in every period.
    Selectors name cells, as in rules; factors of several selectors multiply.
    """

    carryover: Mapping[str, Annotated[Geometric | Delayed | Weibull, Field(discriminator="kind")]] = {}
    """For each selector, how spend acts on; a cell has one at most, and without one it acts in its own period."""
    season: Mapping[str, Factors] = {}
    """For each selector, a factor on what spend brings, one number a period; 1 is as usual."""
    cost: Mapping[str, Prices] = {}
    """For each selector, a factor on what the same effect costs, one number a period; 1 is as usual."""
    spent_before: Mapping[str, Factors] = {}
    """For each selector, spend in the periods before the plan as a share of today's, the latest last; without it,
    today's spend in each of them."""
    discount_rate: Amount = 0.0
    """By how much less outcome counts a period later, a share per period: 0.01 is 1 %; spend is not discounted."""
