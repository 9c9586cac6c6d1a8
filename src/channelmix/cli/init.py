"""``channelmix init``: a complete starter profile."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from channelmix.cli.options import POSITIVE_AMOUNT, Number
from channelmix.cli.output import write_result
from channelmix.cli.session import command

RATE = Number(min=1e-6, max=10**9)

QUESTIONS = {
    "name": ("Company name", None),
    "sector": ("Sector", None),
    "country": ("Country (two letters)", None),
    "currency": ("Currency (three letters)", None),
    "usd_rate": ("Units of that currency for one US dollar", RATE),
    "budget": ("Budget per month", POSITIVE_AMOUNT),
    "customers": ("Customers", POSITIVE_AMOUNT),
}
"""What is asked, in order, and the type of a number."""


@command(
    "channelmix init profile.json",
    "channelmix init profile.json --country DE --budget 80000 --force",
    "channelmix init > profile.json",
)
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--name", help="Name of the company.")
@click.option("--sector", help="Sector, such as retail, banking, telecom; channelmix schema lists all.")
@click.option("--country", metavar="CODE", help="ISO 3166 code, two capital letters.")
@click.option("--currency", metavar="CODE", help="ISO 4217 code, three capital letters.")
@click.option("--usd-rate", type=RATE, metavar="RATE", help="Units of the currency for one US dollar.")
@click.option("--budget", type=POSITIVE_AMOUNT, metavar="AMOUNT", help="Total spend per period.")
@click.option("--customers", type=POSITIVE_AMOUNT, metavar="COUNT", help="Number of customers.")
@click.option("--periods", type=int, metavar="COUNT", help="Number of periods to plan.")
def init(file: str | None, force: bool, **flags: Any) -> None:
    """Write a complete, valid starter profile to FILE, or to standard output without FILE.

    With FILE and no options, on a terminal, ask a few questions; Enter takes the default.
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
    """Ask for the most important figures; after a wrong answer, ask again."""
    import inspect

    from channelmix.profile import starter_profile
    from channelmix.profile.starter import rough_usd_rates

    defaults = inspect.signature(starter_profile).parameters
    given: dict[str, Any] = {}
    for key, (question, kind) in QUESTIONS.items():
        if key == "usd_rate" and given["currency"] in rough_usd_rates():
            continue
        default = defaults[key].default
        shown = f"{default:.0f}" if isinstance(default, float) else default
        read = partial(_answer, key) if kind is None else partial(kind.convert, param=None, ctx=None)
        given[key] = click.prompt(question, default=shown, value_proc=read, err=True)
    return given


def _answer(key: str, text: str) -> str:
    """Check an answer in words, or raise UsageError, after which it is asked for again."""
    answer = text.strip()
    _starter({"usd_rate": 1.0, key: answer}, named=False)
    return answer


def _starter(given: dict[str, Any], named: bool = True) -> dict[str, Any]:
    """Make the profile; report errors by the names of the options that they come from."""
    from channelmix.profile import ProfileError, starter_profile

    try:
        return starter_profile(**given)
    except ProfileError as error:
        wrong = {fault.path: str(replace(fault, line=None, path="")) for fault in error.faults}
        if not wrong.keys() <= given.keys():
            raise
        names = {path: f"--{path.replace('_', '-')}: " if named else "" for path in wrong}
        raise click.UsageError("\n".join(names[path] + wrong[path] for path in wrong)) from None
