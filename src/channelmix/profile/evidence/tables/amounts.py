"""Read the numbers of a table: one decimal sign for all columns, asked for where no entry shows it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.number_forms import DECIMAL_SIGNS, Amount, amount_of, is_dash
from channelmix.profile.evidence.tables.table import is_blank, shown

THOUSANDS = {".": "points", ",": "commas", "'": "apostrophes", "\u2019": "apostrophes", " ": "spaces"}

UNKNOWN = frozenset(("na", "n/a", "#n/a", "nan", "null", "none", "nil", "missing", "unknown"))
"""Words that say that a number is not known."""


class Share(float):
    """A number that a workbook shows in percent."""


@dataclass(frozen=True)
class Numbers:
    """Columns of a table as numbers, and how they were read.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_rows,)
    notes : tuple of str
        How the numbers were written, where that is not plain.
    money : tuple of str
        Signs and codes of currencies that stood at amounts.
    """

    columns: Mapping[str, Array]
    notes: tuple[str, ...]
    money: tuple[str, ...]


@dataclass(frozen=True)
class Kinds:
    """What the columns of numbers hold.

    Parameters
    ----------
    spend : collection of str
        Money spent: a dash is 0, and a share is refused.
    outcome : str
        May be unknown: blank, or a word such as NA. A share is refused.
    remedy : callable
        What to do about text in a column of spend, by its name.
    """

    spend: Collection[str] = ()
    outcome: str = ""
    remedy: Callable[[str], str] = str


def read_numbers(
    columns: Mapping[str, Sequence[Any]],
    place: Callable[[int], str],
    kinds: Kinds,
    decimal: str | None = None,
    binding: bool = True,
) -> Numbers:
    """Read columns of numbers that were written by one program.

    Parameters
    ----------
    columns : mapping of str to sequence
        Texts as they were written, or numbers.
    place : callable
        What messages call the row at a position.
    kinds : Kinds
        What the columns hold.
    decimal : str, optional
        The decimal sign, a point or a comma, where entries such as 1.234 do not show it.
    binding : bool
        Whether entries that contradict `decimal` are an error; otherwise it is used only where it is not certain.

    Raises
    ------
    InputError
        If an entry is no number, or its value is not certain; the message names column and row.
    """
    if decimal is not None and decimal not in DECIMAL_SIGNS:
        raise InputError(f'decimal must be "." or ",", not {decimal!r}')
    entries = {name: _Column(name, column, place, kinds) for name, column in columns.items()}
    signs = _decimal_signs(entries, place, decimal, binding)
    found = {name: column.values(signs[name]) for name, column in entries.items()}
    used = [amount for column in entries.values() for amount in column.amounts.values()]
    return Numbers(
        found,
        _notes(entries, signs, used),
        tuple(dict.fromkeys(amount.money for amount in used if amount.money)),
    )


class _Column:
    """Entries of a column: numbers, and what is still to be read by a decimal sign."""

    def __init__(self, name: str, column: Sequence[Any], place: Callable[[int], str], kinds: Kinds) -> None:
        self.name = name
        self.numbers = np.full(len(column), math.nan)
        self.amounts: dict[int, Amount] = {}
        self.texts: dict[int, str] = {}
        self.said: list[str] = []
        known: dict[str, Amount | None] = {}
        is_spend, is_outcome = name in kinds.spend, name == kinds.outcome
        for i, value in enumerate(column):
            if is_outcome and is_blank(value):
                continue
            text = value.strip() if isinstance(value, str) else None
            if is_outcome and text is not None and text.casefold() in UNKNOWN:
                self.said.append(f"{text} as unknown")
                continue
            if is_spend and text is not None and is_dash(text):
                self.said.append(f'"{text}" as 0')
                self.numbers[i] = 0.0
                continue
            share = isinstance(value, Share)
            if text is not None:
                if text not in known:
                    known[text] = amount_of(text)
                amount = known[text]
                if amount is not None:
                    self.amounts[i], self.texts[i] = amount, text
                    share = amount.share
            else:
                self.numbers[i] = _number(value)
            if share and (is_spend or is_outcome):
                raise InputError(
                    f"{name} holds shares, {shown(value)} in {place(i)}: write amounts"
                    + (", or give the column another role than spend" if is_spend else "")
                )
            if i not in self.amounts and not math.isfinite(self.numbers[i]):
                raise InputError(_no_number(name, value, place(i), is_spend, is_outcome, kinds.remedy))

    def values(self, decimal: str) -> Array:
        for i, amount in self.amounts.items():
            self.numbers[i] = amount.values[decimal]
        return self.numbers


def _number(value: Any) -> float:
    try:
        return math.nan if isinstance(value, bool | np.bool_) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _no_number(
    name: str, value: Any, where: str, is_spend: bool, is_outcome: bool, remedy: Callable[[str], str]
) -> str:
    said = f"{name} must be a number, and {where} has {shown(value)}"
    text = value.strip() if isinstance(value, str) else ""
    nothing = is_blank(value) or text.casefold() in UNKNOWN
    if is_spend and nothing:
        return f"{said}: fill it, with 0 where nothing was spent"
    if is_outcome and is_dash(text):
        return f"{said}: write 0, or leave it blank if it is not known"
    if nothing:
        return f"{said}: fill it"
    if re.fullmatch(r"[\d.,' ]*\d ?(k|m|tsd|mio|mn|bn)\.?", text, re.IGNORECASE):
        return f"{said}: write the number in full"
    return said + (remedy(name) if is_spend and text else "")


def _decimal_signs(
    entries: Mapping[str, _Column], place: Callable[[int], str], stated: str | None, binding: bool
) -> dict[str, str]:
    """The decimal sign of each column, by its own entries, the whole table's, or what was stated."""
    shown_by: dict[str, tuple[str, int]] = {}
    own: dict[str, str] = {}
    for name, column in entries.items():
        for i, amount in column.amounts.items():
            if len(amount.values) == 1:
                (sign,) = amount.values
                shown_by.setdefault(sign, (name, i))
                own[name] = sign
    if stated is not None and (binding or not shown_by):
        for sign, (name, i) in shown_by.items():
            if sign != stated:
                raise InputError(
                    f"{name}: {entries[name].texts[i]!r} in {place(i)} is no number with a decimal "
                    f"{DECIMAL_SIGNS[stated]}, as was stated"
                )
        return dict.fromkeys(entries, stated)
    if len(shown_by) > 1:
        (name, i), (other, j) = shown_by["."], shown_by[","]
        raise InputError(
            f"numbers are written in two ways: {name} has {entries[name].texts[i]!r} in {place(i)}, and {other} "
            f"{entries[other].texts[j]!r} in {place(j)}; write all with a decimal point or all with a decimal comma"
        )
    table = next(iter(shown_by), None)
    for name, column in entries.items():
        if name in own:
            continue
        open_ones = {i: amount for i, amount in column.amounts.items() if not amount.is_certain}
        thousands = {amount.grouped for amount in open_ones.values()}
        # Where the other sign is the decimal one, theirs stands between thousands. But if all entries of a column have
        # three digits after the decimal sign of others, they may be thousands still: columns come from several hands.
        if open_ones and (table is None or thousands != {"." if table == "," else ","}):
            i, amount = next(iter(open_ones.items()))
            raise InputError(
                f"{name}: {column.texts[i]!r} in {place(i)} is {amount.values['.']:,.7g} or {amount.values[',']:,.7g}, "
                "and no entry of the column tells whether it has thousands or decimals: state the decimal sign by "
                "--decimal . or --decimal , (decimal in Python and in a profile)"
            )
    return {name: own.get(name, table or ".") for name in entries}


def _notes(
    entries: Mapping[str, _Column], signs: Mapping[str, str], used: Sequence[Amount]
) -> tuple[str, ...]:
    """What is to be said of how numbers were written."""
    notes = []
    by_sign = [
        (signs[name], amount, column.texts[i])
        for name, column in entries.items()
        for i, amount in column.amounts.items()
    ]
    comma = any("," in text and sign == "," for sign, _, text in by_sign)
    groups = dict.fromkeys(
        THOUSANDS[amount.grouped] for sign, amount, text in by_sign if amount.grouped not in ("", sign)
    )
    if comma or groups or not all(amount.is_certain for amount in used if len(amount.values) > 1):
        notes.append(f"decimal {DECIMAL_SIGNS[next(iter(signs.values()))]}")
    notes += [f"thousands with {sign}" for sign in groups]
    notes += [
        f"amounts with {sign}" for sign in dict.fromkeys(amount.money for amount in used if amount.money)
    ]
    notes += dict.fromkeys(amount.said for amount in used if amount.said)
    if any(amount.share for amount in used):
        notes.append("12 % as 0.12")
    return (*notes, *dict.fromkeys(said for column in entries.values() for said in column.said))
