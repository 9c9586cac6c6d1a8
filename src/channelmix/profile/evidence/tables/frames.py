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
    import narwhals as nw

    index = getattr(frame, "index", None)
    try:
        table = narwhal_of(frame)
        if date not in table.columns and _is_named(index, date):
            table = narwhal_of(frame.rename_axis(date).reset_index())
    except nw.exceptions.NarwhalsError as error:
        raise InputError(f"the table: {' '.join(str(error).split())}") from None
    except (TypeError, ValueError):
        raise InputError(
            "history must be a path, bytes, or a table of pandas, polars or Arrow in memory (collect a lazy one), "
            f"not {type(frame).__name__}"
        ) from None
    return Table(
        {column.name: [_plain(value) for value in column.to_list()] for column in table.iter_columns()}
    )


def narwhal_of(frame: Any) -> Any:
    """A table in memory behind the one interface of narwhals.

    Raises
    ------
    TypeError, ValueError, NarwhalsError
        If it is no such table.
    """
    import narwhals as nw

    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError:
        if not hasattr(type(frame), "__arrow_c_stream__"):
            raise
        return nw.from_arrow(frame, backend=_backend())


def _is_named(index: Any, date: str) -> bool:
    """Whether an index of pandas holds the dates: by its name, or by its kind where it has none."""
    name = getattr(index, "name", None)
    return index is not None and (name == date or (name is None and getattr(index.dtype, "kind", "") == "M"))


def _plain(value: Any) -> Any:
    """An entry, or None where there is none."""
    return None if is_blank(value) and not isinstance(value, str) else value


def _backend() -> Literal["pyarrow", "polars", "pandas"]:
    """A library that is there to hold an Arrow table."""
    return "pyarrow" if find_spec("pyarrow") else "polars" if find_spec("polars") else "pandas"
