"""``channelmix optimize``: make a proven plan for a profile."""

from __future__ import annotations

from typing import Any

import click

from channelmix.cli.input import read_profile
from channelmix.cli.options import (
    AMOUNT,
    POSITIVE_AMOUNT,
    format_option,
    gap_option,
    max_memory_option,
    output_option,
    profile_argument,
    quiet_option,
    seed_option,
    time_limit_option,
)
from channelmix.cli.output import shortcoming, style_of, write_document
from channelmix.cli.progress import status_line
from channelmix.cli.session import NO_PLAN, UNPROVEN, command

MECHANISMS = ("word_of_mouth", "answer_on_time", "fatigue")
"""Choices of `--without`: the profile's mechanisms, repeated here so that `--help` need not import the profile."""


@command(
    "channelmix optimize profile.json",
    "channelmix optimize profile.json --budget 120000",
    "channelmix optimize profile.json --target 400000",
    "channelmix optimize profile.json --output plan.json",
    "channelmix optimize profile.json --without fatigue --without word_of_mouth",
    "channelmix optimize - --format csv < profile.json",
)
@profile_argument
@format_option
@output_option
@click.option(
    "--budget",
    type=AMOUNT,
    metavar="AMOUNT",
    help="Budget per period, instead of the profile's scenario; with one of the next three, an upper limit.",
)
@click.option(
    "--target",
    type=AMOUNT,
    metavar="AMOUNT",
    help="Reach this outcome per period at least cost, instead of the profile's scenario.",
)
@click.option(
    "--min-roi",
    type=POSITIVE_AMOUNT,
    metavar="RATIO",
    help="Spend as long as the outcome per unit of spend is at least this, instead of the profile's scenario.",
)
@click.option("--max-profit", is_flag=True, help="Maximize profit, instead of the profile's scenario.")
@click.option(
    "--without",
    type=click.Choice(MECHANISMS),
    multiple=True,
    help="Switch off a mechanism of the published prior; may be repeated.",
)
@gap_option
@time_limit_option(60.0, "After this time, return the best plan so far with the gap that it reached.")
@seed_option
@click.option(
    "--draws",
    "n_draws",
    type=click.IntRange(1, 65536),
    help="Draws of effectiveness; a power of two is best. Default: 512, or 1024 for plans on the worst draws.",
)
@max_memory_option
@quiet_option
def optimize(
    profile: str,
    style: str | None,
    output: str | None,
    budget: float | None,
    target: float | None,
    min_roi: float | None,
    max_profit: bool,
    without: tuple[str, ...],
    quiet: bool,
    **options: Any,
) -> None:
    """Plan the channel mix of the company in PROFILE ("-" reads standard input), and prove it."""
    import channelmix as cm
    from channelmix.plan import NO_SPEND

    company = read_profile(profile)
    scenarios: dict[str, dict[str, float]] = {
        "target_outcome": {} if target is None else {"amount": target},
        "flexible_budget": {} if min_roi is None else {"min_roi": min_roi},
    }
    chosen = [kind for kind, fields in scenarios.items() if fields] + ["max_profit"] * max_profit
    if len(chosen) > 1:
        raise click.UsageError("use only one of --target, --min-roi and --max-profit")
    if chosen:
        company = company.with_scenario(chosen[0], **scenarios.get(chosen[0], {}), max_amount=budget)
    elif budget is not None:
        company = company.with_budget(budget)
    if without:
        company = company.without(*without)
    with status_line(quiet):
        plan = cm.optimize(company, **options)
    style = style or style_of(output)
    write_document(plan, style, output)
    # The table explains itself; with JSON, CSV or a file, the reader would have only the exit code.
    why = "" if style == "table" else shortcoming(plan)
    if output is not None or why:
        click.echo(f"{output or 'channelmix'}: {plan.status}{why}", err=True)
    if plan.status is not cm.Status.OPTIMAL:
        raise click.exceptions.Exit(NO_PLAN if plan.status in NO_SPEND else UNPROVEN)
