"""``channelmix report``: a plan as a page to hand on."""

from __future__ import annotations

import click

from channelmix.cli.options import output_option
from channelmix.cli.session import examples, read_input, write_result

__all__ = ["report"]


@click.command(
    epilog=examples(
        "channelmix report plan.json --output report.html",
        "channelmix report plan.json --lang fr --output rapport.html",
        "channelmix report plan.json --frontier frontier.json --output report.html",
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
def report(plan: str, output: str | None, lang: str, frontier: str | None) -> None:
    """Write the PLAN in a JSON file ("-" reads standard input) as one HTML page.

    The page works offline: it loads nothing and sends nothing. It shows what the plan says and does not check it:
    channelmix verify does.
    """
    from channelmix.document import LARGEST_DOCUMENT
    from channelmix.plan import Frontier, Plan
    from channelmix.report.html import to_html

    read = Plan.from_json(read_input(LARGEST_DOCUMENT)) if plan == "-" else Plan.from_file(plan)
    beside = None if frontier is None else Frontier.from_file(frontier)
    write_result(to_html(read, lang, beside), output)
    if output not in (None, "-"):
        click.echo(f"{output} written", err=True)
