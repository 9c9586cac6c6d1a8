"""Turn rows of one channel each into a row a date, with a column for each channel's spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.number_forms import amount_of
from channelmix.profile.evidence.tables.statement import StatementError
from channelmix.profile.evidence.tables.table import Table, is_blank, no_column, shown

COLUMNS = ("channel", "spend")
"""What is stated of a table in long form: its columns of channels and of their spend."""

HELD = {"channel": "the names of channels", "spend": "what was spent"}
"""What is in these columns, in words."""

REMEDY = '--long CHANNEL=SPEND (in a profile: "long": {"channel": …, "spend": …})'


def stated_columns(
    table: Table, source: str, long: Mapping[str, str | None], roles: Sequence[str]
) -> tuple[str, str]:
    """Columns of channels and of spend: as stated, or the one column of words and the one of amounts without a role.

    Raises
    ------
    InputError
        If something else is stated, or what is not stated is not certain.
    """
    if not isinstance(long, Mapping) or not set(long) <= set(COLUMNS):
        raise InputError(
            f'long must name two columns, such as {{"channel": "channel", "spend": "spend"}}, not {long!r}'
        )
    stated = {what: name for what, name in long.items() if name is not None}
    for what, name in stated.items():
        if name not in table:
            raise StatementError(f"{source}: {no_column(str(name), table)}", ("long", what))
    left = [name for name in table if name not in (*roles, *stated.values())]
    of_words = [name for name in left if not any(map(_is_amount, table[name]))]
    for what, names in (("channel", of_words), ("spend", [name for name in left if name not in of_words])):
        if what not in stated:
            if not names:
                raise StatementError(f"{source}: no column holds {HELD[what]}; state {REMEDY}", ("long",))
            if len(names) > 1:
                found = f"{', '.join(names[:-1])} or {names[-1]}"
                said = f"{source}: which column holds {HELD[what]}, {found}? State {REMEDY}"
                raise StatementError(said, ("long",))
            stated[what] = names[0]
    return stated["channel"], stated["spend"]


def widened(
    table: Table, source: str, long: Mapping[str, str | None], keys: Sequence[str], others: Sequence[str]
) -> Table:
    """Give each channel a column, and each date (and market) one row.

    A channel without a row at a date had no spend there, which is said in the table's notes.

    Parameters
    ----------
    table : Table
    source : str
        What messages call it.
    long : mapping of str to str
        ``channel`` and ``spend``: the columns that hold the rows' channels and what was spent. One that is not stated
        is the only one of words, or of amounts, without another role.
    keys : sequence of str
        Columns of dates, and of markets where there are any.
    others : sequence of str
        Columns of which the rows of a date hold the same: the outcome and controls. Rows may leave them blank where
        another has them.

    Raises
    ------
    InputError
        If a column is missing or left without a role, a row lacks its channel, a channel has two rows of a date, or
        rows of a date differ.
    """
    for name in (*keys, *others):
        if name not in table:
            raise InputError(f"{source}: {no_column(str(name), table)}")
    channel, spend = stated_columns(table, source, long, (*keys, *others))
    idle = [name for name in table if name not in (channel, spend, *keys, *others)]
    if idle:
        which = f"column {idle[0]} has" if len(idle) == 1 else f"columns {', '.join(idle)} have"
        raise InputError(
            f"{source}: {which} no role in rows of one channel each: another influence: --control; else --ignore"
        )
    rows: dict[tuple[str, ...], int] = {}
    spent: dict[str, dict[int, Any]] = {}
    first: list[int] = []
    shared: dict[str, dict[int, tuple[Any, int]]] = {name: {} for name in others}
    for i, entry in enumerate(table[channel]):
        if is_blank(entry):
            raise InputError(
                f"{source}: {channel} must name the channel of every row, and {table.place(i)} has nothing"
            )
        key = tuple(str(table[name][i]).strip() for name in keys)
        row = rows.setdefault(key, len(rows))
        if row == len(first):
            first.append(i)
        column = spent.setdefault(str(entry).strip(), {})
        if row in column:
            raise InputError(
                f"{source}: {table.place(i)} is a second row of {entry} on {', '.join(key)}: add them up, or remove one"
            )
        column[row] = table[spend][i]
        for name in others:
            value = table[name][i]
            seen, at = shared[name].setdefault(row, (value, i))
            if is_blank(seen):
                shared[name][row] = value, i
            elif not is_blank(value) and value != seen:
                raise InputError(
                    f"{source}: {name} must be the same in all rows of {', '.join(key)}, and is {shown(seen)} in "
                    f"{table.place(at)} and {shown(value)} in {table.place(i)}"
                )
    for name in spent:
        if name in (*keys, *others) or not name.isprintable():
            raise InputError(f"{source}: {name!r} cannot be the name of a channel")
    absent = sum(len(rows) - len(column) for column in spent.values())
    notes = [
        "long form",
        *([f"{absent} missing row{'s' * (absent > 1)} of a channel as 0"] if absent else []),
    ]
    columns = {
        **{name: [table[name][i] for i in first] for name in keys},
        **{name: [value for value, _ in shared[name].values()] for name in others},
        **{name: [column.get(row, 0) for row in range(len(rows))] for name, column in spent.items()},
    }
    lines = [table.lines[i] for i in first] if table.lines else ()
    return Table(columns, lines, (*table.notes, *notes))


def hint(table: Table, name: str, date: str) -> str:
    """Remedy where a column of text may name the channel of each row, as a date has several rows; or nothing."""
    texts = [str(entry).strip() for entry in table[name]]
    dates = [str(entry).strip() for entry in table[date]]
    once_a_date = len(set(zip(dates, texts, strict=True))) == len(dates) > len(set(dates))
    several = (name.casefold() in _CHANNELS or once_a_date) and not any(map(amount_of, set(texts)))
    amount = next((other for other in table if other.casefold() in _AMOUNTS), "SPEND")
    return f"; if it names the channel of each row, state --long {name}={amount}" if several else ""


_CHANNELS = ("channel", "channels", "kanal", "canal", "medium", "platform")
_AMOUNTS = (
    "spend",
    "amount",
    "cost",
    "costs",
    "spent",
    "spend_eur",
    "spend_usd",
    "betrag",
    "kosten",
    "montant",
)


def _is_amount(entry: Any) -> bool:
    return amount_of(entry) is not None if isinstance(entry, str) else not is_blank(entry)
