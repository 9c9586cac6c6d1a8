"""``channelmix optimize``: from a profile to a proven plan."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from channelmix.cli.input import read_profile
from channelmix.cli.options import output_option, quiet_option, seed_option
from channelmix.cli.output import shortcoming, style_of, write_result, write_table
from channelmix.cli.progress import status_line
from channelmix.cli.session import NO_PLAN, UNPROVEN, Number, examples

MECHANISMS = ("word_of_mouth", "answer_on_time", "fatigue")
"""What `--without` takes: the profile's mechanisms, written out so that `--help` need not load the profile's room."""


@click.command(
    epilog=examples(
        "channelmix optimize profile.json",
        "channelmix optimize profile.json --budget 120000",
        "channelmix optimize profile.json --target 400000",
        "channelmix optimize profile.json --output plan.json",
        "channelmix optimize profile.json --without fatigue --without word_of_mouth",
        "channelmix optimize - --format csv < profile.json",
    )
)
@click.argument("profile", metavar="PROFILE")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    help="How to write the plan. Default: by the ending of --output, else table.",
)
@output_option
@click.option(
    "--budget",
    type=Number(min=0),
    metavar="AMOUNT",
    help="Budget per period, in place of the profile's scenario; with one of the next three, its upper limit.",
)
@click.option(
    "--target",
    type=Number(min=0),
    metavar="AMOUNT",
    help="Reach this outcome per period at least cost, in place of the profile's scenario.",
)
@click.option(
    "--min-roi",
    type=Number(min=0, min_open=True),
    metavar="RATIO",
    help="Spend what pays at this outcome per unit of money at least, in place of the profile's scenario.",
)
@click.option(
    "--max-profit", is_flag=True, help="Earn the highest profit, in place of the profile's scenario."
)
@click.option(
    "--without",
    type=click.Choice(MECHANISMS),
    multiple=True,
    help="Mechanism of the published prior to switch off; may be repeated.",
)
@click.option(
    "--gap",
    type=Number(min=0, min_open=True),
    metavar="SHARE",
    help="Relative gap to prove. Default: 0.0001, or 0.005 where the worst draws count or periods are planned.",
)
@click.option(
    "--time-limit",
    type=Number(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Give the best plan so far, with its honest gap, after this time.",
)
@seed_option
@click.option(
    "--draws",
    type=click.IntRange(1, 65536),
    help="Draws of effectiveness to plan on; a power of two is best. Default: 512, or 1024 where the worst count.",
)
@quiet_option
@click.pass_context
def optimize(
    ctx: click.Context,
    profile: str,
    style: str | None,
    output: str | None,
    budget: float | None,
    target: float | None,
    min_roi: float | None,
    max_profit: bool,
    without: tuple[str, ...],
    gap: float | None,
    time_limit: float,
    seed: int,
    draws: int | None,
    quiet: bool,
) -> None:
    """Plan the channel mix of the company in PROFILE ("-" reads standard input), and prove it."""
    import channelmix as cm

    company = read_profile(profile)
    scenarios: dict[str, dict[str, float]] = {
        "target_outcome": {} if target is None else {"amount": target},
        "flexible_budget": {} if min_roi is None else {"min_roi": min_roi},
    }
    chosen = [kind for kind, fields in scenarios.items() if fields] + ["max_profit"] * max_profit
    if len(chosen) > 1:
        raise click.UsageError("--target, --min-roi and --max-profit exclude each other")
    if chosen:
        company = company.with_scenario(chosen[0], **scenarios.get(chosen[0], {}), max_amount=budget)
    elif budget is not None:
        company = company.with_budget(budget)
    if without:
        company = company.without(*without)
    with status_line(quiet):
        plan = cm.optimize(company, gap=gap, seed=seed, time_limit=time_limit, n_draws=draws)
    style = style or style_of(output)
    _write(plan, style, output)
    # The table says it all itself; data alone, or a file, would leave the reader to guess from the exit code.
    why = "" if style == "table" else shortcoming(plan)
    if output is not None or why:
        click.echo(f"{output or 'channelmix'}: {plan.status}{why}", err=True)
    codes = {
        cm.Status.INFEASIBLE: NO_PLAN,
        cm.Status.UNBOUNDED: NO_PLAN,
        cm.Status.NOT_CERTIFIED: UNPROVEN,
    }
    ctx.exit(codes.get(plan.status, 0))


def _write(plan: Any, style: str, output: str | None) -> None:
    if style == "json":
        write_result(plan.to_json(), output)
        return
    from channelmix import report

    if style == "csv":
        write_result(report.to_csv(plan), output)
    else:
        write_table(partial(report.to_terminal, plan), output)
