"""``channelmix explain``: why each cell gets what it gets, and what each rule costs."""

from __future__ import annotations

import click

from channelmix.cli.input import is_plan, read_plan, read_profile
from channelmix.cli.options import format_option, output_option, quiet_option
from channelmix.cli.output import shortcoming, write_document
from channelmix.cli.progress import progress_line
from channelmix.cli.session import INTERRUPTED, NO_PLAN, Number, examples


@click.command(
    epilog=examples(
        "channelmix explain profile.json",
        "channelmix explain plan.json",
        "channelmix explain profile.json --output reasons.json",
    )
)
@click.argument("file", metavar="FILE")
@format_option
@output_option
@click.option(
    "--time-limit",
    type=Number(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Time for pricing all rules, and again for break-even factors over several periods; what is out of time has a "
    "wider interval or is left out, and that is said.",
)
@quiet_option
@click.pass_context
def explain(
    ctx: click.Context, file: str, style: str | None, output: str | None, time_limit: float, quiet: bool
) -> None:
    """Explain the plan in FILE, or the plan for the profile in FILE ("-" reads standard input).

    Every cell in words and numbers: why more or less, which rule binds, what the next unit brings, how sure that is,
    how wrong its curve may be before the plan changes, what goes beyond anything seen. Then what each rule costs, by
    planning anew without it. Ctrl-C gives what was found so far.
    """
    import channelmix as cm
    from channelmix import report
    from channelmix.plan import NO_SPEND

    plan = read_plan(file) if is_plan(file) else cm.optimize(read_profile(file))
    if plan.status in NO_SPEND:
        click.echo(f"channelmix: {plan.status}{shortcoming(plan)}", err=True)
        ctx.exit(NO_PLAN)
    with progress_line(quiet, "plans made anew") as progress:
        found = cm.explain(plan, time_limit=time_limit, progress=progress)
    write_document(found, style, output, report.explanation_to_terminal, report.explanation_to_csv)
    if not found.complete:
        click.echo("channelmix: interrupted", err=True)
        ctx.exit(INTERRUPTED)
