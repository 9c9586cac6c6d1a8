"""Files of others: read once, and no further than they may be long."""

from __future__ import annotations

import os
from pathlib import Path


def read_at_most(path: str | os.PathLike[str], limit: int) -> bytes:
    """Read a file or a pipe; the first ``limit + 1`` bytes of one that is longer.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If its name holds a null character.
    """
    with Path(path).open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size or limit  # a pipe has no size
        return stream.read(min(size, limit) + 1)  # sets aside all the room that it asks for
