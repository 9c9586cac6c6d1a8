"""Plan: the answer as data, in versioned JSON that carries its own problem and proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from channelmix.core.documents import Document, Said
from channelmix.core.errors import InputError
from channelmix.core.views import view
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules import Scenario, rule_from_dict
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
    flat,
)
from channelmix.plan.word_of_mouth import span_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    import plotly.graph_objects as go

    from channelmix.plan.explanation import Explanation
    from channelmix.plan.frontier import Frontier
    from channelmix.plan.information_value import InformationValue


class Plan(Document):
    """A certified channel mix.

    Read one with `from_json`, check it with `channelmix.plan.verify_plan`. Amounts are in `currency` per period; where
    several periods are planned, those of the allocation's rows are, all others are over the plan's `span`.
    """

    kind_of_document = "plan"
    row_names = (
        "market",
        "channel",
        "purpose",
        "period",
        "spend",
        "current_spend",
        "outcome_mean",
        "outcome_low",
        "outcome_high",
        "charge",
        "marginal_return",
        "evidence",
        "reason",
    )

    schema_version: Literal[1, 2] = 2
    """Version of this format; the first had no `messages`."""
    status: Status
    """optimal, not_certified, infeasible or unbounded."""
    standing: Said = ""
    """The status in words, with the gap that is proven where it was not closed, or is above 1 %: such a plan is not
    called optimal, whatever gap was asked for. Empty in plans of earlier versions."""
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
    not_counted: list[Said]
    """What is left out of every number."""
    survey: list[SurveyRow]
    """How the company stands beside surveyed ones; empty if infeasible."""
    assumptions: list[Assumption]
    """Figures that the profile does not state."""
    remarks: list[Said]
    """What holds for the whole plan and was not computed: what is ignored, what was scaled or projected."""
    shadow_prices: list[ShadowPrice]
    """Price of each binding rule."""
    conflicts: list[str]
    """Minimal set of rules that cannot hold together, or the cell that pays without end if unbounded; else empty."""
    mends: list[Mend]
    """By how much rules must give way; empty unless infeasible."""
    warnings: list[Said]
    """What to look at before following the plan."""
    problem: dict[str, Any] = Field(repr=False)
    """The problem solved: curves, scenario, rules."""
    proof: dict[str, Any] = Field(repr=False)
    """The proof, in the units of the problem's standard form."""
    provenance: Provenance
    """What made the plan."""

    @field_validator("scenario")
    @classmethod
    def _is_scenario(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            rule = rule_from_dict(value)
        except InputError as error:
            raise PydanticCustomError("scenario", "{why}", {"why": str(error)}) from None
        if not isinstance(rule, Scenario):
            raise PydanticCustomError("scenario", "Input should be a scenario, not a rule")
        return value

    @property
    def cells(self) -> list[CellPlan]:
        """One row a cell: for the typical period, or over all periods."""
        return self.sums or self.allocation

    def to_frame(self) -> pd.DataFrame:
        """Return the allocation as a DataFrame, one row a cell."""
        import pandas as pd  # its import takes longer than a plan

        return pd.DataFrame(self.rows())

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
        page = view("to_html")(self, lang, frontier, explanation=explanation, tests=tests)
        return str(view("write_html")(page, path))

    def plot_allocation(self) -> go.Figure:
        """Draw spend today and in the plan, a bar a cell (needs plotly)."""
        return view("allocation_figure")(self)

    def plot_response(self, cells: Sequence[str] | None = None) -> go.Figure:
        """Draw response curves with 90 % intervals, today's point and the plan's (needs plotly).

        Parameters
        ----------
        cells : sequence of str, or str, optional
            Names of cells; the nine with the most money if not given.
        """
        return view("response_figure")(self, [cells] if isinstance(cells, str) else cells)

    def plot_frontier(self, frontier: Frontier) -> go.Figure:
        """Draw this plan among the best plans along budgets or risk that `frontier` found (needs plotly).

        Raises
        ------
        InputError
            If the frontier is of another company or over other periods, or their profiles differ in more than the
            scenario.
        """
        return view("frontier_figure")(frontier, self)

    def plot_evidence(self) -> go.Figure:
        """Draw the 90 % interval of each cell's outcome, coloured by what it rests on (needs plotly)."""
        return view("evidence_figure")(self)

    def _repr_html_(self) -> str:
        """Show the plan in a notebook: its headline and a small table."""
        return str(view("summary_html")(self))

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a cell, without nesting; amounts in the plan's currency per period."""
        return [
            {
                "market": row.market,
                "channel": row.channel,
                "purpose": row.purpose,
                "period": row.period,
                "spend": row.spend,
                "current_spend": row.current_spend,
                **flat("outcome", row.outcome),
                "charge": row.charge,
                "marginal_return": row.marginal_return,
                "evidence": row.evidence,
                "reason": row.reason,
            }
            for row in self.allocation
        ]


def fits(plan: Plan, problem: AllocationProblem) -> bool:
    """Whether a plan's rows are the cells of a problem in their order, in every period."""
    rows = [(row.name, row.period) for row in plan.allocation]
    expected = [(name, 1 + t) for t in range(span_of(problem)) for name in problem.curves.names]
    cells = [row.name for row in plan.cells]
    return plan.span == span_of(problem) and rows == expected and cells == list(problem.curves.names)
