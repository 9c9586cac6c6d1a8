"""Frontier: what more or less money brings, or what safety costs, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from channelmix.core.documents import Document, Part
from channelmix.core.views import view
from channelmix.engine.proof.solution import Status
from channelmix.engine.response.periods import without_period

if TYPE_CHECKING:
    import plotly.graph_objects as go


class FrontierPlan(Part):
    """The best plan at one point; amounts in currency per period, null where no plan exists."""

    budget: float
    """Most money that may be spent."""
    weight: float
    """Weight of the worst draws' mean in the objective; 0 for the mean over all draws."""
    status: Status
    """What is known of the point."""
    money: float | None
    """What the plan takes: spend and fees."""
    outcome: float | None
    """Mean outcome less charges."""
    tail_outcome: float | None
    """The same over the worst draws."""
    value: float | None
    """Objective reached."""
    upper_bound: float | None
    """Proven upper bound of the objective."""
    gap: float | None
    """Relative gap between the two."""
    marginal: float | None
    """Worth of one more unit of budget; null where the budget does not bind."""
    spend: dict[str, float] | None
    """Spend by cell, and period where several are planned."""


class Frontier(Document):
    """Best plans along budgets, or along weights of the worst draws; every point with its proven gap."""

    kind_of_document = "frontier"

    schema_version: Literal[1, 2] = 2
    """Version of this format; the first had no `messages`."""
    along: Literal["budget", "risk"]
    """What changes from point to point."""
    name: str
    """The company; empty for a bare problem."""
    currency: str
    """ISO 4217 code; empty for a bare problem."""
    period: str
    """Length of a period, in words; empty for a bare problem."""
    span: int = Field(default=1, ge=1)
    """Number of periods that amounts are for."""
    tail: float = Field(gt=0.0, le=1.0)
    """Share of the draws that are the worst."""
    company_sha256: str = ""
    """Digest of the profile without its scenario; empty for a bare problem, or where it is not known."""
    points: list[FrontierPlan]
    """In the order of budgets or weights."""
    complete: bool
    """Whether all points that were asked for are there: Ctrl-C leaves those found before it."""

    def cells(self, point: FrontierPlan) -> dict[str, float]:
        """Spend by cell at a point, summed over periods; empty where no plan exists."""
        sums: dict[str, float] = {}
        for name, spend in (point.spend or {}).items():
            cell = without_period(name) if self.span > 1 else name
            sums[cell] = sums.get(cell, 0.0) + spend
        return sums

    def plot(self) -> go.Figure:
        """Draw the mean outcome and that of the worst draws along the points (needs plotly)."""
        return view("frontier_figure")(self)

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a point, spend by cell in columns of its own."""
        rows = []
        for point in self.points:
            row = point.model_dump(mode="json")
            spend = row.pop("spend") or {}
            rows.append(row | {f"spend {cell}": amount for cell, amount in spend.items()})
        return rows
