"""What the report says, in the reader's language: texts from a catalogue, numbers as that language writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from channelmix.core import wording
from channelmix.core.errors import InputError
from channelmix.plan import Interval
from channelmix.report.html.markup import Markup, join, tag

LANGUAGES = ("en", "fr")

FOLDER = Path(__file__).with_name("catalogue")

HOLE = re.compile(r"\{(\w+)\}")

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+|bn|k|M)?(?: %)?|-")
"""A number as the plan's own sentences write it."""

FRENCH_STOP = re.compile(r" (?=[:;?!»])|(?<=«) ")
"""A blank that French has before some stops, at which no line may break."""

POWER = re.compile(r"e([+-])0*(\d+)")
"""How a computer writes a power of ten."""

RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
"""Digits of an exponent."""

PURPOSE = re.compile(r"\b(promotion|service|advocacy)\b")

TOO_LONG = 999.5e9
"""Amounts from here on take too much room at an axis."""

NARROW, HARD = "\u202f", "\u00a0"
"""A blank that breaks no line: within a number, and before its unit."""


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of a language by key; ``{name}`` is a place for a value."""
    return _read(f"{language}.json")


@cache
def phrases(language: str) -> Mapping[str, str]:
    """Sentences that a plan carries in English, with their translation; ``{name}`` stands for any text."""
    return {} if language == "en" else _read(f"phrases.{language}.json") | _read(f"figures.{language}.json")


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Translatable sentences as patterns, those with the most fixed text first."""
    ordered = sorted(phrases(language).items(), key=lambda item: -len(HOLE.sub("", item[0])))
    return [(_pattern(english), translated) for english, translated in ordered]


def _pattern(english: str) -> re.Pattern[str]:
    parts = HOLE.split(english)
    return re.compile(
        "".join(f"(?P<{part}>.+?)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
    )


def _read(name: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return {key: FRENCH_STOP.sub(HARD, text) for key, text in texts.items()} if "fr" in name else texts


class Words:
    """Texts and numbers of one language.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.
    currency : str
        ISO 4217 code of the plan.

    Raises
    ------
    InputError
        If the language is unknown.
    """

    def __init__(self, language: str, currency: str) -> None:
        if language not in LANGUAGES:
            raise InputError(f"lang must be one of {', '.join(LANGUAGES)}, not {language!r}")
        self.language = language
        self.currency = currency
        self._texts = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values; several texts where one thing and many differ have keys ending in ``.one``."""
        if values.get("count") == 1 and f"{key}.one" in self._texts:
            key = f"{key}.one"
        return self._texts[key].format(**values)

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

    def range(self, interval: Interval) -> str:
        """Ends of an interval."""
        return self("range", low=self.short(interval.low), high=self.short(interval.high))

    def spread(self, interval: Interval) -> str:
        """Mean of an interval with its ends."""
        return f"{self.short(interval.mean)} ({self.range(interval)})"

    def over(self, period: str, span: int) -> str:
        """For each period, or for several together."""
        return self.known(wording.over(period, span))

    def evidence(self, kinds: str) -> str:
        """What an estimate rests on; several kinds stand behind each other."""
        return ", ".join(self._texts.get(f"evidence_kind.{kind}", kind) for kind in kinds.split(", "))

    def known(self, english: str) -> str:
        """Translate what a plan says in English, or return it as it is."""
        return self._translated(english) or english

    def said(self, english: str) -> Markup:
        """Show what a plan says in English: translated, or marked as English."""
        if self.language == "en":
            return join(english)
        translated = self._translated(english)
        return tag("span", english, lang="en") if translated is None else join(translated)

    def _translated(self, english: str) -> str | None:
        for pattern, translated in _patterns(self.language):
            match = pattern.fullmatch(english)
            if match:
                return translated.format(**{k: self._filled(k, v) for k, v in match.groupdict().items()})
        return None

    def _filled(self, place: str, text: str) -> str:
        """What stands in a place of a sentence; a group of cells is named by channels and purposes."""
        return PURPOSE.sub(lambda one: self.known(one[0]), text) if place == "group" else self._inner(text)

    def _inner(self, text: str) -> str:
        """Write a number inside a sentence as the language does; other text may be a phrase itself, or a name."""
        if NUMBER.fullmatch(text):
            return self._number(text)
        return self._translated(text) or self.evidence(text)

    def _number(self, english: str) -> str:
        text = POWER.sub(_power, english)
        text = text.replace("-", "\u2212", 1) if text.startswith("-") else text
        if self.language == "fr":
            text = text.translate({ord(","): NARROW, ord("."): ","})
            text = re.sub(r"(bn|k|M)$", lambda unit: HARD + {"bn": "Md"}.get(unit[0], unit[0]), text)
        return text.replace(" %", f"{HARD}%").replace("> ", f">{HARD}")


def _power(written: re.Match[str]) -> str:
    """Write a power of ten as people do."""
    exponent = f"{written[1]}{written[2]}".removeprefix("+")
    return f"\u00d710{exponent.translate(RAISED)}"
