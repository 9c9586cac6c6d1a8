"""Texts in the reader's language: one catalogue a language, filled with values as that language writes them.

A sentence that a document carries is a `Message`: its English text, and the code and values that it is made of, so that
it can be written in another language. Templates in the catalogues (``catalogue/en.json``, ``catalogue/fr.json``) have
places such as ``{amount:short}``: a value's name, and how it is written (a method of `Words` or a format of Python's).
A place such as ``{rows:# row|# rows}`` holds the words for one and for many, with the number for ``#`` if there is one.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from typing_extensions import TypedDict  # Pydantic needs it from here before Python 3.12

from channelmix.core import wording
from channelmix.core.errors import InputError

LANGUAGES = ("en", "fr")

FOLDER = Path(__file__).with_name("catalogue")

FRENCH_STOP = re.compile(r" (?=[:;?!»])|(?<=«) ")
"""A space that French has before some stops, at which no line may break."""

CONTRACTED = re.compile(r"\bpar rapport à le(?= )")
"""A preposition before a name that begins with an article, which French writes as one word."""

POWER = re.compile(r"e([+-])0*(\d+)")
"""How a computer writes a power of ten."""

RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
"""Digits of an exponent."""

TOO_LONG = 999.5e9
"""Amounts from here on take too much room at an axis."""

NARROW, HARD = "\u202f", "\u00a0"
"""Spaces at which no line breaks: within a number, and before its unit."""

LEAST_CHANCE = 0.0005
"""Probability below which no number of draws of a fit tells one from another."""

WRITTEN = frozenset({"about", "amount", "short", "signed", "change", "percent", "chance", "ratio", "figure"})
"""Methods of `Words` that a template may name for a number."""

ONE_DAY = ("1 day", "1 days")
"""How a period of one day may be stated as a number of days."""

WHOLE = 10.0
"""Counts from here on have no decimals."""

DEEPEST = 8
"""Messages within messages that are written: a forged document may nest them without end."""


class Ends(Protocol):
    """A mean and the ends of its interval."""

    @property
    def mean(self) -> float:
        """The mean."""

    @property
    def low(self) -> float:
        """The low end."""

    @property
    def high(self) -> float:
        """The high end."""


class Saying(TypedDict):
    """A message as data."""

    code: str
    """Which text of the catalogue it is."""
    values: dict[str, Any]
    """What fills it: numbers, names, or messages and lists of them."""


class Message(str):
    """A text in plain English that knows its code and values; made by `say`."""

    code: str
    values: Mapping[str, Any]

    @property
    def data(self) -> Saying:
        """The message as JSON-ready data."""
        return Saying(code=self.code, values={name: _plain(value) for name, value in self.values.items()})


def say(code: str, /, **values: Any) -> Message:
    """Make a message.

    >>> said = say("reason.kept", rule="keep_working")
    >>> said, said.data
    ('kept by keep_working', {'code': 'reason.kept', 'values': {'rule': 'keep_working'}})
    """
    message = Message(PLAIN(code, **values))
    message.code, message.values = code, values
    return message


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.data
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | dict | None) else str(value)  # a date, say


def _is_shallow(value: Any, levels: int) -> bool:
    """Whether data has at most so many levels of messages, and of lists within each other."""
    if not isinstance(value, Mapping | list):
        return True
    inner = value if isinstance(value, list) else dict(value.get("values") or {}).values()
    return levels > 0 and all(_is_shallow(one, levels - 1) for one in inner)


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of a language by code."""
    texts: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return {code: FRENCH_STOP.sub(HARD, text) for code, text in texts.items()} if language == "fr" else texts


class Words(string.Formatter):
    """Texts and numbers of one language.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.
    currency : str
        ISO 4217 code of the amounts.
    plain : bool
        Numbers as a terminal and JSON have them, without typographic signs.

    Raises
    ------
    InputError
        If the language is unknown.
    """

    def __init__(self, language: str, currency: str = "", *, plain: bool = False) -> None:
        super().__init__()
        if language not in LANGUAGES:
            raise InputError(f"lang must be one of {', '.join(LANGUAGES)}, not {language!r}")
        self.language = language
        self.currency = currency
        self._is_plain = plain
        self._texts = catalogue(language)

    @property
    def manner(self) -> tuple[str, str, bool]:
        """Language, currency and whether numbers are plain: words of one manner write a message alike."""
        return self.language, self.currency, self._is_plain

    def __call__(self, code: str, /, **values: Any) -> str:
        """Return a text filled with its values; where one thing and many differ, one has a code ending in ``.one``."""
        if values.get("count") == 1 and f"{code}.one" in self._texts:
            code = f"{code}.one"
        text = self.vformat(self._texts[code], (), values)
        return CONTRACTED.sub("par rapport au", text) if self.language == "fr" else text

    def said(self, message: Message | Saying) -> str | None:
        """Return a message in this language; None where the catalogue lacks it or its values do not fit."""
        saying = message.data if isinstance(message, Message) else message
        try:
            return self(saying["code"], **saying["values"]) if _is_shallow(saying, DEEPEST) else None
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
            return None

    def named(self, kind: str, name: str) -> str:
        """Return the text of a known name, such as a purpose, or the name itself."""
        return self._texts.get(f"{kind}.{name}", name)

    def published(self, text: str) -> str | None:
        """Translate a text of the published data, which is English; None where there is no translation."""
        return self._texts.get(f"published.{text}")

    def evidence(self, kinds: str) -> str:
        """What an estimate rests on; several kinds stand behind each other."""
        return ", ".join(self.named("evidence_kind", kind) for kind in kinds.split(", "))

    def get_field(self, field_name: str, _args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        """Look a value up by its plain name: templates reach into no object."""
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        """Write a value in its place."""
        if isinstance(value, Message | Mapping):
            text = self.said(value)  # type: ignore[arg-type]  # a damaged one has no text
            if text is None:
                raise ValueError("a message without a text")
            return text
        if isinstance(value, list | tuple):
            return ", ".join(self.format_field(one, format_spec) for one in value)
        if isinstance(value, str):
            return format(value, format_spec)
        if "|" in format_spec:
            return self._counted(value, format_spec)
        if format_spec in WRITTEN:
            return str(getattr(self, format_spec)(value))
        return self._number(format(value, format_spec))

    def _counted(self, value: float, forms: str) -> str:
        """Choose the words for one or for many; French counts all below 2 as one."""
        number = self.figure(round(value) if abs(value) >= WHOLE else value)
        is_one = abs(value) < 2.0 if self.language == "fr" else number == "1"
        one, many = forms.split("|")
        return (one if is_one else many).replace("#", number)

    def amount(self, value: float) -> str:
        """Whole units of currency with separators."""
        return self._number(wording.amount(value))

    def short(self, value: float) -> str:
        """Three digits at most, with k, M or bn."""
        return self._number(wording.short(value))

    def tick(self, value: float) -> str:
        """Like `short`, in powers of ten where zeros would take the room."""
        if value == 0.0 or 0.01 <= abs(value) < TOO_LONG:
            return self.short(value)
        return self._number(f"{value:.1e}".replace(".0e", "e"))

    def signed(self, value: float) -> str:
        """Like `short`, with its sign."""
        return f"{'+' * (value > 0.0)}{self.short(value)}"

    def change(self, value: float) -> str:
        """Like `amount`, with its sign."""
        return f"{'+' * (value > 0.0)}{self.amount(value)}"

    def percent(self, share: float) -> str:
        """Share in percent."""
        return self._number(wording.percent(share))

    def chance(self, probability: float) -> str:
        """Probability in percent; one that draws cannot tell from none is not 0."""
        if probability < LEAST_CHANCE:
            return self("chance.least", least=LEAST_CHANCE)
        return self.percent(probability)

    def ratio(self, value: float, digits: int = 2) -> str:
        """Number with few decimals."""
        return self._number(f"{value + 0.0:,.{digits}f}")

    def figure(self, value: float) -> str:
        """Four digits of a number that may be a share of a share or a count of customers."""
        return self._number(f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value + 0.0:.4g}")

    def money(self, value: float) -> str:
        """Amount with its currency."""
        return self("money", amount=self.amount(value), currency=self.currency)

    def about(self, value: float) -> str:
        """Three digits of an amount, with its currency."""
        return self("money", amount=self.short(value), currency=self.currency)

    def range(self, interval: Ends) -> str:
        """Ends of an interval."""
        return self("range", low=self.short(interval.low), high=self.short(interval.high))

    def spread(self, interval: Ends) -> str:
        """Mean of an interval with its ends."""
        return f"{self.short(interval.mean)} ({self.range(interval)})"

    def over(self, period: str, span: int = 1) -> str:
        """For each period, or for several together; `period` is a word such as month, or a number of days."""
        return self.format_field(over(period, span), "")

    def _number(self, english: str) -> str:
        if self._is_plain:
            return english
        text = POWER.sub(_power, english)
        text = text.replace("-", "\u2212", 1) if text.startswith("-") else text
        if self.language == "fr":
            text = text.translate({ord(","): NARROW, ord("."): ","})
            text = re.sub(r"(bn|k|M)$", lambda unit: HARD + {"bn": "Md"}.get(unit[0], unit[0]), text)
        return text.replace(" %", f"{HARD}%").replace("> ", f">{HARD}")


def over(period: str, span: int = 1) -> str:
    """Return a message that says for each period, or for several together; `period` is as in a profile, in words.

    >>> over("month"), over("month", 3), over("45 days", 2), over("1 day", 2)
    ('a month', 'over 3 months', 'over 2 periods of 45 days', 'over 2 days')
    """
    if not period:  # of a problem that no company states
        period = "period"
    if period in ONE_DAY:
        period = "day"
    kind = "each" if span == 1 else "together"
    if period[:1].isdigit():
        return say(f"{kind}.days", days=period.split()[0], span=span)
    return say(
        f"{kind}.{period}" if f"{kind}.{period}" in catalogue("en") else f"{kind}.other",
        period=period,
        span=span,
    )


def named(kind: str, name: str) -> str:
    """Return the message for a known name, such as a kind of evidence, or the name itself."""
    return say(f"{kind}.{name}") if f"{kind}.{name}" in catalogue("en") else name


def _power(written: re.Match[str]) -> str:
    """Write a power of ten as people do."""
    exponent = f"{written[1]}{written[2]}".removeprefix("+")
    return f"\u00d710{exponent.translate(RAISED)}"


PLAIN = Words("en", plain=True)
"""English as terminals and JSON have it."""
