"""The cells that a history's columns select, and a column's curve as a table."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, closest, nearest_name
from channelmix.core.wording import amount
from channelmix.engine.response import ResponseCurves
from channelmix.engine.rules import Cells
from channelmix.profile.evidence.history import History
from channelmix.profile.evidence.tables.statement import StatementError

ROLES = (
    "; name spend after its cells; another influence: --control; media without cost: --unpaid; else --ignore"
)
"""Remedy for columns that are taken for spend because no other role was stated."""

MOST_NAMED = 30
"""Columns that a message lists."""


def check_columns(rows: History, cells: Sequence[str]) -> None:
    """Check that a history fits a profile: its columns select cells, and its rows' markets are the profile's.

    Parameters
    ----------
    rows : History
    cells : sequence of str
        Names of the profile's cells.

    Raises
    ------
    InputError
        If a column selects no cell, two of them select the same one, or a row is of another market.
    """
    if rows.markets is None:
        covered(list(rows.spend), cells, ROLES)
        return
    known = list(dict.fromkeys(cell.split("/")[0] for cell in cells))
    for i, market in enumerate(rows.markets):
        if market not in known:
            raise InputError(
                f"{rows.market_name} must hold markets of the profile ({', '.join(known)}), and {rows.place(i)} has "
                f"{market[:40]!r}{nearest_name(market, known)}"
            )
    for column in rows.spend:
        if column.split("/")[0] in known:
            raise InputError(
                f"column {column} names a market, as {rows.market_name} does row by row: leave it out of the name"
            )
    # Every market has the same channels and purposes.
    covered(list(rows.spend), [cell for cell in cells if cell.split("/")[0] == rows.markets[0]], ROLES)


CURRENCIES_OF_SIGN = {
    "$": "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU",
    "US$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "R$": "BRL",
    "\u20ac": "EUR",
    "\u00a3": "GBP EGP LBP GIP",
    "\u00a5": "JPY CNY",
    "\u20b9": "INR",
    "\u20bd": "RUB",
    "\u20ba": "TRY",
    "\u20a9": "KRW",
    "\u20aa": "ILS",
    "kr": "SEK NOK DKK ISK",
    "kr.": "SEK NOK DKK ISK",
    "Fr": "CHF",
    "Fr.": "CHF",
    "z\u0142": "PLN",
}
"""Currencies that a sign may mean."""


def check_money(rows: History, currency: str) -> None:
    """Check that the currency signs at a history's amounts are of the profile's currency.

    A code of three letters is a currency's own. A sign that is not known here may be of any currency that has no known
    one.

    Parameters
    ----------
    rows : History
    currency : str
        ISO 4217 code.

    Raises
    ------
    InputError
        If one is of another currency.
    """
    of_known = {code for codes in CURRENCIES_OF_SIGN.values() for code in codes.split()}
    for sign in rows.money:
        is_code = len(sign) == 3 and sign.isascii() and sign.isalpha()
        meant = {sign} if is_code else set(CURRENCIES_OF_SIGN.get(sign, "").split())
        if currency not in meant and (meant or currency in of_known):
            raise InputError(f"amounts are in {sign}, and the profile's currency is {currency}: convert them")


def check_unpaid(rows: History, today: Mapping[str, float], period: str) -> None:
    """Check that media without a bill are none that the profile says money is spent on.

    Parameters
    ----------
    rows : History
    today : mapping of str to float
        Spend today on each of the profile's cells, in currency per period.
    period : str
        The period in words, such as ``month`` or ``45 days``.

    Raises
    ------
    InputError
        If a column names cells with spend.
    """
    known = Cells(tuple(today))
    for i, name in enumerate(rows.unpaid):
        try:
            spent = math.fsum(np.array(list(today.values()))[known.select(name)])
        except InputError:
            continue  # it names no cell, as it should
        if spent > 0.0:
            each = "per" if period[:1].isdigit() else "a"
            raise StatementError(
                f"{name} has spend in the profile ({amount(spent)} {each} {period}): is it really unpaid? Name the "
                "column otherwise",
                ("unpaid", i),
            )


def covered(columns: Sequence[str], cells: Sequence[str], remedy: str = "") -> list[tuple[int, ...]]:
    """Places of the cells that each column selects, as in a rule.

    Parameters
    ----------
    columns : sequence of str
        Selectors, such as ``sms`` or ``FR/sms/promotion``.
    cells : sequence of str
        Names of the profile's cells.
    remedy : str
        What to do about columns that select no cell, appended to the message.

    Raises
    ------
    InputError
        If columns select no cell: the message names all of them. Or if two select the same one: its money would count
        twice.
    """
    known, taken = Cells(tuple(cells)), dict[int, str]()
    selected: list[tuple[str, list[int]]] = []
    unknown = []
    for column in columns:
        try:
            selected.append((column, np.flatnonzero(known.select(column)).tolist()))
        except InputError:
            unknown.append(column)
    if unknown:
        raise InputError(_no_cells(unknown, known.names) + remedy)
    places = []
    for column, found in selected:
        for i in found:
            if i in taken:
                raise InputError(f"columns {taken[i]} and {column} both hold the spend on {known.names[i]}")
            taken[i] = column
        places.append(tuple(found))
    return places


def _no_cells(columns: Sequence[str], cells: Sequence[str]) -> str:
    """Say that columns select no cell, each with the name that it resembles."""
    parts = sorted({part for cell in cells for part in cell.split("/")} | set(cells))
    listed = [f'"{column[:60]}"{_resembled(column, parts)}' for column in columns[:MOST_NAMED]]
    if len(columns) > MOST_NAMED:
        listed.append(f"{len(columns) - MOST_NAMED} more")
    which = f"column {columns[0][:60]}" if len(columns) == 1 else f"{len(columns)} columns"
    return f"{which}: no cell is selected by {', '.join(listed)}"


def _resembled(column: str, parts: Sequence[str]) -> str:
    """Hint at the part of a cell's name that a column resembles, or that one of its words is."""
    if not closest(column, parts):
        folded = {part.casefold(): part for part in parts}
        for word in re.findall(r"[^\W\d_]+", column):
            if word.casefold() in folded:
                return nearest_name(folded[word.casefold()], parts)
    return nearest_name(column, parts)


def table_of(curves: ResponseCurves, place: int) -> tuple[Array, Array]:
    """Points (n_points,) of one tabulated curve, and the outcome there, (n_draws, n_points)."""
    table = curves.cell(place).parameters
    points, outcome = table["points"][:, 0], table["outcome"][:, :, 0].T
    return points, np.broadcast_to(outcome, (curves.n_draws, len(points)))
