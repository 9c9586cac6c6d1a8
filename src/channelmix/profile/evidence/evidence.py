"""Evidence: curves fitted to a company's own history, as a JSON file with a checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainSerializer, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from channelmix.core.documents import Document, Interval, Part, Said
from channelmix.core.errors import InputError
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.tabulated import Tabulated
from channelmix.profile.evidence.lift_test import LiftTest

FEWEST_DRAWS = 2
"""Fewest draws of evidence: one half is to plan on, the other to compare on."""

LARGEST_EVIDENCE = 2_000_000_000
"""Bytes of the largest evidence that is read: a curve takes about 0.7 MB, and there are companies with 1,500."""


class _Brief(Part):
    """A part that is written and digested without its empty fields, so that older files keep their digests."""

    @model_serializer(mode="wrap")
    def _stated(self, write: Callable[[Self], dict[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if value is not None}


class Column(_Brief):
    """Returns of one column of spend."""

    name: str
    """Selector of the cells that the column's money is spent on."""
    basis: Literal["history", "experiment"]
    """experiment where a lift test of this column was used."""
    spend: float = Field(gt=0.0)
    """Mean spend in currency per period, over all periods from the first row to the last."""
    active_spend: float | None = Field(default=None, gt=0.0)
    """Mean spend in currency per period, over the periods with any."""
    active_periods: float | None = Field(default=None, gt=0.0)
    """Number of such periods that all of the spend makes: times `active_spend`, it is the total since the first."""
    since_periods: float | None = Field(default=None, gt=0.0)
    """Number of periods from its first spend to the last row."""
    spent_days: float | None = Field(default=None, gt=0.0)
    """Days of the rows with spend; where rows are shorter than a week, of the weeks with any."""
    last_spend: str | int | None = None
    """Date of the last row with spend."""
    idle_days: float | None = Field(default=None, ge=0.0)
    """Days from the end of that row to the end of the last row."""
    timing: tuple[str | int, str | int] | None = None
    """First and last date of the rows that show when a period's money is spent."""
    months_ahead: tuple[float, ...] | None = None
    """Factor on the outcome of each of the twelve months after the rows, by the timing that the same month had a year
    before; 1 where it had none of its own."""
    least: float = Field(ge=0.0)
    """Least that was spent in any stretch as long as a period (or as spend acts), in currency per period."""
    most: float = Field(gt=0.0)
    """Most that was spent in any such stretch, in currency per period."""
    roi: Interval
    """Outcome in money per unit of money, at the mean spend of the periods with any."""
    marginal_roi: Interval
    """The same for the next unit of money."""
    believed: tuple[float, float] | None = None
    """Range that held the return with 90 % before the rows were looked at, by published figures and the profile."""

    @property
    def usual_spend(self) -> float:
        """Mean spend of a period with any: `spend` where a file of an earlier version states no other."""
        return self.spend if self.active_spend is None else self.active_spend


class Unpaid(Part):
    """What media without a bill bring, such as posts or newsletters."""

    name: str
    """Column, after its market where rows are of several."""
    outcome: Interval
    """Outcome per period in money, over all rows."""
    share: Interval
    """Share of the rows' outcome."""


class Check(Part):
    """A diagnostic of the fit."""

    check: Said
    """What was looked at."""
    verdict: Literal["PASS", "REVIEW", "FAIL"]
    """How serious it is."""
    message: Said
    """What was found, and what to do about it."""


class FittedMarket(_Brief):
    """Rows of one of several markets."""

    name: str
    """Name of the market."""
    first: str | int
    """First date."""
    last: str | int
    """Last date."""
    rows: int = Field(ge=1)
    """Number of rows."""
    unlisted: int | None = Field(default=None, ge=1)
    """Number of periods between the first row and the last that have none."""
    noise: float = Field(ge=0.0)
    """Standard deviation of what the fit leaves of a row's outcome, in money."""


class Fitted(_Brief):
    """What the curves were learnt from."""

    source: str
    """Name of the file, or what stood in for it."""
    sha256: str
    """Digest of the rows and of what was stated of them."""
    outcome: str
    """Column of the outcome."""
    outcome_worth: float = Field(gt=0.0)
    """Margin of one unit of outcome, in the profile's currency."""
    controls: tuple[str, ...]
    """Columns of what else moves the outcome."""
    first: str | int
    """First date."""
    last: str | int
    """Last date."""
    rows: int = Field(ge=1)
    """Number of rows."""
    unlisted: int | None = Field(default=None, ge=1)
    """Number of periods between the first row and the last that have none."""
    row_days: float = Field(gt=0.0)
    """Length of a row, in days."""
    noise: float = Field(ge=0.0)
    """Standard deviation of what the fit leaves of a row's outcome, in money."""
    seed: int
    """Seed of the draws."""
    version: str
    """Version of channelmix."""
    markets: tuple[FittedMarket, ...] | None = None
    """Where rows are of several markets, each of them: columns are named by them, and their curves are per period of
    their own rows."""
    read_as: tuple[str, ...] | None = None
    """How the table was read, where it was not a plain one: such as semicolons, decimal comma, day.month.year."""

    def market_of(self, column: str) -> FittedMarket | None:
        """The market that a column's name begins with; None where rows are of no named market."""
        name = column.split("/")[0]
        return next((market for market in self.markets or () if market.name == name), None)


class Evidence(_Brief, Document):
    """Draws of the response curves of a history's columns, in the profile's money and period.

    Made by `channelmix.fit_history` or ``channelmix fit``. `ResponseCurves` of the draws are in `response`.
    """

    kind_of_document = "file of evidence"

    schema_version: Literal[1, 2] = 2
    """Version of this format; the first had no `messages`."""
    currency: str
    """ISO 4217 code of all money."""
    period_days: float = Field(gt=0.0)
    """Length in days of the period that spend and outcome are per."""
    fitted: Fitted
    """What it was learnt from."""
    experiments: tuple[Annotated[LiftTest, PlainSerializer(LiftTest.to_dict)], ...]
    """Lift tests that were used."""
    columns: tuple[Column, ...] = Field(min_length=1)
    """One entry a column of spend."""
    unpaid: tuple[Unpaid, ...] | None = None
    """Where there are media without a bill, one entry each: they are no part of the baseline, and cannot be bought."""
    checks: tuple[Check, ...]
    """Diagnostics of the fit."""
    curves: dict[str, Any] = Field(repr=False)
    """Draws of the columns' curves: outcome in money per period against spend in currency per period."""
    sha256: str
    """Digest of everything above."""

    @classmethod
    def _largest(cls) -> int:
        return LARGEST_EVIDENCE

    @classmethod
    def sealed(cls, **content: Any) -> Self:
        """Make evidence of its content and seal it with its digest."""
        open_one = cls.model_construct(**content, sha256="")
        open_one.gather_messages()
        return cls.model_validate({**content, "sha256": open_one._digest()})

    @model_validator(mode="after")
    def _sound_and_unchanged(self) -> Self:
        if self.sha256 != self._digest():
            raise PydanticCustomError(
                "changed", "Input should be what was written: its sha256 is another, fit again"
            )
        try:
            names, blocks = ResponseCurves.outline(self.curves)
        except InputError as error:
            raise PydanticCustomError("curves", "{said}", {"said": str(error)}) from None
        if names != tuple(column.name for column in self.columns):
            raise PydanticCustomError("names", "Input should hold a curve for each column")
        tables = all(issubclass(family, Tabulated) for family, _ in blocks)
        if not tables or max(draws for _, draws in blocks) < FEWEST_DRAWS:
            raise PydanticCustomError("draws", "Input should hold several draws of tabulated curves")
        return self

    @property
    def response(self) -> ResponseCurves:
        """The draws as curves, one a column."""
        return ResponseCurves.from_dict(self.curves)

    def _digest(self) -> str:
        # The first version of the format had no messages, and its files are still good.
        left_out = {"sha256", "messages"} if self.schema_version == 1 else {"sha256"}
        return digest(self.model_dump(mode="json", exclude=left_out))


def digest(content: Any) -> str:
    """SHA-256 of JSON-ready data, however it is laid out."""
    sha = hashlib.sha256()
    for part in json.JSONEncoder(sort_keys=True, separators=(",", ":")).iterencode(content):
        sha.update(part.encode())  # in parts: a large company's curves are as much as memory holds
    return sha.hexdigest()
