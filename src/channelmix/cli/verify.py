"""``channelmix verify``: re-prove a plan without any solver."""

from __future__ import annotations

import sys

import click

__all__ = ["verify"]


@click.command()
@click.argument("plan", metavar="PLAN")
def verify(plan: str) -> None:
    r"""Recompute what the PLAN in a JSON file claims ("-" reads standard input), without any solver.

    Value, rules, bound and outcomes are computed again from the curves and rules in the plan and its proof.

    \b
    Example:
      channelmix verify plan.json
    """
    from channelmix.plan import Plan, verify_plan
    from channelmix.report.wording import amount, percent
    from channelmix.solution import Status

    read = Plan.from_json(sys.stdin.buffer.read()) if plan == "-" else Plan.from_file(plan)
    certificate = verify_plan(read)
    if certificate.status is Status.INFEASIBLE:
        click.echo(f"{read.name}: holds: no split obeys all rules ({', '.join(read.conflicts)})")
        return
    mark = "" if certificate.status is Status.OPTIMAL else " (not certified to the gap that was asked for)"
    click.echo(
        f"{read.name}: holds: value {read.currency} {amount(certificate.value)}, proven upper bound "
        f"{amount(certificate.upper_bound)}, gap {percent(certificate.gap)}{mark}, "
        f"{certificate.leaves} lea{'f' if certificate.leaves == 1 else 'ves'} checked"
    )
