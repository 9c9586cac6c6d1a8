"""Explanation: why cells get what they get, what would change that, and what rules cost, in versioned JSON."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from channelmix.core.documents import Document, Interval, Part, Said, require_order
from channelmix.engine.proof.solution import Status
from channelmix.plan.parts import flat
from channelmix.plan.ways import Ways


class BreakEven(Part):
    """By what a cell's curve must be multiplied before the plan changes materially."""

    factor: float = Field(gt=0.0)
    """The factor, to within the explanation's tolerance."""
    spend: float = Field(ge=0.0)
    """The cell's spend in the best plan just beyond it."""
    change: Said
    """What changes there."""


class CellExplanation(Part):
    """Why one cell gets what it gets; amounts in currency over the explanation's `span`."""

    cell: str
    """The cell."""
    spend: float
    """Spend proposed."""
    current_spend: float
    """Spend today."""
    outcome: Interval
    """Incremental outcome of the spend proposed."""
    return_now: float | None
    """Net outcome of the next unit of currency at today's spend, in its best period; null where it has no limit."""
    return_planned: float | None
    """The same at the spend proposed."""
    rule: str | None
    """The rule beside the budget that weighs most on it, in any period; null where none binds."""
    price: float | None
    """What one more unit in that rule's limit is worth, in the objective."""
    evidence: str
    """What the estimate rests on."""
    break_evens: bool
    """Whether break-even factors were worked out for it."""
    lower: BreakEven | None
    """Down to where the curve may be lower than estimated; null where no factor down to the lowest tried matters."""
    higher: BreakEven | None
    """Up to where it may be higher; null where no factor up to the highest tried matters."""
    beyond: float | None
    """Spend proposed as a multiple of today's, in the period with the most; null where nothing is spent today, or
    nothing is proposed."""
    extrapolates: bool
    """Whether the spend proposed lies so far beyond today's that the curve there rests on its shape alone."""
    reasons: list[Said]
    """All of it in plain words."""
    ways: Ways | None = None
    """What clicks and orders, and what experiments and returns say of what it brings, where both speak of it; else
    null."""


class RulePrice(Part):
    """What a rule, or keeping one cell, costs: the objective without it less the objective with it."""

    rule: str
    """The rule, as the profile names it."""
    change: Literal["without", "with"]
    """Whether the plan was made anew without what the plan has, or with what it lacks."""
    cell: str | None
    """The one cell whose keeping is priced; null for a whole rule."""
    low: float = Field(ge=0.0)
    """Objective lost to it, at least; money over the explanation's `span`."""
    high: float | None
    """The same, at most; null where nothing is proven of it, or there is no limit to it."""
    status: Status
    """What is known of the plan made anew: `infeasible` means that the cell cannot be kept."""
    moved: float
    """Spend that would be elsewhere: what cells would gain, or what they would lose where that is more."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        require_order(self.low, self.high)
        return self


class Explanation(Document):
    """Why a plan is as it is. Amounts are in `currency` over its `span`."""

    kind_of_document = "explanation"

    schema_version: Literal[1, 2] = 2
    """Version of this format; the first had no `messages`."""
    name: str
    """The company."""
    currency: str
    """ISO 4217 code."""
    period: str
    """Length of a period, in words."""
    span: int = Field(default=1, ge=1)
    """Number of periods that amounts are for, as in the plan."""
    scenario: str
    """What was asked for."""
    next_unit: float | None
    """Worth of one more unit of budget; null where no budget binds."""
    cells: list[CellExplanation]
    """Every cell, in the plan's order."""
    rules: list[RulePrice]
    """Every rule, the dearest first, then what keeping single cells costs."""
    factor_low: float = Field(gt=0.0)
    """Lowest factor of a curve that was tried."""
    factor_high: float = Field(gt=0.0)
    """Highest factor of a curve that was tried."""
    tolerance: float
    """By which share a break-even factor may be off."""
    remarks: list[Said]
    """What is meant by a material change, and what was not worked out."""
    profile_sha256: str
    """Digest of the validated profile."""
    complete: bool
    """Whether all is there: Ctrl-C leaves what was found before it."""

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a cell, without nesting; amounts in currency over the explanation's `span`."""
        rows = []
        for cell in self.cells:
            row = cell.model_dump(mode="json", exclude={"outcome", "lower", "higher", "reasons", "ways"})
            row |= flat("outcome", cell.outcome)
            row["lower_factor"] = cell.lower.factor if cell.lower else None
            row["higher_factor"] = cell.higher.factor if cell.higher else None
            row["reasons"] = " ".join(cell.reasons)
            rows.append(row)
        return rows
