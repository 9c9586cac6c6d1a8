"""``channelmix report``: a plan as a page to hand on."""

from __future__ import annotations

import click

from channelmix.cli.input import read_input
from channelmix.cli.options import output_option
from channelmix.cli.output import write_result
from channelmix.cli.session import examples


@click.command(
    epilog=examples(
        "channelmix report plan.json --output report.html",
        "channelmix report plan.json --lang fr --output rapport.html",
        "channelmix report plan.json --explanation why.json --tests value.json",
    )
)
@click.argument("plan", metavar="PLAN")
@output_option
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="Language of the report."
)
@click.option(
    "--frontier",
    metavar="FILE",
    help="JSON of channelmix frontier, for a section on more or less money.",
)
@click.option(
    "--explanation",
    metavar="FILE",
    help="JSON of channelmix explain of this plan, for the reasons of each cell and what each rule costs.",
)
@click.option(
    "--tests",
    metavar="FILE",
    help="JSON of channelmix test-next of the same profile, for what to test next and what certainty is worth.",
)
def report(
    plan: str, output: str | None, lang: str, frontier: str | None, explanation: str | None, tests: str | None
) -> None:
    """Write the PLAN in a JSON file ("-" reads standard input) as one HTML page.

    The page works offline: it loads nothing and sends nothing. It shows what the plan says and does not check it:
    channelmix verify does.
    """
    from channelmix.core.documents import LARGEST_DOCUMENT
    from channelmix.plan import Explanation, Frontier, InformationValue, Plan
    from channelmix.report.html import to_html

    read = Plan.from_json(read_input(LARGEST_DOCUMENT)) if plan == "-" else Plan.from_file(plan)
    page = to_html(
        read,
        lang,
        None if frontier is None else Frontier.from_file(frontier),
        explanation=None if explanation is None else Explanation.from_file(explanation),
        tests=None if tests is None else InformationValue.from_file(tests),
    )
    write_result(page, output)
    if output not in (None, "-"):
        click.echo(f"{output} written", err=True)
