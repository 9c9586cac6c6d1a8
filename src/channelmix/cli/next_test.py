"""``channelmix test-next``: the value of information, and the lift test to run next."""

from __future__ import annotations

from typing import Any

import click

from channelmix.cli.input import read_profile
from channelmix.cli.options import (
    AMOUNT,
    POSITIVE,
    POSITIVE_AMOUNT,
    format_option,
    max_memory_option,
    output_option,
    profile_argument,
    quiet_option,
    seed_option,
    time_limit_option,
    top_option,
)
from channelmix.cli.output import write_document
from channelmix.cli.progress import progress_line
from channelmix.cli.session import command


@command(
    "channelmix test-next profile.json",
    "channelmix test-next profile.json --noise 4000 --test-cost 2500",
    "channelmix test-next profile.json --test FR/sms/promotion:-10000:4",
    "channelmix test-next profile.json --output value.json",
    name="test-next",
)
@profile_argument
@click.option(
    "--test",
    "tests",
    multiple=True,
    metavar="CELL:CHANGE:WEEKS[:ERROR]",
    help="Evaluate this lift test: change of spend per period, length, and standard error of the lift per period; "
    "may be repeated. Default: a range of tests on every cell.",
)
@click.option(
    "--noise",
    type=POSITIVE_AMOUNT,
    metavar="AMOUNT",
    help="Standard deviation of a week's difference between tested and untested customers. Default: the "
    "residual of the fit of own history, else an assumed quarter of what the market's channels bring in a week.",
)
@click.option(
    "--test-cost",
    type=AMOUNT,
    default=0.0,
    show_default=True,
    metavar="AMOUNT",
    help="Cost of a test in addition to its change of spend.",
)
@click.option(
    "--test-periods",
    type=POSITIVE,
    metavar="COUNT",
    help="Number of periods planned with a test's result. Default: one year.",
)
@click.option(
    "--caution",
    is_flag=True,
    help="Also plan for the worst draws, and show what that costs; takes about a minute longer.",
)
@top_option(8, "Number of rows in each table.")
@click.option(
    "--draws",
    "n_draws",
    type=click.IntRange(8, 8192),
    default=256,
    show_default=True,
    help="Number of draws examined one by one.",
)
@format_option
@output_option
@time_limit_option(
    300.0, "After this time, return what is known; best splits that are not finished have a wider interval."
)
@seed_option
@max_memory_option
@quiet_option
def next_test(
    profile: str,
    tests: tuple[str, ...],
    top: int,
    style: str | None,
    output: str | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Estimate what it is worth to know more before splitting the budget of PROFILE, and which lift test to run next.

    Show the value of perfect information in total, by channel and by cell; the value, cost and detectable lift of lift
    tests; how the best split varies over the draws, and what the plan loses against perfect knowledge.
    Ctrl-C shows what has been found so far.
    """
    import channelmix as cm

    company = read_profile(profile)
    with progress_line(quiet, "steps") as progress:
        designs = [_design(text) for text in tests]
        found = cm.information_value(company, tests=designs, progress=progress, **options)
    write_document(found, style, output, top=top)


def _design(text: str) -> Any:
    import channelmix as cm

    parts = text.split(":")
    if len(parts) not in (3, 4):
        raise click.UsageError(f"--test takes CELL:CHANGE:WEEKS[:ERROR], not {text!r}")
    try:
        return cm.LiftTestDesign(parts[0], *(float(part) for part in parts[1:]))
    except ValueError:
        raise click.UsageError(f"--test takes numbers after the cell, not {text!r}") from None
