from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.amounts import Kinds, Numbers, Share, read_numbers
from channelmix.profile.evidence.tables.number_forms import amount_of, is_dash

KINDS = Kinds(["sms", "social"], "orders", lambda name: f" ({name} needs a role)")


def read(columns: Mapping[str, Sequence[Any]], decimal: str | None = None, binding: bool = True) -> Numbers:
    return read_numbers(columns, lambda i: f"row {i + 1}", KINDS, decimal, binding)


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("1234", 1234.0, 1234.0),
        ("1.234", 1.234, 1234.0),
        ("1,234", 1234.0, 1.234),
        ("0.123", 0.123, None),
        ("12.34", 12.34, None),
        ("1234.567", 1234.567, None),
        (".5", 0.5, None),
        ("5.", 5.0, None),
        ("12,34", None, 12.34),
        ("1,234.56", 1234.56, None),
        ("1.234,56", None, 1234.56),
        ("1.234.567", None, 1234567.0),
        ("1,234,567", 1234567.0, None),
        ("12,34,567.5", 1234567.5, None),
        ("1 234,56", None, 1234.56),
        ("1\u202f234\u00a0567", 1234567.0, 1234567.0),
        ("1'234.50", 1234.5, None),
        ("1\u2019234", 1234.0, 1234.0),
        ("3.96E+03", 3960.0, None),
        ("4e3", 4000.0, 4000.0),
        ("-5", -5.0, -5.0),
        ("\u22125", -5.0, -5.0),
        ("+5", 5.0, 5.0),
        ("120.50-", -120.5, None),
        ("(120.50)", -120.5, None),
        ("( \u20ac 1,234.50 )", -1234.5, None),
        ("\u20ac3,964.03", 3964.03, None),
        ("-\u20ac5", -5.0, -5.0),
        ("$ -5", -5.0, -5.0),
        ("5 EUR", 5.0, 5.0),
        ("CHF 1'234.50", 1234.5, None),
        ("US$5", 5.0, 5.0),
        ("5 kr", 5.0, 5.0),
        ("12 %", 0.12, 0.12),
        ("EUR 1.200,-", None, 1200.0),
        ("1.200,-- \u20ac", None, 1200.0),
        ("1'200.\u2013", 1200.0, None),
        ("-5,-", None, -5.0),
        ("1200-", -1200.0, -1200.0),
    ],
)
def test_an_entry_has_the_values_that_its_notation_allows(
    text: str, point: float | None, comma: float | None
) -> None:
    amount = amount_of(text)
    assert amount is not None
    assert (amount.values.get("."), amount.values.get(",")) == (point, comma)


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "x", "1,23,4", "1.2.3", "12.34.567", "1,234,56", "1 23", "1_000", "nan", "inf", "0x10"),
        *(
            "5k",
            "#5",
            "<5",
            "--5",
            "(-5)",
            "\u20ac5\u20ac",
            "5 euros",
            "1.234.5",
            "5+",
            "1/2",
            "3,9,6",
            "1e999",
            "9" * 400,
        ),
    ],
)
def test_what_is_no_amount_is_none(text: str) -> None:
    assert amount_of(text) is None


@pytest.mark.parametrize(
    ("text", "is_one"), [("-", True), (" - \u20ac", True), ("\u2013", True), ("-5", False), ("", False)]
)
def test_a_dash_is_known(text: str, is_one: bool) -> None:
    assert is_dash(text) is is_one


@pytest.mark.parametrize(
    ("columns", "decimal", "expected", "notes"),
    [
        ({"sms": ["1.234", "945.18"]}, None, {"sms": [1.234, 945.18]}, ("decimal point",)),
        (
            {"sms": ["3,964.03", "945.18"]},
            None,
            {"sms": [3964.03, 945.18]},
            ("decimal point", "thousands with commas"),
        ),
        (
            {"sms": ["3.964", "945,18"]},
            None,
            {"sms": [3964.0, 945.18]},
            ("decimal comma", "thousands with points"),
        ),
        ({"sms": ["1,5"], "orders": ["1.665"]}, None, {"sms": [1.5], "orders": [1665.0]}, None),
        ({"sms": ["1.5"], "orders": ["1,665"]}, None, {"sms": [1.5], "orders": [1665.0]}, None),
        ({"sms": ["1.234"]}, ",", {"sms": [1234.0]}, ("decimal comma", "thousands with points")),
        ({"sms": ["1.234"]}, ".", {"sms": [1.234]}, ("decimal point",)),
        (
            {"price": ["1.234", "1.250"], "sms": ["945.18", "12"]},
            None,
            {"price": [1.234, 1.25], "sms": [945.18, 12.0]},
            ("decimal point", "price 1.234 as 1.234, since sms has 945.18"),
        ),
        (
            {"sms": ["3.964,50", "7,5"], "price": ["1,234", "0"]},
            None,
            {"sms": [3964.5, 7.5], "price": [1.234, 0.0]},
            ("decimal comma", "thousands with points", "price 1,234 as 1.234, since sms has 3.964,50"),
        ),
        ({"sms": ["31.964"], "social": ["945.18"]}, None, {"sms": [31.964], "social": [945.18]}, None),
        ({"sms": ["1\u202f234,5"]}, None, {"sms": [1234.5]}, ("decimal comma", "thousands with spaces")),
        (
            {"sms": ["1.200,-"]},
            None,
            {"sms": [1200.0]},
            ("decimal comma", "thousands with points", '",-" as no cents'),
        ),
        ({"sms": ["-", "5"]}, None, {"sms": [0.0, 5.0]}, ('"-" as 0',)),
        (
            {"orders": ["NA", "", None, math.nan, "5"]},
            None,
            {"orders": [math.nan] * 4 + [5.0]},
            ("NA as unknown",),
        ),
        ({"promo": ["12%", "5%"]}, None, {"promo": [0.12, 0.05]}, ("12 % as 0.12",)),
        ({"promo": [Share(0.12)]}, None, {"promo": [0.12]}, ()),
        ({"sms": ["\u20ac5"]}, None, {"sms": [5.0]}, ("amounts with \u20ac",)),
        ({"sms": [5, 2.5, np.float32(1.5)]}, None, {"sms": [5.0, 2.5, 1.5]}, ()),
        ({"sms": ["3.96E+03"]}, None, {"sms": [3960.0]}, ("powers of ten such as 1E+03",)),
    ],
)
def test_columns_are_read_by_one_decimal_sign(
    columns: dict[str, list[Any]],
    decimal: str | None,
    expected: dict[str, list[float]],
    notes: tuple[str, ...] | None,
) -> None:
    numbers = read(columns, decimal)
    for name, values in expected.items():
        np.testing.assert_array_equal(numbers.columns[name], values)
    assert notes is None or numbers.notes == notes


@pytest.mark.parametrize(
    ("columns", "decimal", "said"),
    [
        (
            {"sms": ["3.964", "0", "12"]},
            None,
            r"sms: '3.964' in row 1 is 3.964 or 3,964, .*--decimal \. or --decimal ,",
        ),
        ({"sms": ["3,964"]}, None, "'3,964' in row 1 is 3,964 or 3.964"),
        # By the other column's decimal point this would be far less: a column may be of thousands by another hand.
        ({"sms": ["3.964"], "social": ["945.18"]}, None, "sms: '3.964'"),
        ({"price": ["3.964", "945"], "social": ["9.18"]}, None, "price: '3.964'"),
        ({"price": ["3.964", "3,964"], "social": ["9.18"]}, None, "price: '3.964'"),
        ({"sms": ["1.234", "1,234"]}, None, "sms: '1.234'"),
        (
            {"sms": ["1.5"], "orders": ["1,5"]},
            None,
            "numbers are written in two ways: sms has '1.5' .* orders '1,5'",
        ),
        ({"sms": ["1.5"]}, ",", "sms: '1.5' in row 1 is no number with a decimal comma, as was stated"),
        ({"sms": ["1"]}, ";", 'decimal must be "." or ","'),
        ({"sms": ["5", ""]}, None, "sms must be a number, and row 2 has nothing: fill it, with 0"),
        ({"sms": ["2023", "", ""]}, None, r"row 2 has nothing: fill it, .* \(sms needs a role\)"),
        ({"sms": ["NA", "1"]}, None, "fill it, with 0 where nothing was spent"),
        ({"sms": ["na", "Black Friday"]}, None, r"row 1 has 'na' \(sms needs a role\)"),
        ({"promo": [None]}, None, "promo must be a number, and row 1 has nothing: fill it"),
        ({"orders": ["-"]}, None, "write 0, or leave it blank"),
        (
            {"sms": ["12%"]},
            None,
            "sms holds shares, '12%' in row 1: write amounts, or give the column another role",
        ),
        ({"orders": [Share(0.5)]}, None, "orders holds shares"),
        ({"sms": ["3.9k"]}, None, "write the number in full"),
        ({"sms": ["many"]}, None, r"'many' \(sms needs a role\)"),
        ({"sms": [True]}, None, "row 1 has True"),
        ({"sms": [math.inf]}, None, "row 1 has inf"),
        ({"sms": [[1]]}, None, "must be a number"),
    ],
)
def test_what_is_not_certain_is_asked(columns: dict[str, list[Any]], decimal: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(columns, decimal)


def test_a_statement_about_another_table_counts_only_where_this_one_does_not_tell() -> None:
    assert read({"sms": ["1.5"]}, ",", binding=False).columns["sms"].tolist() == [1.5]
    assert read({"sms": ["1.234"]}, ",", binding=False).columns["sms"].tolist() == [1234.0]
