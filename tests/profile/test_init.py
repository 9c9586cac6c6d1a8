"""What ``channelmix init`` says of answers and flags that no profile may hold."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from channelmix.cli import main
from channelmix.cli.init import _answer


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [
        ("--currency", "eur", "three capital letters"),
        ("--country", "fr", "two capital letters"),
        ("--budget", "1e30", "a number of at most 1e+18"),
        ("--customers", "1e30", "a number of at most 1e+18"),
        ("--usd-rate", "1e18", "a number of at most 1e+18"),
    ],
)
def test_a_wrong_flag_is_one_fault_of_its_name(flag: str, value: str, expected: str) -> None:
    result = CliRunner().invoke(main, ["init", flag, value])
    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if "found" in line]
    assert line.startswith(f"Error: {flag}: found ")
    assert expected in line


@pytest.mark.parametrize(
    ("key", "answer", "said"),
    [
        ("budget", "abc", 'found "abc", expected a number greater than 0'),
        ("customers", "", 'found "", expected a number greater than 0'),
        ("usd_rate", "nan", 'found "nan", expected a number greater than 0'),
        ("currency", "eur", 'found "eur", expected an ISO 4217 currency code of three capital letters'),
        ("country", "fr", 'found "fr", expected an ISO 3166 country code of two capital letters'),
        ("budget", "1e30", "found 1e+30, expected an amount with which "),
    ],
)
def test_a_wrong_answer_gets_plain_words(key: str, answer: str, said: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        _answer(key, answer)
    assert caught.value.message.startswith(said)


def test_right_answers_are_read() -> None:
    assert _answer("budget", " 5000 ") == 5000.0
    assert _answer("usd_rate", "600") == 600.0
    assert _answer("currency", " XOF ") == "XOF"
