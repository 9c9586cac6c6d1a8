"""Sensitivity: how a plan's gain and its spend answer to each input, as data in versioned JSON."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from channelmix.core.documents import Document, Part, Said
from channelmix.plan.ways import Ways


class Side(Part):
    """One input at its low or its high value, all else as it was; amounts in currency over the sensitivity's `span`."""

    value: float
    """The input's value there."""
    kept_gain: float
    """Gain over the baseline of the plan as it is."""
    best_gain: float
    """Gain over the baseline of the plan made anew for this value."""
    regret: float = Field(ge=0.0)
    """What keeping the plan would forgo: best_gain - kept_gain; 0 where the plan stands."""
    stands: bool
    """Whether the plan as it is remains within the gap of the best one."""
    gap: float | None
    """Proven gap of the plan made anew; null where the plan stands."""
    spend: dict[str, float]
    """Spend by cell of the plan made anew, over all periods; the plan's own where it stands."""
    moved: float = Field(ge=0.0)
    """Spend that is on another cell, or in another period, than in the plan."""
    changes: list[Said]
    """How the recommendation changes, in words; empty if it does not."""


class InputEffect(Part):
    """What the plan owes to one input."""

    name: Said
    """What the input is: a figure in words, or the path of a field in the profile."""
    kind: Literal["figure", "profile"]
    """A published or judged figure, moved by its own uncertainty factor; or a number of the profile, moved to the ends
    of its range, or by the common factor where it has none."""
    factor: float | None
    """By which the input is divided and multiplied; a share stops at 1, a field at its limits. For a number of the
    profile with a range of two sides, the mean of both. None for an overlap that the profile does not state: it goes
    from none to all."""
    assumed: float
    """The value that the plan rests on: the typical value of a figure, the number stated in the profile."""
    unit: Said
    """Unit of a figure; empty for a stated field of the profile, which has its own."""
    basis: Said
    """Kind of basis of a figure; empty for a field of the profile."""
    facts: list[str]
    """Ids of the published facts behind a figure."""
    low: Side
    """The input divided by its factor."""
    high: Side
    """The input multiplied by its factor."""
    influence: float
    """Largest change of the plan's gain, or regret of keeping the plan if that is more, on either side."""

    ways: Ways | None = None
    """What clicks and orders, and what experiments and returns say of a figure, where both speak of it; else null."""

    @property
    def decides(self) -> bool:
        """Whether the recommendation changes on either side."""
        return bool(self.low.changes or self.high.changes)


class Sensitivity(Document):
    """How the gain and the spend of a plan answer to each input, moved alone.

    Amounts are in `currency` over its `span`. Every value is computed on the draws that the plan was made on.
    """

    kind_of_document = "sensitivity"
    row_names = (
        "rank",
        "input",
        "kind",
        "factor",
        "unit",
        "assumed",
        "side",
        "value",
        "kept_gain",
        "best_gain",
        "regret",
        "moved",
        "cell",
        "planned_spend",
        "spend",
    )

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
    budget: float
    """The scenario's limit of spend."""
    baseline: str
    """The split that gains are measured from."""
    gain: float
    """The plan's gain over the baseline with every input as assumed."""
    field_factor: float
    """By which numbers of the profile are moved that have no range."""
    spend: dict[str, float]
    """The plan's spend by cell."""
    current_spend: dict[str, float]
    """Today's spend by cell."""
    requested_gap: float
    """The gap that the plan and plans made anew are proven to."""
    inputs: list[InputEffect]
    """Every input that there was time for, the most influential first."""
    left_out: int = Field(default=0, ge=0)
    """Number of inputs that there was no time for."""
    profile_sha256: str
    """Digest of the validated profile."""
    seed: int = Field(ge=0)
    """Seed of the draws."""
    draws: int = Field(ge=1)
    """Number of draws."""

    @model_validator(mode="after")
    def _same_cells(self) -> Self:
        sides = (side for effect in self.inputs for side in (effect.low, effect.high))
        if any(side.spend.keys() != self.spend.keys() for side in sides):
            raise PydanticCustomError(
                "cells", "Input should state the spend on the plan's cells at each side"
            )
        return self

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary an input, side and cell, without nesting; amounts in currency over the `span`."""
        return [
            {
                "rank": rank,
                "input": effect.name,
                "kind": effect.kind,
                "factor": effect.factor,
                "unit": effect.unit,
                "assumed": effect.assumed,
                "side": name,
                "value": side.value,
                "kept_gain": side.kept_gain,
                "best_gain": side.best_gain,
                "regret": side.regret,
                "moved": side.moved,
                "cell": cell,
                "planned_spend": planned,
                "spend": side.spend[cell],
            }
            for rank, effect in enumerate(self.inputs, start=1)
            for name, side in (("low", effect.low), ("high", effect.high))
            for cell, planned in self.spend.items()
        ]
