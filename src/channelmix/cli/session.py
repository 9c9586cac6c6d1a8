"""The group of all commands, its exit codes, and how a function becomes one of them."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any

import click

from channelmix._version import __version__
from channelmix.cli.streams import apart_from_results, discard_output, with_standard_streams

DEFECT, INVALID, NO_PLAN, UNPROVEN = 1, 3, 4, 5
"""Exit codes. NO_PLAN (infeasible or unbounded) is no invalid input: the plan's document says why."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as in shells."""

TERMINATED = 128 + signal.SIGTERM
"""Exit code after a request to end, as in shells."""

SOON = 0.01
"""Seconds after which a request to end is made again."""

TRACEBACK = "CHANNELMIX_TRACEBACK"
"""Environment variable that shows the traceback of a defect."""


class Commands(click.Group):
    """A group that turns every error into one message on standard error and the contract's exit code.

    While its commands run, standard output is reserved for their results; see `channelmix.cli.streams`.
    """

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command."""
        if cmd.callback is not None:
            cmd.callback = apart_from_results(cmd.callback)
        super().add_command(cmd, name)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run as a program: what cannot be printed is an error, and a request to end leaves no file behind."""
        with with_standard_streams(), _ending_cleanly():
            try:
                return super().main(*args, **extra)
            except OSError as error:
                discard_output()
                with contextlib.suppress(OSError):
                    click.echo(f"channelmix: {_system_says(error)}", err=True)
                sys.exit(INVALID)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the command line; a reader who has seen enough of the help is no error, as with results."""
        try:
            return super().make_context(*args, **extra)
        except BrokenPipeError:
            discard_output()
            raise click.exceptions.Exit(0) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from channelmix.core.errors import CertificateError, ChannelMixError, NoPlanError

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
        except BrokenPipeError:
            discard_output()
            raise click.exceptions.Exit(0) from None
        except OSError as error:
            discard_output()
            _fail(_system_says(error), INVALID)
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            said = " ".join(str(error).split())
            _fail(
                f"a defect of channelmix ({type(error).__name__}: {said}); please report it, "
                f"with the traceback that {TRACEBACK}=1 shows",
                DEFECT,
            )


@contextlib.contextmanager
def _ending_cleanly() -> Iterator[None]:
    """Leave as by an exception when asked to end, so that files half written are removed."""
    is_default = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not is_default or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(TERMINATED)

    signal.signal(signal.SIGTERM, end)
    usual = sys.unraisablehook
    sys.unraisablehook = partial(_asked_again, usual)
    try:
        yield
    finally:
        sys.unraisablehook = usual
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _asked_again(usual: Callable[[Any], Any], lost: Any) -> None:
    """Ask again to end where nobody could be told: while an object was deleted, no exception gets out."""
    kind = {SystemExit: signal.SIGTERM, KeyboardInterrupt: signal.SIGINT}.get(lost.exc_type)
    if kind is None:
        usual(lost)
    else:
        threading.Timer(SOON, _thread.interrupt_main, (kind,)).start()


def _system_says(error: OSError) -> str:
    """What the system said of standard output, or of a file that no command names in its own words."""
    place = "cannot write to standard output" if error.filename is None else str(error.filename)
    return f"{place}: {error.strerror or error}"


def _examples(lines: tuple[str, ...]) -> str:
    """Lay out the examples of a command's help, one per line."""
    return "\n".join(["\b", f"Example{'s' * (len(lines) > 1)}:", *(f"  {line}" for line in lines)])


def _fail(message: str, code: int) -> None:
    from channelmix.core.errors import escape

    lines = (escape(line) for line in f"channelmix: {message}".split("\n"))
    with contextlib.suppress(OSError):  # standard error is closed: the exit code remains
        click.echo("\n".join(lines), err=True)
    raise click.exceptions.Exit(code)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_examples(("channelmix init profile.json", "channelmix optimize profile.json")),
)
@click.version_option(__version__, prog_name="channelmix")
def main() -> None:
    """Split a budget over social media, SMS, instant messaging and an app, and prove that no better split exists.

    Start with a profile of the company, then ask for a plan.

    Exit codes: 0 done, 1 a defect of channelmix, 2 wrong usage, 3 invalid input, 4 no plan (no split obeys the
    rules, or profit grows without limit), 5 not certified within the limits, or a proof rejected.
    """


def command(*examples: str, name: str | None = None) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command of channelmix, with examples at the end of its help."""
    return main.command(name, epilog=_examples(examples))
