"""``channelmix init``: a complete starter profile."""

from __future__ import annotations

import json
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from channelmix.cli.output import write_result
from channelmix.cli.session import Number, examples

QUESTIONS = {
    "name": "Company name",
    "sector": "Sector",
    "country": "Country (two letters)",
    "currency": "Currency (three letters)",
    "usd_rate": "Units of that currency for one US dollar",
    "budget": "Budget per month",
    "customers": "Customers",
}

PLACES = {"scenario.amount": "budget", "markets[0].customers": "customers"}
"""Where a starter profile holds what is asked under another name."""

DERIVED = (
    (re.compile(r"channels\..*\.current_spend\."), "budget"),
    (re.compile(r"channels\..*\.reachable$|purposes\.service\.inbound_contacts$"), "customers"),
    (re.compile(r"channels\..*\.cost_per_contact\.|purposes\."), "usd_rate"),
)
"""Places of a starter profile whose figures are worked out from an answer, each with that answer's name."""


@click.command(
    epilog=examples(
        "channelmix init profile.json",
        "channelmix init profile.json --country DE --budget 80000 --force",
        "channelmix init > profile.json",
    )
)
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--name", help="The company's name.")
@click.option("--sector", help="Sector, such as retail, banking, telecom; see channelmix schema.")
@click.option("--country", metavar="CODE", help="ISO 3166 code, two capital letters.")
@click.option("--currency", metavar="CODE", help="ISO 4217 code, three capital letters.")
@click.option(
    "--usd-rate",
    type=Number(min=0, min_open=True),
    metavar="RATE",
    help="Units of the currency for one US dollar.",
)
@click.option("--budget", type=Number(min=0, min_open=True), metavar="AMOUNT", help="Total spend per period.")
@click.option(
    "--customers", type=Number(min=0, min_open=True), metavar="COUNT", help="Customers of the company."
)
@click.option("--periods", type=int, metavar="COUNT", help="Number of periods to plan.")
def init(file: str | None, force: bool, **flags: Any) -> None:
    """Write a complete, valid starter profile to FILE, or to standard output without FILE.

    With FILE, on a terminal and without further options, a few questions are asked; Enter takes the default.
    """
    to_file = file is not None and file != "-"
    if to_file and Path(str(file)).exists() and not force:
        raise click.UsageError(f"{file} exists; replace it with --force")
    given = {key: value for key, value in flags.items() if value is not None}
    if to_file and not given and sys.stdin.isatty() and sys.stderr.isatty():
        given = _ask()
    text = json.dumps(_starter(given), indent=2, ensure_ascii=False) + "\n"
    write_result(text, file)
    if to_file:
        click.echo(f"{file} written; edit it, then run: channelmix optimize {file}", err=True)


def _ask() -> dict[str, Any]:
    """Ask for the most important figures; a wrong answer is asked for again."""
    import inspect

    from channelmix.profile import starter_profile

    defaults = inspect.signature(starter_profile).parameters
    given: dict[str, Any] = {}
    for key, question in QUESTIONS.items():
        if key == "usd_rate" and _rate_is_known(given["currency"]):
            continue
        default = defaults[key].default
        shown = f"{default:.0f}" if isinstance(default, float) else default
        given[key] = click.prompt(question, default=shown, value_proc=partial(_answer, key), err=True)
    return given


def _answer(key: str, text: str) -> Any:
    """Read the answer to a question, or raise UsageError, upon which it is asked again."""
    from channelmix.profile.faults import echo

    answer: Any = text.strip()
    if key in {"usd_rate", "budget", "customers"}:
        try:
            answer = Number(min=0, min_open=True).convert(answer, None, None)
        except click.BadParameter:
            raise click.UsageError(_sentence(echo(answer), "a number greater than 0")) from None
    given = {"usd_rate": 1.0, key: answer} if key == "currency" else {key: answer}
    if key == "usd_rate":
        given["currency"] = "XXX"  # any but USD, whose rate is fixed
    try:
        _make(given)
    except _WrongAnswersError as error:
        raise click.UsageError("\n".join(error.said.values())) from None
    return answer


def _rate_is_known(currency: str) -> bool:
    from channelmix.core.errors import InputError
    from channelmix.profile import starter_profile

    try:
        starter_profile(currency=currency)
    except InputError:
        return False
    return True


class _WrongAnswersError(Exception):
    """What is wrong with each answer or flag, by its name."""

    def __init__(self, said: dict[str, str]) -> None:
        super().__init__(said)
        self.said = said


def _starter(given: dict[str, Any]) -> dict[str, Any]:
    """Make the profile; what is wrong with a flag is said of the flag, not of its place in the profile."""
    try:
        return _make(given)
    except _WrongAnswersError as error:
        lines = (f"--{flag.replace('_', '-')}: {said}" for flag, said in error.said.items())
        raise click.UsageError("\n".join(lines)) from None


def _make(given: dict[str, Any]) -> dict[str, Any]:
    """Make the profile, or raise _WrongAnswersError with one sentence for each answer at fault."""
    from channelmix.profile import ProfileError, starter_profile
    from channelmix.profile.faults import echo

    try:
        return starter_profile(**given)
    except ProfileError as error:
        said: dict[str, str] = {}
        for fault in error.faults:
            flag = PLACES.get(fault.path, fault.path)
            if flag in given:
                said[flag] = _sentence(fault.found, fault.expected, fault.hint)
        for fault in error.faults:
            flag = next((flag for places, flag in DERIVED if places.match(fault.path)), "")
            if flag in given:  # figures that the user never saw: say what the flag was
                expected = f"an amount with which {fault.path} becomes {fault.expected}"
                said.setdefault(flag, _sentence(echo(given[flag]), expected))
        if not said:
            raise
        raise _WrongAnswersError(said) from None


def _sentence(found: str, expected: str, hint: str = "") -> str:
    return f"found {found}, expected {expected}" + (f' (did you mean "{hint}"?)' if hint else "")
