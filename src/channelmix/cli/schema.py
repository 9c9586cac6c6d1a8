"""``channelmix schema``: the JSON Schema of a profile."""

from __future__ import annotations

import json

import click

__all__ = ["schema"]


@click.command()
def schema() -> None:
    r"""Print the JSON Schema of a profile, for editors that complete and check as you type.

    \b
    Example:
      channelmix schema > profile.schema.json
    """
    from channelmix.profile import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
