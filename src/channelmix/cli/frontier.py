"""``channelmix frontier``: what more or less money brings, and what safety costs."""

from __future__ import annotations

import click

from channelmix.cli.input import read_profile
from channelmix.cli.options import format_option, output_option, quiet_option, seed_option
from channelmix.cli.output import write_document
from channelmix.cli.progress import progress_line
from channelmix.cli.session import INTERRUPTED, Number, examples


@click.command(
    epilog=examples(
        "channelmix frontier profile.json",
        "channelmix frontier profile.json --from 50000 --to 300000 --points 6",
        "channelmix frontier profile.json --risk --points 5",
        "channelmix frontier profile.json --output frontier.csv",
    )
)
@click.argument("profile", metavar="PROFILE")
@click.option(
    "--points", type=click.IntRange(2, 1000), default=11, show_default=True, help="Number of points."
)
@click.option(
    "--from",
    "first",
    type=Number(min=0),
    metavar="AMOUNT",
    help="First budget per period; with --risk, first weight. Default: half the profile's budget, or 0.",
)
@click.option(
    "--to",
    "last",
    type=Number(min=0),
    metavar="AMOUNT",
    help="Last budget per period; with --risk, last weight. Default: twice the profile's budget, or 1.",
)
@click.option(
    "--risk", is_flag=True, help="Weigh the worst tenth of draws against the mean, at the profile's budget."
)
@format_option
@output_option
@click.option(
    "--gap",
    type=Number(min=0, min_open=True),
    metavar="SHARE",
    help="Relative gap to prove at every point. Default: 0.0001, or 0.005 where the worst draws count or periods "
    "are planned.",
)
@click.option(
    "--time-limit",
    type=Number(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Time for all points together; a point that is out of time states its honest gap.",
)
@seed_option
@quiet_option
@click.pass_context
def frontier(
    ctx: click.Context,
    profile: str,
    points: int,
    first: float | None,
    last: float | None,
    risk: bool,
    style: str | None,
    output: str | None,
    gap: float | None,
    time_limit: float,
    seed: int,
    quiet: bool,
) -> None:
    """Plan PROFILE ("-" reads standard input) for many budgets, and show what each brings and what one more unit would.

    Every point is proven to its gap. Ctrl-C gives the points found so far.
    """
    import numpy as np

    import channelmix as cm

    company = read_profile(profile)
    low = (0.0 if risk else 0.5 * company.budget) if first is None else first
    high = (1.0 if risk else 2.0 * company.budget) if last is None else last
    if low > high:
        raise click.UsageError(f"--from {low:g} lies above --to {high:g}")
    with progress_line(quiet, "points") as progress:
        found = cm.frontier(
            company,
            np.linspace(low, high, points).tolist(),
            risk=risk,
            gap=gap,
            time_limit=time_limit,
            seed=seed,
            progress=progress,
        )
    from channelmix import report

    write_document(found, style, output, report.frontier_to_terminal, report.frontier_to_csv)
    if not found.complete:
        click.echo("channelmix: interrupted", err=True)
        ctx.exit(INTERRUPTED)
