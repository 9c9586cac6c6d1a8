"""The forms in which one amount is written, and the values that it can have by its decimal sign."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

DECIMAL_SIGNS = {".": "point", ",": "comma"}

_SPACES = re.compile(r"[^\S\t\n\r\f\v]")
_PARENTHESES = re.compile(r"\((.+)\)")
_GROUPED = re.compile(r"[1-9]\d{0,2}([.,'\u2019 ])\d{3}(?:\1\d{3})*|[1-9]\d?(?:,\d\d)*,\d{3}")
"""Groups of three digits between one sign, or of two and then three between commas, as in India."""

_SIGN = r"[+\-\u2212\u2013]"
_MONEY = r"[A-Z]{0,3}[$\u00a3\u00a5\u0e3f\u20a0-\u20cf]|[A-Z]{3}|kr\.?|Fr\.?|z\u0142"
_AMOUNT = re.compile(
    rf"(?P<before>{_SIGN})?\s*(?P<money>{_MONEY})?\s*(?P<sign>{_SIGN})?\s*(?P<number>\d[\d.,'\u2019 ]*|[.,]\d+)"
    rf"(?P<power>[eE][+-]?\d{{1,3}})?\s*(?P<after>{_SIGN})?\s*(?:(?P<share>%)|(?P<unit>{_MONEY}))?\s*(?P<last>{_SIGN})?"
)


_NO_CENTS = re.compile(
    r"(?<=\d)([.,])\s?(?:-{1,2}|[\u2013\u2014\u2212])(?=\s*(?:[^\W\d_]|[$\u00a3\u00a5\u20a0-\u20cf]|\)|$))"
)
"""A dash for cents that are none, as in ``1.200,-``: no minus, which stands right behind a digit."""

_DASH = re.compile(rf"(?:{_MONEY})?\s*(?:-{{1,2}}|[\u2013\u2014\u2212])\s*(?:{_MONEY})?")


@dataclass(frozen=True)
class Amount:
    """One entry as a number.

    Parameters
    ----------
    values : mapping of str to float
        Its value by each decimal sign by which it can be read.
    money : str
        Sign or code of a currency; empty without one.
    share : bool
        Whether it was written in percent; the value is then a hundredth of the number.
    grouped : str
        The sign between thousands, if it can have one.
    said : str
        What else is to be said of its notation.
    """

    values: Mapping[str, float]
    money: str = ""
    share: bool = False
    grouped: str = ""
    said: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether it has one value, whatever the decimal sign."""
        return len(set(self.values.values())) == 1


def amount_of(text: str) -> Amount | None:
    """Read an entry as it is written; None where it is no amount.

    >>> amount_of("1.234").values
    {'.': 1.234, ',': 1234.0}
    >>> amount_of("1.234,56 \u20ac").values, amount_of("(120.50)").values, amount_of("12 %").values
    ({',': 1234.56}, {'.': -120.5}, {'.': 0.12, ',': 0.12})
    >>> amount_of("EUR 1.200,-").values, amount_of("1200-").values
    ({',': 1200.0}, {'.': -1200.0, ',': -1200.0})
    """
    plain = text if text.isascii() else _SPACES.sub(" ", text)
    plain, no_cents = _NO_CENTS.subn(r"\g<1>00", plain)
    inner = _PARENTHESES.fullmatch(plain.strip())
    match = _AMOUNT.fullmatch(inner[1].strip() if inner else plain.strip())
    if match is None:
        return None
    signs = [match[name] for name in ("before", "sign", "after", "last") if match[name]]
    money = [match[name] for name in ("money", "unit") if match[name]]
    if len(signs) + bool(inner) > 1 or len(money) > 1 or (match["after"] or match["last"]) == "+":
        return None
    factor = -1.0 if inner or (signs and signs[0] != "+") else 1.0
    unit = 100.0 if match["share"] else 1.0
    number, power = match["number"].rstrip(" "), match["power"] or ""
    values, grouped = {}, ""
    for decimal in DECIMAL_SIGNS:
        found = _value(number, decimal, grouping=not power)
        if found is not None:
            digits, sign = found
            values[decimal] = factor * float(digits + power) / unit
            grouped = sign or grouped
    if not values or not all(map(math.isfinite, values.values())):
        return None
    said = "parentheses as negative" if inner else "powers of ten such as 1E+03" if power else ""
    said = said or ('",-" as no cents' if no_cents else "")
    return Amount(values, money[0] if money else "", bool(match["share"]), grouped, said)


def is_dash(text: str) -> bool:
    """Whether an entry is the dash that spreadsheets show for 0 among amounts, with or without a currency."""
    return bool(_DASH.fullmatch(text.strip()))


def _value(number: str, decimal: str, grouping: bool) -> tuple[str, str] | None:
    """Digits with a decimal point, and the sign between thousands; None where it is no number by this sign."""
    whole, point, fraction = number.partition(decimal)
    if point and not fraction.isdecimal() and (fraction or not whole):
        return None
    if whole.isdecimal() or (not whole and point):
        return f"{whole or 0}.{fraction or 0}", ""
    if not grouping:
        return None
    grouped = _GROUPED.fullmatch(whole)
    sign = (grouped[1] or ",") if grouped else decimal
    return None if sign == decimal else (f"{whole.replace(sign, '')}.{fraction or 0}", sign)
