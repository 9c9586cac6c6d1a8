"""``channelmix explain``: why each cell gets what it gets, and what each rule costs."""

from __future__ import annotations

import click

from channelmix.cli.input import planned, read_plan_or_profile
from channelmix.cli.options import (
    format_option,
    max_memory_option,
    output_option,
    quiet_option,
    time_limit_option,
)
from channelmix.cli.output import require_allocation, write_document
from channelmix.cli.progress import progress_line
from channelmix.cli.session import command


@command(
    "channelmix explain profile.json",
    "channelmix explain plan.json",
    "channelmix explain profile.json --output reasons.json",
)
@click.argument("file", metavar="FILE")
@format_option
@output_option
@time_limit_option(
    300.0,
    "After this time, return what is known. What is not finished has a wider interval or is left out, and the output "
    "says so.",
)
@max_memory_option
@quiet_option
def explain(
    file: str, style: str | None, output: str | None, time_limit: float, max_memory: float, quiet: bool
) -> None:
    """Explain the plan in FILE, or the plan for the profile in FILE ("-" reads standard input).

    Explain each cell in words and numbers: why it gets more or less, which rule binds, what the next unit brings, how
    certain that is, how wrong its curve can be before the plan changes, and what is extrapolated. Then show what each
    rule costs, by planning again without it. Ctrl-C shows what has been found so far.
    """
    import channelmix as cm
    from channelmix.recommender.optimize.time_left import Clock

    given = read_plan_or_profile(file)
    clock = Clock(time_limit)
    plan = planned(given, time_limit=clock.planning, max_memory=max_memory)
    require_allocation(plan)
    with progress_line(quiet, "plans recomputed") as progress:
        found = cm.explain(plan, time_limit=clock.left, progress=progress)
    write_document(found, style, output)
