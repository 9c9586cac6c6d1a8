"""Files: read once and no further than they may be long; replaced only by what is complete."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
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


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file that is replaced only when all of it is written; a pipe or a device is written to.

    Raises
    ------
    OSError
        If it cannot be written; what the file held before is kept.
    ValueError
        If its name holds a null character.
    """
    target = Path(os.path.realpath(path))  # replaces the file that a link points to, not the link
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG | (0o666 & ~_umask())
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        target.write_bytes(data)  # a pipe or a device has no content to keep
        return
    with _temporary(target) as name:
        Path(name).write_bytes(data)
        os.chmod(name, stat.S_IMODE(mode))
        os.replace(name, target)


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[str]:
    """Make an empty file next to the target; it is deleted at the end unless it has replaced the target."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".channelmix-")
    os.close(handle)
    try:
        yield name
    finally:
        Path(name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
