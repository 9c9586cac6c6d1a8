"""Lift tests as people write them: in a table or JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from channelmix.core.errors import InputError, named, nearest_name
from channelmix.core.json_text import read_json
from channelmix.profile.evidence.lift_test import OPTIONAL, LiftTest
from channelmix.profile.evidence.tables import read_table
from channelmix.profile.evidence.tables.amounts import Kinds, read_numbers
from channelmix.profile.evidence.tables.written_dates import read_dates

_FIELDS = tuple(field.name for field in fields(LiftTest))

_NEEDED = tuple(name for name in _FIELDS if name not in OPTIONAL)

JOINED = re.compile(r"\s*[+;]\s*")
"""What joins channels in a table, as in sms+im."""

JOINED_NUMBERS = re.compile(r"(?<=[\d.])\s*[+;]\s*")
"""The same between numbers, of which each may have a sign or an exponent of its own."""


def read_experiments(
    data: bytes, source: str, decimal: str | None = None, date_format: str | None = None
) -> tuple[LiftTest, ...]:
    """Read lift tests from a table, or from JSON as a list of objects, with the fields of `LiftTest`.

    `market`, `rows` and `held_out` are optional. Several channels of one test are a list in JSON; in a table they are
    joined, ``sms+im``, and so are their changes of spend, ``-3000+-800``. With `held_out`, `spend_change` may be empty.

    Parameters
    ----------
    data : bytes
    source : str
        What messages call the file.
    decimal, date_format : str, optional
        As in `History.of`; used where the file itself does not tell.

    Raises
    ------
    InputError
        If it holds something else; the message names the test.
    """
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
        try:
            tests = read_json(data)
        except InputError as error:
            raise InputError(f"{source}: {error}") from None
        if not isinstance(tests, list) or not all(isinstance(test, dict) for test in tests):
            raise InputError(f"{source}: lift tests are a list of objects")
    else:
        table = read_table(data, source, _NEEDED, dated=False)
        rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
        tests = [_several({n: v for n, v in row.items() if v != "" or n not in OPTIONAL}) for row in rows]
    for i, test in enumerate(tests, start=1):
        _check_fields(test, f"{source}: lift test {i}")
    if not tests:
        return ()

    def place(i: int) -> str:
        return f"lift test {i % len(tests) + 1}"

    whole = [_means_all(test) for test in tests]
    changes = [
        ["0"] if all_of_it else _listed(test["spend_change"])
        for test, all_of_it in zip(tests, whole, strict=True)
    ]
    most = max(map(len, changes))
    columns = {name: [test[name] for test in tests] for name in ("lift", "standard_error")}
    columns["held_out"] = ["0" if test.get("held_out") is None else test["held_out"] for test in tests]
    # All numbers of all tests are read together, since they were written alike; short lists are filled up.
    columns["spend_change"] = [each[min(k, len(each) - 1)] for k in range(most) for each in changes]
    written = [test[end] for end in ("start", "end") for test in tests]
    try:
        numbers = read_numbers(columns, place, Kinds(), decimal, binding=False).columns
        dates = _dates(written, place, date_format)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    found = []
    for i, test in enumerate(tests):
        try:
            found.append(
                LiftTest(
                    tuple(_listed(test["channel"])),
                    dates[i],
                    dates[len(tests) + i],
                    None
                    if whole[i]
                    else tuple(
                        float(numbers["spend_change"][k * len(tests) + i]) for k in range(len(changes[i]))
                    ),
                    float(numbers["lift"][i]),
                    float(numbers["standard_error"][i]),
                    test.get("market") or None,
                    test.get("rows") or None,
                    None if test.get("held_out") is None else float(numbers["held_out"][i]),
                )
            )
        except InputError as fault:
            said = str(fault).removeprefix("lift test")
            raise InputError(f"{source}: lift test {i + 1}{said}") from None
    return tuple(found)


def _several(test: dict[str, Any]) -> dict[str, Any]:
    """Divide what a table joins: channels, and their changes of spend."""
    divided = {
        name: joint.split(str(test[name]).strip())
        for name, joint in (("channel", JOINED), ("spend_change", JOINED_NUMBERS))
        if name in test
    }
    return test | {name: parts for name, parts in divided.items() if len(parts) > 1}


def _means_all(test: Mapping[str, Any]) -> bool:
    """Whether all spend in the rows is meant, which may be left out where customers are held out."""
    return test.get("held_out") is not None and test.get("spend_change") in (None, "")


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _check_fields(test: Mapping[str, Any], place: str) -> None:
    for name in test:
        if name not in _FIELDS:
            raise InputError(f"{place}: unknown field {named(name)}{nearest_name(str(name), _FIELDS)}")
    for name in _NEEDED:
        if name not in test and not (name == "spend_change" and _means_all(test)):
            raise InputError(f"{place}: {name} is missing")
    if not all(isinstance(channel, str) for channel in _listed(test["channel"])):
        raise InputError(f"{place}: channel must be the name of a column of spend, or a list of them")
    if not _means_all(test) and not _listed(test["spend_change"]):
        raise InputError(f"{place}: spend_change is empty")
    if not isinstance(test.get("market") or None, str | None):
        raise InputError(f"{place}: market must be the name of a market")


def _dates(
    column: Sequence[Any], place: Callable[[int], str], date_format: str | None
) -> tuple[str, ...] | tuple[int, ...]:
    """Dates of lift tests; what was stated of the history's dates counts where theirs are not certain."""
    try:
        return read_dates(column, "start and end", place)[0]
    except InputError:
        if date_format is None:
            raise
        return read_dates(column, "start and end", place, date_format)[0]
