"""Every kind of table, altered, is read or refused in plain words, whatever is stated of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from tests.fuzz.bounds import answer_or_error, in_bounds
from tests.fuzz.counting import rounds, tried
from tests.fuzz.documents import profile_of
from tests.fuzz.tables import frames, grids, statements, table_texts, workbooks

import channelmix as cm
from channelmix.effectiveness.own.rows import read_history
from channelmix.profile.evidence import History, check_columns, check_money
from channelmix.profile.evidence.experiments import read_experiments

pytestmark = [pytest.mark.fuzz, pytest.mark.no_cover]

CELLS = [cell.name for cell in profile_of().cells()]

KINDS: dict[str, tuple[float, st.SearchStrategy[Any]]] = {
    "text": (0.14, table_texts(grids())),
    "workbook": (0.02, workbooks()),
    "frame": (0.02, frames()),
}
"""Share of all inputs, and strategy."""

TESTS_SHARE = 0.05

FITS_SHARE = 0.0005
"""A fit takes seconds."""

HEADS = (
    "channel",
    "start",
    "end",
    "spend_change",
    "lift",
    "standard_error",
    "market",
    "rows",
    "held_out",
    "effect",
)


def read_rows(table: Any, stated: dict[str, Any]) -> History:
    """As ``channelmix fit`` reads them, up to the fit."""
    rows = read_history(table, **stated)
    assert len(rows.sha256) == 64
    assert rows.place(len(rows.outcome) - 1).startswith("row ")
    answer_or_error(lambda: check_money(rows, "EUR"))
    answer_or_error(lambda: check_columns(rows, CELLS))
    return rows


@pytest.mark.parametrize(
    ("kind", "number", "count"),
    [(kind, k, n) for kind, (share, _) in KINDS.items() for k, n in rounds(share)],
)
def test_altered_tables(kind: str, number: int, count: int, record_property: Any) -> None:
    record_property("fuzzed", count)

    def check(given: tuple[Any, dict[str, Any]]) -> None:
        with in_bounds():
            answer_or_error(lambda: read_rows(*given))

    tried(st.tuples(KINDS[kind][1], statements()), check, f"table, {kind}", number, count)


@st.composite
def tables_of_tests(draw: st.DrawFn) -> bytes:
    """Lift tests in a table: the entries of any other, below the names of theirs for the most part."""

    def named(grid: list[list[Any]]) -> list[list[Any]]:
        heads = list(HEADS[: draw(st.integers(4, len(HEADS)))])
        row = ["social", "2024-02-26", "2024-04-01", -15519, -569, 90, "FR", "without_change", 0.1, 5]
        below = [row[: len(heads)], *(line[: len(heads)] for line in grid[1 : draw(st.integers(1, 4))])]
        return [heads, *below]

    return draw(table_texts(grids().map(named)))


@pytest.mark.parametrize(("number", "count"), rounds(TESTS_SHARE))
def test_altered_tables_of_lift_tests(number: int, count: int, record_property: Any) -> None:
    record_property("fuzzed", count)

    def check(data: bytes) -> None:
        with in_bounds():
            answer_or_error(lambda: read_experiments(data, "tests.csv"), "tests.csv: ")

    tried(tables_of_tests(), check, "table of tests", number, count)


@pytest.mark.parametrize(("number", "count"), rounds(FITS_SHARE))
def test_a_few_are_fitted(number: int, count: int, record_property: Any) -> None:
    record_property("fuzzed", count)

    def check(data: bytes) -> None:
        with in_bounds():
            answer_or_error(
                lambda: cm.fit_history(
                    profile_of(), data, outcome_worth=22.0, controls=["promo"], time_limit=2.0
                )
            )

    tried(table_texts(grids()), check, "fit", number, count)
