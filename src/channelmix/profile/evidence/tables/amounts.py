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
from channelmix.profile.evidence.tables.statement import StatementError
from channelmix.profile.evidence.tables.table import is_blank, shown

THOUSANDS = {".": "points", ",": "commas", "'": "apostrophes", "\u2019": "apostrophes", " ": "spaces"}

UNKNOWN = frozenset(("na", "n/a", "#n/a", "nan", "null", "none", "nil", "missing", "unknown"))
"""Words that say that a number is not known."""


MUCH_LESS = 30.0
"""Times less than any other column of spend from which on one of three decimals may be one of thousands."""


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
    sign, told = _decimal_sign(entries, place, decimal, binding)
    found = {name: column.values(sign) for name, column in entries.items()}
    used = {text: column.amounts[i] for column in entries.values() for i, text in column.texts.items()}
    money = dict.fromkeys(amount.money for amount in used.values() if amount.money)
    return Numbers(found, (*_notes(entries, sign, used), *told), tuple(money))


class _Column:
    """Entries of a column: numbers, and what is still to be read by a decimal sign."""

    def __init__(self, name: str, column: Sequence[Any], place: Callable[[int], str], kinds: Kinds) -> None:
        self.name = name
        self.is_spend, self.is_outcome = name in kinds.spend, name == kinds.outcome
        self.numbers = np.full(len(column), math.nan)
        self.amounts: dict[int, Amount] = {}
        self.texts: dict[int, str] = {}
        self.said: dict[str, None] = {}
        known: dict[str, Amount | float | None] = {}
        for i, value in enumerate(column):
            share = isinstance(value, Share)
            found: Amount | float | None
            if not isinstance(value, str):
                found = _number(value)
            elif value in known:
                found = known[value]
            else:
                found = known[value] = self._of_text(value.strip())
            if isinstance(found, Amount):
                self.amounts[i], self.texts[i] = found, value
                share = found.share
            elif found is not None:
                self.numbers[i] = found
            if share and (self.is_spend or self.is_outcome):
                raise InputError(
                    f"{name} holds shares, {shown(value)} in {place(i)}: write amounts"
                    + (", or give the column another role than spend" if self.is_spend else "")
                )
            if found is None and not (self.is_outcome and is_blank(value)):
                idle = is_of_words(column) or sum(map(is_blank, column)) > len(column) / 2
                raise InputError(self._no_number(value, place(i), kinds.remedy, idle))

    def _of_text(self, text: str) -> Amount | float | None:
        """What a text says: an amount, 0 for a dash, NaN for what is not known; None for anything else."""
        amount = amount_of(text)
        if amount is not None:
            return amount
        if self.is_spend and is_dash(text):
            self.said[f'"{text}" as 0'] = None
            return 0.0
        if self.is_outcome and text.casefold() in UNKNOWN:
            self.said[f"{text} as unknown"] = None
            return math.nan
        return None

    def _no_number(self, value: Any, where: str, remedy: Callable[[str], str], idle: bool) -> str:
        said = f"{self.name} must be a number, and {where} has {shown(value)}"
        text = value.strip() if isinstance(value, str) else ""
        nothing = is_blank(value) or text.casefold() in UNKNOWN
        if self.is_spend and nothing:
            filled = "" if not is_blank(value) and idle else ": fill it, with 0 where nothing was spent"
            return said + filled + (remedy(self.name) if idle else "")
        if self.is_outcome and is_dash(text):
            return f"{said}: write 0, or leave it blank if it is not known"
        if nothing:
            return f"{said}: fill it"
        if re.fullmatch(r"[\d.,' ]*\d ?(k|m|tsd|mio|mn|bn)\.?", text, re.IGNORECASE):
            return f"{said}: write the number in full"
        return said + (remedy(self.name) if self.is_spend and text else "")

    @property
    def unclear(self) -> dict[int, Amount]:
        """Entries of two values, by their rows."""
        return {i: amount for i, amount in self.amounts.items() if not amount.is_certain}

    def usual(self, decimal: str) -> float:
        """Median of what is not 0 by a decimal sign; NaN without any such."""
        found = self.values(decimal)
        found = found[np.isfinite(found) & (found != 0.0)]
        return float(np.median(found)) if len(found) else math.nan

    def values(self, decimal: str) -> Array:
        for i, amount in self.amounts.items():
            self.numbers[i] = amount.values[decimal]
        return self.numbers


def is_of_words(column: Sequence[Any]) -> bool:
    """Whether a column holds words and no amount at all."""
    texts = {entry.strip() for entry in column if isinstance(entry, str)}
    words = {text for text in texts if text and text.casefold() not in UNKNOWN}
    return bool(words) and not any(map(amount_of, words))


def _number(value: Any) -> float | None:
    """A finite number; None for anything else."""
    try:
        number = math.nan if isinstance(value, bool | np.bool_) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _decimal_sign(
    entries: Mapping[str, _Column], place: Callable[[int], str], stated: str | None, binding: bool
) -> tuple[str, tuple[str, ...]]:
    """The decimal sign that was stated, or that entries show and none leaves open; and what is said of columns."""
    shown_by: dict[str, tuple[str, int]] = {}
    telling = set()
    for name, column in entries.items():
        for i, amount in column.amounts.items():
            if len(amount.values) == 1:
                (sign,) = amount.values
                shown_by.setdefault(sign, (name, i))
                telling.add(name)
    if stated is not None and (binding or not shown_by):
        for sign, (name, i) in shown_by.items():
            if sign != stated:
                raise StatementError(
                    f"{name}: {entries[name].texts[i]!r} in {place(i)} is no number with a decimal "
                    f"{DECIMAL_SIGNS[stated]}, as was stated",
                    ("decimal",),
                )
        return stated, ()
    if len(shown_by) > 1:
        (name, i), (other, j) = shown_by["."], shown_by[","]
        raise InputError(
            f"numbers are written in two ways: {name} has {entries[name].texts[i]!r} in {place(i)}, and {other} "
            f"{entries[other].texts[j]!r} in {place(j)}; write all with a decimal point or all with a decimal comma"
        )
    told = []
    for name, column in entries.items():
        if name not in telling and column.unclear:
            if not shown_by or _at_odds(column, next(iter(shown_by)), entries):
                raise _open(column, place)
            ((sign, (other, j)),) = shown_by.items()
            i, amount = next(iter(column.unclear.items()))
            if amount.grouped == sign:
                value = f"{amount.values[sign]:.7g}"
                told.append(
                    f"{name} {column.texts[i]} as {value}, since {other} has {entries[other].texts[j]}"
                )
    return next(iter(shown_by), "."), tuple(told)


def _at_odds(column: _Column, sign: str, entries: Mapping[str, _Column]) -> bool:
    """Whether a column whose entries have two values speaks against the decimal sign that others show.

    Where that sign is another than the column's own, its own stands between thousands. But three digits behind the same
    sign may be thousands still, as columns come from several hands: where whole numbers stand beside them, or where
    they would be far less than other spend.
    """
    unclear = column.unclear
    grouped = {amount.grouped for amount in unclear.values()}
    if len(grouped) > 1:
        return True
    if grouped != {sign}:
        return False
    whole = any(amount.is_certain and amount.values[sign] for amount in column.amounts.values())
    others = [each.usual(sign) for each in entries.values() if each.is_spend and each is not column]
    far = column.is_spend and any(MUCH_LESS * column.usual(sign) < usual for usual in others)
    return whole or far


def _open(column: _Column, place: Callable[[int], str]) -> InputError:
    """Ask how entries are meant."""
    i, amount = next(iter(column.unclear.items()))
    return InputError(
        f"{column.name}: {column.texts[i]!r} in {place(i)} is {amount.values['.']:,.7g} or "
        f"{amount.values[',']:,.7g}, and no entry of the column tells which: state the "
        "decimal sign by --decimal . or --decimal , (decimal in Python and in a profile)"
    )


def _notes(entries: Mapping[str, _Column], sign: str, used: Mapping[str, Amount]) -> tuple[str, ...]:
    """What is to be said of how numbers were written, by each text that was read."""
    notes = []
    comma = sign == "," and any("," in text for text in used)
    groups = [amount.grouped for amount in used.values() if amount.grouped not in ("", sign)]
    if comma or groups or not all(amount.is_certain for amount in used.values()):
        notes.append(f"decimal {DECIMAL_SIGNS[sign]}")
    notes += dict.fromkeys(f"thousands with {THOUSANDS[group]}" for group in groups)
    notes += dict.fromkeys(f"amounts with {amount.money}" for amount in used.values() if amount.money)
    notes += dict.fromkeys(amount.said for amount in used.values() if amount.said)
    if any(amount.share for amount in used.values()):
        notes.append("12 % as 0.12")
    return (*notes, *dict.fromkeys(said for column in entries.values() for said in column.said))
