"""``channelmix facts``: the published figures that the library uses, with their sources."""

from __future__ import annotations

from functools import partial

import click

from channelmix.cli.options import format_option, output_option
from channelmix.cli.output import style_of, write_result, write_table
from channelmix.cli.session import command


@command(
    "channelmix facts sms/FR",
    "channelmix facts im/service",
    "channelmix facts sms/randomised",
    "channelmix facts push_opt_in_rate --format csv",
)
@click.argument("selector", default="all")
@format_option
@output_option
def facts(selector: str, style: str | None, output: str | None) -> None:
    """List the published figures that SELECTOR names, each with its source.

    SELECTOR is "all", or some of channel, purpose, country, sector, quantity, kind of source, "randomised" and
    fact id joined by "/".
    The figures are what their sources state, whether measured or only claimed; kind shows how far to trust each.
    Where a source states them, n, the levels of control and treated, and a confidence interval follow.
    """
    from channelmix.datasets.facts import find_facts
    from channelmix.report import facts as views

    found = find_facts(selector)
    style = style or style_of(output)
    if style == "table":
        write_table(partial(views.to_terminal, found), output)
    else:
        write_result(views.to_json(found) if style == "json" else views.to_csv(found), output)
