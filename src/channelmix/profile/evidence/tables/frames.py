"""Take the columns of a pandas, polars or Arrow table."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Literal

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.table import Table, is_blank


def is_frame(value: Any) -> bool:
    """Whether a value is a table of a kind that `read_frame` takes."""
    return any(hasattr(type(value), name) for name in ("columns", "__arrow_c_stream__"))


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
    try:
        table = narwhal_of(frame)
    except TypeError:
        raise InputError(
            "history must be a path, bytes, or a table of pandas, polars or Arrow in memory (collect a lazy one), "
            f"not {type(frame).__name__}"
        ) from None
    if date not in table.columns and getattr(getattr(frame, "index", None), "name", None) == date:
        table = narwhal_of(frame.reset_index())
    return Table({name: [_plain(value) for value in table[name].to_list()] for name in table.columns})


def narwhal_of(frame: Any) -> Any:
    """A table in memory behind the one interface of narwhals.

    Raises
    ------
    TypeError
        If it is no such table.
    """
    import narwhals as nw

    if hasattr(type(frame), "columns"):
        return nw.from_native(frame, eager_only=True)
    return nw.from_arrow(frame, backend=_backend())


def _plain(value: Any) -> Any:
    """An entry, or None where there is none."""
    return None if is_blank(value) and not isinstance(value, str) else value


def _backend() -> Literal["pyarrow", "polars", "pandas"]:
    """A library that is there to hold an Arrow table."""
    return "pyarrow" if find_spec("pyarrow") else "polars" if find_spec("polars") else "pandas"
