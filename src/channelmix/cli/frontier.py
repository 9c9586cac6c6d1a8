"""``channelmix frontier``: what more or less budget brings, and what safety costs."""

from __future__ import annotations

from typing import Any

import click

from channelmix.cli.input import read_profile
from channelmix.cli.options import (
    AMOUNT,
    format_option,
    gap_option,
    max_memory_option,
    output_option,
    profile_argument,
    quiet_option,
    seed_option,
    time_limit_option,
)
from channelmix.cli.output import write_document
from channelmix.cli.progress import progress_line
from channelmix.cli.session import command


@command(
    "channelmix frontier profile.json",
    "channelmix frontier profile.json --from 50000 --to 300000 --points 6",
    "channelmix frontier profile.json --risk --points 5",
    "channelmix frontier profile.json --output frontier.csv",
)
@profile_argument
@click.option(
    "--points", type=click.IntRange(2, 1000), default=11, show_default=True, help="Number of points."
)
@click.option(
    "--from",
    "first",
    type=AMOUNT,
    metavar="AMOUNT",
    help="First budget per period; with --risk, first weight. Default: half the profile's budget, or 0.",
)
@click.option(
    "--to",
    "last",
    type=AMOUNT,
    metavar="AMOUNT",
    help="Last budget per period; with --risk, last weight. Default: twice the profile's budget, or 1.",
)
@click.option(
    "--risk",
    is_flag=True,
    help="Trade off the worst tenth of draws against the mean, at the profile's budget.",
)
@format_option
@output_option
@gap_option
@time_limit_option(300.0, "After this time, return all points with the gaps that they reached.")
@seed_option
@max_memory_option
@quiet_option
def frontier(
    profile: str,
    points: int,
    first: float | None,
    last: float | None,
    risk: bool,
    style: str | None,
    output: str | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Plan PROFILE ("-" reads standard input) for a range of budgets.

    Show what each budget brings and what one more unit would add. Every point is proven to its gap. Ctrl-C shows the
    points found so far.
    """
    import numpy as np

    import channelmix as cm

    company = read_profile(profile)
    low = (0.0 if risk else 0.5 * company.budget) if first is None else first
    high = (1.0 if risk else 2.0 * company.budget) if last is None else last
    if low > high:
        raise click.UsageError(f"--from {low:g} is above --to {high:g}")
    with progress_line(quiet, "points") as progress:
        amounts = np.linspace(low, high, points).tolist()
        found = cm.frontier(company, amounts, risk=risk, progress=progress, **options)
    write_document(found, style, output)
