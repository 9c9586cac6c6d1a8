"""What every command shares: exit codes, reading and writing."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

__all__ = ["DEFECT", "INFEASIBLE", "INVALID", "UNPROVEN", "Commands", "read_profile", "write_result"]

DEFECT, INVALID, INFEASIBLE, UNPROVEN = 1, 3, 4, 5

TRACEBACK = "CHANNELMIX_TRACEBACK"
"""Environment variable that asks for the traceback of a defect."""


class Commands(click.Group):
    """A group that turns every error into one message on standard error and the contract's exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from channelmix.errors import CertificateError, ChannelMixError

        try:
            return super().invoke(ctx)
        except CertificateError as error:
            _fail(f"proof rejected: {error}", UNPROVEN)
        except ChannelMixError as error:
            _fail(str(error), INVALID)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            _fail(
                f"a defect of channelmix ({type(error).__name__}: {error}); please report it, "
                f"with the traceback that {TRACEBACK}=1 shows",
                DEFECT,
            )


def _fail(message: str, code: int) -> None:
    click.echo(f"channelmix: {message}", err=True)
    raise click.exceptions.Exit(code)


def read_profile(path: str) -> Any:
    """Read a profile from a file, or from standard input for ``-``."""
    from channelmix.profile import CompanyProfile

    if path == "-":
        return CompanyProfile.from_json(sys.stdin.buffer.read(), source="standard input")
    return CompanyProfile.from_file(path)


def write_result(text: str, output: str | None) -> None:
    """Write a result to standard output, or to a file that is replaced only once it is complete.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    if output is None or output == "-":
        click.echo(text, nl=False)
        return
    from channelmix.errors import InputError

    target = Path(output)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
