"""How commands write a document: as a table, as JSON or as CSV, to a file or to standard output."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from channelmix.cli.optimize import style_of
from channelmix.cli.session import write_result, write_table

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
    else:
        write_table(partial(table, found), output)
