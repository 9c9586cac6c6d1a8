"""``channelmix validate``: check a profile, and say what it holds."""

from __future__ import annotations

import click

from channelmix.cli.session import read_profile

__all__ = ["validate"]


@click.command()
@click.argument("file", metavar="FILE")
def validate(file: str) -> None:
    r"""Check the profile in FILE ("-" reads standard input); every fault is listed with its line and column.

    \b
    Example:
      channelmix validate profile.json
    """
    profile = read_profile(file)
    cells = profile.cells()
    channels = len(profile.channels)
    markets = len(profile.markets)
    click.echo(
        f"{profile.name}: valid; {markets} market{'s' * (markets > 1)}, {channels} channel{'s' * (channels > 1)}, "
        f"{len(cells)} cells, {profile.currency} {profile.budget:,.0f} per period"
    )
