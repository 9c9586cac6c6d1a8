"""Lift tests as people write them, and what a history's rows say against them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import channelmix as cm
from channelmix.core.errors import InputError
from channelmix.profile.evidence import History, LiftTest, check_size
from channelmix.profile.evidence.experiments import read_experiments
from channelmix.profile.evidence.tables import read_table

CASES = Path(__file__).parents[4] / "shared" / "cases" / "lift_tests"

TABLE = b"date,outcome,sms,promo\n2024-01-01,5,1,0\n2024-01-08,6.5,2,1\n"

MARKETS = b"date,outcome,sms,shop\n2024-01-01,5,1,FR\n2024-01-01,4,1,DE\n2024-01-08,6.5,2,FR\n"


def history(data: bytes = TABLE, **options: Any) -> History:
    return History.of(read_table(data, "h.csv"), **{"source": "h.csv", "outcome_worth": 2.0, **options})


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
            "t: lift test 1 of sms: standard_error must be above 0",
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


HEADER = b"channel,start,end,spend_change,lift,standard_error,rows,held_out\n"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (b"sms+im,1,4,-300,-9,2,with_change,", b'["sms", "im"], "spend_change": -300, "rows": "with_change"'),
        (b"sms + im,1,4,-3e+2 + -40.5,-9,2,,", b'["sms", "im"], "spend_change": [-300, -40.5]'),
        (b"sms;im,1,4,-300;+40,-9,2,,", b'["sms", "im"], "spend_change": [-300, 40]'),
        (b"sms,1,4,,9,2,,0.1", b'"sms", "spend_change": null, "held_out": 0.1'),
        (b"sms,1,4,-300,-9,2,,0.1", b'"sms", "spend_change": -300, "held_out": 0.1'),
        (b"sms,1,4,-300,-9,2,,", b'["sms"], "spend_change": [-300]'),
    ],
)
def test_every_kind_of_test_can_be_written_in_csv_and_in_json(line: bytes, written: bytes) -> None:
    (test,) = read_experiments(HEADER + line + b"\n", "t.csv")
    lift = b"9" if b",9," in line else b"-9"
    json = (
        b'[{"start": 1, "end": 4, "lift": ' + lift + b', "standard_error": 2, "channel": ' + written + b"}]"
    )
    assert read_experiments(json, "t.json") == (test,)
    again = test.to_dict()
    assert LiftTest(**again) == test
    assert again.keys() >= {"channel", "start", "end", "spend_change", "lift", "standard_error"}
    assert ("rows" in again) == (test.rows == "with_change")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            b"sms+im,1,4,-300+-4+-5,-9,2,,",
            "spend_change must be one number in all or one a channel: 2, not 3",
        ),
        (b"sms+sms,1,4,-300,-9,2,,", "channel must name a channel, or several different ones"),
        (b"sms+im,1,4,-300+0,-9,2,,", "spend_change is 0"),
        (b"sms,1,4,-300,-9,2,with,", "rows must be without_change or with_change, not 'with'"),
        (
            b"sms,1,4,-300,-9,2,,10",
            "^t.csv: lift test 1 of sms: held_out must be a share between 0 and 1, not 10: for 10 %, write 0.1$",
        ),
        (b"sms,1,4,-300,-9,2,,-0.2", "not -0.2: for 10 %, write 0.1$"),
        (b"sms,1,4,-300,-9,2,,x", "t.csv: held_out must be a number, and lift test 1 has 'x'"),
        (b"sms+im,1,4,-300+4,-9,2,,0.5", "spend_change must have one sign for all channels"),
        (b"sms,1,2024-01-01,-300,-9,2,,", "start and end must hold dates .* lift test 1 has '1'"),
        (b"sms,1/2/2024,2024-01-01,-300,-9,2,,", "t.csv: start and end has dates written in several ways"),
    ],
)
def test_what_is_wrong_in_a_test_is_named(line: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_experiments(HEADER + line + b"\n", "t.csv")


def test_tests_in_a_spreadsheets_dialect_are_read_alike() -> None:
    """Semicolons, decimal commas, and channels that are joined by the semicolon that stands in quotes."""
    lines = (
        "channel;start;end;spend_change;lift;standard_error;rows;held_out",
        '"sms;im";08.01.2024;28.01.2024;-300,5+-40;-9,25;2,5;with_change;',
        "sms;29.01.2024;18.02.2024;900;100;40;;0,1",
    )
    both, held = read_experiments("\n".join(lines).encode(), "t.csv")
    assert both == LiftTest(
        ["sms", "im"], "2024-01-08", "2024-01-28", [-300.5, -40.0], -9.25, 2.5, rows="with_change"
    )
    assert held == LiftTest("sms", "2024-01-29", "2024-02-18", 900.0, 100.0, 40.0, held_out=0.1)


def test_lift_tests_in_a_table_are_read_as_histories_are() -> None:
    lines = CSV_TESTS.decode().splitlines()
    (expected,) = read_experiments(CSV_TESTS, "t.csv")
    dotted = "\n".join([lines[0], "sms,01.01.2024,08.01.2024,-2.000,-3,1"]).replace(",", ";")
    with pytest.raises(InputError, match=r"t.csv: .*'-2.000' in lift test 1 .* --decimal"):
        read_experiments(dotted.encode(), "t.csv")
    with pytest.raises(
        InputError, match=r"t.csv: start and end: '08.01.2024' in lift test 1 .* --date-format"
    ):
        read_experiments(dotted.encode(), "t.csv", decimal=".")
    assert read_experiments(dotted.encode("utf-16"), "t.csv", ".", "dmy") == (expected,)
    # What is stated of the history's rows leaves alone what this file tells by itself.
    assert read_experiments(CSV_TESTS.replace(b"-3", b"-3.0"), "t.csv", ",", "%d/%m/%Y") == (expected,)


def test_a_test_of_customers_held_out_is_in_the_rows() -> None:
    test = LiftTest("sms", 1, 2, -3.0, -1.0, 1.0, held_out=0.2)
    assert test.rows == "with_change"
    assert test.to_dict()["held_out"] == 0.2


def test_media_without_a_bill_may_be_a_column_beside_long_rows_or_a_channel_of_them() -> None:
    days = ["2024-01-01", "2024-01-08"]
    rows = [(day, channel, 10.0 + i) for day in days for i, channel in enumerate(("sms", "posts"))]
    table: dict[str, list[Any]] = {
        "date": [day for day, _, _ in rows],
        "channel": [channel for _, channel, _ in rows],
        "amount": [amount for _, _, amount in rows],
        "outcome": [100.0] * 4,
        "mails": [7.0] * 4,
    }
    long = {"channel": "channel", "spend": "amount"}
    for unpaid, spend in ((["posts", "mails"], ["sms"]), (["mails"], ["sms", "posts"])):
        found = History.of(table, source="rows", outcome_worth=1.0, long=long, unpaid=unpaid)
        assert sorted(found.spend) == sorted(spend)
        assert sorted(found.unpaid) == sorted(unpaid)
        assert found.unpaid["mails"].tolist() == [7.0, 7.0]


def test_a_sign_that_no_channel_has_and_more_than_all_outcome_are_asked_about() -> None:
    """Where money is moved from one channel to another either sign may be; so it may by chance."""
    options: dict[str, Any] = {"experiments_source": "t.csv", "controls": ["promo"], "outcome": "outcome"}
    asked = LiftTest("sms", "2024-01-01", "2024-01-08", -2.0, 3.0, 1.0)
    with pytest.raises(
        InputError, match=r"^t.csv: lift test of sms from 2024-01-01 to 2024-01-08: 2 of spend was"
    ):
        history(**options, experiments=[asked])
    history(**options, experiments=[LiftTest("sms", "2024-01-01", "2024-01-08", -2.0, 3.0, 2.0)])
    large = LiftTest("sms", "2024-01-01", "2024-01-08", -1.0, -5.0, 0.5)
    with pytest.raises(
        InputError, match=r"sms brought 15 of the 11.5 outcome in all rows, .* it would be -2.5\.$"
    ):
        history(**options, experiments=[large])
    with pytest.raises(InputError, match=r"unit of the rows' spend\.$"):
        history(**options | {"outcome_worth": 1.0}, experiments=[large])
    history(**options, experiments=[LiftTest("sms", "2024-01-01", "2024-01-08", -1.0, -5.0, 2.0)])
    with pytest.raises(
        InputError, match=r"all spend of the others was added and the outcome fell by 9, 3.0 standard"
    ):
        history(experiments=[LiftTest("sms", "2024-01-01", "2024-01-08", None, -9.0, 3.0, held_out=0.2)])
    numbers = LiftTest("sms", "2024-01-01", "2024-01-08", -1e6, -1539010.4, 0.5)
    said = "a lift of -1,539,010 for -1,000,000 of spend means that sms brought 204.3 of the 198.8 "
    with pytest.raises(InputError, match=said):
        check_size(numbers, 132.75, 198.75)
    moved = LiftTest(["sms", "promo"], "2024-01-01", "2024-01-08", [-1.0, 1.0], 3.0, 0.1)
    history(experiments=[moved])


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases lie beside the project")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sign", "the outcome rose by 411, 4.6 standard errors from 0"),
        ("between", "2024-05-08 lies within the row of 2024-05-06"),
        ("money", "Is it in money? One unit of orders is worth 18, so it would be -411.3."),
    ],
)
def test_cases_of_public_reports_are_asked_about_by_name(name: str, said: str) -> None:
    profile = cm.CompanyProfile.from_file(CASES / "profile.json")
    with pytest.raises(InputError) as caught:
        cm.fit_history(
            profile,
            CASES / "history.csv",
            outcome="orders",
            outcome_worth=18.0,
            experiments=CASES / f"{name}.csv",
            draws=60,
        )
    message = str(caught.value)
    assert message.startswith(f"{name}.csv: lift test of sms from 2024-05-0")
    assert said in message
    assert "history.csv" not in message


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases lie beside the project")
def test_the_right_way_to_record_a_lift_test_is_no_question() -> None:
    """3,702 was withheld and 926 is in the rows, far less than at other times: they can only show what was left."""
    evidence = cm.fit_history(
        cm.CompanyProfile.from_file(CASES / "profile.json"),
        CASES / "history.csv",
        outcome="orders",
        outcome_worth=18.0,
        experiments=CASES / "right.csv",
        draws=60,
    )
    assert [test.rows for test in evidence.experiments] == ["with_change"]
    of_test = [one for one in evidence.checks if "lift test" in one.check]
    assert {one.verdict for one in of_test} == {"PASS"}
    assert [one for one in of_test if one.message.endswith("the rows are taken to show what the test left.")]
