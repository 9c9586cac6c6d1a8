"""History: a company's own rows of dates, outcome, spend and controls, read strictly from a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import NoneType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, expect, expect_positive, nearest_name
from channelmix.profile.evidence.evidence import digest
from channelmix.profile.evidence.lift_test import (
    LiftTest,
    LiftTestError,
    check_market,
    check_sign,
    check_size,
)
from channelmix.profile.evidence.roles import (
    check_ignored,
    check_there,
    listed,
    named_by,
    roles_of,
    statements,
)
from channelmix.profile.evidence.spacing import check_dates
from channelmix.profile.evidence.tables import Table
from channelmix.profile.evidence.tables.amounts import Kinds, is_of_words, read_numbers
from channelmix.profile.evidence.tables.long_form import hint, widened
from channelmix.profile.evidence.tables.statement import within
from channelmix.profile.evidence.tables.table import is_blank
from channelmix.profile.evidence.tables.written_dates import read_dates
from channelmix.profile.fields.fields import DAYS_A_YEAR

NO_SPEND = (
    "; a column that is not spend needs a role: date, market, control or media without a bill; else --ignore"
)
"""Remedy for a column among those of spend that holds something else."""


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
    timing_days : float
        Days back from the last row whose periods with spend show when a period's money is spent.
    read_as : tuple of str
        How the table was read, where it is not a plain one: its separator, decimal sign, dates.
    money : tuple of str
        Signs and codes of currencies that stood at amounts.
    lines : sequence of int
        Line of its file that each row stands in; empty where rows are only counted.
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
    timing_days: float = DAYS_A_YEAR
    read_as: tuple[str, ...] = ()
    money: tuple[str, ...] = ()
    lines: Sequence[int] = ()
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
        timing_days: float = DAYS_A_YEAR,
        decimal: str | None = None,
        date_format: str | None = None,
        long: Mapping[str, str | None] | None = None,
        unpaid: Sequence[str] = (),
        experiments_source: str = "",
        ignore: Sequence[str] = (),
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
        timing_days : float
            Days back from the last row of which the timing counts.
        decimal : str, optional
            The decimal sign of numbers in text, a point or a comma, where they do not show it.
        date_format : str, optional
            Order of day, month and year where dates do not show it, ``dmy``, ``mdy`` or ``ymd``; or a format such as
            ``%d/%m/%Y``.
        long : mapping of str to str, optional
            Where each row is of one channel, the columns of its ``channel`` and of its ``spend``; empty where they are
            the only columns of words and of amounts without another role.
        unpaid : sequence of str
            Names of columns with media that cost nothing: posts, newsletters, in any unit.
        experiments_source : str
            What messages call the table of lift tests.
        ignore : sequence of str
            Names of columns, or of channels in long form, that are left out.

        Raises
        ------
        InputError
            If a column is missing or holds something else than it should; the message names column and row.
        """
        controls, unpaid = listed(controls, "controls"), listed(unpaid, "unpaid")
        ignore = listed(ignore, "ignore")
        expect(published, "published", bool)
        expect(cost_per_unit, "cost_per_unit", Mapping, NoneType)
        costs = dict(cost_per_unit or {})
        for what, statement in (("decimal", decimal), ("date_format", date_format)):
            expect(statement, what, str, NoneType)
        whole = Table.of(table, source)
        read = _without(whole, ignore)
        if long is not None:
            check_there(source, read, statements(outcome, date, controls, {}, market))
            keys = [date] if market is None else [date, market]
            beside = [name for name in unpaid if name in read]  # others are channels of rows
            read = widened(read, source, long, keys, [outcome, *controls, *beside])
        check_ignored(
            source, ignore, {**whole, **read}, [outcome, date, market, *controls, *unpaid, *named_by(costs)]
        )
        read = _without(read, ignore)
        roles = roles_of(source, read, statements(outcome, date, controls, costs, market, unpaid))
        expect_positive(outcome_worth, "the worth of a unit of outcome")
        expect_positive(timing_days, "timing_days")
        spend_columns = [name for name in read if name not in roles]
        paid = [cost for cost in costs.values() if isinstance(cost, str)]
        words = [name for name in spend_columns if is_of_words(read[name])]
        kinds = Kinds(
            [*spend_columns, *paid],
            outcome,
            lambda name: NO_SPEND + _others(words, name) + hint(read, name, date),
        )
        wanted = [*spend_columns, *paid, outcome, *controls, *unpaid]
        try:
            dates, dates_read = read_dates(read[date], date, read.place, date_format)
            numbers = read_numbers({name: read[name] for name in wanted}, read.place, kinds, decimal)
        except InputError as error:
            raise within(source, error) from None
        for name in kinds.spend:
            _check_not_negative(source, name, numbers.columns[name], read)
        for name in unpaid:
            _check_not_negative(source, name, numbers.columns[name], read, "an amount")
        markets = None if market is None else _markets(source, market, read)
        _check_dates(source, dates, markets, read)
        spend, volume = _spend_and_volume(source, numbers.columns, spend_columns, costs)
        place = f"{experiments_source}: " if experiments_source else ""
        for test in experiments:
            for channel in test.channels:
                if channel not in (*spend, *unpaid):
                    near = nearest_name(str(channel), (*spend, *unpaid))
                    raise LiftTestError(
                        f"{place}a lift test is of {channel}, which is no column of spend{near}"
                    )
            check_market(test, markets or (), place)
            check_sign(test, place)
        rows = cls(
            source,
            dates,
            numbers.columns[outcome],
            spend,
            {name: numbers.columns[name] for name in controls},
            outcome,
            float(outcome_worth),
            tuple(experiments),
            volume,
            markets,
            market or "",
            published,
            float(timing_days),
            (*read.notes, *numbers.notes, *dates_read),
            numbers.money,
            read.lines,
            {name: numbers.columns[name] for name in unpaid},
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

    def place(self, i: int) -> str:
        """Where the row at position `i` is found, such as ``row 2 (line 3)``."""
        return Table({}, self.lines).place(i)

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
        timing = [] if self.timing_days == DAYS_A_YEAR else [f"timing of {self.timing_days!r} days"]
        unpaid = {name: column.tolist() for name, column in self.unpaid.items()}
        free = [["without a bill", unpaid]] if unpaid else []
        return digest(
            [rows, self.outcome_name, self.outcome_worth, tests, *bought, *markets, *alone, *timing, *free]
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return False
        return (other.source, other.read_as, other.sha256) == (self.source, self.read_as, self.sha256)

    def __hash__(self) -> int:
        return hash(self.sha256)


def _without(table: Table, names: Sequence[str]) -> Table:
    """Leave columns out of a table."""
    return Table({name: table[name] for name in table if name not in names}, table.lines, table.notes)


def _others(words: Sequence[str], name: str) -> str:
    """Name further columns of words, so that a table need not be read once for each."""
    others = [other for other in words if other != name]
    return f"; likewise {', '.join(others)}"[:200] if others else ""


def _spend_and_volume(
    source: str, numbers: Mapping[str, Array], columns: Sequence[str], costs: Mapping[str, float | str]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Columns of spend, and of the volume bought for it where a column of the table holds the money."""
    spend = {name: numbers[name] for name in columns}
    if not spend:
        raise InputError(f"{source}: there is no column of spend, named by the cells that it is spent on")
    volume = {}
    for name, cost in costs.items():
        if isinstance(cost, str):
            volume[name] = spend[name]
            spend[name] = numbers[cost]
        else:
            expect_positive(cost, f"{source}: the cost of a unit of {name}")
            spend[name] = spend[name] * float(cost)
    return spend, volume


def _markets(source: str, name: str, table: Table) -> tuple[str, ...]:
    """Names of markets as text."""
    texts = ["" if is_blank(value) else str(value).strip() for value in table[name]]
    if "" in texts:
        where = table.place(texts.index(""))
        raise InputError(f"{source}: {name} must name the market of every row, and {where} has nothing")
    return tuple(texts)


def _check_dates(source: str, dates: Sequence[Any], markets: Sequence[str] | None, table: Table) -> None:
    """Check the dates of each market's rows."""
    rows: dict[str, list[int]] = {}
    for i in range(len(dates)):
        rows.setdefault("" if markets is None else markets[i], []).append(i)
    for market, places in rows.items():
        try:
            check_dates({i: dates[i] for i in places}, table.place)
        except InputError as error:
            where = f"market {market}: " if markets is not None else ""
            raise InputError(f"{source}: {where}{error}") from None


def _check_not_negative(source: str, name: str, column: Array, table: Table, held: str = "spend") -> None:
    if (column < 0.0).any():
        i = int(np.argmax(column < 0.0))
        refund = f": take a refund off the rows whose spend it gives back{NO_SPEND}"
        signed = ", as none of its amounts is above: write costs without a minus"
        remedy = "" if held != "spend" else refund if (column > 0.0).any() else signed
        raise InputError(f"{source}: {name} has {held} {column[i]:g} below 0 in {table.place(i)}{remedy}")
