"""``channelmix compare``: two plans beside each other, or a plan and what it becomes if the profile is edited."""

from __future__ import annotations

from typing import Any

import click

from channelmix.cli.input import is_plan, read_plan, read_profile
from channelmix.cli.options import format_option, output_option, quiet_option
from channelmix.cli.output import shortcoming, write_document
from channelmix.cli.progress import status_line
from channelmix.cli.session import NO_PLAN, examples


@click.command(
    epilog=examples(
        "channelmix compare before.json after.json",
        "channelmix compare profile.json --set budget=50000",
        "channelmix compare profile.json --set markets[0].customers=80000",
        "channelmix compare before.json after.json --format json",
    )
)
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="[AFTER]", required=False)
@click.option(
    "--set",
    "edits",
    multiple=True,
    metavar="PATH=VALUE",
    help="Edit the profile BEFORE instead of reading AFTER; may be repeated. PATH is like markets[0].customers, or "
    "budget; VALUE is JSON or text, null takes the field away.",
)
@format_option
@output_option
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of profiles' draws."
)
@quiet_option
@click.pass_context
def compare(
    ctx: click.Context,
    before: str,
    after: str | None,
    edits: tuple[str, ...],
    style: str | None,
    output: str | None,
    seed: int,
    quiet: bool,
) -> None:
    """Say what is different between the plans in BEFORE and AFTER, and why.

    Each of them is a plan's JSON, or a profile, for which a plan is made. With --set, the profile in BEFORE is planned
    as it is and with the edits. Where both plans rest on the same curves, the difference has an interval, draw by draw.
    """
    import channelmix as cm
    from channelmix import report
    from channelmix.plan import NO_SPEND
    from channelmix.recommender.compare import edited

    if (after is None) == (not edits):
        raise click.UsageError("compare takes either AFTER or --set")
    if edits:
        if is_plan(before):
            raise click.UsageError("--set edits a profile, and BEFORE is a plan")
        profile = read_profile(before)
        changed = edited(profile, dict(_edit(edit) for edit in edits))
        with status_line(quiet):
            plans = [cm.optimize(one, seed=seed) for one in (profile, changed)]
    else:
        with status_line(quiet):
            plans = [_plan(path, seed) for path in (before, str(after))]
    for plan, what in zip(plans, ("before", "after"), strict=True):
        if plan.status in NO_SPEND:
            click.echo(f"channelmix: {what}: {plan.status}{shortcoming(plan)}", err=True)
            ctx.exit(NO_PLAN)
    found = cm.compare(*plans)
    write_document(found, style, output, report.difference_to_terminal, report.difference_to_csv)


def _edit(text: str) -> tuple[str, str]:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise click.UsageError(f"--set takes PATH=VALUE, not {text!r}")
    return path.strip(), value.strip()


def _plan(path: str, seed: int) -> Any:
    import channelmix as cm

    return read_plan(path) if is_plan(path) else cm.optimize(read_profile(path), seed=seed)
