"""Fields of a plan over several periods: carry-over, season, and costs that differ from period to period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from channelmix.engine.rules import Stated
from channelmix.profile.faults import Problem, ProblemsError, echo
from channelmix.profile.fields.tagged import OneOf
from channelmix.profile.fields.values import Amount, Positive, Record

MOST_LAGS = 104
"""Most periods in which spend has an effect."""

Periods = Annotated[float, Field(strict=True, ge=0.01, le=1000.0, allow_inf_nan=False)]
Shape = Annotated[float, Field(strict=True, ge=0.1, le=100.0, allow_inf_nan=False)]
Factors = Annotated[tuple[Amount, ...], Field(min_length=1)]
Prices = Annotated[tuple[Positive, ...], Field(min_length=1)]


class LagShape(Stated):
    """Base of the ways in which the effect of spend is spread over the periods that follow."""


@dataclass(frozen=True)
class Geometric(LagShape, kind="geometric"):
    """Spend has its largest effect at once, and less in each later period."""

    half_life: Periods
    """Number of periods after which half of the effect per period is left, from 0.01 to 1,000."""


@dataclass(frozen=True)
class Delayed(LagShape, kind="delayed"):
    """Spend has its largest effect some periods later."""

    peak: Amount
    """Number of periods until the effect is largest."""
    half_life: Periods
    """Distance from the peak, in periods, at which half of the effect per period is left, from 0.01 to 1,000."""

    def __post_init__(self) -> None:
        if self.peak > MOST_LAGS / 2:
            expected = f"at most {MOST_LAGS // 2} periods"
            raise ProblemsError((Problem(("peak",), echo(self.peak), expected),))


@dataclass(frozen=True)
class Weibull(LagShape, kind="weibull"):
    """The effect follows the density of a Weibull distribution at 1, 2, ... periods."""

    shape: Shape
    """Shape, a number from 0.1 to 100: above 1 the effect grows at first."""
    scale: Periods
    """Scale, in periods from 0.01 to 1,000."""


class Timing(Record):
    """Settings of a plan for each period instead of one typical period.

    The budget is for all periods together, `periods` times its amount; rules hold in every period. Selectors name
    cells, as in rules; factors of several selectors multiply.
    """

    carryover: Mapping[str, Annotated[Geometric | Delayed | Weibull, OneOf(LagShape)]] = {}
    """For each selector, how the effect of spend carries over to later periods; a cell may have one at most."""
    season: Mapping[str, Factors] = {}
    """For each selector, a factor on the outcome of spend, one number for each period; 1 is as usual."""
    cost: Mapping[str, Prices] = {}
    """For each selector, a factor on the cost of the same effect, one number for each period; 1 is as usual."""
    spent_before: Mapping[str, Factors] = {}
    """For each selector, spend in the periods before the plan as a share of today's, the latest last; without it,
    today's spend."""
    discount_rate: Amount = 0.0
    """Discount rate of outcome, a share per period: 0.01 is 1 %; spend is not discounted."""
