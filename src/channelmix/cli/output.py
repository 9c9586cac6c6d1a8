"""How commands write results: a table, JSON or CSV, on standard output or in a file."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import click

from channelmix.cli.streams import result_stream

STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
"""Names of standard output. While a command runs, the system would open another stream by them."""


def write_document(found: Any, style: str | None, output: str | None, **options: Any) -> None:
    """Write a command's answer; exit as interrupted if Ctrl-C left it incomplete.

    Parameters
    ----------
    found : Document
    style : str or None
        "table", "json" or "csv"; None chooses by the ending of `output`.
    output : str or None
        Name of a file; None is standard output.
    **options
        Of `report.to_terminal`.
    """
    from channelmix import report

    style = style or style_of(output)
    if style == "table":
        write_table(partial(report.to_terminal, found, **options), output)
    else:
        write_result(found.to_json() if style == "json" else report.to_csv(found), output)
    if not getattr(found, "complete", True):
        raise click.Abort


def write_result(text: str, output: str | None = None) -> None:
    """Write a result to standard output, or to a file that is replaced only when it is complete.

    Results are in UTF-8 whatever the locale, except on a terminal.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    from channelmix.core.errors import InputError
    from channelmix.core.files import write_whole

    try:
        if output is None or output in STANDARD_OUTPUT:
            _print(text)
        else:
            write_whole(output, text.encode())
    except (OSError, ValueError) as error:
        place = "to standard output" if output is None or output in STANDARD_OUTPUT else output
        raise InputError(f"cannot write {place}: {getattr(error, 'strerror', None) or error}") from None


def write_table(show: Callable[[IO[str]], None], output: str | None = None) -> None:
    """Write what `show` prints: straight to a terminal, or laid out for a pipe or a file."""
    stream = result_stream()
    if output is None and stream is not None and stream.isatty():
        show(stream)
        return
    buffer = io.StringIO()
    show(buffer)
    write_result(buffer.getvalue(), output)


def style_of(output: str | None) -> str:
    """Return the output format that the ending of a file's name stands for."""
    return {".json": "json", ".csv": "csv"}.get(Path(output or "").suffix.lower(), "table")


def shortcoming(plan: Any) -> str:
    """Return what keeps a plan from being optimal, to follow its status in one line; empty if nothing does."""
    from channelmix.core.wording import percent
    from channelmix.core.words import Words
    from channelmix.engine.proof.solution import Status
    from channelmix.plan import is_wide
    from channelmix.report.content import Content
    from channelmix.report.no_plan import conflict_sums, relaxed_by

    if plan.status is Status.INFEASIBLE:
        rules = f"these rules together: {', '.join(plan.conflicts)}" if plan.conflicts else "all rules"
        why = "".join(f". {said.removesuffix('.')}" for said in conflict_sums(plan))
        content = Content(plan, Words("en", plan.currency, plain=True))
        mends = ", ".join(f"{mend.rule}{relaxed_by(content, mend)}" for mend in plan.mends)
        return f": no split of the budget obeys {rules}{why}" + (
            f"; least to relax: {mends}" if mends else ""
        )
    if plan.status is Status.UNBOUNDED:
        return f": {', '.join(plan.conflicts)} keeps paying off without limit; state a max_amount"
    if plan.status is Status.OPTIMAL and is_wide(plan.certificate.gap):
        asked = f" of {percent(plan.certificate.requested_gap)} that was asked for"
        return (
            f": within {percent(plan.certificate.gap)} of the best, which is all that the gap{asked} proves"
        )
    if plan.status is Status.NOT_CERTIFIED and plan.scenario.get("kind") == "target_outcome":
        return f": the target may be reached for up to {percent(plan.certificate.gap)} less (the gap)"
    if plan.status is Status.NOT_CERTIFIED:
        return f": a split worth up to {percent(plan.certificate.gap)} more may exist (the gap)"
    return ""


def require_allocation(plan: Any, which: str = "") -> None:
    """Exit without a plan if a plan has no allocation, and say why."""
    from channelmix.core.errors import NoPlanError
    from channelmix.plan import NO_SPEND

    if plan.status in NO_SPEND:
        raise NoPlanError(f"{which}{plan.status}{shortcoming(plan)}")


def _print(text: str) -> None:
    stream = result_stream()
    if stream is None:
        return
    try:
        click.echo(text if stream.isatty() else text.encode(), file=stream, nl=False)
    except BrokenPipeError:
        # The reader has closed the pipe. What is still buffered must not fail again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
