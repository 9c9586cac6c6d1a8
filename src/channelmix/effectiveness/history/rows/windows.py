"""Windows: each market's rows as they are fitted, with their weights and the cost of a unit of each channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array, Indices
from channelmix.core.errors import InputError
from channelmix.core.words import Message, say
from channelmix.effectiveness.constants import MAD_TO_DEVIATION
from channelmix.effectiveness.history.rows.table import Columns, Rows
from channelmix.effectiveness.history.rows.timeline import Timeline

OUTLYING = 6.0
"""Robust standard deviations from the median at which an outcome is clipped before units are set."""

MOST_SPANS = 4
"""Dates that a message lists, before it says how many more there are."""

FEWEST_ROWS = 6
"""Rows with an outcome that a market must have."""


@dataclass(frozen=True, eq=False)
class Window:
    """The rows that are fitted, in the caller's units; `periods` count from `start`, in any order, gaps allowed.

    `spend` of the last `unpaid` channels is no money. An outcome that is not known is NaN; its row's spend acts all the
    same. `weight` is in proportion to the precision of the rows' outcomes: 0 where the outcome is not known, and 1 on
    average elsewhere. `dates` are what messages call the rows; without any, their periods. `original` is the outcome
    before what all markets share was taken out of it.
    """

    names: tuple[str, ...]
    periods: Indices
    spend: Array
    controls: Array
    outcome: Array
    weight: Array
    year: float
    market: str | None = None
    start: int = 0
    dates: tuple[str, ...] = ()
    control_names: tuple[str, ...] = ()
    unpaid: int = 0
    original: Array | None = None

    @property
    def bought(self) -> int:
        """Number of channels that cost money; they come first."""
        return len(self.names) - self.unpaid

    @property
    def place(self) -> str:
        """Suffix of messages that names the market."""
        return "" if self.market is None else f" of {self.market}"

    @property
    def stated(self) -> Array:
        """Outcome of each row as its table has it, (n_rows,)."""
        return self.outcome if self.original is None else self.original

    @property
    def size(self) -> float:
        """Size of the outcome over all rows, known or not: root mean square times rows."""
        return len(self.outcome) * float(np.sqrt(np.mean(self.usual**2)))

    @property
    def usual(self) -> Array:
        """Known outcomes, (n_known,), with outliers clipped: a typing error must not set the units."""
        known = self.outcome[self.known]
        middle = np.median(known)
        reach = OUTLYING * MAD_TO_DEVIATION * float(np.median(np.abs(known - middle)))
        return np.asarray(known.clip(middle - reach, middle + reach) if reach > 0.0 else known)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Rows whose outcome counts."""
        return np.asarray(self.weight > 0.0)

    def date(self, row: int) -> str:
        """What messages call a row."""
        return self.dates[row] if self.dates else str(self.start + int(self.periods[row]))

    def spans(self, rows: Indices) -> list[Message]:
        """Dates of some rows, those without another row between them as first to last; the first few of them."""
        order = np.argsort(self.periods, kind="stable")
        places = np.sort(np.argsort(order, kind="stable")[np.asarray(rows, dtype=np.int64)])
        runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
        said = [(self.date(order[run[0]]), self.date(order[run[-1]])) for run in runs]
        return _few(
            [say("rows.one", date=a) if a == b else say("rows.span", first=a, last=b) for a, b in said]
        )

    def gaps(self) -> list[Message]:
        """Dates between which periods have no row; the first few of them."""
        order = np.argsort(self.periods, kind="stable")
        before = np.flatnonzero(np.diff(self.periods[order]) > 1)
        return _few(
            [
                say("rows.between", first=self.date(order[k]), last=self.date(order[k + 1]))
                for k in before.tolist()
            ]
        )


def _few(said: list[Message]) -> list[Message]:
    """The first of some dates, and how many more there are."""
    more = len(said) - MOST_SPANS
    return [*said[:MOST_SPANS], say("rows.more", more=more)] if more > 1 else said


def windows_of(
    rows: Rows, columns: Columns, timeline: Timeline, outcome: Array, weight: Array
) -> tuple[list[Window], list[Array]]:
    """A window of each market's rows, and the cost of a unit of each channel's column there.

    Parameters
    ----------
    rows : Rows
    columns : Columns
    timeline : Timeline
    outcome, weight : ndarray of shape (n_rows,)
        NaN where the outcome is not known; weights in any unit.

    Raises
    ------
    InputError
        If two rows of a market have one date, too few have an outcome, or a volume cost nothing.
    """
    windows, costs = [], []
    for name, where, periods in rows_by_market(rows, timeline):
        start = int(periods.min())
        costs.append(_mean_cost(columns, rows.spend[where], rows.paid[where], name))
        windows.append(
            Window(
                columns.names,
                periods - start,
                rows.spend[where] * costs[-1],
                rows.controls[where],
                outcome[where],
                _row_weights(weight[where], outcome[where], name),
                timeline.year,
                name,
                start,
                timeline.labels(rows.times[where]),
                columns.control_names,
                columns.unpaid,
            )
        )
    return windows, costs


def rows_by_market(rows: Rows, timeline: Timeline) -> list[tuple[str | None, Indices, Indices]]:
    """Markets in alphabetical order: name, places of the rows, and their periods.

    Raises
    ------
    InputError
        If two rows of a market have one date.
    """
    if rows.markets is None:
        return [(None, np.arange(len(rows.times)), timeline.positions(rows.times))]
    found: list[tuple[str | None, Indices, Indices]] = []
    for name in sorted(set(rows.markets.tolist())):
        where = np.flatnonzero(rows.markets == name)
        try:
            found.append((name, where, timeline.positions(rows.times[where])))
        except InputError as error:
            raise InputError(f"market {name}: {error}") from None
    return found


def _row_weights(weight: Array, outcome: Array, market: str | None) -> Array:
    """Weights of a market's rows: 0 where the outcome is not known, 1 on average elsewhere.

    Raises
    ------
    InputError
        If too few rows have any.
    """
    weight = np.where(np.isnan(outcome), 0.0, weight)
    known = int(np.count_nonzero(weight))
    if known < FEWEST_ROWS:
        place = "" if market is None else f" of {market}"
        raise InputError(
            f"{known} row{'' if known == 1 else 's'}{place} with an outcome {'is' if known == 1 else 'are'} too few: "
            f"at least {FEWEST_ROWS} are needed"
        )
    return np.asarray(weight * (known / weight.sum()))


def _mean_cost(columns: Columns, spend: Array, paid: Array, market: str | None) -> Array:
    """Money per unit of each channel's column over these rows; 1 where the column is money, or nothing was bought.

    Raises
    ------
    InputError
        If a volume cost nothing at all, or money bought none.
    """
    cost = np.ones(len(columns.names))
    for c, name in enumerate(columns.names):
        if columns.paid[c] is None:
            continue
        bought, money = float(spend[:, c].sum()), float(paid[:, c].sum())
        if (bought > 0.0) != (money > 0.0):
            held, empty, lacking = (
                ("volume", "spend", "cost") if bought > 0.0 else ("spend", "volume", "bought")
            )
            place = "" if market is None else f" in {market}"
            raise InputError(
                f"{name} has {held}{place}, but its column of {empty} holds nothing: state what it {lacking}"
            )
        if bought > 0.0:
            cost[c] = money / bought
    return cost
