"""Take the columns of a pandas, polars or Arrow table."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Literal

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.table import Table, is_blank


def is_frame(value: Any) -> bool:
    """Whether a value is a table of a kind that `read_frame` takes."""
    return hasattr(value, "columns") or hasattr(value, "__arrow_c_stream__")


def read_frame(frame: Any, date: str) -> Table:
    """Read a table of pandas, polars, Arrow or another kind that narwhals or Arrow's interface can read.

    Parameters
    ----------
    frame : DataFrame or Table
    date : str
        Column of dates; in pandas it may be the index.

    Raises
    ------
    InputError
        If it is not a table in memory.
    """
    import narwhals as nw

    index = getattr(frame, "index", None)
    if date not in frame_names(frame) and getattr(index, "name", None) == date:
        frame = frame.reset_index()
    try:
        if hasattr(frame, "columns"):
            table = nw.from_native(frame, eager_only=True)
        else:
            table = nw.from_arrow(frame, backend=_backend())
    except TypeError:
        raise InputError(
            "history must be a path, bytes, or a table of pandas, polars or Arrow in memory (collect a lazy one), "
            f"not {type(frame).__name__}"
        ) from None
    return Table({name: [_plain(value) for value in table[name].to_list()] for name in table.columns})


def frame_names(frame: Any) -> list[Any]:
    """Names of a table's columns, whatever its kind calls them."""
    names = getattr(frame, "column_names", None)
    return list(getattr(frame, "columns", ()) if names is None else names)


def _plain(value: Any) -> Any:
    """An entry, or None where there is none."""
    return None if is_blank(value) and not isinstance(value, str) else value


def _backend() -> Literal["pyarrow", "polars", "pandas"]:
    """A library that is there to hold an Arrow table."""
    return "pyarrow" if find_spec("pyarrow") else "polars" if find_spec("polars") else "pandas"
