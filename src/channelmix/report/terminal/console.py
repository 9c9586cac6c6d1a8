"""How a report reaches a terminal, a pipe or a file."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from channelmix.core.documents import Document

PIPED_WIDTH = 100
"""Columns of a line where the output is not a terminal."""


def to_terminal(
    document: Document, file: IO[str] | None = None, *, color: bool | None = None, **options: Any
) -> None:
    """Print a document for a terminal or a pipe: by `parts` of the module here that is named like the document's own.

    Parameters
    ----------
    document : Document
        A plan, an explanation, a frontier, a difference, a sensitivity or a value of information.
    file : text file, optional
        Standard output by default.
    color : bool, optional
        Colours or none; by default, colours on a terminal only.
    **options
        ``top``, the entries of each list that are shown, of a sensitivity or a value of information.
    """
    name = type(document).__module__.rpartition(".")[2]
    parts = importlib.import_module(f"channelmix.report.terminal.{name}").parts
    show(partial(parts, document, **options), file, color=color)


def show(
    parts: Callable[[int], Iterable[Text | Table]], file: IO[str] | None, *, color: bool | None = None
) -> None:
    """Print the parts of a report that is laid out for a width.

    Parameters
    ----------
    parts : callable
        Makes the parts for a number of columns.
    file : text file or None
        None for standard output.
    color : bool, optional
        Colours or none; by default, colours on a terminal only.
    """
    plain = partial(Console, file=file, highlight=False, markup=False, emoji=False)
    console = plain(no_color=color is False, width=_columns(file))
    if console.is_terminal:
        for part in parts(console.width):
            console.print(part)
        return
    # Into a pipe or a file: a fixed width, no colour, and none of the blanks that fill a line.
    console = plain(width=PIPED_WIDTH, color_system=None)
    with console.capture() as capture:
        for part in parts(PIPED_WIDTH):
            console.print(part)
    console.file.write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def _columns(file: IO[str] | None) -> int | None:
    """How wide the terminal behind a file is; None where there is none, or where it does not tell."""
    try:
        return (os.get_terminal_size(file.fileno()).columns or None) if file is not None else None
    except (OSError, ValueError, AttributeError):
        return None
