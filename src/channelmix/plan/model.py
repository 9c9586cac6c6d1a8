"""Plan: the answer as data, in versioned JSON that carries its own problem and proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from channelmix.document import Document
from channelmix.plan.parts import (
    Assumption,
    CellPlan,
    Certificate,
    Comparison,
    Mend,
    Provenance,
    ShadowPrice,
    SurveyRow,
    Totals,
    WordOfMouth,
)
from channelmix.solution import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    import plotly.graph_objects as go

    from channelmix.plan.explanation import Explanation
    from channelmix.plan.frontier import Frontier
    from channelmix.plan.information import InformationValue

__all__ = ["Plan"]


class Plan(Document):
    """A certified channel mix.

    Read one with `from_json`, check it with `channelmix.plan.verify_plan`. Amounts are in `currency` per period; where
    several periods are planned, those of the allocation's rows are, all others are over the plan's `span`.
    """

    kind_of_document = "plan"

    schema_version: Literal[1] = 1
    """Version of this format."""
    status: Status
    """optimal, not_certified, infeasible or unbounded."""
    name: str
    """The company."""
    currency: str
    """ISO 4217 code."""
    period: str
    """Length of a period, in words."""
    span: int = Field(default=1, ge=1)
    """Number of periods that amounts are for, beside those of the allocation's rows: 1 for a typical period."""
    scenario: dict[str, Any]
    """What was asked for."""
    certificate: Certificate
    """What is proven."""
    allocation: list[CellPlan]
    """One row a cell, and period where several are planned; empty if infeasible or unbounded."""
    sums: list[CellPlan] = Field(default_factory=list)
    """Where several periods are planned, one row a cell over all of them, with what its spend brings later; its
    marginal return is the highest of its periods, its reason that of the period where it gets most. Empty for a
    typical period."""
    totals: Totals | None
    """Sums; null if infeasible or unbounded."""
    comparisons: list[Comparison]
    """Other splits on the same fresh draws."""
    word_of_mouth: WordOfMouth | None
    """What customers tell others; null where it is not counted."""
    not_counted: list[str]
    """What is left out of every number."""
    survey: list[SurveyRow]
    """How the company stands beside surveyed ones; empty if infeasible."""
    assumptions: list[Assumption]
    """Figures that the profile does not state."""
    remarks: list[str]
    """What holds for the whole plan and was not computed: what is ignored, what was scaled or projected."""
    shadow_prices: list[ShadowPrice]
    """Price of each binding rule."""
    conflicts: list[str]
    """Minimal set of rules that cannot hold together, or the cell that pays without end if unbounded; else empty."""
    mends: list[Mend]
    """By how much rules must give way; empty unless infeasible."""
    warnings: list[str]
    """What to look at before following the plan."""
    problem: dict[str, Any] = Field(repr=False)
    """The problem solved: curves, scenario, rules."""
    proof: dict[str, Any] = Field(repr=False)
    """The proof, in the units of the problem's standard form."""
    provenance: Provenance
    """What made the plan."""

    @property
    def cells(self) -> list[CellPlan]:
        """One row a cell: for the typical period, or over all periods."""
        return self.sums or self.allocation

    def to_frame(self) -> pd.DataFrame:
        """Return the allocation as a DataFrame, one row a cell."""
        import pandas as pd  # its import takes longer than a plan

        from channelmix.plan.rows import allocation_rows

        return pd.DataFrame(allocation_rows(self))

    def to_html(
        self,
        path: str | Path | None = None,
        lang: str = "en",
        *,
        frontier: Frontier | None = None,
        explanation: Explanation | None = None,
        tests: InformationValue | None = None,
    ) -> str:
        """Return the report as one HTML page that works offline, and write it to `path` if given.

        Parameters
        ----------
        path : str or Path, optional
            File to write.
        lang : str
            ``en`` or ``fr``.
        frontier : Frontier, optional
            Of the same company, for a section on more or less money.
        explanation : Explanation, optional
            Of this plan, for the reasons of each cell and what each rule costs.
        tests : InformationValue, optional
            Of the same profile, for what to test next and what certainty is worth.

        Raises
        ------
        InputError
            If the language is unknown, what stands beside the plan is not of it, or the file cannot be written.
        """
        from channelmix.report.html import to_html, write_html

        return write_html(to_html(self, lang, frontier, explanation=explanation, tests=tests), path)

    def plot_allocation(self) -> go.Figure:
        """Draw spend today and in the plan, a bar a cell (needs plotly)."""
        from channelmix.report.figures import allocation_figure

        return allocation_figure(self)

    def plot_response(self, cells: Sequence[str] | None = None) -> go.Figure:
        """Draw response curves with 90 % intervals, today's point and the plan's (needs plotly).

        Parameters
        ----------
        cells : sequence of str, or str, optional
            Names of cells; the nine with the most money if not given.
        """
        from channelmix.report.figures import response_figure

        return response_figure(self, [cells] if isinstance(cells, str) else cells)

    def plot_frontier(self, frontier: Frontier) -> go.Figure:
        """Draw this plan among the best plans along budgets or risk that `frontier` found (needs plotly).

        Raises
        ------
        InputError
            If the frontier is of another company or over other periods, or their profiles differ in more than the
            scenario.
        """
        from channelmix.report.figures import frontier_figure

        return frontier_figure(frontier, self)

    def plot_evidence(self) -> go.Figure:
        """Draw the 90 % interval of each cell's outcome, coloured by what it rests on (needs plotly)."""
        from channelmix.report.figures import evidence_figure

        return evidence_figure(self)

    def _repr_html_(self) -> str:
        """Show the plan in a notebook: its headline and a small table."""
        from channelmix.report.html import summary_html

        return summary_html(self)
