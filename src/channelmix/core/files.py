"""Files: read once and no further than they may be long; replaced only by what is complete."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
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
        with open(name, "xb") as stream:  # a new file: not where a link of this name leads
            stream.write(data)
        os.chmod(name, stat.S_IMODE(mode))
        os.replace(name, target)


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """A name next to the target; its file is deleted at the end unless it has replaced the target.

    The name is known before there is a file, so that a request to end finds nothing that nobody deletes.
    """
    name = target.parent / f".channelmix-{secrets.token_hex(8)}"
    try:
        yield name
    finally:
        name.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
