"""Difference: what two plans do differently, and why, in versioned JSON."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from channelmix.core.documents import Document, Interval, Part, Said, require_order
from channelmix.plan.parts import flat


class CellDifference(Part):
    """One cell in both plans; amounts in currency over the difference's `span`, null in a plan without the cell."""

    cell: str
    """The cell."""
    before: float | None
    """Spend in the first plan."""
    after: float | None
    """Spend in the second plan."""
    change: float
    """Spend in the second plan less that in the first."""
    outcome_before: Interval | None
    """What it brings in the first plan."""
    outcome_after: Interval | None
    """What it brings in the second plan."""
    outcome_change: float
    """Mean outcome in the second plan less that in the first."""
    outcome_interval: Interval | None
    """The same draw by draw; null where draws cannot be paired."""
    reason_before: Said
    """Why it gets what it gets in the first plan."""
    reason_after: Said
    """The same in the second plan."""


class Difference(Document):
    """Two plans beside each other. Amounts are in `currency` over their `span`, outcomes before charges unless said."""

    kind_of_document = "difference"

    schema_version: Literal[1, 2] = 2
    """Version of this format; the first had no `messages`."""
    name_before: str
    """Company of the first plan."""
    name_after: str
    """Company of the second plan."""
    currency: str
    """ISO 4217 code of both."""
    period: str
    """Length of a period of both, in words."""
    span: int = Field(default=1, ge=1)
    """Number of periods that amounts are for, as in both plans."""
    spend_before: float
    """Spend of the first plan."""
    spend_after: float
    """Spend of the second plan."""
    moved: float = Field(ge=0.0)
    """Money that sits on other cells in the second plan, or is no longer spent, or not spent before."""
    net_before: Interval
    """Outcome less charges of the first plan."""
    net_after: Interval
    """Outcome less charges of the second plan."""
    net_change: float
    """Mean of the second less mean of the first."""
    net_interval: Interval | None
    """The same draw by draw; null where draws cannot be paired."""
    chance: float | None = Field(ge=0.0, le=1.0)
    """Share of draws in which the second plan brings more; null where draws cannot be paired."""
    certified_low: float | None
    """What the best plan of the second problem brings more in its objective than that of the first, at least, by both
    proofs; null where the objectives are not the same."""
    certified_high: float | None
    """The same, at most."""
    paired: bool
    """Whether both plans rest on the same draws of the same curves."""
    why_unpaired: Said
    """Why not; empty if they do."""
    changes: list[Said]
    """What is different in what was asked for, in words."""
    cells: list[CellDifference]
    """Every cell of either plan, the largest change of spend first."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        require_order(self.certified_low, self.certified_high)
        return self

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a cell, without nesting; amounts in currency over the difference's `span`."""
        rows = []
        for cell in self.cells:
            intervals = ("outcome_before", "outcome_after", "outcome_interval")
            row = cell.model_dump(mode="json", exclude=set(intervals))
            for name in intervals:
                row |= flat(name, getattr(cell, name))
            rows.append(row)
        return rows
