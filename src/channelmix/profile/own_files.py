"""Read the files that a profile names: evidence of its channels' effects, or the history to estimate them from."""

from __future__ import annotations

import math
from pathlib import Path as FilePath
from typing import Any

from channelmix.core.errors import InputError, escape
from channelmix.core.files import read_at_most
from channelmix.core.tolerances import SAME_AMOUNT
from channelmix.profile.cells import lay_out
from channelmix.profile.evidence import (
    Evidence,
    History,
    LiftTest,
    LiftTestError,
    check_columns,
    check_money,
    check_unpaid,
    covered,
)
from channelmix.profile.evidence.evidence import LARGEST_EVIDENCE
from channelmix.profile.evidence.experiments import read_experiments
from channelmix.profile.evidence.tables import LARGEST_TABLE, read_table
from channelmix.profile.evidence.tables.statement import StatementError
from channelmix.profile.faults import Path, Problem, ProblemsError, echo
from channelmix.profile.fields.fields import HistoryFile, ProfileFields


def own_of(
    profile: ProfileFields,
    *,
    folder: FilePath | None = None,
    own: Evidence | History | None = None,
    read_files: bool = True,
) -> Evidence | History | None:
    """Read the evidence or the history that a profile names, and check that it belongs to this profile.

    Parameters
    ----------
    profile : ProfileFields
    folder : Path, optional
        The profile's folder; file names are relative to it and may not lead out of it.
    own : Evidence or History, optional
        What was read before, used instead of the files.
    read_files : bool
        Whether to read files at all.

    Raises
    ------
    ProblemsError
        If a file cannot be read, holds something else, or belongs to another company.
    """
    stated = profile.history
    path: Path = ("evidence",) if stated is None else ("history", "file")
    if stated is not None and profile.evidence is not None:
        raise _refused(("history",), stated.file, "either evidence or history, not both")
    if own is None and read_files:
        own = _evidence(profile.evidence, folder) if stated is None else _history(stated, folder)
    try:
        mismatch = None if own is None else _mismatch(profile, own)
    except StatementError as error:
        if stated is None:
            raise ProblemsError((Problem(path, escape(str(error)), ""),)) from None
        raise _misstated(stated, error) from None
    if mismatch is not None:
        raise ProblemsError((Problem(path, *mismatch),))
    return own


def _evidence(name: str | None, folder: FilePath | None) -> Evidence | None:
    if name is None:
        return None
    data = _read(folder, name, ("evidence",), LARGEST_EVIDENCE)
    try:
        return Evidence.from_json(data)
    except InputError as error:
        raise _refused(("evidence",), name, f"a valid file: {escape(str(error))}") from None


def _history(stated: HistoryFile, folder: FilePath | None) -> History:
    place: Path = ("history", "file")
    name = stated.file
    tests: tuple[LiftTest, ...] = ()
    table = _read(folder, name, place, LARGEST_TABLE)
    try:
        if stated.experiments is not None:
            place, name = ("history", "experiments"), stated.experiments
            data = _read(folder, name, place, LARGEST_TABLE)
            tests = read_experiments(data, name, stated.decimal, stated.date_format)
        place, name = ("history", "file"), stated.file
        return History.of(
            read_table(table, name, (stated.date, stated.outcome)),
            source=name,
            experiments=tests,
            experiments_source=stated.experiments or "",
            **stated.model_dump(exclude={"file", "experiments"}),
        )
    except LiftTestError as error:
        tests_file = str(stated.experiments)
        raise _refused(("history", "experiments"), tests_file, f"valid tests: {escape(str(error))}") from None
    except StatementError as error:
        if name != stated.file:
            raise _refused(place, name, f"a valid file: {escape(str(error))}") from None
        raise _misstated(stated, error) from None
    except InputError as error:
        raise _refused(place, name, f"a valid file: {escape(str(error))}") from None


def _misstated(stated: HistoryFile, error: StatementError) -> ProblemsError:
    """Place a fault at the field that states what does not fit the file; at the file's where none does."""
    value: Any = stated.model_dump()
    path: Path = ()
    for key in error.path:
        inner = value[key] if value is not None else None
        if inner is None:
            break
        path, value = (*path, key), inner
    found, where = (echo(stated.file), ("file",)) if not path else (echo(value), path)
    return ProblemsError((Problem(("history", *where), found, f"what fits {escape(str(error))}"),))


def _read(folder: FilePath | None, name: str, path: Path, most: int) -> bytes:
    """Read a file in a folder or below it; a link must not lead out of the folder."""
    if folder is None:
        expected = "a profile that is read from a file, since this name is relative to the profile's folder"
        raise _refused(path, name, expected)
    try:
        home = folder.resolve(strict=True)
        target = (home / name).resolve(strict=True)
        if not target.is_relative_to(home):
            raise _refused(path, name, "a file in the profile's folder: a link leads out of it")
        if not target.is_file():
            raise _refused(path, name, "a regular file")
        data = read_at_most(target, most)
    except (OSError, RuntimeError) as error:
        said = (getattr(error, "strerror", None) or str(error)).lower()
        raise _refused(path, name, f"a readable file: {escape(said)}") from None
    if len(data) > most:
        raise _refused(path, name, f"a file of at most {most:,} bytes")
    return data


def _mismatch(profile: ProfileFields, own: Evidence | History) -> tuple[str, str] | None:
    """Return what shows that evidence belongs to another profile, as found and expected; None if nothing does.

    Raises
    ------
    StatementError
        If something else stated of a history is at odds with the profile.
    """
    cells = [cell.name for cell in lay_out(profile)]
    try:
        if isinstance(own, History):
            if sign := _other_money(own, profile.currency):
                return sign, f"amounts in {profile.currency}"
            today = {cell.name: cell.current_spend for cell in lay_out(profile)}
            check_unpaid(own, today, profile.period_text)
            check_columns(own, cells)
            return None
        if own.currency != profile.currency:
            return f"evidence in {own.currency}", f"evidence in {profile.currency}: fit again"
        if not math.isclose(own.period_days, profile.period_days, rel_tol=SAME_AMOUNT):
            found = f"evidence per {own.period_days:.6g} days"
            return found, f"evidence per {profile.period_text}, the profile's period: fit again"
        covered([column.name for column in own.columns], cells)
    except StatementError:
        raise
    except InputError as error:
        if isinstance(own, History) and own.markets is not None:
            expected = "rows of its markets, with columns named after its cells without the market"
        else:
            expected = "columns named after its cells"
        return "data on cells that the profile does not have", f"{expected}: {escape(str(error))}"
    return None


def _other_money(own: History, currency: str) -> str:
    """Say that amounts are of another currency; empty where they are not."""
    try:
        check_money(own, currency)
    except InputError as error:
        return str(error)
    return ""


def _refused(path: Path, name: str, expected: str) -> ProblemsError:
    return ProblemsError((Problem(path, echo(name), expected),))
