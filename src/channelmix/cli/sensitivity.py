"""``channelmix sensitivity``: which inputs the plan depends on."""

from __future__ import annotations

from channelmix.cli.input import read_profile
from channelmix.cli.options import (
    format_option,
    max_memory_option,
    output_option,
    profile_argument,
    quiet_option,
    time_limit_option,
    top_option,
)
from channelmix.cli.output import require_allocation, write_document
from channelmix.cli.progress import progress_line
from channelmix.cli.session import command


@command(
    "channelmix sensitivity profile.json",
    "channelmix sensitivity profile.json --top 5",
    "channelmix sensitivity profile.json --output sensitivity.csv",
)
@profile_argument
@top_option(10, "Number of inputs in the table; json and csv hold all.")
@format_option
@output_option
@time_limit_option(300.0, "After this time, return the inputs that were moved, and say how many were not.")
@max_memory_option
@quiet_option
def sensitivity(
    profile: str,
    top: int,
    style: str | None,
    output: str | None,
    time_limit: float,
    max_memory: float,
    quiet: bool,
) -> None:
    """Vary each input of the plan for PROFILE ("-" reads standard input), one at a time, down and up.

    Inputs are the published figures in use, varied by their own uncertainty factors, and the numbers that the profile
    states, varied over their ranges, stated or assumed, or by 1.25 where they have none. For each, show the gain of the
    unchanged plan and of a new plan, and whether the recommendation changes: over a tenth of the budget moves, a cell
    is cut instead of raised or raised instead of cut, or the gain turns negative.
    """
    import channelmix as cm
    from channelmix.recommender.optimize.time_left import Clock

    company = read_profile(profile)
    clock = Clock(time_limit)
    plan = cm.optimize(company, time_limit=clock.planning, max_memory=max_memory)
    require_allocation(plan)
    with progress_line(quiet, "inputs") as progress:
        found = cm.sensitivity(company, plan, time_limit=clock.left, progress=progress)
    write_document(found, style, output, top=top)
