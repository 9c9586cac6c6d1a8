from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from channelmix.core.errors import InputError
from channelmix.profile.evidence import History, check_columns, covered
from channelmix.profile.evidence.experiments import read_experiments
from channelmix.profile.evidence.history import read_table

TABLE = b"date,outcome,sms,promo\n2024-01-01,5,1,0\n2024-01-08,6.5,2,1\n"


def history(data: bytes = TABLE, **options: Any) -> History:
    return History.of(read_table(data, "h.csv"), **{"source": "h.csv", "outcome_worth": 2.0, **options})


def test_columns_without_another_role_are_spend() -> None:
    rows = history(controls=["promo"])
    assert rows.dates == ("2024-01-01", "2024-01-08")
    assert {name: column.tolist() for name, column in rows.spend.items()} == {"sms": [1.0, 2.0]}
    assert rows.controls["promo"].tolist() == [0.0, 1.0]
    assert rows.outcome.tolist() == [5.0, 6.5]
    assert list(history().spend) == ["sms", "promo"]


def test_an_outcome_left_empty_is_not_known() -> None:
    rows = history(TABLE.replace(b"8,6.5", b"8,"))
    np.testing.assert_array_equal(rows.outcome, [5.0, np.nan])
    assert rows.sha256 != history().sha256
    frame: dict[str, list[Any]] = {"date": [1, 2], "outcome": [5.0, float("nan")], "sms": [1.0, 2.0]}
    unknown = History.of(frame, source="frame", outcome_worth=2.0).outcome
    np.testing.assert_array_equal(unknown, [5.0, np.nan])


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (TABLE, {"outcome": "outcme"}, r'no column outcme \(did you mean "outcome"\?\)'),
        (TABLE, {"date": "week"}, "no column week"),
        (TABLE, {"controls": ["promotion"]}, r'no column promotion \(did you mean "promo"\?\)'),
        (TABLE, {"controls": ["outcome"]}, "outcome has two roles"),
        (TABLE, {"controls": ["sms", "promo"]}, "no column of spend"),
        (TABLE, {"outcome_worth": 0.0}, "worth of a unit"),
        (TABLE.replace(b"8,6.5", b"8,six"), {}, "outcome must be a number, and row 2 has 'six'"),
        (TABLE.replace(b"6.5,2", b"6.5,"), {}, "sms must be a number, and row 2 has nothing"),
        (TABLE.replace(b"8,6.5", b"8,nan"), {}, "row 2 has 'nan'"),
        (TABLE.replace(b"6.5,2", b"6.5,-2"), {}, "sms has spend -2 below 0 in row 2"),
        (TABLE.replace(b"2024-01-08", b"08/01/2024"), {}, "row 2 has '08/01/2024'"),
        (TABLE.replace(b"2024-01-08", b"2024-02-30"), {}, "row 2 has '2024-02-30'"),
        (TABLE.replace(b",2,1", b",2"), {}, "row 2 has 3 entries, not 4"),
        (TABLE.replace(b"promo", b"sms"), {}, "unique, printable name"),
        (TABLE.replace(b",", b";"), {}, "separated by commas"),
        (b"date,outcome\n", {}, "rows below it"),
        (b"date,outcome\n\xff,1\n", {}, "UTF-8"),
        (b'date,outcome\n"1,1\n', {}, "comma-separated"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        history(data, **options)


def test_the_digest_is_of_what_is_said_whatever_the_file_is_called() -> None:
    assert history(source="other.csv").sha256 == history().sha256
    assert history(TABLE.replace(b"6.5", b"6.50")).sha256 == history().sha256
    assert history(TABLE.replace(b"6.5", b"6.6")).sha256 != history().sha256
    assert history(outcome_worth=3.0).sha256 != history().sha256
    assert history(controls=["promo"]) != history()
    assert history() == history()
    assert hash(history()) == hash(history())


def test_numbers_of_weeks_and_dates_of_a_frame_are_dates() -> None:
    rows = History.of({"date": [1, 2], "outcome": [1, 2], "sms": [3, 4]}, source="x", outcome_worth=1.0)
    assert rows.dates == (1, 2)
    days = list(np.array(["2024-01-01", "2024-01-08"], dtype="datetime64[s]"))
    rows = History.of({"date": days, "outcome": [1, 2], "sms": [3, 4]}, source="x", outcome_worth=1.0)
    assert rows.dates == ("2024-01-01", "2024-01-08")


def test_a_name_that_would_drive_a_terminal_is_refused() -> None:
    with pytest.raises(InputError, match="printable"):
        History.of({"date": [1], "outcome": [1], "\x1b[31m": [3]}, source="x", outcome_worth=1.0)


CSV_TESTS = b"channel,start,end,spend_change,lift,standard_error\nsms,2024-01-01,2024-01-08,-2,-3,1\n"
JSON_TESTS = (
    b'[{"channel": "sms", "start": "2024-01-01", "end": "2024-01-08", "spend_change": -2, "lift": -3,'
    b' "standard_error": 1}]'
)


def test_lift_tests_are_read_from_csv_and_json() -> None:
    assert read_experiments(CSV_TESTS, "t.csv") == read_experiments(JSON_TESTS, "t.json")
    (test,) = read_experiments(CSV_TESTS, "t.csv")
    assert (test.channel, test.start, test.lift) == ("sms", "2024-01-01", -3.0)
    assert history(experiments=[test]).experiments == (test,)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (CSV_TESTS.replace(b"lift", b"lft"), r'lift test 1: unknown field lft \(did you mean "lift"\?\)'),
        (JSON_TESTS.replace(b'"lift": -3,', b""), "lift is missing"),
        (JSON_TESTS.replace(b"-3", b'"x"'), "lift must be a number"),
        (JSON_TESTS.replace(b'"sms"', b"3"), "channel must be"),
        (
            CSV_TESTS.replace(b"-3,1", b"-3,0"),
            "lift test 1: lift test of sms: standard_error must be above 0",
        ),
        (JSON_TESTS.replace(b'"sms"', b'"s\\nms"'), "lift test 1: .* printable"),
        (b"[1]", "list of objects"),
        (b"[", "not valid JSON"),
    ],
)
def test_a_broken_lift_test_is_named(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_experiments(data, "t")


def test_a_lift_test_of_no_column_is_an_error() -> None:
    tests = read_experiments(CSV_TESTS.replace(b"sms", b"smss"), "t.csv")
    with pytest.raises(InputError, match=r'smss, which is no column of spend \(did you mean "sms"\?\)'):
        history(experiments=tests)


MARKETS = b"date,outcome,sms,shop\n2024-01-01,5,1,FR\n2024-01-01,4,1,DE\n2024-01-08,6.5,2,FR\n"

CELLS = ["FR/sms/promotion", "FR/social/promotion", "DE/sms/promotion", "DE/social/promotion"]


def test_rows_are_found_by_their_market() -> None:
    rows = history(MARKETS, market="shop")
    assert list(rows.spend) == ["sms"]
    assert rows.markets == ("FR", "DE", "FR")
    assert {market: where.tolist() for market, where in rows.by_market().items()} == {"DE": [1], "FR": [0, 2]}
    assert {market: where.tolist() for market, where in history().by_market().items()} == {None: [0, 1]}
    assert rows.sha256 != history(MARKETS.replace(b"1,FR", b"1,IT"), market="shop").sha256
    check_columns(rows, CELLS)
    check_columns(history(MARKETS.replace(b"sms", b"all"), market="shop"), CELLS)
    numbers = {"date": [1, 1], "outcome": [1, 2], "sms": [3, 4], "shop": [75001, 69001]}
    assert History.of(numbers, source="x", outcome_worth=1.0, market="shop").markets == ("75001", "69001")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b"1,DE", b"1,DR"), r"shop must hold markets of the profile \(FR, DE\), and row 2 has 'DR'"),
        ((b"1,DE", b"1,"), "h.csv: shop must name the market of every row, and row 2 has nothing"),
        ((b"sms", b"smss"), r'column smss: no cell .*did you mean "sms"'),
        ((b"sms", b"FR/sms"), "column FR/sms names a market, as shop does row by row"),
        ((b"sms", b"DE"), "column DE names a market"),
        ((b"shop", b"market"), "there is no column shop"),
    ],
)
def test_markets_must_be_the_profiles(change: tuple[bytes, bytes], said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_columns(history(MARKETS.replace(*change), market="shop"), CELLS)


def test_a_column_of_markets_has_no_other_role() -> None:
    with pytest.raises(InputError, match="column shop has two roles"):
        history(MARKETS, market="shop", controls=["shop"])
    with pytest.raises(
        InputError,
        match="shop must be a number, and row 1 has 'FR'; a column that is not spend",
    ):
        history(MARKETS)


def test_a_lift_test_names_its_market_where_rows_do() -> None:
    lines = CSV_TESTS.splitlines()
    of = {
        market: read_experiments(b"\n".join([lines[0] + b",market", lines[1] + b"," + market]), "t.csv")
        for market in (b"FR", b"", b"FRA")
    }
    assert of[b"FR"] == read_experiments(JSON_TESTS.replace(b"}", b', "market": "FR"}'), "t.json")
    assert of[b""] == read_experiments(CSV_TESTS, "t.csv")
    assert "market" not in of[b""][0].to_dict()
    assert of[b"FR"][0].to_dict() == of[b""][0].to_dict() | {"market": "FR"}
    assert history(MARKETS, market="shop", experiments=of[b"FR"]).experiments[0].market == "FR"
    assert history(experiments=of[b""]).experiments[0].market is None
    with pytest.raises(InputError, match="sms names no market, and rows are of DE, FR: name one of them"):
        history(MARKETS, market="shop", experiments=of[b""])
    with pytest.raises(InputError, match=r'of FRA, and rows are of DE, FR \(did you mean "FR"\?\)'):
        history(MARKETS, market="shop", experiments=of[b"FRA"])
    with pytest.raises(InputError, match="names a market, FR, and the rows none"):
        history(experiments=of[b"FR"])
    with pytest.raises(InputError, match="market must be the name of a market"):
        read_experiments(JSON_TESTS.replace(b"}", b', "market": 3}'), "t.json")


def test_columns_select_cells_and_share_none() -> None:
    cells = ["FR/sms/promotion", "FR/sms/service", "DE/sms/promotion"]
    assert covered(["FR/sms", "DE/sms/promotion"], cells) == [(0, 1), (2,)]
    with pytest.raises(InputError, match=r'column smss: no cell .*did you mean "sms"'):
        covered(["smss"], cells)
    with pytest.raises(
        InputError, match="columns sms and FR/sms/service both hold the spend on FR/sms/service"
    ):
        covered(["sms", "FR/sms/service"], cells)
