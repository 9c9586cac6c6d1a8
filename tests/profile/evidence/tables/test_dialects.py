"""A random table, written in a random dialect, is read as it was or asked about, and never read otherwise."""

from __future__ import annotations

import csv
import io
import random
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channelmix.core.errors import InputError
from channelmix.profile.evidence import History
from channelmix.profile.evidence.tables import read_table

DATES = {
    "iso": "{0:%Y-%m-%d}",
    "slashes": "{0:%Y/%m/%d}",
    "dmy dots": "{0:%d.%m.%Y}",
    "dmy": "{0.day}/{0.month}/{0.year}",
    "mdy": "{0:%m/%d/%Y}",
    "mdy short": "{0.month}/{0.day}/{0:%y}",
    "dmy short": "{0:%d-%m-%y}",
    "names": "{0.day} {0:%b} {0.year}",
    "compact": "{0:%Y%m%d}",
    "clock": "{0:%Y-%m-%d} 00:00:00",
}
AMOUNTS = {
    "point": "{:.2f}",
    "comma": "{:.2f}",
    "grouped point": "{:,.2f}",
    "grouped comma": "{:,.2f}",
    "spaced comma": "{:,.2f}",
    "rounded, grouped by points": "{:,.0f}",
    "thousands, three digits": "{:.3f}",
    "repr": "{!r}",
}


def amount_text(value: float, style: str, money: str) -> str:
    text = AMOUNTS[style].format(value)
    if style in ("comma", "grouped comma", "rounded, grouped by points", "spaced comma"):
        between = "\u202f" if style == "spaced comma" else "."
        text = "".join({",": between, ".": ","}.get(sign, sign) for sign in text)
    return money.format(text)


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, Any]:
    """Rows of a table, and how they are written."""
    n = draw(st.integers(2, 12))
    start = date(2022, 1, 1) + timedelta(days=draw(st.integers(0, 800)))
    step = draw(st.sampled_from([1, 7]))
    style = draw(st.sampled_from(list(AMOUNTS)))
    digits = {"rounded, grouped by points": 0, "thousands, three digits": 3}.get(style, 2)
    number = st.floats(0.0, 20000.0).map(lambda value: round(value, digits))
    return {
        "days": [start + timedelta(days=step * i) for i in range(n)],
        "orders": draw(st.lists(st.integers(0, 5000), min_size=n, max_size=n)),
        "spend": [draw(st.lists(number, min_size=n, max_size=n)) for _ in range(2)],
        "dates": draw(st.sampled_from(list(DATES))),
        "style": style,
        "money": draw(st.sampled_from(["{}", "{} €", "€{}", " {} EUR "])),
        "separator": draw(st.sampled_from([",", ";", "\t", "|"])),
        "quoted": draw(st.booleans()),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        "end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "title": draw(st.booleans()),
        "total": draw(st.booleans()),
        "numbered": draw(st.booleans()),
        "trailing": draw(st.booleans()),
        "shuffled": draw(st.randoms(use_true_random=False)),
    }


def written(dialect: dict[str, Any]) -> bytes:
    rows: list[list[str]] = [
        [
            DATES[dialect["dates"]].format(day),
            str(orders),
            *(amount_text(column[i], dialect["style"], dialect["money"]) for column in dialect["spend"]),
        ]
        for i, (day, orders) in enumerate(zip(dialect["days"], dialect["orders"], strict=True))
    ]
    dialect["shuffled"].shuffle(rows)
    header = ["date", "orders", "social", "sms"]
    if dialect["total"]:
        sums = [amount_text(sum(column), dialect["style"], dialect["money"]) for column in dialect["spend"]]
        rows.append(["Total", str(sum(dialect["orders"])), *sums])
    if dialect["numbered"] and not dialect["total"]:
        header, rows = ["", *header], [[str(i), *row] for i, row in enumerate(rows)]
    if dialect["trailing"]:
        header, rows = [*header, ""], [[*row, ""] for row in rows]
    stream = io.StringIO()
    if dialect["title"]:
        stream.write("Media report" + dialect["end"] * 2)
    quoting: Literal[0, 1] = 1 if dialect["quoted"] else 0  # all entries, or those that need it
    csv.writer(
        stream, delimiter=dialect["separator"], lineterminator=dialect["end"], quoting=quoting
    ).writerows([header, *rows])
    return (
        stream.getvalue()
        .replace("\u202f", "\u00a0" if dialect["encoding"] == "cp1252" else "\u202f")
        .encode(dialect["encoding"])
    )


def read(data: bytes) -> History:
    table = read_table(data, "h.csv", ("date", "orders"))
    return History.of(table, source="h.csv", outcome="orders", outcome_worth=1.0)


@pytest.mark.no_cover
@settings(max_examples=300, deadline=None)
@given(dialects())
def test_a_table_is_read_as_it_was_or_asked_about(dialect: dict[str, Any]) -> None:
    try:
        rows = read(written(dialect))
    except InputError as question:
        # Nothing else than what the text leaves open may be asked.
        said = str(question)
        ambiguous = "short" in dialect["dates"] or dialect["dates"] in ("dmy", "mdy", "dmy dots")
        assert ("--decimal" in said) or (ambiguous and "--date-format" in said), said
        return
    order = np.argsort(rows.dates)
    assert [rows.dates[i] for i in order] == [day.isoformat() for day in dialect["days"]]
    assert rows.outcome[order].tolist() == dialect["orders"]
    assert [column[order].tolist() for column in rows.spend.values()] == dialect["spend"]


PLAIN = "date,orders,social,sms\n" + "".join(
    f"{date(2023, 1, 2) + timedelta(weeks=i)},{1500 + 7 * i},{3964.03 + i},{3079.88 - i}\n" for i in range(20)
)


ENTRIES = (
    *(
        "",
        "-",
        "NaN",
        "1e999",
        "=A1",
        "12%",
        "(3)",
        "€",
        '"',
        "1,2",
        "1;2",
        "\x00",
        "\u202e",
        "9" * 400,
        "Total",
        "1.234",
    ),
    *(
        "31/12/2023",
        "2023-13-01",
        "0000-01-01",
        "99999-01-01",
        "12:00",
        "'",
        "inf",
        "\ud7ff",
        "٣",
        "4,5",
        "7 €",
        "1E3",
    ),
)


def mutated(text: str, rng: random.Random) -> bytes:
    """A table in which some entries or lines are lost, doubled, swapped or replaced, or some bytes."""
    lines = [line.split(",") for line in text.splitlines()]
    for _ in range(rng.randint(1, 3)):
        i = rng.randrange(len(lines))
        j = rng.randrange(len(lines[i]))
        match rng.randrange(8):
            case 0:
                del lines[i]
            case 1:
                lines.insert(i, list(lines[rng.randrange(len(lines))]))
            case 2 | 3:
                lines[i][j] = rng.choice(ENTRIES)
            case 4:
                lines[i].insert(j, rng.choice(ENTRIES))
            case 5:
                lines[1:] = rng.sample(lines[1:], len(lines) - 1)
            case 6:
                lines[i][j] = lines[i][j][::-1]
            case _:
                lines[i] = [rng.choice(ENTRIES)]
    separator = rng.choice([",", ",", ";", "\t"])
    joined = rng.choice(["\n", "\r", "\r\n"]).join(separator.join(line) for line in lines)
    data = bytearray(joined.encode(rng.choice(["utf-8", "utf-16", "utf-8-sig"])))
    for _ in range(rng.choice([0, 0, 0, 2])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[: rng.randrange(len(data))] if rng.random() < 0.1 else data)


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_table_is_read_or_refused_and_never_fails(seed: int) -> None:
    rng = random.Random(seed)
    kept = 0
    for _ in range(100):
        try:
            rows = read(mutated(PLAIN, rng))
        except InputError:
            continue
        kept += 1
        assert len(rows.dates) == len(rows.outcome) == len(next(iter(rows.spend.values())))
        assert all(np.isfinite(column).all() and (column >= 0.0).all() for column in rows.spend.values())
    assert 5 < kept < 95
