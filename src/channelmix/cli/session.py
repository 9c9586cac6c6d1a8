"""What every command shares: exit codes, options, reading and writing."""

from __future__ import annotations

import contextlib
import io
import math
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import click

from channelmix.cli.streams import apart_from_results, result_stream

__all__ = [
    "DEFECT",
    "INTERRUPTED",
    "INVALID",
    "NO_PLAN",
    "UNPROVEN",
    "Commands",
    "Number",
    "examples",
    "progress_line",
    "read_input",
    "read_profile",
    "status_line",
    "write_result",
    "write_table",
]

DEFECT, INVALID, NO_PLAN, UNPROVEN = 1, 3, 4, 5
"""Exit codes. Without a plan (infeasible or unbounded) its document still says why, so that it is not invalid input."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

PATIENCE = 1.0
"""Seconds after which progress is shown."""

BAR = 20
"""Characters of a progress bar."""

ERASE = "\r\x1b[K"
"""What sends a terminal back to the begin of its line and blanks all of it, an echoed ^C too."""

SPARE = len("^C") + 1
"""Columns at the end of a line that stay free, so that it never wraps, and never by an echo either."""

COLUMNS = 80
"""Columns of a terminal that does not tell."""

TRACEBACK = "CHANNELMIX_TRACEBACK"
"""Environment variable that asks for the traceback of a defect."""


class Commands(click.Group):
    """A group that turns every error into one message on standard error and the contract's exit code.

    Its commands work apart from standard output, which is kept for their results; see `channelmix.cli.streams`.
    """

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Take a command."""
        if cmd.callback is not None:
            cmd.callback = apart_from_results(cmd.callback)
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from channelmix.errors import CertificateError, ChannelMixError, NoPlanError

        try:
            return super().invoke(ctx)
        except CertificateError as error:
            _fail(f"not proven: {error}", UNPROVEN)
        except NoPlanError as error:
            _fail(str(error), NO_PLAN)
        except ChannelMixError as error:
            _fail(str(error), INVALID)
        except (KeyboardInterrupt, EOFError, click.Abort):
            _fail("interrupted", INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            said = " ".join(str(error).split())
            _fail(
                f"a defect of channelmix ({type(error).__name__}: {said}); please report it, "
                f"with the traceback that {TRACEBACK}=1 shows",
                DEFECT,
            )


class Number(click.FloatRange):
    """An option that is a finite number in a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number; NaN would pass every comparison with a range."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def examples(*lines: str) -> str:
    """Lay out the examples of a command's help, line by line."""
    return "\n".join(["\b", f"Example{'s' * (len(lines) > 1)}:", *(f"  {line}" for line in lines)])


def _fail(message: str, code: int) -> None:
    from channelmix.profile.faults import escape

    lines = (escape(line) for line in f"channelmix: {message}".split("\n"))
    with contextlib.suppress(OSError):  # nobody listens: the code still tells
        click.echo("\n".join(lines), err=True)
    raise click.exceptions.Exit(code)


def read_profile(path: str, *, read_files: bool = True) -> Any:
    """Read a profile from a file, or from standard input for ``-``, with the files that it names or without."""
    from channelmix.profile import CompanyProfile
    from channelmix.profile.source import LARGEST_FILE

    if path == "-":
        return CompanyProfile.from_json(
            read_input(LARGEST_FILE), source="standard input", read_files=read_files
        )
    return CompanyProfile.from_file(path, read_files=read_files)


def read_input(limit: int) -> bytes:
    """Read standard input, of at most `limit` bytes.

    Raises
    ------
    InputError
        If there is none, or there is more.
    """
    from channelmix.errors import InputError

    if sys.stdin is None:
        raise InputError("standard input is closed")
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise InputError(f"standard input has more than {limit} bytes")
    return data


def write_result(text: str, output: str | None = None) -> None:
    """Write a result to standard output, or to a file that is replaced only once it is complete.

    Results are in UTF-8 whatever the locale, unless they go to a terminal.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    from channelmix.errors import InputError

    try:
        if output is None or output == "-":
            _print(text)
        else:
            _write_file(text.encode(), Path(output))
    except OSError as error:
        place = "to standard output" if output in (None, "-") else output
        raise InputError(f"cannot write {place}: {error.strerror or error}") from None


def write_table(show: Callable[[IO[str]], None], output: str | None = None) -> None:
    """Write what `show` prints to a text file: on a terminal as it is, else laid out for a pipe or a file."""
    stream = result_stream()
    if output is None and stream is not None and stream.isatty():
        show(stream)
        return
    buffer = io.StringIO()
    show(buffer)
    write_result(buffer.getvalue(), output)


@contextlib.contextmanager
def progress_line(quiet: bool, what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on a terminal's standard error, on one line that is gone in the end."""
    with _line(quiet) as show:
        if show is None:
            yield None
            return

        def tell(done: int, of: int) -> None:
            full = BAR * min(done, of) // max(of, 1)
            show(f"[{'#' * full}{'.' * (BAR - full)}] {done} of {of} {what}")

        yield tell


@contextlib.contextmanager
def status_line(quiet: bool) -> Iterator[None]:
    """Show on such a line what work tells of itself whose length nobody knows, and for how long it has gone on."""
    from channelmix.progress import heard_by

    with _line(quiet) as show:
        began = time.monotonic()

        def listener(text: str) -> None:
            if show is not None:
                show(f"{time.monotonic() - began:.0f} s, {text}")

        with heard_by(None if show is None else listener):
            yield


@contextlib.contextmanager
def _line(quiet: bool) -> Iterator[Callable[[str], None] | None]:
    """Give what writes over one line of a terminal's standard error, once work has lasted; None where there is none."""
    if quiet or sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    put = partial(click.echo, nl=False, err=True, color=True)  # without colour, too, a line must be erased
    began, shown = time.monotonic(), False

    def show(text: str) -> None:
        nonlocal shown
        if time.monotonic() - began >= PATIENCE:
            shown = True
            put(ERASE + text[: max(_columns() - SPARE, 0)])

    try:
        yield show
    finally:
        if shown:
            put(ERASE)


def _columns() -> int:
    """How wide the terminal behind standard error is; it may have changed."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or COLUMNS
    except (OSError, ValueError):
        return COLUMNS


def _print(text: str) -> None:
    stream = result_stream()
    if stream is None:
        return
    try:
        click.echo(text if stream.isatty() else text.encode(), file=stream, nl=False)
    except BrokenPipeError:
        # The reader has seen enough. What is still buffered must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write_file(data: bytes, path: Path) -> None:
    target = Path(os.path.realpath(path))  # behind a link, the file itself is replaced
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
    """Make an empty file beside the target, gone in the end unless it has replaced it."""
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
