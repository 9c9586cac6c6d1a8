"""InformationValue: what it would be worth to know more, and how a plan stands it not to, in versioned JSON."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from channelmix.core.documents import Document, Part, Said, require_order


class InformationOf(Part):
    """What it is worth to know the curves of some cells for certain before the money is split; per period."""

    name: str
    """The cell, or the channel for all of its cells."""
    cells: list[str]
    """The cells that would be known."""
    value: float = Field(ge=0.0)
    """Expected gain, in money per period."""
    standard_error: float = Field(ge=0.0)
    """Of the value, since the draws are so many and no more."""


class LiftTestValue(Part):
    """What a lift test on one cell is worth; money per period unless said otherwise."""

    cell: str
    """Where spend is changed."""
    spend: float = Field(ge=0.0)
    """Spend that the change starts from: the plan's."""
    spend_change: float
    """By how much it is changed; negative where it is cut."""
    weeks: float = Field(gt=0.0)
    """How long."""
    standard_error: float = Field(gt=0.0)
    """Of the lift that the test would measure."""
    expected_lift: float
    """Mean lift over the draws."""
    detectable_lift: float = Field(gt=0.0)
    """Lift that would be told from none with a chance of 80 %, at a level of 5 %."""
    value: float = Field(ge=0.0)
    """Expected value of what the test tells, per period that is planned with it."""
    value_standard_error: float = Field(ge=0.0)
    """Of that value."""
    cost: float = Field(ge=0.0)
    """What the test costs in all, in money: spend beyond the plan's less what it brings, and what is fixed."""
    net: float
    """Value over all periods that are planned with it, less the cost, in money."""


class SpendSpread(Part):
    """Spend on one cell over the draws' own best splits, in currency per period."""

    cell: str
    """The cell."""
    planned: float
    """The plan's spend."""
    low: float
    """5 % quantile."""
    quarter: float
    """25 % quantile."""
    median: float
    """Median."""
    three_quarters: float
    """75 % quantile."""
    high: float
    """95 % quantile."""
    used: float = Field(ge=0.0, le=1.0)
    """Share of the draws whose best split spends anything on it."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        require_order(self.low, self.quarter, self.median, self.three_quarters, self.high)
        return self


class Regret(Part):
    """What the plan brings less than the best split of each draw, in money per period."""

    mean: float = Field(ge=0.0)
    """Mean over the draws."""
    high: float = Field(ge=0.0)
    """90 % quantile."""
    worst: float = Field(ge=0.0)
    """In the worst draw for it."""
    open: float = Field(ge=0.0)
    """By how much the mean may be higher, at most: the draws' best splits are proven to that."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        require_order(self.mean, self.worst)
        require_order(self.high, self.worst)
        return self


class CautiousPlan(Part):
    """What a plan that minds the worst draws gives up for them; money per period."""

    name: Said
    """How it is cautious."""
    outcome: float
    """Its mean outcome less charges."""
    gap: float = Field(ge=0.0)
    """Gap that it is proven to, in its own objective."""
    given_up_low: float = Field(ge=0.0)
    """What it brings less than the best plan on average, at least."""
    given_up_high: float = Field(ge=0.0)
    """The same, at most: both are proven to a gap."""
    tail_outcome: float
    """Its mean outcome less charges over its worst tenth of draws."""
    tail_gained: float
    """By how much that is more than the best plan's worst tenth."""
    safer: float | None
    """By how much its mean gain on the baseline over the worst tenth of these gains is more than the best plan's; null
    without a baseline."""
    spend: dict[str, float]
    """Its spend by cell."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        require_order(self.given_up_low, self.given_up_high)
        return self


class InformationValue(Document):
    """What certainty, and a test, would be worth to a company before it splits its money.

    Amounts are in `currency` per period. Values are expected gains of the best plan with the information over the best
    plan without, for a company that counts the mean.
    """

    kind_of_document = "information value"

    schema_version: Literal[1, 2] = 2
    """Version of this format; the first had no `messages`."""
    name: str
    """The company; empty for a bare problem."""
    currency: str
    """ISO 4217 code; empty for a bare problem."""
    period: str
    """Length of a period, in words; empty for a bare problem."""
    typical_of: int = Field(default=1, ge=1)
    """Number of periods that the profile plans one by one; above 1, all of this is about a typical one of them."""
    outcome: float
    """Objective of the best plan without information."""
    total: InformationOf
    """All cells known for certain."""
    total_low: float = Field(ge=0.0)
    """What the proofs leave of the total on these draws, at least."""
    total_high: float = Field(ge=0.0)
    """The same, at most."""
    channels: list[InformationOf]
    """Each channel of several cells known for certain, the most valuable first."""
    cells: list[InformationOf]
    """Each cell known for certain, the most valuable first."""
    tests: list[LiftTestValue]
    """Lift tests, the best first: those that were asked for, else the best of each cell that might be worth one."""
    next_test: LiftTestValue | None
    """The test to run next; null where none is worth its cost."""
    test_periods: float = Field(gt=0.0)
    """Periods planned with what a test tells."""
    spread: list[SpendSpread]
    """How the draws' best splits spread."""
    regret: Regret
    """What the plan forgoes."""
    cautious: list[CautiousPlan]
    """Plans that mind the worst draws, at the same budget; empty unless asked for."""
    remarks: list[Said]
    """What is assumed."""
    profile_sha256: str
    """Digest of the validated profile; empty for a bare problem."""
    draws: int = Field(ge=1)
    """Draws that were looked at one by one."""
    seed: int = Field(ge=0)
    """Seed of the draws."""
    complete: bool
    """Whether all is there that was asked for: Ctrl-C leaves what was found before it."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        require_order(self.total_low, self.total_high)
        if self.typical_of > 1 and not self.remarks:
            raise PydanticCustomError(
                "typical", "Input should remark first that it is about a typical period"
            )
        return self

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a cell, without nesting; amounts in currency per period."""
        values = {one.name: one for one in self.cells}
        return [
            {
                "cell": row.cell,
                "information_value": values[row.cell].value if row.cell in values else None,
                "information_standard_error": values[row.cell].standard_error if row.cell in values else None,
                **row.model_dump(mode="json", exclude={"cell"}),
            }
            for row in self.spread
        ]
