"""What a profile's own files hold: evidence of its channels' effects, or the history to learn it from."""

from __future__ import annotations

import math
from pathlib import Path as FilePath

from channelmix.core.errors import InputError
from channelmix.profile.cells import lay_out
from channelmix.profile.evidence import Evidence, History, LiftTest, check_columns, covered
from channelmix.profile.evidence.history import LARGEST_TABLE, read_experiments, read_table
from channelmix.profile.faults import Path, Problem, ProblemsError, echo, escape
from channelmix.profile.fields.fields import HistoryFile, ProfileFields

LARGEST_EVIDENCE = 200_000_000
"""Bytes of the largest evidence file that is read."""

SAME_PERIOD = 1e-9
"""Relative difference of two periods' lengths that is rounding."""


def own_of(
    profile: ProfileFields,
    *,
    folder: FilePath | None = None,
    own: Evidence | History | None = None,
    read_files: bool = True,
) -> Evidence | History | None:
    """Read the evidence or the history that a profile names, and check that it is of this profile.

    Parameters
    ----------
    profile : ProfileFields
    folder : Path, optional
        The profile's folder; names of files are relative to it and may not lead out of it.
    own : Evidence or History, optional
        What was read before, in place of the files.
    read_files : bool
        Whether to read files at all.

    Raises
    ------
    ProblemsError
        If a file cannot be read, or holds something else or something of another company.
    """
    path: Path = ("evidence",)
    if profile.history is not None:
        path = ("history", "file")
        if profile.evidence is not None:
            expected = "either evidence or history, not both"
            raise ProblemsError((Problem(("history",), echo(profile.history.file), expected),))
    if own is None and read_files:
        stated = profile.history
        own = _evidence(profile.evidence, folder) if stated is None else _history(stated, folder)
    if own is not None and (found := _of_another(profile, own)):
        raise ProblemsError((Problem(path, *found),))
    return own


def _evidence(name: str | None, folder: FilePath | None) -> Evidence | None:
    if name is None:
        return None
    data = _inside(folder, name, ("evidence",), LARGEST_EVIDENCE)
    try:
        return Evidence.from_json(data)
    except InputError as error:
        raise ProblemsError((_fault(("evidence",), name, error),)) from None


def _history(stated: HistoryFile, folder: FilePath | None) -> History:
    place: Path = ("history", "file")
    name = stated.file
    tests: tuple[LiftTest, ...] = ()
    table = _inside(folder, name, place, LARGEST_TABLE)
    try:
        if stated.experiments is not None:
            place, name = ("history", "experiments"), stated.experiments
            tests = read_experiments(_inside(folder, name, place, LARGEST_TABLE), name)
        place, name = ("history", "file"), stated.file
        return History.of(
            read_table(table, name),
            source=name,
            outcome_worth=stated.outcome_worth,
            outcome=stated.outcome,
            date=stated.date,
            controls=stated.controls,
            experiments=tests,
            cost_per_unit=stated.cost_per_unit,
            market=stated.market,
            published=stated.published,
        )
    except InputError as error:
        raise ProblemsError((_fault(place, name, error),)) from None


def _inside(folder: FilePath | None, name: str, path: Path, most: int) -> bytes:
    """Read a file below a folder, wherever links in the folder lead."""
    if folder is None:
        expected = "a profile that is read from a file, since this name is relative to the profile's folder"
        raise ProblemsError((Problem(path, echo(name), expected),))
    try:
        home = folder.resolve(strict=True)
        target = (home / name).resolve(strict=True)
        if not target.is_relative_to(home):
            expected = "a file in the profile's folder: a link leads out of it"
            raise ProblemsError((Problem(path, echo(name), expected),))
        if not target.is_file():
            raise ProblemsError((Problem(path, echo(name), "a file: this is something else"),))
        with target.open("rb") as stream:
            data = stream.read(most + 1)
    except (OSError, RuntimeError) as error:
        said = (getattr(error, "strerror", None) or str(error)).lower()
        raise ProblemsError(
            (Problem(path, echo(name), f"a file that can be read: {escape(said)}"),)
        ) from None
    if len(data) > most:
        raise ProblemsError((Problem(path, echo(name), f"a file of at most {most:,} bytes"),))
    return data


def _of_another(profile: ProfileFields, own: Evidence | History) -> tuple[str, str] | None:
    """What keeps evidence from being of this profile, as found and expected; None if nothing does."""
    if isinstance(own, Evidence):
        if own.currency != profile.currency:
            return f"evidence in {own.currency}", f"evidence in {profile.currency}: fit again"
        if not math.isclose(own.period_days, profile.period_days, rel_tol=SAME_PERIOD):
            return (
                f"evidence per {own.period_days:.6g} days",
                f"evidence per {profile.period_text}, the profile's period: fit again",
            )
    cells = [cell.name for cell in lay_out(profile)]
    try:
        if isinstance(own, Evidence):
            covered([column.name for column in own.columns], cells)
        else:
            check_columns(own, cells)
    except InputError as error:
        if isinstance(own, History) and own.markets is not None:
            expected = "rows of its markets, and columns named by its cells without their market"
            return "rows of what the profile does not have", f"{expected}: {escape(str(error))}"
        return "spend on what the profile does not have", f"columns named by its cells: {escape(str(error))}"
    return None


def _fault(path: Path, name: str, error: InputError) -> Problem:
    return Problem(path, echo(name), f"a sound file: {escape(str(error))}")
