"""``channelmix init``: a complete starter profile."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from channelmix.cli.session import write_result

__all__ = ["init"]

QUESTIONS = (
    ("name", "Company name"),
    ("sector", "Sector"),
    ("country", "Country (two letters)"),
    ("currency", "Currency (three letters)"),
    ("budget", "Budget per month"),
    ("customers", "Customers"),
)


@click.command()
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--name", help="The company's name.")
@click.option("--sector", help="Sector, such as retail, banking, telecom; see channelmix schema.")
@click.option("--country", metavar="CODE", help="ISO 3166 code, two capital letters.")
@click.option("--currency", metavar="CODE", help="ISO 4217 code, three capital letters.")
@click.option("--usd-rate", type=float, metavar="RATE", help="Units of the currency for one US dollar.")
@click.option("--budget", type=float, metavar="AMOUNT", help="Total spend per period.")
@click.option("--customers", type=float, metavar="COUNT", help="Customers of the company.")
@click.option("--periods", type=int, metavar="COUNT", help="Number of periods to plan.")
def init(file: str | None, force: bool, **flags: Any) -> None:
    r"""Write a complete, valid starter profile to FILE, or to standard output without FILE.

    With FILE, on a terminal and without further options, a few questions are asked; Enter takes the default.

    \b
    Examples:
      channelmix init profile.json
      channelmix init profile.json --country DE --budget 80000 --force
      channelmix init > profile.json
    """
    import inspect

    from channelmix.profile import starter_profile

    if file is not None and file != "-" and Path(file).exists() and not force:
        raise click.UsageError(f"{file} exists; replace it with --force")
    given = {key: value for key, value in flags.items() if value is not None}
    if file is not None and not given and sys.stdin.isatty() and sys.stderr.isatty():
        defaults = inspect.signature(starter_profile).parameters
        for key, question in QUESTIONS:
            given[key] = click.prompt(question, default=defaults[key].default, err=True)
    text = json.dumps(starter_profile(**given), indent=2, ensure_ascii=False) + "\n"
    write_result(text, file)
    if file not in (None, "-"):
        click.echo(f"{file} written; edit it, then run: channelmix optimize {file}", err=True)
