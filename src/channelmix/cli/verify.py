"""``channelmix verify``: check a plan and its proof without any solver."""

from __future__ import annotations

import click

from channelmix.cli.input import read_plan, read_profile
from channelmix.cli.output import write_result
from channelmix.cli.session import command


@command("channelmix verify plan.json")
@click.argument("plan", metavar="PLAN")
@click.option(
    "--profile",
    metavar="PROFILE",
    help="Profile that the plan was made for: hold its curves, rules, comparisons and assumptions against it.",
)
def verify(plan: str, profile: str | None) -> None:
    """Check what the PLAN in a JSON file claims ("-" reads standard input), without any solver.

    Value, rules, bound, outcomes, totals and prices are recomputed from the curves, rules and proof in the plan. Not
    part of the claim: names and words (currency, reasons, warnings), assumptions, the seed, comparisons with other
    splits, whose draws are not in the plan, and, if no split obeys the rules, which rules are in the way and by how
    much they would have to be relaxed. With --profile, the curves and rules are held against those of the profile, at
    the plan's draws and seed, and comparisons and assumptions too.
    """
    from channelmix.core.wording import amount, percent
    from channelmix.engine.proof.solution import Status
    from channelmix.plan import is_wide, verify_plan

    if profile == plan == "-":
        raise click.UsageError("only one of PLAN and --profile can be read from standard input")
    read = read_plan(plan)
    certificate = verify_plan(read)
    checked = f"{read.name}: figures and proof agree"
    if profile is not None:
        from channelmix.recommender.optimize.again import verify_profile

        verify_profile(read, read_profile(profile))
        checked += ", as do figures and profile"
    if certificate.status is Status.INFEASIBLE:
        named = f" (in conflict: {', '.join(read.conflicts)})" if read.conflicts else ""
        write_result(f"{checked}: no split obeys all rules{named}\n")
        return
    if certificate.status is Status.UNBOUNDED:
        write_result(f"{checked}: {', '.join(read.conflicts)} keeps paying off without limit\n")
        return
    claim = f"value {read.currency} {amount(certificate.value)}, proven upper bound {amount(certificate.upper_bound)}"
    if read.scenario["kind"] == "target_outcome":  # the objective is minus the money
        least = amount(-certificate.upper_bound)
        claim = f"cost {read.currency} {amount(-certificate.value)}, proven least cost {least}"
    mark = "" if certificate.status is Status.OPTIMAL else " (not certified to the gap that was asked for)"
    if not mark and is_wide(certificate.gap):
        mark = " (the gap that was asked for is too wide to call it optimal)"
    write_result(
        f"{checked}: {claim}, gap {percent(certificate.gap)}{mark}, "
        f"{certificate.leaves} lea{'f' if certificate.leaves == 1 else 'ves'} checked\n"
    )
