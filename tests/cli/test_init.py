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
    ],
)
def test_a_wrong_flag_is_one_fault_of_its_name(flag: str, value: str, expected: str) -> None:
    result = CliRunner().invoke(main, ["init", flag, value])
    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if "found" in line]
    assert line.startswith(f"Error: {flag}: found ")
    assert expected in line


@pytest.mark.parametrize("flag", ["--budget", "--customers", "--usd-rate"])
@pytest.mark.parametrize("value", ["1e30", "0", "-1", "nan", "much"])
def test_a_number_out_of_range_is_one_fault_of_its_flag(flag: str, value: str) -> None:
    result = CliRunner().invoke(main, ["init", flag, value])
    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert flag in line
    assert "number" in line or "range" in line


@pytest.mark.parametrize("flag", ["--budget", "--customers", "--usd-rate"])
@pytest.mark.parametrize("end", [0, 1])
def test_the_ends_of_every_range_make_a_profile(flag: str, end: int) -> None:
    limits = {"--usd-rate": ("1e-6", "1e9")}.get(flag, ("1e-300", "1e18"))
    assert CliRunner().invoke(main, ["init", flag, limits[end]]).exit_code == 0


@pytest.mark.parametrize(
    ("key", "answer", "said"),
    [
        ("currency", "eur", 'found "eur", expected an ISO 4217 currency code of three capital letters'),
        ("country", "fr", 'found "fr", expected an ISO 3166 country code of two capital letters'),
        ("sector", "retial", 'found "retial", expected "retail"'),
    ],
)
def test_a_wrong_answer_gets_plain_words(key: str, answer: str, said: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        _answer(key, answer)
    assert caught.value.message.startswith(said)


def test_right_answers_are_read() -> None:
    assert _answer("name", " Half ") == "Half"
    assert _answer("currency", " XOF ") == "XOF"
