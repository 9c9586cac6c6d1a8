"""History: a company's own rows of dates, outcome, spend and controls, read strictly from a table."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import NoneType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, expect, expect_positive, nearest_name
from channelmix.profile.evidence.dates import day_of, days_of_numbers
from channelmix.profile.evidence.evidence import digest
from channelmix.profile.evidence.lift_test import (
    LiftTest,
    LiftTestError,
    check_market,
    check_sign,
    check_size,
)

NO_SPEND = "; a column that is not spend needs a role: date, market, control or media without a bill"
"""Remedy for a column of text among those of spend."""

LARGEST_TABLE = 50_000_000
"""Bytes of the largest table that is read."""


@dataclass(frozen=True, eq=False)
class History:
    """Rows of a company's own spend and outcome, one a period of their own, such as a week.

    Parameters
    ----------
    source : str
        What messages call the table.
    dates : tuple of str or of int
        Dates such as ``2024-01-31``, or whole numbers, which are taken for weeks.
    outcome : ndarray of shape (n_rows,)
        NaN where it is not known.
    spend, controls : mapping of str to ndarray of shape (n_rows,)
        Columns by name; spend in currency per row.
    outcome_name : str
    outcome_worth : float
        Margin of one unit of outcome, in currency.
    experiments : tuple of LiftTest
        Lift tests of the spend columns.
    volume : mapping of str to ndarray of shape (n_rows,)
        What was bought for the spend of some columns: messages, impressions.
    markets : tuple of str, optional
        Market of each row, where rows are of several: columns then name cells without their market.
    market_name : str
        Column with them.
    published : bool
        Whether published figures are used as a prior.
    unpaid : mapping of str to ndarray of shape (n_rows,)
        Media without a bill, in a unit of their own: posts, newsletters.
    experiments_source : str
        What messages call the table of lift tests, if there is one.
    """

    source: str
    dates: tuple[str, ...] | tuple[int, ...]
    outcome: Array
    spend: Mapping[str, Array]
    controls: Mapping[str, Array]
    outcome_name: str
    outcome_worth: float
    experiments: tuple[LiftTest, ...] = ()
    volume: Mapping[str, Array] = field(default_factory=dict)
    markets: tuple[str, ...] | None = None
    market_name: str = ""
    published: bool = True
    unpaid: Mapping[str, Array] = field(default_factory=dict)
    experiments_source: str = ""

    @classmethod
    def of(
        cls,
        table: Mapping[str, Sequence[Any]],
        *,
        source: str,
        outcome_worth: float,
        outcome: str = "outcome",
        date: str = "date",
        controls: Sequence[str] = (),
        experiments: Sequence[LiftTest] = (),
        cost_per_unit: Mapping[str, float | str] | None = None,
        market: str | None = None,
        published: bool = True,
        unpaid: Sequence[str] = (),
        experiments_source: str = "",
    ) -> Self:
        """Read the columns of a table by their roles; every column without another role is spend.

        Parameters
        ----------
        table : mapping of str to sequence
            Columns of equal length.
        source : str
            What messages call the table.
        outcome_worth : float
            Margin of one unit of outcome, in currency.
        outcome, date : str
            Names of these columns.
        controls : sequence of str
            Names of columns with other drivers of the outcome.
        experiments : sequence of LiftTest
            Lift tests.
        cost_per_unit : mapping of str to float or str, optional
            Columns of volume instead of spend: what a unit costs, or the name of the column with the money spent on it.
        market : str, optional
            Name of the column with the rows' market, of which a date has one row each.
        published : bool
            Whether published figures are used as a prior.
        unpaid : sequence of str
            Names of columns with media that cost nothing: posts, newsletters, in any unit.
        experiments_source : str
            What messages call the table of lift tests.

        Raises
        ------
        InputError
            If a column is missing or holds something else than it should; the message names column and row.
        """
        controls, unpaid = _listed(controls, "controls"), _listed(unpaid, "unpaid")
        expect(published, "published", bool)
        expect(cost_per_unit, "cost_per_unit", Mapping, NoneType)
        costs = dict(cost_per_unit or {})
        roles = _roles(source, table, outcome, date, controls, costs, market, unpaid)
        expect_positive(outcome_worth, "the worth of a unit of outcome")
        spend, volume = _spend_and_volume(source, table, roles, costs)
        markets = None if market is None else _markets(source, market, table[market])
        place = f"{experiments_source}: " if experiments_source else ""
        for test in experiments:
            for channel in test.channels:
                if channel not in (*spend, *unpaid):
                    hint = nearest_name(str(channel), (*spend, *unpaid))
                    raise LiftTestError(
                        f"{place}a lift test is of {channel}, which is no column of spend{hint}"
                    )
            check_market(test, markets or (), place)
            check_sign(test, place)
        rows = cls(
            source,
            _dates(source, date, table[date]),
            _numbers(source, outcome, table[outcome], may_lack=True),
            spend,
            {name: _numbers(source, name, table[name]) for name in controls},
            outcome,
            float(outcome_worth),
            tuple(experiments),
            volume,
            markets,
            market or "",
            published,
            {
                name: _not_negative(source, name, _numbers(source, name, table[name]), "an amount")
                for name in unpaid
            },
            experiments_source,
        )
        for test in rows.experiments:
            rows._check_size(test, place)
        return rows

    def _check_size(self, test: LiftTest, place: str) -> None:
        where = self.by_market()[test.market]
        known = where[np.isfinite(self.outcome[where])]
        acts = {**self.spend, **self.unpaid}
        spent = sum(float(acts[str(channel)][known].sum()) for channel in test.channels)
        total, worth = float(np.abs(self.outcome[known]).sum()), self.outcome_worth
        check_size(test, spent, total, unit=self.outcome_name, worth=worth, source=place)

    def by_market(self) -> dict[str | None, NDArray[np.intp]]:
        """Places of each market's rows, by its name in order; all rows are of None where no column names markets."""
        if self.markets is None:
            return {None: np.arange(len(self.outcome))}
        names = np.array(self.markets)
        return {name: np.flatnonzero(names == name) for name in sorted(set(self.markets))}

    @cached_property
    def sha256(self) -> str:
        """Digest of the rows and of the statements about them, whatever the table is called."""
        columns = {name: column.tolist() for name, column in self.spend.items()}
        others = {name: column.tolist() for name, column in self.controls.items()}
        tests = [test.to_dict() for test in self.experiments]
        outcome = [None if math.isnan(value) else value for value in self.outcome.tolist()]
        rows = [list(self.dates), outcome, columns, others]
        bought = [{name: column.tolist() for name, column in self.volume.items()}] if self.volume else []
        markets = [] if self.markets is None else [self.markets]
        alone = [] if self.published else ["without published figures"]
        unpaid = {name: column.tolist() for name, column in self.unpaid.items()}
        free = [["without a bill", unpaid]] if unpaid else []
        return digest([rows, self.outcome_name, self.outcome_worth, tests, *bought, *markets, *alone, *free])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and (other.source, other.sha256) == (self.source, self.sha256)

    def __hash__(self) -> int:
        return hash(self.sha256)


def _roles(
    source: str,
    table: Mapping[str, Any],
    outcome: str,
    date: str,
    controls: Sequence[str],
    costs: Mapping[str, float | str],
    market: str | None,
    unpaid: Sequence[str],
) -> list[str]:
    """Columns that have another role than spend or volume; each is in the table, with one role."""
    named = [("outcome", outcome), ("date", date), *(("a control", name) for name in controls)]
    named += [("a column without a bill", name) for name in unpaid]
    for what, name in named:
        expect(name, what, str, remedy="name a column")
    expect(market, "market", str, NoneType, remedy="name a column")
    for name in costs:
        expect(name, "what costs are stated of", str, remedy="name a column")
    for name in (*table, source):
        if not isinstance(name, str) or not name.isprintable():
            raise InputError(f"{source!r}: {name!r} is not a name in printable characters")
    roles = [name for _, name in named] + [cost for cost in costs.values() if isinstance(cost, str)]
    roles += [] if market is None else [market]
    for name in (*roles, *costs):
        if name not in table:
            raise InputError(f"{source}: there is no column {name}{nearest_name(name, table)}")
        if (roles + list(costs)).count(name) > 1:
            raise InputError(f"{source}: column {name} has two roles")
    return roles


def _spend_and_volume(
    source: str, table: Mapping[str, Sequence[Any]], roles: Sequence[str], costs: Mapping[str, float | str]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Columns of spend, and of the volume bought for it where a column of the table holds the money."""
    spend = {
        name: _not_negative(source, name, _numbers(source, name, table[name], text=NO_SPEND))
        for name in table
        if name not in roles
    }
    if not spend:
        raise InputError(f"{source}: there is no column of spend, named by the cells that it is spent on")
    volume = {}
    for name, cost in costs.items():
        if isinstance(cost, str):
            volume[name] = spend[name]
            spend[name] = _not_negative(source, cost, _numbers(source, cost, table[cost]))
        else:
            expect_positive(cost, f"{source}: the cost of a unit of {name}")
            spend[name] = spend[name] * float(cost)
    return spend, volume


def read_table(data: bytes, source: str) -> dict[str, list[str]]:
    """Read a CSV table with a header, columns separated by commas.

    Raises
    ------
    InputError
        If it is not such a table; the message names the line.
    """
    if len(data) > LARGEST_TABLE:
        raise InputError(f"{source}: a table has at most {LARGEST_TABLE:,} bytes")
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        lines = [[field.strip() for field in line] for line in reader if any(map(str.strip, line))]
    except UnicodeDecodeError:
        raise InputError(f"{source}: the table must be text in UTF-8") from None
    except csv.Error as error:
        raise InputError(f"{source}: not a table of comma-separated values ({error})") from None
    if len(lines) < 2:
        raise InputError(f"{source}: a table needs a line of column names and rows below it")
    header, rows = lines[0], lines[1:]
    if len(header) == 1 and ";" in header[0]:
        raise InputError(f"{source}: columns must be separated by commas, numbers written as 1234.5")
    for name in header:
        if not name or not name.isprintable() or header.count(name) > 1:
            raise InputError(f"{source}: every column needs a unique, printable name, not {name!r}")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise InputError(f"{source}: row {number} has {len(row)} entries, not {len(header)}")
    return {name: [row[j] for row in rows] for j, name in enumerate(header)}


def _markets(source: str, name: str, column: Sequence[Any]) -> tuple[str, ...]:
    """Names of markets as text."""
    texts = ["" if value is None or value != value else str(value).strip() for value in column]
    if "" in texts:
        row = texts.index("") + 1
        raise InputError(f"{source}: {name} must name the market of every row, and row {row} has nothing")
    return tuple(texts)


def _numbers(
    source: str, name: str, column: Sequence[Any], *, may_lack: bool = False, text: str = ""
) -> Array:
    """Read numbers; with `may_lack`, missing ones are NaN. `text` is the remedy where there is text instead."""
    numbers = np.empty(len(column))
    for i, value in enumerate(column):
        if may_lack and (value is None or value == "" or (isinstance(value, float) and math.isnan(value))):
            numbers[i] = math.nan
            continue
        try:
            numbers[i] = float("nan" if isinstance(value, bool) else value)
        except (TypeError, ValueError):
            numbers[i] = math.nan
        if not math.isfinite(numbers[i]):
            found = "nothing" if value is None or value == "" else repr(value)[:40]
            remedy = text if isinstance(value, str) and value else ""
            raise InputError(f"{source}: {name} must be a number, and row {i + 1} has {found}{remedy}")
    return numbers


def _not_negative(source: str, name: str, column: Array, held: str = "spend") -> Array:
    if (column < 0.0).any():
        row = int(np.argmax(column < 0.0))
        raise InputError(f"{source}: {name} has {held} {column[row]:g} below 0 in row {row + 1}")
    return column


def _listed(names: Any, what: str) -> tuple[Any, ...]:
    if isinstance(names, str):
        raise InputError(f"{what} must be a list of columns, not {names!r}: write [{names!r}]")
    expect(names, what, Iterable)
    return tuple(names)


def _dates(source: str, name: str, column: Sequence[Any]) -> tuple[str, ...] | tuple[int, ...]:
    """Whole numbers of periods, or dates as text of the form 2024-01-31, however the table writes them."""
    texts = [str(value).strip() for value in column]
    if all(re.fullmatch(r"[+-]?\d{1,9}", text) for text in texts):
        numbers = [int(text) for text in texts]
        days = days_of_numbers(numbers)
        return tuple(numbers) if days is None else tuple(str(day) for day in days)
    written = [day_of(text) for text in texts]
    if "" in written:
        i = written.index("")
        raise InputError(
            f"{source}: {name} must hold dates such as 2024-01-31, 2024-01, 2024-W05 or 20240131, or whole numbers of "
            f"periods; row {i + 1} has {texts[i][:40] or 'nothing'!r}"
        )
    return tuple(written)
