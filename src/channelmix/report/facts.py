"""Published figures as people and programs read them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from itertools import groupby

from channelmix.datasets.facts import Fact


def to_table(facts: Sequence[Fact]) -> str:
    """One line a figure under a heading a quantity, its source below; ends in the number of figures and sources."""
    lines: list[str] = []
    ordered = sorted(facts, key=lambda fact: (fact.quantity, fact.fact_id))
    for quantity, group in groupby(ordered, key=lambda fact: fact.quantity):
        own = list(group)
        lines += ["", f"{quantity.replace('_', ' ')}: {_counted(own)}"]
        for fact in own:
            about = " ".join(
                part for part in (fact.channel, fact.purpose, fact.sector, fact.region) if part != "all"
            )
            lines.append(f"  {fact.fact_id}  {_figure(fact)}, {fact.year}  {about}")
            lines.append(f"          {fact.source_title} [{fact.kind}]{f' - {fact.note}' * bool(fact.note)}")
    lines += ["", f"{_counted(facts)} in all. They say what sources state, not what works for your company."]
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
    ends = [value for value in (fact.low, fact.high) if value is not None]
    if fact.typical is None:
        figure = " to ".join(f"{value:g}" for value in ends) or "qualitative:"
    else:
        figure = f"{fact.typical:g}" + (f" ({' to '.join(f'{value:g}' for value in ends)})" if ends else "")
    return f"{figure} {fact.unit}"
