"""``channelmix validate``: check a profile, and summarize it."""

from __future__ import annotations

import click

from channelmix.cli.input import read_profile
from channelmix.cli.options import max_memory_option, time_limit_option
from channelmix.cli.output import write_result
from channelmix.cli.session import command


@command("channelmix validate profile.json")
@click.argument("file", metavar="FILE")
@time_limit_option(
    60.0, "Refuse a plan that is estimated to take longer than this, however little is searched."
)
@max_memory_option
def validate(file: str, time_limit: float, max_memory: float) -> None:
    """Check the profile in FILE ("-" reads standard input), and list its faults with line and column.

    A profile whose plan would take more memory or time than allowed is refused, as `channelmix optimize` refuses it.
    """
    from channelmix.core.wording import amount
    from channelmix.profile.notes import many_contacts, unknown_countries, unused_audiences
    from channelmix.profile.other_periods import budget_question
    from channelmix.recommender.optimize.size import check_size

    profile = read_profile(file)
    check_size(profile, max_memory=max_memory, time_limit=time_limit)
    counts = (
        (len(profile.markets), "market"),
        (len(profile.channels), "channel"),
        (len(profile.cells()), "cell"),
    )
    holds = ", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for count, what in counts)
    write_result(f"{profile.name}: valid; {holds}, {profile.currency} {amount(profile.budget)} per period\n")
    question = budget_question(profile)
    for line in [
        *([] if question is None else [question]),
        *many_contacts(profile),
        *unused_audiences(profile),
        *unknown_countries(profile),
    ]:
        click.echo(f"{profile.name}: {line}", err=True)
