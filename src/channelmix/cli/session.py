"""What every command shares: exit codes, options, reading and writing."""

from __future__ import annotations

import contextlib
import math
import os
from typing import Any

import click

from channelmix.cli.streams import apart_from_results

DEFECT, INVALID, NO_PLAN, UNPROVEN = 1, 3, 4, 5
"""Exit codes. Without a plan (infeasible or unbounded) its document still says why, so that it is not invalid input."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


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
