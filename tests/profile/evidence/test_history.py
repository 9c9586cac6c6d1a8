from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from channelmix.core.errors import InputError
from channelmix.profile.evidence import History, check_columns, check_money, check_unpaid, covered
from channelmix.profile.evidence.tables import read_table

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
        (TABLE.replace(b"8,6.5", b"8,six"), {}, r"outcome must be a number, and row 2 \(line 3\) has 'six'"),
        (
            TABLE.replace(b"6.5,2", b"6.5,"),
            {},
            r"sms must be a number, and row 2 \(line 3\) has nothing: fill it, with 0",
        ),
        (TABLE.replace(b"8,6.5", b"8,-"), {}, "has '-': write 0, or leave it blank if it is not known"),
        (
            TABLE.replace(b"6.5,2", b"6.5,-2"),
            {},
            r"sms has spend -2 below 0 in row 2 \(line 3\): take a refund off",
        ),
        (
            TABLE.replace(b"6.5,2", b"6.5,-2").replace(b",5,1,", b",5,-1,"),
            {},
            "sms has spend -1 below 0 in row 1 .*, as none of its amounts is above: write costs without a minus",
        ),
        (
            TABLE.replace(b"2024-01-08", b"18/01/2024"),
            {},
            "dates written in several ways: .* has '18/01/2024' and .* '2024-01-01'",
        ),
        (TABLE.replace(b"2024-01-08", b"2024-02-30"), {}, r"row 2 \(line 3\) has '2024-02-30'"),
        (TABLE.replace(b",2,1", b",2"), {}, "line 3 has 3 entries, not 4: promo is missing"),
        (TABLE.replace(b"promo", b"sms"), {}, "are both named 'sms'"),
        (b"date,outcome\n", {}, "rows below it"),
        (b"date,outcome\n\x81,1\n", {}, "no known encoding: save it as CSV in UTF-8"),
        (b'date,outcome\n"1,1\n', {}, "entries separated by commas"),
        (b"date outcome\n1 1\n", {}, "separated by commas, semicolons, tabs or pipes"),
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
        (
            (b"1,DE", b"1,DR"),
            r"shop must hold markets of the profile \(FR, DE\), and row 2 \(line 3\) has 'DR'",
        ),
        (
            (b"1,DE", b"1,"),
            r"h.csv: shop must name the market of every row, and row 2 \(line 3\) has nothing",
        ),
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
        match=r"shop must be a number, and row 1 \(line 2\) has 'FR'; a column that is not spend",
    ):
        history(MARKETS)


def test_media_without_a_bill_are_no_spend() -> None:
    rows = history(unpaid=["promo"])
    assert list(rows.spend) == ["sms"]
    assert rows.unpaid["promo"].tolist() == [0.0, 1.0]
    assert len({rows.sha256, history().sha256, history(controls=["promo"]).sha256}) == 3
    check_columns(rows, ["FR/sms/promotion"])  # it names no cell
    with pytest.raises(InputError, match=r'no column prom \(did you mean "promo"\?\)'):
        history(unpaid=["prom"])
    with pytest.raises(InputError, match="column promo has two roles"):
        history(unpaid=["promo"], controls=["promo"])
    with pytest.raises(InputError, match=r"h\.csv: promo has an amount -1 below 0 in row 2"):
        history(TABLE.replace(b",2,1", b",2,-1"), unpaid=["promo"])
    with pytest.raises(InputError, match=r"unpaid must be a list of columns, not 'promo': write \['promo'\]"):
        history(unpaid="promo")


def test_media_without_a_bill_that_have_spend_in_the_profile_are_asked_about() -> None:
    rows = history(TABLE.replace(b"promo", b"im"), unpaid=["im"])
    today = {"FR/sms/promotion": 900.0, "FR/im/promotion": 1500.4, "DE/im/service": 700.0}
    with pytest.raises(
        InputError,
        match=r"^im has spend in the profile \(2,200 a month\): is it really unpaid\? Name the column oth",
    ):
        check_unpaid(rows, today, "month")
    with pytest.raises(InputError, match=r"\(2,200 per 45 days\)"):
        check_unpaid(rows, today, "45 days")
    check_unpaid(rows, dict.fromkeys(today, 0.0), "month")
    check_unpaid(history(unpaid=["promo"]), today, "month")  # no cell has this name


def test_columns_select_cells_and_share_none() -> None:
    cells = ["FR/sms/promotion", "FR/sms/service", "DE/sms/promotion"]
    assert covered(["FR/sms", "DE/sms/promotion"], cells) == [(0, 1), (2,)]
    with pytest.raises(InputError, match=r'column smss: no cell .*did you mean "sms"'):
        covered(["smss"], cells)
    with pytest.raises(
        InputError, match="columns sms and FR/sms/service both hold the spend on FR/sms/service"
    ):
        covered(["sms", "FR/sms/service"], cells)


EXPORT = b"date,outcome,KW,SMS Kosten,Preis\n2024-01-01,5,1,2,3\n2024-01-08,6,2,2,3\n"


def test_all_columns_without_a_cell_are_named_at_once_with_their_roles() -> None:
    with pytest.raises(InputError) as caught:
        check_columns(history(EXPORT), CELLS)
    assert str(caught.value) == (
        '3 columns: no cell is selected by "KW", "SMS Kosten" (did you mean "sms"?), "Preis"; name spend after its '
        "cells; another influence: --control; media without cost: --unpaid; else --ignore"
    )
    wide = [f"column {i}" for i in range(40)]
    with pytest.raises(InputError, match=r'^40 columns: .*"column 29", 10 more$'):
        covered(["sms", *wide], CELLS)


def test_columns_to_ignore_are_left_out_before_anything_else() -> None:
    words = EXPORT.replace(b",3\n", b",dear\n").replace(b"Kosten", b"").replace(b"SMS ", b"sms")
    rows = history(words, ignore=["KW", "Preis"])
    assert list(rows.spend) == ["sms"]
    plain = b"date,outcome,sms\n2024-01-01,5,2\n2024-01-08,6,2\n"
    assert rows == history(plain)
    with pytest.raises(InputError, match=r"h.csv: there is no column Pries \(did you mean \"Preis\"\?\)"):
        history(words, ignore=["Pries"])
    for roles in ({"ignore": ["outcome"]}, {"ignore": ["KW"], "controls": ["KW"]}):
        with pytest.raises(InputError, match="has two roles"):
            history(words, **roles)
    with pytest.raises(InputError, match=r"ignore must be a list of columns, not 'KW': write \['KW'\]"):
        history(words, ignore="KW")
    with pytest.raises(InputError, match="a column to ignore must be of type str"):
        history(words, ignore=[3])


def test_other_columns_of_words_are_named_with_the_first() -> None:
    texts = EXPORT.replace(b",3\n", b",dear\n").replace(b"5,1,", b"5,KW 1,").replace(b"6,2,", b"6,KW 2,")
    with pytest.raises(InputError, match=r"KW must be a number.* else --ignore; likewise Preis$"):
        history(texts)


def test_channels_and_columns_of_a_table_in_long_form_are_ignored() -> None:
    table: dict[str, list[Any]] = {
        "date": ["2024-01-01", "2024-01-01", "2024-01-08"],
        "channel": ["sms", "fax", "sms"],
        "amount": [1.0, 2.0, 3.0],
        "outcome": [9.0, 9.0, 8.0],
        "note": ["a", "b", "c"],
        "week": [1, 1, 2],
    }
    given: dict[str, Any] = {
        "source": "x",
        "outcome_worth": 1.0,
        "long": {"channel": "channel", "spend": "amount"},
    }
    with pytest.raises(
        InputError, match=r"columns note, week have no role in rows of one channel each: .* --ignore"
    ):
        History.of(table, **given)
    rows = History.of(table, ignore=["note", "fax", "week"], **given)
    assert {name: column.tolist() for name, column in rows.spend.items()} == {"sms": [1.0, 3.0]}


def test_amounts_in_another_currency_are_refused() -> None:
    rows = history(TABLE.replace(b"6.5,2", b"6.5,$2"))
    assert rows.money == ("$",)
    check_money(rows, "USD")
    check_money(rows, "CAD")
    with pytest.raises(
        InputError, match=r"amounts are in \$, and the profile's currency is EUR: convert them"
    ):
        check_money(rows, "EUR")
    with pytest.raises(InputError, match="amounts are in GBP"):
        check_money(history(TABLE.replace(b"6.5,2", b"6.5,2 GBP")), "EUR")
    check_money(history(TABLE.replace(b"6.5,2", b"6.5,2 EUR")), "EUR")
    naira = history(TABLE.replace(b"6.5,2", "6.5,\u20a62".encode()))
    check_money(naira, "NGN")
    with pytest.raises(InputError, match="amounts are in \u20a6"):
        check_money(naira, "EUR")


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(InputError, match="x: columns must be of equal length, not date 1, outcome 2, sms 1"):
        History.of({"date": [1], "outcome": [1, 2], "sms": [3]}, source="x", outcome_worth=1.0)


@pytest.mark.parametrize("statement", [{"decimal": 3}, {"date_format": 3}])
def test_statements_are_text(statement: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="must be of type str or None"):
        history(**statement)
