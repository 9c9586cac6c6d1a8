"""Tables in memory: of pandas, polars, Arrow, or anything that speaks Arrow's interface."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pytest

from channelmix.core.errors import InputError
from channelmix.effectiveness.own.rows import read_history
from channelmix.profile.evidence import History

COLUMNS: dict[str, list[Any]] = {
    "date": [date(2024, 1, 1), date(2024, 1, 8)],
    "outcome": [5.0, None],
    "sms": [1.5, 2.5],
}


def read(frame: Any) -> History:
    return read_history(frame, outcome_worth=1.0)


def test_tables_of_all_libraries_are_the_same() -> None:
    expected = read(pd.DataFrame(COLUMNS))
    assert expected.dates == ("2024-01-01", "2024-01-08")
    assert expected.spend["sms"].tolist() == [1.5, 2.5]

    frames: list[Any] = [
        pd.DataFrame(COLUMNS).convert_dtypes(),
        pd.DataFrame(COLUMNS).astype({"date": "datetime64[ns]"}),
        pd.DataFrame(COLUMNS).set_index("date"),
        pd.DataFrame(COLUMNS).astype({"date": "datetime64[ns]"}).set_index("date").rename_axis(None),
        pl.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS | {"sms": [Decimal("1.5"), Decimal("2.5")]}),
    ]
    for frame in frames:
        assert read(frame).sha256 == expected.sha256


def test_an_arrow_table_is_read_and_what_only_speaks_its_interface() -> None:
    pa = pytest.importorskip("pyarrow")
    table, expected = pa.table(COLUMNS), read(pd.DataFrame(COLUMNS))

    class Stream:
        """As DuckDB's relations are."""

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return table.__arrow_c_stream__(requested_schema)

    for frame in (table, table.to_batches()[0], Stream()):
        assert read(frame).sha256 == expected.sha256


def test_texts_in_a_frame_are_read_as_in_a_file() -> None:
    texts = {
        "date": ["01.01.2024", "15.01.2024"],
        "outcome": ["1.665", None],
        "sms": ["1.234,50 €", "945,18 €"],
    }
    rows = read(pl.DataFrame(texts))
    assert rows.dates == ("2024-01-01", "2024-01-15")
    assert rows.spend["sms"].tolist() == [1234.5, 945.18]
    assert rows.outcome[0] == 1665.0
    assert rows.read_as == ("decimal comma", "thousands with points", "amounts with €", "day.month.year")
    assert rows.place(1) == "row 2"


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.concat([pd.DataFrame(COLUMNS), pd.DataFrame(COLUMNS)[["sms"]]], axis=1), "unique column names"),
        (pd.DataFrame(COLUMNS).rename(columns={"sms": 0}), "0 is not a name in printable characters"),
        (pd.DataFrame(COLUMNS).rename(columns={"sms": ("a", "b")}), "is not a name"),
        (pd.DataFrame(COLUMNS).iloc[:0], "the table: a table needs rows"),
        (pd.DataFrame(COLUMNS).set_index("date").reset_index(drop=True), "there is no column date"),
    ],
)
def test_a_frame_that_is_no_history_is_refused(frame: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(frame)


@pytest.mark.parametrize("other", [pl.DataFrame(COLUMNS).lazy(), pl.Series([1.0]), object(), [[1, 2]]])
def test_what_is_no_table_in_memory_is_refused(other: Any) -> None:
    with pytest.raises(InputError, match="history must be a path, bytes"):
        read(other)
