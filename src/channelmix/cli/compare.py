"""``channelmix compare``: two plans, or a plan and what it becomes if the profile is edited."""

from __future__ import annotations

import click

from channelmix.cli.input import planned, read_plan_or_profile
from channelmix.cli.options import format_option, output_option, quiet_option, seed_option
from channelmix.cli.output import require_allocation, write_document
from channelmix.cli.progress import status_line
from channelmix.cli.session import command


@command(
    "channelmix compare before.json after.json",
    "channelmix compare profile.json --set budget=50000",
    "channelmix compare profile.json --set markets[0].customers=80000",
    "channelmix compare before.json after.json --format json",
)
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="[AFTER]", required=False)
@click.option(
    "--set",
    "edits",
    multiple=True,
    metavar="PATH=VALUE",
    help="Edit the profile BEFORE instead of reading AFTER; may be repeated. PATH is, for example, "
    "markets[0].customers or budget; VALUE is JSON or text, and null removes the field.",
)
@format_option
@output_option
@seed_option
@quiet_option
def compare(
    before: str,
    after: str | None,
    edits: tuple[str, ...],
    style: str | None,
    output: str | None,
    seed: int,
    quiet: bool,
) -> None:
    """Compare the plans in BEFORE and AFTER, and explain the differences.

    Each file holds a plan's JSON, or a profile, which is planned first. With --set, the profile in BEFORE is planned
    twice: as it is, and with the edits. If both plans rest on the same response curves, the difference has an interval,
    computed draw by draw.
    """
    import channelmix as cm
    from channelmix.recommender.compare import edited

    if (after is None) == (not edits):
        raise click.UsageError("compare takes either AFTER or --set")
    if edits:
        profile = read_plan_or_profile(before)
        if isinstance(profile, cm.Plan):
            raise click.UsageError("--set edits a profile, and BEFORE is a plan")
        changed = edited(profile, dict(_edit(edit) for edit in edits))
        with status_line(quiet):
            plans = [cm.optimize(one, seed=seed) for one in (profile, changed)]
    else:
        given = [read_plan_or_profile(path) for path in (before, str(after))]
        with status_line(quiet):
            plans = [planned(one, seed=seed) for one in given]
    for plan, which in zip(plans, ("before: ", "after: "), strict=True):
        require_allocation(plan, which)
    found = cm.compare(*plans)
    write_document(found, style, output)


def _edit(text: str) -> tuple[str, str]:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise click.UsageError(f"--set takes PATH=VALUE, not {text!r}")
    return path.strip(), value.strip()
