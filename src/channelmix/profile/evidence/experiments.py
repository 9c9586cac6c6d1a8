"""Lift tests as people write them: in CSV or JSON, and what a history's rows say against them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from channelmix.core.errors import InputError, nearest_name
from channelmix.profile.evidence.dates import day_of, days_of_numbers
from channelmix.profile.evidence.history import read_table
from channelmix.profile.evidence.lift_test import OPTIONAL, LiftTest

_FIELDS = tuple(field.name for field in fields(LiftTest))

JOINED = re.compile(r"\s*[+;]\s*")
"""What joins channels in a table, as in sms+im."""

JOINED_NUMBERS = re.compile(r"(?<=[\d.])\s*[+;]\s*")
"""The same between numbers, of which each may have a sign or an exponent of its own."""


def read_experiments(data: bytes, source: str) -> tuple[LiftTest, ...]:
    """Read lift tests from CSV, or from JSON as a list of objects, with the fields of `LiftTest`.

    `market`, `rows` and `held_out` are optional. Several channels of one test are a list in JSON; in CSV they are
    joined, ``sms+im``, and so are their changes of spend, ``-3000+-800``.

    Raises
    ------
    InputError
        If it holds something else; the message names the test.
    """
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
        try:
            tests = json.loads(data)
        except ValueError as error:
            raise InputError(f"{source}: not valid JSON ({error})") from None
        if not isinstance(tests, list) or not all(isinstance(test, dict) for test in tests):
            raise InputError(f"{source}: lift tests are a list of objects")
    else:
        table = read_table(data, source)
        tests = [
            {
                name: value
                for name, value in zip(table, row, strict=True)
                if value != "" or name not in OPTIONAL
            }
            for row in zip(*table.values(), strict=True)
        ]
        tests = [_several(test) for test in tests]
    return tuple(_lift_test(test, f"{source}: lift test {i}") for i, test in enumerate(tests, start=1))


def _several(test: dict[str, Any]) -> dict[str, Any]:
    """Divide what a table joins: channels, and their changes of spend."""
    divided = {
        name: joint.split(str(test[name]).strip())
        for name, joint in (("channel", JOINED), ("spend_change", JOINED_NUMBERS))
        if name in test
    }
    return test | {name: parts for name, parts in divided.items() if len(parts) > 1}


def _lift_test(test: Mapping[str, Any], place: str) -> LiftTest:
    for name in test:
        if name not in _FIELDS:
            raise InputError(f"{place}: unknown field {name}{nearest_name(str(name), _FIELDS)}")
    for name in _FIELDS:
        if name not in test and name not in OPTIONAL:
            raise InputError(f"{place}: {name} is missing")
    start, end = (_date(place, name, test[name]) for name in ("start", "end"))
    if isinstance(start, int) != isinstance(end, int):
        raise InputError(f"{place}: start and end must both be dates, or both be numbers of periods")
    channels = test["channel"] if isinstance(test["channel"], list) else [test["channel"]]
    if not all(isinstance(channel, str) for channel in channels):
        raise InputError(f"{place}: channel must be the name of a column of spend, or a list of them")
    changes = test["spend_change"] if isinstance(test["spend_change"], list) else [test["spend_change"]]
    market, rows, held_out = (test.get(name) for name in OPTIONAL)
    if not isinstance(market, str | None):
        raise InputError(f"{place}: market must be the name of a market")
    change = tuple(_number(place, "spend_change", each) for each in changes)
    lift, error = (_number(place, name, test[name]) for name in ("lift", "standard_error"))
    share = None if held_out is None else _number(place, "held_out", held_out)
    try:
        return LiftTest(
            tuple(channels), start, end, change, lift, error, market or None, rows or "without_change", share
        )
    except InputError as fault:
        raise InputError(f"{place}: {fault}") from None


def _number(place: str, name: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        found = "nothing" if value is None or value == "" else repr(value)[:40]
        raise InputError(f"{place}: {name} must be a number, not {found}")
    return number


def _date(place: str, name: str, value: Any) -> int | str:
    """Read a number of a period, or a date as an ISO day: of a month or a week, its first."""
    text = str(value).strip()
    if re.fullmatch(r"[+-]?\d{1,9}", text):
        days = days_of_numbers([int(text)])
        return int(text) if days is None else str(days[0])
    day = day_of(text)
    if not day:
        raise InputError(
            f"{place}: {name} must be a date such as 2024-01-31, 2024-01 or 2024-W05, or a number of a period, not "
            f"{text[:40] or 'nothing'!r}"
        )
    return day
