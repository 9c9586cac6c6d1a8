"""Options that several commands have in common."""

from __future__ import annotations

import click

format_option = click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    help="How to write it. Default: by the ending of --output, else table.",
)
output_option = click.option(
    "--output", "-o", metavar="FILE", help="Write to FILE instead of standard output."
)
seed_option = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the draws."
)
quiet_option = click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
