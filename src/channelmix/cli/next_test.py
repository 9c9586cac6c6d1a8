"""``channelmix test-next``: what certainty is worth, and the lift test to run next."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from channelmix.cli.input import read_profile
from channelmix.cli.options import format_option, output_option, quiet_option, seed_option
from channelmix.cli.output import write_document
from channelmix.cli.progress import progress_line
from channelmix.cli.session import INTERRUPTED, Number, examples


@click.command(
    name="test-next",
    epilog=examples(
        "channelmix test-next profile.json",
        "channelmix test-next profile.json --noise 4000 --test-cost 2500",
        "channelmix test-next profile.json --test FR/sms/promotion:-10000:4",
        "channelmix test-next profile.json --output value.json",
    ),
)
@click.argument("profile", metavar="PROFILE")
@click.option(
    "--test",
    "tests",
    multiple=True,
    metavar="CELL:CHANGE:WEEKS[:ERROR]",
    help="Value this lift test: change of spend per period, length, and the standard error of the lift per period; "
    "may be repeated. Default: a range of tests on every cell.",
)
@click.option(
    "--noise",
    type=Number(min=0, min_open=True),
    metavar="AMOUNT",
    help="Standard deviation of a week's difference between tested and untested customers. Default: what the fit of "
    "own history leaves unexplained, else a judged quarter of what all channels of the market bring in a week.",
)
@click.option(
    "--test-cost",
    type=Number(min=0),
    default=0.0,
    show_default=True,
    metavar="AMOUNT",
    help="What a test costs beside its change of spend.",
)
@click.option(
    "--test-periods",
    type=Number(min=0, min_open=True),
    metavar="COUNT",
    help="Periods that are planned with what a test tells. Default: a year's.",
)
@click.option(
    "--caution",
    is_flag=True,
    help="Plan for the worst draws too, and say what that costs: a minute or so more.",
)
@click.option(
    "--top", type=click.IntRange(1), default=8, show_default=True, help="Entries that a table shows."
)
@click.option(
    "--draws",
    type=click.IntRange(8, 8192),
    default=256,
    show_default=True,
    help="Draws that are looked at one by one.",
)
@format_option
@output_option
@click.option(
    "--time-limit",
    type=Number(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Time for the draws' best splits; what is out of time has a wider interval.",
)
@seed_option
@quiet_option
@click.pass_context
def next_test(
    ctx: click.Context,
    profile: str,
    tests: tuple[str, ...],
    noise: float | None,
    test_cost: float,
    test_periods: float | None,
    caution: bool,
    top: int,
    draws: int,
    style: str | None,
    output: str | None,
    time_limit: float,
    seed: int,
    quiet: bool,
) -> None:
    """Say what it is worth to know more before the money of PROFILE is split, and which lift test to run next.

    What certainty is worth in all, by channel and by cell; lift tests with their worth, cost and detectable lift; how
    the best split spreads over the draws, and what the plan forgoes if one of them is the truth.
    Ctrl-C gives what was found so far.
    """
    import channelmix as cm
    from channelmix import report

    company = read_profile(profile)
    with progress_line(quiet, "steps") as progress:
        found = cm.information_value(
            company,
            tests=[_design(text) for text in tests],
            noise=noise,
            test_cost=test_cost,
            test_periods=test_periods,
            caution=caution,
            seed=seed,
            n_draws=draws,
            time_limit=time_limit,
            progress=progress,
        )
    table = partial(report.information_to_terminal, top=top)
    write_document(found, style, output, table, report.information_to_csv)
    if not found.complete:
        click.echo("channelmix: interrupted", err=True)
        ctx.exit(INTERRUPTED)


def _design(text: str) -> Any:
    import channelmix as cm

    parts = text.split(":")
    if len(parts) not in (3, 4):
        raise click.UsageError(f"--test takes CELL:CHANGE:WEEKS[:ERROR], not {text!r}")
    try:
        return cm.LiftTestDesign(parts[0], *(float(part) for part in parts[1:]))
    except ValueError:
        raise click.UsageError(f"--test takes numbers behind the cell, not {text!r}") from None
