"""``channelmix report``: a plan as an HTML page to pass on."""

from __future__ import annotations

import click

from channelmix.cli.input import read_plan
from channelmix.cli.options import output_option
from channelmix.cli.output import write_result
from channelmix.cli.session import command


@command(
    "channelmix report plan.json --output report.html",
    "channelmix report plan.json --lang fr --output rapport.html",
    "channelmix report plan.json --explanation why.json --tests value.json",
)
@click.argument("plan", metavar="PLAN")
@output_option
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="Language of the report."
)
@click.option(
    "--frontier",
    metavar="FILE",
    help="Add a section on more or less budget, from the JSON of channelmix frontier.",
)
@click.option(
    "--explanation",
    metavar="FILE",
    help="Add the reasons for each cell and the cost of each rule, from the JSON of channelmix explain.",
)
@click.option(
    "--tests",
    metavar="FILE",
    help="Add what to test next and what certainty is worth, from the JSON of channelmix test-next.",
)
def report(
    plan: str, output: str | None, lang: str, frontier: str | None, explanation: str | None, tests: str | None
) -> None:
    """Write the PLAN in a JSON file ("-" reads standard input) as one HTML page.

    The page works offline: it loads nothing and sends nothing. It shows the plan without checking it; channelmix verify
    does that.
    """
    from channelmix.plan import Explanation, Frontier, InformationValue
    from channelmix.report.html import to_html

    page = to_html(
        read_plan(plan),
        lang,
        None if frontier is None else Frontier.from_file(frontier),
        explanation=None if explanation is None else Explanation.from_file(explanation),
        tests=None if tests is None else InformationValue.from_file(tests),
    )
    write_result(page, output)
    if output not in (None, "-"):
        click.echo(f"{output} written", err=True)
