"""``channelmix facts``: what the library knows before any data, with its sources."""

from __future__ import annotations

import click

from channelmix.cli.options import output_option
from channelmix.cli.output import write_result
from channelmix.cli.session import examples


@click.command(
    epilog=examples(
        "channelmix facts sms/FR",
        "channelmix facts im/service",
        "channelmix facts push_opt_in_rate --format csv",
    )
)
@click.argument("selector", default="all")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How to write the figures.",
)
@output_option
def facts(selector: str, style: str, output: str | None) -> None:
    """List the published figures that SELECTOR names, each with its source.

    SELECTOR is "all", or some of channel, purpose, country, sector, quantity and fact id joined by "/".
    Figures are what their sources state, of use and of claims; kind says how far to trust each.
    """
    from channelmix.datasets.facts import find_facts
    from channelmix.report import facts as written

    write = {"table": written.to_table, "json": written.to_json, "csv": written.to_csv}[style]
    write_result(write(find_facts(selector)), output)
