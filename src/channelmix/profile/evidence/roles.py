"""The roles of a table's columns, as they are stated: each column is there, and has one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from channelmix.core.errors import InputError, expect
from channelmix.profile.evidence.tables.statement import StatementError
from channelmix.profile.evidence.tables.table import no_column


@dataclass(frozen=True)
class Statement:
    """A column that is named as having a role.

    Parameters
    ----------
    path : tuple of str or int
        Where it is stated, as in a profile's history.
    name : str
        The column.
    what : str
        What messages call it.
    acts : bool
        Whether it stays among the columns of spend: a volume, whose money is stated.
    """

    path: tuple[str | int, ...]
    name: str
    what: str
    acts: bool = False


def statements(
    outcome: str,
    date: str,
    controls: Sequence[str],
    costs: Mapping[str, float | str],
    market: str | None,
    unpaid: Sequence[str] = (),
) -> list[Statement]:
    """List the columns that are named as having a role.

    Raises
    ------
    InputError
        If one is no name.
    """
    found = [Statement(("outcome",), outcome, "outcome"), Statement(("date",), date, "date")]
    found += [Statement(("controls", i), name, "a control") for i, name in enumerate(controls)]
    found += [Statement(("unpaid", i), name, "a column without a bill") for i, name in enumerate(unpaid)]
    paid = [(name, cost) for name, cost in costs.items() if isinstance(cost, str)]
    found += [Statement(("cost_per_unit", name), cost, "a column of money") for name, cost in paid]
    expect(market, "market", str, NoneType, remedy="name a column")
    found += [] if market is None else [Statement(("market",), market, "market")]
    found += [
        Statement(("cost_per_unit", name), name, "what costs are stated of", acts=True) for name in costs
    ]
    for one in found:
        expect(one.name, one.what, str, remedy="name a column")
    return found


def check_there(source: str, table: Mapping[str, Any], stated: Sequence[Statement]) -> None:
    """Check that a table has the columns that are named.

    Raises
    ------
    StatementError
        If it lacks one.
    """
    for one in stated:
        if one.name not in table:
            raise StatementError(f"{source}: {no_column(one.name, table)}", one.path)


def roles_of(source: str, table: Mapping[str, Any], stated: Sequence[Statement]) -> list[str]:
    """Columns that have another role than spend or volume; each is in the table, with one role.

    Raises
    ------
    StatementError
        If a column is missing or has two roles.
    """
    check_there(source, table, stated)
    seen: set[str] = set()
    for one in stated:
        if one.name in seen:
            raise StatementError(f"{source}: column {one.name} has two roles", one.path)
        seen.add(one.name)
    return [one.name for one in stated if not one.acts]


def named_by(costs: Mapping[str, float | str]) -> list[str]:
    """Columns of volume, and those of the money spent on it."""
    return [*costs, *(cost for cost in costs.values() if isinstance(cost, str))]


def check_ignored(source: str, ignore: Sequence[str], table: Mapping[str, Any], roles: Sequence[Any]) -> None:
    """Check that columns to leave out are there, and have no role.

    Raises
    ------
    StatementError
        If one is missing, or has a role.
    """
    for i, name in enumerate(ignore):
        expect(name, "a column to ignore", str, remedy="name a column")
        if name not in table:
            raise StatementError(f"{source}: {no_column(name, table)}", ("ignore", i))
        if name in roles:
            raise StatementError(f"{source}: column {name} has two roles", ("ignore", i))


def listed(names: Any, what: str) -> tuple[Any, ...]:
    """Take a list of columns; a single name is none."""
    if isinstance(names, str):
        raise InputError(f"{what} must be a list of columns, not {names!r}: write [{names!r}]")
    expect(names, what, Iterable)
    return tuple(names)
