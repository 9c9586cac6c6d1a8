"""Published figures as people and programs read them."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from functools import partial
from itertools import groupby
from typing import IO

from rich.text import Text

from channelmix.datasets.facts import Fact
from channelmix.report.terminal.console import PIPED_WIDTH, show

_INDENT = 10
"""Columns before what is said of a figure below its first line, as wide as its id."""


def to_terminal(facts: Sequence[Fact], file: IO[str] | None = None) -> None:
    """Print the table of `to_table`, as wide as the terminal."""
    show(lambda width: [Text(to_table(facts, width).rstrip("\n"))], file)


def to_table(facts: Sequence[Fact], width: int = PIPED_WIDTH) -> str:
    """Write the figures under a heading a quantity, below each how it was found and its source.

    It ends in the number of figures and sources. No line is wider than `width` columns, unless a single word is.
    """
    lines: list[str] = []
    ordered = sorted(facts, key=lambda fact: (fact.quantity, fact.fact_id))
    for quantity, group in groupby(ordered, key=lambda fact: fact.quantity):
        own = list(group)
        lines += ["", f"{quantity.replace('_', ' ')}: {_counted(own)}"]
        for fact in own:
            about = " ".join(
                part for part in (fact.channel, fact.purpose, fact.sector, fact.region) if part != "all"
            )
            first = f"{_figure(fact)}, {fact.year}" + f"; {about}" * bool(about)
            source = f"{fact.source_title} [{fact.kind}]{f' - {fact.note}' * bool(fact.note)}"
            for start, text in ((f"  {fact.fact_id}", first), ("", _design(fact)), ("", source)):
                lines += _wrapped(text, width, start.ljust(_INDENT), " " * _INDENT)
    last = f"{_counted(facts)} in all. They say what sources state, not what works for your company."
    lines += ["", *_wrapped(last, width)]
    return "\n".join(lines[1:]) + "\n"


def to_json(facts: Sequence[Fact]) -> str:
    """A list of objects, one a figure."""
    return json.dumps([asdict(fact) for fact in facts], ensure_ascii=False, indent=1) + "\n"


def to_csv(facts: Sequence[Fact]) -> str:
    """One line a figure with a header."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([field.name for field in fields(Fact)])
    writer.writerows(asdict(fact).values() for fact in facts)
    return buffer.getvalue()


def _counted(facts: Sequence[Fact]) -> str:
    sources = len({fact.source_title for fact in facts})
    return f"{len(facts)} figure{'s' * (len(facts) != 1)} from {sources} source{'s' * (sources != 1)}"


def _figure(fact: Fact) -> str:
    if fact.typical is None:
        return f"{_ends(fact) or 'qualitative:'} {fact.unit}"
    return f"{fact.typical:g}{f' ({_ends(fact)})' * bool(_ends(fact))} {fact.unit}"


def _ends(fact: Fact) -> str:
    """Write the ends of a range or an interval, or the one that is stated."""
    if fact.low is None:
        return "" if fact.high is None else f"up to {fact.high:g}"
    if fact.high is None:
        return f"from {fact.low:g}"
    level = "" if fact.level is None else f" at {100 * fact.level:g} %"
    return f"{fact.low:g} to {fact.high:g}{level}"


def _design(fact: Fact) -> str:
    """Say how a figure was found, where its source was read to say it."""
    return "; ".join(_design_parts(fact))


def _design_parts(fact: Fact) -> Iterator[str]:
    if fact.randomised is not None:
        yield "randomised" if fact.randomised else "not randomised"
    if fact.n is not None:
        yield f"n = {fact.n:,} {fact.n_of}"
    arms = {"control": fact.control, "treated": fact.treated}
    if stated := [f"{name} {value:g}" for name, value in arms.items() if value is not None]:
        yield ", ".join(stated)


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    wrap = partial(textwrap.wrap, break_long_words=False, break_on_hyphens=False)
    return wrap(text, width, initial_indent=first, subsequent_indent=rest)
