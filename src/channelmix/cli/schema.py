"""``channelmix schema``: the JSON Schema of a profile."""

from __future__ import annotations

import json

from channelmix.cli.output import write_result
from channelmix.cli.session import command


@command("channelmix schema > profile.schema.json")
def schema() -> None:
    """Print the JSON Schema of a profile, for editors that complete and check while you type."""
    from channelmix.profile import json_schema

    write_result(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
