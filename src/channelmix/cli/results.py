"""How commands write a document: as a table, as JSON or as CSV, to a file or to standard output."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from channelmix.cli.optimize import style_of
from channelmix.cli.session import is_terminal, write_result

__all__ = ["write_document"]


def write_document(
    found: Any, style: str | None, output: str | None, table: Callable[..., None], csv: Callable[[Any], str]
) -> None:
    """Write a document.

    Parameters
    ----------
    found : Document
    style : str or None
        "table", "json" or "csv"; None goes by the ending of `output`.
    output : str or None
        Name of a file; None is standard output.
    table, csv : callable
        Print it to a terminal or to a text file, and write it as CSV.
    """
    style = style or style_of(output)
    if style == "json":
        write_result(found.to_json(), output)
    elif style == "csv":
        write_result(csv(found), output)
    elif output is None and is_terminal():
        table(found)
    else:
        buffer = io.StringIO()
        table(found, buffer)
        write_result(buffer.getvalue(), output)
