"""The command line: one file per command, and nothing heavy imported before it is needed."""

from __future__ import annotations

import click

from channelmix._version import __version__
from channelmix.cli.compare import compare
from channelmix.cli.explain import explain
from channelmix.cli.facts import facts
from channelmix.cli.fit import fit
from channelmix.cli.frontier import frontier
from channelmix.cli.init import init
from channelmix.cli.next_test import next_test
from channelmix.cli.optimize import optimize
from channelmix.cli.report import report
from channelmix.cli.schema import schema
from channelmix.cli.sensitivity import sensitivity
from channelmix.cli.session import Commands, examples
from channelmix.cli.validate import validate
from channelmix.cli.verify import verify

__all__ = ["main"]


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples("channelmix init profile.json", "channelmix optimize profile.json"),
)
@click.version_option(__version__, prog_name="channelmix")
def main() -> None:
    """Split a budget over social media, SMS, instant messaging and an app, and prove that no better split exists.

    Begin with a profile of the company, then ask for a plan.

    Exit codes: 0 done, 1 a defect of channelmix, 2 wrong usage, 3 invalid input, 4 no plan (rules that no split obeys,
    or spend that pays without limit), 5 not certified within the limits or a proof rejected.
    """


for _command in (
    init,
    validate,
    schema,
    facts,
    fit,
    optimize,
    explain,
    compare,
    next_test,
    frontier,
    report,
    sensitivity,
    verify,
):
    main.add_command(_command)
