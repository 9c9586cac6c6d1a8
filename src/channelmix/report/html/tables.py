"""Tables that are read aloud as tables and fold into cards on a narrow screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from channelmix.report.html.markup import Markup, join, tag


@dataclass(frozen=True)
class Column:
    """Head of a column."""

    head: str
    numeric: bool = False
    chart: bool = False
    """Whether it draws what other columns say."""
    text: bool = False
    """Whether it holds whole sentences."""


@dataclass(frozen=True)
class Line:
    """One row: its name first, then one entry a further column."""

    entries: Sequence[Markup | str]
    data: dict[str, str] = field(default_factory=dict)
    """Attributes that a script looks for."""
    kind: str | None = None


def table(caption: str, columns: Sequence[Column], lines: Iterable[Line]) -> Markup:
    """Write a table; its roles are stated, since a style sheet that folds it would hide them."""
    heads = [
        tag("th", column.head, scope="col", role="columnheader", class_=_kind(column)) for column in columns
    ]
    written = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *heads, role="row"), role="rowgroup"),
        tag("tbody", *(_line(columns, line) for line in lines), role="rowgroup"),
        role="table",
    )
    return tag("div", written, class_="scroll")


def _line(columns: Sequence[Column], line: Line) -> Markup:
    first, *others = line.entries
    cells = [
        tag(
            "td",
            tag("span", column.head, class_="label", aria_hidden="true"),
            tag("span", entry, class_="entry"),
            role="cell",
            class_=_kind(column),
        )
        for column, entry in zip(columns[1:], others, strict=True)
    ]
    return tag(
        "tr",
        tag("th", first, scope="row", role="rowheader"),
        join(*cells),
        role="row",
        class_=line.kind,
        **line.data,
    )


def _kind(column: Column) -> str | None:
    return "n" if column.numeric else "c" if column.chart else "t" if column.text else None
