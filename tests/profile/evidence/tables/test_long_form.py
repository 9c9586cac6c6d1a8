from __future__ import annotations

from typing import Any

import pytest

from channelmix.core.errors import InputError
from channelmix.profile.evidence import History
from channelmix.profile.evidence.tables import read_table

LONG = """date,channel,spend,outcome,promo
2024-01-01,sms,1.5,5,0
2024-01-01,social,2,5,0
2024-01-08,sms,3,6,1
2024-01-08,social,4,6,1
"""
COLUMNS = {"channel": "channel", "spend": "spend"}


def history(text: str = LONG, **options: Any) -> History:
    table = read_table(text.encode(), "h.csv")
    stated: dict[str, Any] = {"controls": ["promo"], "long": COLUMNS, "source": "h.csv", "outcome_worth": 1.0}
    return History.of(table, **stated | options)


def test_each_channel_gets_a_column() -> None:
    rows = history()
    assert rows.dates == ("2024-01-01", "2024-01-08")
    assert {name: column.tolist() for name, column in rows.spend.items()} == {
        "sms": [1.5, 3.0],
        "social": [2.0, 4.0],
    }
    assert rows.outcome.tolist() == [5.0, 6.0]
    assert rows.controls["promo"].tolist() == [0.0, 1.0]
    assert rows.read_as == ("long form",)
    assert [rows.place(i) for i in range(2)] == ["row 1 (line 2)", "row 2 (line 4)"]


def test_the_only_columns_that_are_left_need_not_be_stated() -> None:
    for stated in ({}, {"channel": "channel"}, {"spend": "spend", "channel": None}):
        assert history(long=stated) == history()
    assert history(LONG.replace("channel", "medium").replace("spend", "cost"), long={}) == history()


def test_a_channel_without_a_row_had_no_spend_and_shared_columns_may_stand_in_one_row() -> None:
    rows = history(LONG.replace("2024-01-08,social,4,6,1\n", "").replace("sms,1.5,5,0", "sms,1.5,,"))
    assert rows.spend["social"].tolist() == [2.0, 0.0]
    assert rows.outcome.tolist() == [5.0, 6.0]
    assert rows.read_as == ("long form", "1 missing row of a channel as 0")


def test_rows_of_markets_stay_apart() -> None:
    lines = LONG.splitlines()
    text = "\n".join([lines[0] + ",shop", *(f"{line},{shop}" for line in lines[1:] for shop in ("FR", "DE"))])
    rows = history(text, market="shop")
    assert rows.markets == ("FR", "DE", "FR", "DE")
    assert rows.spend["social"].tolist() == [2.0, 2.0, 4.0, 4.0]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (LONG, {"long": None}, r"channel must be a number, .* --long channel=spend"),
        (LONG, {"controls": []}, "column promo has no role in rows of one channel each"),
        (
            LONG,
            {"long": {"channel": "chanel", "spend": "spend"}},
            r'no column chanel \(did you mean "channel"\?\)',
        ),
        (LONG, {"long": {"chanel": "channel"}}, "long must name two columns"),
        (
            LONG,
            {"long": {}, "controls": []},
            "which column holds each row's spend, spend or promo.? State --long",
        ),
        (
            LONG.replace("channel", "sms", 1),
            {"long": {"channel": "spend"}},
            "each row's spend, there is none",
        ),
        (
            LONG.replace("sms,", "1,").replace("social,", "2,"),
            {"long": {}},
            "each row's channel, there is none",
        ),
        (LONG, {"long": "channel=spend"}, "long must name two columns"),
        (
            LONG,
            {"outcome": "orders"},
            "there is no column orders; the columns are date, channel, spend, outcome",
        ),
        (
            LONG.replace("sms,3", ",3"),
            {},
            r"channel must name the channel of every row, and row 3 \(line 4\)",
        ),
        (LONG.replace("social,4", "sms,4"), {}, r"row 4 \(line 5\) is a second row of sms on 2024-01-08"),
        (
            LONG.replace("4,6,1", "4,7,1"),
            {},
            r"outcome must be the same .* is '6' in row 3 \(line 4\) and '7' in row 4",
        ),
        (LONG.replace("social", "outcome"), {}, "'outcome' cannot be the name of a channel"),
        (LONG.replace("sms,3", "sms,"), {}, r"sms must be a number, and row 2 \(line 4\) has nothing"),
    ],
)
def test_what_is_not_certain_is_asked(text: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        history(text, **options)
