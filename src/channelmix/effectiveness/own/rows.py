"""Read a history's rows from a file, bytes or a DataFrame, with its lift tests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from channelmix.core.errors import InputError, expect
from channelmix.core.files import read_at_most
from channelmix.profile.evidence import History, LiftTest
from channelmix.profile.evidence.experiments import read_experiments
from channelmix.profile.evidence.tables import LARGEST_TABLE, Table, read_table
from channelmix.profile.evidence.tables.frames import is_frame, read_frame


def read_history(
    history: str | os.PathLike[str] | bytes | Any,
    *,
    experiments: str | os.PathLike[str] | Sequence[LiftTest] = (),
    outcome: str = "outcome",
    date: str = "date",
    **statements: Any,
) -> History:
    """Read rows with what is stated of them.

    Parameters
    ----------
    history, experiments, outcome, date : as in `fit_history`
    **statements
        The other arguments of `History.of`.

    Raises
    ------
    InputError
        If the table or a lift test cannot be read; the message names the column and the row.
    """
    expect(experiments, "experiments", str, os.PathLike, Iterable)
    expect(date, "date", str, remedy="name a column")
    expect(outcome, "outcome", str, remedy="name a column")
    source, table = _table(history, (date, outcome))
    name = ""
    if isinstance(experiments, str | os.PathLike):
        name = Path(experiments).name
        stated = (statements.get("decimal"), statements.get("date_format"))
        tests = read_experiments(_bytes(experiments), name, *stated)
    else:
        tests = tuple(_with_plain_dates(test) for test in experiments)
    return History.of(
        table,
        source=source,
        outcome=outcome,
        date=date,
        experiments=tests,
        experiments_source=name,
        **statements,
    )


def _table(history: Any, names: tuple[str, str]) -> tuple[str, Table]:
    """What messages call the table, and its columns."""
    if isinstance(history, bytes):
        return "standard input", read_table(history, "standard input", names)
    if isinstance(history, str | os.PathLike):
        source = Path(history).name
        return source, read_table(_bytes(history), source, names)
    if is_frame(history):
        return "the table", read_frame(history, names[0])
    raise InputError(f"history must be a path, bytes or a DataFrame, not {type(history).__name__}")


def _bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        return read_at_most(path, LARGEST_TABLE)
    except (OSError, ValueError) as error:
        raise InputError(f"{os.fspath(path)}: {getattr(error, 'strerror', None) or error}") from None


def _with_plain_dates(test: LiftTest) -> LiftTest:
    expect(test, "a lift test", LiftTest)
    return LiftTest(**test.to_dict())
