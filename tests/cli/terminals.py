"""What a command writes to a terminal, read from its other end."""

from __future__ import annotations

import os


def read_until_closed(ours: int) -> bytes:
    """Read all that is written to the other end of a pseudo-terminal, and close this one."""
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return shown
