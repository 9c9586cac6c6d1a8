"""``channelmix sensitivity``: which inputs the plan hangs on."""

from __future__ import annotations

from functools import partial

import click

from channelmix.cli.input import read_profile
from channelmix.cli.options import output_option, quiet_option
from channelmix.cli.output import shortcoming, write_document
from channelmix.cli.progress import progress_line
from channelmix.cli.session import NO_PLAN, examples


@click.command(
    epilog=examples(
        "channelmix sensitivity profile.json",
        "channelmix sensitivity profile.json --top 5",
        "channelmix sensitivity profile.json --output sensitivity.csv",
    )
)
@click.argument("profile", metavar="PROFILE")
@click.option(
    "--top", type=click.IntRange(1), default=10, show_default=True, help="Inputs that the table shows."
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    help="How to write it; json and csv hold every input. Default: by the ending of --output, else table.",
)
@output_option
@quiet_option
@click.pass_context
def sensitivity(
    ctx: click.Context, profile: str, top: int, style: str | None, output: str | None, quiet: bool
) -> None:
    """Move every input of the plan for PROFILE ("-" reads standard input) alone, down and up.

    Inputs are the published figures in use, moved by their own uncertainty factors, and the numbers that the profile
    states, moved by 1.25. Shown are the gain of the plan as it is, the plan made anew, and which inputs change the
    recommendation: over a tenth of the budget moves, a cell is cut instead of raised or raised instead of cut, or the
    gain turns negative.
    """
    import channelmix as cm

    company = read_profile(profile)
    plan = cm.optimize(company)
    if plan.status is cm.Status.INFEASIBLE:
        click.echo(f"channelmix: {plan.status}{shortcoming(plan)}", err=True)
        ctx.exit(NO_PLAN)
    with progress_line(quiet, "inputs") as progress:
        found = cm.sensitivity(company, plan, progress=progress)
    from channelmix import report

    table = partial(report.sensitivity_to_terminal, top=top)
    write_document(found, style, output, table, report.sensitivity_to_csv)
