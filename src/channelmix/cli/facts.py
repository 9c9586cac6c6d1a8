"""``channelmix facts``: the published figures that the library uses, with their sources."""

from __future__ import annotations

import click

from channelmix.cli.options import format_option, output_option
from channelmix.cli.output import style_of, write_result
from channelmix.cli.session import command


@command(
    "channelmix facts sms/FR",
    "channelmix facts im/service",
    "channelmix facts push_opt_in_rate --format csv",
)
@click.argument("selector", default="all")
@format_option
@output_option
def facts(selector: str, style: str | None, output: str | None) -> None:
    """List the published figures that SELECTOR names, each with its source.

    SELECTOR is "all", or some of channel, purpose, country, sector, quantity and fact id joined by "/".
    The figures are what their sources state, whether measured or only claimed; kind shows how far to trust each.
    """
    from channelmix.datasets.facts import find_facts
    from channelmix.report import facts as views

    write = {"table": views.to_table, "json": views.to_json, "csv": views.to_csv}[style or style_of(output)]
    write_result(write(find_facts(selector)), output)
